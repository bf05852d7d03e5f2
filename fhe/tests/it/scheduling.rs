//! Many transactions at once: same bits, bounded memory, contained failures.

use std::{
    collections::BTreeMap,
    fmt, slice,
    sync::{Arc, Mutex},
};

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_fhe::{
    Budget, Bundle, BundleError, CiphertextError, CiphertextStore, EvaluationError, Evaluator,
    Execution, FheType, Graph, GraphError, GraphEvaluator, Handle, Kernel, Live, MemoryStore, Node,
    Occupancy, Op, Operand, Profile, Record, ReferenceEngine, Rewrites, Scheduler,
    SimulationEngine, TfheEngine,
};
use ciphervm_kms::test_keys;
use proptest::{
    prelude::RngExt as _,
    test_runner::{RngAlgorithm, TestRng},
};

const BYTE: FheType = FheType::Uint8;

fn name(label: &str, ty: FheType) -> Handle {
    Handle::computed(keccak256(label), 31337, ty)
}

/// A transaction: `(label, operation, operands)`, those that are kept marked by a star. An operand
/// is a label or a number.
fn transaction(lines: &[(&str, Op, &[&str])]) -> Live {
    let mut graph = Graph::default();
    let mut roots = Vec::new();
    for (label, op, operands) in lines {
        let ty = op.spec().result_type(BYTE, BYTE);
        let handle = name(label.trim_end_matches('*'), ty);
        let operand = |operand: &&str| match operand.parse::<u64>() {
            Ok(number) => Operand::Scalar(U256::from(number)),
            Err(_) => {
                let ty = if operand.ends_with('?') { FheType::Bool } else { BYTE };
                Operand::Encrypted(name(operand, ty))
            }
        };
        let operands = operands.iter().map(operand).collect();
        graph.insert(handle, Node::new(*op, operands, handle).unwrap());
        if label.ends_with('*') {
            roots.push(handle);
        }
    }
    graph.live(roots, |handle| Ok::<_, GraphError>(graph.get(handle).is_none())).unwrap()
}

/// A payment from one account to another: balances have the number of the transaction that last
/// changed them.
fn payment(number: usize, from: &str, to: &str, amount: &str) -> Live {
    let [enough, less, paid] = ["?", "less", "paid"].map(|part| format!("{number}{part}"));
    let [new_from, new_to] = ["from*", "to*"].map(|part| format!("{number}{part}"));
    transaction(&[
        (&enough, Op::Ge, &[from, amount]),
        ("zero", Op::TrivialEncrypt, &["0"]),
        (&less, Op::Sub, &[from, amount]),
        (&new_from, Op::IfThenElse, &[&enough, &less, from]),
        (&paid, Op::IfThenElse, &[&enough, amount, "zero"]),
        (&new_to, Op::Add, &[to, &paid]),
    ])
}

/// A store with the same random ciphertexts each time.
fn seeded(evaluator: &dyn Evaluator, labels: &[&str]) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    for (seed, label) in labels.iter().enumerate() {
        let seed = (seed + 1).to_string();
        let live = transaction(&[(&format!("{label}*"), Op::Rand, &[&seed])]);
        evaluator.evaluate(&live, &*store).unwrap();
    }
    store
}

fn digests(store: &MemoryStore, labels: &[&str]) -> Vec<B256> {
    let digest = |label: &&str| store.get(&name(label, BYTE)).unwrap().unwrap().digest;
    labels.iter().map(digest).collect()
}

fn tfhe(threads: usize) -> Arc<dyn Evaluator> {
    Arc::new(GraphEvaluator::new(TfheEngine::new(test_keys().0), threads).unwrap())
}

fn simulation(threads: usize) -> Arc<dyn Evaluator> {
    let engine = SimulationEngine::new(Profile::Throughput, Rewrites::ALL);
    Arc::new(GraphEvaluator::new(engine, threads).unwrap())
}

