//! Compiled contracts.

use alloy_primitives::Bytes;
use anyhow::{Context, Result};
use serde::Deserialize;

/// A contract as the `solidity` package's compile script writes it.
#[derive(Clone, Debug, Deserialize)]
pub struct Artifact {
    /// Creation code.
    pub bytecode: Bytes,
}

impl Artifact {
    /// The OpenZeppelin ERC-7984 token with a mint, compiled into the binary.
    ///
    /// # Errors
    /// If the committed artifact is damaged.
    pub fn confidential_token() -> Result<Self> {
        Self::parse(include_str!("../../solidity/artifacts/ConfidentialToken.json"))
    }

    /// Reads an artifact file's text.
    ///
    /// # Errors
    /// If it is not JSON with a `bytecode`.
    pub fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("a contract artifact cannot be read")
    }
}
