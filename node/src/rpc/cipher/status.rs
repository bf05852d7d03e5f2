//! How far evaluation is.

use alloy_primitives::B256;
use ciphervm_fhe::{Engine, ReferenceEngine};
use serde::{Deserialize, Serialize};

use super::super::{
    Rpc,
    error::{Answer, failed},
};
use crate::devnet::Progress;

/// The state of evaluation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    /// What operations are computed on: `tfhe` or `reference`.
    evaluator: String,
    engine_class: B256,
    /// The last block.
    head: u64,
    /// The block up to which all are settled.
    settled: u64,
    /// Blocks that wait.
    waiting: usize,
    running: Option<Running>,
    /// Operations since the start.
    operations: u64,
    /// Programmable bootstraps since the start.
    bootstraps: u64,
    failed: Vec<FailedBlock>,
    store: Stored,
}

/// The first block that is being evaluated.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Running {
    block: u64,
    milliseconds: u64,
}

/// A block that could not be evaluated.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FailedBlock {
    block: u64,
    reason: String,
}

/// How much is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    ciphertexts: u64,
    bytes: u64,
}

impl Rpc {
    pub(super) fn evaluation(&self) -> Answer<Status> {
        let head = self.devnet.chain(|chain| chain.head().number());
        let Progress { settled, running, waiting, operations, bootstraps, failed: blocks, .. } =
            self.devnet.settler().progress();
        let engine_class = self.devnet.evaluator().class();
        let evaluator = if engine_class == ReferenceEngine.class() { "reference" } else { "tfhe" };
        let size = self.devnet.store().size().map_err(failed)?;
        let milliseconds =
            |elapsed: std::time::Duration| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        Ok(Status {
            evaluator: evaluator.to_owned(),
            engine_class,
            head,
            settled,
            waiting,
            running: running
                .map(|(block, elapsed)| Running { block, milliseconds: milliseconds(elapsed) }),
            operations,
            bootstraps,
            failed: blocks
                .into_iter()
                .map(|(block, reason)| FailedBlock { block, reason })
                .collect(),
            store: Stored { ciphertexts: size.records, bytes: size.bytes },
        })
    }
}
