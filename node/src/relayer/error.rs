//! Errors as the API tells them: a status, a label that clients know, and words.
//!
//! Clients take a status only together with labels that they know for it, and otherwise lose the
//! message. So only pairs stand here that all of them know.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ciphervm_kms::error::{Refusal, RefusalKind};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    label: &'static str,
    message: String,
    details: Vec<Detail>,
}

/// What is wrong with a field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Detail {
    pub(super) field: String,
    pub(super) issue: String,
}

impl ApiError {
    fn new(status: StatusCode, label: &'static str, message: impl Into<String>) -> Self {
        Self { status, label, message: message.into(), details: Vec::new() }
    }

    /// The body is no JSON object.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_json", message)
    }

    /// Fields are missing.
    pub(super) fn missing(details: Vec<Detail>) -> Self {
        let message = format!("the request lacks {}", names(&details));
        Self { details, ..Self::new(StatusCode::BAD_REQUEST, "missing_fields", message) }
    }

    /// Fields have values that make no sense.
    pub(super) fn invalid(details: Vec<Detail>) -> Self {
        let message = format!("the request has unusable values in {}", names(&details));
        Self { details, ..Self::new(StatusCode::BAD_REQUEST, "validation_failed", message) }
    }

    /// The request is refused.
    pub(super) fn refused(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "request_error", message)
    }

    /// There is no such job, or not any more.
    pub(super) fn no_job() -> Self {
        let message = "there is no such job: it never was, or it is over for too long";
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// There are too many jobs.
    pub(super) fn overload(limit: usize) -> Self {
        let message = format!("{limit} jobs are at work or not yet fetched, which is the limit");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "protocol_overload", message)
    }

    /// The node failed.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", message)
    }

    /// Something behind the node cannot be reached.
    pub(super) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "gateway_not_reachable", message)
    }
}

fn names(details: &[Detail]) -> String {
    let names: Vec<&str> = details.iter().map(|detail| detail.field.as_str()).collect();
    names.join(", ")
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal.kind() {
            RefusalKind::Invalid => Self::refused(message),
            RefusalKind::NotAllowed => {
                Self::new(StatusCode::BAD_REQUEST, "not_allowed_on_host_acl", message)
            }
            RefusalKind::NoCiphertext => {
                Self::new(StatusCode::BAD_REQUEST, "not_ready_for_decryption", message)
            }
            RefusalKind::NotReady => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "readiness_check_timed_out", message)
            }
            RefusalKind::Unreachable => Self::unreachable(message),
            RefusalKind::Internal => Self::internal(message),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, label, message, details } = self;
        let mut error = json!({ "label": label, "message": message });
        if !details.is_empty() {
            error["details"] = json!(details);
        }
        let body =
            json!({ "status": "failed", "requestId": Uuid::new_v4().to_string(), "error": error });
        let mut response = (status, Json(body)).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
