//! What is computed, what is not, and what happens when something is wrong.

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{
    CiphertextError, CiphertextStore, EvaluationError, FheType, GraphError, GraphEvaluator, Handle,
    MemoryStore, Op, Operand, Record, ReferenceEngine, StoreError,
};

use crate::bench::Bench;

const BYTE: FheType = FheType::Uint8;

fn encrypted(handle: Handle) -> Operand<Handle> {
    Operand::Encrypted(handle)
}

#[test]
fn dead_operations_are_not_computed_and_shared_ones_once() {
    let mut bench = Bench::reference();
    let a = bench.input(BYTE, U256::from(3));
    let shared = bench.record(Op::Neg, vec![a.clone()], BYTE);
    bench.record(Op::Mul, vec![a.clone(), a.clone()], BYTE);
    let x = bench.keep(Op::Add, vec![encrypted(shared), a], BYTE);
    let y = bench.keep(Op::Add, vec![encrypted(shared), encrypted(shared)], BYTE);
    let evaluation = bench.evaluate().unwrap();
    assert_eq!(evaluation.operations, 3);
    assert_eq!(evaluation.stored.len(), 2);
    assert_eq!((bench.decrypt(x), bench.decrypt(y)), (U256::ZERO, U256::from(250)));
    assert!(!bench.store.contains(&shared).unwrap());

    // A second time there is nothing left to do; a new result starts from the stored ones.
    assert_eq!(bench.evaluate().unwrap().operations, 0);
    let z = bench.keep(Op::Sub, vec![encrypted(y), encrypted(x)], BYTE);
    assert_eq!(bench.evaluate().unwrap().operations, 1);
    assert_eq!(bench.decrypt(z), U256::from(250));
}

#[test]
fn a_missing_operand_fails_and_stores_nothing() {
    let mut bench = Bench::reference();
    let unknown = Handle::computed(B256::repeat_byte(1), 31337, BYTE);
    bench.keep(Op::Neg, vec![encrypted(unknown)], BYTE);
    let a = bench.input(BYTE, U256::from(3));
    bench.keep(Op::Neg, vec![a], BYTE);
    let before = {
        bench.store_inputs();
        bench.store.size().unwrap()
    };
    let failed = bench.evaluate();
    assert!(matches!(failed, Err(EvaluationError::Graph(GraphError::Unknown(h))) if h == unknown));
    assert_eq!(bench.store.size().unwrap(), before);
}

#[test]
fn a_ciphertext_of_another_engine_class_is_refused() {
    let mut bench = Bench::reference();
    let foreign = Handle::computed(B256::repeat_byte(1), 31337, BYTE);
    let record = Record::new(BYTE, B256::repeat_byte(7), vec![0; 33]);
    bench.store.insert(vec![(foreign, record)]).unwrap();
    bench.keep(Op::Neg, vec![encrypted(foreign)], BYTE);
    let failed = bench.evaluate();
    assert!(matches!(failed, Err(EvaluationError::Store(StoreError::EngineClass { .. }))));
}

#[test]
fn a_record_that_is_no_ciphertext_is_refused() {
    let mut bench = Bench::reference();
    let odd = Handle::computed(B256::repeat_byte(1), 31337, BYTE);
    let record = Record::new(BYTE, bench.evaluator.class(), vec![9; 10]);
    bench.store.insert(vec![(odd, record)]).unwrap();
    bench.keep(Op::Neg, vec![encrypted(odd)], BYTE);
    let failed = bench.evaluate();
    assert!(matches!(failed, Err(EvaluationError::Ciphertext { handle, .. }) if handle == odd));
}

#[test]
fn operands_without_a_circuit_are_an_error_and_no_panic() {
    let mut bench = Bench::tfhe(1);
    let a = bench.input(BYTE, U256::from(3));
    bench.keep(Op::Div, vec![a, Operand::Scalar(U256::ZERO)], BYTE);
    let failed = bench.evaluate();
    assert!(
        matches!(&failed, Err(EvaluationError::Operands { operation, .. }) if operation == "fheDiv"),
        "{failed:?}"
    );
}

/// A panic inside a circuit becomes an error with the handle's name.
#[test]
fn a_panicking_operation_fails_alone() {
    use ciphervm_fhe::{Computed, Engine, Evaluator, Graph, Kernel, Node};

    #[derive(Debug)]
    struct Panicking;
    impl Engine for Panicking {
        type Value = U256;
        fn class(&self) -> B256 {
            ReferenceEngine.class()
        }
        fn run(
            &self,
            kernel: &Kernel,
            _: &[Operand<&U256>],
        ) -> Result<Computed<U256>, &'static str> {
            panic!("no circuit for {kernel}")
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

    let handle = Handle::computed(B256::repeat_byte(1), 31337, BYTE);
    let mut graph = Graph::default();
    let operands = vec![Operand::Scalar(U256::ONE)];
    graph.insert(handle, Node::new(Op::TrivialEncrypt, operands, handle).unwrap());
    let store = MemoryStore::new();
    let live = graph.live([handle], |h| store.contains(h).map_err(EvaluationError::from)).unwrap();
    let evaluator = GraphEvaluator::new(Panicking, 2).unwrap();
    let failed = evaluator.evaluate(&live, &store);
    let Err(EvaluationError::Panicked { operation, reason, .. }) = failed else {
        panic!("{failed:?}")
    };
    assert_eq!(operation, "trivialEncrypt");
    assert_eq!(reason, "no circuit for trivialEncrypt");
    assert_eq!(store.size().unwrap().records, 0);
}

#[test]
fn input_lists_open_to_what_was_encrypted() {
    let address = U256::from(0xabcd) << 140;
    let values = [
        (FheType::Bool, U256::ONE),
        (BYTE, U256::from(200)),
        (FheType::Uint160, address),
        (FheType::Uint64, U256::from(u64::MAX)),
        (FheType::Uint256, U256::MAX - U256::from(5)),
    ];
    for mut bench in [Bench::reference(), Bench::tfhe(2)] {
        let handles: Vec<_> = values.iter().map(|(ty, value)| bench.input(*ty, *value)).collect();
        bench.store_inputs();
        for (operand, (_, value)) in handles.iter().zip(&values) {
            let Operand::Encrypted(handle) = operand else { unreachable!() };
            assert_eq!(bench.decrypt(*handle), *value);
        }
    }
}

#[test]
fn malformed_input_lists_are_refused() {
    for bench in [Bench::reference(), Bench::tfhe(1)] {
        let list = bench.evaluator.encrypt_inputs(&[(BYTE, U256::ONE)]).unwrap();
        let expand = |bytes: &[u8]| bench.evaluator.expand_inputs(bytes);
        assert_eq!(expand(&list).unwrap().len(), 1);
        assert!(expand(&list[..list.len() - 1]).is_err());
        assert!(expand(&[0xff; 40]).is_err());
        let too_many = [(BYTE, U256::ONE); 256];
        assert!(matches!(
            bench.evaluator.encrypt_inputs(&too_many),
            Err(CiphertextError::TooMany { found: 256, limit: 255 })
        ));
    }
}
