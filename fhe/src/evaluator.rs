//! Runs a live graph: independent operations side by side, each exactly once.

use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use alloy_primitives::{B256, U256};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tfhe::get_pbs_count;

use crate::{
    CiphertextStore, FheType, Handle, Live, Node, Operand, Record,
    circuits::MAX_POOL_THREADS,
    engine::Engine,
    error::{CiphertextError, EvaluationError, StoreError},
};

/// Turns a live graph into ciphertexts in a store.
///
/// A result is a pure function of the operation, the operands' bytes and the engine class. It does
/// not depend on the number of threads, on the order in which operations happen to run, or on what
/// else runs.
pub trait Evaluator: fmt::Debug + Send + Sync {
    /// The engine class: see [`Engine::class`].
    fn class(&self) -> B256;

    /// Computes `live` and stores the results to keep, all or none.
    ///
    /// # Errors
    /// If a ciphertext is missing, corrupt or of another engine class, an operation fails, or the
    /// store does.
    fn evaluate(
        &self,
        live: &Live,
        store: &dyn CiphertextStore,
    ) -> Result<Evaluation, EvaluationError>;

    /// Encrypts a list of values as a client does.
    ///
    /// # Errors
    /// If the list is too long.
    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError>;

    /// Checks a list that a client made and opens it to one record a value.
    ///
    /// # Errors
    /// If the bytes are not a well-formed list.
    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError>;
}

/// What an evaluation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Number of operations computed.
    pub operations: usize,
    /// Programmable bootstraps. tfhe-rs counts for the whole process, so this is exact as long as
    /// nothing else in the process bootstraps at the same time.
    pub bootstraps: u64,
    /// Time from first operation to durable result.
    pub elapsed: Duration,
    /// What was stored, with digests, by handle.
    pub stored: Vec<(Handle, B256)>,
}

/// An [`Evaluator`] on an [`Engine`].
pub struct GraphEvaluator<E> {
    engine: E,
    /// Each of one to [`MAX_POOL_THREADS`] threads, so that circuits give the same bits in any.
    pools: Vec<ThreadPool>,
    threads: usize,
}

impl<E: Engine> GraphEvaluator<E> {
    /// Runs up to `threads` operations at a time on as many threads.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn new(engine: E, threads: usize) -> Result<Self, ThreadPoolBuildError> {
        let threads = threads.max(1);
        let pools = (0..threads)
            .step_by(MAX_POOL_THREADS)
            .map(|first| {
                ThreadPoolBuilder::new()
                    .num_threads(MAX_POOL_THREADS.min(threads - first))
                    .thread_name(move |i| format!("fhe-{}", first + i))
                    .build()
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { engine, pools, threads })
    }

    /// The ciphertexts that are there already, decoded.
    fn load(
        &self,
        live: &Live,
        store: &dyn CiphertextStore,
    ) -> Result<BTreeMap<Handle, E::Value>, EvaluationError> {
        let needed: BTreeSet<Handle> =
            live.nodes.iter().flat_map(|(_, node)| node.inputs()).collect();
        needed
            .intersection(&live.settled)
            .map(|handle| {
                let record =
                    store.get(handle)?.ok_or(crate::error::GraphError::Unknown(*handle))?;
                let expected = self.engine.class();
                if record.class != expected {
                    let (handle, found) = (*handle, record.class);
                    return Err(StoreError::EngineClass { handle, found, expected }.into());
                }
                let value = self.engine.decode(&record.bytes, record.ty).map_err(|source| {
                    EvaluationError::Ciphertext { handle: *handle, ty: record.ty, source }
                })?;
                Ok((*handle, value))
            })
            .collect()
    }

    fn apply(
        &self,
        pool: &ThreadPool,
        handle: Handle,
        node: &Node,
        operands: &[Operand<Arc<E::Value>>],
    ) -> Result<E::Value, EvaluationError> {
        let operands: Vec<Operand<&E::Value>> = operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted(value) => Operand::Encrypted(&**value),
                Operand::Scalar(word) => Operand::Scalar(*word),
            })
            .collect();
        let op = node.op;
        // A bug in a circuit must not take the process down with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            pool.install(|| self.engine.apply(op, &operands, node.operand, node.result))
        }));
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(reason)) => Err(EvaluationError::Operands { op, handle, reason }),
            Err(panic) => Err(EvaluationError::Panicked { op, handle, reason: message(&*panic) }),
        }
    }

    /// Computes every node and returns the values to keep.
    fn run(
        &self,
        live: &Live,
        settled: BTreeMap<Handle, E::Value>,
    ) -> Result<Vec<(Handle, Arc<E::Value>)>, EvaluationError> {
        let schedule = Schedule::new(live, settled);
        std::thread::scope(|scope| {
            for worker in 0..self.threads.min(live.nodes.len()) {
                let (schedule, pool) = (&schedule, &self.pools[worker / MAX_POOL_THREADS]);
                scope.spawn(move || {
                    while let Some((index, operands)) = schedule.next() {
                        let (handle, node) = &live.nodes[index];
                        schedule.done(index, self.apply(pool, *handle, node, &operands));
                    }
                });
            }
        });
        schedule.finish()
    }
}

impl<E: Engine> Evaluator for GraphEvaluator<E> {
    fn class(&self) -> B256 {
        self.engine.class()
    }

