//! Ciphertext bits do not depend on threads, processes or schedules.

use std::{env, process::Command};

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_fhe::{FheType, Handle, Op, Operand};

use crate::bench::Bench;

/// A graph over many operations whose only source of bits is seeded randomness: inputs that a
/// client encrypts would differ from run to run.
fn digests(threads: usize) -> Vec<(Handle, B256)> {
    let mut bench = Bench::tfhe(threads);
    let ty = FheType::Uint16;
    let draw = |bench: &mut Bench, seed: u64| {
        Operand::Encrypted(bench.keep(Op::Rand, vec![Operand::Scalar(U256::from(seed))], ty))
    };
    let (a, b) = (draw(&mut bench, 1), draw(&mut bench, 2));
    let pair = || vec![a.clone(), b.clone()];
    let scalar = || vec![a.clone(), Operand::Scalar(U256::from(11))];
    for op in [Op::Add, Op::Sub, Op::Mul, Op::Min, Op::Max, Op::BitAnd, Op::Shl, Op::Rotr] {
        bench.keep(op, pair(), ty);
        bench.keep(op, scalar(), ty);
    }
    for op in [Op::Div, Op::Rem] {
        bench.keep(op, scalar(), ty);
    }
    for op in [Op::Eq, Op::Ge, Op::Lt] {
        bench.keep(op, pair(), FheType::Bool);
        bench.keep(op, scalar(), FheType::Bool);
    }
    let less = Operand::Encrypted(bench.keep(Op::Lt, pair(), FheType::Bool));
    bench.keep(Op::IfThenElse, vec![less, a.clone(), b.clone()], ty);
    bench.keep(Op::Sum, vec![a.clone(), b.clone(), a.clone(), b.clone()], ty);
    bench.keep(Op::IsIn, vec![a.clone(), b.clone(), a.clone()], FheType::Bool);
    bench.keep(Op::MulDiv, vec![a.clone(), b.clone(), Operand::Scalar(U256::from(7))], ty);
    bench.keep(Op::Neg, vec![a.clone()], ty);
    bench.keep(Op::Cast, vec![a], FheType::Uint32);
    bench.evaluate().unwrap().stored
}

/// Set in the second process to the file that takes its digest.
const REPORT: &str = "CIPHERVM_DETERMINISM_REPORT";

#[test]
fn digests_are_equal_for_1_2_and_8_threads_and_in_another_process() {
    let fingerprint = |digests: &[(Handle, B256)]| keccak256(format!("{digests:?}")).to_string();
    if let Some(report) = env::var_os(REPORT) {
        std::fs::write(report, fingerprint(&digests(2))).unwrap();
        return;
    }
    let one = digests(1);
    assert!(one.len() > 25);
    for threads in [2, 8] {
        assert_eq!(digests(threads), one, "{threads} threads");
    }

    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("digest");
    let name = "determinism::digests_are_equal_for_1_2_and_8_threads_and_in_another_process";
    let status = Command::new(env::current_exe().unwrap())
        .args([name, "--exact"])
        .env(REPORT, &report)
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(std::fs::read_to_string(report).unwrap(), fingerprint(&one));
}
