//! The access control list: who may use a handle, for how long, and who may decrypt it.
//!
//! A grant is persistent (storage) or transient (for the rest of the transaction). Holding a grant
//! is what lets an account pass the handle to an operation, or grant it on.

mod admin;
mod delegation;
mod grants;
mod ownership;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};

use crate::{
    calldata::{self, Arguments},
    errors::AclErrors,
    frame::{Abort, Frame, Outcome, Slot},
    interface::Acl,
    layout, pauser_set, upgrade,
};

pub(crate) use grants::{allow_computed, is_allowed};
pub(crate) use ownership::owner;

/// The version string of protocol 0.13.
const VERSION: &str = "ACL v0.4.0";

/// How deep `multicall` may be nested. The EVM's own bound, 1,024 frames, is out of reach of
/// native recursion; nobody nests at all.
const MULTICALL_DEPTH: usize = 16;

/// Fields of the contract's storage, in order.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
enum Field {
    /// `address`
    Owner,
    /// `address`
    PendingOwner,
    /// `bool`
    Paused,
    /// `mapping(address account => bool)`
    Denied,
    /// `mapping(bytes32 handle => mapping(address account => bool))`
    Grants,
    /// `mapping(bytes32 handle => bool)`
    Decryptable,
    /// `mapping(address delegator => mapping(address delegate => mapping(address contract =>
    /// (uint64 expiration, uint64 counter, uint64 block))))`
    Delegations,
    /// `mapping(address account => uint256 timestamp)`
    Invalidated,
}

impl Field {
    fn of(self, acl: Address) -> Slot {
        layout::namespace(acl, "ACL").offset(self as u64)
    }

    fn slot(self, frame: &Frame<'_>) -> Slot {
        self.of(frame.config().addresses.acl)
    }
}

/// Where the owner of the access control list at `acl` stands in its storage: a word with the
/// address. For tools of development that set it by hand.
pub fn owner_slot(acl: Address) -> U256 {
    Field::Owner.of(acl).key
}

/// The storage that makes `owner` the owner.
pub(crate) fn genesis(acl: Address, owner: Address) -> Vec<(Slot, U256)> {
    vec![(Field::Owner.of(acl), owner.into_word().into())]
}

pub(crate) fn call(frame: &mut Frame<'_>, data: &[u8]) -> Outcome<Bytes> {
    call_nested(frame, data, 0)
}

