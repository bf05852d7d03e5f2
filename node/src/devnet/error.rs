//! Why a devnet does not do what it is asked to.

use alloy_primitives::Address;

use super::{clock::PastError, settler::SettlerError};
use crate::{chain::ChainError, journal::JournalError, pool::PoolError};

/// A devnet could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal's blocks are no chain.
    #[error(
        "the journal's blocks are no chain: {0}; restore the data directory from a backup, or \
         delete it to start over"
    )]
    Inconsistent(String),
    /// The system gives no thread.
    #[error("no thread for evaluation: {0}")]
    Thread(#[from] std::io::Error),
    /// The coprocessor's key is not one.
    #[error(transparent)]
    Input(#[from] ciphervm::error::InputError),
}

/// A devnet refuses, or fails.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevnetError {
    /// The pool does not take a transaction.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// A transaction cannot be in the block that was to be made for it.
    #[error("transaction refused: {0}")]
    Refused(String),
    /// A block cannot be made.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The chain cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Evaluation is too far behind, or failed.
    #[error(transparent)]
    Settler(#[from] SettlerError),
    /// The ciphertexts of a block could not be computed, so it was not sealed.
    #[error("the block was not sealed: {0}")]
    Settlement(#[from] ciphervm::error::SettlementError),
    /// A time that no block can have.
    #[error(transparent)]
    Past(#[from] PastError),
    /// More blocks at once than is sensible.
    #[error("{count} blocks at once are more than the limit of {limit}")]
    TooManyBlocks {
        /// How many were asked for.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// A nonce cannot be lowered: a hash would be that of two transactions.
    #[error(
        "the nonce of {address} is {current}, and cannot be lowered to {nonce}: go back to a \
         snapshot instead (evm_snapshot, evm_revert)"
    )]
    LowerNonce {
        /// The account.
        address: Address,
        /// Its nonce.
        current: u64,
        /// The one asked for.
        nonce: u64,
    },
    /// An empty account is no account (EIP-161).
    #[error("{0} has no storage, for it is an empty account: give it code first (hardhat_setCode)")]
    NoStorage(Address),
    /// There is nobody to sign.
    #[error(
        "no key for {0}: it is none of the devnet's accounts, and it is not impersonated \
         (hardhat_impersonateAccount)"
    )]
    NoSigner(Address),
}