const INPUTS: [&str; 4] = ["a", "b", "c", "x"];
const BALANCES: [&str; 6] = ["1from", "1to", "2from", "2to", "3from", "3to"];

/// Three payments, each of which reads what the one before wrote.
fn payments() -> [Live; 3] {
    [payment(1, "a", "b", "x"), payment(2, "1to", "c", "x"), payment(3, "2to", "1from", "x")]
}

#[test]
fn bits_depend_on_neither_threads_nor_batches_nor_the_unit_of_work() {
    // Each transaction as one bundle, one after the other.
    let evaluator = tfhe(1);
    let store = seeded(&*evaluator, &INPUTS);
    for live in payments() {
        evaluator.evaluate(&live, &*store).unwrap();
    }
    let expected = digests(&store, &BALANCES);

    for (threads, together) in [(1, true), (2, true), (8, true), (2, false)] {
        let evaluator = tfhe(threads);
        let store = seeded(&*evaluator, &INPUTS);
        // Hardly anything fits in memory.
        let budget = if threads == 8 { Budget(0) } else { Budget::default() };
        let scheduler = Scheduler::new(evaluator, Arc::clone(&store) as _, budget);
        let evaluations = if together {
            scheduler.evaluate(&payments()).unwrap()
        } else {
            payments()
                .iter()
                .flat_map(|live| scheduler.evaluate(slice::from_ref(live)).unwrap())
                .collect()
        };
        assert!(evaluations.iter().all(|evaluation| evaluation.failed.is_empty()));
        assert_eq!(digests(&store, &BALANCES), expected, "{threads} threads");
        // A comparison, a mask, and two ripples.
        let taken: Vec<_> = evaluations.iter().map(|evaluation| evaluation.bootstraps).collect();
        assert_eq!(taken, [4 + 4 + 4 + 4; 3]);
    }
}

#[test]
fn what_a_stop_left_is_the_same_when_it_is_taken_up_again() {
    let evaluator = tfhe(2);
    let whole = seeded(&*evaluator, &INPUTS);
    let scheduler =
        Scheduler::new(Arc::clone(&evaluator), Arc::clone(&whole) as _, Budget::default());
    scheduler.evaluate(&payments()).unwrap();

    let store = seeded(&*evaluator, &INPUTS);
    let first = Scheduler::new(Arc::clone(&evaluator), Arc::clone(&store) as _, Budget::default());
    first.submit(&payments(), |_| panic!("it is stopped before")).unwrap();
    drop(first);
    assert!(store.size().unwrap().records < whole.size().unwrap().records);
    let second = Scheduler::new(evaluator, Arc::clone(&store) as _, Budget::default());
    second.evaluate(&payments()).unwrap();
    assert_eq!(digests(&store, &BALANCES), digests(&whole, &BALANCES));
}

#[test]
fn equal_steps_of_a_batch_run_once() {
    let evaluator = simulation(2);
    let store = seeded(&*evaluator, &["a", "b"]);
    let scheduler = Scheduler::new(evaluator, Arc::clone(&store) as _, Budget::default());
    let product = |kept: &str| transaction(&[("p", Op::Mul, &["a", "b"]), (kept, Op::Neg, &["p"])]);
    let evaluations = scheduler.evaluate(&[product("x*"), product("y*"), product("x*")]).unwrap();
    // The second one takes the product and its negation from the first; the third one finds that
    // its handle will be stored.
    let summary: Vec<_> = evaluations
        .iter()
        .map(|evaluation| (evaluation.operations, evaluation.shared, evaluation.bootstraps > 0))
        .collect();
    assert_eq!(summary, [(2, 0, true), (2, 2, false), (0, 0, false)]);
    assert_eq!(digests(&store, &["x"]), digests(&store, &["y"]));
}

