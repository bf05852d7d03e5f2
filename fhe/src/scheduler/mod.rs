//! Runs the steps of many transactions on all threads.
//!
//! *Order.* A step can run as soon as its operands are there, whichever transaction they come from.
//! Of those that can, the one whose transaction is due first runs first: a transaction is due when
//! as many bootstraps were started since it came as it takes itself. So a light one overtakes a
//! heavy one, and a heavy one is not put off for ever. Within a transaction it is the step with the
//! longest way to go. What a transaction needs of another one is due when it is.
//!
//! *Same bits.* The order decides nothing but the time. Transactions are planned one by one
//! ([`Plan`]), and taken up in the order of the chain. A handle that several of them keep has the
//! ciphertext of the first. What one of them reads is what an earlier one keeps, or what the store
//! has. Steps of the same name ([`Plan::names`]) run once.
//!
//! *Memory.* A result leaves with its last use. Beyond a [`Budget`] those that are needed last wait
//! on disk. A step is one [`Bundle`], its operands and results are records with digests, and no
//! lock is held while it runs.
//!
//! *Failure.* A step that fails takes with it what depends on it, with its own error, and nothing
//! else. Nothing is tried again.

mod estimate;
mod spill;
mod state;

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use spill::Spill;
use state::{Content, Finished, Load, Run, State};

use crate::{
    Bundle, CiphertextStore, Evaluation, Evaluator, Handle, Live, Measured, Operand, Plan, Record,
    error::{BundleError, EvaluationError, GraphError},
    panics::caught,
};

/// Bytes of intermediate ciphertexts that stay in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget(pub u64);

impl Default for Budget {
    /// 1 GiB: two thousand numbers of 64 bits.
    fn default() -> Self {
        Self(1 << 30)
    }
}

/// How busy a scheduler is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// Steps that run.
    pub running: usize,
    /// Steps that wait for operands or for a thread.
    pub waiting: usize,
    /// Transactions that are not over.
    pub transactions: usize,
    /// Bytes of intermediate ciphertexts in memory.
    pub bytes: u64,
    /// The most that these were.
    pub peak: u64,
}

/// Computes transactions into one store.
pub struct Scheduler {
    shared: Arc<Shared>,
}

struct Shared {
    evaluator: Arc<dyn Evaluator>,
    store: Arc<dyn CiphertextStore>,
    budget: Budget,
    spill: Spill,
    state: Mutex<State>,
    /// Something ended.
    changed: Condvar,
}

impl Scheduler {
    /// A scheduler that keeps the evaluator's threads busy.
    pub fn new(
        evaluator: Arc<dyn Evaluator>,
        store: Arc<dyn CiphertextStore>,
        budget: Budget,
    ) -> Self {
        let (spill, state, changed) = Default::default();
        Self { shared: Arc::new(Shared { evaluator, store, budget, spill, state, changed }) }
    }

    /// Takes up transactions that follow each other on the chain. Each is a live graph in which
    /// whatever the transaction itself made is computed: only ciphertexts from outside are settled.
    /// What is stored already, or will be, is not computed again.
    ///
    /// `done` is called from one of the threads with what became of them, in order; never, if the
    /// scheduler is dropped before.
    ///
    /// # Errors
    /// If the store fails. Nothing was taken up then.
    pub fn submit(
        &self,
        transactions: &[Live],
        done: impl FnOnce(Vec<Evaluation>) + Send + 'static,
    ) -> Result<(), EvaluationError> {
        let shared = &self.shared;
        let rewrites = shared.evaluator.rewrites();
        let plans: Vec<Plan> = transactions.iter().map(|live| Plan::new(live, rewrites)).collect();
        let mut state = shared.lock();
        // Under the lock: whatever is not to be stored by a transaction is stored, or never was.
        let mut wanted = Vec::with_capacity(plans.len());
        for plan in &plans {
            let mut handles = Vec::new();
            for handle in plan.outputs.keys() {
                if !state.produces(handle) && !shared.store.contains(handle)? {
                    handles.push(*handle);
                }
            }
            wanted.push(handles);
        }
        let batch = state.open(plans.len(), Box::new(done));
        for (index, (plan, handles)) in plans.iter().zip(wanted).enumerate() {
            // An earlier one of these may keep the same.
            let kept = |handle: &Handle| handles.contains(handle) && !state.produces(handle);
            let plan = plan.restricted(kept);
            let live = &transactions[index];
            let operations = live.needed_for(plan.outputs.keys().copied());
            // What an earlier one of these stores is granted, too.
            let others = live.keep.iter().filter(|handle| !plan.outputs.contains_key(handle));
            let granted = live.granted.iter().chain(others).copied().collect();
            state.add(batch, index, &plan, granted, operations);
        }
        let empty = if plans.is_empty() { state.close_empty(batch) } else { None };
        shared.go_on(state);
        if let Some((done, evaluations)) = empty {
            done(evaluations);
        }
        Ok(())
    }

