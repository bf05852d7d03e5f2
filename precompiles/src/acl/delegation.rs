//! Delegation of user decryption: an account lets another decrypt, in its name, what it may
//! decrypt from a contract, or from every contract.

use alloy_primitives::{Address, U256};

use super::{Field, admin::require_not_paused, grants};
use crate::{
    calldata::Arguments,
    errors::AclErrors,
    frame::{Abort, Frame, Outcome, Slot},
    interface::Acl,
    layout,
};

/// The contract address that stands for every contract.
pub(super) const WILDCARD: Address = Address::repeat_byte(0xff);

/// One delegation, packed into a word from the low end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Delegation {
    /// When it ends, in seconds since 1970. Zero if there is none.
    expiration: u64,
    /// How often it was set or revoked.
    counter: u64,
    /// The block of the last change. Zero if there was none, so that in block 0 nothing can be
    /// delegated.
    block: u64,
}

impl Delegation {
    fn unpack(word: U256) -> Self {
        let [expiration, counter, block, _] = word.into_limbs();
        Self { expiration, counter, block }
    }

    fn pack(self) -> U256 {
        U256::from_limbs([self.expiration, self.counter, self.block, 0])
    }
}

/// `delegateForUserDecryption`.
pub(super) fn delegate(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let delegate = arguments.address(0)?;
    let contract = arguments.address(1)?;
    let expiration = arguments.uint64(2)?;
    let delegator = frame.caller();
    require_not_paused(frame)?;
    let slot = slot(frame, delegator, delegate, contract)?;
    let old = changeable(frame, slot, delegate, contract)?;
    if contract == delegator {
        return Err(Abort::revert(AclErrors::SenderCannotBeContractAddress {
            contractAddress: contract,
        }));
    }
    if delegate == delegator {
        return Err(Abort::revert(AclErrors::SenderCannotBeDelegate { delegate }));
    }
    if delegate == WILDCARD {
        return Err(Abort::revert(AclErrors::DelegateCannotBeWildcard { delegate }));
    }
    if delegate == contract {
        return Err(Abort::revert(AclErrors::DelegateCannotBeContractAddress {
            contractAddress: contract,
        }));
    }
    if U256::from(expiration) <= frame.timestamp() {
        return Err(Abort::revert(AclErrors::ExpirationDateInThePast {}));
    }
    if expiration == old.expiration {
        return Err(Abort::revert(AclErrors::ExpirationDateAlreadySetToSameValue {
            delegator,
            delegate,
            contractAddress: contract,
            expirationDate: U256::from(expiration),
        }));
    }
    let new = change(frame, slot, old, expiration)?;
    frame.emit(
        frame.config().addresses.acl,
        &Acl::DelegatedForUserDecryption {
            delegator,
            delegate,
            contractAddress: contract,
            delegationCounter: new.counter,
            oldExpirationDate: old.expiration,
            newExpirationDate: new.expiration,
        },
    )
}

/// `revokeDelegationForUserDecryption`.
pub(super) fn revoke(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let (delegate, contract) = (arguments.address(0)?, arguments.address(1)?);
    let delegator = frame.caller();
    require_not_paused(frame)?;
    let slot = slot(frame, delegator, delegate, contract)?;
    let old = changeable(frame, slot, delegate, contract)?;
    if old.expiration == 0 {
        return Err(Abort::revert(AclErrors::NotDelegatedYet {
            delegator,
            delegate,
            contractAddress: contract,
        }));
    }
    let new = change(frame, slot, old, 0)?;
    frame.emit(
        frame.config().addresses.acl,
        &Acl::RevokedDelegationForUserDecryption {
            delegator,
            delegate,
            contractAddress: contract,
            delegationCounter: new.counter,
            oldExpirationDate: old.expiration,
        },
    )
}

/// `getUserDecryptionDelegationExpirationDate`.
pub(super) fn expiration(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome<u64> {
    let (delegator, delegate) = (arguments.address(0)?, arguments.address(1)?);
    let contract = arguments.address(2)?;
    let slot = slot(frame, delegator, delegate, contract)?;
    Ok(Delegation::unpack(frame.sload(slot)?).expiration)
}

/// `isHandleDelegatedForUserDecryption`: both the delegator and the contract hold the handle for
/// good, and a delegation for the contract or for all contracts has not ended.
pub(super) fn is_delegated(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome<bool> {
    let (delegator, delegate) = (arguments.address(0)?, arguments.address(1)?);
    let (contract, handle) = (arguments.address(2)?, arguments.word(3)?);
    if !grants::is_persistent(frame, handle.into(), delegator)?
        || !grants::is_persistent(frame, handle.into(), contract)?
    {
        return Ok(false);
    }
    for contract in [WILDCARD, contract] {
        let slot = slot(frame, delegator, delegate, contract)?;
        let delegation = Delegation::unpack(frame.sload(slot)?);
        if U256::from(delegation.expiration) > frame.timestamp() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `invalidateDecryptionSignaturesBefore`: requests that the caller signed with an earlier start
/// are void. Zero means now.
pub(super) fn invalidate_signatures(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome {
    let (now, account) = (frame.timestamp(), frame.caller());
    let timestamp = match arguments.uint(0)? {
        U256::ZERO => now,
        timestamp => timestamp,
    };
    let slot = frame.entry(Field::Invalidated.slot(frame), layout::key(account))?;
    if timestamp <= frame.sload(slot)? {
        return Err(Abort::revert(AclErrors::InvalidationTimestampTooLow {}));
    }
    if timestamp > now {
        return Err(Abort::revert(AclErrors::InvalidationTimestampInTheFuture {}));
    }
    frame.sstore(slot, timestamp)?;
    let acl = frame.config().addresses.acl;
    frame.emit(acl, &Acl::DecryptionSignaturesInvalidated { account, timestamp })
}

/// `decryptionSignatureInvalidatedBefore`.
pub(super) fn invalidated_before(frame: &mut Frame<'_>, arguments: Arguments<'_>) -> Outcome<U256> {
    let account = arguments.address(0)?;
    let slot = frame.entry(Field::Invalidated.slot(frame), layout::key(account))?;
    frame.sload(slot)
}

fn slot(
    frame: &mut Frame<'_>,
    delegator: Address,
    delegate: Address,
    contract: Address,
) -> Outcome<Slot> {
    let delegates = frame.entry(Field::Delegations.slot(frame), layout::key(delegator))?;
    let contracts = frame.entry(delegates, layout::key(delegate))?;
    frame.entry(contracts, layout::key(contract))
}

/// The caller's delegation, unless it changed in this block already.
fn changeable(
    frame: &mut Frame<'_>,
    slot: Slot,
    delegate: Address,
    contract: Address,
) -> Outcome<Delegation> {
    let delegation = Delegation::unpack(frame.sload(slot)?);
    let block = frame.block_number();
    if U256::from(delegation.block) == block {
        return Err(Abort::revert(AclErrors::AlreadyDelegatedOrRevokedInSameBlock {
            delegator: frame.caller(),
            delegate,
            contractAddress: contract,
            blockNumber: block,
        }));
    }
    Ok(delegation)
}

fn change(
    frame: &mut Frame<'_>,
    slot: Slot,
    old: Delegation,
    expiration: u64,
) -> Outcome<Delegation> {
    let counter = old.counter.wrapping_add(1);
    let new = Delegation { expiration, counter, block: frame.block_number().saturating_to() };
    frame.sstore(slot, new.pack())?;
    Ok(new)
}
