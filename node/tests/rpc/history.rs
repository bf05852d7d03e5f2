//! Snapshots, resets, and transactions that are dropped.

use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use crate::{Node, WEALTH, quantity, word};

const NOBODY: Address = Address::repeat_byte(0xbb);
/// Logs nothing, and stops.
const LOGGER: &str = "0x5f5fa000";

impl Node {
    fn snapshot(&self) -> Value {
        self.call("evm_snapshot", json!([]))
    }

    fn revert(&self, id: &Value) -> Value {
        self.call("evm_revert", json!([id]))
    }
}

#[test]
fn everything_is_as_it_was_when_the_snapshot_was_taken() {
    let node = Node::start();
    node.call("evm_setAutomine", json!([false]));
    let waiting = node.send(json!({ "to": NOBODY, "value": "0x1" }));
    let before = node.head();
    let id = node.snapshot();
    assert_eq!(id, "0x1");

    node.call("evm_mine", json!([]));
    assert_eq!(node.receipt(&waiting)["blockNumber"], "0x1");
    node.call("hardhat_setBalance", json!([NOBODY, 5]));
    node.call("hardhat_setCoinbase", json!([NOBODY]));
    node.call("evm_increaseTime", json!([1_000_000_000]));
    node.call("hardhat_mine", json!([3]));

    assert_eq!(node.revert(&id), true);
    assert_eq!(node.head(), before);
    assert_eq!(node.balance(NOBODY), 0);
    assert!(node.receipt(&waiting).is_null());
    assert_eq!(node.call("txpool_status", json!([]))["pending"], "0x1");
    assert_eq!(node.call("eth_coinbase", json!([])), json!(Address::ZERO));
    assert_eq!(node.revert(&id), false);

    // Also on disk.
    let node = node.restart();
    assert_eq!(node.head(), before);
    assert_eq!(node.call("txpool_status", json!([]))["pending"], "0x1");
    assert_eq!(node.call("evm_increaseTime", json!([0])), "0");
    node.call("evm_mine", json!([]));
    assert_eq!((node.balance(NOBODY), node.number()), (1, 1));
}

#[test]
fn a_snapshot_takes_those_after_it_with_it() {
    let node = Node::start();
    let ids: Vec<_> = (1..=3)
        .map(|balance| {
            node.call("hardhat_setBalance", json!([NOBODY, balance]));
            node.call("evm_mine", json!([]));
            node.call("anvil_snapshot", json!([]))
        })
        .collect();
    assert_eq!(ids, ["0x1", "0x2", "0x3"]);
    node.call("evm_mine", json!([]));
    assert_eq!(node.call("anvil_revert", json!(["2"])), true);
    assert_eq!((node.balance(NOBODY), node.number()), (2, 2));
    assert_eq!((node.revert(&ids[2]), node.revert(&ids[1])), (json!(false), json!(false)));
    assert_eq!((node.balance(NOBODY), node.number()), (2, 2));
    // Numbers are not used again.
    assert_eq!(node.snapshot(), "0x4");
    assert_eq!(node.revert(&ids[0]), true);
    assert_eq!((node.balance(NOBODY), node.number()), (1, 1));
    assert_eq!(node.revert(&json!("0x4")), false);
    assert_eq!(node.revert(&json!(99)), false);
}

#[test]
fn filters_tell_which_logs_are_gone() {
    let node = Node::start();
    node.call("hardhat_setCode", json!([NOBODY, LOGGER]));
    let filter = node.call("eth_newFilter", json!([{ "address": NOBODY }]));
    let changes = || {
        let changes = node.call("eth_getFilterChanges", json!([filter]));
        let change = |log: &Value| (log["transactionHash"].clone(), log["removed"].clone());
        changes.as_array().unwrap().iter().map(change).collect::<Vec<_>>()
    };
    let kept = node.send(json!({ "to": NOBODY }));
    let id = node.snapshot();
    let gone = [(); 2].map(|()| node.send(json!({ "to": NOBODY })));
    let [first, second] = &gone;
    let news = [&kept, first, second].map(|hash| (hash.clone(), json!(false)));
    assert_eq!(changes(), news);

    node.revert(&id);
    // The last one first.
    let news = [second, first].map(|hash| (hash.clone(), json!(true)));
    assert_eq!(changes(), news);
    let logs = node.call("eth_getLogs", json!([{ "address": NOBODY, "fromBlock": "0x0" }]));
    assert_eq!(logs.as_array().unwrap().len(), 1);
    assert_eq!(logs[0]["transactionHash"], kept);
}

