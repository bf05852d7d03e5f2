//! What single operations take, in a process where nothing else bootstraps.

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    Evaluation, EvaluationError, Evaluator, FheType, Graph, GraphEvaluator, Handle, Live, Measured,
    MemoryStore, Node, Op, Operand, ReferenceEngine, TfheEngine,
};
use ciphervm_kms::test_keys;

/// Two random bytes, their sum, and the sum in 16 bits.
fn live() -> (Live, [Handle; 4]) {
    let name = |byte, ty| Handle::computed(B256::repeat_byte(byte), 31337, ty);
    let [a, b, sum] = [1, 2, 3].map(|byte| name(byte, FheType::Uint8));
    let wide = name(4, FheType::Uint16);
    let mut graph = Graph::default();
    let mut record = |op, operands, handle| {
        graph.insert(handle, Node::new(op, operands, handle).unwrap());
    };
    record(Op::Rand, vec![Operand::Scalar(U256::from(1))], a);
    record(Op::Rand, vec![Operand::Scalar(U256::from(2))], b);
    record(Op::Add, vec![Operand::Encrypted(a), Operand::Encrypted(b)], sum);
    record(Op::Cast, vec![Operand::Encrypted(sum)], wide);
    let live = graph.live([wide], |_| Ok::<_, EvaluationError>(false)).unwrap();
    (live, [a, b, sum, wide])
}

fn evaluate(evaluator: &dyn Evaluator, live: &Live) -> Evaluation {
    let evaluation = evaluator.evaluate(live, &MemoryStore::new()).unwrap();
    let order = |measured: &[Measured]| measured.iter().map(|m| m.handle).collect::<Vec<_>>();
    let nodes: Vec<_> = live.nodes.iter().map(|(handle, _)| *handle).collect();
    assert_eq!(order(&evaluation.measured), nodes);
    evaluation
}

fn bootstraps(evaluation: &Evaluation, handle: Handle) -> Option<u64> {
    evaluation.measured.iter().find(|m| m.handle == handle).unwrap().bootstraps
}

/// One test, so that no other one bootstraps beside it.
#[test]
fn an_operation_that_runs_alone_has_its_own_count() {
    let (live, [a, b, sum, wide]) = live();
    let reference = GraphEvaluator::new(ReferenceEngine, 3).unwrap();
    let evaluation = evaluate(&reference, &live);
    assert!(evaluation.measured.iter().all(|m| m.bootstraps == Some(0)));

    let tfhe = |threads| GraphEvaluator::new(TfheEngine::new(test_keys().0), threads).unwrap();
    let one = evaluate(&tfhe(1), &live);
    // One a block of a random value and of a sum, none for a cast.
    assert_eq!([a, b, sum, wide].map(|h| bootstraps(&one, h)), [4, 4, 4, 0].map(Some));
    assert_eq!(one.bootstraps, 12);

    // The random values are drawn side by side, or one after the other; what follows waits for them.
    let two = evaluate(&tfhe(2), &live);
    for drawn in [a, b].map(|handle| bootstraps(&two, handle)) {
        assert!(matches!(drawn, None | Some(4)), "{drawn:?}");
    }
    assert_eq!([sum, wide].map(|h| bootstraps(&two, h)), [4, 0].map(Some));
    assert_eq!(two.stored, one.stored);
}
