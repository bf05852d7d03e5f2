//! Requests of the relayer's API: a byte for the route, and a body or the rest of the path.
//!
//! Each is answered, its job too if it starts one, and none by the node's own failure.

use std::{
    cell::OnceCell,
    fmt::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use alloy_primitives::{Address, Bytes, U256, hex};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolStruct, eip712_domain};
use ciphervm_kms::UserDecryptRequestVerification;
use ciphervm_precompiles::Gateway;
use serde_json::{Value, json};

use crate::{Seed, Target, Verdict, bytes::Bytes as Input, node::Node};

/// Requests of the relayer.
pub const TARGET: Target = Target { name: "relayer", run, seeds, words, runs: 3_000 };

/// Routes that take a body.
const POSTS: [&str; 4] =
    ["/v2/input-proof", "/v2/public-decrypt", "/v2/user-decrypt", "/v2/delegated-user-decrypt"];
/// Routes that are read, with the rest of the path after them.
const READS: [&str; 4] = ["/v2/keys/", "/input-proof/", "/v2/user-decrypt/", "/"];

const INPUT: u8 = 0;
const PUBLIC: u8 = 1;
const USER: u8 = 2;
const DELEGATED: u8 = 3;
const READ: u8 = 7;

/// The bytes of a serialised ML-KEM-512 key: a header that is not looked at, and the key.
const PUBLIC_KEY: usize = 69 + 800;

thread_local! {
    static NODE: OnceCell<Node> = const { OnceCell::new() };
}

/// Answers a request.
///
/// # Panics
/// If it is answered by a failure.
pub fn run(data: &[u8]) -> Verdict {
    let mut data = Input(data);
    let route = data.below(POSTS.len() + READS.len());
    NODE.with(|node| {
        let node = node.get_or_init(Node::new);
        let status = match POSTS.get(route) {
            Some(path) => node.job(path, data.0.to_vec()),
            None => {
                let mut path = READS[route - POSTS.len()].to_owned();
                for byte in data.0.iter().take(1_024) {
                    match byte {
                        b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'/' => {
                            path.push(char::from(*byte));
                        }
                        _ => write!(path, "%{byte:02x}").expect("a text can be written to"),
                    }
                }
                node.request("GET", &path, Vec::new()).map(|(status, _)| status)
            }
        };
        Verdict::of(status.is_some_and(|status| status.is_success()))
    })
}

fn seeds() -> Vec<Seed> {
    let node = Node::new();
    let request = |route: u8, body: &Value| [&[route], body.to_string().as_bytes()].concat();
    let public = json!({ "ciphertextHandles": [node.handle], "extraData": "0x00" });
    let (user, prober) = (node.accounts()[1], node.probers[0]);
    let input = json!({
        "contractChainId": "0x7a69",
        "contractAddress": prober,
        "userAddress": user,
        "ciphertextWithInputVerification": "00",
        "extraData": "0x00",
    });
    let own = user_request(&node, user, prober);
    let mut delegated = own.clone();
    let validity = own["requestValidity"].clone();
    delegated["startTimestamp"] = validity["startTimestamp"].clone();
    delegated["durationDays"] = validity["durationDays"].clone();
    delegated["delegatorAddress"] = json!(user);
    delegated["delegateAddress"] = json!(prober);
    vec![
        Seed::valid("public-decrypt", request(PUBLIC, &public)),
        Seed::valid("user-decrypt", request(USER, &own)).local(),
        Seed::refused("delegated-without-a-delegation", request(DELEGATED, &delegated)).local(),
        Seed::refused("input-on-plaintexts", request(INPUT, &input)),
        Seed::valid("openapi", [&[READ], &b"openapi.json"[..]].concat()),
    ]
}

/// A request of a user for the value, signed and valid from now on.
fn user_request(node: &Node, user: Address, contract: Address) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    // All coefficients are zero, which is a key as any other.
    let public_key = Bytes::from(vec![0; PUBLIC_KEY]);
    let message = UserDecryptRequestVerification {
        publicKey: public_key.clone(),
        contractAddresses: vec![contract],
        startTimestamp: U256::from(now),
        durationDays: U256::ONE,
        extraData: Bytes::from_static(&[0]),
    };
    let domain = eip712_domain! {
        name: "Decryption",
        version: "1",
        chain_id: 31337,
        verifying_contract: Gateway::LOCAL.decryption,
    };
    let digest = message.eip712_signing_hash(&domain);
    let signer = node.devnet.accounts().signer(&user).expect("the devnet holds its key");
    let signature = signer.sign_hash_sync(&digest).expect("a key can sign");
    json!({
        "handleContractPairs": [{ "handle": node.handle, "contractAddress": contract }],
        "requestValidity": { "startTimestamp": now.to_string(), "durationDays": "1" },
        "contractsChainId": "31337",
        "contractAddresses": [contract],
        "userAddress": user,
        "signature": hex::encode(signature.as_bytes()),
        "publicKey": hex::encode(&public_key),
        "extraData": "0x00",
    })
}

fn words() -> Vec<Vec<u8>> {
    let words = [
        "null",
        "[]",
        "{}",
        "-1",
        "1e300",
        "18446744073709551616",
        "\"0x\"",
        "\"0x00\"",
        "\"01\"",
        "\"02\"",
        "\"0xffffffffffffffff\"",
        "\"handle\":",
        "\"contractAddress\":",
        "\"signature\":",
        "\"publicKey\":",
        "\"extraData\":",
        "\"durationDays\":",
        "00000000",
        "ffffffff",
    ];
    words.map(|word| word.as_bytes().to_vec()).to_vec()
}
