//! Our circuits beside tfhe-rs's integer API, in one run: milliseconds on one thread and on all,
//! bootstraps, and bootstraps one after the other.
//!
//! By default at 8 and 64 bits; `CIPHERVM_WIDTHS=16,128` names others. A name after `--` chooses
//! operations: `cargo bench --workspace --bench circuits -- add`. With `UPDATE_DOCS=1` a run of all of
//! them writes the page of the documentation; `-- --quick` makes it a quarter of an hour.

use std::{
    env,
    fmt::Write,
    fs,
    path::Path,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    CiphertextStore, EvaluationError, Evaluator, FheType, Graph, GraphEvaluator, Handle,
    MemoryStore, Node, Op, Operand, Profile, Record, Simulated, Simulator, TfheEngine, parameters,
};
use ciphervm_kms::test_keys;
use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tfhe::{
    get_pbs_count,
    integer::{
        BooleanBlock, RadixCiphertext, ServerKey, gen_keys_radix, prelude::ServerKeyDefaultCMux,
    },
    shortint::parameters::v1_5::meta::cpu::V1_5_META_PARAM_CPU_2_2_KS_PBS_PKE_TO_SMALL_ZKV2_TUNIFORM_2M128 as META,
};

/// The constant operand: none of its digits is cheap.
const SCALAR: u128 = 0x9696_9696_9696_9696_9696_9696_9696_9696;

/// The constant that multiplies and divides: the digits of pi, since patterns make a factor cheap.
const FACTOR: u128 = 0x243f_6a88_85a3_08d3_1319_8a2e_0370_7344;

/// An operand of a case.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Condition,
    Left,
    Right,
    Scalar,
    Factor,
}
use Is::{Condition, Factor, Left, Right, Scalar};

type Yardstick = fn(&ServerKey, &Inputs);

/// An operation, its operands, and the same in tfhe-rs. A scalar wider than the operands is cut to
/// them by either.
const CASES: &[(&str, Op, &[Is], Yardstick)] = &[
    ("add", Op::Add, &[Left, Right], |k, x| drop(k.add_parallelized(&x.a, &x.b))),
    ("add scalar", Op::Add, &[Left, Scalar], |k, x| {
        drop(k.scalar_add_parallelized(&x.a, x.scalar));
    }),
    ("sub", Op::Sub, &[Left, Right], |k, x| drop(k.sub_parallelized(&x.a, &x.b))),
    ("neg", Op::Neg, &[Left], |k, x| drop(k.neg_parallelized(&x.a))),
    ("ge", Op::Ge, &[Left, Right], |k, x| drop(k.ge_parallelized(&x.a, &x.b))),
    ("ge scalar", Op::Ge, &[Left, Scalar], |k, x| {
        drop(k.scalar_ge_parallelized(&x.a, x.scalar));
    }),
    ("eq", Op::Eq, &[Left, Right], |k, x| drop(k.eq_parallelized(&x.a, &x.b))),
    ("eq scalar", Op::Eq, &[Left, Scalar], |k, x| {
        drop(k.scalar_eq_parallelized(&x.a, x.scalar));
    }),
    ("select", Op::IfThenElse, &[Condition, Left, Right], |k, x| {
        drop(k.if_then_else_parallelized(&x.condition, &x.a, &x.b));
    }),
    ("select scalar", Op::IfThenElse, &[Condition, Left, Scalar], |k, x| {
        drop(k.if_then_else_parallelized(&x.condition, &x.a, x.scalar));
    }),
    ("min", Op::Min, &[Left, Right], |k, x| drop(k.min_parallelized(&x.a, &x.b))),
    ("min scalar", Op::Min, &[Left, Scalar], |k, x| {
        drop(k.scalar_min_parallelized(&x.a, x.scalar));
    }),
    ("xor", Op::BitXor, &[Left, Right], |k, x| drop(k.bitxor_parallelized(&x.a, &x.b))),
    ("xor scalar", Op::BitXor, &[Left, Scalar], |k, x| {
        drop(k.scalar_bitxor_parallelized(&x.a, x.scalar));
    }),
    ("sum of 3", Op::Sum, &[Left, Right, Left], |k, x| {
        drop(k.sum_ciphertexts_parallelized([&x.a, &x.b, &x.a]));
    }),
    ("sum of 5", Op::Sum, &[Left, Right, Left, Right, Left], |k, x| {
        drop(k.sum_ciphertexts_parallelized([&x.a, &x.b, &x.a, &x.b, &x.a]));
    }),
    ("mul", Op::Mul, &[Left, Right], |k, x| drop(k.mul_parallelized(&x.a, &x.b))),
    ("mul scalar", Op::Mul, &[Left, Factor], |k, x| {
        drop(k.scalar_mul_parallelized(&x.a, x.factor));
    }),
    ("div scalar", Op::Div, &[Left, Factor], |k, x| {
        drop(k.scalar_div_parallelized(&x.a, x.factor));
    }),
    ("rem scalar", Op::Rem, &[Left, Factor], |k, x| {
        drop(k.scalar_rem_parallelized(&x.a, x.factor));
    }),
    ("shl", Op::Shl, &[Left, Right], |k, x| drop(k.left_shift_parallelized(&x.a, &x.b))),
    ("rotl", Op::Rotl, &[Left, Right], |k, x| drop(k.rotate_left_parallelized(&x.a, &x.b))),
];

