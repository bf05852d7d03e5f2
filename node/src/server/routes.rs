//! Routes of HTTP.

use std::path::Path;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get},
};
use jsonrpsee::{server::ws, types::error::SERVER_IS_BUSY_CODE};
use serde_json::json;
use tower::ServiceExt;
use tower_http::{
    cors::{Any, CorsLayer},
    services::ServeDir,
};

use super::{
    Limits,
    receive::{receive, refuse},
};

/// With these a browser lets a page have threads, which make its proofs quicker.
const ISOLATION: [(HeaderName, HeaderValue); 2] = [
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-embedder-policy"),
        HeaderValue::from_static("require-corp"),
    ),
];

/// `http`, the server's own routes, and `rpc` for everything else, but for files of `ui`.
pub(super) fn router(http: Router, rpc: MethodRouter, ui: Option<&Path>, limits: Limits) -> Router {
    let version = json!({ "name": "ciphervm", "version": env!("CARGO_PKG_VERSION") });
    let router = http
        .route("/healthz", get(async || "ok"))
        .route("/version", get(async || Json(version)))
        .fallback_service(match ui {
            Some(directory) => files(directory, rpc),
            None => rpc,
        });
    open(router, limits)
}

/// The files of a directory for whoever gets them, and `rpc` for everybody else.
fn files(directory: &Path, rpc: MethodRouter) -> MethodRouter {
    let files = ServeDir::new(directory).fallback(rpc.clone());
    any(async move |request: Request| -> Response {
        let gets = matches!(*request.method(), Method::GET | Method::HEAD);
        if !gets || ws::is_upgrade_request(&request) {
            return rpc.oneshot(request).await.into_response();
        }
        (ISOLATION, files.oneshot(request).await).into_response()
    })
}

/// Tells every client that there are too many.
pub(super) fn busy(limits: Limits) -> Router {
    let message = format!(
        "the server has as many connections as it may, {}; close some, or try again later",
        limits.connections
    );
    let answer =
        async move || refuse(StatusCode::SERVICE_UNAVAILABLE, SERVER_IS_BUSY_CODE, &message);
    open(Router::new().fallback(answer), limits)
}

/// Receives requests within the limits, and lets web pages of any origin make them.
fn open(router: Router, limits: Limits) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers(Any)
        // Such as `Retry-After`, which scripts see only if it is exposed.
        .expose_headers(Any)
        .allow_private_network(true);
    // The limit of axum would be a second, smaller one.
    let no_other_limit = DefaultBodyLimit::disable();
    router.layer(no_other_limit).layer(from_fn_with_state(limits, receive)).layer(cors)
}
