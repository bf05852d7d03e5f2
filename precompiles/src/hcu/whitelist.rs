//! Contracts whose operations are not charged to the block.

use alloy_primitives::{Address, U256};

use super::Field;
use crate::{
    calldata::Arguments,
    errors::HcuErrors,
    frame::{Abort, Frame, Outcome, Slot},
    interface::HcuLimit,
    layout,
    upgrade::require_host_owner,
};

/// Whether `account` is exempt.
pub(super) fn contains(frame: &mut Frame<'_>, account: Address) -> Outcome<bool> {
    let slot = slot(frame, account)?;
    Ok(!frame.sload(slot)?.is_zero())
}

/// `addToBlockHCUWhitelist`: by the owner.
pub(super) fn add(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let account = arguments.address(0)?;
    require_host_owner(frame)?;
    if contains(frame, account)? {
        return Err(Abort::revert(HcuErrors::AlreadyBlockHCUWhitelisted { account }));
    }
    let slot = slot(frame, account)?;
    frame.sstore(slot, U256::ONE)?;
    let meter = frame.config().addresses.hcu_limit;
    frame.emit(meter, &HcuLimit::BlockHCUWhitelistAdded { account })
}

/// `removeFromBlockHCUWhitelist`: by the owner.
pub(super) fn remove(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let account = arguments.address(0)?;
    require_host_owner(frame)?;
    if !contains(frame, account)? {
        return Err(Abort::revert(HcuErrors::NotBlockHCUWhitelisted { account }));
    }
    let slot = slot(frame, account)?;
    frame.sstore(slot, U256::ZERO)?;
    let meter = frame.config().addresses.hcu_limit;
    frame.emit(meter, &HcuLimit::BlockHCUWhitelistRemoved { account })
}

fn slot(frame: &mut Frame<'_>, account: Address) -> Outcome<Slot> {
    frame.entry(Field::Whitelist.slot(frame), layout::key(account))
}
