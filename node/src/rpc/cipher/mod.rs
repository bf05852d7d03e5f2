//! `cipher_*`: what is encrypted on this chain, in the clear.
//!
//! These methods are for development. They decrypt whatever they are asked to and encrypt for
//! whomever they are asked for, without a look at the access control list or a signature; clients
//! that are to work elsewhere too use the relayer's API. All numbers are plain JSON numbers, except
//! for clear values, which are strings in decimal.

mod clear;
mod handle;
mod status;

use std::time::Duration;

use alloy_eips::BlockId;
use alloy_primitives::{Address, B256, Bytes};
use ciphervm_fhe::Handle;
use ciphervm_precompiles::Record;
use jsonrpsee::proc_macros::rpc;
use revm::context::result::ExecutionResult;
use serde::{Deserialize, Serialize};

use super::{
    Rpc,
    call::halted,
    error::{Answer, failed, invalid, not_found},
    meter::Meter,
};
use crate::{
    chain::Block,
    decryption::Ciphertext,
    devnet::DevnetError,
    trace::{Executed, Known, TransactionTrace},
};
use clear::{Clear, Decrypted, OneOrMany};
use handle::HandleInfo;
use status::Status;

/// How long `cipher_settle` may wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

#[rpc(server, namespace = "cipher")]
pub(super) trait Cipher {
    /// The clear value of a handle: a string in decimal, `true` or `false` of an `ebool`, the
    /// address of an `eaddress`. Waits for evaluation if the ciphertext is not there yet.
    #[method(name = "decrypt", blocking)]
    fn decrypt(&self, handle: Handle) -> Answer<Decrypted>;

    /// The ciphertext of a handle, with its type, engine class and digest: what a KMS in another
    /// process decrypts. Waits for evaluation if it is not there yet.
    #[method(name = "ciphertext", blocking)]
    fn ciphertext_of(&self, handle: Handle) -> Answer<Ciphertext>;

    /// Encrypts a value, or several for one call, for `user` to pass to `contract`. Values are
    /// those that `cipher_decrypt` gives, or JSON numbers, or strings in hexadecimal.
    #[method(name = "encrypt", blocking)]
    fn encrypt(
        &self,
        values: OneOrMany<Clear>,
        types: OneOrMany<String>,
        contract: Address,
        user: Address,
    ) -> Answer<Encrypted>;

    /// What a transaction computed. Values are shown of ciphertexts that are there by now, so
    /// `cipher_settle` comes first if all are wanted.
    #[method(name = "trace", blocking)]
    fn trace(&self, transaction: B256) -> Answer<Traced>;

    /// Where a handle comes from, and who may use it now.
    #[method(name = "handle", blocking)]
    fn handle(&self, handle: Handle) -> Answer<HandleInfo>;

    /// What two nodes compare to see that they computed the same ciphertexts for a block. Waits for
    /// its evaluation.
    #[method(name = "blockCommitment", blocking)]
    fn block_commitment(&self, block: BlockId) -> Answer<BlockCommitment>;

    /// How far evaluation is.
    #[method(name = "status", blocking)]
    fn status(&self) -> Answer<Status>;

    /// Waits until every block is settled, for as long as queries wait by default.
    #[method(name = "settle", blocking)]
    fn settle(&self, seconds: Option<u64>) -> Answer<Status>;
}

/// An encrypted input, as a contract takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Encrypted {
    /// One handle a value, in order.
    handles: Vec<Handle>,
    input_proof: Bytes,
    /// Always: the node saw the values, so whoever relies on their secrecy must not use this.
    dev_only: bool,
}

/// A transaction's trace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Traced {
    #[serde(flatten)]
    trace: TransactionTrace,
    /// Why the transaction failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The commitment of a settled block.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlockCommitment {
    block_number: u64,
    block_hash: B256,
    commitment: B256,
    engine_class: B256,
    ciphertexts: Vec<CommittedCiphertext>,
}

/// A ciphertext that a commitment covers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CommittedCiphertext {
    handle: Handle,
    digest: B256,
}

impl CipherServer for Rpc {
    fn decrypt(&self, handle: Handle) -> Answer<Decrypted> {
        let ty = self.check_handle(handle)?;
        let record = self.ciphertext(handle)?;
        let value = self.devnet.kms().decrypt(&record).map_err(failed)?;
        Ok(Decrypted::new(ty, value))
    }

    fn ciphertext_of(&self, handle: Handle) -> Answer<Ciphertext> {
        self.check_handle(handle)?;
        let record = self.ciphertext(handle)?;
        Ok(Ciphertext {
            type_id: record.ty.id(),
            engine_class: record.class,
            digest: record.digest,
            bytes: record.bytes.clone().into(),
        })
    }

