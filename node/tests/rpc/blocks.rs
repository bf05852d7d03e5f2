//! What blocks are made with.

use alloy_primitives::{Address, B256, U256};
use serde_json::json;

use crate::{Node, quantity};

#[test]
fn fees_go_to_the_coinbase() {
    let node = Node::start();
    let [first, second] = [0xc1, 0xc2].map(Address::repeat_byte);
    assert_eq!(node.call("hardhat_setCoinbase", json!([first])), true);
    assert_eq!(node.call("eth_coinbase", json!([])), json!(first));
    for _ in 0..2 {
        node.send(json!({ "to": node.account(1) }));
        assert_eq!(node.head()["miner"], json!(first));
    }
    assert!(node.balance(first) > 0);
    assert!(node.call("anvil_setCoinbase", json!([second])).is_null());
    node.call("evm_mine", json!([]));
    assert_eq!(node.head()["miner"], json!(second));
}

#[test]
fn the_base_fee_of_the_next_block_can_be_set() {
    let node = Node::start();
    let fee = || quantity(&node.head()["baseFeePerGas"]);
    assert_eq!(node.call("hardhat_setNextBlockBaseFeePerGas", json!(["0x77359400"])), true);
    node.call("evm_mine", json!([]));
    assert_eq!(fee(), 2_000_000_000);
    // An empty block lowers it by an eighth.
    node.call("evm_mine", json!([]));
    assert_eq!(fee(), 1_750_000_000);
    assert!(node.call("anvil_setNextBlockBaseFeePerGas", json!([0])).is_null());
    node.call("evm_mine", json!([]));
    assert_eq!(fee(), 0);
}

/// Fees near the end of 64 bits would overflow in the next block.
#[test]
fn the_base_fee_has_a_limit() {
    let node = Node::start();
    let limit = 1_000_000_000_000_000_u64;
    for fee in [json!(limit + 1), json!(u64::MAX), json!(U256::MAX)] {
        for method in ["hardhat_setNextBlockBaseFeePerGas", "anvil_setNextBlockBaseFeePerGas"] {
            let refusal = node.refusal(method, json!([fee]));
            assert!(refusal.contains("limit of 1000000000000000"), "{refusal}");
        }
    }
    node.call("hardhat_setNextBlockBaseFeePerGas", json!([limit]));
    node.call("hardhat_mine", json!([2]));
    assert_eq!(quantity(&node.head()["baseFeePerGas"]), limit / 8 * 7);
}

#[test]
fn the_randomness_of_the_next_block_can_be_set() {
    let node = Node::start();
    let value = B256::repeat_byte(0x77);
    for method in ["hardhat_setPrevRandao", "anvil_setPrevRandao"] {
        assert_eq!(node.call(method, json!([value])), true);
        node.call("evm_mine", json!([]));
        assert_eq!(node.head()["mixHash"], json!(value));
        node.call("evm_mine", json!([]));
        assert_ne!(node.head()["mixHash"], json!(value));
    }
    node.refusal("hardhat_setPrevRandao", json!(["0x77"]));
}

#[test]
fn the_gas_limit_of_blocks_can_be_set() {
    let node = Node::start();
    // The highest, for whoever means that there is none.
    assert_eq!(node.call("evm_setBlockGasLimit", json!(["0x1fffffffffffff"])), true);
    node.call("evm_mine", json!([]));
    assert_eq!(quantity(&node.head()["gasLimit"]), 1_000_000_000_000);
    for (method, gas) in [("evm_setBlockGasLimit", 50_000_000), ("anvil_setBlockGasLimit", 60_000)]
    {
        assert_eq!(node.call(method, json!([gas])), true);
        node.call("hardhat_mine", json!([2]));
        assert_eq!(quantity(&node.head()["gasLimit"]), gas);
    }
    let too_much = json!({ "to": node.account(1), "gas": "0x186a0" });
    let refusal = node.refusal("eth_sendTransaction", json!([too_much]));
    assert!(refusal.contains("exceeds block gas limit"), "{refusal}");
    for gas in [json!(0), json!(20_999), json!(1_000_000_000_001_u64), json!(U256::MAX)] {
        let refusal = node.refusal("evm_setBlockGasLimit", json!([gas]));
        assert!(refusal.contains("not between 21000 and 1000000000000"), "{refusal}");
    }
}
