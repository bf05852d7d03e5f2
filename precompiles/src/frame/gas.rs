//! Prices, and the meter of one call.

use std::sync::LazyLock;

use revm::{context_interface::cfg::gas_params::GasParams, primitives::hardfork::SpecId};

use super::Abort;

/// Gas prices of the EVM operations that a host contract performs.
///
/// Storage, transient storage, logs and hashing cost what the opcodes cost. The table is that of
/// Prague and Osaka, whatever the chain's own rules: a precompile is not told the fork.
pub(super) static PRICES: LazyLock<GasParams> =
    LazyLock::new(|| GasParams::new_spec(SpecId::PRAGUE));

/// `TLOAD` and `TSTORE` (EIP-1153).
pub(super) const TRANSIENT: u64 = 100;
/// `SLOAD` of a slot that the transaction has touched (EIP-2929).
pub(super) const SLOAD_WARM: u64 = 100;
/// `SLOAD` of a slot that the transaction has not touched (EIP-2929).
pub(super) const SLOAD_COLD: u64 = 2100;
/// `SSTORE` with no more gas than this fails (EIP-2200).
pub(super) const SSTORE_SENTRY: u64 = 2300;
/// `LOG` before topics and data, and per topic.
pub(super) const LOG: u64 = 375;
/// `KECCAK256` before its words.
pub(super) const KECCAK: u64 = 30;
/// The `ecrecover` precompile.
pub(super) const ECRECOVER: u64 = 3000;
/// A call to a warm address (EIP-2929).
pub(super) const CALL: u64 = 100;

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
