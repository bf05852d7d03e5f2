//! Grants of the access control list.

use alloy_primitives::{B256, U256, hex};
use alloy_sol_types::{Panic, PanicKind, SolCall};
use ciphervm_fhe::FheType;
use ciphervm_precompiles::{AclErrors as E, interface::Acl};

use super::*;

const TY: FheType = FheType::Uint8;

fn a() -> B256 {
    trivial(1, TY)
}

fn b() -> B256 {
    trivial(2, TY)
}

fn deny(chain: &mut Chain) {
    done(chain, owner(), HOST.acl, &Acl::blockAccountCall { account: DAPP }.abi_encode());
}

fn pause(chain: &mut Chain) {
    done(chain, owner(), HOST.acl, &Acl::pauseCall {}.abi_encode());
}

fn allow(handle: B256, account: Address) -> Vec<u8> {
    Acl::allowCall { handle, account }.abi_encode()
}

fn allow_transient(handle: B256, account: Address) -> Vec<u8> {
    Acl::allowTransientCall { handle, account }.abi_encode()
}

fn publish(handles: &[B256]) -> Vec<u8> {
    Acl::allowForDecryptionCall { handlesList: handles.to_vec() }.abi_encode()
}

fn multicall(calls: &[Vec<u8>]) -> Vec<u8> {
    let data = calls.iter().map(|call| Bytes::from(call.clone())).collect();
    Acl::multicallCall { data }.abi_encode()
}

fn grant(handle: B256, account: Address) -> Word {
    entry(entry(acl_field(4), handle), account.into_word())
}

fn public(handle: B256) -> Word {
    entry(acl_field(5), handle)
}

fn allowed(handle: B256, account: Address) -> Acl::Allowed {
    Acl::Allowed { caller: DAPP, account, handle }
}

/// Persistent grants.
fn persistent() -> Vec<Case> {
    let call = |name, data| case(name, HOST.acl, data);
    vec![
        call("allow", allow(a(), USER))
            .after(has(1, TY))
            .returns_nothing()
            .emits(allowed(a(), USER))
            .stores(grant(a(), USER), 1),
        call("allow by one who holds it for good", allow(a(), USER))
            .after(has(1, TY))
            .after_call(DAPP, allow(a(), DAPP))
            .after(Chain::next_transaction)
            .returns_nothing()
            .emits(allowed(a(), USER))
            .stores(grant(a(), USER), 1),
        call("allow after the transaction", allow(a(), USER))
            .after(has(1, TY))
            .after(Chain::next_transaction)
            .reverts(E::SenderNotAllowed { sender: DAPP }),
        call("allow again", allow(a(), USER))
            .after(has(1, TY))
            .after_call(DAPP, allow(a(), USER))
            .returns_nothing()
            .emits(allowed(a(), USER)),
        call("allow the zero address", allow(a(), Address::ZERO))
            .after(has(1, TY))
            .returns_nothing()
            .emits(allowed(a(), Address::ZERO))
            .stores(grant(a(), Address::ZERO), 1),
        call("allow what one does not hold", allow(a(), USER))
            .reverts(E::SenderNotAllowed { sender: DAPP }),
        call("allow the zero handle", allow(B256::ZERO, USER))
            .reverts(E::SenderNotAllowed { sender: DAPP }),
        call("allow by a stranger", allow(a(), USER))
            .after(has(1, TY))
            .by(USER)
            .reverts(E::SenderNotAllowed { sender: USER }),
        call("allow, denied", allow(a(), USER))
            .after(has(1, TY))
            .after(deny)
            .reverts(E::SenderDenied { sender: DAPP }),
        call("allow, denied and not a holder", allow(a(), USER))
            .after(deny)
            .reverts(E::SenderDenied { sender: DAPP }),
        call("allow, denied and readmitted", allow(a(), USER))
            .after(has(1, TY))
            .after(deny)
            .after_call(owner(), Acl::unblockAccountCall { account: DAPP }.abi_encode())
            .returns_nothing()
            .emits(allowed(a(), USER))
            .stores(grant(a(), USER), 1),
        call("allow, paused", allow(a(), USER))
            .after(has(1, TY))
            .after(pause)
            .reverts(E::EnforcedPause {}),
        call("allow, paused and denied", allow(a(), USER))
            .after(deny)
            .after(pause)
            .reverts(E::EnforcedPause {}),
        call("allow, malformed and paused", allow(a(), USER)[..67].to_vec())
            .after(pause)
            .reverts_empty(),
        call("allow, dirty address", {
            let mut data = allow(a(), USER);
            data[4 + 32] = 1;
            data
        })
        .after(has(1, TY))
        .reverts_empty(),
    ]
}