fn call_nested(frame: &mut Frame<'_>, data: &[u8], depth: usize) -> Outcome<Bytes> {
    let (selector, arguments) = calldata::split(data)?;
    let done = |(): ()| Bytes::new();
    let flag = |value: bool| Bytes::from(value.abi_encode());
    let address = |value: Address| Bytes::from(value.abi_encode());
    let uint = |value: U256| Bytes::from(value.abi_encode());
    match selector {
        Acl::allowCall::SELECTOR => grants::allow(frame, arguments).map(done),
        Acl::allowTransientCall::SELECTOR => grants::allow_transient(frame, arguments).map(done),
        Acl::allowForDecryptionCall::SELECTOR => {
            grants::allow_for_decryption(frame, arguments).map(done)
        }
        Acl::isAllowedCall::SELECTOR => {
            let (handle, account) = (arguments.word(0)?, arguments.address(1)?);
            is_allowed(frame, handle.into(), account).map(flag)
        }
        Acl::allowedTransientCall::SELECTOR => {
            let (handle, account) = (arguments.word(0)?, arguments.address(1)?);
            grants::is_transient(frame, handle.into(), account).map(flag)
        }
        Acl::persistAllowedCall::SELECTOR => {
            let (handle, account) = (arguments.word(0)?, arguments.address(1)?);
            grants::is_persistent(frame, handle.into(), account).map(flag)
        }
        Acl::isAllowedForDecryptionCall::SELECTOR => {
            let handle = arguments.word(0)?;
            grants::is_decryptable(frame, handle.into()).map(flag)
        }
        Acl::isAccountDeniedCall::SELECTOR => {
            let account = arguments.address(0)?;
            is_denied(frame, account).map(flag)
        }
        Acl::cleanTransientStorageCall::SELECTOR => grants::clear_transient(frame).map(done),
        Acl::delegateForUserDecryptionCall::SELECTOR => {
            delegation::delegate(frame, arguments).map(done)
        }
        Acl::revokeDelegationForUserDecryptionCall::SELECTOR => {
            delegation::revoke(frame, arguments).map(done)
        }
        Acl::getUserDecryptionDelegationExpirationDateCall::SELECTOR => {
            delegation::expiration(frame, arguments).map(|date| date.abi_encode().into())
        }
        Acl::isHandleDelegatedForUserDecryptionCall::SELECTOR => {
            delegation::is_delegated(frame, arguments).map(flag)
        }
        Acl::invalidateDecryptionSignaturesBeforeCall::SELECTOR => {
            delegation::invalidate_signatures(frame, arguments).map(done)
        }
        Acl::decryptionSignatureInvalidatedBeforeCall::SELECTOR => {
            delegation::invalidated_before(frame, arguments).map(uint)
        }
        Acl::multicallCall::SELECTOR => multicall(frame, arguments, depth),
        Acl::pauseCall::SELECTOR => admin::pause(frame).map(done),
        Acl::unpauseCall::SELECTOR => admin::unpause(frame).map(done),
        Acl::pausedCall::SELECTOR => admin::is_paused(frame).map(flag),
        Acl::blockAccountCall::SELECTOR => admin::set_denied(frame, arguments, true).map(done),
        Acl::unblockAccountCall::SELECTOR => admin::set_denied(frame, arguments, false).map(done),
        Acl::ownerCall::SELECTOR => owner(frame).map(address),
        Acl::pendingOwnerCall::SELECTOR => ownership::pending_owner(frame).map(address),
        Acl::transferOwnershipCall::SELECTOR => ownership::nominate(frame, arguments).map(done),
        Acl::acceptOwnershipCall::SELECTOR => ownership::accept(frame).map(done),
        Acl::renounceOwnershipCall::SELECTOR => ownership::renounce(frame).map(done),
        Acl::isPauserCall::SELECTOR => {
            let account = arguments.address(0)?;
            pauser_set::contains(frame, account).map(flag)
        }
        Acl::getPauserSetAddressCall::SELECTOR => Ok(address(frame.config().addresses.pauser_set)),
        Acl::getFHEVMExecutorAddressCall::SELECTOR => {
            Ok(address(frame.config().addresses.executor))
        }
        // The zero address means that there is no bridge.
        Acl::getConfidentialBridgeAddressCall::SELECTOR => Ok(address(Address::ZERO)),
        Acl::WILDCARD_DELEGATION_ADDRESSCall::SELECTOR => Ok(address(delegation::WILDCARD)),
        Acl::getVersionCall::SELECTOR => Ok(VERSION.abi_encode().into()),
        Acl::initializeFromEmptyProxyCall::SELECTOR => upgrade::refuse_initialization(),
        Acl::reinitializeV5Call::SELECTOR => upgrade::refuse_reinitialization(),
        selector => upgrade::call(frame, selector, arguments, ownership::require_owner),
    }
}

/// Calls this contract once per element, as the caller. One failure undoes all. An element is
/// decoded when its turn comes, so that what an earlier one reverts with goes first.
///
/// Results can be many times larger than calldata when elements share bytes and calls are nested,
/// hence the charges: as for memory and calls in the EVM.
fn multicall(frame: &mut Frame<'_>, arguments: Arguments<'_>, depth: usize) -> Outcome<Bytes> {
    if depth == MULTICALL_DEPTH {
        return Err(Abort::revert(AclErrors::FailedCall {}));
    }
    let calls = arguments.byte_strings(0)?;
    let mut results = Vec::new();
    let mut size = 0;
    for data in calls {
        let data = data?;
        frame.charge_call(data.len())?;
        let result = call_nested(frame, data, depth + 1).map_err(|abort| match abort {
            Abort::Revert(data) if data.is_empty() => Abort::revert(AclErrors::FailedCall {}),
            other => other,
        })?;
        // Offset, length and padding of an element take at most three words.
        let grown = size + result.len() + 96;
        frame.charge_memory(size, grown)?;
        size = grown;
        results.push(result);
    }
    Ok(results.abi_encode().into())
}

fn is_denied(frame: &mut Frame<'_>, account: Address) -> Outcome<bool> {
    let slot = frame.entry(Field::Denied.slot(frame), layout::key(account))?;
    Ok(!frame.sload(slot)?.is_zero())
}
