//! Administration of the access control list: pause, deny list, ownership, upgrades.

use alloy_primitives::U256;
use alloy_sol_types::SolCall;
use ciphervm_precompiles::{
    AclErrors as E, HostErrors,
    interface::{Acl, PauserSet, Upgradeable},
};

use super::*;

fn unauthorized(account: Address) -> E::OwnableUnauthorizedAccount {
    E::OwnableUnauthorizedAccount { account }
}

fn call(name: &'static str, data: impl SolCall) -> Case {
    case(name, HOST.acl, data.abi_encode())
}

fn pausing() -> Vec<Case> {
    let pause = || Acl::pauseCall {}.abi_encode();
    let add = PauserSet::addPauserCall { account: OTHER }.abi_encode();
    let paused = acl_field(2);
    vec![
        call("pause", Acl::pauseCall {})
            .by(owner())
            .returns_nothing()
            .emits(Acl::Paused { account: owner() })
            .stores(paused, 1),
        call("pause by a new pauser", Acl::pauseCall {})
            .by(OTHER)
            .after(move |chain| done(chain, owner(), HOST.pauser_set, &add))
            .returns_nothing()
            .emits(Acl::Paused { account: OTHER })
            .stores(paused, 1),
        call("pause by a stranger", Acl::pauseCall {})
            .by(OTHER)
            .reverts(E::NotPauser { account: OTHER }),
        call("pause by an owner who is no pauser", Acl::pauseCall {})
            .by(owner())
            .after(|chain| {
                let remove = PauserSet::removePauserCall { account: owner() }.abi_encode();
                done(chain, owner(), HOST.pauser_set, &remove);
            })
            .reverts(E::NotPauser { account: owner() }),
        call("pause, paused", Acl::pauseCall {})
            .by(owner())
            .after_call(owner(), pause())
            .reverts(E::EnforcedPause {}),
        call("pause by a stranger, paused", Acl::pauseCall {})
            .by(OTHER)
            .after_call(owner(), pause())
            .reverts(E::NotPauser { account: OTHER }),
        call("unpause", Acl::unpauseCall {})
            .by(owner())
            .after_call(owner(), pause())
            .returns_nothing()
            .emits(Acl::Unpaused { account: owner() })
            .stores(paused, 0),
        call("unpause, not paused", Acl::unpauseCall {}).by(owner()).reverts(E::ExpectedPause {}),
        call("unpause by a stranger", Acl::unpauseCall {})
            .by(OTHER)
            .after_call(owner(), pause())
            .reverts(unauthorized(OTHER)),
        call("unpause by a stranger, not paused", Acl::unpauseCall {})
            .by(OTHER)
            .reverts(unauthorized(OTHER)),
        call("paused, not", Acl::pausedCall {}).returns(false),
        call("paused", Acl::pausedCall {}).after_call(owner(), pause()).returns(true),
        call("isPauser", Acl::isPauserCall { account: owner() }).returns(true),
        call("isPauser, not", Acl::isPauserCall { account: OTHER }).returns(false),
    ]
}

fn denying() -> Vec<Case> {
    let denied = entry(acl_field(3), DAPP.into_word());
    let block = || Acl::blockAccountCall { account: DAPP };
    let unblock = || Acl::unblockAccountCall { account: DAPP };
    vec![
        call("blockAccount", block())
            .by(owner())
            .returns_nothing()
            .emits(Acl::BlockedAccount { account: DAPP })
            .stores(denied, 1),
        call("blockAccount again", block())
            .by(owner())
            .after_call(owner(), block().abi_encode())
            .reverts(E::AccountAlreadyBlocked { account: DAPP }),
        call("blockAccount by a stranger", block()).by(OTHER).reverts(unauthorized(OTHER)),
        call("blockAccount again by a stranger", block())
            .by(OTHER)
            .after_call(owner(), block().abi_encode())
            .reverts(unauthorized(OTHER)),
        case("blockAccount, malformed by a stranger", HOST.acl, &block().abi_encode()[..35])
            .by(OTHER)
            .reverts_empty(),
        call("unblockAccount", unblock())
            .by(owner())
            .after_call(owner(), block().abi_encode())
            .returns_nothing()
            .emits(Acl::UnblockedAccount { account: DAPP })
            .stores(denied, 0),
        call("unblockAccount, not blocked", unblock())
            .by(owner())
            .reverts(E::AccountNotBlocked { account: DAPP }),
        call("unblockAccount by a stranger", unblock()).by(OTHER).reverts(unauthorized(OTHER)),
    ]
}

