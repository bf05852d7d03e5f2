//! Grants: persistent, transient, and to everybody for decryption.

use alloy_primitives::{Address, B256, U256};
use ciphervm_fhe::Handle;

use super::{Field, admin::require_not_paused, is_denied};
use crate::{
    calldata::Arguments,
    errors::AclErrors,
    frame::{Abort, Frame, Outcome, Slot},
    interface::Acl,
    layout, transient,
};

/// `allow`: grants a handle for good.
pub(super) fn allow(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let (handle, account) = (arguments.word(0)?, arguments.address(1)?);
    let caller = frame.caller();
    require_not_paused(frame)?;
    require_not_denied(frame)?;
    require_allowed(frame, handle.into())?;
    let slot = grant(frame, handle.into(), account)?;
    frame.sstore(slot, U256::ONE)?;
    let acl = frame.config().addresses.acl;
    frame.emit(acl, &Acl::Allowed { caller, account, handle })
}

/// `allowForDecryption`: lets anybody decrypt the handles.
pub(super) fn allow_for_decryption(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let handles = arguments.memory_words(0)?;
    let caller = frame.caller();
    require_not_paused(frame)?;
    if handles.is_empty() {
        return Err(Abort::revert(AclErrors::HandlesListIsEmpty {}));
    }
    require_not_denied(frame)?;
    for handle in &handles {
        require_allowed(frame, (*handle).into())?;
        let slot = frame.entry(Field::Decryptable.slot(frame), *handle)?;
        frame.sstore(slot, U256::ONE)?;
    }
    let acl = frame.config().addresses.acl;
    frame.emit(acl, &Acl::AllowedForDecryption { caller, handlesList: handles })
}

/// `allowTransient`: grants a handle for the rest of the transaction. The executor may grant what
/// it likes.
pub(super) fn allow_transient(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let (handle, account) = (arguments.word(0)?, arguments.address(1)?);
    require_not_paused(frame)?;
    if frame.caller() != frame.config().addresses.executor {
        require_not_denied(frame)?;
        require_allowed(frame, handle.into())?;
    }
    grant_transient(frame, handle.into(), account)
}

/// Grants the result of an operation to the account that asked for it, as the executor.
///
/// # Errors
/// If the list is paused.
pub(crate) fn allow_computed(frame: &mut Frame<'_>, handle: Handle, account: Address) -> Outcome {
    require_not_paused(frame)?;
    grant_transient(frame, handle, account)
}

/// Whether `account` may use `handle` now.
pub(crate) fn is_allowed(frame: &mut Frame<'_>, handle: Handle, account: Address) -> Outcome<bool> {
    Ok(is_transient(frame, handle, account)? || is_persistent(frame, handle, account)?)
}

/// Whether `account` may use `handle` in this transaction.
pub(super) fn is_transient(
    frame: &mut Frame<'_>,
    handle: Handle,
    account: Address,
) -> Outcome<bool> {
    let key = transient_key(frame, handle, account)?;
    transient::contains(frame, frame.config().addresses.acl, key)
}

/// Whether `account` may use `handle` for good.
pub(super) fn is_persistent(
    frame: &mut Frame<'_>,
    handle: Handle,
    account: Address,
) -> Outcome<bool> {
    let slot = grant(frame, handle, account)?;
    Ok(!frame.sload(slot)?.is_zero())
}

/// Whether anybody may decrypt `handle`.
pub(super) fn is_decryptable(frame: &mut Frame<'_>, handle: Handle) -> Outcome<bool> {
    let slot = frame.entry(Field::Decryptable.slot(frame), handle)?;
    Ok(!frame.sload(slot)?.is_zero())
}

/// `cleanTransientStorage`: ends all transient grants. Bundlers call it between the operations of
/// different users.
pub(super) fn clear_transient(frame: &mut Frame<'_>) -> Outcome {
    transient::clear(frame, frame.config().addresses.acl)
}

fn grant(frame: &mut Frame<'_>, handle: Handle, account: Address) -> Outcome<Slot> {
    let accounts = frame.entry(Field::Grants.slot(frame), handle)?;
    frame.entry(accounts, layout::key(account))
}

fn grant_transient(frame: &mut Frame<'_>, handle: Handle, account: Address) -> Outcome {
    let key = transient_key(frame, handle, account)?;
    transient::insert(frame, frame.config().addresses.acl, key)
}

fn transient_key(frame: &mut Frame<'_>, handle: Handle, account: Address) -> Outcome<B256> {
    frame.keccak(&[handle.0.as_slice(), account.as_slice()].concat())
}

fn require_not_denied(frame: &mut Frame<'_>) -> Outcome {
    let sender = frame.caller();
    if is_denied(frame, sender)? {
        return Err(Abort::revert(AclErrors::SenderDenied { sender }));
    }
    Ok(())
}

fn require_allowed(frame: &mut Frame<'_>, handle: Handle) -> Outcome {
    let sender = frame.caller();
    if !is_allowed(frame, handle, sender)? {
        return Err(Abort::revert(AclErrors::SenderNotAllowed { sender }));
    }
    Ok(())
}
