//! Ciphertext bits do not depend on threads, processes or schedules, and do not change unnoticed.

use std::{env, fmt::Write as _, path::Path, process::Command};

use alloy_primitives::{B256, U256, keccak256};
use ciphervm_fhe::{CiphertextStore, FheType, Handle, Op, Operand};
use ciphervm_kms::test_keys;

use crate::bench::Bench;

/// Digests of results, from the crate's folder.
const GOLDEN: &str = "tests/it/golden.txt";

/// Many operations whose only source of bits is seeded randomness: inputs that a client encrypts
/// would differ from run to run.
struct Graph {
    bench: Bench,
    results: Vec<(String, Handle)>,
}

impl Graph {
    fn keep(
        &mut self,
        label: &str,
        op: Op,
        operands: &[&Operand<Handle>],
        ty: FheType,
    ) -> Operand<Handle> {
        let operands = operands.iter().map(|operand| (*operand).clone()).collect();
        let handle = self.bench.keep(op, operands, ty);
        self.results.push((format!("{op} {label}"), handle));
        Operand::Encrypted(handle)
    }

    /// What was stored, with digests.
    fn digests(mut self) -> Vec<(Handle, B256)> {
        self.bench.evaluate().unwrap().stored
    }

    /// The stored ciphertexts, with what they are.
    fn ciphertexts(mut self) -> Vec<(String, Vec<u8>)> {
        self.bench.evaluate().unwrap();
        let bytes = |handle: &Handle| self.bench.store.get(handle).unwrap().unwrap().bytes.clone();
        self.results.iter().map(|(label, handle)| (label.clone(), bytes(handle))).collect()
    }
}

fn graph(bench: Bench, ty: FheType) -> Graph {
    let mut graph = Graph { bench, results: Vec::new() };
    let scalar = |value: u64| Operand::Scalar(U256::from(value));
    let (eleven, seven) = (scalar(11), scalar(7));
    let a = graph.keep("1", Op::Rand, &[&scalar(1)], ty);
    let b = graph.keep("2", Op::Rand, &[&scalar(2)], ty);
    for op in [Op::Add, Op::Sub, Op::Mul, Op::Min, Op::Max, Op::BitAnd, Op::Shl, Op::Rotr] {
        graph.keep("ct ct", op, &[&a, &b], ty);
        graph.keep("ct sc", op, &[&a, &eleven], ty);
    }
    for op in [Op::Div, Op::Rem] {
        graph.keep("ct sc", op, &[&a, &eleven], ty);
    }
    for op in [Op::Eq, Op::Ge, Op::Gt] {
        graph.keep("ct ct", op, &[&a, &b], FheType::Bool);
        graph.keep("ct sc", op, &[&a, &eleven], FheType::Bool);
    }
    let less = graph.keep("ct ct", Op::Lt, &[&a, &b], FheType::Bool);
    let chosen = graph.keep("ct ct", Op::IfThenElse, &[&less, &a, &b], ty);
    // Operands of noise level 2.
    for op in [Op::Add, Op::BitXor, Op::Le] {
        graph.keep("of a choice", op, &[&chosen, &a], op.spec().result_type(ty, ty));
    }
    graph.keep("of four", Op::Sum, &[&a, &b, &a, &b], ty);
    graph.keep("of two", Op::IsIn, &[&a, &b, &a], FheType::Bool);
    graph.keep("ct ct sc", Op::MulDiv, &[&a, &b, &seven], ty);
    graph.keep("ct", Op::Neg, &[&a], ty);
    graph.keep("ct", Op::Not, &[&a], ty);
    graph.keep("ct", Op::Cast, &[&a], FheType::Uint32);
    graph
}

fn digests(threads: usize) -> Vec<(Handle, B256)> {
    graph(Bench::tfhe(threads), FheType::Uint8).digests()
}

/// Set in the second process to the file that takes its digest.
const REPORT: &str = "CIPHERVM_DETERMINISM_REPORT";

#[test]
fn digests_are_equal_for_pools_of_1_to_64_threads_and_in_another_process() {
    let fingerprint = |digests: &[(Handle, B256)]| keccak256(format!("{digests:?}")).to_string();
    if let Some(report) = env::var_os(REPORT) {
        std::fs::write(report, fingerprint(&digests(2))).unwrap();
        return;
    }
    let one = digests(1);
    assert!(one.len() > 25);
    for threads in [2, 3, 4, 8, 16, 64] {
        assert_eq!(digests(threads), one, "{threads} threads");
    }

    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("digest");
    let name = "determinism::digests_are_equal_for_pools_of_1_to_64_threads_and_in_another_process";
    let status = Command::new(env::current_exe().unwrap())
        .args([name, "--exact"])
        .env(REPORT, &report)
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(std::fs::read_to_string(report).unwrap(), fingerprint(&one));
}

/// Digests of ciphertexts under the test keyset, and the known answer of the machine that made
/// them: one that computes other bits has another engine class, and nothing to compare.
#[test]
fn no_circuit_changes_its_bits_unnoticed() {
    let known_answer = test_keys().0.class().known_answer;
    let mut found = format!("known answer {known_answer}\n");
    for (label, ciphertext) in graph(Bench::tfhe(2), FheType::Uint16).ciphertexts() {
        writeln!(found, "{label} {}", keccak256(ciphertext)).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(GOLDEN);
    if env::var_os("UPDATE_GOLDEN").is_some_and(|update| update == "1") {
        std::fs::write(&path, &found).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    if golden.lines().next() != found.lines().next() {
        return eprintln!("this machine is of another engine class than the golden digests");
    }
    assert!(
        golden == found,
        "ciphertexts have other bits than {GOLDEN}; if that is meant, raise `circuits::VERSION` \
         and write them with `UPDATE_GOLDEN=1 cargo test --workspace --test it determinism`"
    );
}
