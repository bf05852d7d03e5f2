//! What everybody may see, and what only a development chain shows.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use ciphervm_fhe::{FheType, Handle};
use serde_json::{Value, json};

use super::{PUBLIC, without};
use crate::{CHAIN, HOST, Node, Probe};

#[test]
fn what_is_public_comes_with_a_signature_that_the_verifier_accepts() {
    let node = Node::reference();
    let probe = node.deploy_probe();
    let user = node.account(0);
    node.execute(user, probe, &Probe::storeCall { value: 43 });
    let kept = node.read(probe, &Probe::storedCall {});
    node.execute(user, probe, &Probe::publishCall { value: 44 });
    let public = node.read(probe, &Probe::publishedCall {});
    let request = |handles: &[B256]| json!({ "ciphertextHandles": handles, "extraData": "0x00" });
    node.refuses(
        PUBLIC,
        &[
            (request(&[kept]), "is not allowed for public decryption"),
            (request(&[public, kept]), "is not allowed for public decryption"),
            (request(&[]), "no handles"),
            (request(&[B256::ZERO]), "handle"),
            (request(&[public; 33]), "2112 bits are more than the 2048"),
            (without(request(&[public]), "extraData"), "missing field `extraData`"),
        ],
    );
    let answer = node.call(PUBLIC, json!([request(&[public])]));
    assert_eq!(answer["decrypted_value"], json!(B256::from(U256::from(44))));
    let signature = &answer["signatures"][0];
    for verifier in [HOST.kms_verifier, HOST.kms_verifier_alias.unwrap()] {
        let verify = |value, extra: &[u8]| node.verify(verifier, public, value, signature, extra);
        assert_eq!(verify(44, &[0]), Ok(json!(B256::from(U256::ONE))));
        for (value, extra) in [(45, &[0][..]), (44, &[])] {
            assert!(verify(value, extra).unwrap_err().contains("KMSInvalidSigner"));
        }
    }
}

#[test]
fn results_are_signed_as_they_are_said_to_be() {
    const METHOD: &str = "fhevm_createDecryptionSignatures";
    let node = Node::reference();
    let (handle, _) = node.granted(42);
    let results = |handles: &[B256], values: Value| json!({ "handlesBytes32Hex": handles, "clearTextValuesHex": values, "extraData": "0x00" });
    let signatures = node.call(METHOD, json!([results(&[handle], json!(["0x2a"]))]));
    // Whatever it really is.
    let other = node.call(METHOD, json!([results(&[handle], json!(["0x2b"]))]));
    for (signatures, value, wrong) in [(signatures, 42, 43), (other, 43, 42)] {
        assert_eq!(signatures.as_array().unwrap().len(), 1);
        let verify = |value| node.verify(HOST.kms_verifier, handle, value, &signatures[0], &[0]);
        assert_eq!(verify(value), Ok(json!(B256::from(U256::ONE))));
        assert!(verify(wrong).unwrap_err().contains("KMSInvalidSigner"));
    }
    node.refuses(
        METHOD,
        &[
            (results(&[handle], json!([])), "1 handles and 0 clear values"),
            (results(&[B256::ZERO], json!(["0x01"])), "handle"),
            (results(&[handle], json!(["0x010000000000000000"])), "does not fit"),
        ],
    );
}

#[test]
fn the_executor_has_plaintexts_for_clients_and_not_in_transactions() {
    let node = Node::reference();
    let (handle, probe) = node.granted(42);
    let selector = &keccak256("plaintexts(bytes32)")[..4];
    let data = |handle: B256| Bytes::from([selector, &handle[..]].concat());
    let ask = |to: Address, data: Bytes| {
        node.try_call("eth_call", json!([{ "to": to, "data": data }, "latest"]))
    };
    assert_eq!(ask(HOST.executor, data(handle)), Ok(json!(B256::from(U256::from(42)))));
    assert_eq!(ask(HOST.executor, data(B256::ZERO)), Ok(json!(B256::ZERO)));
    let unknown = Handle::computed(keccak256("unknown"), CHAIN, FheType::Uint8).0;
    assert!(
        ask(HOST.executor, data(unknown)).unwrap_err().contains("no transaction of this chain")
    );
    // Everybody else, and whatever else, is left alone.
    assert!(ask(probe, data(handle)).is_err());
    let malformed = Bytes::copy_from_slice(&data(handle)[..35]);
    assert!(ask(HOST.executor, malformed).unwrap_err().contains("execution reverted"));
    let receipt = node.send(node.account(0), Some(HOST.executor), data(handle));
    assert_eq!(receipt["status"], "0x0");
    // Nor have contracts: this one says whether a call of the executor with its calldata succeeds.
    let caller = Address::repeat_byte(0xca);
    let code = format!(
        "0x36600060003760206000366000600073{}5af160005260206000f3",
        alloy_primitives::hex::encode(HOST.executor)
    );
    node.call("hardhat_setCode", json!([caller, code]));
    let version = Bytes::copy_from_slice(&keccak256("getVersion()")[..4]);
    assert_eq!(ask(caller, version), Ok(json!(B256::from(U256::ONE))));
    assert_eq!(ask(caller, data(handle)), Ok(json!(B256::ZERO)));
}

#[test]
fn the_metadata_name_the_host_contracts_where_the_plugin_looks_for_them() {
    let node = Node::reference();
    let metadata = node.call("fhevm_relayer_metadata", json!([]));
    assert_eq!(
        metadata,
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "chainId": 31337,
            "gatewayChainId": 10901,
            "ACLAddress": HOST.acl.to_string(),
            "CoprocessorAddress": HOST.executor.to_string(),
            "KMSVerifierAddress": "0xbE0E383937d564D7FF0BC3b46c51f0bF8d5C311A",
            "InputVerifierAddress": HOST.input_verifier.to_string(),
            // The node of the tests has three accounts only, and not a seventh.
            "relayerSignerAddress": node.account(0).to_string(),
        })
    );
}
