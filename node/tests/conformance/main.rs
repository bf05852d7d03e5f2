//! `ciphervm conformance` against devnets: everything on plaintexts, a sample on ciphertexts, and a
//! chain that does something else.

#[expect(dead_code, reason = "the tests with other clients need more of it")]
#[path = "../clients/devnet.rs"]
mod devnet;
mod faulty;
#[path = "../cipher/setup.rs"]
mod setup;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};

use devnet::{Devnet, test_keys_path};

fn conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ciphervm"))
        .arg("conformance")
        .args(arguments)
        .output()
        .expect("the command starts")
}

/// Runs with a report, which it returns with what was printed.
fn report(arguments: &[&str]) -> (Value, String, bool) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let path = file.to_str().unwrap();
    let output = conformance(&[arguments, &["--report", path]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let report = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {text}"));
    (serde_json::from_str(&report).unwrap(), text, output.status.success())
}

#[test]
fn every_vector_holds_on_plaintexts() {
    let (report, text, success) = report(&[]);
    println!("{text}");
    assert!(success, "{text}");
    let counts = &report["counts"];
    assert_eq!(counts["passed"], 15_264, "{counts}");
    assert_eq!(report["chain"]["evaluator"], "reference");
    // Plaintexts have no proofs of knowledge.
    let skipped = report["skipped"].as_array().unwrap();
    assert!(skipped.iter().all(|one| one["reason"].as_str().unwrap().contains("prove")));
    assert_eq!((counts["failed"].as_u64(), counts["skipped"].as_u64()), (Some(0), Some(3)));
}

/// With an evaluator that is compared operation by operation besides.
#[test]
fn a_sample_holds_on_ciphertexts() {
    let keys = test_keys_path();
    let keys = keys.to_str().unwrap();
    let filters = ["--filter", "/euint8,euint8/", "--filter", "/euint8,clear/"];
    let sample = ["--evaluator", "compare", "--keys", keys, "--sample", "10", "--seed", "1"];
    let (sampled, text, success) = report(&[&filters[..], &sample].concat());
    assert!(success, "{text}");
    assert_eq!(sampled["counts"], json!({ "passed": 10, "failed": 0, "skipped": 0 }));
    assert_eq!(sampled["chain"]["evaluator"], "compare");
    assert_eq!(sampled["choice"]["draw"], json!({ "sample": { "count": 10, "seed": 1 } }));

    // Lists that clients prove.
    let filters = ["--filter", "ciphertext-is-refused", "--filter", "a-users-request/expired"];
    let real = ["--evaluator", "tfhe", "--keys", keys];
    let (sequences, text, success) = report(&[&filters[..], &real].concat());
    assert!(success, "{text}");
    assert_eq!(sequences["counts"], json!({ "passed": 3, "failed": 0, "skipped": 0 }));
}

#[test]
fn a_chain_with_other_limits_fails() {
    let devnet = Devnet::start(&["--evaluator", "reference", "--hcu-depth", "1000000"]);
    let url = devnet.url();
    let folder = tempfile::tempdir().unwrap();
    let junit = folder.path().join("report.xml");
    let to = ["--rpc", &url, "--junit", junit.to_str().unwrap()];
    let (deep, text, success) = report(&[&to[..], &["--filter", "hcu/a-chain"]].concat());
    assert!(!success && text.contains("FAILED hcu/a-chain-is-too-deep/fheMul/euint128"), "{text}");
    assert!(deep["counts"]["failed"].as_u64() > Some(0));
    assert!(fs::read_to_string(&junit).unwrap().contains("it was to succeed"));
    // What the limit does not concern holds there, too.
    let (_, text, success) = report(&["--rpc", &url, "--filter", "fheMin/euint8"]);
    assert!(success, "{text}");
}

#[test]
fn what_cannot_be_run_is_said() {
    let failure = |arguments: &[&str]| {
        let output = conformance(arguments);
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(failure(&["--filter", "fheSqrt"]).contains("no vector has fheSqrt"));
    assert!(failure(&["--sample", "0"]).contains("--sample"));
    let nowhere = failure(&["--rpc", "http://127.0.0.1:1", "--filter", "fheNot"]);
    assert!(nowhere.contains("does not answer eth_chainId"), "{nowhere}");
}

#[test]
fn contracts_are_written_for_other_chains() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let output = conformance(&["--emit-solidity", path, "--filter", "fheAdd/euint8"]);
    assert!(output.status.success());
    let file = Path::new(path).join("FheAdd_euint8_euint8_to_euint8.sol");
    let source = fs::read_to_string(file).unwrap();
    assert!(source.contains("FHE.add(_euint8("), "{source}");
}
