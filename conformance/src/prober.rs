//! The contract that makes the calls it is told to make: `solidity/contracts/Prober.sol`.

use std::sync::LazyLock;

use alloy_primitives::Bytes;
use alloy_sol_types::sol;
use serde::Deserialize;

sol! {
    /// A call that a prober makes.
    #[derive(Debug)]
    struct Step {
        /// Zero is a call, one a static call, two a delegate call.
        uint8 kind;
        /// Whom.
        address target;
        /// With how many wei.
        uint256 value;
        /// With how much gas, or zero for all there is.
        uint256 gasLimit;
        /// With what.
        bytes data;
        /// Words of earlier calls' results to put in first: an offset times 2^128, and a number.
        uint256[] patches;
        /// Offsets of words to take out of the result.
        uint256[] takes;
    }

    /// Makes calls.
    function run(Step[] steps) external payable returns (bytes32[] words, bytes[] outcomes);
    /// Makes calls, and reverts with what came of them.
    function runAndUndo(Step[] steps) external payable;
    /// What came of calls.
    event Ran(bytes32[] words, bytes[] outcomes);
    /// What came of calls that are undone.
    error Undone(bytes32[] words, bytes[] outcomes);
}

/// Gas of a static call: one that tries to write loses all of it.
pub const STATIC_GAS: u64 = 300_000;

#[derive(Deserialize)]
struct Artifact {
    bytecode: Bytes,
}

static CODE: LazyLock<Bytes> = LazyLock::new(|| {
    let text = include_str!("../../solidity/artifacts/Prober.json");
    let artifact: Artifact = serde_json::from_str(text).expect("the artifact is part of the build");
    artifact.bytecode
});

/// What a deployment sends.
pub fn creation_code() -> Bytes {
    CODE.clone()
}