#[test]
fn a_reset_goes_back_to_the_start() {
    let node = Node::start();
    let genesis = node.head();
    let scramble = || {
        node.call("hardhat_setBalance", json!([node.account(0), 0]));
        let id = node.snapshot();
        node.call("hardhat_impersonateAccount", json!([NOBODY]));
        node.call("evm_setAutomine", json!([false]));
        node.call("evm_setIntervalMining", json!([3_600_000]));
        node.call("evm_increaseTime", json!([1_000_000]));
        node.call("hardhat_mine", json!([3]));
        node.send(json!({ "from": node.account(1), "to": NOBODY }));
        id
    };
    let check = |id: &Value| {
        assert_eq!(node.head(), genesis);
        assert_eq!(node.balance(node.account(0)), WEALTH);
        assert_eq!(node.revert(id), false);
        assert_eq!(node.call("hardhat_getAutomine", json!([])), true);
        assert!(node.call("anvil_getIntervalMining", json!([])).is_null());
        assert_eq!(node.call("evm_increaseTime", json!([0])), "0");
        assert_eq!(node.call("hardhat_stopImpersonatingAccount", json!([NOBODY])), false);
        assert_eq!(node.call("txpool_status", json!([]))["pending"], "0x0");
    };
    for params in [json!([]), json!([{}]), json!([{ "forking": { "blockNumber": null } }])] {
        let id = scramble();
        assert_eq!(node.call("hardhat_reset", params), true);
        check(&id);
    }
    let id = scramble();
    assert!(node.call("anvil_reset", json!([])).is_null());
    check(&id);
    let node = node.restart();
    assert_eq!(node.head(), genesis);
    assert_eq!(node.balance(node.account(0)), WEALTH);
}

#[test]
fn there_is_nothing_to_fork() {
    let node = Node::start();
    node.call("evm_mine", json!([]));
    for fork in [
        json!({ "forking": { "jsonRpcUrl": "http://localhost", "blockNumber": 7 } }),
        json!({ "forking": { "blockNumber": 7 } }),
        json!({ "jsonRpcUrl": "http://localhost" }),
    ] {
        for method in ["hardhat_reset", "anvil_reset"] {
            let refusal = node.refusal(method, json!([fork]));
            assert!(refusal.contains("cannot fork"), "{refusal}");
        }
    }
    assert_eq!(node.number(), 1);
}

#[test]
fn waiting_transactions_can_be_dropped() {
    let node = Node::start();
    let mined = node.send(json!({ "to": NOBODY }));
    node.call("evm_setAutomine", json!([false]));
    let send = |nonce: u64| node.send(json!({ "to": NOBODY, "nonce": format!("{nonce:#x}") }));
    let waiting = [1, 2, 3, 4].map(send);

    assert_eq!(node.call("hardhat_dropTransaction", json!([waiting[3]])), true);
    assert_eq!(node.call("hardhat_dropTransaction", json!([waiting[3]])), false);
    assert_eq!(node.call("anvil_dropTransaction", json!([waiting[2]])), waiting[2]);
    assert!(node.call("anvil_dropTransaction", json!([waiting[2]])).is_null());
    assert_eq!(node.call("hardhat_dropTransaction", json!([B256::ZERO])), false);
    let refusal = node.refusal("hardhat_dropTransaction", json!([mined]));
    assert!(refusal.contains("is in a block"), "{refusal}");

    let node = node.restart();
    assert_eq!(node.call("txpool_status", json!([]))["pending"], "0x2");
    assert!(node.call("anvil_dropAllTransactions", json!([])).is_null());
    assert_eq!(node.call("txpool_status", json!([]))["pending"], "0x0");
    node.call("evm_mine", json!([]));
    assert_eq!(node.head()["transactions"], json!([]));
    assert_eq!(
        quantity(&node.call("eth_getTransactionCount", json!([node.account(0), "latest"]))),
        1
    );
    assert_eq!(node.restart().call("txpool_status", json!([]))["pending"], "0x0");
}

/// Edits after the last block are part of what a snapshot keeps.
#[test]
fn a_revert_undoes_edits_and_nothing_before_them() {
    let node = Node::start();
    node.call("hardhat_setCode", json!([NOBODY, LOGGER]));
    node.call("hardhat_setStorageAt", json!([NOBODY, 1, word(1)]));
    let id = node.snapshot();
    node.call("hardhat_setStorageAt", json!([NOBODY, 1, word(2)]));
    node.call("hardhat_setCode", json!([NOBODY, "0x"]));
    node.revert(&id);
    let check = |node: &Node| {
        assert_eq!(node.call("eth_getCode", json!([NOBODY, "latest"])), LOGGER);
        assert_eq!(node.call("eth_getStorageAt", json!([NOBODY, 1, "latest"])), json!(word(1)));
    };
    check(&node);
    check(&node.restart());
}
