//! Evaluation that waits, fails or panics when a test says so.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, mpsc},
    thread,
};

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    Bundle, BundleError, CiphertextError, Evaluator, Execution, FheType, GraphEvaluator, Record,
    ReferenceEngine, Rewrites,
};

/// What becomes of an evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Open,
    Closed,
    Failing,
    Panicking,
}

type Job = Box<dyn FnOnce() + Send>;

/// The reference evaluator behind a gate.
pub(super) struct Gate {
    inner: GraphEvaluator<ReferenceEngine>,
    /// One after the other, on a thread of their own: the inner evaluator's is needed while it waits.
    jobs: mpsc::Sender<Job>,
    state: Mutex<(State, usize)>,
    changed: Condvar,
}

impl Default for Gate {
    fn default() -> Self {
        let inner = GraphEvaluator::new(ReferenceEngine, 1).unwrap();
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::spawn(move || queue.into_iter().for_each(|job| job()));
        Self { inner, jobs, state: Mutex::default(), changed: Condvar::new() }
    }
}

impl Gate {
    /// Lets evaluations through.
    pub(super) fn open(&self) {
        self.set(State::Open);
    }

    /// Has evaluations wait.
    pub(super) fn close(&self) {
        self.set(State::Closed);
    }

    /// Has evaluations fail.
    pub(super) fn fail(&self) {
        self.set(State::Failing);
    }

    /// Has evaluations panic.
    pub(super) fn panic(&self) {
        self.set(State::Panicking);
    }

    /// Waits until `count` evaluations have begun since the start.
    pub(super) fn wait_for(&self, count: usize) {
        drop(self.changed.wait_while(self.lock(), |(_, begun)| *begun < count).unwrap());
    }

    /// How many evaluations have begun since the start.
    pub(super) fn begun(&self) -> usize {
        self.lock().1
    }

    fn set(&self, state: State) {
        self.lock().0 = state;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, (State, usize)> {
        self.state.lock().unwrap()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Evaluator for Gate {
    fn class(&self) -> B256 {
        self.inner.class()
    }

    fn rewrites(&self) -> Rewrites {
        self.inner.rewrites()
    }

    fn threads(&self) -> usize {
        1
    }

    fn spawn(&self, job: Job) {
        self.jobs.send(job).unwrap();
    }

    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError> {
        let mut state = self.lock();
        state.1 += 1;
        self.changed.notify_all();
        let state = self.changed.wait_while(state, |(state, _)| *state == State::Closed).unwrap().0;
        match state {
            State::Failing => Err(BundleError::Operands { step: 0, reason: "the gate fails" }),
            State::Panicking => panic!("a circuit has a bug"),
            State::Open | State::Closed => self.inner.execute(bundle, inputs),
        }
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.inner.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        self.inner.expand_inputs(list)
    }
}
