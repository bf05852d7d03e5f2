//! Lists of ciphertexts as clients make them, under the test keyset, opened by the real engine.
//!
//! They are refused, or give records of the values that the list announces, the same ones twice.

use std::cell::OnceCell;
use std::sync::Arc;

use alloy_primitives::{Address, U256};
use ciphervm_fhe::{
    Ciphertext, ComputeLoad, Evaluator, FheType, GraphEvaluator, InputClient, MAX_INPUT_VALUES,
    ProofVerifier, Record, TfheEngine,
};
use ciphervm_kms::{test_crs, test_keys};
use ciphervm_precompiles::{HostAddresses, auxiliary_data};

use crate::{Seed, Target, Verdict, no_words};

/// Lists without a proof, which a node makes for itself.
pub const PLAIN: Target =
    Target { name: "plain_list", run: run_plain, seeds: plain_seeds, words: no_words, runs: 60 };

/// Lists with a proof, which anybody may hand in.
pub const PROVEN: Target =
    Target { name: "proven_list", run: run_proven, seeds: proven_seeds, words: no_words, runs: 30 };

thread_local! {
    static EVALUATOR: OnceCell<GraphEvaluator<TfheEngine>> = const { OnceCell::new() };
    static VERIFIER: OnceCell<ProofVerifier> = const { OnceCell::new() };
}

/// Opens bytes as a list without a proof.
///
/// # Panics
/// If what is opened is not what may be stored.
pub fn run_plain(data: &[u8]) -> Verdict {
    EVALUATOR.with(|evaluator| {
        let new = || {
            let engine = TfheEngine::new(test_keys().0);
            GraphEvaluator::new(engine, 2).expect("two threads can be had")
        };
        let Ok(records) = evaluator.get_or_init(new).expand_inputs(data) else {
            return Verdict::Refused;
        };
        check(&records);
        Verdict::Accepted
    })
}

/// Checks bytes as a list with a proof, and opens it.
///
/// # Panics
/// If what is opened is not what was announced.
pub fn run_proven(data: &[u8]) -> Verdict {
    VERIFIER.with(|verifier| {
        let verifier = verifier.get_or_init(|| {
            ProofVerifier::new(test_keys().0, test_crs(), 2).expect("two threads can be had")
        });
        let Ok(proven) = verifier.verify(data, &metadata()) else { return Verdict::Refused };
        let other = auxiliary_data(Address::ZERO, Address::ZERO, Address::ZERO, 1);
        assert!(verifier.verify(data, &other).is_err(), "a proof holds for other metadata");
        let records = verifier.expand(&proven).expect("what was proven can be opened");
        let types: Vec<FheType> = records.iter().map(|record| record.ty).collect();
        assert_eq!(types, proven.types(), "a list has other types than it announces");
        check(&records);
        Verdict::Accepted
    })
}

fn check(records: &[Record]) {
    assert!(records.len() <= MAX_INPUT_VALUES, "{} values in a list", records.len());
    for Record { ty, bytes, .. } in records {
        let read = Ciphertext::decode(bytes, *ty);
        assert!(matches!(read, Ok(Ciphertext::Encrypted(_))), "a value is no ciphertext of {ty}");
    }
}

fn metadata() -> [u8; 92] {
    let [contract, user] = [1, 2].map(Address::repeat_byte);
    auxiliary_data(contract, user, HostAddresses::LOCAL.acl, 31337)
}

fn values() -> [(FheType, U256); 2] {
    [(FheType::Bool, U256::ONE), (FheType::Uint8, U256::from(42))]
}

/// Encryption draws randomness, so these are others on each machine.
fn plain_seeds() -> Vec<Seed> {
    let engine = TfheEngine::new(test_keys().0);
    let list = |values: &[(FheType, U256)]| {
        let evaluator = GraphEvaluator::new(engine.clone(), 2).expect("two threads can be had");
        evaluator.encrypt_inputs(values).expect("the list is within its limits")
    };
    let two = list(&values());
    vec![
        Seed::refused("cut-short", &two[..two.len() / 2]).local(),
        Seed::valid("a-bool-and-a-byte", two).local(),
    ]
}

/// So is the reference string that proofs are made with.
fn proven_seeds() -> Vec<Seed> {
    let key = Arc::clone(&test_keys().0).public_key().expect("the test key can be written");
    let client = InputClient::read(&key, test_crs().bytes());
    let client = client.expect("the test keyset is well formed");
    let list = |metadata: &[u8], load: ComputeLoad| {
        client.encrypt(&values(), metadata, load).expect("the list is within its limits")
    };
    let two = list(&metadata(), ComputeLoad::Verify);
    vec![
        Seed::refused("for-somebody-else", list(&[1], ComputeLoad::Verify)).local(),
        Seed::refused("with-the-load-that-is-forbidden", list(&metadata(), ComputeLoad::Proof))
            .local(),
        Seed::refused("cut-short", &two[..two.len() / 2]).local(),
        Seed::valid("a-bool-and-a-byte", two).local(),
    ]
}
