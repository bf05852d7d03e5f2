//! Why a transaction is refused.

use alloy_primitives::{Address, U256};

/// The pool does not take a transaction. The messages begin as geth's do, because clients look for
/// these words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The pool has this very transaction.
    #[error("already known")]
    AlreadyKnown,
    /// The sender has used the nonce.
    #[error("nonce too low: next nonce {next}, tx nonce {nonce}")]
    NonceTooLow {
        /// The sender's nonce.
        next: u64,
        /// The transaction's.
        nonce: u64,
    },
    /// Too many transactions are missing before this one.
    #[error(
        "nonce too high: next nonce {next}, tx nonce {nonce}, at most {limit} ahead can wait; \
         send those between first"
    )]
    NonceTooHigh {
        /// The nonce that the sender's next transaction should have.
        next: u64,
        /// The transaction's.
        nonce: u64,
        /// How far ahead it may be.
        limit: u64,
    },
    /// A nonce that no transaction may have (EIP-2681).
    #[error("nonce has max value: tx nonce {}", u64::MAX)]
    NonceMax,
    /// There is a transaction with this nonce, and this one does not pay enough to take its place.
    #[error(
        "replacement transaction underpriced: max fee per gas must be at least {max_fee}, max \
         priority fee per gas at least {tip}, max fee per blob gas at least {max_blob_fee}"
    )]
    ReplacementUnderpriced {
        /// What would do, in wei per gas.
        max_fee: u128,
        /// What would do, in wei per gas.
        tip: u128,
        /// What would do, in wei per blob gas: 0 if no blob transaction is replaced.
        max_blob_fee: u128,
    },
    /// The sender cannot pay for it.
    #[error(
        "insufficient funds for gas * price + value: address {address} have {have} want {want}"
    )]
    InsufficientFunds {
        /// The sender.
        address: Address,
        /// Its balance in wei.
        have: U256,
        /// What the transaction may cost, in wei.
        want: U256,
    },
    /// Less gas than a transaction uses before it begins.
    #[error("intrinsic gas too low: have {have}, want {want}")]
    IntrinsicGas {
        /// The gas limit.
        have: u64,
        /// The least that would do.
        want: u64,
    },
    /// Less gas than its calldata costs whatever it does (EIP-7623).
    #[error("insufficient gas for floor data gas cost: have {have}, want {want}")]
    FloorGas {
        /// The gas limit.
        have: u64,
        /// The least that would do.
        want: u64,
    },
    /// It fits into no block.
    #[error("exceeds block gas limit: have {have}, limit {limit}")]
    GasLimit {
        /// The gas limit.
        have: u64,
        /// The block's.
        limit: u64,
    },
    /// The tip is part of the fee, and cannot be more.
    #[error("max priority fee per gas higher than max fee per gas: tip {tip}, fee {max_fee}")]
    TipAboveMaxFee {
        /// The highest tip, in wei per gas.
        tip: u128,
        /// The highest fee, in wei per gas.
        max_fee: u128,
    },
    /// It is for another chain.
    #[error("invalid chain id for signer: have {have} want {want}")]
    ChainId {
        /// The transaction's.
        have: u64,
        /// This chain's.
        want: u64,
    },
    /// Too much code to deploy (EIP-3860).
    #[error("max initcode size exceeded: code size {have}, limit {limit}")]
    InitcodeSize {
        /// Its length in bytes.
        have: usize,
        /// The longest that would do.
        limit: usize,
    },
    /// A blob transaction must have blobs (EIP-4844).
    #[error("blob transaction missing blob hashes")]
    NoBlobs,
    /// It fits into no block (EIP-7691).
    #[error("too many blobs in transaction: have {have}, limit {limit}")]
    TooManyBlobs {
        /// How many it has.
        have: u64,
        /// How many a block can have.
        limit: u64,
    },
    /// The hash of a blob is not one of a KZG commitment (EIP-4844).
    #[error("blob {index} has invalid hash version")]
    BlobVersion {
        /// Which one.
        index: usize,
    },
    /// A set-code transaction must have authorizations (EIP-7702).
    #[error("EIP-7702 transaction with empty auth list")]
    NoAuthorizations,
    /// There is no room.
    #[error(
        "txpool is full: mine a block or drop transactions, it has {transactions} of {bytes} bytes"
    )]
    Full {
        /// How many transactions the pool has.
        transactions: usize,
        /// Their size in bytes.
        bytes: usize,
    },
}
