//! Computes bundles, on a pool of threads.

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, U256};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder, prelude::*};

use crate::{
    Bundle, CiphertextStore, FheType, Handle, Live, Operand, Packed, Plan, Record, Rewrites,
    Source,
    bundle::Work,
    engine::Engine,
    error::{BundleError, CiphertextError, EvaluationError, GraphError},
    panics::caught,
};

/// Turns ciphertexts into ciphertexts.
pub trait Evaluator: fmt::Debug + Send + Sync {
    /// The engine class: see [`Engine::class`].
    fn class(&self) -> B256;

    /// How graphs are to be rewritten for it.
    fn rewrites(&self) -> Rewrites;

    /// Number of threads.
    fn threads(&self) -> usize;

    /// Runs a job on one of the threads, some time.
    fn spawn(&self, job: Box<dyn FnOnce() + Send>);

    /// Computes a bundle: a pure function of the bundle and its inputs. It does not depend on the
    /// number of threads, on the order in which things happen to run, or on what else runs.
    ///
    /// # Errors
    /// If the bundle is not well formed, these are not its inputs, or a step fails. Nothing
    /// untrusted panics here.
    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError>;

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

    /// Computes a live graph as one bundle, here and now, and stores what is to be kept, all or
    /// none. Whoever has many graphs leaves them to a [`Scheduler`](crate::Scheduler).
    ///
    /// # Errors
    /// If a ciphertext is missing, corrupt or of another engine class, an operation fails, or the
    /// store does.
    fn evaluate(
        &self,
        live: &Live,
        store: &dyn CiphertextStore,
    ) -> Result<Evaluation, EvaluationError> {
        let start = Instant::now();
        let plan = Plan::new(live, self.rewrites());
        let Packed { bundle, inputs, handles } = Bundle::whole(self.class(), &plan, |handle| {
            store.get(handle)?.ok_or(EvaluationError::Graph(GraphError::Unknown(*handle)))
        })?;
        let Execution { outputs, steps } = self.execute(&bundle, &inputs).map_err(|error| {
            let input = |input: usize| handles.get(input).copied().unwrap_or_default();
            error.at(&plan.steps, input)
        })?;
        let records: Vec<_> = plan.outputs.keys().copied().zip(outputs).collect();
        let stored = records.iter().map(|(handle, record)| (*handle, record.digest)).collect();
        store.insert(records)?;
        let measured: Vec<Measured> = plan
            .steps
            .iter()
            .zip(steps)
            .map(|(step, took)| Measured { handle: step.handle, ..took })
            .collect();
        Ok(Evaluation {
            operations: live.nodes.len(),
            bootstraps: measured.iter().map(|step| step.bootstraps).sum(),
            elapsed: start.elapsed(),
            stored,
            measured,
            ..Evaluation::default()
        })
    }
}

/// What a bundle's execution gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The outputs, in the bundle's order.
    pub outputs: Vec<Record>,
    /// What each step took, in order. Handles are not known here.
    pub steps: Vec<Measured>,
}

/// What became of a transaction's live graph.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// Recorded operations whose results were needed.
    pub operations: usize,
    /// Steps that another transaction of the block had computed already.
    pub shared: usize,
    /// Programmable bootstraps.
    pub bootstraps: u64,
    /// Bootstraps one after the other, as the simulation counts them for clean operands.
    pub depth: u64,
    /// Time until the results were durable.
    pub elapsed: Duration,
    /// What was stored, with digests, by handle.
    pub stored: Vec<(Handle, B256)>,
    /// What was to be stored and could not be computed, and why.
    pub failed: Vec<(Handle, Arc<EvaluationError>)>,
    /// What each step took.
    pub measured: Vec<Measured>,
}

/// What a step took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The recorded handle for whose sake it ran. Several steps may have one, and a step that
    /// computes several operations has the handle of the first.
    pub handle: Handle,
    /// Time from start to result, with whatever ran beside it.
    pub elapsed: Duration,
    /// Programmable bootstraps.
    pub bootstraps: u64,
}

