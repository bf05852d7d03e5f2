//! The chain as clients read it.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rpc_types_eth::EIP1186AccountProofResponse;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use serde_json::{Value, json};

use crate::{Node, quantity, word};

const NOBODY: Address = Address::repeat_byte(0xbb);

/// A block with a transaction of each account, whose tips are 1, 2 and 3 gwei, and its hashes from
/// the highest tip on.
fn block_of_three(node: &Node) -> [Value; 3] {
    node.call("evm_setAutomine", json!([false]));
    let mut hashes = [1_u64, 2, 3].map(|tip| {
        node.send(json!({
            "from": node.account(tip as usize - 1),
            "to": NOBODY,
            "value": format!("{tip:#x}"),
            "maxPriorityFeePerGas": format!("{:#x}", tip * 1_000_000_000),
            "maxFeePerGas": "0x2540be400",
        }))
    });
    node.call("evm_mine", json!([]));
    node.call("evm_setAutomine", json!([true]));
    hashes.reverse();
    hashes
}

#[test]
fn a_block_s_receipts_are_those_of_its_transactions() {
    let node = Node::start();
    let receipts = block_of_three(&node).map(|hash| node.receipt(&hash));
    let block = node.head();
    for name in [&json!("latest"), &block["number"], &block["hash"]] {
        assert_eq!(node.call("eth_getBlockReceipts", json!([name])), json!(receipts), "{name}");
    }
    let used: u64 = receipts.iter().map(|receipt| quantity(&receipt["gasUsed"])).sum();
    assert_eq!((quantity(&block["gasUsed"]), used), (63_000, 63_000));
    assert_eq!(node.call("eth_getBlockReceipts", json!(["0x0"])), json!([]));
    assert_eq!(node.call("eth_getBlockReceipts", json!(["0x7"])), Value::Null);
}

#[test]
fn a_transaction_is_found_by_each_of_its_names() {
    let node = Node::start();
    let hashes = block_of_three(&node);
    let block = node.head();
    let by_hash = node.call("eth_getBlockByHash", json!([block["hash"], false]));
    assert_eq!((&by_hash, &by_hash["transactions"]), (&block, &json!(hashes)));
    let full = node.call("eth_getBlockByHash", json!([block["hash"], true]));
    for (index, hash) in hashes.iter().enumerate() {
        let transaction = node.call("eth_getTransactionByHash", json!([hash]));
        assert_eq!((&transaction["hash"], &full["transactions"][index]), (hash, &transaction));
        let index = format!("{index:#x}");
        for (method, block) in [
            ("eth_getTransactionByBlockNumberAndIndex", &block["number"]),
            ("eth_getTransactionByBlockHashAndIndex", &block["hash"]),
        ] {
            assert_eq!(node.call(method, json!([block, index])), transaction, "{method}");
            assert_eq!(node.call(method, json!([block, "0x3"])), Value::Null, "{method}");
        }
        let raw: Bytes =
            serde_json::from_value(node.call("eth_getRawTransactionByHash", json!([hash])))
                .unwrap();
        assert_eq!(json!(keccak256(raw)), *hash);
    }
    for (kind, block) in [("ByNumber", &block["number"]), ("ByHash", &block["hash"])] {
        let count = node.call(&format!("eth_getBlockTransactionCount{kind}"), json!([block]));
        let uncles = format!("eth_getUncleCount{}", kind.replace("By", "ByBlock"));
        assert_eq!((count, node.call(&uncles, json!([block]))), (json!("0x3"), json!("0x0")));
    }
    let unknown = B256::repeat_byte(7);
    for method in [
        "eth_getBlockByHash",
        "eth_getBlockTransactionCountByHash",
        "eth_getUncleCountByBlockHash",
        "eth_getTransactionByHash",
        "eth_getRawTransactionByHash",
        "eth_getTransactionReceipt",
    ] {
        assert_eq!(node.call(method, json!([unknown])), Value::Null, "{method}");
    }
}

