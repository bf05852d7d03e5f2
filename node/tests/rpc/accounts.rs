//! Accounts set by hand, and accounts without keys.

use alloy_primitives::{Address, U256};
use ciphervm_precompiles::HostAddresses;
use serde_json::{Value, json};

use crate::{Node, WEALTH, quantity, word};

/// Returns 42.
const FORTY_TWO: &str = "0x602a5f5260205ff3";
/// `getVersion()`.
const GET_VERSION: &str = "0x0d8e6e2c";

const NOBODY: Address = Address::repeat_byte(0xbb);
const SOMEBODY: Address = Address::repeat_byte(0xcc);

impl Node {
    fn set_balance(&self, address: Address, wei: u64) {
        assert_eq!(self.call("hardhat_setBalance", json!([address, format!("{wei:#x}")])), true);
    }

    pub(crate) fn run(&self, to: Address, data: &str) -> Value {
        self.call("eth_call", json!([{ "to": to, "data": data }, "latest"]))
    }
}

#[test]
fn an_impersonated_account_sends_without_its_key() {
    let node = Node::start();
    node.set_balance(NOBODY, WEALTH);
    let request = json!([{ "from": NOBODY, "to": SOMEBODY, "value": "0x7" }]);
    let refused = || {
        let refusal = node.refusal("eth_sendTransaction", request.clone());
        assert!(refusal.contains("hardhat_impersonateAccount"), "{refusal}");
    };
    refused();
    assert_eq!(node.call("hardhat_impersonateAccount", json!([NOBODY])), true);
    let hash = node.call("eth_sendTransaction", request.clone());
    let receipt = node.receipt(&hash);
    assert_eq!((&receipt["status"], &receipt["from"]), (&json!("0x1"), &json!(NOBODY)));
    assert_eq!(node.balance(SOMEBODY), 7);
    assert_eq!(node.call("eth_getTransactionByHash", json!([hash]))["from"], json!(NOBODY));

    let stop = || node.call("hardhat_stopImpersonatingAccount", json!([NOBODY]));
    assert_eq!((stop(), stop()), (json!(true), json!(false)));
    refused();
    assert!(node.call("anvil_impersonateAccount", json!([NOBODY])).is_null());
    node.call("eth_sendTransaction", request.clone());
    assert!(node.call("anvil_stopImpersonatingAccount", json!([NOBODY])).is_null());
    refused();
    assert!(node.call("anvil_autoImpersonateAccount", json!([true])).is_null());
    node.call("eth_sendTransaction", request.clone());
    node.call("anvil_autoImpersonateAccount", json!([false]));
    refused();
    assert_eq!(node.balance(SOMEBODY), 21);

    // Without the key, the chain on disk knows who it was.
    let node = node.restart();
    assert_eq!(node.receipt(&hash)["from"], json!(NOBODY));
}

#[test]
fn equal_transactions_of_impersonated_senders_have_different_hashes() {
    let node = Node::start();
    let [first, second] = [NOBODY, SOMEBODY].map(|sender| {
        node.set_balance(sender, WEALTH);
        node.call("hardhat_impersonateAccount", json!([sender]));
        let fields = json!({
            "from": sender, "to": Address::repeat_byte(0xdd), "value": "0x1", "nonce": "0x0", "gas": "0x5208",
            "maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1",
        });
        (node.send(fields), sender)
    });
    assert_ne!(first.0, second.0);
    for (hash, sender) in [first, second] {
        assert_eq!(node.receipt(&hash)["from"], json!(sender));
    }
    assert_eq!(node.balance(Address::repeat_byte(0xdd)), 2);
}

#[test]
fn an_impersonated_contract_sends() {
    let node = Node::start();
    node.set_balance(NOBODY, WEALTH);
    node.call("hardhat_setCode", json!([NOBODY, FORTY_TWO]));
    node.call("hardhat_impersonateAccount", json!([NOBODY]));
    let sent = node.send(json!({ "from": NOBODY, "to": SOMEBODY, "value": "0x1" }));
    assert_eq!(node.receipt(&sent)["status"], "0x1");
    assert_eq!(node.balance(SOMEBODY), 1);
}

#[test]
fn accounts_become_what_they_are_set_to_and_stay_so() {
    let node = Node::start();
    node.set_balance(NOBODY, 5);
    assert!(node.call("anvil_addBalance", json!([NOBODY, 2])).is_null());
    assert_eq!(node.call("hardhat_setNonce", json!([NOBODY, "0x3"])), true);
    assert_eq!(node.call("hardhat_setCode", json!([NOBODY, FORTY_TWO])), true);
    assert_eq!(node.call("hardhat_setStorageAt", json!([NOBODY, "0x9", word(6)])), true);
    assert!(node.call("anvil_setBalance", json!([SOMEBODY, "1000"])).is_null());
    assert!(node.call("anvil_setNonce", json!([SOMEBODY, 4])).is_null());
    assert!(node.call("anvil_setCode", json!([SOMEBODY, "0x00"])).is_null());
    assert_eq!(node.call("anvil_setStorageAt", json!([SOMEBODY, word(1), word(2)])), true);
    let check = |node: &Node| {
        let get = |method: &str, address: Address| node.call(method, json!([address, "latest"]));
        let slot = |address: Address, slot: &str| {
            node.call("eth_getStorageAt", json!([address, slot, "latest"]))
        };
        assert_eq!((node.balance(NOBODY), node.balance(SOMEBODY)), (7, 1_000));
        assert_eq!(get("eth_getTransactionCount", NOBODY), "0x3");
        assert_eq!(get("eth_getTransactionCount", SOMEBODY), "0x4");
        assert_eq!(get("eth_getCode", NOBODY), FORTY_TWO);
        assert_eq!(get("eth_getCode", SOMEBODY), "0x00");
        assert_eq!((slot(NOBODY, "0x9"), slot(SOMEBODY, "0x1")), (json!(word(6)), json!(word(2))));
        assert_eq!(node.run(NOBODY, "0x"), json!(word(42)));
    };
    check(&node);
    let node = node.restart();
    check(&node);
    node.call("evm_mine", json!([]));
    check(&node);
    // What was set is part of the state that the next block commits to.
    let proof = node.call("eth_getProof", json!([NOBODY, ["0x9"], "latest"]));
    assert_eq!(
        (&proof["balance"], &proof["storageProof"][0]["value"]),
        (&json!("0x7"), &json!("0x6"))
    );
    node.call("hardhat_setCode", json!([NOBODY, "0x"]));
    assert_eq!(node.run(NOBODY, "0x"), "0x");
}

