//! The meter for homomorphic work.

use alloy_sol_types::SolError;
use ciphervm_precompiles::{HcuErrors, HcuLimits};
use indicatif::HumanCount;

use super::Context;

/// Homomorphic work in HCU up to the operation that was refused, which is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HcuContext {
    /// Of the transaction.
    pub used: u64,
    /// Of the most expensive chain of operations in the transaction that it would have continued.
    pub depth: u64,
    /// Of the block, this transaction included.
    pub block: u64,
    /// The limits that hold.
    pub limits: HcuLimits,
}

/// The numbers that the errors of limits do not carry.
pub(super) fn numbers(data: &[u8], context: &Context<'_>) -> Option<String> {
    let HcuContext { used, depth, block, limits } = context.hcu?;
    let (used, limit) = match *data.first_chunk()? {
        HcuErrors::HCUTransactionLimitExceeded::SELECTOR => (used, limits.per_tx),
        HcuErrors::HCUTransactionDepthLimitExceeded::SELECTOR => (depth, limits.depth_per_tx),
        HcuErrors::HCUBlockLimitExceeded::SELECTOR => (block, limits.per_block),
        _ => return None,
    };
    let (used, limit) = (HumanCount(used), HumanCount(limit));
    Some(format!("{used} of {limit} HCU were used before the operation that was refused"))
}

super::errors! { HcuErrors::HcuErrorsErrors {
    CallerMustBeFHEVMExecutorContract() =>
        "only the executor may charge for operations",
        "call the executor, which charges by itself";
    HCUBlockLimitExceeded() =>
        "the block's operations would cost more HCU than a block may",
        "send the transaction again for the next block, or have the owner exempt the contract with \
         addToBlockHCUWhitelist";
    HCUTransactionLimitExceeded() =>
        "the transaction's operations would cost more HCU than a transaction may",
        "split the work over several transactions, use narrower types, and scalars where a value \
         is public";
    HCUTransactionDepthLimitExceeded() =>
        "a chain of operations that wait for each other would cost more HCU than a chain may",
        "combine values as a balanced tree instead of one after the other, or continue in another \
         transaction";
    InvalidZeroHandle() =>
        "an operand is the zero handle: a variable that was never set",
        "set the variable first, such as with FHE.asEuint64(0)";
    UnsupportedOperation() =>
        "the operation has no price for this type",
        "convert the operand to a type that has the operation";
    OnlyScalarOperationsAreSupported() =>
        "the operation has no price for encrypted operands at this place",
        "pass a clear value there";
    AlreadyBlockHCUWhitelisted(account) =>
        "the account is exempt from the block's limit already",
        "leave the call out";
    NotBlockHCUWhitelisted(account) =>
        "the account is not exempt from the block's limit",
        "leave the call out, or check the address";
    HCUPerBlockBelowMaxPerTx() =>
        "a block's limit would be below a transaction's",
        "lower the transaction's limit first, or choose a higher limit for blocks";
    MaxHCUPerTxBelowDepth() =>
        "a transaction's limit would be below that of a chain of operations",
        "lower the depth's limit first, or choose a higher limit for transactions";
}}
