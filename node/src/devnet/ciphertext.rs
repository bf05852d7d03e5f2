//! Where a handle comes from, and its ciphertext.

use std::{collections::BTreeSet, iter, sync::Arc, time::Instant};

use alloy_primitives::{Address, B256, Log};
use alloy_sol_types::SolEvent;
use ciphervm_fhe::{Handle, Record as Ciphertext, StoreError};
use ciphervm_precompiles::{HostAddresses, Record, interface::Acl};
use serde::{Deserialize, Serialize};

use super::{Devnet, SettlerError};
use crate::chain::Block;

/// There is no ciphertext of a handle, or none yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CiphertextError {
    /// There is none, and none to come for as long as the node runs: why.
    #[error("{0}")]
    Missing(String),
    /// The block that computes it is not evaluated yet.
    #[error(transparent)]
    Settler(#[from] SettlerError),
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The operation whose result a handle is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Producer {
    transaction: B256,
    block: u64,
    /// The executor's function, such as `fheAdd`.
    operation: String,
    /// The contract that asked for it.
    caller: Address,
}

/// What the chain's logs say about a handle.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mentions {
    /// What made it, if a transaction of this chain did.
    pub(crate) producer: Option<Producer>,
    /// Who was allowed it.
    pub(crate) allowed: BTreeSet<Address>,
    /// The blocks that granted it for good, and so compute it if it is made there.
    granted: BTreeSet<u64>,
}

impl Devnet {
    /// The ciphertext of a handle of this chain. Waits for it if it may still come: with the block
    /// that grants the handle, and with no other.
    ///
    /// # Errors
    /// If there is none, or none in time.
    pub fn ciphertext(&self, handle: Handle) -> Result<Arc<Ciphertext>, CiphertextError> {
        let find = || self.store().get(&handle);
        if let Some(found) = find()? {
            return Ok(found);
        }
        let mentions = self.mentions(handle);
        let (start, patience) = (Instant::now(), self.patience());
        let mut failure = None;
        for &block in &mentions.granted {
            let left = patience.saturating_sub(start.elapsed());
            let settled = self.settler().wait_for(block, left);
            if let Some(found) = find()? {
                return Ok(found);
            }
            match settled {
                // A later block may have computed it once more.
                Err(error @ SettlerError::Failed { .. }) => failure = failure.or(Some(error)),
                settled => settled?,
            }
        }
        // What failed is tried again when the node starts again, so that nobody is to wait for it.
        Err(CiphertextError::Missing(match failure {
            Some(failure) => failure.to_string(),
            None => why_missing(handle, mentions.producer),
        }))
    }

    pub(crate) fn mentions(&self, handle: Handle) -> Mentions {
        let blocks: Vec<Arc<Block>> = self.chain(|chain| {
            let numbers = 0..=chain.head().number();
            numbers.filter_map(|number| Some(Arc::clone(chain.block(number)?.0))).collect()
        });
        let mut mentions = Mentions::default();
        for block in &blocks {
            for (index, receipt) in block.receipts.iter().enumerate() {
                for log in receipt.logs() {
                    mentions.read(&self.host().addresses, handle, block, index, log);
                }
            }
        }
        mentions
    }
}

/// Why there is no ciphertext of a handle that `producer` made, and none to come.
fn why_missing(handle: Handle, producer: Option<Producer>) -> String {
    match producer {
        Some(Producer { transaction, block, operation, .. }) => format!(
            "handle {handle} was never computed: {operation} made it in block {block}, \
             transaction {transaction}, and it had no lasting grant when the transaction ended; \
             call FHE.allowThis or FHE.allow in the transaction that makes it"
        ),
        None if handle.input_index().is_some() => format!(
            "handle {handle} is of an encrypted input that this node never saw; encrypt it with \
             this node"
        ),
        None => format!(
            "no transaction of this chain made handle {handle}; if a call returned it, send a \
             transaction, and if the transaction failed, see cipher_trace"
        ),
    }
}

impl Mentions {
    /// Reads a log of transaction `index`.
    fn read(
        &mut self,
        hosts: &HostAddresses,
        handle: Handle,
        block: &Block,
        index: usize,
        log: &Log,
    ) {
        // An event has handles in words of their own. Most events do not have this one.
        if !log.data.data.chunks_exact(32).any(|word| word == handle.0) {
            return;
        }
        if log.address == hosts.acl
            && let Ok(event) = Acl::Allowed::decode_log_data(&log.data)
            && event.handle == handle.0
        {
            self.allowed.insert(event.account);
        }
        let Ok(record) = Record::from_logs(hosts, iter::once(log)) else { return };
        if record.roots.contains(&handle) {
            self.granted.insert(block.number());
        }
        if self.producer.is_none()
            && let Some(operation) = record.ops.first().filter(|op| op.handle == handle)
        {
            self.producer = Some(Producer {
                transaction: *block.transactions[index].hash(),
                block: block.number(),
                operation: operation.op.to_string(),
                caller: operation.caller,
            });
        }
    }
}
