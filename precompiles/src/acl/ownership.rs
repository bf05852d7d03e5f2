//! Who owns the list, and with it all host contracts. Ownership passes in two steps: the owner
//! nominates, and the nominated account accepts.

use alloy_primitives::{Address, B256, U256};

use super::Field;
use crate::{
    calldata::Arguments,
    errors::AclErrors,
    frame::{Abort, Frame, Outcome},
    interface::Acl,
};

/// The owner. Zero after the owner renounced.
pub(crate) fn owner(frame: &mut Frame<'_>) -> Outcome<Address> {
    account(frame, Field::Owner)
}

/// Who may accept ownership. Zero if nobody was nominated.
pub(super) fn pending_owner(frame: &mut Frame<'_>) -> Outcome<Address> {
    account(frame, Field::PendingOwner)
}

/// `transferOwnership`: nominates any account. The zero address takes a nomination back.
pub(super) fn nominate(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let new_owner = arguments.address(0)?;
    require_owner(frame)?;
    set(frame, Field::PendingOwner, new_owner)?;
    frame.emit(
        frame.config().addresses.acl,
        &Acl::OwnershipTransferStarted { previousOwner: frame.caller(), newOwner: new_owner },
    )
}

/// `acceptOwnership`: by the nominated account.
pub(super) fn accept(frame: &mut Frame<'_>) -> Outcome {
    let caller = frame.caller();
    if pending_owner(frame)? != caller {
        return Err(Abort::revert(AclErrors::OwnableUnauthorizedAccount { account: caller }));
    }
    transfer(frame, caller)
}

/// `renounceOwnership`: by the owner, for ever. A nomination ends with it.
pub(super) fn renounce(frame: &mut Frame<'_>) -> Outcome {
    require_owner(frame)?;
    transfer(frame, Address::ZERO)
}

/// Refuses every caller but the owner.
pub(super) fn require_owner(frame: &mut Frame<'_>) -> Outcome {
    let caller = frame.caller();
    if owner(frame)? != caller {
        return Err(Abort::revert(AclErrors::OwnableUnauthorizedAccount { account: caller }));
    }
    Ok(())
}

fn transfer(frame: &mut Frame<'_>, new_owner: Address) -> Outcome {
    set(frame, Field::PendingOwner, Address::ZERO)?;
    let previous = owner(frame)?;
    set(frame, Field::Owner, new_owner)?;
    frame.emit(
        frame.config().addresses.acl,
        &Acl::OwnershipTransferred { previousOwner: previous, newOwner: new_owner },
    )
}

fn account(frame: &mut Frame<'_>, field: Field) -> Outcome<Address> {
    let word = frame.sload(field.slot(frame))?;
    Ok(Address::from_word(B256::from(word)))
}

fn set(frame: &mut Frame<'_>, field: Field, account: Address) -> Outcome {
    let slot = field.slot(frame);
    frame.sstore(slot, U256::from_be_bytes(account.into_word().0))
}