#[test]
fn fees_of_the_past_have_the_tips_at_the_percentiles() {
    let node = Node::start();
    block_of_three(&node);
    let history = node.call("eth_feeHistory", json!(["0x2", "latest", [0.0, 50.0, 100.0]]));
    assert_eq!(history["oldestBlock"], "0x0");
    let gwei = |count: u64| format!("{:#x}", count * 1_000_000_000);
    let rewards = json!([["0x0", "0x0", "0x0"], [gwei(1), gwei(2), gwei(3)]]);
    assert_eq!(history["reward"], rewards);
    // One more than blocks: the next one's is known.
    assert_eq!(history["baseFeePerGas"].as_array().unwrap().len(), 3);
    assert_eq!(history["gasUsedRatio"], json!([0.0, 63_000.0 / 30_000_000.0]));
    let refusal = node.refusal("eth_feeHistory", json!(["0x2", "latest", [50.0, 1.0]]));
    assert!(refusal.contains("percentile"), "{refusal}");
}

/// The bytes that a proof leads to from a root, if it leads there.
fn proves(root: B256, key: B256, value: Option<Vec<u8>>, proof: &[Bytes]) -> bool {
    verify_proof(root, Nibbles::unpack(key), value, proof).is_ok()
}

#[test]
fn proofs_lead_to_the_state_root_of_the_block() {
    let node = Node::start();
    node.call("hardhat_setCode", json!([NOBODY, "0x00"]));
    for slot in 0..20 {
        node.call("hardhat_setStorageAt", json!([NOBODY, format!("{slot:#x}"), word(slot + 1)]));
    }
    node.call("evm_mine", json!([]));
    let root: B256 = serde_json::from_value(node.head()["stateRoot"].clone()).unwrap();
    let prove = |address: Address| -> EIP1186AccountProofResponse {
        let proof = node.call("eth_getProof", json!([address, ["0x3", "0x63"], "latest"]));
        serde_json::from_value(proof).unwrap()
    };
    let account = |proof: &EIP1186AccountProofResponse| {
        let EIP1186AccountProofResponse { nonce, balance, storage_hash, code_hash, .. } = *proof;
        alloy_rlp::encode(TrieAccount::new(nonce, balance, storage_hash, code_hash))
    };
    for address in [NOBODY, node.account(0), node.account(2)] {
        let proof = prove(address);
        let (key, nodes) = (keccak256(address), &proof.account_proof);
        assert!(proves(root, key, Some(account(&proof)), nodes), "{address}");
        let richer = EIP1186AccountProofResponse { balance: U256::MAX, ..proof.clone() };
        assert!(!proves(root, key, Some(account(&richer)), nodes), "{address}");
        assert!(!proves(B256::ZERO, key, Some(account(&proof)), nodes), "{address}");
    }
    let proof = prove(NOBODY);
    let [set, unset] = &proof.storage_proof[..] else { panic!("{proof:?}") };
    let slot = |number: u64| keccak256(word(number));
    let value = |number: u64| Some(alloy_rlp::encode(U256::from(number)));
    assert_eq!((set.value, unset.value), (U256::from(4), U256::ZERO));
    assert!(proves(proof.storage_hash, slot(3), value(4), &set.proof));
    assert!(!proves(proof.storage_hash, slot(3), value(5), &set.proof));
    assert!(proves(proof.storage_hash, slot(0x63), None, &unset.proof));
    assert!(!proves(proof.storage_hash, slot(3), None, &set.proof));
    // Of what is not there, that it is not.
    let stranger = Address::repeat_byte(0xee);
    let absent = prove(stranger).account_proof;
    assert!(proves(root, keccak256(stranger), None, &absent));
    assert!(!proves(root, keccak256(NOBODY), None, &proof.account_proof));
}

#[test]
fn small_namespaces_answer() {
    let node = Node::with_chain_id(7_001);
    assert_eq!(node.call("net_version", json!([])), "7001");
    assert_eq!(node.call("net_listening", json!([])), true);
    assert_eq!(node.call("net_peerCount", json!([])), "0x0");
    assert_eq!(node.call("web3_sha3", json!(["0x616263"])), json!(keccak256("abc")));
    assert_eq!(node.call("eth_chainId", json!([])), "0x1b59");
    assert_eq!(node.call("eth_syncing", json!([])), false);
}
