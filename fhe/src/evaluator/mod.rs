//! Runs a live graph: independent operations side by side, each exactly once.

mod meter;
mod schedule;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use alloy_primitives::{B256, U256};
use meter::Span;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use schedule::Schedule;
use tfhe::get_pbs_count;

use crate::{
    CiphertextStore, FheType, Handle, Live, Node, Operand, Record,
    circuits::MAX_POOL_THREADS,
    engine::Engine,
    error::{CiphertextError, EvaluationError, GraphError, StoreError},
    panics::caught,
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
    /// What each operation took, in the order of [`Live::nodes`].
    pub measured: Vec<Measured>,
}

/// What one operation took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Its result.
    pub handle: Handle,
    /// Time from start to result, with whatever ran beside it.
    pub elapsed: Duration,
    /// Programmable bootstraps; `None` if others bootstrapped at the same time, so that its own
    /// cannot be told apart. With one thread they can.
    pub bootstraps: Option<u64>,
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
                let record = store.get(handle)?.ok_or(GraphError::Unknown(*handle))?;
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
        let apply = || self.engine.apply(op, &operands, node.operand, node.result);
        let outcome = caught(|| pool.install(apply));
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(reason)) => Err(EvaluationError::Operands { op, handle, reason }),
            Err(reason) => Err(EvaluationError::Panicked { op, handle, reason }),
        }
    }

    /// Computes every node. Returns the values to keep, and what each node took.
    fn run(&self, live: &Live, settled: BTreeMap<Handle, E::Value>) -> Run<E::Value> {
        let schedule = Schedule::new(live, settled);
        let measured = Mutex::new(BTreeMap::new());
        std::thread::scope(|scope| {
            for worker in 0..self.threads.min(live.nodes.len()) {
                let (schedule, measured) = (&schedule, &measured);
                let pool = &self.pools[worker / MAX_POOL_THREADS];
                scope.spawn(move || {
                    while let Some((index, operands)) = schedule.next() {
                        let (handle, node) = &live.nodes[index];
                        let (start, span) = (Instant::now(), Span::enter());
                        let outcome = self.apply(pool, *handle, node, &operands);
                        let elapsed = start.elapsed();
                        let took =
                            Measured { handle: *handle, elapsed, bootstraps: span.bootstraps() };
                        // Before the next operation can start.
                        drop(span);
                        measured.lock().unwrap_or_else(PoisonError::into_inner).insert(index, took);
                        schedule.done(index, outcome);
                    }
                });
            }
        });
        let measured = measured.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((schedule.finish()?, measured.into_values().collect()))
    }
}

type Run<V> = Result<(BTreeMap<Handle, Arc<V>>, Vec<Measured>), EvaluationError>;

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
        let (values, measured) = self.run(live, self.load(live, store)?)?;
        let records = values
            .into_iter()
            .map(|(handle, value)| {
                let ty = handle.fhe_type().ok_or(GraphError::Type(handle))?;
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
            measured,
        })
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.engine.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        let class = self.engine.class();
        // To open a list bootstraps too.
        let _span = Span::enter();
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
