//! Errors of the chain.

use alloy_primitives::B256;

/// A block could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A block cannot be older than its parent, or as old.
    #[error("timestamp {timestamp} is not after the last block's, {parent}")]
    Timestamp {
        /// The timestamp asked for.
        timestamp: u64,
        /// The parent's.
        parent: u64,
    },
    /// The chain has no such block.
    #[error("block {number} does not exist: the last block is {last}")]
    UnknownBlock {
        /// The block asked for.
        number: u64,
        /// The last block.
        last: u64,
    },
    /// A block does not continue the chain.
    #[error("block {number} with hash {hash} does not follow the last block")]
    Gap {
        /// Its number.
        number: u64,
        /// Its hash.
        hash: B256,
    },
    /// The machine failed: a bug.
    #[error("execution failed: {0}")]
    Execution(String),
}