    fn evaluate(
        &self,
        live: &Live,
        store: &dyn CiphertextStore,
    ) -> Result<Evaluation, EvaluationError> {
        let (start, bootstraps) = (Instant::now(), get_pbs_count());
        let class = self.engine.class();
        let records = self
            .run(live, self.load(live, store)?)?
            .into_iter()
            .map(|(handle, value)| {
                let ty = handle.fhe_type().ok_or(crate::error::GraphError::Type(handle))?;
                let bytes = self
                    .engine
                    .encode(&value)
                    .map_err(|source| EvaluationError::Ciphertext { handle, ty, source })?;
                Ok((handle, Record::new(ty, class, bytes)))
            })
            .collect::<Result<Vec<_>, EvaluationError>>()?;
        let stored = records.iter().map(|(handle, record)| (*handle, record.digest)).collect();
        store.insert(records)?;
        Ok(Evaluation {
            operations: live.nodes.len(),
            bootstraps: get_pbs_count() - bootstraps,
            elapsed: start.elapsed(),
            stored,
        })
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.engine.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        let class = self.engine.class();
        self.pools[0]
            .install(|| self.engine.expand_inputs(list))?
            .into_iter()
            .map(|(ty, value)| Ok(Record::new(ty, class, self.engine.encode(&value)?)))
            .collect()
    }
}

impl<E: Engine> fmt::Debug for GraphEvaluator<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphEvaluator")
            .field("engine", &self.engine)
            .field("threads", &self.threads)
            .finish()
    }
}

/// A panic's message.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Which operation can run next. Values live from when they are made until their last use.
struct Schedule<'a, V> {
    live: &'a Live,
    /// By node: the nodes that take its result, once for each time they take it.
    consumers: Vec<Vec<usize>>,
    state: Mutex<State<V>>,
    changed: Condvar,
}

struct State<V> {
    values: BTreeMap<Handle, Arc<V>>,
    /// By node: operands that are still missing.
    missing: Vec<usize>,
    /// By handle: uses to come.
    uses: BTreeMap<Handle, usize>,
    /// Nodes whose operands are all there. The first in topological order runs first.
    ready: BTreeSet<usize>,
    running: usize,
    failure: Option<(usize, EvaluationError)>,
}

type Operands<V> = Vec<Operand<Arc<V>>>;

impl<'a, V> Schedule<'a, V> {
    fn new(live: &'a Live, settled: BTreeMap<Handle, V>) -> Self {
        let index: BTreeMap<Handle, usize> =
            live.nodes.iter().enumerate().map(|(i, (handle, _))| (*handle, i)).collect();
        let mut consumers = vec![Vec::new(); live.nodes.len()];
        let mut missing = vec![0; live.nodes.len()];
        let mut uses = BTreeMap::new();
        for (consumer, (_, node)) in live.nodes.iter().enumerate() {
            for input in node.inputs() {
                *uses.entry(input).or_insert(0) += 1;
                if let Some(producer) = index.get(&input) {
                    consumers[*producer].push(consumer);
                    missing[consumer] += 1;
                }
            }
        }
        let ready = (0..missing.len()).filter(|node| missing[*node] == 0).collect();
        let values = settled.into_iter().map(|(handle, value)| (handle, Arc::new(value))).collect();
        Self {
            live,
            consumers,
            state: Mutex::new(State { values, missing, uses, ready, running: 0, failure: None }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<V>> {
        // Operations run outside of the lock, so no panic can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for an operation that can run. `None` when there will be no more.
    fn next(&self) -> Option<(usize, Operands<V>)> {
        let mut state = self.lock();
        loop {
            if state.failure.is_some() {
                return None;
            }
            if let Some(index) = state.ready.pop_first() {
                let node = &self.live.nodes[index].1;
                let operands = node
                    .operands
                    .iter()
                    .map(|operand| match operand {
                        Operand::Encrypted(handle) => {
                            Operand::Encrypted(state.take(handle, &self.live.keep))
                        }
                        Operand::Scalar(word) => Operand::Scalar(*word),
                    })
                    .collect();
                state.running += 1;
                return Some((index, operands));
            }
            if state.running == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, index: usize, outcome: Result<V, EvaluationError>) {
        let mut state = self.lock();
        state.running -= 1;
        match outcome {
            Ok(value) => {
                state.values.insert(self.live.nodes[index].0, Arc::new(value));
                for consumer in &self.consumers[index] {
                    state.missing[*consumer] -= 1;
                    if state.missing[*consumer] == 0 {
                        state.ready.insert(*consumer);
                    }
                }
            }
            // Of several failures the first in topological order is reported.
            Err(error) if state.failure.as_ref().is_none_or(|(first, _)| index < *first) => {
                state.failure = Some((index, error));
            }
            Err(_) => {}
        }
        self.changed.notify_all();
    }

    fn finish(self) -> Result<Vec<(Handle, Arc<V>)>, EvaluationError> {
        let State { mut values, failure, .. } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, error)) = failure {
            return Err(error);
        }
        Ok(self
            .live
            .keep
            .iter()
            .filter_map(|handle| values.remove(handle).map(|value| (*handle, value)))
            .collect())
    }
}

impl<V> State<V> {
    /// An operand's value. With its last use it leaves the schedule, unless it is to be kept.
    fn take(&mut self, handle: &Handle, keep: &BTreeSet<Handle>) -> Arc<V> {
        let uses = self.uses.get_mut(handle).expect("every operand was counted");
        *uses -= 1;
        let last = *uses == 0 && !keep.contains(handle);
        let value =
            if last { self.values.remove(handle) } else { self.values.get(handle).cloned() };
        value.expect("a ready operation's operands are there until their last use")
    }
}
