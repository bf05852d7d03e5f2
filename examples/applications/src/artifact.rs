//! Compiled contracts, from `solidity/artifacts`.

use alloy_primitives::Bytes;
use anyhow::{Context, Result};
use serde::Deserialize;

#[derive(Deserialize)]
struct Artifact {
    bytecode: Bytes,
}

/// The creation code in an artifact's text.
///
/// # Errors
/// If it is not JSON with a `bytecode`.
pub(crate) fn creation_code(text: &str) -> Result<Bytes> {
    let artifact: Artifact =
        serde_json::from_str(text).context("a contract artifact cannot be read")?;
    Ok(artifact.bytecode)
}

/// The text of a committed artifact, compiled in.
macro_rules! artifact {
    ($name:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../solidity/artifacts/",
            $name,
            ".json"
        ))
    };
}

pub(crate) use artifact;
