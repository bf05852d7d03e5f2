//! The contract that makes the calls: `solidity/contracts/Prober.sol`.

use std::sync::LazyLock;

use alloy_primitives::Bytes;
use serde::Deserialize;

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
pub(crate) fn creation_code() -> Bytes {
    CODE.clone()
}