#[test]
fn a_nonce_is_not_lowered_and_its_transactions_are_forgotten_when_it_is_raised() {
    let node = Node::start();
    let sender = node.account(0);
    node.call("evm_setAutomine", json!([false]));
    node.send(json!({ "from": sender, "to": NOBODY }));
    node.call("hardhat_setNonce", json!([sender, 7]));
    assert_eq!(node.call("txpool_status", json!([])), json!({ "pending": "0x0", "queued": "0x0" }));
    for method in ["hardhat_setNonce", "anvil_setNonce"] {
        let refusal = node.refusal(method, json!([sender, 6]));
        assert!(refusal.contains("is 7, and cannot be lowered to 6"), "{refusal}");
    }
    node.call("evm_setAutomine", json!([true]));
    let sent = node.send(json!({ "from": sender, "to": NOBODY }));
    assert_eq!(node.call("eth_getTransactionByHash", json!([sent]))["nonce"], "0x7");
}

#[test]
fn an_empty_account_has_no_storage() {
    let node = Node::start();
    let params = json!([NOBODY, 1, word(2)]);
    let refusal = node.refusal("hardhat_setStorageAt", params.clone());
    assert!(refusal.contains("hardhat_setCode"), "{refusal}");
    node.set_balance(NOBODY, 1);
    assert_eq!(node.call("hardhat_setStorageAt", params), true);
    // Values are whole words.
    node.refusal("hardhat_setStorageAt", json!([NOBODY, 1, "0x2"]));
}

#[test]
fn balances_take_any_amount() {
    let node = Node::start();
    node.call("hardhat_setBalance", json!([NOBODY, U256::MAX]));
    node.call("anvil_addBalance", json!([NOBODY, 1]));
    let balance = || node.call("eth_getBalance", json!([NOBODY, "latest"]));
    assert_eq!(balance(), json!(U256::MAX));
    node.call("hardhat_setCoinbase", json!([NOBODY]));
    let sent = node.send(json!({ "to": SOMEBODY, "value": "0x1" }));
    assert_eq!(node.receipt(&sent)["status"], "0x1");
    assert_eq!(balance(), json!(U256::MAX));
    node.call("hardhat_setBalance", json!([NOBODY, 0]));
    assert_eq!(balance(), "0x0");
}

/// A delegation (EIP-7702) has 23 bytes. What only begins as one is not executable, and no more.
#[test]
fn code_may_be_nonsense() {
    let node = Node::start();
    for code in [
        "0xef01",
        "0xef0100",
        "0xef0200",
        "0xfe",
        "0xef01001111111111111111111111111111111111111111",
    ] {
        node.call("hardhat_setCode", json!([NOBODY, code]));
        assert_eq!(node.call("eth_getCode", json!([NOBODY, "latest"])), code);
        node.answer("eth_call", &json!([{ "to": NOBODY }, "latest"]));
    }
    let target = Address::repeat_byte(0x11);
    node.call("hardhat_setCode", json!([target, FORTY_TWO]));
    let delegation = format!("0xef0100{}", "11".repeat(20));
    node.call("hardhat_setCode", json!([NOBODY, delegation]));
    assert_eq!(node.run(NOBODY, "0x"), json!(word(42)));
    let node = node.restart();
    assert_eq!(node.run(NOBODY, "0x"), json!(word(42)));
}

/// They are part of the machine, whatever code stands at their addresses.
#[test]
fn host_contracts_work_whatever_their_code_is_set_to() {
    let node = Node::start();
    let HostAddresses { executor, acl, input_verifier, kms_verifier, hcu_limit, .. } =
        HostAddresses::LOCAL;
    for host in [executor, acl, input_verifier, kms_verifier, hcu_limit] {
        let version = node.run(host, GET_VERSION);
        for code in [FORTY_TWO, "0x"] {
            assert_eq!(node.call("hardhat_setCode", json!([host, code])), true);
            node.call("evm_mine", json!([]));
            assert_eq!(node.run(host, GET_VERSION), version, "{host}");
        }
    }
    node.call("hardhat_setCode", json!([NOBODY, FORTY_TWO]));
    assert_eq!(node.run(NOBODY, GET_VERSION), json!(word(42)));
    assert_eq!(quantity(&node.call("eth_getBalance", json!([executor, "latest"]))), 0);
}
