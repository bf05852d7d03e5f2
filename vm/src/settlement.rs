//! From a block's logs to ciphertexts in the store.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use alloy_primitives::{B256, Log};
use ciphervm_fhe::{
    Budget, CiphertextStore, Evaluation, EvaluationError, Evaluator, GraphError, Handle, Live,
    Measured, Scheduler,
};
use ciphervm_precompiles::{HostAddresses, Record};

use crate::{Commitment, clear_inputs::store_clear_inputs, error::SettlementError};

/// Computes what blocks recorded.
///
/// The executor's events carry operation, operands and result, and receipts hold only the logs of
/// frames that were not reverted. So a block's receipts are its graph: a reverted call or an
/// `eth_call` leaves nothing to compute, and after a crash the graph is still there.
#[derive(Clone, Debug)]
pub struct Settlement {
    hosts: HostAddresses,
    scheduler: Arc<Scheduler>,
    clear_inputs: bool,
}

/// A settled block.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// By transaction, in order.
    pub transactions: Vec<Accounts>,
    /// Operations that were recorded, dead ones included.
    pub recorded: usize,
    /// HCU charged for them.
    pub hcu: u64,
    /// Programmable bootstraps.
    pub bootstraps: u64,
    /// Recorded operations whose results were needed.
    pub operations: usize,
    /// Time until all results were durable.
    pub elapsed: Duration,
    /// What was stored, with digests, by handle.
    pub stored: Vec<(Handle, B256)>,
    /// What each step took.
    pub measured: Vec<Measured>,
    /// What could not be computed, and why.
    pub failed: Vec<(Handle, Arc<EvaluationError>)>,
}

/// What a transaction recorded, and what that took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Operations that were recorded, repeated ones included.
    pub recorded: usize,
    /// Those whose results are needed for what was granted for good and was not stored yet.
    pub live: usize,
    /// The rest.
    pub dead: usize,
    /// Steps that another transaction of the block had computed already.
    pub shared: usize,
    /// HCU charged.
    pub hcu: u64,
    /// Programmable bootstraps.
    pub bootstraps: u64,
    /// Bootstraps one after the other.
    pub depth: u64,
    /// Time from when it was taken up until its results were durable.
    pub elapsed: Duration,
}

impl Settlement {
    /// Settles blocks of a chain whose host contracts are at `hosts`.
    pub fn new(
        hosts: HostAddresses,
        evaluator: Arc<dyn Evaluator>,
        store: Arc<dyn CiphertextStore>,
    ) -> Self {
        Self::within(Budget::default(), hosts, evaluator, store)
    }

    /// Settles with another limit for what stays in memory meanwhile.
    pub fn within(
        budget: Budget,
        hosts: HostAddresses,
        evaluator: Arc<dyn Evaluator>,
        store: Arc<dyn CiphertextStore>,
    ) -> Self {
        let scheduler = Arc::new(Scheduler::new(evaluator, store, budget));
        Self { hosts, scheduler, clear_inputs: false }
    }

    /// Takes inputs, too, whose proofs carry their values in the clear, as clients for test stacks
    /// make them. For development: such values are no secret.
    #[must_use]
    pub fn with_clear_inputs(self) -> Self {
        Self { clear_inputs: true, ..self }
    }

    /// Where the ciphertexts are.
    pub fn store(&self) -> &Arc<dyn CiphertextStore> {
        self.scheduler.store()
    }

    /// What computes them.
    pub fn scheduler(&self) -> &Scheduler {
        &self.scheduler
    }

