//! Records of transactions.

use alloy_primitives::{Address, FixedBytes, U256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, Handle, Op, Operand};
use ciphervm_precompiles::{Record, RecordError, interface::Acl};

use crate::support::*;

#[test]
fn logs_give_back_the_graph_and_its_roots() {
    let mut chain = Chain::new();
    let a = chain.trivial(42, FheType::Uint8);
    let sum = handle(&chain.op(Op::Add, (a, a, FixedBytes([0]))));
    let five = U256::from(5);
    let product = handle(&chain.op(Op::Mul, (sum, five, FixedBytes([1]))));
    let member = handle(&chain.op(Op::IsIn, (a, vec![sum, product], U256::from(2))));
    let random = handle(&chain.op(Op::RandBounded, (U256::from(16), U256::from(2))));
    let allow = Acl::allowCall { handle: product, account: USER }.abi_encode();
    assert!(chain.call(DAPP, HOST.acl, allow).is_success());
    let public = Acl::allowForDecryptionCall { handlesList: vec![member, random] }.abi_encode();
    assert!(chain.call(DAPP, HOST.acl, public).is_success());

    let logs = chain.logs();
    let record = Record::from_logs(&HOST, logs.iter()).unwrap();
    let ops: Vec<_> = record.ops.iter().map(|op| (op.op, op.scalar)).collect();
    let expected = [
        (Op::TrivialEncrypt, false),
        (Op::Add, false),
        (Op::Mul, true),
        (Op::IsIn, false),
        (Op::RandBounded, false),
    ];
    assert_eq!(ops, expected);
    assert!(record.ops.iter().all(|op| op.caller == DAPP));
    assert_eq!(record.roots, [product, member, random].map(Handle).into());
    assert_eq!(record.hcu, record.ops.iter().map(|op| op.hcu).sum::<u64>());
    assert_eq!(record.graph.len(), 5);
    let node = record.graph.get(&Handle(product)).unwrap();
    assert_eq!(node.operands, [Operand::Encrypted(Handle(sum)), Operand::Scalar(five)]);
    let node = record.graph.get(&Handle(member)).unwrap();
    assert_eq!(node.inputs().collect::<Vec<_>>(), [a, sum, product].map(Handle));
    assert_eq!((node.operand, node.result), (FheType::Uint8, FheType::Bool));
    let node = record.graph.get(&Handle(random)).unwrap();
    assert_eq!(node.operands[0], Operand::Scalar(U256::from(16)));
    assert!(matches!(node.operands[1], Operand::Scalar(seed) if seed.bit_len() <= 128));
}

#[test]
fn a_fused_division_has_two_encrypted_factors_or_one() {
    let mut chain = Chain::new();
    let [a, b] = [1, 2].map(|value| chain.trivial(value, FheType::Uint8));
    let [five, three] = [5, 3].map(U256::from);
    let fused = handle(&chain.op(Op::MulDiv, (a, b, three, FixedBytes([1]))));
    let scaled = handle(&chain.op(Op::MulDiv, (a, five, three, FixedBytes([3]))));
    let logs = chain.logs();
    let record = Record::from_logs(&HOST, logs.iter()).unwrap();
    let [a, b] = [a, b].map(|handle| Operand::Encrypted(Handle(handle)));
    let [five, three] = [five, three].map(Operand::Scalar);
    let operands = |handle| &record.graph.get(&Handle(handle)).unwrap().operands[..];
    assert_eq!(operands(fused), [a.clone(), b, three.clone()]);
    assert_eq!(operands(scaled), [a, five, three]);
}

#[test]
fn only_host_contracts_are_believed() {
    let mut chain = Chain::new();
    chain.trivial(42, FheType::Uint8);
    let mut logs = chain.logs();
    assert_eq!(Record::from_logs(&HOST, logs.iter()).unwrap().ops.len(), 1);
    logs[0].address = Address::repeat_byte(9);
    assert_eq!(Record::from_logs(&HOST, logs.iter()), Ok(Record::default()));
}

#[test]
fn damaged_logs_are_an_error() {
    let mut chain = Chain::new();
    chain.trivial(42, FheType::Uint8);
    let mut logs = chain.logs();
    logs[0].data.data = logs[0].data.data.slice(..64);
    let error = Record::from_logs(&HOST, logs.iter()).unwrap_err();
    assert!(matches!(error, RecordError::Malformed { index: 0, .. }), "{error}");
}
