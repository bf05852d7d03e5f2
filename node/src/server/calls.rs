//! What every call passes on its way to its method.

use std::sync::Arc;

use jsonrpsee::{
    MethodCallback, MethodResponse, Methods,
    core::middleware::{Batch, BatchEntry, BatchEntryErr, Notification, Request, RpcServiceT},
    types::{
        ErrorObject, ErrorObjectOwned, Id,
        error::{METHOD_NOT_FOUND_CODE, SERVER_IS_BUSY_CODE},
    },
};
use tracing::debug;

use super::flow::Flow;

/// Characters of an unknown method's name that the error repeats.
const NAME_CHARACTERS: usize = 64;

/// Limits how many calls of a connection run at a time, and says in the client's words why a
/// call cannot be made.
#[derive(Clone, Debug)]
pub(super) struct Calls<S> {
    pub(super) inner: S,
    pub(super) methods: Methods,
    /// Whether the client can get notifications.
    pub(super) websocket: bool,
    /// Where a batch counts as one call.
    pub(super) flow: Arc<Flow>,
    pub(super) limit: u32,
}

impl<S> Calls<S> {
    /// The name of `method`, if it can be called.
    fn admit(&self, method: &str) -> Result<&'static str, ErrorObjectOwned> {
        let message = match self.methods.method_with_name(method) {
            Some((name, callback)) if self.websocket || !is_subscription(callback) => {
                return Ok(name);
            }
            Some((name, _)) => {
                format!("{name} needs a WebSocket: connect to ws:// at the same address")
            }
            None => {
                let name: String = method.chars().take(NAME_CHARACTERS).collect();
                format!("the method {name} does not exist")
            }
        };
        Err(ErrorObject::owned(METHOD_NOT_FOUND_CODE, message, None::<()>))
    }

    /// Notes that `response` is to be sent.
    fn answer(&self, response: MethodResponse) -> MethodResponse {
        self.flow.answer(response.as_json().get().len());
        response
    }

    fn too_many(&self) -> ErrorObjectOwned {
        let message = format!(
            "{} calls of this connection run already; wait for answers before you send more",
            self.limit
        );
        ErrorObject::owned(SERVER_IS_BUSY_CODE, message, None::<()>)
    }
}

const fn is_subscription(callback: &MethodCallback) -> bool {
    matches!(callback, MethodCallback::Subscription(_) | MethodCallback::Unsubscription(_))
}

impl<S> RpcServiceT for Calls<S>
where
    S: RpcServiceT<
            MethodResponse = MethodResponse,
            NotificationResponse = MethodResponse,
            BatchResponse = MethodResponse,
        > + Clone
        + Send
        + Sync
        + 'static,
{
    type MethodResponse = MethodResponse;
    type NotificationResponse = MethodResponse;
    type BatchResponse = MethodResponse;

    fn call<'a>(&self, request: Request<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let this = self.clone();
        async move {
            let Some(_place) = this.flow.begin().await else {
                return this.answer(MethodResponse::error(request.id, this.too_many()));
            };
            match this.admit(&request.method) {
                Ok(method) => {
                    let response = this.inner.call(request).await;
                    debug!(method, error = response.as_error_code(), "call answered");
                    this.answer(response)
                }
                Err(error) => this.answer(MethodResponse::error(request.id, error)),
            }
        }
    }

    fn batch<'a>(&self, batch: Batch<'a>) -> impl Future<Output = MethodResponse> + Send + 'a {
        let this = self.clone();
        async move {
            let Some(_place) = this.flow.begin().await else {
                return this.answer(MethodResponse::error(Id::Null, this.too_many()));
            };
            let entries: Vec<_> = batch
                .into_iter()
                .map(|entry| match entry {
                    Ok(BatchEntry::Call(request)) => match this.admit(&request.method) {
                        Ok(_) => Ok(BatchEntry::Call(request)),
                        Err(error) => Err(BatchEntryErr::new(request.id, error)),
                    },
                    entry => entry,
                })
                .collect();
            let calls = entries.len();
            let response = this.inner.batch(Batch::from(entries)).await;
            debug!(calls, error = response.as_error_code(), "batch answered");
            this.answer(response)
        }
    }

    fn notification<'a>(
        &self,
        notification: Notification<'a>,
    ) -> impl Future<Output = MethodResponse> + Send + 'a {
        self.inner.notification(notification)
    }
}
