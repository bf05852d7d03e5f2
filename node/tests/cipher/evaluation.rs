//! What is evaluated, what never is, and what a node says about either.

use alloy_primitives::B256;
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, Handle};
use serde_json::{Value, json};

use crate::{Node, Probe, hash};

#[test]
fn dead_work_is_told_from_live_work() {
    let node = Node::reference();
    let probe = node.deploy_probe();
    let transaction = node.execute(node.account(0), probe, &Probe::deadWorkCall { a: 5 });
    node.call("cipher_settle", json!([60]));
    let trace = node.call("cipher_trace", json!([transaction]));
    let rows: Vec<_> = trace["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|op| {
            let name = op["name"].as_str().unwrap();
            let value = op["value"].as_str().unwrap_or("unknown");
            (name, value, op["live"] == true, op["settled"] == true)
        })
        .collect();
    // Only the sum is stored. The other values follow from their operands.
    let expected = [
        ("trivialEncrypt", "5", true, true),
        ("fheMul", "25", false, false),
        ("fheDiv", "0", false, false),
        ("fheAdd", "6", true, true),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn a_handle_without_a_value_says_why() {
    let node = Node::reference();
    let probe = node.deploy_probe();
    let why = |handle: Handle| node.error("cipher_decrypt", json!([handle]));

    let made = node.execute(node.account(0), probe, &Probe::makeTransientCall { value: 5 });
    let dead = Handle(node.read(probe, &Probe::transientHandleCall {}));
    let message = why(dead);
    let expected = format!(
        "handle {dead} was never computed: trivialEncrypt made it in block 2, transaction \
         {made:?}, and it had no lasting grant when the transaction ended; call FHE.allowThis or \
         FHE.allow in the transaction that makes it"
    );
    assert_eq!(message, expected);
    // It has a producer, and no ciphertext.
    let info = node.call("cipher_handle", json!([dead]));
    assert_eq!(info["producer"]["operation"], "trivialEncrypt");
    assert_eq!((&info["digest"], &info["allowed"]), (&Value::Null, &json!([])));

    let name = B256::repeat_byte(7);
    assert!(why(Handle::computed(name, 31_337, FheType::Uint64)).contains("no transaction"));
    let input = Handle::input(name, 0, 31_337, FheType::Uint64);
    assert!(why(input).contains("an encrypted input that this node never saw"));
    let foreign = why(Handle::computed(name, 1, FheType::Uint64));
    assert!(foreign.contains("belongs to chain 1, and this chain is 31337"), "{foreign}");
    assert!(why(Handle::default()).contains("never set"));
    assert!(why(Handle(name)).contains("version"));
}

#[test]
fn what_is_published_is_shown_as_such() {
    let node = Node::reference();
    let probe = node.deploy_probe();
    node.execute(node.account(0), probe, &Probe::publishCall { value: 9 });
    let published = node.read(probe, &Probe::publishedCall {});
    let info = node.call("cipher_handle", json!([published]));
    assert_eq!((&info["allowedForDecryption"], &info["allowed"]), (&json!(true), &json!([])));
    let value = node.call("cipher_decrypt", json!([published]));
    assert_eq!(value, json!({ "type": "euint64", "value": "9" }));
}

#[test]
fn a_failed_transaction_is_traced_with_the_reason() {
    let node = Node::reference();
    let probe = node.deploy_probe();
    node.execute(node.account(0), probe, &Probe::storeCall { value: 3 });
    let stored = node.read(probe, &Probe::storedCall {});
    // Another contract may not use it.
    let other = node.deploy_probe();
    let call = Probe::useForeignCall { handle: stored };
    let receipt = node.send(node.account(0), Some(other), call.abi_encode());
    assert_eq!(receipt["status"], "0x0");
    let trace = node.call("cipher_trace", json!([hash(&receipt)]));
    assert_eq!((&trace["status"], &trace["operations"]), (&json!("failure"), &json!([])));
    let reason = trace["reason"].as_str().unwrap();
    assert!(reason.contains(&format!("(handle {stored:?}, account {other})")), "{reason}");
    assert!(reason.contains("never allowed") && reason.contains("FHE.allow"), "{reason}");

    // Its owner may, so the reason was that one.
    let receipt = node.send(node.account(0), Some(probe), call.abi_encode());
    assert_eq!(receipt["status"], "0x1");
}

#[test]
fn the_status_follows_the_head() {
    let node = Node::reference();
    let probe = node.deploy_probe();
    let before = node.call("cipher_settle", json!([]));
    assert_eq!((&before["evaluator"], &before["head"]), (&json!("reference"), &json!(1)));
    assert_eq!((&before["operations"], &before["store"]["ciphertexts"]), (&json!(0), &json!(0)));

    node.execute(node.account(0), probe, &Probe::deadWorkCall { a: 5 });
    let settled = node.call("cipher_settle", json!([]));
    assert_eq!(node.call("cipher_status", json!([])), settled);
    assert_eq!((&settled["head"], &settled["settled"]), (&json!(2), &json!(2)));
    assert_eq!((&settled["waiting"], &settled["running"]), (&json!(0), &Value::Null));
    assert_eq!((&settled["operations"], &settled["failed"]), (&json!(2), &json!([])));
    assert_eq!(settled["store"]["ciphertexts"], 1);
    assert!(settled["store"]["bytes"].as_u64() > Some(0));
    assert_eq!(settled["engineClass"], json!(node.devnet.evaluator().class()));
}
