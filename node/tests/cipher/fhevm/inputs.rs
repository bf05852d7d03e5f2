//! Inputs with their values in the clear.

use alloy_primitives::{Address, Bytes};
use ciphervm_fhe::{FheType, Handle};
use ciphervm_precompiles::{InputProof, blob_hash, input_handle};
use serde_json::{Value, json};

use super::{INPUT, with, without};
use crate::{CHAIN, HOST, Node, Token};

#[test]
fn an_input_has_the_handles_that_clients_compute_and_a_contract_takes_it() {
    let node = Node::reference();
    let token = node.deploy_token();
    let request = node.input(token, &[(5, 8, 1000), (0, 1, 1), (7, 20, 0xa11ce)]);
    let answer = node.call(INPUT, json!([request]));
    let list: Bytes =
        serde_json::from_value(request["ciphertextWithInputVerification"].clone()).unwrap();
    let types = [FheType::Uint64, FheType::Bool, FheType::Uint160];
    let handles: Vec<Handle> = (0..)
        .zip(types)
        .map(|(index, ty)| input_handle(blob_hash(&list), index, HOST.acl, CHAIN, ty))
        .collect();
    assert_eq!(answer["handles"], json!(handles));
    let clear = node.call("fhevm_getClearText", json!([handles]));
    assert_eq!(clear, json!(["0x03e8", "0x01", "0x0a11ce"]));

    let signature: Bytes = serde_json::from_value(answer["signatures"][0].clone()).unwrap();
    let proof = InputProof {
        handles: handles.clone(),
        signatures: vec![signature[..].try_into().unwrap()],
        extra_data: Bytes::from_static(&[0]),
    };
    let (owner, amount, proof) = (node.account(0), handles[0].0, proof.encode());
    node.execute(owner, token, &Token::mintCall { to: owner, amount, inputProof: proof });
    let balance = node.balance(token, owner);
    assert_eq!(node.call("fhevm_getClearText", json!([[balance]])), json!(["0x03e8"]));
}

#[test]
fn an_input_that_was_seen_before_gives_the_same_answer() {
    let node = Node::reference();
    let contract = Address::repeat_byte(0xc0);
    let request = node.input(contract, &[(5, 8, 3)]);
    let first = node.call(INPUT, json!([request]));
    let size = node.devnet.store().size().unwrap();
    assert_eq!(node.call(INPUT, json!([request])), first);
    assert_eq!(node.devnet.store().size().unwrap(), size);
    // For another contract it is the same ciphertext under another signature.
    let other = with(request, &[("/contractAddress", json!(HOST.acl))]);
    let other = node.call(INPUT, json!([other]));
    assert_eq!(other["handles"], first["handles"]);
    assert_ne!(other["signatures"], first["signatures"]);
    node.call(INPUT, json!([node.input(contract, &[(5, 8, 4)])]));
    assert!(node.devnet.store().size().unwrap() != size);
    // A list may be empty.
    let empty = node.call(INPUT, json!([node.input(contract, &[])]));
    assert_eq!(empty["handles"], json!([]));
}

#[test]
fn an_input_that_is_none_is_refused_by_name_and_nothing_is_stored() {
    let node = Node::reference();
    let contract = Address::repeat_byte(0xc0);
    let good = node.input(contract, &[(2, 1, 200), (5, 8, 3)]);
    let change = |pointer: &str, value: Value| with(good.clone(), &[(pointer, value)]);
    let many = |count: usize, value| node.input(contract, &vec![value; count]);
    let before = node.devnet.store().size().unwrap();
    node.refuses(
        INPUT,
        &[
            (without(good.clone(), "mockData"), "missing field `mockData`"),
            (change("/contractChainId", json!("0x1")), "for chain 1, and this is chain 31337"),
            (change("/contractChainId", json!("x")), "invalid"),
            (change("/contractAddress", json!("0x12")), "invalid string length"),
            (change("/mockData/aclContractAddress", json!(contract)), "access control list at"),
            (change("/mockData/fheTypes", json!([2])), "2 values, 1 and 2 types"),
            (change("/mockData/random32List", json!([])), "0 random words"),
            (change("/mockData/fhevmTypes", json!([2, 4])), "are not the same"),
            (
                with(
                    good.clone(),
                    &[("/mockData/fheTypes/0", json!(1)), ("/mockData/fhevmTypes/0", json!(1))],
                ),
                "1 is no encrypted type that can be used: there are 0 (ebool), 2 (euint8)",
            ),
            (change("/mockData/fheTypes", json!([2, 300])), "expected u8"),
            (
                change("/mockData/clearTextValuesBigIntHex/0", json!("0x0100")),
                "256 does not fit euint8: its largest value is 255",
            ),
            (change("/mockData/clearTextValuesBigIntHex/0", json!("-1")), "invalid"),
            // Another value under the handles of this one.
            (
                change("/mockData/clearTextValuesBigIntHex/1", json!("0x04")),
                "send the values that it was made of",
            ),
            (change("/ciphertextWithInputVerification", json!("0x")), "the hash of the values is"),
            (many(256, (0, 1, 1)), "256 values are more than the 255"),
            (many(33, (5, 8, 1)), "2112 bits are more than the 2048"),
        ],
    );
    assert_eq!(node.devnet.store().size().unwrap(), before);
    for input in [good, many(255, (0, 1, 1)), many(32, (5, 8, 1))] {
        node.call(INPUT, json!([input]));
    }
    assert!(node.devnet.store().size().unwrap() != before);
}
