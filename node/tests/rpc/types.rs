//! Every type of transaction, sealed.

use alloy_eips::eip7702::Authorization;
use alloy_primitives::{Address, B256, U256};
use alloy_signer::SignerSync;
use serde_json::{Value, json};

use crate::{Node, quantity, word};

const TARGET: Address = Address::repeat_byte(0xbb);
/// Returns 42.
const FORTY_TWO: &str = "0x602a5f5260205ff3";

#[test]
fn every_type_of_transaction_is_sealed_as_what_it_is() {
    let node = Node::start();
    let blob = B256::with_last_byte(7) | B256::from(U256::ONE << 248);
    let authority = node.account(1);
    let authorization = node.authorization(authority, 0);
    for (ty, fields) in [
        ("0x0", json!({ "gasPrice": "0x77359400" })),
        ("0x1", json!({ "gasPrice": "0x77359400", "accessList": [] })),
        ("0x2", json!({ "maxFeePerGas": "0x77359400" })),
        ("0x3", json!({ "blobVersionedHashes": [blob, blob], "maxFeePerBlobGas": "0x10" })),
        ("0x4", json!({ "authorizationList": [authorization] })),
    ] {
        let mut request = json!({ "from": node.account(0), "to": TARGET });
        request.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let hash = node.send(request);
        let receipt = node.receipt(&hash);
        assert_eq!((&receipt["type"], &receipt["status"]), (&json!(ty), &json!("0x1")));
        let transaction = node.call("eth_getTransactionByHash", json!([hash]));
        assert_eq!(transaction["type"], ty);
        let block = node.head();
        assert_eq!(block["transactions"], json!([hash]));

        let (gas, price) = (&receipt["blobGasUsed"], &receipt["blobGasPrice"]);
        if ty == "0x3" {
            assert_eq!((gas, price), (&json!("0x40000"), &json!("0x1")));
            assert_eq!(block["blobGasUsed"], "0x40000");
            assert_eq!(transaction["blobVersionedHashes"], json!([blob, blob]));
        } else {
            assert_eq!((gas, price), (&Value::Null, &Value::Null));
            assert_eq!(block["blobGasUsed"], "0x0");
        }
        if ty == "0x4" {
            assert_eq!(transaction["authorizationList"], json!([authorization]));
        }
    }
    // All of it is what the chain on disk has, too.
    let head = node.head();
    assert_eq!(node.restart().head(), head);
}

#[test]
fn an_account_that_delegates_has_the_code_of_another() {
    let node = Node::start();
    node.call("hardhat_setCode", json!([TARGET, FORTY_TWO]));
    let authority = node.account(1);
    let code = |node: &Node| node.call("eth_getCode", json!([authority, "latest"]));
    let run = |node: &Node| node.call("eth_call", json!([{ "to": authority }, "latest"]));
    let nonce = || quantity(&node.call("eth_getTransactionCount", json!([authority, "latest"])));
    assert_eq!((code(&node), run(&node)), (json!("0x"), json!("0x")));

    let delegate = |authorization: Value| {
        let request = json!({ "to": authority, "authorizationList": [authorization] });
        node.receipt(&node.send(request))
    };
    // One for another nonce is passed over, and the transaction is valid all the same.
    assert_eq!(delegate(node.authorization(authority, 5))["status"], "0x1");
    assert_eq!((code(&node), nonce()), (json!("0x"), 0));
    assert_eq!(delegate(node.authorization(authority, 0))["status"], "0x1");
    let delegation = format!("0xef0100{}", "bb".repeat(20));
    assert_eq!((code(&node), nonce()), (json!(delegation), 1));
    assert_eq!(run(&node), json!(word(42)));
    let node = node.restart();
    assert_eq!((code(&node), run(&node)), (json!(delegation), json!(word(42))));
}

impl Node {
    /// An account's word that it delegates to the target.
    fn authorization(&self, authority: Address, nonce: u64) -> Value {
        let authorization = Authorization { chain_id: U256::from(31_337), address: TARGET, nonce };
        let signer = self.devnet.accounts().signer(&authority).unwrap();
        let signature = signer.sign_hash_sync(&authorization.signature_hash()).unwrap();
        serde_json::to_value(authorization.into_signed(signature)).unwrap()
    }
}
