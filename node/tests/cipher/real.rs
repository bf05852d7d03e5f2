//! On real FHE: what costs bootstraps, and what must not.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, sol};
use ciphervm_fhe::{GraphEvaluator, TfheEngine};
use ciphervm_kms::{Kms, test_keys};
use ciphervm_node::{artifact::Artifact, devnet::CompareEvaluator};
use serde_json::{Value, json};
use tfhe::get_pbs_count;

use crate::Node;

sol! {
    function run8(bytes32 a, bytes32 b, bytes32 c, bytes proof) external;
    function allResults() external view returns (bytes32[]);
}

/// A devnet whose evaluator is checked against plaintexts, and the call of every operation.
fn node() -> (Node, Address, Value) {
    let (keyset, kms) = test_keys();
    let kms: Arc<dyn Kms> = kms;
    let real = Arc::new(GraphEvaluator::new(TfheEngine::new(keyset), 2).unwrap());
    let node = Node::start(Arc::new(CompareEvaluator::new(real, Arc::clone(&kms))), kms);
    let text = include_str!("../../../solidity/artifacts/AllOperations.json");
    let contract = node.deploy(Artifact::parse(text).unwrap().bytecode);
    let values = json!([[200, 77, true], ["euint8", "euint8", "ebool"], contract, node.account(0)]);
    let input = node.call("cipher_encrypt", values);
    let [a, b, c]: [B256; 3] = serde_json::from_value(input["handles"].clone()).unwrap();
    let proof = serde_json::from_value(input["inputProof"].clone()).unwrap();
    let data = Bytes::from(run8Call { a, b, c, proof }.abi_encode());
    let request = json!({ "from": node.account(0), "to": contract, "data": data });
    (node, contract, request)
}

#[test]
fn simulation_bootstraps_nothing_and_a_block_does() {
    let (node, contract, mut request) = node();
    node.call("cipher_settle", json!([]));
    let before = get_pbs_count();
    node.call("eth_call", json!([request, "latest"]));
    let gas = node.call("eth_estimateGas", json!([request]));
    node.call("eth_createAccessList", json!([request]));
    node.call("debug_traceCall", json!([request, "latest", { "tracer": "callTracer" }]));
    assert_eq!(get_pbs_count(), before);

    request["gas"] = gas;
    let transaction = node.call("eth_sendTransaction", json!([request]));
    let status = node.call("cipher_settle", json!([600]));
    let spent = get_pbs_count() - before;
    let counted = status["bootstraps"].as_u64().unwrap();
    assert!(counted > 100, "{counted}");
    // The comparison decrypts, and what is not clean is cleaned for that, which is not evaluation.
    assert!(counted <= spent, "{counted} of {spent}");
    assert_eq!(status["evaluator"], "tfhe");
    // Every one of them was compared.
    assert_eq!((&status["failed"], &status["settled"]), (&json!([]), &status["head"]));

    let results = node.read(contract, &allResultsCall {});
    let sum = node.call("cipher_decrypt", json!([results[0]]));
    assert_eq!(sum, json!({ "type": "euint8", "value": "21" }));
    // To look at a clean value takes the secret key, and no bootstrap.
    assert_eq!(get_pbs_count(), before + spent);
    let trace = node.call("cipher_trace", json!([transaction]));
    let operations = trace["operations"].as_array().unwrap();
    assert!(operations.len() > 39 && operations.iter().all(|op| op["value"].is_string()));
    assert_eq!(operations[0]["value"], "21");
}
