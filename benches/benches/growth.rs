//! Growth: what a transfer costs beside its bootstraps, when there are more and more of them.
//!
//! On plaintexts, and on the simulation that counts bootstraps: time, memory and stored bytes of a
//! transfer should stay what they are. A block has 100 transfers.

use std::{fs, sync::Arc, time::Instant};

use alloy_primitives::{U256, keccak256};
use ciphervm_fhe::{
    Budget, CiphertextStore, Evaluator, FheType, Graph, GraphError, GraphEvaluator, Handle, Live,
    MemoryStore, Node, Op, Operand, Profile, ReferenceEngine, Rewrites, Scheduler,
    SimulationEngine,
};

const WORD: FheType = FheType::Uint64;
const BLOCK: usize = 100;

fn handle(transaction: usize, label: &str, ty: FheType) -> Handle {
    Handle::computed(keccak256(format!("{transaction} {label}")), 31337, ty)
}

/// A transfer of OpenZeppelin's confidential token.
fn transfer(number: usize) -> Live {
    let name = |label: &str| handle(number, label, WORD);
    let encrypted = |label: &str| Operand::Encrypted(name(label));
    let enough = handle(number, "enough", FheType::Bool);
    let mut graph = Graph::default();
    let mut record = |result, op, operands| {
        graph.insert(result, Node::new(op, operands, result).expect("a sound graph"));
    };
    record(enough, Op::Ge, vec![encrypted("from"), encrypted("amount")]);
    record(name("zero"), Op::TrivialEncrypt, vec![Operand::Scalar(U256::ZERO)]);
    record(name("less"), Op::Sub, vec![encrypted("from"), encrypted("amount")]);
    let enough = Operand::Encrypted(enough);
    let choice = |a: &str, b: &str| vec![enough.clone(), encrypted(a), encrypted(b)];
    record(name("from after"), Op::IfThenElse, choice("less", "from"));
    record(name("sent"), Op::IfThenElse, choice("amount", "zero"));
    record(name("to after"), Op::Add, vec![encrypted("to"), encrypted("sent")]);
    let roots = ["from after", "sent", "to after"].map(name);
    let outside = |handle: &Handle| Ok::<_, GraphError>(graph.get(handle).is_none());
    graph.live(roots, outside).expect("a sound graph")
}

/// Bytes that this process has in memory.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) << 10
}

fn run(name: &str, evaluator: &Arc<dyn Evaluator>, count: usize) {
    let store = Arc::new(MemoryStore::new());
    let values = [(WORD, U256::from(1_000)), (WORD, U256::from(7)), (WORD, U256::from(5))];
    let list = evaluator.encrypt_inputs(&values).expect("few values");
    let records = evaluator.expand_inputs(&list).expect("a list of our own");
    let before = resident();
    for number in 0..count {
        let named = ["from", "to", "amount"].map(|label| handle(number, label, WORD));
        let inputs = named.into_iter().zip(records.iter().cloned());
        store.insert(inputs.collect()).expect("new handles");
    }
    let inputs = store.size().expect("a sound store").bytes;
    let scheduler =
        Scheduler::new(Arc::clone(evaluator), Arc::clone(&store) as _, Budget::default());
    let (start, mut bootstraps) = (Instant::now(), 0);
    for first in (0..count).step_by(BLOCK) {
        let block: Vec<Live> = (first..count.min(first + BLOCK)).map(transfer).collect();
        let evaluations = scheduler.evaluate(&block).expect("a sound store");
        bootstraps += evaluations.iter().map(|evaluation| evaluation.bootstraps).sum::<u64>();
    }
    let elapsed = start.elapsed();
    let stored = store.size().expect("a sound store").bytes - inputs;
    let each = |total: u64| total / count as u64;
    println!(
        "| {name} | {count} | {:.0} | {} | {} | {} |",
        elapsed.as_micros() as f64 / count as f64,
        each(resident().saturating_sub(before)),
        each(stored),
        each(bootstraps),
    );
}

fn main() {
    println!("| evaluator | transfers | µs each | memory each | stored bytes each | PBS each |");
    println!("|---|---:|---:|---:|---:|---:|");
    let simulation = SimulationEngine::new(Profile::Throughput, Rewrites::ALL);
    let evaluators: [(&str, Arc<dyn Evaluator>); 2] = [
        ("reference", Arc::new(GraphEvaluator::new(ReferenceEngine, 2).expect("threads"))),
        ("simulation", Arc::new(GraphEvaluator::new(simulation, 2).expect("threads"))),
    ];
    for (name, evaluator) in &evaluators {
        for count in [10, 100, 1_000, 10_000] {
            run(name, evaluator, count);
        }
    }
}
