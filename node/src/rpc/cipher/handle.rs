//! Where a handle comes from, whether it has a ciphertext, and who may use it.

use std::{collections::BTreeSet, iter, sync::Arc, time::Instant};

use alloy_primitives::{Address, B256, Log};
use alloy_rpc_types_eth::{TransactionRequest, state::EvmOverrides};
use alloy_sol_types::{SolCall, SolEvent};
use ciphervm_fhe::{FheType, Handle, Record as Ciphertext};
use ciphervm_precompiles::{HostAddresses, Record, interface::Acl};
use serde::{Deserialize, Serialize};

use super::super::{
    Rpc,
    error::{Answer, failed, invalid, not_found},
    view::View,
};
use crate::{
    chain::Block,
    devnet::{DevnetError, SettlerError},
    explain,
};

/// What there is to know of a handle.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HandleInfo {
    handle: Handle,
    #[serde(rename = "type")]
    ty: String,
    chain_id: u64,
    kind: Kind,
    /// The position in the input list of an encrypted input.
    index: Option<u8>,
    /// What made the result of an operation, if a transaction of this chain did.
    producer: Option<Producer>,
    /// The ciphertext's digest, if it is there.
    digest: Option<B256>,
    /// The ciphertext's size, if it is there.
    bytes: Option<usize>,
    /// Who may use it for good.
    allowed: Vec<Address>,
    /// Whether anybody may decrypt it.
    allowed_for_decryption: bool,
}

/// What a handle is of.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Computed,
    Input,
}

/// The operation whose result a handle is.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Producer {
    transaction: B256,
    block: u64,
    /// The executor's function, such as `fheAdd`.
    operation: String,
    /// The contract that asked for it.
    caller: Address,
}

/// What the chain's logs say about a handle.
#[derive(Clone, Debug, Default)]
struct Mentions {
    producer: Option<Producer>,
    /// Who was allowed it.
    allowed: BTreeSet<Address>,
    /// The blocks that granted it for good, and so compute it if it is made there.
    granted: BTreeSet<u64>,
}

impl Rpc {
    /// The type of a handle of this chain.
    pub(super) fn check_handle(&self, handle: Handle) -> Answer<FheType> {
        let chain_id = self.devnet.chain(|chain| chain.chain_id());
        match (explain::malformed(handle, chain_id), handle.fhe_type()) {
            (None, Some(ty)) => Ok(ty),
            (Some((cause, fix)), _) => Err(invalid(format!("{cause}; {fix}"))),
            (None, None) => Err(invalid("the handle is of no encrypted type")),
        }
    }

    /// The ciphertext of a handle of this chain. Waits for it if it may still come: with the block
    /// that grants the handle, and with no other.
    pub(super) fn ciphertext(&self, handle: Handle) -> Answer<Arc<Ciphertext>> {
        let find = || self.devnet.store().get(&handle).map_err(failed);
        if let Some(found) = find()? {
            return Ok(found);
        }
        let mentions = self.mentions(handle);
        let (start, patience) = (Instant::now(), self.devnet.patience());
        let mut failure = None;
        for &block in &mentions.granted {
            let left = patience.saturating_sub(start.elapsed());
            let settled = self.devnet.settler().wait_for(block, left);
            if let Some(found) = find()? {
                return Ok(found);
            }
            match settled {
                // A later block may have computed it once more.
                Err(error @ SettlerError::Failed { .. }) => failure = failure.or(Some(error)),
                settled => settled.map_err(DevnetError::from)?,
            }
        }
        Err(match failure {
            Some(failure) => DevnetError::from(failure).into(),
            None => not_found(why_missing(handle, mentions.producer)),
        })
    }

    pub(super) fn handle_info(&self, handle: Handle) -> Answer<HandleInfo> {
        let ty = self.check_handle(handle)?;
        let stored = self.devnet.store().get(&handle).map_err(failed)?;
        let Mentions { producer, allowed: mentioned, .. } = self.mentions(handle);
        let view = self.view(None)?;
        let mut allowed = Vec::new();
        for account in mentioned {
            // The state has the last word: it may have been edited since.
            if self.ask(&view, &Acl::persistAllowedCall { handle: handle.0, account })? {
                allowed.push(account);
            }
        }
        let public = Acl::isAllowedForDecryptionCall { handle: handle.0 };
        Ok(HandleInfo {
            handle,
            ty: ty.to_string(),
            chain_id: handle.chain_id(),
            kind: if handle.input_index().is_some() { Kind::Input } else { Kind::Computed },
            index: handle.input_index(),
            producer,
            digest: stored.as_ref().map(|record| record.digest),
            bytes: stored.as_ref().map(|record| record.bytes.len()),
            allowed,
            allowed_for_decryption: self.ask(&view, &public)?,
        })
    }

    /// What the access control list answers.
    fn ask<C: SolCall>(&self, view: &View, question: &C) -> Answer<C::Return> {
        let request = TransactionRequest::default()
            .to(self.devnet.host().addresses.acl)
            .input(question.abi_encode().into());
        let prepared = self.prepare(view, request, EvmOverrides::default())?;
        C::abi_decode_returns(&self.call(view, prepared)?).map_err(failed)
    }

    fn mentions(&self, handle: Handle) -> Mentions {
        let blocks: Vec<Arc<Block>> = self.devnet.chain(|chain| {
            let numbers = 0..=chain.head().number();
            numbers.filter_map(|number| Some(Arc::clone(chain.block(number)?.0))).collect()
        });
        let mut mentions = Mentions::default();
        for block in &blocks {
            for (index, receipt) in block.receipts.iter().enumerate() {
                for log in receipt.logs() {
                    mentions.read(&self.devnet.host().addresses, handle, block, index, log);
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
