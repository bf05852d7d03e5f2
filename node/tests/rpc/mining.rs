//! When blocks are made.

use serde_json::{Value, json};

use crate::{Node, eventually, quantity};

#[test]
fn blocks_are_made_when_asked_for() {
    let node = Node::start();
    assert_eq!(node.call("evm_mine", json!([])), "0x0");
    assert_eq!(node.number(), 1);
    assert_eq!(node.call("hardhat_mine", json!([])), true);
    assert!(node.call("anvil_mine", json!([])).is_null());
    assert_eq!(node.number(), 3);
    for count in [json!(2), json!("2"), json!("0x2"), json!("0x02")] {
        node.call("hardhat_mine", json!([count]));
        node.call("anvil_mine", json!([count]));
    }
    assert_eq!(node.number(), 19);
    node.call("hardhat_mine", json!([0]));
    assert_eq!(node.number(), 19);
}

#[test]
fn many_blocks_are_an_interval_apart() {
    let node = Node::start();
    node.call("hardhat_mine", json!(["0x4", "0x3c"]));
    let time = |number: u64| {
        let block = node.call("eth_getBlockByNumber", json!([format!("{number:#x}"), false]));
        quantity(&block["timestamp"])
    };
    assert_eq!([time(2) - time(1), time(3) - time(2), time(4) - time(3)], [60; 3]);
    // Time goes on from there, and clients that say 0 mean nothing by it.
    node.call("anvil_mine", json!([2, "0x0"]));
    assert!(time(5) >= time(4) && (1..60).contains(&(time(6) - time(5))));
}

#[test]
fn a_block_can_have_a_timestamp() {
    let node = Node::start();
    assert_eq!(node.call("evm_mine", json!([5_000_000_000_u64])), "0x0");
    assert_eq!(node.timestamp(), 5_000_000_000);
    node.call("evm_mine", json!([{ "timestamp": 5_000_000_100_u64, "blocks": 3 }]));
    assert_eq!(node.number(), 4);
    let first = node.call("eth_getBlockByNumber", json!(["0x2", false]));
    assert_eq!(quantity(&first["timestamp"]), 5_000_000_100);
    let refusal = node.refusal("evm_mine", json!([5_000_000_000_u64]));
    assert!(refusal.contains("lower than or equal to the last block's"), "{refusal}");
    assert_eq!(node.number(), 4);
}

#[test]
fn too_many_blocks_are_refused_at_once() {
    let node = Node::start();
    for method in ["hardhat_mine", "anvil_mine"] {
        let refusal = node.refusal(method, json!([1_000_000]));
        assert!(refusal.contains("limit of 100000"), "{refusal}");
    }
    let refusal = node.refusal("evm_mine", json!([{ "blocks": 1_000_000 }]));
    assert!(refusal.contains("limit of 100000"), "{refusal}");
    assert_eq!(node.number(), 0);
}

#[test]
fn without_automine_transactions_wait_for_a_block() {
    let node = Node::start();
    let transfer = || node.send(json!({ "to": node.account(1), "value": "0x1" }));
    let automine =
        || (node.call("hardhat_getAutomine", json!([])), node.call("anvil_getAutomine", json!([])));
    assert_eq!(automine(), (json!(true), json!(true)));
    let mined = transfer();
    assert_eq!(node.receipt(&mined)["blockNumber"], "0x1");

    assert_eq!(node.call("evm_setAutomine", json!([false])), true);
    assert_eq!(automine(), (json!(false), json!(false)));
    let waiting = [transfer(), transfer()];
    assert_eq!(waiting.each_ref().map(|hash| node.receipt(hash)), [Value::Null, Value::Null]);
    node.call("evm_mine", json!([]));
    for hash in &waiting {
        assert_eq!(node.receipt(hash)["blockNumber"], "0x2");
    }

    assert!(node.call("anvil_setAutomine", json!([true])).is_null());
    assert_eq!(node.receipt(&transfer())["blockNumber"], "0x3");
}

#[test]
fn blocks_are_made_every_so_often() {
    let node = Node::start();
    let interval = || node.call("anvil_getIntervalMining", json!([]));
    assert!(interval().is_null());
    assert_eq!(node.call("evm_setIntervalMining", json!([10])), true);
    assert_eq!(interval(), 1);
    eventually(|| node.number() >= 3);
    assert_eq!(node.call("evm_setIntervalMining", json!([[1_000_000, 3_000_000]])), true);
    assert_eq!(interval(), 2_000);
    // Hardhat's blocks by time and by transaction go side by side.
    assert_eq!(node.call("hardhat_getAutomine", json!([])), true);
    let sent = node.send(json!({ "to": node.account(1) }));
    assert!(node.receipt(&sent).is_object());
    node.call("evm_setIntervalMining", json!([0]));
    assert!(interval().is_null());
    let refusal = node.refusal("evm_setIntervalMining", json!([[2, 1]]));
    assert!(refusal.contains("swap them"), "{refusal}");
}

#[test]
fn anvil_makes_blocks_by_time_or_by_transaction() {
    let node = Node::start();
    assert!(node.call("anvil_setIntervalMining", json!([3_600])).is_null());
    assert_eq!(node.call("anvil_getIntervalMining", json!([])), 3_600);
    assert_eq!(node.call("anvil_getAutomine", json!([])), false);
    let waiting = node.send(json!({ "to": node.account(1) }));
    assert!(node.receipt(&waiting).is_null());
    node.call("anvil_setAutomine", json!([true]));
    assert!(node.call("anvil_getIntervalMining", json!([])).is_null());
    node.call("anvil_setIntervalMining", json!([0]));
    assert!(node.call("anvil_getIntervalMining", json!([])).is_null());
    assert_eq!(node.call("anvil_getAutomine", json!([])), false);
}
