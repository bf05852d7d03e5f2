//! Prices, and the meter of one call.

use std::sync::LazyLock;

use revm::{context_interface::cfg::gas_params::GasParams, primitives::hardfork::SpecId};

use super::Abort;

/// Gas prices of the EVM operations that a host contract performs.
///
/// Storage, transient storage, logs and hashing cost what the opcodes cost. The table is that of
/// Prague and Osaka, whatever the chain's own rules: a precompile is not told the fork.
pub(crate) static PRICES: LazyLock<GasParams> =
    LazyLock::new(|| GasParams::new_spec(SpecId::PRAGUE));

/// `TLOAD` and `TSTORE` (EIP-1153).
pub(crate) const TRANSIENT: u64 = 100;
/// `SLOAD` of a slot that the transaction has touched (EIP-2929).
pub(crate) const SLOAD_WARM: u64 = 100;
/// `SLOAD` of a slot that the transaction has not touched (EIP-2929).
pub(crate) const SLOAD_COLD: u64 = 2100;
/// `SSTORE` with no more gas than this fails (EIP-2200).
pub(crate) const SSTORE_SENTRY: u64 = 2300;
/// `LOG` before topics and data, and per topic.
pub(crate) const LOG: u64 = 375;
/// `KECCAK256` before its words.
pub(crate) const KECCAK: u64 = 30;
/// The `ecrecover` precompile.
pub(crate) const ECRECOVER: u64 = 3000;
/// A call to a warm address (EIP-2929).
pub(crate) const CALL: u64 = 100;
/// An operation, for what it makes the node do after the call: its log is read back, its node is
/// put into the transaction's graph, ordered, and its result is entered where settlement finds it.
///
/// HCU do not stand for this work: they count bootstraps, and `fheNot` on a Bool has a price of 2.
/// Reading a log back into a node takes a third of a microsecond; ordering, pruning and the entry
/// at settlement are of the same kind. At a hundred million gas a second the constant buys ten
/// microseconds.
pub(crate) const OPERATION: u64 = 1_000;
/// An encrypted operand of an operation: an edge of the graph, followed when results are ordered
/// and when those that nothing needs are dropped.
pub(crate) const OPERAND: u64 = 50;

/// Gas used and refunded by one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    limit: u64,
    remaining: u64,
    pub(super) refund: i64,
}

impl Meter {
    pub(super) const fn new(limit: u64) -> Self {
        Self { limit, remaining: limit, refund: 0 }
    }

    pub(super) const fn remaining(&self) -> u64 {
        self.remaining
    }

    pub(super) const fn used(&self) -> u64 {
        self.limit - self.remaining
    }

    pub(super) fn charge(&mut self, gas: u64) -> Result<(), Abort> {
        self.remaining = self.remaining.checked_sub(gas).ok_or(Abort::OutOfGas)?;
        Ok(())
    }
}
