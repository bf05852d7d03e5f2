//! The OpenAPI document: what it says is what is served.

use alloy_primitives::Address;
use ciphervm_node::relayer::OPENAPI;
use serde_json::{Value, json};

use crate::{
    Bench, decisionOnCall,
    devnet::Devnet,
    encrypt, submission,
    user::{User, body},
    values,
};

/// What the document says of a response.
fn schema(document: &Value, path: &str, method: &str, status: u16) -> Value {
    let response = &document["paths"][path][method]["responses"][status.to_string()];
    let mut schema = response["content"]["application/json"]["schema"].clone();
    assert!(schema.is_object(), "{method} {path} {status} is not documented");
    schema["components"] = document["components"].clone();
    schema
}

fn assert_fits(document: &Value, path: &str, method: &str, answer: &crate::Answer) {
    let schema = schema(document, path, method, answer.status);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&answer.body)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect();
    assert!(errors.is_empty(), "{method} {path} {}: {errors:#?}\n{}", answer.status, answer.body);
}

#[test]
fn every_path_is_served_and_answers_are_as_documented() {
    let bench = Bench::new(Devnet::on_ciphertexts());
    let served = bench.get("/openapi.json").body;
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    assert_eq!(served, document);

    // What is not served would be answered by JSON-RPC: 405 for GET, and an envelope for POST.
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path.replace("{jobId}", "x").replace("{dataId}", "x");
        for method in methods.as_object().unwrap().keys() {
            match method.as_str() {
                "get" => assert_ne!(bench.get(&path).status, 405, "{path}"),
                "post" => {
                    assert!(bench.post(&path, &json!({})).body["jsonrpc"].is_null(), "{path}")
                }
                other => panic!("{other}"),
            }
        }
    }
    assert_fits(&document, "/v2/keyurl", "get", &bench.get("/v2/keyurl"));
    assert_fits(&document, "/version", "get", &bench.get("/version"));

    // Jobs: started, unknown, done, refused.
    let job = |path: &str, body: &Value| {
        let documented = format!("{path}/{{jobId}}");
        assert_fits(&document, path, "post", &bench.post(path, body));
        assert_fits(&document, path, "post", &bench.post(path, &json!({})));
        assert_fits(&document, &documented, "get", &bench.get(&format!("{path}/x")));
        let answer = bench.job(path, body);
        assert_fits(&document, &documented, "get", &answer);
        answer
    };
    let (lounge, guest) = bench.knocked();
    let list = encrypt(&bench.client(), lounge, guest, &values(guest));
    let accepted = job("/v2/input-proof", &submission(lounge, guest, &list));
    assert_eq!(accepted.body["result"]["accepted"], true);
    let rejected = job("/v2/input-proof", &submission(lounge, Address::ZERO, &list));
    assert_eq!(rejected.body["result"]["accepted"], false);

    let decision = bench.read(lounge, &decisionOnCall { guest });
    let handles = json!({ "ciphertextHandles": [decision.paid], "extraData": "0x00" });
    assert_eq!(job("/v2/public-decrypt", &handles).status, 200);
    let none = json!({ "ciphertextHandles": [], "extraData": "0x00" });
    assert_eq!(job("/v2/public-decrypt", &none).status, 400);

    let user = User::new();
    let answers = bench.read(lounge, &crate::answersOfCall { guest });
    let now = ciphervm_node::devnet::now();
    let request = user.request(guest, lounge, &[answers.age], now);
    assert_eq!(job("/v2/user-decrypt", &body(&request)).status, 200);
    let request = user.delegated([guest, bench.account(3), lounge], &[answers.age], now);
    assert_eq!(job("/v2/delegated-user-decrypt", &body(&request)).status, 400);
}
