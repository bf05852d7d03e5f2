//! Grants, their end, and delegation.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use ciphervm_fhe::FheType;
use ciphervm_precompiles::{
    AclErrors as E, GenesisParams, HostConfig, genesis, interface::Acl, owner_slot,
};
use revm::precompile::PrecompileOutput;

use crate::support::*;

const OTHER: Address = Address::repeat_byte(0x77);

fn send(chain: &mut Chain, caller: Address, call: impl SolCall) -> PrecompileOutput {
    chain.call(caller, HOST.acl, call.abi_encode())
}

fn owner() -> Address {
    GenesisParams::default().owner
}

#[test]
fn a_persistent_grant_outlives_the_transaction_and_a_transient_one_does_not() {
    let mut chain = Chain::new();
    let kept = chain.trivial(1, FheType::Uint8);
    let lost = chain.trivial(2, FheType::Uint8);
    for (handle, account) in [(kept, DAPP), (kept, USER)] {
        assert!(send(&mut chain, DAPP, Acl::allowCall { handle, account }).is_success());
    }
    let grant = Acl::allowTransientCall { handle: lost, account: USER };
    assert!(send(&mut chain, DAPP, grant).is_success());
    assert!(chain.is_allowed(lost, USER));
    chain.next_transaction();
    assert!(!chain.is_allowed(lost, USER) && !chain.is_allowed(lost, DAPP));
    assert!(chain.is_allowed(kept, USER) && chain.is_allowed(kept, DAPP));
    assert!(!chain.view(HOST.acl, Acl::allowedTransientCall { handle: kept, account: USER }));
    assert!(chain.view(HOST.acl, Acl::persistAllowedCall { handle: kept, account: USER }));
}

#[test]
fn only_holders_grant() {
    let mut chain = Chain::new();
    let handle = chain.trivial(1, FheType::Uint8);
    let refused = E::SenderNotAllowed { sender: USER };
    let account = OTHER;
    assert_reverts(&send(&mut chain, USER, Acl::allowCall { handle, account }), refused.clone());
    let transient = Acl::allowTransientCall { handle, account };
    assert_reverts(&send(&mut chain, USER, transient.clone()), refused.clone());
    let public = Acl::allowForDecryptionCall { handlesList: vec![handle] };
    assert_reverts(&send(&mut chain, USER, public.clone()), refused);
    let none = Acl::allowForDecryptionCall { handlesList: vec![] };
    assert_reverts(&send(&mut chain, DAPP, none), E::HandlesListIsEmpty {});

    assert!(!chain.view(HOST.acl, Acl::isAllowedForDecryptionCall { handle }));
    assert!(send(&mut chain, DAPP, public).is_success());
    assert!(chain.view(HOST.acl, Acl::isAllowedForDecryptionCall { handle }));
    assert!(send(&mut chain, HOST.executor, transient).is_success());
    assert!(chain.is_allowed(handle, OTHER));
}

#[test]
fn cleaning_ends_all_transient_grants() {
    let mut chain = Chain::new();
    let handles = [1, 2, 3].map(|value| chain.trivial(value, FheType::Uint8));
    assert!(handles.iter().all(|handle| chain.is_allowed(*handle, DAPP)));
    assert!(send(&mut chain, USER, Acl::cleanTransientStorageCall {}).is_success());
    assert!(handles.iter().all(|handle| !chain.is_allowed(*handle, DAPP)));
}

#[test]
fn denied_accounts_and_a_paused_list_grant_nothing() {
    let mut chain = Chain::new();
    let handle = chain.trivial(1, FheType::Uint8);
    let grant = Acl::allowCall { handle, account: USER };
    let deny = Acl::blockAccountCall { account: DAPP };
    let stranger = E::OwnableUnauthorizedAccount { account: USER };
    assert_reverts(&send(&mut chain, USER, deny.clone()), stranger);
    assert!(send(&mut chain, owner(), deny.clone()).is_success());
    assert_reverts(&send(&mut chain, owner(), deny), E::AccountAlreadyBlocked { account: DAPP });
    assert_reverts(&send(&mut chain, DAPP, grant.clone()), E::SenderDenied { sender: DAPP });
    assert!(send(&mut chain, owner(), Acl::unblockAccountCall { account: DAPP }).is_success());

    assert_reverts(&send(&mut chain, USER, Acl::pauseCall {}), E::NotPauser { account: USER });
    assert!(send(&mut chain, owner(), Acl::pauseCall {}).is_success());
    assert!(chain.view(HOST.acl, Acl::pausedCall {}));
    assert_reverts(&send(&mut chain, DAPP, grant.clone()), E::EnforcedPause {});
    let op = chain.op(ciphervm_fhe::Op::Neg, handle);
    assert_reverts(&op, E::EnforcedPause {});
    assert!(send(&mut chain, owner(), Acl::unpauseCall {}).is_success());
    assert!(send(&mut chain, DAPP, grant).is_success());
}

