//! Pause and the deny list.

use alloy_primitives::U256;

use super::{Field, is_denied, ownership::require_owner};
use crate::{
    calldata::Arguments,
    errors::AclErrors,
    frame::{Abort, Frame, Outcome},
    interface::Acl,
    layout, pauser_set,
};

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

/// `pause`: by an account in the set of pausers.
pub(super) fn pause(frame: &mut Frame<'_>) -> Outcome {
    let account = frame.caller();
    if !pauser_set::contains(frame, account)? {
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