#[test]
fn a_damaged_ciphertext_fails_what_depends_on_it_and_names_its_handle() {
    let evaluator = simulation(2);
    let store = seeded(&*evaluator, &["a", "b"]);
    let damaged = Record::new(BYTE, evaluator.class(), vec![7; 5]);
    store.insert(vec![(name("bad", BYTE), damaged)]).unwrap();
    let scheduler = Scheduler::new(evaluator, Arc::clone(&store) as _, Budget::default());
    let evaluations = scheduler
        .evaluate(&[
            transaction(&[
                ("sum", Op::Add, &["a", "bad"]),
                ("out*", Op::Mul, &["sum", "b"]),
                ("fine*", Op::Sub, &["a", "b"]),
            ]),
            transaction(&[("later*", Op::Neg, &["out"])]),
            transaction(&[("other*", Op::Neg, &["fine"])]),
        ])
        .unwrap();
    for (evaluation, handle) in evaluations.iter().zip(["out", "later"]) {
        let [(failed, error)] = &evaluation.failed[..] else { panic!("{:?}", evaluation.failed) };
        assert_eq!(*failed, name(handle, BYTE));
        let EvaluationError::Ciphertext { handle, .. } = &**error else { panic!("{error}") };
        assert_eq!(*handle, name("bad", BYTE));
    }
    assert!(evaluations[2].failed.is_empty());
    assert!(store.contains(&name("fine", BYTE)).unwrap());
    assert!(store.contains(&name("other", BYTE)).unwrap());
    assert!(!store.contains(&name("out", BYTE)).unwrap());
    let left = Occupancy { peak: 0, ..scheduler.occupancy() };
    assert_eq!(left, Occupancy::default(), "nothing is left behind");
}

/// An evaluator that remembers in which order it computed what.
#[derive(Debug)]
struct Diary {
    inner: Arc<dyn Evaluator>,
    kernels: Mutex<Vec<String>>,
}

impl Evaluator for Diary {
    fn class(&self) -> B256 {
        self.inner.class()
    }

    fn rewrites(&self) -> Rewrites {
        self.inner.rewrites()
    }

    fn threads(&self) -> usize {
        self.inner.threads()
    }

    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.inner.spawn(job);
    }

    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError> {
        self.kernels.lock().unwrap().push(bundle.steps[0].kernel.to_string());
        self.inner.execute(bundle, inputs)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.inner.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        self.inner.expand_inputs(list)
    }
}

/// An evaluator that starts the jobs that it has been given in any order.
#[derive(Debug)]
struct Shuffler {
    inner: Arc<dyn Evaluator>,
    waiting: Arc<Mutex<Waiting>>,
}

struct Waiting {
    rng: TestRng,
    jobs: Vec<Box<dyn FnOnce() + Send>>,
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("jobs", &self.jobs.len()).finish_non_exhaustive()
    }
}

impl Shuffler {
    fn new(inner: Arc<dyn Evaluator>, seed: u8) -> Self {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
        let waiting = Waiting { rng, jobs: Vec::new() };
        Self { inner, waiting: Arc::new(Mutex::new(waiting)) }
    }
}

impl Evaluator for Shuffler {
    fn class(&self) -> B256 {
        self.inner.class()
    }

    fn rewrites(&self) -> Rewrites {
        self.inner.rewrites()
    }

    /// More than run, so that there is something to choose from.
    fn threads(&self) -> usize {
        8 * self.inner.threads()
    }

    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        self.waiting.lock().unwrap().jobs.push(job);
        let waiting = Arc::clone(&self.waiting);
        self.inner.spawn(Box::new(move || {
            let mut waiting = waiting.lock().unwrap();
            let Waiting { rng, jobs } = &mut *waiting;
            let job = jobs.swap_remove(rng.random_range(0..jobs.len()));
            drop(waiting);
            job();
        }));
    }

    fn execute(&self, bundle: &Bundle, inputs: &[Arc<Record>]) -> Result<Execution, BundleError> {
        self.inner.execute(bundle, inputs)
    }

    fn encrypt_inputs(&self, values: &[(FheType, U256)]) -> Result<Vec<u8>, CiphertextError> {
        self.inner.encrypt_inputs(values)
    }

    fn expand_inputs(&self, list: &[u8]) -> Result<Vec<Record>, CiphertextError> {
        self.inner.expand_inputs(list)
    }
}

