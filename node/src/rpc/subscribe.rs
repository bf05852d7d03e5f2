//! `eth_subscribe`: news by WebSocket.

use alloy_rpc_types_eth::{
    Filter,
    pubsub::{Params, SubscriptionKind},
};
use jsonrpsee::{
    PendingSubscriptionSink,
    core::{SubscriptionError, SubscriptionResult, async_trait},
    proc_macros::rpc,
};
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::broadcast::error::RecvError;

use super::{Rpc, answers, error::invalid, filters::log_changes};
use crate::devnet::Event;

#[rpc(server, namespace = "eth")]
pub(super) trait Subscribe {
    #[subscription(
        name = "subscribe" => "subscription",
        unsubscribe = "unsubscribe",
        item = Box<RawValue>
    )]
    async fn subscribe(&self, kind: SubscriptionKind, params: Option<Params>)
    -> SubscriptionResult;
}

/// What a subscriber wants to know.
#[derive(Clone, Debug)]
enum Subscribed {
    Heads,
    Logs(Box<Filter>),
    /// Whether whole transactions are wanted, and not only their hashes.
    Pending(bool),
}

#[async_trait]
impl SubscribeServer for Rpc {
    async fn subscribe(
        &self,
        pending: PendingSubscriptionSink,
        kind: SubscriptionKind,
        params: Option<Params>,
    ) -> SubscriptionResult {
        let subscribed = match (kind, params) {
            (SubscriptionKind::NewHeads, _) => Subscribed::Heads,
            (SubscriptionKind::Logs, Some(Params::Logs(filter))) => Subscribed::Logs(filter),
            (SubscriptionKind::Logs, _) => Subscribed::Logs(Box::default()),
            (SubscriptionKind::NewPendingTransactions, params) => {
                Subscribed::Pending(matches!(params, Some(Params::Bool(true))))
            }
            _ => {
                let known = "newHeads, logs and newPendingTransactions";
                pending.reject(invalid(format!("there are subscriptions to {known}"))).await;
                return Ok(());
            }
        };
        // Events from before the acceptance must not be lost, nor sent before it.
        let mut events = self.devnet.events();
        let sink = pending.accept().await?;
        loop {
            let event = tokio::select! {
                () = sink.closed() => return Ok(()),
                event = events.recv() => event,
            };
            match event {
                Ok(event) => {
                    for message in messages(&subscribed, &event)? {
                        if sink.send(message).await.is_err() {
                            return Ok(());
                        }
                    }
                }
                Err(RecvError::Closed) => return Ok(()),
                Err(RecvError::Lagged(missed)) => {
                    return Err(format!(
                        "the subscriber reads too slowly and missed {missed} events"
                    )
                    .into());
                }
            }
        }
    }
}

/// What a subscriber is told of an event.
///
/// # Errors
/// If there is more to tell than one event may bring: the subscription ends, so that nothing is
/// left out in silence.
fn messages(
    subscribed: &Subscribed,
    event: &Event,
) -> Result<Vec<Box<RawValue>>, SubscriptionError> {
    match (subscribed, event) {
        (Subscribed::Heads, Event::Block(block)) => {
            Ok(vec![to_raw_value(&answers::header(block))?])
        }
        (Subscribed::Pending(full), Event::Pending(transaction)) => Ok(vec![if *full {
            to_raw_value(&answers::waiting_transaction(transaction))?
        } else {
            to_raw_value(transaction.hash())?
        }]),
        (Subscribed::Logs(filter), event) => {
            let found = log_changes(filter, std::slice::from_ref(event))
                .map_err(|error| error.message().to_owned())?;
            Ok(found.iter().map(to_raw_value).collect::<Result<_, _>>()?)
        }
        (Subscribed::Heads | Subscribed::Pending(_), _) => Ok(Vec::new()),
    }
}
