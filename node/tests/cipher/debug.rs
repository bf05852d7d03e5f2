//! geth's tracers on transactions that call host contracts.

use alloy_primitives::{Address, B256, Bytes, address, bytes};
use alloy_sol_types::SolCall;
use serde_json::{Value, json};

use crate::{HOST, Node, Probe};

fn trace(node: &Node, transaction: B256, options: Value) -> Value {
    node.call("debug_traceTransaction", json!([transaction, options]))
}

/// A probe, and the transaction that stored a value in it.
fn stored() -> (Node, Address, B256) {
    let node = Node::reference();
    let probe = node.deploy_probe();
    let transaction = node.execute(node.account(0), probe, &Probe::storeCall { value: 3 });
    (node, probe, transaction)
}

#[test]
fn calls_of_host_contracts_are_frames_with_their_logs() {
    let (node, probe, transaction) = stored();
    let options = json!({ "tracer": "callTracer", "tracerConfig": { "withLog": true } });
    let top = trace(&node, transaction, options);
    assert_eq!((&top["to"], &top["type"]), (&json!(probe), &json!("CALL")));
    let receipt = node.call("eth_getTransactionReceipt", json!([transaction]));
    assert_eq!(top["gasUsed"], receipt["gasUsed"]);
    let calls = top["calls"].as_array().unwrap();
    let callees: Vec<_> = calls.iter().map(|call| call["to"].clone()).collect();
    assert_eq!(callees, [json!(HOST.executor), json!(HOST.acl)]);
    // One log each: the operation, and the grant.
    let logs = calls.iter().map(|call| call["logs"].as_array().unwrap()).collect::<Vec<_>>();
    let expected = receipt["logs"].as_array().unwrap();
    assert_eq!((logs.len(), expected.len()), (2, 2));
    for (logs, expected) in logs.iter().zip(expected) {
        assert_eq!(logs.len(), 1, "{logs:?}");
        assert_eq!(
            (&logs[0]["data"], &logs[0]["topics"]),
            (&expected["data"], &expected["topics"])
        );
    }

    let options = json!({ "tracer": "callTracer", "tracerConfig": { "onlyTopCall": true } });
    assert!(trace(&node, transaction, options)["calls"].is_null());
}

#[test]
fn each_tracer_answers() {
    let (node, probe, transaction) = stored();
    let name = |address: Address| format!("{address:?}");

    let state = trace(&node, transaction, json!({ "tracer": "prestateTracer" }));
    assert!(state[name(probe)]["code"].is_string());
    assert!(state[name(node.account(0))]["balance"].is_string());
    let options = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let diff = trace(&node, transaction, options);
    // The handle, in the probe's first slot, and the grant.
    let stored = node.read(probe, &Probe::storedCall {});
    assert_eq!(diff["post"][name(probe)]["storage"][format!("{:?}", B256::ZERO)], json!(stored));
    let grants = diff["post"][name(HOST.acl)]["storage"].as_object().unwrap();
    assert_eq!(grants.len(), 1);

    let selectors = trace(&node, transaction, json!({ "tracer": "4byteTracer" }));
    let store = format!("{}-32", Bytes::from(Probe::storeCall::SELECTOR));
    assert_eq!(selectors[store], 1);
    assert_eq!(trace(&node, transaction, json!({ "tracer": "noopTracer" })), json!({}));
    let both = json!({ "callTracer": {}, "4byteTracer": null });
    let options = json!({ "tracer": "muxTracer", "tracerConfig": both });
    let both = trace(&node, transaction, options);
    assert_eq!(both["callTracer"]["to"], json!(probe));
    assert_eq!(both["4byteTracer"], selectors);

    for script in ["{step: function() {}}", "someTracer"] {
        let params = json!([transaction, { "tracer": script }]);
        let message = node.error("debug_traceTransaction", params);
        assert!(message.contains("JavaScript"), "{message}");
    }
    let message = node.error("debug_traceTransaction", json!([B256::repeat_byte(1)]));
    assert!(message.contains("no block has transaction"), "{message}");
}

#[test]
fn instructions_are_logged_up_to_the_limit() {
    let (node, _, transaction) = stored();
    let all = trace(&node, transaction, json!({}));
    let logs = all["structLogs"].as_array().unwrap();
    assert!(logs.len() > 100 && logs[1]["stack"].is_array());
    assert_eq!(all["failed"], false);
    let some = trace(&node, transaction, json!({ "limit": 3, "disableStack": true }));
    let logs = some["structLogs"].as_array().unwrap();
    assert_eq!(logs.len(), 3);
    assert!(logs[1]["stack"].is_null());
}

