//! A confidential token from its first mint to a second node that computed the same.

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use crate::{HOST, Node};

/// A token of which two accounts have some, and a transfer between them.
struct Story {
    node: Node,
    token: Address,
    transfer: B256,
}

fn tell() -> Story {
    let node = Node::reference();
    let [alice, bob] = [1, 2].map(|index| node.account(index));
    let token = node.deploy_token();
    node.mint(token, alice, 1_000);
    node.mint(token, bob, 10);
    let call = node.transfer(token, alice, bob, 250);
    let transfer = node.execute(alice, token, &call);
    Story { node, token, transfer }
}

#[test]
fn balances_are_decrypted_once_they_are_settled() {
    let Story { node, token, .. } = tell();
    for (index, balance) in [(1, "750"), (2, "260")] {
        let handle = node.balance(token, node.account(index));
        let expected = json!({ "type": "euint64", "value": balance });
        assert_eq!(node.call("cipher_decrypt", json!([handle])), expected);
    }
}

#[test]
fn a_transfer_is_traced() {
    let Story { node, token, transfer } = tell();
    node.call("cipher_settle", json!([]));
    let trace = node.call("cipher_trace", json!([transfer]));
    let operations = trace["operations"].as_array().unwrap();
    let rows: Vec<_> = operations
        .iter()
        .map(|op| (op["name"].as_str().unwrap(), op["value"].as_str().unwrap()))
        .collect();
    let expected = [
        ("fheGe", "true"),
        ("fheSub", "750"),
        ("fheIfThenElse", "750"),
        ("trivialEncrypt", "0"),
        ("fheIfThenElse", "250"),
        ("fheAdd", "260"),
    ];
    assert_eq!(rows, expected);
    assert!(operations.iter().all(|op| op["live"] == true && op["settled"] == true));
    assert!(operations.iter().all(|op| op["caller"] == json!(token)));
    let evaluation = &trace["evaluation"];
    let counts = ["live", "dead", "shared", "bootstraps", "depth"].map(|name| &evaluation[name]);
    assert_eq!(counts, [6, 0, 0, 0, 39], "{evaluation}");
    assert!(evaluation["ms"].is_number());
    assert_eq!((&trace["status"], &trace["reason"]), (&json!("success"), &Value::Null));
    let balance = json!(node.balance(token, node.account(2)));
    let grants = trace["grants"].as_array().unwrap();
    let bob = json!(node.account(2));
    assert!(grants.iter().any(|grant| grant["handle"] == balance && grant["account"] == bob));
}

#[test]
fn a_handle_tells_where_it_comes_from_and_who_may_use_it() {
    let Story { node, token, transfer } = tell();
    node.call("cipher_settle", json!([]));
    let balance = node.balance(token, node.account(2));
    let info = node.call("cipher_handle", json!([balance]));
    assert_eq!((&info["type"], &info["kind"]), (&json!("euint64"), &json!("computed")));
    assert_eq!((&info["chainId"], &info["index"]), (&json!(31_337), &Value::Null));
    let block = node.call("eth_getTransactionReceipt", json!([transfer]))["blockNumber"].clone();
    let producer = json!({
        "transaction": transfer,
        "block": u64::from_str_radix(&block.as_str().unwrap()[2..], 16).unwrap(),
        "operation": "fheAdd",
        "caller": token,
    });
    assert_eq!(info["producer"], producer);
    let mut expected = [token, node.account(2)];
    expected.sort();
    assert_eq!(info["allowed"], json!(expected));
    assert_eq!(info["allowedForDecryption"], false);
    assert!(info["digest"].is_string() && info["bytes"].as_u64() > Some(0));

    // The state has the last word: with its account gone, nobody is allowed anything.
    node.call("hardhat_setStorageAt", json!([HOST.acl, slot_of(&node, balance.0), B256::ZERO]));
    let info = node.call("cipher_handle", json!([balance]));
    assert_eq!(info["allowed"], json!([token]));
}

/// The slot of the grant to the second account, found by what the ACL reads to answer.
fn slot_of(node: &Node, handle: B256) -> B256 {
    use alloy_primitives::Bytes;
    use alloy_sol_types::SolCall;
    use ciphervm_precompiles::interface::Acl;
    let call = Acl::persistAllowedCall { handle, account: node.account(2) };
    let request = json!({ "to": HOST.acl, "data": Bytes::from(call.abi_encode()) });
    let options = json!({ "tracer": "prestateTracer" });
    let state = node.call("debug_traceCall", json!([request, "latest", options]));
    let storage = state[HOST.acl.to_string().to_lowercase()]["storage"].as_object().unwrap();
    assert_eq!(storage.len(), 1, "{state}");
    storage.keys().next().unwrap().parse().unwrap()
}

#[test]
fn an_input_is_known_before_it_is_used() {
    let node = Node::reference();
    let [contract, user] = [1, 2].map(|index| node.account(index));
    let params = json!([[true, 200, contract], ["ebool", "euint8", "eaddress"], contract, user]);
    let input = node.call("cipher_encrypt", params);
    let handles = input["handles"].as_array().unwrap();
    let values: Vec<_> =
        handles.iter().map(|handle| node.call("cipher_decrypt", json!([handle]))).collect();
    let expected = [
        json!({ "type": "ebool", "value": true }),
        json!({ "type": "euint8", "value": "200" }),
        json!({ "type": "eaddress", "value": contract.to_string() }),
    ];
    assert_eq!(values, expected);
    let info = node.call("cipher_handle", json!([handles[1]]));
    assert_eq!((&info["kind"], &info["index"]), (&json!("input"), &json!(1)));
    assert_eq!((&info["producer"], &info["allowed"]), (&Value::Null, &json!([])));

    let message = node.error("cipher_encrypt", json!([256, "euint8", contract, user]));
    assert!(message.contains("does not fit"), "{message}");
}

#[test]
fn nodes_that_executed_the_same_have_the_same_commitments() {
    let stories = [tell(), tell()];
    let head = stories[0].node.call("eth_blockNumber", json!([]));
    let head = u64::from_str_radix(&head.as_str().unwrap()[2..], 16).unwrap();
    let mut covered = 0;
    for number in 0..=head {
        let [one, other] = [0, 1].map(|story: usize| {
            let params = json!([format!("{number:#x}")]);
            stories[story].node.call("cipher_blockCommitment", params)
        });
        assert_eq!(one, other);
        covered += one["ciphertexts"].as_array().unwrap().len();
    }
    assert!(covered > 5);

    // And with one more ciphertext they have not.
    let [node, other] = [0, 1].map(|story: usize| &stories[story].node);
    node.mint(stories[0].token, node.account(1), 5);
    other.mint(stories[1].token, other.account(1), 6);
    let [one, other] =
        [node, other].map(|node| node.call("cipher_blockCommitment", json!(["latest"])));
    assert_eq!(one["blockNumber"], other["blockNumber"]);
    assert_ne!(one["commitment"], other["commitment"]);
}

#[test]
fn the_pending_block_has_no_commitment() {
    let node = Node::reference();
    let message = node.error("cipher_blockCommitment", json!(["pending"]));
    assert!(message.contains("evm_mine"), "{message}");
    let message = node.error("cipher_blockCommitment", json!(["0x77"]));
    assert!(message.contains("no such block"), "{message}");
}
