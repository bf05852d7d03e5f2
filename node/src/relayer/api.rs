//! The routes.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{OPENAPI, Relayer, download::download, error::ApiError, jobs::Kind};

/// How long clients are to wait before they ask for a job, in seconds. They take no less.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// All routes, with the prefix of the version and without.
pub(super) fn router(relayer: Relayer) -> Router {
    let api = Router::new()
        .route("/keyurl", get(key_urls))
        .route("/keys/{id}", get(file))
        .route("/input-proof", post(input_proof))
        .route("/input-proof/{id}", get(input_proof_job))
        .route("/public-decrypt", post(public_decrypt))
        .route("/public-decrypt/{id}", get(public_decrypt_job))
        .route("/user-decrypt", post(user_decrypt))
        .route("/user-decrypt/{id}", get(user_decrypt_job))
        .route("/delegated-user-decrypt", post(delegated_user_decrypt))
        .route("/delegated-user-decrypt/{id}", get(delegated_user_decrypt_job));
    Router::new()
        .nest("/v2", api.clone())
        .merge(api)
        .route("/liveness", get(async || "ok"))
        .route("/openapi.json", get(openapi))
        .layer(map_response(close))
        .with_state(relayer)
}

/// Ends the connection with the answer. A client that proves in WebAssembly hears nothing for half
/// a minute, and would ask next on a connection that the server has closed meanwhile.
async fn close(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

type Answer = Result<Response, ApiError>;

async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

async fn key_urls(State(relayer): State<Relayer>, headers: HeaderMap) -> Answer {
    let keys = relayer.keys.as_ref().ok_or_else(no_keys)?;
    let base = base(&headers)?;
    Ok(Json(json!({ "status": "succeeded", "response": keys.urls(&base) })).into_response())
}

async fn file(
    State(relayer): State<Relayer>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let keys = relayer.keys.as_ref().ok_or_else(no_keys)?;
    let file = keys.file(&id);
    Ok(file.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |file| download(file, &headers)))
}

fn no_keys() -> ApiError {
    ApiError::unreachable(
        "this node computes on plaintexts and has no keys to encrypt with: start it with \
         --evaluator tfhe, or let cipher_encrypt make the input",
    )
}

/// The address that the client reached the server at, for it may be another one than the server
/// listens on.
fn base(headers: &HeaderMap) -> Result<String, ApiError> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text("x-forwarded-host").or_else(|| text(header::HOST.as_str()));
    let host = host.ok_or_else(|| ApiError::refused("the request has no Host header"))?;
    let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    Ok(format!("{scheme}://{host}"))
}

async fn input_proof(State(relayer): State<Relayer>, body: Bytes) -> Answer {
    let submission = relayer.submission(&parse(&body)?)?;
    start(&relayer, Kind::InputProof, move |relayer| relayer.prove(&submission))
}

async fn public_decrypt(State(relayer): State<Relayer>, body: Bytes) -> Answer {
    let request = relayer.public_request(&parse(&body)?)?;
    start(&relayer, Kind::PublicDecrypt, move |relayer| relayer.public_decrypt(&request))
}

async fn user_decrypt(State(relayer): State<Relayer>, body: Bytes) -> Answer {
    let request = relayer.user_request(&parse(&body)?)?;
    start(&relayer, Kind::UserDecrypt, move |relayer| relayer.user_decrypt(&request))
}

async fn delegated_user_decrypt(State(relayer): State<Relayer>, body: Bytes) -> Answer {
    let request = relayer.delegated_request(&parse(&body)?)?;
    start(&relayer, Kind::DelegatedUserDecrypt, move |relayer| relayer.user_decrypt(&request))
}

async fn input_proof_job(State(relayer): State<Relayer>, Path(id): Path<String>) -> Answer {
    job(&relayer, Kind::InputProof, &id).await
}

async fn public_decrypt_job(State(relayer): State<Relayer>, Path(id): Path<String>) -> Answer {
    job(&relayer, Kind::PublicDecrypt, &id).await
}

async fn user_decrypt_job(State(relayer): State<Relayer>, Path(id): Path<String>) -> Answer {
    job(&relayer, Kind::UserDecrypt, &id).await
}

async fn delegated_user_decrypt_job(
    State(relayer): State<Relayer>,
    Path(id): Path<String>,
) -> Answer {
    job(&relayer, Kind::DelegatedUserDecrypt, &id).await
}

fn parse(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::malformed(error.to_string()))
}

/// Starts a job.
fn start(
    relayer: &Relayer,
    kind: Kind,
    work: impl FnOnce(&Relayer) -> Result<Value, ApiError> + Send + 'static,
) -> Answer {
    let worker = relayer.clone();
    let id = relayer.jobs.start(kind, move || work(&worker))?;
    Ok(queued(json!({ "jobId": id.to_string() })))
}

/// What became of a job.
async fn job(relayer: &Relayer, kind: Kind, id: &str) -> Answer {
    let id = id.parse().map_err(|_| ApiError::no_job())?;
    Ok(match relayer.jobs.outcome(kind, id).await? {
        Some(result) => {
            let body = json!({ "status": "succeeded", "requestId": Uuid::new_v4().to_string(), "result": result });
            Json(body).into_response()
        }
        None => queued(Value::Null),
    })
}

fn queued(result: Value) -> Response {
    let mut body = json!({ "status": "queued", "requestId": Uuid::new_v4().to_string() });
    if !result.is_null() {
        body["result"] = result;
    }
    (StatusCode::ACCEPTED, [(header::RETRY_AFTER, RETRY_AFTER)], Json(body)).into_response()
}
