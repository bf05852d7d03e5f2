use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex},
};

use ciphervm_fhe::{
    Bundle, BundleError, CiphertextError, CiphertextStore, Computed, Engine, Evaluation,
    EvaluationError, Execution, FheType, GraphError, GraphEvaluator, Handle, Kernel, Live, OPS, Op,
    Operand, Plan, Profile, ReferenceEngine, Rewrite, Rewrites, SimulationEngine,
};

use super::*;

fn open(record: &Record) -> Result<U256, String> {
    ReferenceEngine.decode(&record.bytes, record.ty).map_err(|error| error.to_string())
}

fn evaluator() -> GraphEvaluator<ReferenceEngine> {
    GraphEvaluator::new(ReferenceEngine, 1).unwrap()
}

fn until(operations: u64) -> Settings {
    Settings { operations, time: None }
}

fn run(sweep: &mut Sweep, evaluator: &dyn Evaluator, operations: u64) {
    let observe = &mut |_: &Sweep| ControlFlow::Continue(());
    sweep.run(evaluator, &open, &until(operations), observe).unwrap();
}

/// Runs until so many programs have ended, or is interrupted in the one after.
fn run_programs(sweep: &mut Sweep, evaluator: &dyn Evaluator, programs: u64) {
    let observe = &mut |sweep: &Sweep| {
        if sweep.program < programs { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    sweep.run(evaluator, &open, &until(u64::MAX), observe).unwrap();
}

fn again(sweep: &Sweep) -> Sweep {
    Sweep::from_json(&serde_json::to_string(sweep).unwrap()).unwrap()
}

#[test]
fn every_operation_is_run_and_chains_are_long() {
    let mut sweep = Sweep::new(7);
    run(&mut sweep, &evaluator(), 3_000);
    assert_eq!(sweep.operations, 3_000);
    assert_eq!(sweep.failures, Vec::<String>::new());
    assert_eq!(sweep.longest_chain, CHAIN);
    for spec in OPS.iter().filter(|spec| spec.op != Op::VerifyInput) {
        let counts = sweep.by_operation.get(spec.op.name());
        assert!(counts.is_some_and(|counts| counts.results > 0), "{}: {counts:?}", spec.op);
    }
    assert_eq!(sweep.by_result.len(), FheType::ALL.len(), "{:?}", sweep.by_result);
    let all = sweep.by_operation.values();
    assert_eq!(all.clone().map(|counts| counts.operations).sum::<u64>(), sweep.operations);
    assert_eq!(all.map(|counts| counts.results).sum::<u64>(), sweep.results);
    assert_eq!(sweep.by_result.values().sum::<u64>(), sweep.results);
}

#[test]
fn a_sweep_that_ended_with_a_program_goes_on_as_if_it_had_not() {
    let mut whole = Sweep::new(7);
    run_programs(&mut whole, &evaluator(), 4);
    let mut parts = Sweep::new(7);
    run_programs(&mut parts, &evaluator(), 2);
    assert_eq!(parts.program, 2);
    let mut parts = again(&parts);
    run_programs(&mut parts, &evaluator(), 4);
    (whole.seconds, parts.seconds) = (0.0, 0.0);
    assert_eq!(parts, whole);

    let mut other = Sweep::new(8);
    run_programs(&mut other, &evaluator(), 4);
    assert_ne!(other.by_operation, whole.by_operation);
}

#[test]
fn a_chain_that_was_stopped_is_run_again_from_its_start() {
    let mut whole = Sweep::new(7);
    run_programs(&mut whole, &evaluator(), 1);
    let mut stopped = Sweep::new(7);
    run(&mut stopped, &evaluator(), 700);
    assert_eq!((stopped.program, stopped.operations, stopped.longest_chain), (0, 700, 700));

    let mut resumed = again(&stopped);
    run_programs(&mut resumed, &evaluator(), 1);
    assert_eq!((resumed.program, resumed.longest_chain), (1, CHAIN));
    assert_eq!(resumed.operations, 700 + CHAIN);
    // What the second run did is what a run without the first does.
    for (operation, counts) in &whole.by_operation {
        let before = stopped.by_operation.get(operation).copied().unwrap_or_default();
        let both = resumed.by_operation[operation];
        let second = Counts {
            operations: both.operations - before.operations,
            results: both.results - before.results,
        };
        assert_eq!(second, *counts, "{operation}");
    }
}

#[test]
fn a_run_without_time_does_nothing() {
    let mut sweep = Sweep::new(7);
    let mut observed = 0;
    for (time, expected) in [(Duration::ZERO, 0), (Duration::from_secs(3_600), 1)] {
        let settings = Settings { operations: 10, time: Some(time) };
        let observe = &mut |_: &Sweep| {
            observed += 1;
            ControlFlow::Continue(())
        };
        sweep.run(&evaluator(), &open, &settings, observe).unwrap();
        assert_eq!((observed, sweep.operations), (expected, 10 * expected));
    }
}

#[test]
fn ciphertexts_of_another_engine_are_not_gone_on_from() {
    let mut sweep = Sweep::new(7);
    run(&mut sweep, &evaluator(), 10);
    let before = sweep.clone();
    let other = SimulationEngine::new(Profile::Throughput, Rewrites::ALL);
    let other = GraphEvaluator::new(other, 1).unwrap();
    let observe = &mut |_: &Sweep| ControlFlow::Continue(());
    let error = sweep.run(&other, &open, &until(20), observe).unwrap_err();
    assert_eq!(error, SweepError::Engine(ReferenceEngine.class()));
    assert_eq!(sweep, before);
}

#[test]
fn only_a_state_of_this_format_is_read() {
    let mut sweep = Sweep::new(7);
    run(&mut sweep, &evaluator(), 10);
    let state = serde_json::to_value(&sweep).unwrap();
    let read = |state: &serde_json::Value| Sweep::from_json(&state.to_string());
    assert_eq!(read(&state).unwrap().by_operation, sweep.by_operation);

    let mut first = state.clone();
    first.as_object_mut().unwrap().remove("format");
    assert_eq!(read(&first).unwrap_err(), SweepError::Format(1));
    let mut later = state.clone();
    later["format"] = (FORMAT + 1).into();
    assert_eq!(read(&later).unwrap_err(), SweepError::Format(FORMAT + 1));

    let mut missing = state.clone();
    missing.as_object_mut().unwrap().remove("program");
    let mut unknown = state;
    unknown["programme"] = 1.into();
    for text in ["", "{", "7", &missing.to_string(), &unknown.to_string()] {
        let error = Sweep::from_json(text).unwrap_err();
        assert!(matches!(error, SweepError::Malformed(_)), "{text}: {error}");
    }
}

/// Keeps the graphs that it evaluates, and fails after so many.
#[derive(Debug)]
struct Watched {
    evaluator: GraphEvaluator<ReferenceEngine>,
    fails_after: usize,
    graphs: Mutex<Vec<Live>>,
}

impl Watched {
    fn new() -> Self {
        Self { evaluator: evaluator(), fails_after: usize::MAX, graphs: Mutex::default() }
    }

    fn graphs(self) -> Vec<Live> {
        self.graphs.into_inner().unwrap()
    }
}

impl Evaluator for Watched {
    fn class(&self) -> B256 {
        self.evaluator.class()
    }

    fn rewrites(&self) -> Rewrites {
        self.evaluator.rewrites()
    }

    fn threads(&self) -> usize {
        self.evaluator.threads()
    }

    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.evaluator.spawn(job);
    }

    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError> {
        self.evaluator.execute(bundle, inputs)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.evaluator.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        self.evaluator.expand_inputs(list)
    }

    fn evaluate(
        &self,
        live: &Live,
        store: &dyn CiphertextStore,
    ) -> Result<Evaluation, EvaluationError> {
        let mut graphs = self.graphs.lock().unwrap();
        if graphs.len() == self.fails_after {
            return Err(GraphError::Unknown(Handle::default()).into());
        }
        graphs.push(live.clone());
        self.evaluator.evaluate(live, store)
    }
}

/// Those that need a result that is used once and not kept, too.
#[test]
fn each_rewrite_has_something_to_rewrite() {
    let (watched, mut sweep) = (Watched::new(), Sweep::new(7));
    run(&mut sweep, &watched, 3_000);
    let graphs = watched.graphs();
    let changed = Rewrite::ALL.map(|rewrite| {
        let without = Rewrites::ALL.without(rewrite);
        let changes = |live: &&Live| Plan::new(live, Rewrites::ALL) != Plan::new(live, without);
        (rewrite, graphs.iter().filter(changes).count())
    });
    assert!(changed.iter().all(|(_, changed)| *changed > 2), "{changed:?} of {}", graphs.len());
}

#[test]
fn what_no_result_stands_on_is_not_counted() {
    let (watched, mut sweep) = (Watched::new(), Sweep::new(7));
    run_programs(&mut sweep, &watched, 8);
    let graphs = watched.graphs();
    let computed = graphs.iter().map(|live| live.nodes.len() as u64).sum::<u64>();
    let kept = graphs.iter().map(|live| live.keep.len() as u64).sum::<u64>();
    assert_eq!((sweep.operations, sweep.results), (computed, kept));
    // Seven programs of 64 operations were drawn beside the chain.
    assert!(kept < computed && computed < CHAIN + 7 * 64, "{kept} of {computed}");
    assert!(computed > CHAIN + 7 * 32, "{computed}");
    // Of some pieces all is kept, of some little.
    let keeps_all = |live: &&Live| live.nodes.len() == 16 && live.keep.len() == 16;
    let keeps_few = |live: &&Live| live.nodes.len() == 16 && live.keep.len() < 6;
    assert!(graphs.iter().any(|live| keeps_all(&live)), "{sweep:?}");
    assert!(graphs.iter().any(|live| keeps_few(&live)), "{sweep:?}");
}

#[test]
fn a_chain_stays_one_from_piece_to_piece() {
    let (watched, mut sweep) = (Watched::new(), Sweep::new(3));
    run_programs(&mut sweep, &watched, 1);
    let graphs = watched.graphs();
    assert_eq!(graphs.iter().map(|live| live.nodes.len() as u64).sum::<u64>(), CHAIN);
    let mut depths = BTreeMap::new();
    let mut longest = 0;
    for live in &graphs {
        for (handle, node) in &live.nodes {
            let depth =
                1 + node.inputs().filter_map(|input| depths.get(&input)).max().unwrap_or(&0);
            depths.insert(*handle, depth);
            longest = longest.max(depth);
        }
        // Nothing can go on from what was not kept.
        let hidden = live.nodes.iter().filter(|(handle, _)| !live.keep.contains(handle));
        hidden.for_each(|(handle, _)| {
            depths.remove(handle);
        });
    }
    assert_eq!(longest, CHAIN);
}

/// Changes every result of one operation.
#[derive(Debug)]
struct Faulty(Op);

impl Engine for Faulty {
    type Value = U256;

    fn class(&self) -> B256 {
        ReferenceEngine.class()
    }

    fn run(
        &self,
        kernel: &Kernel,
        operands: &[Operand<&U256>],
    ) -> Result<Computed<U256>, &'static str> {
        let mut computed = ReferenceEngine.run(kernel, operands)?;
        if matches!(kernel, Kernel::Op { op, .. } if *op == self.0) {
            computed.values[0] ^= U256::ONE;
        }
        Ok(computed)
    }

    /// Every operation is computed as it was recorded.
    fn rewrites(&self) -> Rewrites {
        Rewrites::NONE
    }

    fn encode(&self, value: &U256) -> Result<Vec<u8>, CiphertextError> {
        ReferenceEngine.encode(value)
    }

    fn decode(&self, bytes: &[u8], ty: FheType) -> Result<U256, CiphertextError> {
        ReferenceEngine.decode(bytes, ty)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        ReferenceEngine.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<(FheType, U256)>, CiphertextError> {
        ReferenceEngine.expand_inputs(list)
    }
}

#[test]
fn a_wrong_operation_is_found_each_time_that_its_result_is_kept() {
    let mut sweep = Sweep::new(7);
    run(&mut sweep, &GraphEvaluator::new(Faulty(Op::Sub), 1).unwrap(), 1_000);
    let Counts { operations, results } = sweep.by_operation["fheSub"];
    assert!(0 < results && results < operations, "{results} of {operations}");
    // Two wrong ones, of which the first is not kept, can make a right one.
    let named = sweep.failures.iter().filter(|failure| failure.contains("fheSub:")).count() as u64;
    assert!(named <= results && results - named <= operations - results, "{:?}", sweep.failures);
    assert_eq!(sweep.bounds(), None);
}

/// What is wrong shows in a later result, which names all that stands behind it.
#[test]
fn a_wrong_operation_whose_result_is_not_kept_is_found_behind_another() {
    let mut sweep = Sweep::new(7);
    run(&mut sweep, &GraphEvaluator::new(Faulty(Op::Sub), 1).unwrap(), 1_000);
    let behind = |failure: &&String| {
        let named = failure.split(", behind it ").skip(1).any(|one| one.ends_with(" fheSub"));
        named && !failure.contains("fheSub:")
    };
    assert!(sweep.failures.iter().filter(behind).count() > 0, "{:?}", sweep.failures);
    // Nothing else is wrong.
    let right = |failure: &&String| !failure.contains("fheSub");
    assert_eq!(sweep.failures.iter().find(right), None);
}

#[test]
fn what_was_done_before_an_evaluator_failed_counts() {
    let evaluator = Watched { fails_after: 5, ..Watched::new() };
    let mut sweep = Sweep::new(7);
    let mut observed = None;
    let observe = &mut |sweep: &Sweep| {
        observed = Some(sweep.clone());
        ControlFlow::Continue(())
    };
    let error = sweep.run(&evaluator, &open, &until(1_000), observe).unwrap_err();
    let SweepError::Broken { program: 0, reason } = error else { panic!("{error}") };
    assert!(reason.contains(&Handle::default().to_string()), "{reason}");
    assert_eq!((sweep.program, sweep.operations), (0, 80));
    assert_eq!(observed, Some(sweep));
}

#[test]
fn bounds_are_of_what_took_bootstraps_and_at_most_one() {
    let engine = SimulationEngine::new(Profile::Throughput, Rewrites::ALL);
    let evaluator = GraphEvaluator::new(engine, 1).unwrap();
    let open = |record: &Record| {
        let value = engine.decode(&record.bytes, record.ty);
        value.map(|value| value.value()).map_err(|error| error.to_string())
    };
    let mut sweep = Sweep::new(7);
    assert_eq!(sweep.bounds(), None);
    let observe = &mut |_: &Sweep| ControlFlow::Continue(());
    sweep.run(&evaluator, &open, &until(200), observe).unwrap();
    assert_eq!(sweep.failures, Vec::<String>::new());
    // Copies, constants and what was rewritten take none.
    let Sweep { operations, bootstrapped, bootstraps, .. } = sweep;
    assert!(50 < bootstrapped && bootstrapped < operations, "{bootstrapped} of {operations}");
    assert!(bootstraps > 5 * bootstrapped, "{bootstraps} for {bootstrapped}");
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let expected =
        Bounds { per_operation: 3.0 / bootstrapped as f64, per_bootstrap: 3.0 / bootstraps as f64 };
    assert_eq!(sweep.bounds(), Some(expected));

    // Nothing is excluded where nothing took a bootstrap.
    let mut plain = Sweep::new(7);
    run(&mut plain, &GraphEvaluator::new(ReferenceEngine, 1).unwrap(), 2);
    assert_eq!(plain.bounds(), Some(Bounds { per_operation: 1.0, per_bootstrap: 1.0 }));
}
