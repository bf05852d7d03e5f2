//! Decryptions for users and their delegates.

use alloy_primitives::{B256, U256};
use ciphervm_node::devnet::now;
use ciphervm_precompiles::interface::Acl;
use serde_json::{Value, json};

use super::{DAY, DELEGATED, USER, with, without};
use crate::{HOST, Node, Probe};

#[test]
fn a_user_sees_what_is_granted_to_user_and_contract_and_nothing_else() {
    let node = Node::reference();
    let (handle, probe) = node.granted(42);
    let [user, stranger] = [0, 1].map(|index| node.account(index));
    assert_eq!(node.clear_values(USER, node.user_request(handle, probe, user)), json!(["0x2a"]));
    node.refuses(
        USER,
        &[
            (
                node.user_request(handle, probe, stranger),
                &format!("user {stranger} is not allowed"),
            ),
            (node.user_request(handle, HOST.acl, user), &format!("contract {} is not", HOST.acl)),
            (node.user_request(handle, user, user), "a contract cannot be its own user"),
        ],
    );
    // What only the contract has.
    node.execute(user, probe, &Probe::storeCall { value: 43 });
    let kept = node.read(probe, &Probe::storedCall {});
    node.refuses(USER, &[(node.user_request(kept, probe, user), "is not allowed handle")]);
    assert_eq!(node.call("fhevm_getClearText", json!([[kept]])), json!(["0x2b"]));
}

#[test]
fn a_request_that_is_not_the_users_or_not_valid_is_refused_by_name() {
    let node = Node::reference();
    let (handle, probe) = node.granted(42);
    let [user, stranger] = [0, 1].map(|index| node.account(index));
    let good = node.user_request(handle, probe, user);
    let change = |pointer: &str, value: Value| with(good.clone(), &[(pointer, value)]);
    let foreign = node.user_request(handle, probe, stranger);
    node.refuses(
        USER,
        &[
            (change("/signature", foreign["signature"].clone()), &format!("signed by {stranger}")),
            (change("/signature", json!("00")), "signature 0x00 is none"),
            (change("/signature", json!("00".repeat(65))), "is none"),
            (change("/publicKey", json!("08")), "the request is signed by"),
            (change("/extraData", json!("0x01")), "the request is signed by"),
            (change("/requestValidity/durationDays", json!("2")), "the request is signed by"),
            (change("/requestValidity/durationDays", json!("0")), "durationDays is 0"),
            (change("/requestValidity/durationDays", json!("366")), "durationDays is 366"),
            (change("/requestValidity/durationDays", json!("ten")), "invalid"),
            (
                change("/requestValidity/startTimestamp", json!((now() - DAY - 1).to_string())),
                "the request expired at",
            ),
            (
                change("/requestValidity/startTimestamp", json!((now() + DAY).to_string())),
                "send it later",
            ),
            (
                change("/requestValidity/startTimestamp", json!(U256::MAX.to_string())),
                "send it later",
            ),
            (change("/contractsChainId", json!("1")), "contracts of chain 1, and this is chain"),
            (change("/contractAddresses", json!([])), "has 0 contracts"),
            (change("/contractAddresses", json!(vec![probe; 11])), "has 11 contracts"),
            (change("/contractAddresses", json!([HOST.acl])), "is not in contractAddresses"),
            (change("/handleContractPairs", json!([])), "no handles"),
            (
                change(
                    "/handleContractPairs",
                    json!(vec![good["handleContractPairs"][0].clone(); 33]),
                ),
                "2112 bits are more than the 2048",
            ),
            (change("/handleContractPairs/0/handle", json!(B256::ZERO)), "handle"),
            (change("/handleContractPairs/0/handle", json!("0x12")), "invalid string length"),
            (without(good.clone(), "requestValidity"), "missing field `requestValidity`"),
        ],
    );
    assert_eq!(node.clear_values(USER, good), json!(["0x2a"]));
}

#[test]
fn signatures_that_were_taken_back_are_refused() {
    let node = Node::reference();
    let (handle, probe) = node.granted(42);
    let user = node.account(0);
    let request = node.user_request(handle, probe, user);
    assert_eq!(node.clear_values(USER, request.clone()), json!(["0x2a"]));
    // A chain that is a day ahead.
    node.call("evm_setNextBlockTimestamp", json!([now() + DAY]));
    let timestamp = U256::from(now() + 60);
    node.execute(user, HOST.acl, &Acl::invalidateDecryptionSignaturesBeforeCall { timestamp });
    node.refuses(USER, &[(request, "invalidated its signatures before")]);
}

#[test]
fn a_delegate_sees_values_as_long_as_the_delegation_lasts() {
    let node = Node::reference();
    let (handle, probe) = node.granted(42);
    let [user, delegate, stranger] = [0, 1, 2].map(|index| node.account(index));
    let request = || node.delegated_request(handle, probe, [user, delegate]);
    node.refuses(DELEGATED, &[(request(), "did not delegate the decryption")]);
    node.call("evm_setNextBlockTimestamp", json!([1_800_000_000]));
    let (contract, expiration) = (probe, 1_800_000_000 + 30 * DAY);
    let delegation = Acl::delegateForUserDecryptionCall {
        delegate,
        contractAddress: contract,
        expirationDate: expiration,
    };
    node.execute(user, HOST.acl, &delegation);
    assert_eq!(node.clear_values(DELEGATED, request()), json!(["0x2a"]));
    let other = node.delegated_request(handle, probe, [user, stranger]);
    let forged = with(request(), &[("/signature", other["signature"].clone())]);
    let foreign = node.delegated_request(handle, probe, [stranger, delegate]);
    node.refuses(
        DELEGATED,
        &[
            (other, "did not delegate the decryption"),
            (forged, "the request is signed by"),
            (foreign, &format!("user {stranger} is not allowed")),
            (without(request(), "delegatorAddress"), "missing field `delegatorAddress`"),
        ],
    );
    let revocation =
        Acl::revokeDelegationForUserDecryptionCall { delegate, contractAddress: contract };
    node.execute(user, HOST.acl, &revocation);
    node.refuses(DELEGATED, &[(request(), "did not delegate the decryption")]);
}
