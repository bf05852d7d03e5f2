//! Transactions before they are in a block.

use alloy_primitives::{Address, Bytes, keccak256};
use serde_json::{Value, json};

use crate::Node;

const NOBODY: Address = Address::repeat_byte(0xbb);

#[test]
fn the_pool_s_content_is_by_sender_and_nonce() {
    let node = Node::start();
    node.call("evm_setAutomine", json!([false]));
    let [alice, bob] = [0, 1].map(|index| node.account(index));
    let send = |from: Address, nonce: u64| {
        node.send(json!({ "from": from, "to": NOBODY, "nonce": format!("{nonce:#x}") }))
    };
    let hashes = [send(alice, 0), send(alice, 1), send(alice, 3), send(bob, 0)];
    let content = node.call("txpool_content", json!([]));
    let listed = |part: &str, sender: Address, nonce: &str| {
        // Addresses are keys here, in lower case as everywhere.
        content[part][format!("{sender:#x}")][nonce]["hash"].clone()
    };
    let found = [
        listed("pending", alice, "0"),
        listed("pending", alice, "1"),
        listed("queued", alice, "3"),
        listed("pending", bob, "0"),
    ];
    assert_eq!(found, hashes);
    let count = |part: &str| -> usize {
        let senders = content[part].as_object().unwrap().values();
        senders.map(|queue| queue.as_object().unwrap().len()).sum()
    };
    assert_eq!((count("pending"), count("queued")), (3, 1));
    // What fills the gap moves what waited behind it.
    send(alice, 2);
    let status = node.call("txpool_status", json!([]));
    assert_eq!(status, json!({ "pending": "0x5", "queued": "0x0" }));
    node.call("evm_mine", json!([]));
    let empty = json!({ "pending": {}, "queued": {} });
    assert_eq!(node.call("txpool_content", json!([])), empty);
}

#[test]
fn a_transaction_that_is_signed_only_can_be_sent_later() {
    let node = Node::start();
    let sender = node.account(1);
    let request = json!({ "from": sender, "to": NOBODY, "value": "0x5" });
    let raw: Bytes =
        serde_json::from_value(node.call("eth_signTransaction", json!([request]))).unwrap();
    assert_eq!((node.number(), node.balance(NOBODY)), (0, 0));

    let hash = node.call("eth_sendRawTransaction", json!([raw]));
    assert_eq!(hash, json!(keccak256(&raw)));
    let receipt = node.receipt(&hash);
    assert_eq!((&receipt["from"], node.balance(NOBODY)), (&json!(sender), 5));
    // Filling it in is not signing it.
    let filled = node.call("eth_fillTransaction", json!([request]));
    assert_eq!(filled["tx"]["nonce"], "0x1");
    assert_ne!(filled["raw"], Value::Null);
    let stranger = json!({ "from": NOBODY, "to": sender, "gas": "0x5208" });
    let refusal = node.refusal("eth_signTransaction", json!([stranger]));
    assert!(refusal.contains("no key for"), "{refusal}");
}
