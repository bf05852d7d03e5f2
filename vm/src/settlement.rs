//! From a block's logs to ciphertexts in the store.

use std::sync::Arc;

use alloy_primitives::Log;
use ciphervm_fhe::{CiphertextStore, Evaluation, EvaluationError, Evaluator};
use ciphervm_precompiles::{HostAddresses, Record};

use crate::{clear_inputs::store_clear_inputs, error::SettlementError};

/// Computes what blocks recorded.
///
/// The executor's events carry operation, operands and result, and receipts hold only the logs of
/// frames that were not reverted. So a block's receipts are its graph: a reverted call or an
/// `eth_call` leaves nothing to compute, and after a crash the graph is still there.
#[derive(Clone, Debug)]
pub struct Settlement {
    hosts: HostAddresses,
    evaluator: Arc<dyn Evaluator>,
    store: Arc<dyn CiphertextStore>,
    clear_inputs: bool,
}

/// A settled block.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// Operations that were recorded, dead ones included.
    pub recorded: usize,
    /// HCU charged for them.
    pub hcu: u64,
    /// What was computed.
    pub evaluation: Evaluation,
}

impl Settlement {
    /// Settles blocks of a chain whose host contracts are at `hosts`.
    pub fn new(
        hosts: HostAddresses,
        evaluator: Arc<dyn Evaluator>,
        store: Arc<dyn CiphertextStore>,
    ) -> Self {
        Self { hosts, evaluator, store, clear_inputs: false }
    }

    /// Takes inputs, too, whose proofs carry their values in the clear, as clients for test stacks
    /// make them. For development: such values are no secret.
    #[must_use]
    pub fn with_clear_inputs(self) -> Self {
        Self { clear_inputs: true, ..self }
    }

    /// Where the ciphertexts are.
    pub fn store(&self) -> &Arc<dyn CiphertextStore> {
        &self.store
    }

    /// Computes the live part of what these logs recorded: every handle that got a persistent
    /// grant, and its ancestors. Settling the same logs again computes nothing.
    ///
    /// # Errors
    /// If the logs are not a record of operations, or an operation or the store fails. The store is
    /// as it was then.
    pub fn settle<'a>(
        &self,
        logs: impl IntoIterator<Item = &'a Log>,
    ) -> Result<Settled, SettlementError> {
        let logs: Vec<&Log> = logs.into_iter().collect();
        if self.clear_inputs {
            let logs = logs.iter().copied();
            store_clear_inputs(&self.hosts, &*self.evaluator, &*self.store, logs)?;
        }
        let record = Record::from_logs(&self.hosts, logs.into_iter())?;
        let live = record.graph.live(record.roots.iter().copied(), |handle| {
            self.store.contains(handle).map_err(EvaluationError::from)
        })?;
        let evaluation = self.evaluator.evaluate(&live, &*self.store)?;
        Ok(Settled { recorded: record.ops.len(), hcu: record.hcu, evaluation })
    }
}
