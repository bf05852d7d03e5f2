//! The demonstration's flow: OpenZeppelin's ERC-7984, deployed, minted, transferred, decrypted.

use ciphervm_fhe::{Ciphertext, FheType, Record};
use ciphervm_kms::test_keys;
use ciphervm_node::{
    command::demo::{self, Report},
    machine::Machine,
};

fn verify(mut machine: Machine) -> Report {
    let report = demo::play(&mut machine, |_| {}).unwrap();
    demo::check(&report).unwrap();
    let clear: Vec<u64> = report.balances.iter().map(|b| b.decrypted.to()).collect();
    assert_eq!(clear, [751, 150, 99]);
    // Mint and transfers compute what can be used again and nothing else.
    let run: Vec<_> = report.steps.iter().map(|s| s.settled.operations).collect();
    assert_eq!(run, [0, 4, 6, 6, 6, 6]);
    // Two of the mint, and three of each transfer.
    assert_eq!(machine.verify().unwrap(), 14);
    report
}

#[test]
fn the_token_gives_plain_balances_on_the_reference_evaluator() {
    let directory = tempfile::tempdir().unwrap();
    verify(Machine::reference(directory.path()).unwrap());
}

#[test]
fn the_token_gives_plain_balances_on_real_ciphertexts() {
    let directory = tempfile::tempdir().unwrap();
    let (keyset, kms) = test_keys();
    let class = keyset.class().id();
    let report = verify(Machine::tfhe(keyset, kms, 2, directory.path()).unwrap());
    // Balances are ciphertexts, not constants, which would have the digests of their values.
    for balance in &report.balances {
        let constant = Ciphertext::Constant(balance.decrypted).encode().unwrap();
        let record = Record::new(FheType::Uint64, class, constant);
        assert_ne!(balance.digest, record.digest);
    }
}

/// A wrong balance must not go unnoticed.
#[test]
fn the_check_fails_on_a_wrong_balance() {
    let directory = tempfile::tempdir().unwrap();
    let mut report = verify(Machine::reference(directory.path()).unwrap());
    report.balances[1].expected += 1;
    let error = demo::check(&report).unwrap_err().to_string();
    assert!(error.contains("Bob") && error.contains("150") && error.contains("151"), "{error}");
}
