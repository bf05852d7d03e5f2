//! Which timestamps blocks get.

use serde_json::{Value, json};

use crate::Node;

#[test]
fn time_is_moved_ahead_by_the_sum_of_all_increases() {
    let node = Node::start();
    node.call("evm_mine", json!([]));
    let before = node.timestamp();
    // As a decimal string from Hardhat, as a number from Anvil.
    assert_eq!(node.call("evm_increaseTime", json!([3_600])), "3600");
    assert_eq!(node.call("evm_increaseTime", json!(["3600"])), "7200");
    assert_eq!(node.call("anvil_increaseTime", json!(["0xe10"])), 10_800);
    node.call("evm_mine", json!([]));
    assert!(node.timestamp() >= before + 10_800);
    assert!(node.timestamp() < before + 2 * 10_800);
}

#[test]
fn the_next_block_gets_its_timestamp_and_time_goes_on_from_it() {
    let node = Node::start();
    let set = |timestamp: u64| node.call("evm_setNextBlockTimestamp", json!([timestamp]));
    assert_eq!(set(4_000_000_000), "4000000000");
    node.call("evm_mine", json!([]));
    assert_eq!(node.timestamp(), 4_000_000_000);
    node.call("evm_mine", json!([]));
    let after = node.timestamp();
    assert!((4_000_000_001..4_000_003_600).contains(&after));

    assert!(node.call("anvil_setNextBlockTimestamp", json!(["0x12a05f200"])).is_null());
    node.send(json!({ "to": node.account(1) }));
    assert_eq!(node.timestamp(), 5_000_000_000);
    for method in ["evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp"] {
        let refusal = node.refusal(method, json!([5_000_000_000_u64]));
        assert!(refusal.contains("lower than or equal to the last block's"), "{refusal}");
    }
}

#[test]
fn the_clock_can_be_set() {
    let node = Node::start();
    let forward = node.call("evm_setTime", json!([4_000_000_000_u64]));
    assert!(forward.as_u64().unwrap() > 1_000_000_000, "{forward}");
    node.call("evm_mine", json!([]));
    assert!((4_000_000_000..4_000_003_600).contains(&node.timestamp()));
    // Back, but not behind the chain.
    assert_eq!(node.call("anvil_setTime", json!([0])), 0);
    node.call("evm_mine", json!([]));
    assert!((4_000_000_001..4_000_003_600).contains(&node.timestamp()));
}

#[test]
fn blocks_can_be_an_interval_apart() {
    let node = Node::start();
    node.call("evm_mine", json!([4_000_000_000_u64]));
    assert!(node.call("anvil_setBlockTimestampInterval", json!([86_400])).is_null());
    for passed in [1, 2] {
        node.call("evm_mine", json!([]));
        assert_eq!(node.timestamp(), 4_000_000_000 + passed * 86_400);
    }
    let removed = || node.call("anvil_removeBlockTimestampInterval", json!([]));
    assert_eq!((removed(), removed()), (json!(true), json!(false)));
    let before = node.timestamp();
    node.call("evm_mine", json!([]));
    assert!(node.timestamp() < before + 86_400);
}

#[test]
fn times_that_nothing_can_follow_are_refused() {
    let node = Node::start();
    let limit = "limit of 9007199254740991";
    for method in [
        "evm_increaseTime",
        "anvil_increaseTime",
        "evm_setNextBlockTimestamp",
        "anvil_setNextBlockTimestamp",
        "evm_setTime",
        "anvil_setBlockTimestampInterval",
        "evm_mine",
    ] {
        let refusal = node.refusal(method, json!([u64::MAX]));
        assert!(refusal.contains(limit), "{method}: {refusal}");
        for wrong in [json!(-1), json!("soon"), Value::Null] {
            // Nothing is what `evm_mine` may get.
            if method != "evm_mine" || !wrong.is_null() {
                node.refusal(method, json!([wrong]));
            }
        }
    }
    let refusal = node.refusal("hardhat_mine", json!([2, u64::MAX]));
    assert!(refusal.contains(limit), "{refusal}");
    node.call("evm_mine", json!([]));
    assert_eq!(node.number(), 1);
}