    /// Computes transactions and waits for them.
    ///
    /// # Errors
    /// If the store fails, or the scheduler is stopped. What failed otherwise is said in the
    /// evaluations.
    pub fn evaluate(&self, transactions: &[Live]) -> Result<Vec<Evaluation>, EvaluationError> {
        let (sender, receiver) = mpsc::channel();
        self.submit(transactions, move |evaluations| {
            // Nobody listens any more if the wait was given up.
            let _ = sender.send(evaluations);
        })?;
        receiver.recv().map_err(|_| EvaluationError::Stopped)
    }

    /// What computes.
    pub fn evaluator(&self) -> &Arc<dyn Evaluator> {
        &self.shared.evaluator
    }

    /// Where results go.
    pub fn store(&self) -> &Arc<dyn CiphertextStore> {
        &self.shared.store
    }

    /// Starts no further step, waits for those that run, and forgets the rest: whoever waits for it
    /// is told that nothing comes. False if the steps that run take longer.
    pub fn stop(&self, timeout: Duration) -> bool {
        let mut state = self.shared.lock();
        state.stopped = true;
        let busy = |state: &mut State| state.running + state.finishing > 0;
        let changed = &self.shared.changed;
        if timeout == Duration::MAX {
            state = changed.wait_while(state, busy).unwrap_or_else(PoisonError::into_inner);
        } else {
            let waited = changed.wait_timeout_while(state, timeout, busy);
            let (after, result) = waited.unwrap_or_else(PoisonError::into_inner);
            if result.timed_out() {
                return false;
            }
            state = after;
        }
        let abandoned = std::mem::take(&mut *state);
        state.stopped = true;
        drop(state);
        drop(abandoned);
        true
    }

