//! What a devnet says of itself.

use serde_json::json;

use crate::Node;

#[test]
fn the_metadata_name_the_chain_and_its_head() {
    let node = Node::start();
    node.call("evm_mine", json!([]));
    let metadata = node.call("hardhat_metadata", json!([]));
    assert_eq!(metadata, node.call("anvil_metadata", json!([])));
    assert_eq!(metadata["clientVersion"], node.call("web3_clientVersion", json!([])));
    assert_eq!((&metadata["chainId"], &metadata["latestBlockNumber"]), (&json!(31337), &json!(1)));
    assert_eq!(metadata["latestBlockHash"], node.head()["hash"]);
    assert!(metadata["forkedNetwork"].is_null());
    assert_eq!(metadata["snapshots"], json!({}));

    node.call("evm_snapshot", json!([]));
    node.call("evm_mine", json!([]));
    let metadata = node.call("hardhat_metadata", json!([]));
    let hash = &node.call("eth_getBlockByNumber", json!(["0x1", false]))["hash"];
    assert_eq!(metadata["snapshots"], json!({ "0x1": [1, hash] }));
}

/// Plugins keep what they deployed by the instance.
#[test]
fn the_instance_changes_when_the_chain_starts_over() {
    let node = Node::start();
    let instance = || node.call("hardhat_metadata", json!([]))["instanceId"].clone();
    let first = instance();
    let snapshot = node.call("evm_snapshot", json!([]));
    node.call("evm_mine", json!([]));
    node.call("evm_revert", json!([snapshot]));
    assert_eq!(instance(), first);
    node.call("hardhat_reset", json!([]));
    let second = instance();
    let dump = node.call("anvil_dumpState", json!([]));
    node.call("anvil_loadState", json!([dump]));
    let third = instance();
    assert!(first != second && second != third && third != first);
    assert_ne!(Node::start().call("hardhat_metadata", json!([]))["instanceId"], first);
}

/// Tools take a node that knows this method for a plain one, and simulate encrypted values.
#[test]
fn the_node_does_not_pass_for_a_plain_one() {
    let node = Node::start();
    let refusal = node.refusal("anvil_nodeInfo", json!([]));
    assert!(refusal.contains("does not exist"), "{refusal}");
}

#[test]
fn logging_is_accepted() {
    let node = Node::start();
    assert_eq!(node.call("hardhat_setLoggingEnabled", json!([true])), true);
    assert!(node.call("anvil_setLoggingEnabled", json!([false])).is_null());
}