#[test]
fn delegation_is_checked_in_order_and_ends() {
    let mut chain = Chain::new();
    let handle = chain.trivial(1, FheType::Uint8);
    for account in [DAPP, USER] {
        assert!(send(&mut chain, DAPP, Acl::allowCall { handle, account }).is_success());
    }
    let now = 1_700_000_000;
    let wildcard = Address::repeat_byte(0xff);
    let delegate = |delegate, contract, date| Acl::delegateForUserDecryptionCall {
        delegate,
        contractAddress: contract,
        expirationDate: date,
    };
    let mut user = |call| send(&mut chain, USER, call);
    let sender_is_contract = E::SenderCannotBeContractAddress { contractAddress: USER };
    assert_reverts(&user(delegate(USER, USER, 0)), sender_is_contract);
    let to_self = E::SenderCannotBeDelegate { delegate: USER };
    assert_reverts(&user(delegate(USER, DAPP, 0)), to_self);
    let to_all = E::DelegateCannotBeWildcard { delegate: wildcard };
    assert_reverts(&user(delegate(wildcard, DAPP, 0)), to_all);
    let to_contract = E::DelegateCannotBeContractAddress { contractAddress: DAPP };
    assert_reverts(&user(delegate(DAPP, DAPP, 0)), to_contract);
    assert_reverts(&user(delegate(OTHER, DAPP, now)), E::ExpirationDateInThePast {});
    assert!(user(delegate(OTHER, DAPP, now + 10)).is_success());
    let same_block = E::AlreadyDelegatedOrRevokedInSameBlock {
        delegator: USER,
        delegate: OTHER,
        contractAddress: DAPP,
        blockNumber: U256::from(100),
    };
    assert_reverts(&user(delegate(OTHER, DAPP, now + 20)), same_block);
    assert!(user(delegate(OTHER, wildcard, now + 5)).is_success());

    let query = Acl::isHandleDelegatedForUserDecryptionCall {
        delegator: USER,
        delegate: OTHER,
        contractAddress: DAPP,
        handle,
    };
    assert!(chain.view(HOST.acl, query.clone()));
    chain.context.block.number = U256::from(101);
    let revoke = |contract| Acl::revokeDelegationForUserDecryptionCall {
        delegate: OTHER,
        contractAddress: contract,
    };
    assert!(send(&mut chain, USER, revoke(DAPP)).is_success());
    // The delegation for every contract still holds, until it ends.
    assert!(chain.view(HOST.acl, query.clone()));
    chain.context.block.timestamp = U256::from(now + 5);
    assert!(!chain.view(HOST.acl, query));
    chain.context.block.number = U256::from(102);
    let nothing = E::NotDelegatedYet { delegator: USER, delegate: OTHER, contractAddress: DAPP };
    assert_reverts(&send(&mut chain, USER, revoke(DAPP)), nothing);
}

/// Tools of development set the owner by hand.
#[test]
fn the_owner_is_in_storage_of_the_list_and_of_no_other_contract() {
    let accounts = genesis(&HostConfig::default(), &GenesisParams::default());
    for account in accounts {
        let found = account.storage.iter().find(|(slot, _)| *slot == owner_slot(HOST.acl));
        let expected = (account.address == HOST.acl).then(|| owner().into_word().into());
        assert_eq!(found.map(|(_, value)| *value), expected, "{}", account.address);
        assert!(account.storage.iter().all(|(_, value)| !value.is_zero()));
    }
}

#[test]
fn multicall_keeps_the_caller_and_undoes_all_on_failure() {
    let mut chain = Chain::new();
    let handle = chain.trivial(1, FheType::Uint8);
    let good = Acl::allowCall { handle, account: USER }.abi_encode();
    let bad = Acl::allowCall { handle: B256::ZERO, account: USER }.abi_encode();
    let both = Acl::multicallCall { data: vec![good.clone().into(), bad.into()] };
    let refused = E::SenderNotAllowed { sender: DAPP };
    assert_reverts(&send(&mut chain, DAPP, both), refused);
    assert!(!chain.is_allowed(handle, USER));
    let view = Acl::isAllowedCall { handle, account: USER }.abi_encode();
    let call = Acl::multicallCall { data: vec![good.into(), view.into()] };
    let output = send(&mut chain, DAPP, call);
    let results = Acl::multicallCall::abi_decode_returns_validate(&output.bytes).unwrap();
    assert_eq!(results.len(), 2);
    assert!(results[0].is_empty());
    assert_eq!(results[1][..], U256::ONE.to_be_bytes::<32>());
    let unknown = Acl::multicallCall { data: vec![vec![1, 2, 3, 4].into()] };
    assert_reverts(&send(&mut chain, DAPP, unknown), E::FailedCall {});
}

#[test]
fn multicall_nests_only_so_deep() {
    let mut chain = Chain::new();
    let mut data = Acl::pausedCall {}.abi_encode();
    for _ in 0..16 {
        data = Acl::multicallCall { data: vec![data.into()] }.abi_encode();
    }
    assert!(chain.call(DAPP, HOST.acl, &data).is_success());
    data = Acl::multicallCall { data: vec![data.into()] }.abi_encode();
    assert_reverts(&chain.call(DAPP, HOST.acl, &data), E::FailedCall {});
}
