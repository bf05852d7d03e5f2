//! The HCU meter: limits how much homomorphic work a block, a transaction, and a chain of
//! dependent operations in a transaction may ask for.
//!
//! Every comparison is "more than the limit". What a transaction used, and how deep each of its
//! results is, lives in the meter's transient storage: slot 0 holds the sum, and the slot of each
//! handle its depth. A handle from an earlier transaction, or from an input, has depth 0.

mod checks;
mod limits;
mod meter;
mod reading;
mod whitelist;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use crate::{
    HcuLimitsError, HostAddresses, calldata,
    frame::{Frame, Outcome, Slot},
    interface::HcuLimit,
    layout, upgrade,
};

pub(crate) use meter::{Work, charge};
pub use reading::HcuReading;

/// The version string of protocol 0.13.
const VERSION: &str = "HCULimit v0.3.0";

/// The low 48 bits, the width of limits and of block numbers here.
const UINT48: u64 = (1 << 48) - 1;

/// Limits on homomorphic work, in HCU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HcuLimits {
    /// Per block. The largest 48-bit number switches the limit off.
    pub per_block: u64,
    /// For the most expensive chain of dependent operations in a transaction.
    pub depth_per_tx: u64,
    /// Per transaction.
    pub per_tx: u64,
}

impl Default for HcuLimits {
    /// The limits of every public deployment: 20 million a transaction, 5 million deep, and no
    /// limit on blocks.
    fn default() -> Self {
        Self { per_block: UINT48, depth_per_tx: 5_000_000, per_tx: 20_000_000 }
    }
}

impl HcuLimits {
    /// The limits as they are, if the owner of the meter could set them. [`genesis`](crate::genesis)
    /// does not ask.
    ///
    /// # Errors
    /// If one does not fit the meter, a transaction may use less than a chain of operations in it,
    /// or a block less than a transaction in it.
    pub fn check(self) -> Result<Self, HcuLimitsError> {
        let Self { per_block, depth_per_tx, per_tx } = self;
        for limit in [per_block, depth_per_tx, per_tx] {
            if limit > UINT48 {
                return Err(HcuLimitsError::TooLarge { limit, largest: UINT48 });
            }
        }
        if per_tx < depth_per_tx {
            return Err(HcuLimitsError::TransactionBelowDepth { depth_per_tx, per_tx });
        }
        if per_block < per_tx {
            return Err(HcuLimitsError::BlockBelowTransaction { per_tx, per_block });
        }
        Ok(self)
    }

    /// The limits in a state, whose slots `storage` reads.
    pub fn in_state(hosts: &HostAddresses, storage: impl Fn(Address, U256) -> U256) -> Self {
        let account = hosts.hcu_limit;
        let limit = |field: Field| meter::uint48(storage(account, field.of(account).key));
        Self {
            per_block: limit(Field::PerBlock),
            depth_per_tx: limit(Field::DepthPerTx),
            per_tx: limit(Field::PerTx),
        }
    }
}

/// Fields of the contract's storage, in order.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
enum Field {
    /// `uint48`
    PerBlock,
    /// `uint48`
    DepthPerTx,
    /// `uint48`
    PerTx,
    /// `(uint48 blockNumber, uint48 used)`, from the low end.
    BlockMeter,
    /// `mapping(address account => bool)`
    Whitelist,
}

impl Field {
    fn of(self, account: Address) -> Slot {
        layout::namespace(account, "HCULimit").offset(self as u64)
    }

    fn slot(self, frame: &Frame<'_>) -> Slot {
        self.of(frame.config().addresses.hcu_limit)
    }
}

/// The storage that sets `limits`.
pub(crate) fn genesis(account: Address, limits: HcuLimits) -> Vec<(Slot, U256)> {
    [
        (Field::PerBlock, limits.per_block),
        (Field::DepthPerTx, limits.depth_per_tx),
        (Field::PerTx, limits.per_tx),
    ]
    .map(|(field, limit)| (field.of(account), U256::from(limit.min(UINT48))))
    .into()
}

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    let done = |(): ()| Bytes::new();
    let limit = |frame: &mut Frame<'_>, field| {
        limits::get(frame, field).map(|limit| limit.abi_encode().into())
    };
    match selector {
        HcuLimit::getGlobalHCUCapPerBlockCall::SELECTOR => limit(frame, Field::PerBlock),
        HcuLimit::getMaxHCUDepthPerTxCall::SELECTOR => limit(frame, Field::DepthPerTx),
        HcuLimit::getMaxHCUPerTxCall::SELECTOR => limit(frame, Field::PerTx),
        HcuLimit::isBlockHCUWhitelistedCall::SELECTOR => {
            let account = arguments.address(0)?;
            whitelist::contains(frame, account).map(|listed| listed.abi_encode().into())
        }
        HcuLimit::getBlockMeterCall::SELECTOR => {
            meter::block_meter(frame).map(|meter| meter.abi_encode().into())
        }
        HcuLimit::getFHEVMExecutorAddressCall::SELECTOR => {
            Ok(frame.config().addresses.executor.abi_encode().into())
        }
        HcuLimit::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        HcuLimit::setHCUPerBlockCall::SELECTOR => limits::set_per_block(frame, arguments).map(done),
        HcuLimit::setMaxHCUDepthPerTxCall::SELECTOR => {
            limits::set_depth_per_tx(frame, arguments).map(done)
        }
        HcuLimit::setMaxHCUPerTxCall::SELECTOR => limits::set_per_tx(frame, arguments).map(done),
        HcuLimit::addToBlockHCUWhitelistCall::SELECTOR => {
            whitelist::add(frame, arguments).map(done)
        }
        HcuLimit::removeFromBlockHCUWhitelistCall::SELECTOR => {
            whitelist::remove(frame, arguments).map(done)
        }
        HcuLimit::initializeFromEmptyProxyCall::SELECTOR => {
            for limit in 0..3 {
                arguments.uint48(limit)?;
            }
            upgrade::refuse_initialization()
        }
        HcuLimit::reinitializeV4Call::SELECTOR => upgrade::refuse_reinitialization(),
        selector => match checks::operation(selector) {
            Some(op) => checks::check(frame, op, arguments).map(done),
            None => upgrade::call(frame, selector, arguments, upgrade::require_host_owner),
        },
    }
}