/// Transient grants.
fn transient() -> Vec<Case> {
    let call = |name, data| case(name, HOST.acl, data);
    let key = |account| B256::from(transient_key(a(), account));
    let granted = |case: Case, account, position: u64| {
        case.returns_nothing()
            .transient((HOST.acl, U256::ZERO), position)
            .transient((HOST.acl, U256::from(position)), key(account))
            .transient((HOST.acl, key(account).into()), 1)
    };
    vec![
        granted(call("allowTransient", allow_transient(a(), USER)).after(has(1, TY)), USER, 2),
        granted(
            call("allowTransient again", allow_transient(a(), USER))
                .after(has(1, TY))
                .after_call(DAPP, allow_transient(a(), USER)),
            USER,
            3,
        ),
        granted(
            call("allowTransient by the executor", allow_transient(a(), USER)).by(HOST.executor),
            USER,
            1,
        ),
        call("allowTransient what one does not hold", allow_transient(a(), USER))
            .reverts(E::SenderNotAllowed { sender: DAPP }),
        call("allowTransient, denied", allow_transient(a(), USER))
            .after(has(1, TY))
            .after(deny)
            .reverts(E::SenderDenied { sender: DAPP }),
        call("allowTransient, denied and not a holder", allow_transient(a(), USER))
            .after(deny)
            .reverts(E::SenderDenied { sender: DAPP }),
        call("allowTransient, paused", allow_transient(a(), USER))
            .after(has(1, TY))
            .after(pause)
            .reverts(E::EnforcedPause {}),
        call("allowTransient by the executor, paused", allow_transient(a(), USER))
            .by(HOST.executor)
            .after(pause)
            .reverts(E::EnforcedPause {}),
        call("allowTransient, malformed", allow_transient(a(), USER)[..67].to_vec())
            .reverts_empty(),
        call("cleanTransientStorage", Acl::cleanTransientStorageCall {}.abi_encode())
            .by(USER)
            .after(has(1, TY))
            .returns_nothing()
            .transient((HOST.acl, U256::ZERO), 0)
            .transient((HOST.acl, U256::ONE), 0)
            .transient((HOST.acl, key(DAPP).into()), 0),
        call("cleanTransientStorage of nothing", Acl::cleanTransientStorageCall {}.abi_encode())
            .returns_nothing(),
        call("cleanTransientStorage, paused", Acl::cleanTransientStorageCall {}.abi_encode())
            .after(pause)
            .returns_nothing(),
    ]
}

/// Grants to everybody.
fn decryption() -> Vec<Case> {
    let call = |name, data| case(name, HOST.acl, data);
    let announced = |handles: &[B256]| Acl::AllowedForDecryption {
        caller: DAPP,
        handlesList: handles.to_vec(),
    };
    let of_length = |length: u64| {
        let head = (U256::from(32), U256::from(length)).abi_encode();
        [&Acl::allowForDecryptionCall::SELECTOR[..], &head].concat()
    };
    vec![
        call("allowForDecryption", publish(&[a(), b()]))
            .after(has(1, TY))
            .after(has(2, TY))
            .returns_nothing()
            .emits(announced(&[a(), b()]))
            .stores(public(a()), 1)
            .stores(public(b()), 1),
        call("allowForDecryption of one handle twice", publish(&[a(), a()]))
            .after(has(1, TY))
            .returns_nothing()
            .emits(announced(&[a(), a()]))
            .stores(public(a()), 1),
        call("allowForDecryption, one not held", publish(&[a(), b()]))
            .after(has(1, TY))
            .reverts(E::SenderNotAllowed { sender: DAPP }),
        call("allowForDecryption of nothing", publish(&[])).reverts(E::HandlesListIsEmpty {}),
        call("allowForDecryption of nothing, denied", publish(&[]))
            .after(deny)
            .reverts(E::HandlesListIsEmpty {}),
        call("allowForDecryption, denied", publish(&[a()]))
            .after(has(1, TY))
            .after(deny)
            .reverts(E::SenderDenied { sender: DAPP }),
        call("allowForDecryption of nothing, paused", publish(&[]))
            .after(pause)
            .reverts(E::EnforcedPause {}),
        call("allowForDecryption, paused", publish(&[a()]))
            .after(has(1, TY))
            .after(pause)
            .reverts(E::EnforcedPause {}),
        call("allowForDecryption, list out of the data", of_length(1)).reverts_empty(),
        call("allowForDecryption, list of length 0", of_length(0))
            .reverts(E::HandlesListIsEmpty {}),
        call("allowForDecryption, list out of memory", of_length(u64::MAX))
            .reverts(Panic::from(PanicKind::ResourceError)),
    ]
}

