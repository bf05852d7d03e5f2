//! `txpool_*`: what waits.

use std::collections::BTreeMap;

use alloy_consensus::Transaction as _;
use alloy_primitives::{Address, U64};
use alloy_rpc_types_eth::Transaction as RpcTransaction;
use jsonrpsee::proc_macros::rpc;
use serde::{Deserialize, Serialize};

use super::{Rpc, answers, error::Answer};
use crate::{
    chain::Transaction,
    pool::{BySender, Content},
};

/// What can be executed, and what waits for nonces that are missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Parts<T> {
    pending: T,
    queued: T,
}

/// By sender and nonce, which is a decimal number here.
type Listed<T> = BTreeMap<Address, BTreeMap<String, T>>;

#[rpc(server, namespace = "txpool")]
pub(super) trait Txpool {
    #[method(name = "status", blocking)]
    fn status(&self) -> Answer<Parts<U64>>;
    #[method(name = "content", blocking)]
    fn content(&self) -> Answer<Parts<Listed<RpcTransaction>>>;
    #[method(name = "inspect", blocking)]
    fn inspect(&self) -> Answer<Parts<Listed<String>>>;
}

impl TxpoolServer for Rpc {
    fn status(&self) -> Answer<Parts<U64>> {
        let Content { pending, queued } = self.waiting();
        let count = |part: BySender| U64::from(part.values().map(BTreeMap::len).sum::<usize>());
        Ok(Parts { pending: count(pending), queued: count(queued) })
    }

    fn content(&self) -> Answer<Parts<Listed<RpcTransaction>>> {
        Ok(list(self.waiting(), answers::waiting_transaction))
    }

    fn inspect(&self) -> Answer<Parts<Listed<String>>> {
        Ok(list(self.waiting(), summary))
    }
}

impl Rpc {
    fn waiting(&self) -> Content {
        self.devnet.pool(|pool, chain| pool.content(|sender| chain.state().nonce(sender)))
    }
}

fn list<T>(content: Content, show: impl Fn(&Transaction) -> T) -> Parts<Listed<T>> {
    let part = |part: BySender| {
        let queue = |(sender, queue): (Address, BTreeMap<u64, _>)| {
            let entry = |(nonce, transaction): (u64, std::sync::Arc<Transaction>)| {
                (nonce.to_string(), show(&transaction))
            };
            (sender, queue.into_iter().map(entry).collect())
        };
        part.into_iter().map(queue).collect()
    };
    Parts { pending: part(content.pending), queued: part(content.queued) }
}

/// In geth's words.
fn summary(transaction: &Transaction) -> String {
    let to = match transaction.to() {
        Some(to) => to.to_string(),
        None => "contract creation".to_owned(),
    };
    format!(
        "{to}: {} wei + {} gas × {} wei",
        transaction.value(),
        transaction.gas_limit(),
        transaction.max_fee_per_gas()
    )
}