/// tfhe-rs's operands.
struct Inputs {
    a: RadixCiphertext,
    b: RadixCiphertext,
    condition: BooleanBlock,
    scalar: u128,
    factor: u128,
}

/// Ours: stored records, and an evaluator for each number of threads.
struct Ours {
    records: Vec<(Handle, Record)>,
    evaluators: Vec<(usize, GraphEvaluator<TfheEngine>)>,
}

impl Ours {
    fn new(ty: FheType, threads: &[usize]) -> Self {
        let evaluators: Vec<_> = threads
            .iter()
            .map(|threads| {
                let engine = TfheEngine::new(test_keys().0);
                (*threads, GraphEvaluator::new(engine, *threads).expect("threads start"))
            })
            .collect();
        let values = [
            (FheType::Bool, U256::ONE),
            (ty, ty.truncate(U256::from(u128::MAX / 3))),
            (ty, ty.truncate(U256::from(12_345))),
        ];
        let evaluator = &evaluators[0].1;
        let list = evaluator.encrypt_inputs(&values).expect("encrypted");
        let records = evaluator.expand_inputs(&list).expect("a list of our own");
        let handles = values
            .iter()
            .zip(0_u8..)
            .map(|((ty, _), index)| Handle::input(B256::repeat_byte(index), index, 31337, *ty));
        Self { records: handles.zip(records).collect(), evaluators }
    }

    fn operand(&self, is: Is, ty: FheType) -> Operand<Handle> {
        match is {
            Condition => Operand::Encrypted(self.records[0].0),
            Left => Operand::Encrypted(self.records[1].0),
            Right => Operand::Encrypted(self.records[2].0),
            Scalar => Operand::Scalar(ty.truncate(U256::from(SCALAR))),
            Factor => Operand::Scalar(U256::from(factor(ty.bits()))),
        }
    }

    /// A graph of one operation. The scalar of a select is a constant of the graph.
    fn graph(&self, op: Op, operands: &[Is], ty: FheType) -> (Graph, Handle) {
        let mut graph = Graph::default();
        let constant = Handle::computed(B256::repeat_byte(8), 31337, ty);
        let operands = operands
            .iter()
            .map(|is| match self.operand(*is, ty) {
                scalar @ Operand::Scalar(_) if op == Op::IfThenElse => {
                    let node = Node::new(Op::TrivialEncrypt, vec![scalar], constant);
                    graph.insert(constant, node.expect("a well-formed operation"));
                    Operand::Encrypted(constant)
                }
                operand => operand,
            })
            .collect();
        let result = Handle::computed(B256::repeat_byte(9), 31337, op.spec().result_type(ty, ty));
        graph.insert(result, Node::new(op, operands, result).expect("a well-formed operation"));
        (graph, result)
    }
}

