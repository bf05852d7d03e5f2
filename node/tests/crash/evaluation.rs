//! Death during real homomorphic evaluation.

use std::{path::PathBuf, sync::Arc, thread, time::Duration};

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, sol};
use ciphervm_fhe::{GraphEvaluator, TfheEngine, parameters};
use ciphervm_kms::{cache_dir, test_keys};
use ciphervm_node::artifact::Artifact;
use serde_json::{Value, json};

use crate::{
    dice::Dice,
    ledger::number,
    load::{Encrypted, accounts},
    node::{Home, Node},
    seed, settle, verified,
};

sol! {
    function run8(bytes32 a, bytes32 b, bytes32 c, bytes proof) external;
    function allResults() external view returns (bytes32[]);
}

/// Deaths. Each takes about a second to come back from.
const DEATHS: u64 = 4;
/// Blocks, each of 39 operations on 8 bits: seconds of work.
const BLOCKS: u64 = 2;

/// Where [`test_keys`] are.
fn keys() -> PathBuf {
    let name = format!("{}-{}", parameters::TFHE_VERSION, parameters::NAME);
    cache_dir().unwrap().join("test-keys").join(name)
}

/// Sends a transaction of the first account, which is in a block afterwards.
fn send(node: &Node, mut request: Value) {
    request["from"] = json!(accounts().addresses()[0]);
    let hash: B256 = node.ask("eth_sendTransaction", json!([request]));
    let receipt: Value = node.ask("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1");
}

/// Every operation on 200, 77 and true.
fn run8(node: &Node, contract: Address) {
    let user = accounts().addresses()[0];
    let types = ["euint8", "euint8", "ebool"];
    let params = json!([["200", "77", true], types, contract, user]);
    let Encrypted { handles, input_proof: proof } = node.ask("cipher_encrypt", params);
    let call = run8Call { a: handles[0], b: handles[1], c: handles[2], proof };
    send(node, json!({ "to": contract, "data": Bytes::from(call.abi_encode()) }));
}

/// Waits until a block is being evaluated. False if none waits for that.
fn is_evaluating(node: &Node) -> bool {
    loop {
        let status: Value = node.ask("cipher_status", json!([]));
        if !status["running"].is_null() {
            return true;
        }
        if status["settled"] == status["head"] {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_evaluation_that_died_is_done_again_and_gives_the_same_bits() {
    let (keyset, _) = test_keys();
    let home = Home::tfhe(&keys());
    let contract = accounts().addresses()[0].create(0);
    let text = include_str!("../../../solidity/artifacts/AllOperations.json");
    let code = Artifact::parse(text).unwrap().bytecode;

    let mut dice = Dice::new(seed(), u64::MAX - 2);
    let mut died_at_work = 0;
    for death in 0..DEATHS {
        let node = home.start(&[]);
        if death == 0 {
            send(&node, json!({ "data": code }));
        }
        if death < BLOCKS {
            run8(&node, contract);
        }
        died_at_work += u64::from(is_evaluating(&node));
        thread::sleep(dice.time(1_500));
        node.kill();
    }
    assert!(died_at_work >= BLOCKS, "{died_at_work}");

    let node = home.start(&[]);
    settle(&node);
    let status: Value = node.ask("eth_blockNumber", json!([]));
    assert_eq!(number(&status), 1 + BLOCKS);
    let call = json!([{ "to": contract, "data": Bytes::from(allResultsCall {}.abi_encode()) }]);
    let results: Bytes = node.ask("eth_call", call);
    let sum = allResultsCall::abi_decode_returns(&results).unwrap()[0];
    let clear: Value = node.ask("cipher_decrypt", json!([sum]));
    assert_eq!(clear["value"], "21", "200 + 77 in eight bits");
    node.stop();

    let evaluator = Arc::new(GraphEvaluator::new(TfheEngine::new(keyset), 2).unwrap());
    let verified = verified(&home, evaluator).unwrap();
    assert_eq!(verified.transactions, 1 + BLOCKS);
    assert_eq!(verified.ciphertexts, 39 * BLOCKS);
    home.assert_clean();
}