/// Payments side by side from accounts of their own, and the three that follow each other.
#[test]
fn bits_do_not_depend_on_the_order_in_which_steps_run() {
    let evaluator = tfhe(2);
    let batch = || {
        let mut batch = payments().to_vec();
        batch.extend([payment(4, "d", "c", "x"), payment(5, "c", "d", "x")]);
        batch
    };
    let (mut inputs, mut balances) = (INPUTS.to_vec(), BALANCES.to_vec());
    inputs.push("d");
    balances.extend(["4from", "4to", "5from", "5to"]);
    let run = |evaluator: Arc<dyn Evaluator>| {
        let store = seeded(&*evaluator, &inputs);
        let scheduler = Scheduler::new(evaluator, Arc::clone(&store) as _, Budget::default());
        let evaluations = scheduler.evaluate(&batch()).unwrap();
        assert!(evaluations.iter().all(|evaluation| evaluation.failed.is_empty()));
        digests(&store, &balances)
    };
    let expected = run(Arc::clone(&evaluator));
    for seed in 0..4 {
        let shuffled = Shuffler::new(Arc::clone(&evaluator), seed);
        assert_eq!(run(Arc::new(shuffled)), expected, "order {seed}");
    }
}

/// A chain of products at the limit of a transaction does not put off a light transaction, and is
/// not put off itself when light ones keep coming.
#[test]
fn light_transactions_overtake_heavy_ones() {
    let inner = simulation(1);
    let store = seeded(&*inner, &["a", "b"]);
    let diary = Arc::new(Diary { inner, kernels: Mutex::default() });
    let scheduler = Scheduler::new(Arc::clone(&diary) as _, store as _, Budget::default());
    let mut heavy: Vec<(String, Op, [String; 2])> = Vec::new();
    for step in 0..40 {
        let before = if step == 0 { "a".to_owned() } else { format!("m{}", step - 1) };
        let label = if step == 39 { "m39*".to_owned() } else { format!("m{step}") };
        heavy.push((label, Op::Mul, [before, "b".to_owned()]));
    }
    let lines: Vec<(&str, Op, Vec<&str>)> = heavy
        .iter()
        .map(|(label, op, operands)| {
            (&label[..], *op, operands.iter().map(String::as_str).collect())
        })
        .collect();
    let lines: Vec<_> =
        lines.iter().map(|(label, op, operands)| (*label, *op, &operands[..])).collect();
    let mut batch = vec![transaction(&lines)];
    for number in 1..250 {
        batch.push(transaction(&[(&format!("n{number}*"), Op::Sub, &["a", &number.to_string()])]));
    }
    scheduler.evaluate(&batch).unwrap();
    let kernels = diary.kernels.lock().unwrap();
    let position = |kernel: &str| kernels.iter().position(|done| done == kernel).unwrap();
    let last = kernels.iter().rposition(|done| done == "fheMul").unwrap();
    let light = kernels.iter().take(200).filter(|done| *done == "fheSub").count();
    assert!(light > 150, "{light} of the first 200");
    assert!(position("fheSub") <= 1, "at most what was running comes first");
    assert_eq!(last, kernels.len() - 1, "all came at once, so the heavy one is due last");
}

