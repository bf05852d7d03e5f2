//! Routes of HTTP.

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{MethodRouter, get},
};
use jsonrpsee::types::error::SERVER_IS_BUSY_CODE;
use serde_json::json;
use tower_http::cors::{Any, CorsLayer};

use super::{
    Limits,
    receive::{receive, refuse},
};

/// `http`, the server's own routes, and `rpc` for everything else.
pub(super) fn router(http: Router, rpc: MethodRouter, limits: Limits) -> Router {
    let version = json!({ "name": "ciphervm", "version": env!("CARGO_PKG_VERSION") });
    let router = http
        .route("/healthz", get(async || "ok"))
        .route("/version", get(async || Json(version)))
        .fallback_service(rpc);
    open(router, limits)
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
