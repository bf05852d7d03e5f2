//! What encrypted contracts cost without FHE.
//!
//! *An operation* is measured in a loop of a contract, with the call of the host contract, its checks,
//! handle, meter and log. *A token* is five transactions executed, recorded from their logs and settled
//! on the reference evaluator, ciphertext store on disk included.

use alloy_primitives::{Address, Bytes};
use ciphervm::{
    Call, Chain,
    precompiles::{GenesisParams, HostAddresses, HostConfig},
};
use ciphervm_fhe::{FheType, Op};
use ciphervm_node::{command::demo, machine::Machine};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Operations of a call.
const LOOP: u8 = 100;

/// Code that encrypts a number trivially, and adds 100, 99, … to it.
fn adder() -> Vec<u8> {
    const CALL: u8 = 0xf1;
    let call = |input: u8, output: u8| {
        let mut code = vec![0x60, 0x20, 0x60, output, 0x60, input, 0x5f, 0x5f, 0x73];
        code.extend(HostAddresses::LOCAL.executor);
        code.extend([0x5a, CALL]); // GAS CALL
        code
    };
    let select = |op: Op| {
        let mut code = vec![0x63];
        code.extend(op.spec().selector);
        code.extend([0x60, 0xe0, 0x1b, 0x5f, 0x52]); // << 224, MSTORE at 0
        code
    };
    let store = |at: u8| [0x60, at, 0x52];
    let mut code = select(Op::TrivialEncrypt);
    code.extend([0x60, 7]);
    code.extend(store(0x04));
    code.extend([0x60, FheType::Uint64 as u8]);
    code.extend(store(0x24));
    code.extend(call(0x44, 0x80));
    code.push(0x50); // POP
    code.extend(select(Op::Add));
    code.extend([0x60, 0x80, 0x51]); // MLOAD the handle
    code.extend(store(0x04));
    code.extend([0x60, 1, 0x60, 0xf8, 0x1b]); // the right operand is a scalar
    code.extend(store(0x44));
    code.extend([0x60, LOOP]);
    let start = u8::try_from(code.len()).expect("little code");
    code.extend([0x5b, 0x80]); // JUMPDEST DUP1
    code.extend(store(0x24));
    code.extend(call(0x64, 0xa0));
    code.extend([0x15, 0x60]); // ISZERO PUSH1
    let fail = code.len();
    code.extend([0, 0x57]); // JUMPI
    code.extend([0x60, 1, 0x90, 0x03, 0x80, 0x60, start, 0x57, 0x00]); // one less; STOP at zero
    code[fail] = u8::try_from(code.len()).expect("little code");
    code.extend([0x5b, 0x5f, 0x5f, 0xfd]); // JUMPDEST REVERT
    code
}

/// Creation code of `code`.
fn creation(code: &[u8]) -> Bytes {
    let length = u8::try_from(code.len()).expect("little code");
    let mut creation = vec![0x60, length, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3];
    creation.extend(code);
    creation.into()
}

fn operation(criterion: &mut Criterion) {
    let mut chain = Chain::new(HostConfig::default(), &GenesisParams::default());
    let user = Address::repeat_byte(1);
    let block = chain.execute(&[Call::deploy(user, creation(&adder()))]).expect("a block");
    let contract = block.receipts[0].contract.expect("it is deployed");
    let call = Call::new(user, contract, Bytes::new());
    let receipt = chain.call(&call).expect("the machine works");
    assert!(receipt.is_success(), "{:?}", receipt.outcome);
    assert_eq!(receipt.logs.len(), usize::from(LOOP) + 1);

    let mut group = criterion.benchmark_group("symbolic");
    group.throughput(Throughput::Elements(LOOP.into()));
    group.bench_function("euint64 add", |bencher| {
        bencher.iter(|| chain.call(&call).expect("the machine works"));
    });
    group.finish();
}

fn token(criterion: &mut Criterion) {
    criterion.bench_function("ERC-7984: deploy, mint, 4 transfers, symbolic", |bencher| {
        bencher.iter_batched(
            || {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let machine = Machine::reference(directory.path()).expect("a machine");
                (directory, machine)
            },
            |(directory, mut machine)| {
                demo::play(&mut machine, |_| {}).expect("the demonstration works");
                // Returned, so that clearing up is not measured.
                (directory, machine)
            },
            BatchSize::PerIteration,
        );
    });
}

criterion_group!(benches, operation, token);
criterion_main!(benches);
