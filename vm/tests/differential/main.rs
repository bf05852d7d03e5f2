//! The host contracts against the reference: the contracts that Zama published as
//! `@fhevm/host-contracts` 0.10.0, in bytecode, on an EVM without precompiles.
//!
//! Random sequences of calls go through both, in the same transactions and from the same callers.
//! Success, return data, revert data and logs have to be equal, call by call, except where the
//! protocol itself changed between 0.10 and 0.13 ([`changes`] lists these places and why).
//!
//! The package is never part of this repository. It is found at `$CIPHERVM_REFERENCE_HOSTS`, or
//! where `npm ci` in `solidity/` puts it; without it the test says that it was skipped, or fails if
//! `CIPHERVM_DIFFERENTIAL` is `required`.
//! `CIPHERVM_DIFFERENTIAL_CALLS` and `CIPHERVM_DIFFERENTIAL_SEED` make runs longer and different.

mod action;
mod changes;
mod driver;
mod inputs;
mod plan;
mod reference;
mod strategy;
mod world;

use std::{
    cell::RefCell,
    collections::BTreeMap,
    env,
    io::{self, Write as _},
    time::Instant,
};

use proptest::{
    strategy::Strategy as _,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};

use crate::{action::Sequence, plan::Plan, reference::Reference, world::World};

/// How many calls are compared unless the environment says otherwise.
const CALLS: usize = 20_000;

/// What was compared.
#[derive(Debug, Default)]
struct Tally {
    calls: usize,
    successes: usize,
    /// Calls by function, and how many of them succeeded.
    functions: BTreeMap<String, (usize, usize)>,
    /// Differences that the protocol's changes explain, by name.
    changes: BTreeMap<&'static str, usize>,
}

#[test]
fn native_host_contracts_answer_as_the_reference_bytecode_does() {
    let reference = match Reference::find() {
        Ok(reference) => reference,
        Err(why) => {
            let required =
                env::var_os("CIPHERVM_DIFFERENTIAL").is_some_and(|value| value == "required");
            assert!(!required, "{why}");
            // Past the test harness, which shows nothing of a test that passes.
            return writeln!(io::stderr(), "skipped: {why}").expect("stderr can be written to");
        }
    };
    let calls = number("CIPHERVM_DIFFERENTIAL_CALLS").unwrap_or(CALLS);
    let seed = number("CIPHERVM_DIFFERENTIAL_SEED").unwrap_or(0) as u64;
    let genesis = World::new(&reference);
    let prologue = Plan::new(genesis, &reference);

    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);

    let tally = RefCell::new(Tally::default());
    let strategy = strategy::sequence(reference.functions.len());
    let start = Instant::now();
    while tally.borrow().calls < calls {
        let tree = strategy.new_tree(&mut runner).expect("the strategy rejects nothing");
        let test = |sequence| compare(&prologue, &sequence, &mut tally.borrow_mut());
        match runner.run_one(tree, test) {
            Ok(_) => {}
            Err(TestError::Fail(why, minimal)) => panic!("{why}\nin {minimal:#?}"),
            Err(error @ TestError::Abort(_)) => panic!("{error}"),
        }
    }
    let tally = tally.into_inner();
    println!(
        "{} calls compared in {:.1?}, {} successful",
        tally.calls,
        start.elapsed(),
        tally.successes
    );
    println!("explained by changes of the protocol: {:#?}", tally.changes);
    for (function, (calls, successes)) in &tally.functions {
        println!("{calls:7} {successes:7} {function}");
    }
    // A comparison of failures only would be worth little.
    assert!(tally.successes * 4 > tally.calls, "too few calls succeed: {tally:?}");
}

/// Runs one sequence on copies of both chains.
fn compare(prologue: &Plan, sequence: &Sequence, tally: &mut Tally) -> Result<(), TestCaseError> {
    let mut plan = prologue.clone();
    for transaction in &sequence.0 {
        plan.transaction(transaction, tally).map_err(TestCaseError::fail)?;
    }
    Ok(())
}

fn number(variable: &str) -> Option<usize> {
    let value = env::var(variable).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{variable} is no number: {value}")))
}