#[test]
fn memory_stays_within_its_budget() {
    let inner = simulation(2);
    let store = seeded(&*inner, &["a", "b"]);
    let budget = Budget(4_000);
    let scheduler = Scheduler::new(inner, Arc::clone(&store) as _, budget);
    // A chain of 250 results, which are needed once more in the opposite order.
    let mut graph = Graph::default();
    let encrypted = |label: &str| Operand::Encrypted(name(label, BYTE));
    let mut record = |label: &str, op, operands| {
        let handle = name(label, BYTE);
        graph.insert(handle, Node::new(op, operands, handle).unwrap());
        handle
    };
    let mut last = "a".to_owned();
    for number in 0..250_u64 {
        let label = format!("p{number}");
        let operands = vec![encrypted(&last), Operand::Scalar(U256::from(number + 1))];
        record(&label, Op::BitXor, operands);
        last = label;
    }
    for number in (0..250).rev() {
        let label = format!("q{number}");
        record(&label, Op::Max, vec![encrypted(&last), encrypted(&format!("p{number}"))]);
        last = label;
    }
    let root = name(&last, BYTE);
    let live =
        graph.live([root], |handle| Ok::<_, GraphError>(graph.get(handle).is_none())).unwrap();
    assert_eq!(live.nodes.len(), 500);
    let evaluation = scheduler.evaluate(&[live]).unwrap().remove(0);
    assert!(evaluation.failed.is_empty(), "{:?}", evaluation.failed);
    // A result of four digits is 45 bytes: the budget, and what was made meanwhile.
    let peak = scheduler.occupancy().peak;
    assert!(peak > budget.0 && peak <= budget.0 + 4 * 45, "{peak} bytes");
    assert!(store.contains(&root).unwrap());
}

#[test]
fn a_bundle_survives_its_journey_and_names_its_content() {
    let evaluator = simulation(1);
    let store = seeded(&*evaluator, &["a", "b"]);
    let record = |label| store.get(&name(label, BYTE)).unwrap().unwrap();
    let kernel = Kernel::SubWithOrder(BYTE);
    let operands = [Operand::Encrypted(record("a")), Operand::Encrypted(record("b"))];
    let bundle = Bundle::single(evaluator.class(), &kernel, &operands);
    let text = serde_json::to_string(&bundle).unwrap();
    let received: Bundle = serde_json::from_str(&text).unwrap();
    assert_eq!((received.id(), &received), (bundle.id(), &bundle));
    let inputs = [record("a"), record("b")];
    let outputs = evaluator.execute(&received, &inputs).unwrap().outputs;
    assert_eq!(outputs, simulation(2).execute(&bundle, &inputs).unwrap().outputs);

    // Whatever is wrong with it, it is refused.
    let swapped = [record("b"), record("a")];
    assert!(matches!(
        evaluator.execute(&bundle, &swapped),
        Err(BundleError::Input { input: 0, .. })
    ));
    assert!(matches!(evaluator.execute(&bundle, &inputs[..1]), Err(BundleError::Malformed(_))));
    let reference = GraphEvaluator::new(ReferenceEngine, 1).unwrap();
    assert!(matches!(reference.execute(&bundle, &inputs), Err(BundleError::EngineClass { .. })));
    let mut damaged: BTreeMap<&str, Bundle> = BTreeMap::new();
    for (what, from, to) in [
        ("an operand that is not there", r#"{"Input":1}"#, r#"{"Input":9}"#),
        ("a step before its operand", r#"{"Input":1}"#, r#"{"Result":{"step":0,"result":0}}"#),
        ("an output that is not there", r#""result":1"#, r#""result":2"#),
    ] {
        damaged.insert(what, serde_json::from_str(&text.replace(from, to)).unwrap());
    }
    for (what, bundle) in damaged {
        let refused = evaluator.execute(&bundle, &inputs);
        assert!(matches!(refused, Err(BundleError::Malformed(_))), "{what}: {refused:?}");
        assert_ne!(bundle.id(), received.id());
    }
    let other: Bundle = serde_json::from_str(
        &text.replace(r#"{"SubWithOrder":"Uint8"}"#, r#"{"SubWithOrder":"Uint16"}"#),
    )
    .unwrap();
    let refused = evaluator.execute(&other, &inputs);
    assert!(matches!(refused, Err(BundleError::Operands { step: 0, .. })), "{refused:?}");
}
