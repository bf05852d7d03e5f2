//! Calls in a world that is not quite this one.

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use crate::{Node, quantity, word};

const NOBODY: Address = Address::repeat_byte(0xbb);
/// Returns the word in slot 0.
const SLOT: &str = "0x5f545f5260205ff3";
/// Returns its balance.
const BALANCE: &str = "0x475f5260205ff3";
/// Returns number and timestamp of the block.
const BLOCK: &str = "0x435f524260205260405ff3";
/// Writes 1 to slot 0.
const WRITE: &str = "0x60015f5500";

/// The words that a call returns.
fn words(answer: &Value) -> Vec<U256> {
    let bytes: alloy_primitives::Bytes = serde_json::from_value(answer.clone()).unwrap();
    bytes.chunks(32).map(U256::from_be_slice).collect()
}

#[test]
fn calls_see_the_state_that_they_are_given() {
    let node = Node::start();
    node.call("hardhat_setCode", json!([NOBODY, SLOT]));
    node.call("hardhat_setStorageAt", json!([NOBODY, "0x0", word(5)]));
    let call = |overrides: Value| {
        let request = json!({ "to": NOBODY });
        words(&node.call("eth_call", json!([request, "latest", { NOBODY.to_string(): overrides }])))
    };
    let number = |number: u64| vec![U256::from(number)];
    assert_eq!(call(json!({})), number(5));
    assert_eq!(call(json!({ "stateDiff": { word(0).to_string(): word(6) } })), number(6));
    assert_eq!(call(json!({ "stateDiff": { word(1).to_string(): word(6) } })), number(5));
    // A whole storage in place of the one that is there.
    assert_eq!(call(json!({ "state": { word(1).to_string(): word(6) } })), number(0));
    assert_eq!(call(json!({ "code": BALANCE })), number(0));
    assert_eq!(call(json!({ "code": BALANCE, "balance": "0x7" })), number(7));
    // Nothing of it lasts.
    assert_eq!(call(json!({})), number(5));
    assert_eq!(node.balance(NOBODY), 0);
}

#[test]
fn calls_see_the_block_that_they_are_given() {
    let node = Node::start();
    node.call("hardhat_setCode", json!([NOBODY, BLOCK]));
    let call = |overrides: Value| {
        words(&node.call("eth_call", json!([{ "to": NOBODY }, "latest", {}, overrides])))
    };
    let now = [node.number(), node.timestamp()].map(U256::from);
    assert_eq!(call(json!({})), now);
    let [number, time] = [1_000_000_u64, 2_000_000_000];
    let overrides = json!({ "number": format!("{number:#x}"), "time": format!("{time:#x}") });
    assert_eq!(call(overrides), [U256::from(number), U256::from(time)]);
    assert_eq!(call(json!({ "number": format!("{number:#x}") })), [U256::from(number), now[1]]);
}

#[test]
fn estimates_are_for_the_state_that_they_are_given() {
    let node = Node::start();
    let estimate = |overrides: Value| {
        let request = json!({ "from": node.account(0), "to": NOBODY });
        let overrides = json!({ NOBODY.to_string(): overrides });
        quantity(&node.call("eth_estimateGas", json!([request, "latest", overrides])))
    };
    assert_eq!(estimate(json!({})), 21_000);
    let fresh = estimate(json!({ "code": WRITE }));
    assert!((43_000..44_500).contains(&fresh), "{fresh}");
    // Writing what is there already is cheaper.
    let written = json!({ "code": WRITE, "state": { word(0).to_string(): word(1) } });
    let written = estimate(written);
    assert!((23_000..24_000).contains(&written), "{written}");
    // A sender who has nothing can send nothing, unless it is given something.
    let poor = Address::repeat_byte(0xcc);
    let request = json!({ "from": poor, "to": NOBODY, "value": "0x1" });
    node.refusal("eth_estimateGas", json!([request, "latest"]));
    let rich = json!({ poor.to_string(): { "balance": "0x8ac7230489e80000" } });
    let gas = node.call("eth_estimateGas", json!([request, "latest", rich]));
    assert_eq!(quantity(&gas), 21_000);
}
