//! Errors.

use std::path::PathBuf;

use alloy_primitives::B256;
use ciphervm_fhe::{CiphertextError, KeyError};

/// A key directory cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The directory exists and is not to be overwritten.
    #[error("{0} holds keys already; remove the directory first, or choose another")]
    Exists(PathBuf),
    /// There is no keyset.
    #[error("{0} holds no keyset (no manifest.json); generate one, or name another directory")]
    Missing(PathBuf),
    /// The manifest cannot be read.
    #[error("{path} is not a key manifest of this version: {reason}; generate a new keyset")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Others may read the secret key.
    #[error("{path} has permissions {mode:o}, and others could read it; run: chmod 600 {path}")]
    Permissions {
        /// The secret key's file.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    Randomness(String),
    /// Key generation failed.
    #[error("key generation failed: {0}")]
    Generation(String),
    /// A key file cannot be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no home for the key cache.
    #[error("no place for the key cache: set CIPHERVM_CACHE to a directory")]
    NoCache,
}

/// A value cannot be decrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptionError {
    /// The ciphertext is not under these keys.
    #[error("the ciphertext is of engine class {found}, these keys decrypt class {expected}")]
    EngineClass {
        /// The ciphertext's class.
        found: B256,
        /// The class of these keys.
        expected: B256,
    },
    /// The bytes are not a ciphertext.
    #[error(transparent)]
    Ciphertext(#[from] CiphertextError),
}
