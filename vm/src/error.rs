//! Errors.

use std::sync::Arc;

use ciphervm_fhe::{CiphertextError, EvaluationError, Handle, StoreError};
use ciphervm_precompiles::RecordError;

/// A transaction could not be executed at all, or the machine failed. A revert is no error: it is
/// an [`Outcome`](crate::Outcome).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutionError {
    /// The transaction is not valid, such as one that cannot pay for its gas.
    #[error("transaction refused: {0}")]
    Invalid(String),
    /// The machine failed: a bug, or a broken database.
    #[error("execution failed: {0}")]
    Fatal(String),
}

/// A block could not be settled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettlementError {
    /// The block's logs do not make sense.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A value that a proof carries in the clear cannot be encrypted.
    #[error(transparent)]
    Input(#[from] CiphertextError),
    /// Evaluation failed.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// Some ciphertext could not be computed.
    #[error("{handle} has no ciphertext: {cause}")]
    Failed {
        /// Its handle.
        handle: Handle,
        /// Why: an error of this or of what it depends on.
        cause: Arc<EvaluationError>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An input was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The list of ciphertexts is not well formed.
    #[error(transparent)]
    Ciphertext(#[from] CiphertextError),
    /// There is nothing here that could check a proof.
    #[error(
        "this evaluator has no keys, so it takes no encrypted inputs with proofs: use the \
         evaluator on real ciphertexts"
    )]
    NoKeys,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The signing key is not a valid secp256k1 key.
    #[error("the coprocessor's signing key is not a valid secp256k1 secret key")]
    SigningKey,
}
