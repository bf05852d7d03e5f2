//! Delegations, and the end of signatures.

use alloy_primitives::{B256, U256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::FheType;
use ciphervm_precompiles::{AclErrors as E, interface::Acl};

use super::*;

const WILDCARD: Address = Address::repeat_byte(0xff);
const UNTIL: u64 = NOW + 10;

fn call(name: &'static str, data: impl SolCall) -> Case {
    case(name, HOST.acl, data.abi_encode()).by(USER)
}

fn delegate(
    delegate: Address,
    contract: Address,
    until: u64,
) -> Acl::delegateForUserDecryptionCall {
    Acl::delegateForUserDecryptionCall {
        delegate,
        contractAddress: contract,
        expirationDate: until,
    }
}

fn revoke(delegate: Address, contract: Address) -> Acl::revokeDelegationForUserDecryptionCall {
    Acl::revokeDelegationForUserDecryptionCall { delegate, contractAddress: contract }
}

fn pause(chain: &mut Chain) {
    done(chain, owner(), HOST.acl, &Acl::pauseCall {}.abi_encode());
}

/// A delegation by [`USER`] to [`OTHER`] in the block before.
fn delegated(contract: Address, until: u64) -> impl Fn(&mut Chain) {
    move |chain| {
        chain.context.block.number = U256::from(BLOCK - 1);
        done(chain, USER, HOST.acl, &delegate(OTHER, contract, until).abi_encode());
        chain.context.block.number = U256::from(BLOCK);
    }
}

fn slot(contract: Address) -> Word {
    let delegates = entry(acl_field(6), USER.into_word());
    entry(entry(delegates, OTHER.into_word()), contract.into_word())
}

/// A delegation's word: expiration, counter and block, from the low end.
fn packed(until: u64, counter: u64) -> U256 {
    U256::from_limbs([until, counter, BLOCK, 0])
}

fn event(contract: Address, counter: u64, old: u64, new: u64) -> Acl::DelegatedForUserDecryption {
    Acl::DelegatedForUserDecryption {
        delegator: USER,
        delegate: OTHER,
        contractAddress: contract,
        delegationCounter: counter,
        oldExpirationDate: old,
        newExpirationDate: new,
    }
}

fn same_block(delegate: Address, contract: Address) -> E::AlreadyDelegatedOrRevokedInSameBlock {
    E::AlreadyDelegatedOrRevokedInSameBlock {
        delegator: USER,
        delegate,
        contractAddress: contract,
        blockNumber: U256::from(BLOCK),
    }
}

fn delegating() -> Vec<Case> {
    vec![
        call("delegate", delegate(OTHER, DAPP, UNTIL))
            .returns_nothing()
            .emits(event(DAPP, 1, 0, UNTIL))
            .stores(slot(DAPP), packed(UNTIL, 1)),
        call("delegate for every contract", delegate(OTHER, WILDCARD, UNTIL))
            .returns_nothing()
            .emits(event(WILDCARD, 1, 0, UNTIL))
            .stores(slot(WILDCARD), packed(UNTIL, 1)),
        call("delegate for another contract in the block", delegate(OTHER, WILDCARD, UNTIL))
            .after_call(USER, delegate(OTHER, DAPP, UNTIL).abi_encode())
            .returns_nothing()
            .emits(event(WILDCARD, 1, 0, UNTIL))
            .stores(slot(WILDCARD), packed(UNTIL, 1)),
        call("delegate for longer", delegate(OTHER, DAPP, UNTIL + 1))
            .after(delegated(DAPP, UNTIL))
            .returns_nothing()
            .emits(event(DAPP, 2, UNTIL, UNTIL + 1))
            .stores(slot(DAPP), packed(UNTIL + 1, 2)),
        call("delegate for ever", delegate(OTHER, DAPP, u64::MAX))
            .returns_nothing()
            .emits(event(DAPP, 1, 0, u64::MAX))
            .stores(slot(DAPP), packed(u64::MAX, 1)),
        call("delegate, paused", delegate(USER, USER, 0)).after(pause).reverts(E::EnforcedPause {}),
        call("delegate twice in a block", delegate(OTHER, DAPP, UNTIL + 1))
            .after_call(USER, delegate(OTHER, DAPP, UNTIL).abi_encode())
            .reverts(same_block(OTHER, DAPP)),
        call("delegate after a revocation in the block", delegate(OTHER, DAPP, UNTIL))
            .after(delegated(DAPP, UNTIL))
            .after_call(USER, revoke(OTHER, DAPP).abi_encode())
            .reverts(same_block(OTHER, DAPP)),
        call("delegate to a date past, twice in a block", delegate(OTHER, DAPP, 0))
            .after_call(USER, delegate(OTHER, DAPP, UNTIL).abi_encode())
            .reverts(same_block(OTHER, DAPP)),
        call("delegate for oneself as contract, to oneself", delegate(USER, USER, 0))
            .reverts(E::SenderCannotBeContractAddress { contractAddress: USER }),
        call("delegate to oneself, date past", delegate(USER, DAPP, 0))
            .reverts(E::SenderCannotBeDelegate { delegate: USER }),
        call("delegate to everybody for every contract", delegate(WILDCARD, WILDCARD, 0))
            .reverts(E::DelegateCannotBeWildcard { delegate: WILDCARD }),
        call("delegate to the contract, date past", delegate(DAPP, DAPP, 0))
            .reverts(E::DelegateCannotBeContractAddress { contractAddress: DAPP }),
        call("delegate until now", delegate(OTHER, DAPP, NOW))
            .reverts(E::ExpirationDateInThePast {}),
        call("delegate until the next second", delegate(OTHER, DAPP, NOW + 1))
            .returns_nothing()
            .emits(event(DAPP, 1, 0, NOW + 1))
            .stores(slot(DAPP), packed(NOW + 1, 1)),
        call("delegate until the same date", delegate(OTHER, DAPP, UNTIL))
            .after(delegated(DAPP, UNTIL))
            .reverts(E::ExpirationDateAlreadySetToSameValue {
                delegator: USER,
                delegate: OTHER,
                contractAddress: DAPP,
                expirationDate: U256::from(UNTIL),
            }),
        case("delegate, date too wide", HOST.acl, {
            let mut data = delegate(OTHER, DAPP, UNTIL).abi_encode();
            data[4 + 64 + 23] = 1;
            data
        })
        .reverts_empty(),
        call("delegate in block 0", delegate(OTHER, DAPP, UNTIL))
            .after(|chain| chain.context.block.number = U256::ZERO)
            .reverts(E::AlreadyDelegatedOrRevokedInSameBlock {
                delegator: USER,
                delegate: OTHER,
                contractAddress: DAPP,
                blockNumber: U256::ZERO,
            }),
    ]
}

fn revoking() -> Vec<Case> {
    vec![
        call("revoke", revoke(OTHER, DAPP))
            .after(delegated(DAPP, UNTIL))
            .returns_nothing()
            .emits(Acl::RevokedDelegationForUserDecryption {
                delegator: USER,
                delegate: OTHER,
                contractAddress: DAPP,
                delegationCounter: 2,
                oldExpirationDate: UNTIL,
            })
            .stores(slot(DAPP), packed(0, 2)),
        call("revoke in the block of the delegation", revoke(OTHER, DAPP))
            .after_call(USER, delegate(OTHER, DAPP, UNTIL).abi_encode())
            .reverts(same_block(OTHER, DAPP)),
        call("revoke nothing", revoke(OTHER, DAPP)).reverts(E::NotDelegatedYet {
            delegator: USER,
            delegate: OTHER,
            contractAddress: DAPP,
        }),
        call("revoke for another contract", revoke(OTHER, WILDCARD))
            .after(delegated(DAPP, UNTIL))
            .reverts(E::NotDelegatedYet {
                delegator: USER,
                delegate: OTHER,
                contractAddress: WILDCARD,
            }),
        call("revoke nothing, paused", revoke(OTHER, DAPP))
            .after(pause)
            .reverts(E::EnforcedPause {}),
    ]
}

fn asking() -> Vec<Case> {
    let handle = trivial(1, FheType::Uint8);
    let until = |contract| Acl::getUserDecryptionDelegationExpirationDateCall {
        delegator: USER,
        delegate: OTHER,
        contractAddress: contract,
    };
    let may = || Acl::isHandleDelegatedForUserDecryptionCall {
        delegator: USER,
        delegate: OTHER,
        contractAddress: DAPP,
        handle,
    };
    // Both hold the handle but those left out.
    let granted = move |case: Case, accounts: &[Address]| {
        accounts.iter().fold(case.after(has(1, FheType::Uint8)), |case, account| {
            case.after_call(DAPP, Acl::allowCall { handle, account: *account }.abi_encode())
        })
    };
    let both = move |case| granted(case, &[USER, DAPP]);
    let later = |chain: &mut Chain| chain.context.block.timestamp = U256::from(UNTIL);
    vec![
        call("expiration, none", until(DAPP)).returns(0u64),
        call("expiration", until(DAPP)).after(delegated(DAPP, UNTIL)).returns(UNTIL),
        call("expiration for another contract", until(WILDCARD))
            .after(delegated(DAPP, UNTIL))
            .returns(0u64),
        both(call("delegated", may())).after(delegated(DAPP, UNTIL)).returns(true),
        both(call("delegated for every contract", may()))
            .after(delegated(WILDCARD, UNTIL))
            .returns(true),
        both(call("not delegated", may())).returns(false),
        both(call("delegated for another contract", may()))
            .after(delegated(Address::repeat_byte(0x31), UNTIL))
            .returns(false),
        granted(call("delegated, the delegator holds nothing", may()), &[DAPP])
            .after(delegated(DAPP, UNTIL))
            .returns(false),
        granted(call("delegated, the contract holds nothing", may()), &[USER])
            .after(delegated(DAPP, UNTIL))
            .returns(false),
        both(call("delegated, ended", may()))
            .after(delegated(DAPP, UNTIL))
            .after(later)
            .returns(false),
    ]
}

fn invalidating() -> Vec<Case> {
    let invalidate = |timestamp: u64| Acl::invalidateDecryptionSignaturesBeforeCall {
        timestamp: U256::from(timestamp),
    };
    let event = |timestamp: u64| Acl::DecryptionSignaturesInvalidated {
        account: USER,
        timestamp: U256::from(timestamp),
    };
    let slot = entry(acl_field(7), USER.into_word());
    vec![
        call("invalidate up to now", invalidate(0))
            .returns_nothing()
            .emits(event(NOW))
            .stores(slot, NOW),
        call("invalidate up to now, by name and paused", invalidate(NOW))
            .after(pause)
            .returns_nothing()
            .emits(event(NOW))
            .stores(slot, NOW),
        call("invalidate further", invalidate(6))
            .after_call(USER, invalidate(5).abi_encode())
            .returns_nothing()
            .emits(event(6))
            .stores(slot, 6),
        call("invalidate no further", invalidate(5))
            .after_call(USER, invalidate(5).abi_encode())
            .reverts(E::InvalidationTimestampTooLow {}),
        call("invalidate twice up to now", invalidate(0))
            .after_call(USER, invalidate(0).abi_encode())
            .reverts(E::InvalidationTimestampTooLow {}),
        call("invalidate the future", invalidate(NOW + 1))
            .reverts(E::InvalidationTimestampInTheFuture {}),
        call("invalidated before", Acl::decryptionSignatureInvalidatedBeforeCall { account: USER })
            .after_call(USER, invalidate(5).abi_encode())
            .returns(U256::from(5)),
        call(
            "invalidated before, never",
            Acl::decryptionSignatureInvalidatedBeforeCall { account: OTHER },
        )
        .after_call(USER, invalidate(5).abi_encode())
        .returns(B256::ZERO),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [delegating(), revoking(), asking(), invalidating()].into_iter().flatten().collect()
}
