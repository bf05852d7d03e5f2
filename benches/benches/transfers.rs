//! Throughput: what contracts do, many times over, beside the same operations one by one in
//! tfhe-rs's high-level API, in one run.
//!
//! By default 1, 8 and 64 transfers; `CIPHERVM_TRANSFERS=1,8` names other numbers. Eager evaluation
//! is measured on at most eight transfers, for its rate does not depend on how many there are.
//! A name after `--` chooses shapes: `cargo bench --workspace --bench transfers -- erc7984`.
//!
//! *Bound* is how long the bootstraps alone would take all cores, and *utilisation* that bound by
//! the time that it took.

use std::{
    collections::BTreeMap,
    env,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_fhe::{
    Budget, CiphertextStore, Evaluator, FheType, Graph, GraphError, GraphEvaluator, Handle, Live,
    MemoryStore, Node, Op, Operand, Scheduler, TfheEngine,
};
use ciphervm_kms::test_keys;
use tfhe::{
    ConfigBuilder, FheBool, FheUint64, FheUint128, generate_keys, get_pbs_count, prelude::*,
    set_server_key,
    shortint::parameters::v1_5::meta::cpu::V1_5_META_PARAM_CPU_2_2_KS_PBS_PKE_TO_SMALL_ZKV2_TUNIFORM_2M128 as META,
};

/// Most transfers that are evaluated eagerly.
const EAGER: usize = 8;
/// Bootstraps on each thread that tell how long one takes.
const PROBE: u32 = 64;

/// A shape: lines of a transaction, each a result, an operation and its operands. A star marks what
/// is kept, `?` a Bool, `!` 128 bits. Operands that are numbers are clear.
struct Shape {
    name: &'static str,
    lines: &'static [(&'static str, Op, &'static [&'static str])],
    /// What a transaction reads that the one before it in a chain has written.
    chained: &'static [(&'static str, &'static str)],
}

const SHAPES: &[Shape] = &[
    // OpenZeppelin's confidential token.
    Shape {
        name: "erc7984",
        lines: &[
            ("ok?", Op::Ge, &["from", "amount"]),
            ("zero", Op::TrivialEncrypt, &["0"]),
            ("less", Op::Sub, &["from", "amount"]),
            ("from'*", Op::IfThenElse, &["ok?", "less", "from"]),
            ("sent*", Op::IfThenElse, &["ok?", "amount", "zero"]),
            ("to'*", Op::Add, &["to", "sent"]),
        ],
        chained: &[("from", "from'")],
    },
    // The reference coprocessor's benchmarks.
    Shape {
        name: "erc20 whitepaper",
        lines: &[
            ("ok?", Op::Ge, &["from", "amount"]),
            ("more", Op::Add, &["to", "amount"]),
            ("to'*", Op::IfThenElse, &["ok?", "more", "to"]),
            ("less", Op::Sub, &["from", "amount"]),
            ("from'*", Op::IfThenElse, &["ok?", "less", "from"]),
        ],
        chained: &[("from", "from'")],
    },
    Shape {
        name: "erc20 no_cmux",
        lines: &[
            ("ok?", Op::Ge, &["from", "amount"]),
            ("one", Op::Cast, &["ok?"]),
            ("sent", Op::Mul, &["one", "amount"]),
            ("to'*", Op::Add, &["to", "sent"]),
            ("from'*", Op::Sub, &["from", "sent"]),
        ],
        chained: &[("from", "from'")],
    },
    Shape {
        name: "dex swap request",
        lines: &[
            ("ok?", Op::Ge, &["from", "amount"]),
            ("zero", Op::TrivialEncrypt, &["0"]),
            ("sent", Op::IfThenElse, &["ok?", "amount", "zero"]),
            ("from'*", Op::Sub, &["from", "sent"]),
            ("pool'*", Op::Add, &["to", "sent"]),
            ("pending'*", Op::Add, &["pending", "sent"]),
        ],
        chained: &[("from", "from'")],
    },
    Shape {
        name: "dex swap claim",
        lines: &[
            ("wide!", Op::Cast, &["pending"]),
            ("product!", Op::Mul, &["wide!", "1234567"]),
            ("quotient!", Op::Div, &["product!", "7654321"]),
            ("out", Op::Cast, &["quotient!"]),
            ("from'*", Op::Add, &["from", "out"]),
        ],
        chained: &[("from", "from'")],
    },
    Shape {
        name: "counter",
        lines: &[("from'*", Op::Add, &["from", "amount"])],
        chained: &[("from", "from'")],
    },
    Shape {
        name: "addition tree of 8",
        lines: &[
            ("a", Op::Add, &["from", "to"]),
            ("b", Op::Add, &["amount", "pending"]),
            ("c", Op::Add, &["to", "amount"]),
            ("d", Op::Add, &["pending", "from"]),
            ("e", Op::Add, &["a", "b"]),
            ("f", Op::Add, &["c", "d"]),
            ("from'*", Op::Add, &["e", "f"]),
        ],
        chained: &[("from", "from'")],
    },
];