    /// Takes up a block, given by the logs of each of its transactions: the live part of what they
    /// recorded is computed, which is every handle that got a persistent grant, and its ancestors.
    /// Settling the same logs again computes nothing. Blocks are to be taken up in order.
    ///
    /// `done` is called on a thread of the evaluator, unless the settlement is dropped before.
    ///
    /// # Errors
    /// If the logs are not a record of operations, or the store fails. Nothing is computed then.
    pub fn submit<'a, L: IntoIterator<Item = &'a Log>>(
        &self,
        transactions: impl IntoIterator<Item = L>,
        done: impl FnOnce(Settled) + Send + 'static,
    ) -> Result<(), SettlementError> {
        let transactions: Vec<Vec<&Log>> =
            transactions.into_iter().map(|logs| logs.into_iter().collect()).collect();
        if self.clear_inputs {
            let logs = transactions.iter().flatten().copied();
            let evaluator = &**self.scheduler.evaluator();
            store_clear_inputs(&self.hosts, evaluator, &**self.store(), logs)?;
        }
        let mut records = Vec::with_capacity(transactions.len());
        let mut lives = Vec::with_capacity(transactions.len());
        for logs in transactions {
            let record = Record::from_logs(&self.hosts, logs.into_iter())?;
            lives.push(live(&record)?);
            records.push((record.ops.len(), record.hcu));
        }
        self.scheduler
            .submit(&lives, move |evaluations| done(Settled::new(&records, evaluations)))?;
        Ok(())
    }

    /// As [`Self::submit`], and waits.
    ///
    /// # Errors
    /// As [`Self::submit`], and if an operation or the store fails. What does not depend on it is
    /// stored nonetheless.
    pub fn settle<'a, L: IntoIterator<Item = &'a Log>>(
        &self,
        transactions: impl IntoIterator<Item = L>,
    ) -> Result<Settled, SettlementError> {
        let (sender, receiver) = mpsc::channel();
        self.submit(transactions, move |settled| {
            // Whoever waits may be gone.
            let _ = sender.send(settled);
        })?;
        let settled = receiver.recv().map_err(|_| EvaluationError::Stopped)?;
        match settled.failed.first() {
            Some((handle, cause)) => {
                Err(SettlementError::Failed { handle: *handle, cause: Arc::clone(cause) })
            }
            None => Ok(settled),
        }
    }

    /// The commitment to what a settled block stored: the ciphertexts of the handles that its
    /// transactions made and granted for good.
    ///
    /// # Errors
    /// If the logs are not a record of operations, the store fails, or a ciphertext is missing.
    pub fn commitment<'a, L: IntoIterator<Item = &'a Log>>(
        &self,
        transactions: impl IntoIterator<Item = L>,
    ) -> Result<Commitment, SettlementError> {
        let mut ciphertexts = Vec::new();
        for logs in transactions {
            let record = Record::from_logs(&self.hosts, logs.into_iter())?;
            for handle in record.roots.iter().filter(|root| record.graph.get(root).is_some()) {
                let stored = self.store().get(handle)?;
                let stored = stored.ok_or(EvaluationError::Graph(GraphError::Unknown(*handle)))?;
                ciphertexts.push((*handle, stored.digest));
            }
        }
        Ok(Commitment::new(self.scheduler.evaluator().class(), ciphertexts))
    }
}

/// What a transaction's grants need of what it made itself.
fn live(record: &Record) -> Result<Live, EvaluationError> {
    let from_outside = |handle: &Handle| Ok::<_, GraphError>(record.graph.get(handle).is_none());
    Ok(record.graph.live(record.roots.iter().copied(), from_outside)?)
}

impl Settled {
    fn new(records: &[(usize, u64)], evaluations: Vec<Evaluation>) -> Self {
        let mut settled = Self::default();
        for ((recorded, hcu), evaluation) in records.iter().zip(evaluations) {
            let Evaluation { operations: live, shared, bootstraps, depth, elapsed, .. } =
                evaluation;
            settled.transactions.push(Accounts {
                recorded: *recorded,
                live,
                dead: recorded.saturating_sub(live),
                shared,
                hcu: *hcu,
                bootstraps,
                depth,
                elapsed,
            });
            settled.recorded += recorded;
            settled.hcu += hcu;
            settled.bootstraps += bootstraps;
            settled.operations += live;
            settled.elapsed = settled.elapsed.max(elapsed);
            settled.stored.extend(evaluation.stored);
            settled.measured.extend(evaluation.measured);
            settled.failed.extend(evaluation.failed);
        }
        settled.stored.sort_unstable();
        settled
    }
}