/// The factor of a width.
fn factor(width: usize) -> u128 {
    FACTOR >> (128 - width.min(128))
}

/// Bootstraps one after the other.
fn depth(op: Op, operands: &[Is], ty: FheType) -> u64 {
    let simulator = Simulator::new(Profile::default());
    let values: Vec<Simulated> = operands
        .iter()
        .map(|is| match is {
            Condition => simulator.encrypted(FheType::Bool, U256::ONE, 1),
            Left | Right => simulator.encrypted(ty, U256::ONE, 1),
            Scalar => simulator.constant(ty, U256::from(SCALAR)),
            Factor => simulator.constant(ty, U256::from(factor(ty.bits()))),
        })
        .collect();
    let values: Vec<&Simulated> = values.iter().collect();
    let result = simulator.apply(op, &values, ty, op.spec().result_type(ty, ty));
    result.expect("the operands fit").depth()
}

/// What one run took: bootstraps, and the mean time.
type Took = (u64, Duration);

/// An operation at one width.
struct Line {
    name: &'static str,
    ty: FheType,
    depth: u64,
    /// By number of threads: ours, and tfhe-rs's.
    runs: Vec<(usize, Took, Took)>,
}

impl Line {
    fn print(&self) {
        let Self { name, ty, depth, runs } = self;
        for (threads, ours, tfhe) in runs {
            println!(
                "{ty} {name}, {threads} threads: {} bootstraps, {depth} deep, {} ms; tfhe-rs {}, \
                 {} ms; {:.2} of the bootstraps, {:.2} of the time",
                ours.0,
                ours.1.as_millis(),
                tfhe.0,
                tfhe.1.as_millis(),
                ours.0 as f64 / tfhe.0 as f64,
                ratio(*ours, *tfhe),
            );
        }
    }
}

/// Of tfhe-rs's time.
fn ratio(ours: Took, tfhe: Took) -> f64 {
    ours.1.as_secs_f64() / tfhe.1.as_secs_f64()
}

/// The page, from this package's folder.
const PAGE: &str = "../docs/reference/circuits-measured.md";

fn page(lines: &[Line], threads: &[usize]) -> String {
    let mut page = String::from(
        "# Circuits, measured\n\n\
         Milliseconds of single operations on real ciphertexts, ours and those of tfhe-rs's integer \
         API (in brackets) one after the other in one run, and the ratio of the two. [What they cost \
         in bootstraps](circuits.md) is exact; times depend on the machine, and where one operation \
         does not keep all cores busy, a block's other operations do.\n\n\
         This page is generated: `UPDATE_DOCS=1 cargo bench --workspace --profile dev --bench \
         circuits -- --quick`.\n",
    );
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let cpu = cpu.map_or("an unknown processor", |(_, name)| name.trim());
    let version = parameters::TFHE_VERSION;
    writeln!(page, "\nOn {cpu}, with tfhe-rs {version}.").expect("a string");
    let mut types: Vec<FheType> = lines.iter().map(|line| line.ty).collect();
    types.dedup();
    for ty in types {
        write!(page, "\n## {ty}\n\n| operation | PBS | depth |").expect("a string");
        for threads in threads {
            let cores = if *threads == 1 { "core" } else { "cores" };
            write!(page, " ms on {threads} {cores} | ratio |").expect("a string");
        }
        write!(page, "\n|---|---:|---:|{}\n", "---:|---:|".repeat(threads.len()))
            .expect("a string");
        for Line { name, depth, runs, .. } in lines.iter().filter(|line| line.ty == ty) {
            let Some((_, ours, tfhe)) = runs.first() else { continue };
            write!(page, "| {name} | {} ({}) | {depth} |", ours.0, tfhe.0).expect("a string");
            for (_, ours, tfhe) in runs {
                let [own, other] = [ours, tfhe].map(|took| took.1.as_millis());
                write!(page, " {own} ({other}) | {:.2} |", ratio(*ours, *tfhe)).expect("a string");
            }
            page.push('\n');
        }
    }
    page
}