const INPUTS: [(&str, u64); 4] =
    [("from", 1_000_000), ("to", 7), ("amount", 1_000), ("pending", 9)];

fn ty(label: &str) -> FheType {
    match label.trim_end_matches('*').chars().last() {
        Some('?') => FheType::Bool,
        Some('!') => FheType::Uint128,
        _ => FheType::Uint64,
    }
}

fn handle(transaction: usize, label: &str) -> Handle {
    let label = label.trim_end_matches('*');
    Handle::computed(keccak256(format!("{transaction} {label}")), 31337, ty(label))
}

impl Shape {
    /// The transaction's live graph. Inputs are those of its own, or in a chain what it reads of the
    /// one before.
    fn live(&self, number: usize, chained: bool) -> Live {
        let mut graph = Graph::default();
        let mut roots = Vec::new();
        for (label, op, operands) in self.lines {
            let result = handle(number, label);
            let operand = |operand: &&str| match operand.parse::<u64>() {
                Ok(clear) => Operand::Scalar(U256::from(clear)),
                Err(_) => {
                    let before = self.chained.iter().find(|(read, _)| read == operand);
                    Operand::Encrypted(match before {
                        Some((_, written)) if chained && number > 0 => handle(number - 1, written),
                        _ => handle(number, operand),
                    })
                }
            };
            let operands = operands.iter().map(operand).collect();
            graph.insert(result, Node::new(*op, operands, result).expect("a sound shape"));
            if label.ends_with('*') {
                roots.push(result);
            }
        }
        let outside = |handle: &Handle| Ok::<_, GraphError>(graph.get(handle).is_none());
        graph.live(roots, outside).expect("a sound shape")
    }

