//! The KMS as a server for one node, on the loopback interface.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use ciphervm_kms::{
    DecryptionService, PublicDecryption, UserDecryption,
    error::{Refusal, RefusalKind},
};
use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::Token;

/// Requests that are answered at a time. Most wait for evaluation.
const REQUESTS: usize = 32;
/// Bytes of a request, at most: 2,048 handles with their contracts.
const REQUEST_BYTES: usize = 1 << 20;

/// Asks for values that everybody may know.
pub(super) const FOR_ALL: &str = "/decrypt-for-all";
/// Asks for values that one user may know.
pub(super) const FOR_USER: &str = "/decrypt-for-user";

/// A refusal, as it travels.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) kind: RefusalKind,
    pub(super) message: String,
}

#[derive(Clone)]
struct Kms {
    service: Arc<dyn DecryptionService>,
    turns: Arc<Semaphore>,
}

/// The routes. Who does not show the token is refused, whatever it asks.
pub fn router(service: Arc<dyn DecryptionService>, token: Token) -> Router {
    let kms = Kms { service, turns: Arc::new(Semaphore::new(REQUESTS)) };
    Router::new()
        .route(FOR_ALL, post(for_all))
        .route(FOR_USER, post(for_user))
        .layer(DefaultBodyLimit::max(REQUEST_BYTES))
        .layer(from_fn_with_state(token, authenticate))
        .route("/healthz", get(async || "ok"))
        .with_state(kms)
}

async fn authenticate(State(token): State<Token>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION);
    if shown.is_some_and(|header| token.is_shown_by(header.as_bytes())) {
        next.run(request).await
    } else {
        let message = "the request does not show this service's token".to_owned();
        let refused = Refused { kind: RefusalKind::Unreachable, message };
        (StatusCode::UNAUTHORIZED, Json(refused)).into_response()
    }
}

async fn for_all(State(kms): State<Kms>, Json(request): Json<PublicDecryption>) -> Response {
    kms.answer(move |service| service.decrypt_for_all(&request)).await
}

async fn for_user(State(kms): State<Kms>, Json(request): Json<UserDecryption>) -> Response {
    kms.answer(move |service| service.decrypt_for_user(&request)).await
}

impl Kms {
    async fn answer<T: Serialize + Send + 'static>(
        self,
        work: impl FnOnce(&dyn DecryptionService) -> Result<T, Refusal> + Send + 'static,
    ) -> Response {
        let turn = self.turns.acquire_owned().await;
        let outcome = spawn_blocking(move || work(&*self.service)).await;
        drop(turn);
        let refused = match outcome {
            Ok(Ok(answer)) => return Json(answer).into_response(),
            Ok(Err(refusal)) => Refused { kind: refusal.kind(), message: refusal.to_string() },
            Err(panic) => Refused { kind: RefusalKind::Internal, message: panic.to_string() },
        };
        tracing::info!(kind = ?refused.kind, message = refused.message, "refused");
        (StatusCode::UNPROCESSABLE_ENTITY, Json(refused)).into_response()
    }
}
