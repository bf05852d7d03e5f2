//! Requests that make no sense: each gets an error that clients know, and the server goes on.

use alloy_primitives::Address;
use serde_json::{Value, json};

use crate::{Bench, devnet::Devnet};

const PATHS: [&str; 4] =
    ["/v2/input-proof", "/v2/public-decrypt", "/v2/user-decrypt", "/v2/delegated-user-decrypt"];

/// The fields that an error names.
fn fields(body: &Value) -> Vec<&str> {
    let details = body["error"]["details"].as_array().unwrap();
    details.iter().map(|detail| detail["field"].as_str().unwrap()).collect()
}

#[test]
fn bodies_that_are_no_requests_are_refused_by_name() {
    let bench = Bench::new(Devnet::on_plaintexts());
    for path in PATHS {
        for body in ["", "{", "7", "[]", "\"x\"", "null"] {
            let answer = bench.post_text(path, body);
            let label = &answer.body["error"]["label"];
            assert_eq!((answer.status, label), (400, &json!("malformed_json")), "{path} {body}");
        }
        let answer = bench.post(path, &json!({}));
        assert_eq!(
            (answer.status, &answer.body["error"]["label"]),
            (400, &json!("missing_fields"))
        );
        assert!(fields(&answer.body).contains(&"extraData"), "{path}");
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let deep = format!(r#"{{"extraData":{deep}}}"#);
        assert_eq!(bench.post_text(path, &deep).status, 400, "{path}");
    }
    assert_eq!(bench.get("/healthz").status, 200);
}

#[test]
fn an_error_names_all_fields_that_are_wrong() {
    let bench = Bench::new(Devnet::on_plaintexts());
    let right = json!({
        "contractChainId": "0x7a69",
        "contractAddress": Address::ZERO,
        "userAddress": Address::ZERO,
        "ciphertextWithInputVerification": "00",
        "extraData": "0x00",
    });
    // It gets as far as the job, which says that there are no keys here.
    let (status, label, message) = bench.failure(PATHS[0], &right);
    assert_eq!((status, label.as_str()), (400, "request_error"));
    assert!(message.contains("has no keys"), "{message}");
    for (field, value) in [
        ("contractChainId", json!("1")),
        ("contractChainId", json!(-1)),
        ("contractAddress", json!("0x12")),
        ("userAddress", json!(7)),
        ("ciphertextWithInputVerification", json!("xyz")),
        ("ciphertextWithInputVerification", json!("0")),
        ("extraData", json!("0x01")),
        ("extraData", json!(["0x00"])),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value.clone();
        let answer = bench.post(PATHS[0], &wrong);
        let label = &answer.body["error"]["label"];
        assert_eq!((answer.status, label), (400, &json!("validation_failed")), "{field} {value}");
        assert_eq!(fields(&answer.body), [field]);
    }
    let pairs = json!({ "handleContractPairs": [{ "handle": "0x12" }], "requestValidity": {} });
    let answer = bench.post(PATHS[2], &pairs);
    let found = fields(&answer.body);
    for field in ["handleContractPairs[0].contractAddress", "requestValidity.startTimestamp"] {
        assert!(found.contains(&field), "{found:?}");
    }
}

#[test]
fn a_job_that_never_was_is_not_found() {
    let bench = Bench::new(Devnet::on_plaintexts());
    for path in PATHS {
        for id in ["00000000-0000-4000-8000-000000000000", "x", "%00"] {
            let answer = bench.get(&format!("{path}/{id}"));
            let label = &answer.body["error"]["label"];
            assert_eq!((answer.status, label), (404, &json!("not_found")), "{path}/{id}");
        }
    }
}
