//! Bundles as a worker reads them: JSON from whoever hands out work.
//!
//! What can be read is written back the same. It is executed, on inputs that are made up for it, on
//! plaintexts and in the simulation: it is refused, or its outputs are values of their types, and
//! the same ones twice.

use std::{cell::OnceCell, sync::Arc};

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_fhe::{
    Bundle, Engine, Evaluator, FheType, Graph, GraphError, GraphEvaluator, Handle, Input, Kernel,
    Node, OPS, Op, Operand, Plan, Profile, Record, ReferenceEngine, Rewrites, SimulationEngine,
};

use crate::{Seed, Target, Verdict};

/// Bundles.
pub const TARGET: Target = Target { name: "bundle", run, seeds, words, runs: 20_000 };

/// Steps of a bundle, at most: more cost time and show nothing more.
const STEPS: usize = 64;

const SIMULATION: SimulationEngine = SimulationEngine::new(Profile::Throughput, Rewrites::ALL);

thread_local! {
    static EVALUATORS: OnceCell<Evaluators> = const { OnceCell::new() };
}

struct Evaluators {
    reference: GraphEvaluator<ReferenceEngine>,
    simulation: GraphEvaluator<SimulationEngine>,
}

/// Reads bytes as a bundle and executes it.
///
/// # Panics
/// If it is written in another way, has another result the second time, or an output that cannot be
/// read.
pub fn run(data: &[u8]) -> Verdict {
    let Ok(bundle) = serde_json::from_slice::<Bundle>(data) else { return Verdict::Refused };
    let written = serde_json::to_vec(&bundle).expect("it has no maps");
    let read: Bundle = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(read, bundle, "a bundle is written in another way");
    assert_eq!(read.id(), bundle.id(), "a bundle has two names");
    if bundle.steps.len() > STEPS {
        return Verdict::Refused;
    }
    EVALUATORS.with(|evaluators| {
        let Evaluators { reference, simulation } = evaluators.get_or_init(|| Evaluators {
            reference: GraphEvaluator::new(ReferenceEngine, 1).expect("a thread can be had"),
            simulation: GraphEvaluator::new(SIMULATION, 1).expect("a thread can be had"),
        });
        let computed = execute(&bundle, reference, &ReferenceEngine);
        execute(&bundle, simulation, &SIMULATION);
        Verdict::of(computed)
    })
}

/// Executes a bundle on inputs for an engine. False if it is refused.
fn execute<E: Engine>(bundle: &Bundle, evaluator: &GraphEvaluator<E>, engine: &E) -> bool {
    let (mut bundle, class) = (bundle.clone(), engine.class());
    let mut inputs = Vec::new();
    bundle.class = class;
    for input in &mut bundle.inputs {
        // The digest decides the value.
        let list = engine.encrypt_inputs(&[(input.ty, input.digest.into())]);
        let values = list.and_then(|list| engine.expand_inputs(&list));
        for (ty, value) in values.expect("one value is within all limits") {
            let bytes = engine.encode(&value).expect("an input may be stored");
            let record = Arc::new(Record::new(ty, class, bytes));
            *input = Input { ty, digest: record.digest };
            inputs.push(record);
        }
    }
    let Ok(execution) = evaluator.execute(&bundle, &inputs) else { return false };
    assert_eq!(execution.outputs.len(), bundle.outputs.len(), "an output is missing");
    for record in &execution.outputs {
        let value = engine.decode(&record.bytes, record.ty);
        assert!(value.is_ok(), "an output is no {}: {value:?}", record.ty, value = value.err());
    }
    let again = evaluator.execute(&bundle, &inputs).expect("it was executed before");
    assert_eq!(again.outputs, execution.outputs, "a bundle has two results");
    true
}

