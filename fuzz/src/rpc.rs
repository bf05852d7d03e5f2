//! Bodies of JSON-RPC, as they come from the network: whatever they say, no method panics, and the
//! devnet can be made what it was.

use std::cell::OnceCell;

use serde_json::{Value, json};

use crate::{Seed, Target, Verdict, node::Node};

/// Bodies of JSON-RPC.
pub const TARGET: Target = Target { name: "rpc", run, seeds, words, runs: 1_500 };

thread_local! {
    static NODE: OnceCell<Node> = const { OnceCell::new() };
}

/// Answers a body.
///
/// # Panics
/// If a method panicked.
pub fn run(data: &[u8]) -> Verdict {
    NODE.with(|node| {
        let node = node.get_or_init(Node::new);
        let answered = node.answers(data.to_vec());
        node.restore();
        Verdict::of(answered)
    })
}

/// A call of each kind of method, and a batch of them.
fn seeds() -> Vec<Seed> {
    let node = Node::new();
    let [first, second, _] = node.accounts() else { unreachable!("it has three accounts") };
    let [prober, _] = node.probers;
    let acl = node.devnet.host().addresses.acl;
    let handle = node.handle;
    let block = node.devnet.chain(|chain| chain.head().clone());
    let (hash, transaction) = (block.hash(), *block.transactions[0].hash());
    let call = json!({ "from": first, "to": acl, "data": "0x0d8e6e2c" });
    let mut calls = vec![
        ("cipher_blockCommitment", json!(["latest"])),
        ("cipher_ciphertext", json!([handle])),
        ("cipher_decrypt", json!([handle])),
        ("cipher_encrypt", json!([7, "euint64", prober, first])),
        ("cipher_handle", json!([handle])),
        ("cipher_status", json!([])),
        ("cipher_trace", json!([transaction])),
        ("debug_traceCall", json!([call, "latest", { "tracer": "callTracer" }])),
        ("debug_traceTransaction", json!([transaction, { "disableStack": true }])),
        ("eth_call", json!([call, "latest"])),
        ("eth_createAccessList", json!([call])),
        ("eth_estimateGas", json!([{ "from": first, "to": second, "value": "0x1" }])),
        ("eth_feeHistory", json!(["0x2", "latest", [25, 75]])),
        ("eth_getBlockByHash", json!([hash, true])),
        ("eth_getBlockByNumber", json!(["0x1", true])),
        ("eth_getLogs", json!([{ "fromBlock": "0x0", "toBlock": "latest" }])),
        ("eth_getProof", json!([prober, ["0x0"], "latest"])),
        ("eth_getStorageAt", json!([prober, "0x0", "latest"])),
        ("eth_getTransactionReceipt", json!([transaction])),
        ("eth_newFilter", json!([{ "address": prober, "topics": [null, [hash]] }])),
        ("eth_sendTransaction", json!([{ "from": first, "to": second, "value": "0x1" }])),
        ("eth_sign", json!([first, "0x1234"])),
        ("evm_increaseTime", json!(["0x10"])),
        ("evm_mine", json!([])),
        ("evm_setNextBlockTimestamp", json!([4_000_000_000_u64])),
        ("evm_snapshot", json!([])),
        ("hardhat_mine", json!(["0x3", "0xc"])),
        ("hardhat_setBalance", json!([second, "0x10"])),
        ("hardhat_setCode", json!([second, "0x5f5ffd"])),
        ("hardhat_setStorageAt", json!([prober, "0x1", handle])),
        ("anvil_impersonateAccount", json!([prober])),
        ("anvil_dumpState", json!([])),
        ("txpool_content", json!([])),
        ("web3_sha3", json!(["0x00"])),
    ];
    let request = |(method, params): &(&str, Value)| json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let mut seeds: Vec<Seed> =
        calls.iter().map(|call| Seed::valid(call.0, request(call).to_string())).collect();
    calls.truncate(6);
    let batch: Value = calls.iter().map(request).collect();
    seeds.push(Seed::valid("a-batch", batch.to_string()));
    seeds.push(Seed::refused("no-method", r#"{"jsonrpc":"2.0","id":1,"method":"nothing"}"#));
    seeds
}

fn words() -> Vec<Vec<u8>> {
    let words = [
        "null",
        "true",
        "[]",
        "{}",
        "-1",
        "1e300",
        "18446744073709551615",
        "\"0x\"",
        "\"0x0\"",
        "\"latest\"",
        "\"pending\"",
        "\"earliest\"",
        "\"safe\"",
        "\"0xffffffffffffffff\"",
        "\"fromBlock\":",
        "\"toBlock\":",
        "\"blockHash\":",
        "\"topics\":",
        "\"value\":",
        "\"gas\":",
        "\"nonce\":",
        "\"data\":",
        "\"input\":",
        "\"to\":",
        "\"from\":",
        "\"gasPrice\":",
        "\"maxFeePerGas\":",
        "\"accessList\":",
        "\"authorizationList\":",
        "\"tracer\":",
        "\"stateDiff\":",
        "\"prestateTracer\"",
        "\"callTracer\"",
        "\"4byteTracer\"",
        "\"id\":null",
    ];
    words.map(|word| word.as_bytes().to_vec()).to_vec()
}
