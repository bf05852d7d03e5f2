//! Owner, pausers and the deny list.

use alloy_primitives::{Address, B256, U256};

use super::{Field, is_denied};
use crate::{
    calldata::Arguments,
    errors::AclErrors,
    frame::{Abort, Frame, Outcome},
    interface::Acl,
    layout,
};

/// The account in `field`.
pub(super) fn account(frame: &mut Frame<'_>, field: Field) -> Outcome<Address> {
    let word = frame.sload(field.slot(frame))?;
    Ok(Address::from_word(B256::from(word)))
}

/// Whether grants are paused.
pub(super) fn is_paused(frame: &mut Frame<'_>) -> Outcome<bool> {
    Ok(!frame.sload(Field::Paused.slot(frame))?.is_zero())
}

pub(super) fn require_not_paused(frame: &mut Frame<'_>) -> Outcome {
    if is_paused(frame)? {
        return Err(Abort::revert(AclErrors::EnforcedPause {}));
    }
    Ok(())
}

/// `pause`: by a pauser. There is no separate contract that lists pausers; the list is here.
pub(super) fn pause(frame: &mut Frame<'_>) -> Outcome {
    let account = frame.caller();
    let pauser = frame.entry(Field::Pausers.slot(frame), layout::key(account))?;
    if frame.sload(pauser)?.is_zero() {
        return Err(Abort::revert(AclErrors::NotPauser { account }));
    }
    require_not_paused(frame)?;
    frame.sstore(Field::Paused.slot(frame), U256::ONE)?;
    frame.emit(frame.config().addresses.acl, &Acl::Paused { account })
}

/// `unpause`: by the owner.
pub(super) fn unpause(frame: &mut Frame<'_>) -> Outcome {
    require_owner(frame)?;
    if !is_paused(frame)? {
        return Err(Abort::revert(AclErrors::ExpectedPause {}));
    }
    frame.sstore(Field::Paused.slot(frame), U256::ZERO)?;
    let account = frame.caller();
    frame.emit(frame.config().addresses.acl, &Acl::Unpaused { account })
}

/// `blockAccount` and `unblockAccount`: by the owner.
pub(super) fn set_denied(frame: &mut Frame<'_>, arguments: Arguments<'_>, denied: bool) -> Outcome {
    let account = arguments.address(0)?;
    require_owner(frame)?;
    if is_denied(frame, account)? == denied {
        return Err(if denied {
            Abort::revert(AclErrors::AccountAlreadyBlocked { account })
        } else {
            Abort::revert(AclErrors::AccountNotBlocked { account })
        });
    }
    let slot = frame.entry(Field::Denied.slot(frame), layout::key(account))?;
    frame.sstore(slot, U256::from(denied))?;
    let acl = frame.config().addresses.acl;
    if denied {
        frame.emit(acl, &Acl::BlockedAccount { account })
    } else {
        frame.emit(acl, &Acl::UnblockedAccount { account })
    }
}

fn require_owner(frame: &mut Frame<'_>) -> Outcome {
    let caller = frame.caller();
    if account(frame, Field::Owner)? != caller {
        return Err(Abort::revert(AclErrors::OwnableUnauthorizedAccount { account: caller }));
    }
    Ok(())
}