/// A kernel of each kind, and the plan of a transfer.
fn seeds() -> Vec<Seed> {
    let seed = |name: &str, bundle: &Bundle| {
        Seed::valid(name, serde_json::to_vec(bundle).expect("it has no maps"))
    };
    let ty = FheType::Uint64;
    let record = |ty: FheType, value: u64| {
        let bytes = ReferenceEngine.encode(&U256::from(value));
        let bytes = bytes.expect("a plaintext may be stored");
        Arc::new(Record::new(ty, ReferenceEngine.class(), bytes))
    };
    let encrypted = |ty, value| Operand::Encrypted(record(ty, value));
    let op = |op: Op| Kernel::Op { op, operand: ty, result: op.spec().result_type(ty, ty) };
    let pair = [encrypted(ty, 200), encrypted(ty, 3)];
    let scalar = [encrypted(ty, 200), Operand::Scalar(U256::from(3))];
    let choice = [encrypted(FheType::Bool, 1), encrypted(ty, 200), encrypted(ty, 3)];
    let single = |name: &str, kernel: &Kernel, operands: &[Operand<Arc<Record>>]| {
        seed(name, &Bundle::single(ReferenceEngine.class(), kernel, operands))
    };
    vec![
        single("a-sum", &op(Op::Add), &pair),
        single("a-product-with-a-constant", &op(Op::Mul), &scalar),
        single("a-quotient", &op(Op::Div), &scalar),
        single("a-shift", &op(Op::Shl), &scalar),
        single("a-comparison", &op(Op::Lt), &pair),
        single("a-choice", &op(Op::IfThenElse), &choice),
        single("a-random-number", &op(Op::Rand), &[Operand::Scalar(U256::from(7))]),
        single("a-sum-with-carry", &Kernel::AddWithCarry(ty), &pair),
        single("a-difference-with-order", &Kernel::SubWithOrder(ty), &pair),
        single("comparisons", &Kernel::Compare(ty, vec![Op::Gt, Op::Eq, Op::Min]), &pair),
        single("a-condition", &Kernel::Prepare, &choice[..1]),
        single("a-prepared-choice", &Kernel::Choose(ty), &choice),
        seed("a-transfer", &transfer().expect("the graph is well formed")),
    ]
}

/// A transfer from a balance to another, unless it is for more than there is.
fn transfer() -> Result<Bundle, GraphError> {
    let ty = FheType::Uint64;
    let handle = |name: &str, ty| Handle::computed(keccak256(name), 31337, ty);
    let [from, to, amount, zero] = ["from", "to", "amount", "zero"].map(|name| handle(name, ty));
    let covered = handle("covered", FheType::Bool);
    let [moved, less, more] = ["moved", "less", "more"].map(|name| handle(name, ty));
    let mut graph = Graph::default();
    let mut add = |result: Handle, op: Op, operands: &[Handle]| -> Result<(), GraphError> {
        let operands = operands.iter().copied().map(Operand::Encrypted).collect();
        graph.insert(result, Node::new(op, operands, result)?);
        Ok(())
    };
    add(covered, Op::Le, &[amount, from])?;
    add(moved, Op::IfThenElse, &[covered, amount, zero])?;
    add(less, Op::Sub, &[from, moved])?;
    add(more, Op::Add, &[to, moved])?;
    let outside = |handle: &Handle| Ok::<_, GraphError>([from, to, amount, zero].contains(handle));
    let live = graph.live([less, more], outside)?;
    let plan = Plan::new(&live, Rewrites::ALL);
    let class = ReferenceEngine.class();
    let packed = Bundle::whole(class, &plan, |handle| {
        let value = ReferenceEngine.encode(&U256::from(handle.0[0]));
        let bytes = value.expect("a plaintext may be stored");
        Ok::<_, GraphError>(Arc::new(Record::new(ty, class, bytes)))
    })?;
    Ok(packed.bundle)
}

fn words() -> Vec<Vec<u8>> {
    let types = FheType::ALL.map(|ty| format!("\"{ty:?}\""));
    let ops = OPS.iter().map(|spec| format!("\"{:?}\"", spec.op));
    let kernels = [
        r#"{"Op":{"op":"Add","operand":"Uint8","result":"Bool"}}"#,
        r#"{"AddWithCarry":"Uint8"}"#,
        r#"{"SubWithOrder":"Bool"}"#,
        r#"{"Compare":["Uint8",["Eq","Max"]]}"#,
        r#""Prepare""#,
        r#"{"Choose":"Uint8"}"#,
        r#"{"Input":0}"#,
        r#"{"Result":{"step":0,"result":0}}"#,
        r#"{"Scalar":"0x7"}"#,
        r#"{"Encrypted":{"Input":0}}"#,
    ];
    let digest = format!("{:?}", B256::repeat_byte(0xff));
    let texts = types.into_iter().chain(ops).chain([digest]);
    texts.map(String::into_bytes).chain(kernels.map(|text| text.as_bytes().to_vec())).collect()
}
