//! Every function of the Solidity libraries, called by generated contracts on the reference
//! evaluator: each result is what the function promises.

mod calls;
mod contracts;
mod expected;
mod stage;

use calls::Description;
use stage::{Stage, Values};

/// Clear values, by type: plain ones, equal ones, and the ends of the ranges. Divisors are on the
/// right and not zero.
fn rounds() -> [Values; 3] {
    let wide = |seed: u8| Values::spread(seed);
    [
        Values { left: wide(0xd7), right: wide(0x35) },
        Values { left: wide(0x5b), right: wide(0x5b) },
        Values { left: Values::zeros(), right: Values::largest() },
    ]
}

fn run(description: &str) -> (usize, usize) {
    let description: Description = serde_json::from_str(description).unwrap();
    let mut called = Vec::new();
    let mut checked = 0;
    for values in rounds() {
        // Its own chain: grants, delegations and published values are all new.
        let mut stage = Stage::new();
        for contract in &description.contracts {
            checked += stage.play(contract, &values);
            called.extend(contract.runs.iter().flatten().map(|call| call.function.clone()));
        }
    }
    called.sort();
    called.dedup();
    assert_eq!(called.len(), description.functions, "functions without a call");
    (called.len(), checked)
}

#[test]
fn every_function_of_the_published_library_gives_its_value() {
    let (functions, checked) = run(include_str!("../../../solidity/artifacts/coverage-fhevm.json"));
    println!("@fhevm/solidity: {functions} functions, {checked} words checked");
}

#[test]
fn every_function_of_our_library_gives_its_value() {
    let (functions, checked) =
        run(include_str!("../../../solidity/artifacts/coverage-ciphervm.json"));
    println!("@ciphervm/solidity: {functions} functions, {checked} words checked");
}