#[test]
fn a_trace_that_takes_too_much_memory_is_refused() {
    let node = Node::reference();
    // Jumps to its first instruction until the gas is gone.
    let request = |gas: &str| json!({ "data": bytes!("5b600056"), "gas": gas });
    let call = |gas: &str, options: Value| json!([request(gas), "latest", options]);
    let message = node.error("debug_traceCall", call("0x1000000", json!({})));
    assert!(message.contains("more than 128 MiB") && message.contains("limit"), "{message}");
    let answer = node.call("debug_traceCall", call("0x20000", json!({})));
    assert_eq!(answer["failed"], true);
    let answer = node.call("debug_traceCall", call("0x1000000", json!({ "limit": 10 })));
    assert_eq!(answer["structLogs"].as_array().unwrap().len(), 10);

    // Passes all of a megabyte on, again and again: the frames are small, and what they get is not.
    let code = bytes!("5b 6000 6000 62100000 6000 6001 5a fa 50 600056");
    let account = address!("0x00000000000000000000000000000000000c0de0");
    let overrides = json!({ account.to_string(): { "code": code } });
    let call = |tracer: &str| {
        let options = json!({ "tracer": tracer, "stateOverrides": overrides });
        json!([{ "to": account, "gas": "0x1000000" }, "latest", options])
    };
    let message = node.error("debug_traceCall", call("callTracer"));
    assert!(message.contains("more than 128 MiB"), "{message}");
    assert_eq!(node.call("debug_traceCall", call("noopTracer")), json!({}));
}

#[test]
fn a_call_is_traced_under_overrides() {
    let node = Node::reference();
    // Returns the block's number.
    let code = bytes!("4360005260206000f3");
    let account = address!("0x00000000000000000000000000000000000c0de0");
    let options = json!({
        "tracer": "callTracer",
        "stateOverrides": { account.to_string(): { "code": code } },
        "blockOverrides": { "number": "0x1234" },
    });
    let trace = node.call("debug_traceCall", json!([{ "to": account }, "latest", options]));
    assert_eq!(trace["output"], format!("0x{:064x}", 0x1234));
    let without = json!({ "tracer": "callTracer" });
    let trace = node.call("debug_traceCall", json!([{ "to": account }, "latest", without]));
    assert!(trace["output"].is_null());
}

#[test]
fn a_block_is_traced_transaction_by_transaction() {
    let node = Node::reference();
    let probe = node.deploy_probe();
    node.devnet.set_automatic(false);
    let sent: Vec<Value> = (1..4_u64)
        .map(|value| {
            let data = Bytes::from(Probe::storeCall { value }.abi_encode());
            let request =
                json!({ "from": node.account(0), "to": probe, "data": data, "gas": "0x100000" });
            node.call("eth_sendTransaction", json!([request]))
        })
        .collect();
    node.devnet.mine().unwrap();
    let options = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let traces = node.call("debug_traceBlockByNumber", json!(["latest", options]));
    let hash = node.call("eth_getBlockByNumber", json!(["latest", false]))["hash"].clone();
    assert_eq!(node.call("debug_traceBlockByHash", json!([hash, options])), traces);

    let traces = traces.as_array().unwrap();
    let hashes: Vec<Value> = traces.iter().map(|trace| trace["txHash"].clone()).collect();
    assert_eq!(hashes, sent);
    // Each begins with what the one before left.
    let slot = |trace: &Value, when: &str| {
        let storage = &trace["result"][when][format!("{probe:?}")]["storage"];
        storage[format!("{:?}", B256::ZERO)].clone()
    };
    assert_eq!(slot(&traces[0], "pre"), Value::Null);
    for pair in traces.windows(2) {
        assert_eq!(slot(&pair[0], "post"), slot(&pair[1], "pre"));
        assert!(slot(&pair[1], "pre").is_string());
    }
    // And alone each is what it is in its block.
    for (hash, trace) in hashes.iter().zip(traces) {
        let alone = node.call("debug_traceTransaction", json!([hash, options]));
        assert_eq!(alone, trace["result"]);
    }

    assert_eq!(node.call("debug_traceBlockByNumber", json!(["earliest"])), json!([]));
    let message = node.error("debug_traceBlockByNumber", json!(["pending"]));
    assert!(message.contains("evm_mine"), "{message}");
    let message = node.error("debug_traceBlockByNumber", json!(["0x77"]));
    assert!(message.contains("no such block"), "{message}");
}
