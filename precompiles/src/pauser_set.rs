//! The set of accounts that may pause the access control list.
//!
//! There is one set, at one address. At the alias, where it was before protocol 0.13, the same set
//! answers; its events come from the main address.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent, SolValue};

use crate::{
    calldata,
    errors::PauserErrors,
    frame::{Abort, Frame, Outcome, Slot},
    interface::PauserSet,
    layout,
    upgrade::require_host_owner,
};

const VERSION: &str = "PauserSet v0.1.0";

/// `mapping(address account => bool)`: the only field of the contract's storage.
fn pausers(pauser_set: Address) -> Slot {
    layout::namespace(pauser_set, "PauserSet")
}

/// The storage that makes `pauser` the only one.
pub(crate) fn genesis(pauser_set: Address, pauser: Address) -> Vec<(Slot, U256)> {
    vec![(pausers(pauser_set).entry(layout::key(pauser)), U256::ONE)]
}

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    match selector {
        PauserSet::isPauserCall::SELECTOR => {
            let account = arguments.address(0)?;
            contains(frame, account).map(|pauses| pauses.abi_encode().into())
        }
        PauserSet::addPauserCall::SELECTOR => {
            let account = arguments.address(0)?;
            require_host_owner(frame)?;
            require_not_null(&[account])?;
            require_absent(frame, account)?;
            set(frame, account, true)?;
            emit(frame, &PauserSet::AddPauser { account })
        }
        PauserSet::removePauserCall::SELECTOR => {
            let account = arguments.address(0)?;
            require_host_owner(frame)?;
            require_not_null(&[account])?;
            require_present(frame, account)?;
            set(frame, account, false)?;
            emit(frame, &PauserSet::RemovePauser { account })
        }
        PauserSet::swapPauserCall::SELECTOR => {
            let (old, new) = (arguments.address(0)?, arguments.address(1)?);
            require_host_owner(frame)?;
            require_not_null(&[old, new])?;
            require_present(frame, old)?;
            require_absent(frame, new)?;
            set(frame, old, false)?;
            set(frame, new, true)?;
            emit(frame, &PauserSet::SwapPauser { oldAccount: old, newAccount: new })
        }
        PauserSet::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        _ => Err(Abort::empty()),
    }
}

/// Whether `account` may pause.
pub(crate) fn contains(frame: &mut Frame<'_>, account: Address) -> Outcome<bool> {
    let slot = slot(frame, account)?;
    Ok(!frame.sload(slot)?.is_zero())
}

fn set(frame: &mut Frame<'_>, account: Address, pauses: bool) -> Outcome {
    let slot = slot(frame, account)?;
    frame.sstore(slot, U256::from(pauses))
}

fn slot(frame: &mut Frame<'_>, account: Address) -> Outcome<Slot> {
    frame.entry(pausers(frame.config().addresses.pauser_set), layout::key(account))
}

fn emit(frame: &mut Frame<'_>, event: &impl SolEvent) -> Outcome<Bytes> {
    frame.emit(frame.config().addresses.pauser_set, event).map(|()| Bytes::new())
}

fn require_not_null(accounts: &[Address]) -> Outcome {
    if accounts.contains(&Address::ZERO) {
        return Err(Abort::revert(PauserErrors::InvalidNullPauser {}));
    }
    Ok(())
}

fn require_absent(frame: &mut Frame<'_>, account: Address) -> Outcome {
    if contains(frame, account)? {
        return Err(Abort::revert(PauserErrors::AccountAlreadyPauser { account }));
    }
    Ok(())
}

fn require_present(frame: &mut Frame<'_>, account: Address) -> Outcome {
    if !contains(frame, account)? {
        return Err(Abort::revert(PauserErrors::AccountNotPauser { account }));
    }
    Ok(())
}