/// Bytes of a thread's stack. While it waits for a piece of its operation, a thread may take up
/// another operation on top, and so on up to one for each thread; a circuit needs tens of
/// kilobytes. Memory is used only as far as the stack grows.
const STACK: usize = 16 << 20;

/// An [`Evaluator`] that works here, with an [`Engine`].
pub struct GraphEvaluator<E> {
    engine: E,
    pool: ThreadPool,
}

impl<E: Engine> GraphEvaluator<E> {
    /// Computes on `threads` threads.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn new(engine: E, threads: usize) -> Result<Self, ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|index| format!("fhe-{index}"))
            .stack_size(STACK)
            .build()?;
        Ok(Self { engine, pool })
    }

    fn run(&self, bundle: &Bundle, inputs: &[E::Value]) -> Run<E::Value> {
        let mut computed: BTreeMap<usize, (Vec<E::Value>, Measured)> = BTreeMap::new();
        for wave in bundle.waves() {
            let results: Vec<_> = wave
                .into_par_iter()
                .map(|position| {
                    let work = &bundle.steps[position];
                    let value = |source: &Source| match *source {
                        Source::Input(input) => &inputs[input],
                        Source::Result { step, result } => &computed[&step].0[result],
                    };
                    Ok((position, self.step(position, work, value)?))
                })
                .collect();
            for result in results {
                let (position, computation) = result?;
                computed.insert(position, computation);
            }
        }
        Ok(computed)
    }

    /// A bug in a circuit must not take the process down with it.
    fn step<'a>(
        &self,
        step: usize,
        work: &Work,
        value: impl Fn(&Source) -> &'a E::Value,
    ) -> Result<(Vec<E::Value>, Measured), BundleError> {
        let start = Instant::now();
        let operands: Vec<_> = work
            .operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted(source) => Operand::Encrypted(value(source)),
                Operand::Scalar(value) => Operand::Scalar(*value),
            })
            .collect();
        let computed = caught(|| self.engine.run(&work.kernel, &operands))
            .map_err(|reason| BundleError::Panicked { step, reason })?
            .map_err(|reason| BundleError::Operands { step, reason })?;
        let (elapsed, bootstraps) = (start.elapsed(), computed.bootstraps);
        Ok((computed.values, Measured { handle: Handle::default(), elapsed, bootstraps }))
    }
}

type Run<V> = Result<BTreeMap<usize, (Vec<V>, Measured)>, BundleError>;

impl<E: Engine> Evaluator for GraphEvaluator<E> {
    fn class(&self) -> B256 {
        self.engine.class()
    }

    fn rewrites(&self) -> Rewrites {
        self.engine.rewrites()
    }

    fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.pool.spawn(job);
    }

    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError> {
        let class = self.engine.class();
        bundle.check(class, inputs)?;
        let values = inputs
            .iter()
            .enumerate()
            .map(|(input, record)| {
                let value = self.engine.decode(&record.bytes, record.ty);
                value.map_err(|source| BundleError::Input { input, source })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let computed = self.pool.install(|| self.run(bundle, &values))?;
        let outputs = bundle
            .outputs
            .iter()
            .map(|output| match *output {
                Source::Input(input) => Ok(Record::clone(&inputs[input])),
                Source::Result { step, result } => {
                    let missing = || BundleError::Malformed("a kernel has too few results");
                    let ty = bundle.steps[step].kernel.results()[result];
                    let value = computed[&step].0.get(result).ok_or_else(missing)?;
                    let bytes = self.engine.encode(value);
                    let bytes = bytes.map_err(|source| BundleError::Output { step, source })?;
                    Ok(Record::new(ty, class, bytes))
                }
            })
            .collect::<Result<Vec<_>, BundleError>>()?;
        let steps = computed.into_values().map(|(_, measured)| measured).collect();
        Ok(Execution { outputs, steps })
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.engine.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        let class = self.engine.class();
        self.pool
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
            .field("threads", &self.pool.current_num_threads())
            .finish()
    }
}