    /// The same operations, one by one.
    fn eagerly(&self, inputs: &BTreeMap<&'static str, Value>) -> BTreeMap<&'static str, Value> {
        let mut values = inputs.clone();
        for (label, op, operands) in self.lines {
            let label = label.trim_end_matches('*');
            let value = apply(*op, operands, ty(label), &values);
            values.insert(label, value);
        }
        values
    }
}

#[derive(Clone)]
enum Value {
    Bool(FheBool),
    Word(FheUint64),
    Wide(FheUint128),
}

fn apply(op: Op, operands: &[&str], ty: FheType, values: &BTreeMap<&str, Value>) -> Value {
    let word = |at: usize| match &values[operands[at]] {
        Value::Word(word) => word,
        _ => panic!("{} is no word", operands[at]),
    };
    let wide = |at: usize| match &values[operands[at]] {
        Value::Wide(wide) => wide,
        _ => panic!("{} is not wide", operands[at]),
    };
    let condition = |at: usize| match &values[operands[at]] {
        Value::Bool(condition) => condition,
        _ => panic!("{} is no condition", operands[at]),
    };
    let clear = |at: usize| operands[at].parse::<u64>().expect("a number");
    match (op, ty) {
        (Op::TrivialEncrypt, _) => Value::Word(FheUint64::encrypt_trivial(clear(0))),
        (Op::Ge, _) => Value::Bool(word(0).ge(word(1))),
        (Op::Add, _) => Value::Word(word(0) + word(1)),
        (Op::Sub, _) => Value::Word(word(0) - word(1)),
        (Op::IfThenElse, _) => Value::Word(condition(0).if_then_else(word(1), word(2))),
        (Op::Mul, FheType::Uint128) => Value::Wide(wide(0) * u128::from(clear(1))),
        (Op::Mul, _) => Value::Word(word(0) * word(1)),
        (Op::Div, _) => Value::Wide(wide(0) / u128::from(clear(1))),
        (Op::Cast, FheType::Uint128) => Value::Wide(FheUint128::cast_from(word(0).clone())),
        (Op::Cast, _) => Value::Word(match &values[operands[0]] {
            Value::Bool(condition) => condition.clone().cast_into(),
            Value::Wide(wide) => FheUint64::cast_from(wide.clone()),
            Value::Word(word) => word.clone(),
        }),
        _ => panic!("no shape has {op}"),
    }
}

/// What a run took.
struct Took {
    bootstraps: u64,
    seconds: f64,
    rate: f64,
}

fn measured(count: usize, run: impl FnOnce()) -> Took {
    let (before, start) = (get_pbs_count(), Instant::now());
    run();
    let seconds = start.elapsed().as_secs_f64();
    Took { bootstraps: get_pbs_count() - before, seconds, rate: count as f64 / seconds }
}

/// Ours: as many transactions as there are, handed to the scheduler at once.
fn scheduled(evaluator: &Arc<dyn Evaluator>, shape: &Shape, count: usize, chained: bool) -> Took {
    let store = Arc::new(MemoryStore::new());
    let values = INPUTS.map(|(_, value)| (FheType::Uint64, U256::from(value)));
    let list = evaluator.encrypt_inputs(&values).expect("few values");
    let records = evaluator.expand_inputs(&list).expect("a list of our own");
    for number in 0..count {
        let named = INPUTS.iter().map(|(label, _)| handle(number, label));
        store.insert(named.zip(records.iter().cloned()).collect()).expect("new handles");
    }
    let lives: Vec<Live> = (0..count).map(|number| shape.live(number, chained)).collect();
    let scheduler = Scheduler::new(Arc::clone(evaluator), store as _, Budget::default());
    measured(count, || {
        let evaluations = scheduler.evaluate(&lives).expect("a sound store");
        assert!(evaluations.iter().all(|evaluation| evaluation.failed.is_empty()));
    })
}

/// tfhe-rs: one operation after the other, each on all threads.
fn eager(
    shape: &Shape,
    inputs: &BTreeMap<&'static str, Value>,
    count: usize,
    chained: bool,
) -> Took {
    measured(count, || {
        let mut inputs = inputs.clone();
        for _ in 0..count {
            let values = shape.eagerly(&inputs);
            for (read, written) in shape.chained.iter().filter(|_| chained) {
                inputs.insert(read, values[written].clone());
            }
        }
    })
}

/// How long a bootstrap takes on each of `threads` threads that are all busy.
fn bootstrap(threads: usize) -> Duration {
    let engines: Vec<_> = (0..threads)
        .map(|_| GraphEvaluator::new(TfheEngine::new(test_keys().0), 1).expect("a thread"))
        .collect();
    // A key switch and a bootstrap for each digit. A random number would do without the former.
    let run = |evaluator: &GraphEvaluator<TfheEngine>| {
        let [a, b, result] = [1, 2, 3]
            .map(|label| Handle::computed(B256::repeat_byte(label), 31337, FheType::Uint128));
        let mut graph = Graph::default();
        let mut record = |handle, op, operands| {
            graph.insert(handle, Node::new(op, operands, handle).expect("a sound graph"));
        };
        record(a, Op::Rand, vec![Operand::Scalar(U256::from(1))]);
        record(b, Op::Rand, vec![Operand::Scalar(U256::from(2))]);
        record(result, Op::BitXor, vec![Operand::Encrypted(a), Operand::Encrypted(b)]);
        let live = graph.live([result], |_| Ok::<_, GraphError>(false)).expect("a sound graph");
        let evaluation = evaluator.evaluate(&live, &MemoryStore::new()).expect("it computes");
        let step = evaluation.measured.iter().find(|step| step.handle == result);
        let step = step.expect("it was measured");
        assert_eq!(step.bootstraps, u64::from(PROBE));
        step.elapsed
    };
    let total: Duration = thread::scope(|scope| {
        let runs: Vec<_> = engines.iter().map(|engine| scope.spawn(move || run(engine))).collect();
        runs.into_iter().map(|run| run.join().expect("it computes")).sum()
    });
    total / (PROBE * threads as u32)
}

fn main() {
    let chosen: Vec<String> = env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let counts = env::var("CIPHERVM_TRANSFERS").unwrap_or_else(|_| "1,8,64".to_owned());
    let counts: Vec<usize> = counts.split(',').filter_map(|count| count.parse().ok()).collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let evaluator: Arc<dyn Evaluator> =
        Arc::new(GraphEvaluator::new(TfheEngine::new(test_keys().0), threads).expect("threads"));

    let config = ConfigBuilder::with_custom_parameters(META.compute_parameters).build();
    let (client, server) = generate_keys(config);
    rayon::broadcast(|_| set_server_key(server.clone()));
    set_server_key(server);
    let inputs: BTreeMap<&str, Value> = INPUTS
        .iter()
        .map(|(label, value)| (*label, Value::Word(FheUint64::encrypt(*value, &client))))
        .collect();

    println!("{threads} threads; each row is one run, tfhe-rs beside it on at most {EAGER}\n");
    println!(
        "| shape | transactions | PBS each | seconds | a second | utilisation | tfhe-rs: PBS each | a second | faster |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for shape in SHAPES {
        if !chosen.is_empty() && !chosen.iter().any(|name| shape.name.contains(&**name)) {
            continue;
        }
        let runs = counts.iter().map(|count| (*count, false));
        for (count, chained) in runs.chain(counts.iter().max().map(|count| (*count, true))) {
            let once = bootstrap(threads);
            let ours = scheduled(&evaluator, shape, count, chained);
            let few = count.min(EAGER);
            let theirs = eager(shape, &inputs, few, chained);
            let bound = once.as_secs_f64() * ours.bootstraps as f64 / threads as f64;
            println!(
                "| {} | {count}{} | {} | {:.2} | {:.3} | {:.0} % | {} | {:.3} | {:.2} × |",
                shape.name,
                if chained { " in a chain" } else { "" },
                ours.bootstraps / count as u64,
                ours.seconds,
                ours.rate,
                100.0 * bound / ours.seconds,
                theirs.bootstraps / few as u64,
                theirs.rate,
                ours.rate / theirs.rate,
            );
        }
    }
}