/// Measures `run`, which returns its bootstraps, unless it is not among those that are asked for.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    label: &str,
    run: impl Fn() -> u64,
) -> Option<Took> {
    let (mut bootstraps, mut total, mut runs) = (0, Duration::ZERO, 0);
    group.bench_function(label, |bencher| {
        bencher.iter_custom(|count| {
            let start = Instant::now();
            for _ in 0..count {
                bootstraps = run();
            }
            let elapsed = start.elapsed();
            total += elapsed;
            runs += u32::try_from(count).expect("few runs");
            elapsed
        });
    });
    (runs > 0).then(|| (bootstraps, total / runs))
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start")
}

fn circuits(criterion: &mut Criterion) {
    let all = available_parallelism().map_or(1, usize::from);
    let threads = if all > 1 { vec![1, all] } else { vec![1] };
    let widths = env::var("CIPHERVM_WIDTHS").unwrap_or_else(|_| "8,64".to_owned());
    let (client, server) = gen_keys_radix(META.compute_parameters, 1);
    let pools: Vec<(usize, ThreadPool)> = threads.iter().map(|n| (*n, pool(*n))).collect();
    let mut lines = Vec::new();
    for width in widths.split(',') {
        let width: usize = width.trim().parse().expect("CIPHERVM_WIDTHS is a list of widths");
        let ty = FheType::ALL.into_iter().find(|ty| ty.bits() == width).expect("a type's width");
        let ours = Ours::new(ty, &threads);
        let encrypt = |value: u128| client.as_ref().encrypt_radix(value, ty.blocks());
        let inputs = Inputs {
            a: encrypt(u128::MAX / 3),
            b: encrypt(12_345),
            condition: client.as_ref().encrypt_bool(true),
            scalar: SCALAR & (u128::MAX >> (128 - width.min(128))),
            factor: factor(width),
        };
        let mut group = criterion.benchmark_group(ty.to_string());
        group.sample_size(10);
        for (name, op, operands, yardstick) in CASES {
            if !op.spec().types.contains(ty) {
                continue;
            }
            let (graph, result) = ours.graph(*op, operands, ty);
            let mut line = Line { name, ty, depth: depth(*op, operands, ty), runs: Vec::new() };
            for ((threads, evaluator), (_, pool)) in ours.evaluators.iter().zip(&pools) {
                let own = || {
                    let store = MemoryStore::new();
                    store.insert(ours.records.clone()).expect("the store is empty");
                    let settled = |h: &Handle| store.contains(h).map_err(EvaluationError::from);
                    let live = graph.live([result], settled).expect("the inputs are there");
                    evaluator.evaluate(&live, &store).expect("it computes").bootstraps
                };
                let other = || {
                    let before = get_pbs_count();
                    pool.install(|| yardstick(&server, &inputs));
                    get_pbs_count() - before
                };
                let label = format!("{name}, {threads} threads");
                let own = measure(&mut group, &label, own);
                let other = measure(&mut group, &format!("{label}, tfhe-rs"), other);
                line.runs.extend(own.zip(other).map(|(own, other)| (*threads, own, other)));
            }
            line.print();
            lines.push(line);
        }
        group.finish();
    }
    if env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
        fs::write(path, page(&lines, &threads)).expect("a page");
    }
}

criterion_group!(benches, circuits);
criterion_main!(benches);
