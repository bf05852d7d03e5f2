//! What single operations take, in a process where nothing else bootstraps.

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    Evaluation, EvaluationError, Evaluator, FheType, Graph, GraphEvaluator, Handle, Live,
    MemoryStore, Node, Op, Operand, ReferenceEngine, TfheEngine,
};
use ciphervm_kms::test_keys;
use tfhe::get_pbs_count;

/// Two random bytes, their sum, the sum in 16 bits, and its square.
fn live() -> Live {
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
    let square = name(5, FheType::Uint16);
    record(Op::Mul, vec![Operand::Encrypted(wide), Operand::Encrypted(wide)], square);
    graph.live([square], |_| Ok::<_, EvaluationError>(false)).unwrap()
}

fn bootstraps(evaluation: &Evaluation) -> Vec<u64> {
    evaluation.measured.iter().map(|step| step.bootstraps).collect()
}

/// One test, so that no other one bootstraps beside it.
#[test]
fn bootstraps_are_those_that_tfhe_counts() {
    let live = live();
    let reference = GraphEvaluator::new(ReferenceEngine, 3).unwrap();
    let evaluation = reference.evaluate(&live, &MemoryStore::new()).unwrap();
    assert_eq!(bootstraps(&evaluation), [0; 5]);

    for threads in [1, 2] {
        let tfhe = GraphEvaluator::new(TfheEngine::new(test_keys().0), threads).unwrap();
        let before = get_pbs_count();
        let evaluation = tfhe.evaluate(&live, &MemoryStore::new()).unwrap();
        // One a block of a random value and of a sum, none for a cast.
        assert_eq!(bootstraps(&evaluation)[..4], [4, 4, 4, 0]);
        assert!(bootstraps(&evaluation)[4] > 15);
        assert_eq!(evaluation.bootstraps, get_pbs_count() - before);
    }
}