fn ownership() -> Vec<Case> {
    let (owned, pending) = (acl_field(0), acl_field(1));
    let nominate = |account| Acl::transferOwnershipCall { newOwner: account };
    let accept = || Acl::acceptOwnershipCall {}.abi_encode();
    let started =
        |account| Acl::OwnershipTransferStarted { previousOwner: owner(), newOwner: account };
    let transferred =
        |account| Acl::OwnershipTransferred { previousOwner: owner(), newOwner: account };
    vec![
        call("owner", Acl::ownerCall {}).returns(owner()),
        call("pendingOwner, none", Acl::pendingOwnerCall {}).returns(Address::ZERO),
        call("pendingOwner", Acl::pendingOwnerCall {})
            .after_call(owner(), nominate(OTHER).abi_encode())
            .returns(OTHER),
        call("transferOwnership", nominate(OTHER))
            .by(owner())
            .returns_nothing()
            .emits(started(OTHER))
            .stores(pending, OTHER),
        call("transferOwnership to nobody takes it back", nominate(Address::ZERO))
            .by(owner())
            .after_call(owner(), nominate(OTHER).abi_encode())
            .returns_nothing()
            .emits(started(Address::ZERO))
            .stores(pending, 0),
        call("transferOwnership to nobody", nominate(Address::ZERO))
            .by(owner())
            .returns_nothing()
            .emits(started(Address::ZERO)),
        call("transferOwnership by a stranger", nominate(OTHER))
            .by(OTHER)
            .reverts(unauthorized(OTHER)),
        call("transferOwnership by the nominated", nominate(USER))
            .by(OTHER)
            .after_call(owner(), nominate(OTHER).abi_encode())
            .reverts(unauthorized(OTHER)),
        call("acceptOwnership", Acl::acceptOwnershipCall {})
            .by(OTHER)
            .after_call(owner(), nominate(OTHER).abi_encode())
            .returns_nothing()
            .emits(transferred(OTHER))
            .stores(owned, OTHER)
            .stores(pending, 0),
        call("acceptOwnership by the owner", Acl::acceptOwnershipCall {})
            .by(owner())
            .after_call(owner(), nominate(OTHER).abi_encode())
            .reverts(unauthorized(owner())),
        call("acceptOwnership, not nominated", Acl::acceptOwnershipCall {})
            .by(OTHER)
            .reverts(unauthorized(OTHER)),
        call("acceptOwnership twice", Acl::acceptOwnershipCall {})
            .by(OTHER)
            .after_call(owner(), nominate(OTHER).abi_encode())
            .after_call(OTHER, accept())
            .reverts(unauthorized(OTHER)),
        call("unpause by the owner before", Acl::unpauseCall {})
            .by(owner())
            .after_call(owner(), nominate(OTHER).abi_encode())
            .after_call(OTHER, accept())
            .reverts(unauthorized(owner())),
        call("renounceOwnership", Acl::renounceOwnershipCall {})
            .by(owner())
            .after_call(owner(), nominate(OTHER).abi_encode())
            .returns_nothing()
            .emits(transferred(Address::ZERO))
            .stores(owned, 0)
            .stores(pending, 0),
        call("renounceOwnership by a stranger", Acl::renounceOwnershipCall {})
            .by(OTHER)
            .reverts(unauthorized(OTHER)),
        call("acceptOwnership after the owner renounced", Acl::acceptOwnershipCall {})
            .by(OTHER)
            .after_call(owner(), nominate(OTHER).abi_encode())
            .after_call(owner(), Acl::renounceOwnershipCall {}.abi_encode())
            .reverts(unauthorized(OTHER)),
    ]
}

/// The functions of proxies, of each contract that has them.
fn upgrades() -> Vec<Case> {
    let upgrade = Upgradeable::upgradeToAndCallCall { newImplementation: USER, data: Bytes::new() };
    let mut cases = vec![
        call("upgradeToAndCall of the list by a stranger", upgrade.clone())
            .by(OTHER)
            .reverts(unauthorized(OTHER)),
        call("initialize the list", Acl::initializeFromEmptyProxyCall {})
            .by(owner())
            .reverts(HostErrors::NotInitializingFromEmptyProxy {}),
        call("reinitialize the list", Acl::reinitializeV5Call {})
            .by(owner())
            .reverts(HostErrors::InvalidInitialization {}),
    ];
    for host in [HOST.executor, HOST.hcu_limit] {
        cases.push(
            case("upgradeToAndCall by a stranger", host, upgrade.abi_encode())
                .by(OTHER)
                .reverts(HostErrors::NotHostOwner { sender: OTHER }),
        );
    }
    for host in [HOST.acl, HOST.executor, HOST.hcu_limit] {
        cases.extend([
            case("upgradeToAndCall by the owner", host, upgrade.abi_encode())
                .by(owner())
                .reverts(HostErrors::ERC1967InvalidImplementation { implementation: USER }),
            case("upgradeToAndCall, malformed", host, &upgrade.abi_encode()[..67])
                .by(owner())
                .reverts_empty(),
            case("proxiableUUID", host, Upgradeable::proxiableUUIDCall {}.abi_encode())
                .reverts(HostErrors::UUPSUnauthorizedCallContext {}),
            case(
                "UPGRADE_INTERFACE_VERSION",
                host,
                Upgradeable::UPGRADE_INTERFACE_VERSIONCall {}.abi_encode(),
            )
            .returns("5.0.0"),
        ]);
    }
    cases
}

pub(super) fn cases() -> Vec<Case> {
    [pausing(), denying(), ownership(), upgrades()].into_iter().flatten().collect()
}

/// `upgradeToAndCall` is payable: value does not hide its answer.
#[test]
fn value_is_refused_by_the_function_that_takes_it() {
    let mut chain = Chain::new();
    let upgrade = Upgradeable::upgradeToAndCallCall { newImplementation: USER, data: Bytes::new() };
    let mut pay = |data: Vec<u8>| {
        chain.try_call(OTHER, HOST.acl, HOST.acl, U256::ONE, &data).expect("not fatal")
    };
    assert_reverts(&pay(upgrade.abi_encode()), unauthorized(OTHER));
    assert_reverts_empty(&pay(Acl::ownerCall {}.abi_encode()));
}