/// Questions.
fn views() -> Vec<Case> {
    let ask = |name, data| case(name, HOST.acl, data).by(USER);
    let is_allowed = |handle, account| Acl::isAllowedCall { handle, account }.abi_encode();
    let is_transient = |handle, account| Acl::allowedTransientCall { handle, account }.abi_encode();
    let is_kept = |handle, account| Acl::persistAllowedCall { handle, account }.abi_encode();
    let is_public = |handle| Acl::isAllowedForDecryptionCall { handle }.abi_encode();
    let is_denied = |account| Acl::isAccountDeniedCall { account }.abi_encode();
    let kept = |case: Case| case.after(has(1, TY)).after_call(DAPP, allow(a(), OTHER));
    vec![
        ask("isAllowed, transient", is_allowed(a(), DAPP)).after(has(1, TY)).returns(true),
        kept(ask("isAllowed, for good", is_allowed(a(), OTHER))).returns(true),
        ask("isAllowed, not", is_allowed(a(), USER)).after(has(1, TY)).returns(false),
        ask("isAllowed, paused", is_allowed(a(), DAPP))
            .after(has(1, TY))
            .after(pause)
            .returns(true),
        ask("isAllowed, malformed", is_allowed(a(), DAPP)[..67].to_vec()).reverts_empty(),
        ask("allowedTransient", is_transient(a(), DAPP)).after(has(1, TY)).returns(true),
        kept(ask("allowedTransient, for good only", is_transient(a(), OTHER))).returns(false),
        kept(ask("persistAllowed", is_kept(a(), OTHER))).returns(true),
        ask("persistAllowed, transient only", is_kept(a(), DAPP)).after(has(1, TY)).returns(false),
        ask("isAllowedForDecryption", is_public(a()))
            .after(has(1, TY))
            .after_call(DAPP, publish(&[a()]))
            .returns(true),
        ask("isAllowedForDecryption, not", is_public(a())).after(has(1, TY)).returns(false),
        ask("isAccountDenied", is_denied(DAPP)).after(deny).returns(true),
        ask("isAccountDenied, not", is_denied(USER)).after(deny).returns(false),
        ask("getFHEVMExecutorAddress", Acl::getFHEVMExecutorAddressCall {}.abi_encode())
            .returns(HOST.executor),
        ask("getPauserSetAddress", Acl::getPauserSetAddressCall {}.abi_encode())
            .returns(HOST.pauser_set),
        ask("getConfidentialBridgeAddress", Acl::getConfidentialBridgeAddressCall {}.abi_encode())
            .returns(Address::ZERO),
        ask("WILDCARD_DELEGATION_ADDRESS", Acl::WILDCARD_DELEGATION_ADDRESSCall {}.abi_encode())
            .returns(Address::repeat_byte(0xff)),
        ask("getVersion", Acl::getVersionCall {}.abi_encode()).returns("ACL v0.4.0"),
        ask("no calldata", vec![]).reverts_empty(),
        ask("three bytes", hex!("b9496b").to_vec()).reverts_empty(),
        ask("unknown function", hex!("deadbeef").to_vec()).reverts_empty(),
    ]
}

/// Several calls at once.
fn batches() -> Vec<Case> {
    let call = |name, data| case(name, HOST.acl, data);
    let unknown = hex!("deadbeef").to_vec();
    // The second element's offset leads out of the data.
    let broken_second = |first: Vec<u8>| {
        let mut data = multicall(&[first, vec![]]);
        data[4 + 64 + 32..4 + 64 + 64].fill(0x7f);
        data
    };
    vec![
        call("multicall of nothing", multicall(&[])).returns(Vec::<Bytes>::new()),
        call(
            "multicall",
            multicall(&[
                allow(a(), USER),
                Acl::isAllowedCall { handle: a(), account: USER }.abi_encode(),
            ]),
        )
        .after(has(1, TY))
        .returns(vec![Bytes::new(), true.abi_encode().into()])
        .emits(allowed(a(), USER))
        .stores(grant(a(), USER), 1),
        call("multicall, second fails", multicall(&[allow(a(), USER), allow(b(), USER)]))
            .after(has(1, TY))
            .reverts(E::SenderNotAllowed { sender: DAPP }),
        call("multicall of an unknown function", multicall(std::slice::from_ref(&unknown)))
            .reverts(E::FailedCall {}),
        call("multicall in a multicall", multicall(&[multicall(&[allow(a(), USER)])]))
            .after(has(1, TY))
            .returns(vec![Bytes::from(vec![Bytes::new()].abi_encode())])
            .emits(allowed(a(), USER))
            .stores(grant(a(), USER), 1),
        call("multicall, first fails and second is malformed", broken_second(allow(a(), USER)))
            .reverts(E::SenderNotAllowed { sender: DAPP }),
        call("multicall, second is malformed", broken_second(allow(a(), USER)))
            .after(has(1, TY))
            .reverts_empty(),
        call("multicall, no array", Acl::multicallCall::SELECTOR.to_vec()).reverts_empty(),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [persistent(), transient(), decryption(), views(), batches()].into_iter().flatten().collect()
}