    /// How busy it is.
    pub fn occupancy(&self) -> Occupancy {
        let state = self.shared.lock();
        Occupancy {
            running: state.running,
            waiting: state.waiting(),
            transactions: state.transactions(),
            bytes: state.bytes,
            peak: state.peak,
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.stop(Duration::MAX);
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler")
            .field("evaluator", &self.shared.evaluator)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Steps run outside of the lock, and nothing under it panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts what can run, stores what is complete, and puts on disk what is too much.
    fn go_on<'a>(self: &'a Arc<Self>, mut state: MutexGuard<'a, State>) {
        loop {
            while state.running < self.evaluator.threads()
                && let Some(run) = state.next()
            {
                let shared = Arc::clone(self);
                self.evaluator.spawn(Box::new(move || shared.run(run)));
            }
            let finished = state.take_finished();
            let victims = state.victims(self.budget.0);
            drop(state);
            for (value, record) in victims {
                // What cannot be put aside stays: the budget is a wish, the results are not.
                if let Ok(spilled) = self.spill.write(&record) {
                    self.lock().spilled(value, spilled);
                }
            }
            let complete = finished.is_empty();
            finished.into_iter().for_each(|finished| self.finish(finished));
            self.changed.notify_all();
            if complete {
                return;
            }
            // Others may have waited for what is stored now.
            state = self.lock();
        }
    }

    fn run(self: &Arc<Self>, run: Run) {
        let result = self.compute(&run);
        let mut state = self.lock();
        match result {
            Ok((records, measured)) => state.done(run.node, records, measured),
            Err(error) => state.failed(run.node, error),
        }
        self.go_on(state);
    }

    fn compute(&self, run: &Run) -> Result<(Vec<Record>, Measured), EvaluationError> {
        let mut handles = Vec::new();
        let operands = run
            .operands
            .iter()
            .map(|operand| match operand {
                Operand::Scalar(value) => Ok(Operand::Scalar(*value)),
                Operand::Encrypted(Load::Content(content)) => {
                    handles.push(run.step.handle);
                    Ok(Operand::Encrypted(read(content)?))
                }
                Operand::Encrypted(Load::Stored(handle)) => {
                    handles.push(*handle);
                    let record = self.store.get(handle)?;
                    Ok(Operand::Encrypted(record.ok_or(GraphError::Unknown(*handle))?))
                }
            })
            .collect::<Result<Vec<Operand<Arc<Record>>>, EvaluationError>>()?;
        let bundle = Bundle::single(self.evaluator.class(), &run.step.kernel, &operands);
        let inputs: Vec<Arc<Record>> = operands
            .into_iter()
            .filter_map(|operand| match operand {
                Operand::Encrypted(record) => Some(record),
                Operand::Scalar(_) => None,
            })
            .collect();
        let executed = caught(|| self.evaluator.execute(&bundle, &inputs))
            .unwrap_or_else(|reason| Err(BundleError::Panicked { step: 0, reason }));
        let execution = executed.map_err(|error| {
            let input = |input: usize| handles.get(input).copied().unwrap_or_default();
            error.at(std::slice::from_ref(&run.step), input)
        })?;
        Ok((execution.outputs, execution.steps.first().copied().unwrap_or_default()))
    }

    /// Stores a transaction's results, in one piece.
    fn finish(&self, finished: Finished) {
        let Finished { transaction, start, outputs, granted, mut evaluation } = finished;
        let mut records = Vec::with_capacity(outputs.len());
        for (handle, content) in outputs {
            match content.and_then(|content| read(&content).map_err(Arc::new)) {
                Ok(record) => records.push((handle, Record::clone(&record))),
                Err(error) => evaluation.failed.push((handle, error)),
            }
        }
        let digests = records.iter().map(|(handle, record)| (*handle, record.digest));
        let stored: Vec<_> = digests.collect();
        let inserted = if records.is_empty() { Ok(()) } else { self.store.insert(records) };
        match inserted {
            Ok(()) => evaluation.stored = stored,
            Err(error) => {
                let error = Arc::new(EvaluationError::from(error));
                let failed = stored.into_iter().map(|(handle, _)| (handle, Arc::clone(&error)));
                evaluation.failed.extend(failed);
            }
        }
        for handle in granted {
            let missing = match self.store.contains(&handle) {
                Ok(true) => continue,
                Ok(false) => EvaluationError::Graph(GraphError::Unknown(handle)),
                Err(error) => error.into(),
            };
            evaluation.failed.push((handle, Arc::new(missing)));
        }
        evaluation.elapsed = start.elapsed();
        let told = self.lock().stored(transaction, evaluation);
        if let Some((done, evaluations)) = told {
            // A panic of whoever is told must not end a thread that computes.
            let _ = caught(|| done(evaluations));
        }
        self.lock().finishing -= 1;
    }
}

fn read(content: &Content) -> Result<Arc<Record>, EvaluationError> {
    match content {
        Content::Memory(record) => Ok(Arc::clone(record)),
        Content::Disk(spilled) => spilled.read(),
    }
}
