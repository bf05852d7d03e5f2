//! The KMS in a process of its own: the node's has no access to the secret key.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use alloy_primitives::U256;
use serde_json::json;

use crate::{
    Bench, answersOfCall,
    devnet::{Devnet, own_address, test_keys_path},
    user::{User, body},
};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_node_decrypts_for_users_without_the_secret_key() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), test_keys_path());
    // Everything but the secret.
    let public = directory.path().join("keys");
    fs::create_dir(&public).unwrap();
    for name in ["manifest.json", "server.keys", "crs.2048"] {
        fs::copy(keys.join(name), public.join(name)).unwrap();
    }
    let token = directory.path().join("token");
    // The KMS writes the token, and has to be told of the node before that is there.
    let host = own_address();
    let rpc = format!("http://{host}:8545");
    // Neither is of the default profile: ciphertexts of another one would be refused.
    let kms = [
        "--keys",
        text(&keys),
        "--profile",
        "latency",
        "--token-file",
        text(&token),
        "--rpc",
        &rpc,
    ];
    let kms = Devnet::run("kms", &kms);
    assert_eq!(fs::metadata(&token).unwrap().permissions().mode() & 0o777, 0o600);
    let node = |token: &Path| {
        Devnet::start(&[
            "--keys",
            text(&public),
            "--profile",
            "latency",
            "--kms",
            &kms.url(),
            "--kms-token-file",
            text(token),
            "--host",
            &host,
            "--port",
            "8545",
        ])
    };
    let bench = Bench::new(node(&token));
    let (lounge, guest) = bench.knocked();
    let handle = bench.read(lounge, &answersOfCall { guest }).age;
    let user = User::new();
    let now = ciphervm_node::devnet::now();
    let request = user.request(guest, lounge, &[handle], now);
    let result = bench.result("/v2/user-decrypt", &body(&request));
    assert_eq!(user.open(&request, &result), [U256::from(42)]);
    // The other process refuses as this one would.
    let stranger = user.request(bench.account(2), lounge, &[handle], now);
    let (status, label, _) = bench.failure("/v2/user-decrypt", &body(&stranger));
    assert_eq!((status, label.as_str()), (400, "not_allowed_on_host_acl"));
    // There is nothing for developers.
    let error = bench.rpc("cipher_decrypt", json!([handle])).unwrap_err();
    assert!(error.contains("holds no secret key"), "{error}");

    // Who does not know the token gets nothing from the KMS, whatever it is asked.
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let ask = |token: &str| {
        let request = agent.post(format!("{}/decrypt-for-all", kms.url()));
        let body = json!({ "handles": [handle], "extra_data": "0x" });
        let response = request.header("Authorization", format!("Bearer {token}")).send_json(body);
        response.unwrap().status().as_u16()
    };
    assert_eq!(ask(&"00".repeat(32)), 401);
    assert_eq!(ask(""), 401);
    // With the token it is asked, and refuses: the age is not public.
    assert_eq!(ask(fs::read_to_string(&token).unwrap().trim()), 422);

    // Without the KMS, the node says so.
    drop(kms);
    let (status, label, message) = bench.failure("/v2/user-decrypt", &body(&request));
    assert_eq!((status, label.as_str()), (503, "gateway_not_reachable"));
    assert!(message.contains("gives no answer"), "{message}");
}
