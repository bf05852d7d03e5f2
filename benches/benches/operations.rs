//! Operations on real 64-bit ciphertexts, one at a time on all cores: milliseconds here, bootstraps
//! printed beside them.

use std::thread::available_parallelism;

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    CiphertextStore, EvaluationError, Evaluator, FheType, Graph, GraphEvaluator, Handle,
    MemoryStore, Node, Op, Operand, TfheEngine,
};
use ciphervm_kms::test_keys;
use criterion::{Criterion, criterion_group, criterion_main};

const WORD: FheType = FheType::Uint64;

fn operations(criterion: &mut Criterion) {
    let threads = available_parallelism().map_or(1, usize::from);
    let evaluator =
        GraphEvaluator::new(TfheEngine::new(test_keys().0), threads).expect("threads start");
    let values = [(WORD, U256::from(u64::MAX / 3)), (WORD, U256::from(12_345))];
    let condition = (FheType::Bool, U256::ONE);
    let list = evaluator.encrypt_inputs(&[values[0], values[1], condition]).expect("encrypted");
    let records = evaluator.expand_inputs(&list).expect("a list of our own");
    let name = |index: u8, ty| Handle::input(B256::repeat_byte(index), index, 31337, ty);
    let handles = [name(0, WORD), name(1, WORD), name(2, FheType::Bool)];
    let [a, b, c] = handles.map(Operand::Encrypted);
    let seven = Operand::Scalar(U256::from(7));

    let mut group = criterion.benchmark_group("euint64");
    group.sample_size(10);
    for (label, op, operands) in [
        ("add", Op::Add, vec![a.clone(), b.clone()]),
        ("add scalar", Op::Add, vec![a.clone(), seven.clone()]),
        ("sub", Op::Sub, vec![a.clone(), b.clone()]),
        ("ge", Op::Ge, vec![a.clone(), b.clone()]),
        ("eq", Op::Eq, vec![a.clone(), b.clone()]),
        ("select", Op::IfThenElse, vec![c, a.clone(), b.clone()]),
        ("min", Op::Min, vec![a.clone(), b.clone()]),
        ("shl", Op::Shl, vec![a.clone(), b]),
        ("mul scalar", Op::Mul, vec![a.clone(), seven.clone()]),
        ("div scalar", Op::Div, vec![a, seven]),
    ] {
        let ty = op.spec().result_type(WORD, WORD);
        let result = Handle::computed(B256::repeat_byte(9), 31337, ty);
        let mut graph = Graph::default();
        graph.insert(result, Node::new(op, operands, result).expect("a well-formed operation"));
        let mut bootstraps = 0;
        group.bench_function(label, |bencher| {
            bencher.iter(|| {
                let store = MemoryStore::new();
                let inputs = handles.into_iter().zip(records.clone()).collect();
                store.insert(inputs).expect("the store is empty");
                let settled = |h: &Handle| store.contains(h).map_err(EvaluationError::from);
                let live = graph.live([result], settled).expect("the inputs are there");
                bootstraps = evaluator.evaluate(&live, &store).expect("it computes").bootstraps;
            });
        });
        println!("{label}: {bootstraps} bootstraps");
    }
    group.finish();
}

criterion_group!(benches, operations);
criterion_main!(benches);
