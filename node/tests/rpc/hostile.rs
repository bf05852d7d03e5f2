//! Parameters that nobody in their right mind would send, to every method there is.

use ciphervm_node::rpc;
use serde_json::{Value, json};

use crate::Node;

/// What a method answers that panicked (JSON-RPC's internal error). No method says so by itself.
const PANICKED: i64 = -32_603;

/// Values for any parameter.
fn values() -> Vec<Value> {
    let nested =
        |depth: usize, wrap: fn(Value) -> Value| (0..depth).fold(json!(1), |inner, _| wrap(inner));
    let address = format!("0x{}", "ab".repeat(20));
    let word = format!("0x{}", "ff".repeat(32));
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("0x"),
        json!("0x0"),
        json!("0xzz"),
        json!("latest"),
        json!("nonsense"),
        json!("\u{0}\u{fffd}\u{10ffff}"),
        json!("0xfffffffffffffffe"),
        json!("0xffffffffffffffff"),
        json!(address),
        json!(&address[..41]),
        json!(format!("{address}00")),
        json!(word),
        json!(format!("{word}ff")),
        json!(format!("0x{}", "00".repeat(100_000))),
        json!([]),
        json!({}),
        json!([address, word]),
        json!(vec![Value::Null; 10_000]),
        json!({ "": null, "fromBlock": "0xffffffffffffffff", "toBlock": "0x0" }),
        json!({ "blockHash": word, "fromBlock": "0x0" }),
        json!({ "to": address, "gas": word, "value": word, "data": "0x117b2f38", "nonce": word }),
        json!({ "to": address, "gas": "0xffffffffffffffff", "maxFeePerGas": "0x0",
            "maxPriorityFeePerGas": "0xffffffffffffffffffffffffffffffff" }),
        json!({ "from": address, "data": word, "accessList": [{ "address": address,
            "storageKeys": vec![json!(word); 100] }], "blobVersionedHashes": [word] }),
        json!({ "tracer": "callTracer", "tracerConfig": { "withLog": "no" }, "timeout": "-1s" }),
        json!({ address.clone(): { "balance": word, "nonce": "0xffffffffffffffff",
            "code": "0xef0100", "stateDiff": { word.clone(): word } } }),
        json!({ "number": word, "time": word, "gasLimit": word, "baseFeePerGas": word }),
        nested(100, |inner| json!([inner])),
        nested(100, |inner| json!({ "inner": inner })),
    ]
}

/// Lists of parameters: none, too many, and each value as the first and as all of them.
fn lists() -> Vec<Value> {
    let values = values();
    let mut lists = vec![json!([]), json!({}), json!({ "block": "latest" }), json!(vec![0; 100])];
    for count in [1, 3] {
        lists.extend(values.iter().map(|value| json!(vec![value; count])));
    }
    // An address first, so that what follows is looked at.
    let address = format!("0x{}", "ab".repeat(20));
    lists.extend(values.iter().map(|value| json!([address, value])));
    lists.extend(values.iter().map(|value| json!([{ "to": address }, "latest", value])));
    lists
}

#[test]
fn no_method_panics_whatever_it_is_asked() {
    let node = Node::in_memory();
    let module = rpc::module(node.devnet.clone()).unwrap();
    let mut methods: Vec<_> = module.method_names().collect();
    methods.sort_unstable();
    assert!(methods.len() > 100, "{methods:?}");
    let (mut results, mut errors) = (0, 0);
    for method in &methods {
        for params in lists() {
            let answer = node.answer(method, &params);
            let error = &answer["error"];
            if error.is_null() {
                assert!(answer.get("result").is_some(), "{method} {params}: {answer}");
                results += 1;
                continue;
            }
            let code = error["code"].as_i64();
            assert!(code.is_some_and(|code| code != PANICKED), "{method} {params}: {answer}");
            assert!(error["message"].is_string(), "{method} {params}: {answer}");
            errors += 1;
        }
        // It serves on, and so does the lock that all methods take.
        node.number();
    }
    assert!(results > methods.len() && errors > 10 * methods.len(), "{results} {errors}");
    // What was set by all of this was allowed, and goes with a new start.
    node.call("hardhat_reset", json!([]));
    node.call("evm_setAutomine", json!([true]));
    let sent = node.send(json!({ "to": node.account(1), "value": "0x1" }));
    assert_eq!(node.receipt(&sent)["status"], "0x1");
}
