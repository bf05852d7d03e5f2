//! The set of pausers.

use alloy_primitives::hex;
use alloy_sol_types::SolCall;
use ciphervm_precompiles::{HostErrors, PauserErrors as E, interface::PauserSet};

use super::*;

fn call(name: &'static str, data: impl SolCall) -> Case {
    case(name, HOST.pauser_set, data.abi_encode()).by(owner())
}

pub(super) fn cases() -> Vec<Case> {
    let add = |account| PauserSet::addPauserCall { account };
    let remove = |account| PauserSet::removePauserCall { account };
    let swap = |old, new| PauserSet::swapPauserCall { oldAccount: old, newAccount: new };
    let not_owner = HostErrors::NotHostOwner { sender: USER };
    let alias = HOST.pauser_set_alias.expect("an alias");
    vec![
        call("addPauser", add(OTHER))
            .returns_nothing()
            .emits(PauserSet::AddPauser { account: OTHER })
            .stores(pauser(OTHER), 1),
        call("addPauser again", add(owner())).reverts(E::AccountAlreadyPauser { account: owner() }),
        call("addPauser of nobody", add(Address::ZERO)).reverts(E::InvalidNullPauser {}),
        call("addPauser of nobody by a stranger", add(Address::ZERO))
            .by(USER)
            .reverts(not_owner.clone()),
        call("removePauser", remove(owner()))
            .returns_nothing()
            .emits(PauserSet::RemovePauser { account: owner() })
            .stores(pauser(owner()), 0),
        call("removePauser who is none", remove(OTHER))
            .reverts(E::AccountNotPauser { account: OTHER }),
        call("removePauser of nobody", remove(Address::ZERO)).reverts(E::InvalidNullPauser {}),
        call("removePauser by a stranger", remove(owner())).by(USER).reverts(not_owner.clone()),
        call("swapPauser", swap(owner(), OTHER))
            .returns_nothing()
            .emits(PauserSet::SwapPauser { oldAccount: owner(), newAccount: OTHER })
            .stores(pauser(owner()), 0)
            .stores(pauser(OTHER), 1),
        call("swapPauser, old is nobody", swap(Address::ZERO, owner()))
            .reverts(E::InvalidNullPauser {}),
        call("swapPauser, new is nobody and old is none", swap(OTHER, Address::ZERO))
            .reverts(E::InvalidNullPauser {}),
        call("swapPauser, old is none and new is one", swap(OTHER, owner()))
            .reverts(E::AccountNotPauser { account: OTHER }),
        call("swapPauser with oneself", swap(owner(), owner()))
            .reverts(E::AccountAlreadyPauser { account: owner() }),
        call("swapPauser by a stranger", swap(owner(), OTHER)).by(USER).reverts(not_owner),
        case("swapPauser, malformed", HOST.pauser_set, &swap(owner(), OTHER).abi_encode()[..67])
            .by(USER)
            .reverts_empty(),
        call("isPauser", PauserSet::isPauserCall { account: owner() }).returns(true),
        call("isPauser, not", PauserSet::isPauserCall { account: OTHER }).returns(false),
        call("getVersion", PauserSet::getVersionCall {}).returns("PauserSet v0.1.0"),
        // It has no proxy in front.
        case("proxiableUUID of the set", HOST.pauser_set, hex!("52d1902d")).reverts_empty(),
        case("unknown function of the set", HOST.pauser_set, hex!("deadbeef")).reverts_empty(),
        case(
            "isPauser at the alias",
            alias,
            PauserSet::isPauserCall { account: owner() }.abi_encode(),
        )
        .returns(true),
        case("addPauser at the alias", alias, add(OTHER).abi_encode())
            .by(owner())
            .returns_nothing()
            .emits_from(HOST.pauser_set, PauserSet::AddPauser { account: OTHER })
            .stores(pauser(OTHER), 1),
        case("addPauser at the alias by a stranger", alias, add(OTHER).abi_encode())
            .by(USER)
            .reverts(HostErrors::NotHostOwner { sender: USER }),
    ]
}