    fn encrypt(
        &self,
        values: OneOrMany<Clear>,
        types: OneOrMany<String>,
        contract: Address,
        user: Address,
    ) -> Answer<Encrypted> {
        let values = clear::typed(values.into(), types.into()).map_err(invalid)?;
        let input = self.devnet.inputs().encrypt(contract, user, &values).map_err(failed)?;
        Ok(Encrypted { handles: input.handles, input_proof: input.proof, dev_only: true })
    }

    fn trace(&self, transaction: B256) -> Answer<Traced> {
        let (block, index) = self
            .mined(&transaction)
            .ok_or_else(|| not_found(format!("no block has transaction {transaction}")))?;
        let hosts = &self.devnet.host().addresses;
        let receipt = &block.receipts[index];
        let recorded = Record::from_logs(hosts, block.logs().flatten()).map_err(failed)?;
        let executed = Executed {
            hash: transaction,
            block_number: block.number(),
            success: receipt.status(),
            gas_used: block.gas_used(index),
            logs: receipt.logs(),
            block: &recorded,
            settled: self.devnet.settler().progress().is_settled(block.number()),
            accounts: self.devnet.settler().accounts(block.number(), index),
        };
        let trace = TransactionTrace::new(hosts, &executed, |handle| self.known(handle));
        let reason = if receipt.status() { None } else { self.failure(&transaction)? };
        Ok(Traced { trace: trace.map_err(failed)?, reason })
    }

    fn handle(&self, handle: Handle) -> Answer<HandleInfo> {
        self.handle_info(handle)
    }

    fn block_commitment(&self, block: BlockId) -> Answer<BlockCommitment> {
        if block.is_pending() {
            return Err(invalid("the pending block has no ciphertexts: mine it with evm_mine"));
        }
        let block = self.block(block)?.ok_or_else(|| not_found("there is no such block"))?;
        self.settled(&block)?;
        let commitment = self.devnet.settler().settlement().commitment(block.logs());
        let commitment = commitment.map_err(failed)?;
        let noted = self.devnet.noted_commitment(block.number()).map_err(failed)?;
        if noted.is_some_and(|noted| noted != commitment.root) {
            return Err(failed("the ciphertexts in the store are not those that were settled"));
        }
        let ciphertexts = commitment.ciphertexts.into_iter();
        Ok(BlockCommitment {
            block_number: block.number(),
            block_hash: block.hash(),
            commitment: commitment.root,
            engine_class: commitment.class,
            ciphertexts: ciphertexts
                .map(|(handle, digest)| CommittedCiphertext { handle, digest })
                .collect(),
        })
    }

    fn status(&self) -> Answer<Status> {
        self.evaluation()
    }

    fn settle(&self, seconds: Option<u64>) -> Answer<Status> {
        let patience = seconds.map_or_else(|| self.devnet.patience(), Duration::from_secs);
        self.devnet.settler().wait(patience.min(LONGEST_WAIT)).map_err(DevnetError::from)?;
        self.evaluation()
    }
}

impl Rpc {
    /// What this node knows of a handle.
    fn known(&self, handle: &Handle) -> Known {
        // A trace shows what there is.
        let record = self.devnet.store().get(handle).ok().flatten();
        Known {
            measured: self.devnet.settler().measured(handle),
            value: record.and_then(|record| self.devnet.kms().decrypt(&record).ok()),
        }
    }

    /// Why a transaction failed: it is executed again, for receipts do not say.
    fn failure(&self, transaction: &B256) -> Answer<Option<String>> {
        let (replay, index) = self.replay(transaction)?;
        let mut meter = Meter::new(&self.devnet.host().addresses);
        let state = replay.state_before(index).map_err(failed)?;
        let result = replay.inspect(index, &state, &mut meter).map_err(failed)?.result;
        Ok(match &result {
            ExecutionResult::Success { .. } => None,
            ExecutionResult::Revert { output, .. } => self.explain(output, meter.reading()),
            ExecutionResult::Halt { reason, .. } => {
                let gas_limit = replay.transaction(index).gas_limit;
                Some(halted(reason, gas_limit).message().to_owned())
            }
        })
    }

    /// Waits until a block is settled.
    fn settled(&self, block: &Block) -> Answer<()> {
        let patience = self.devnet.patience();
        Ok(self.devnet.settler().wait_for(block.number(), patience).map_err(DevnetError::from)?)
    }
}
