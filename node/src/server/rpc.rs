//! JSON-RPC over HTTP and WebSocket.

use std::sync::Arc;

use axum::{
    Extension,
    extract::Request,
    http::{Method, StatusCode, header},
    response::IntoResponse,
    routing::{MethodRouter, any},
};
use jsonrpsee::{
    core::{middleware::RpcServiceBuilder, traits::IdProvider},
    server::{
        BatchRequestConfig, Methods, PingConfig, RandomIntegerIdProvider, ServerBuilder,
        ServerConfig, StopHandle, ws,
    },
    types::SubscriptionId,
};
use tower::Service;
use tracing::debug;

use super::{Limits, calls::Calls, flow::Flow};

/// What people see who open the address in a browser.
const HINT: &str =
    "This is a JSON-RPC server: POST requests as application/json, or open a WebSocket.\n";

/// Answers requests with `methods`, until `stop` says that no more come.
pub(super) fn service(methods: Methods, limits: Limits, stop: StopHandle) -> MethodRouter {
    let server = ServerBuilder::with_config(config(limits)).to_service_builder();
    any(async move |Extension(flow): Extension<Arc<Flow>>, request: Request| {
        let websocket = ws::is_upgrade_request(&request);
        if !websocket && request.method() != Method::POST {
            let headers = [(header::ALLOW, "POST")];
            return (StatusCode::METHOD_NOT_ALLOWED, headers, HINT).into_response();
        }
        let known = methods.clone();
        let middleware = RpcServiceBuilder::new().layer_fn(move |inner| Calls {
            inner,
            methods: known.clone(),
            websocket,
            flow: Arc::clone(&flow),
            limit: limits.calls,
        });
        let mut service =
            server.clone().set_rpc_middleware(middleware).build(methods.clone(), stop.clone());
        match service.call(request).await {
            Ok(response) => response.into_response(),
            Err(error) => {
                debug!(%error, "JSON-RPC failed");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    })
}

fn config(limits: Limits) -> ServerConfig {
    let ping = PingConfig::new()
        .ping_interval(limits.patience)
        .inactive_limit(limits.patience.saturating_mul(2));
    ServerConfig::builder()
        .max_request_body_size(limits.request_bytes)
        .max_response_body_size(limits.response_bytes)
        .set_batch_request_config(BatchRequestConfig::Limit(limits.batch))
        // Slots of sockets limit these.
        .max_connections(u32::MAX)
        .max_subscriptions_per_connection(limits.subscriptions)
        .set_message_buffer_capacity(limits.calls)
        .enable_ws_ping(ping)
        .set_id_provider(HexIds)
        .build()
}

/// Subscription ids as Ethereum clients know them: random numbers in hexadecimal.
#[derive(Debug)]
struct HexIds;

impl IdProvider for HexIds {
    fn next_id(&self) -> SubscriptionId<'static> {
        match RandomIntegerIdProvider.next_id() {
            SubscriptionId::Num(number) => format!("{number:#x}").into(),
            id @ SubscriptionId::Str(_) => id,
        }
    }
}
