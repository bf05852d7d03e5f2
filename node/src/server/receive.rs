//! How a request is received: as a whole, within limits of size and time.

use std::{future::poll_fn, pin::Pin};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use jsonrpsee::{
    server::{MethodResponse, http::response},
    types::{
        ErrorObject, Id,
        error::{CALL_EXECUTION_FAILED_CODE, OVERSIZED_REQUEST_CODE},
    },
};
use tokio::time::timeout;
use tracing::debug;

use super::Limits;

/// Receives the body of a request before the rest of the server sees it.
pub(super) async fn receive(
    State(limits): State<Limits>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    match timeout(limits.patience, collect(body, limits.request_bytes)).await {
        Ok(Ok(Received::Whole(body))) => {
            next.run(Request::from_parts(head, Body::from(body))).await
        }
        Ok(Ok(Received::TooLarge(size))) => refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            OVERSIZED_REQUEST_CODE,
            &format!(
                "request of {size} bytes is larger than the limit of {} bytes",
                limits.request_bytes
            ),
        ),
        Ok(Err(error)) => {
            debug!(%error, "request broke off");
            refuse(StatusCode::BAD_REQUEST, CALL_EXECUTION_FAILED_CODE, "the request broke off")
        }
        Err(_) => refuse(
            StatusCode::REQUEST_TIMEOUT,
            CALL_EXECUTION_FAILED_CODE,
            &format!("the request did not arrive within {:?}", limits.patience),
        ),
    }
}

/// A response that says why there is no other, in words that a JSON-RPC client understands.
pub(super) fn refuse(status: StatusCode, code: i32, message: &str) -> Response {
    let error = ErrorObject::borrowed(code, message, None);
    let mut response = response::from_method_response(MethodResponse::error(Id::Null, error));
    *response.status_mut() = status;
    response.into_response()
}

enum Received {
    Whole(Bytes),
    /// Its size in bytes.
    TooLarge(u64),
}

/// Reads `body`, and keeps it if it has at most `limit` bytes. A larger one is read to its
/// end all the same: a client that still sends would not see the answer.
async fn collect(mut body: Body, limit: u32) -> Result<Received, axum::Error> {
    let mut received = Vec::new();
    let mut size = 0;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame?.into_data() else { continue };
        size += data.len() as u64;
        if size <= u64::from(limit) {
            received.extend_from_slice(&data);
        } else {
            received = Vec::new();
        }
    }
    if size <= u64::from(limit) {
        Ok(Received::Whole(received.into()))
    } else {
        Ok(Received::TooLarge(size))
    }
}
