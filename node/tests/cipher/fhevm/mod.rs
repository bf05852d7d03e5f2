//! What the FHEVM plugin for Hardhat asks, by hand: what it never sends, the node must refuse.

mod inputs;
mod results;
mod users;

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use alloy_signer::SignerSync;
use alloy_sol_types::{Eip712Domain, SolCall, SolStruct, eip712_domain, sol};
use ciphervm_node::devnet::now;
use ciphervm_precompiles::{Gateway, interface::KmsVerifier};
use serde_json::{Value, json};

use crate::{CHAIN, HOST, Node, Probe};

sol! {
    struct UserDecryptRequestVerification {
        bytes publicKey;
        address[] contractAddresses;
        uint256 startTimestamp;
        uint256 durationDays;
        bytes extraData;
    }

    struct DelegatedUserDecryptRequestVerification {
        bytes publicKey;
        address[] contractAddresses;
        address delegatorAddress;
        uint256 startTimestamp;
        uint256 durationDays;
        bytes extraData;
    }
}

const INPUT: &str = "fhevm_relayer_v1_input_proof";
const USER: &str = "fhevm_relayer_v1_user_decrypt";
const DELEGATED: &str = "fhevm_relayer_v1_delegated_user_decrypt";
const PUBLIC: &str = "fhevm_relayer_v1_public_decrypt";
const DAY: u64 = 24 * 60 * 60;

/// Sets members of an object, by their JSON pointers.
fn with(mut object: Value, changes: &[(&str, Value)]) -> Value {
    for (pointer, value) in changes {
        *object.pointer_mut(pointer).unwrap() = value.clone();
    }
    object
}

fn without(mut object: Value, key: &str) -> Value {
    object.as_object_mut().unwrap().remove(key).unwrap();
    object
}

/// The domain of requests: the gateway's contract, and the chain's own id.
fn domain() -> Eip712Domain {
    eip712_domain! {
        name: "Decryption",
        version: "1",
        chain_id: CHAIN,
        verifying_contract: Gateway::LOCAL.decryption,
    }
}

impl Node {
    /// A request of the plugin, for values of types with these ids.
    fn input(&self, contract: Address, values: &[(u8, usize, u64)]) -> Value {
        let random = B256::repeat_byte(0x5a);
        let preimage: Vec<u8> = values
            .iter()
            .flat_map(|(id, bytes, value)| {
                let word = B256::from(U256::from(*value));
                [&[*id], &word[32 - bytes..], &random[..]].concat()
            })
            .collect();
        let ids: Vec<u8> = values.iter().map(|(id, ..)| *id).collect();
        let clear: Vec<String> =
            values.iter().map(|(.., value)| format!("0x{value:02x}")).collect();
        json!({
            "contractAddress": contract,
            "userAddress": self.account(0),
            "ciphertextWithInputVerification": keccak256(preimage),
            "contractChainId": "0x7a69",
            "extraData": "0x00",
            "mockData": {
                "clearTextValuesBigIntHex": clear,
                "metadatas": values.iter().map(|_| json!({ "blockNumber": 0 })).collect::<Vec<_>>(),
                "fheTypes": ids,
                "fhevmTypes": ids,
                "aclContractAddress": HOST.acl,
                "random32List": vec![random; values.len()],
            },
        })
    }

    fn sign(&self, account: Address, message: &impl SolStruct) -> String {
        let digest = message.eip712_signing_hash(&domain());
        let signer = self.devnet.accounts().signer(&account).unwrap();
        // As the plugin sends it: without the prefix.
        hex::encode(signer.sign_hash_sync(&digest).unwrap().as_bytes())
    }

    /// A request for one handle, signed by `signer`.
    fn user_request(&self, handle: B256, contract: Address, signer: Address) -> Value {
        let message = UserDecryptRequestVerification {
            publicKey: Bytes::from_static(&[7; 32]),
            contractAddresses: vec![contract],
            startTimestamp: U256::from(now() - 10),
            durationDays: U256::ONE,
            extraData: Bytes::from_static(&[0]),
        };
        json!({
            "handleContractPairs": [{ "handle": handle, "contractAddress": contract }],
            "requestValidity": {
                "startTimestamp": message.startTimestamp.to_string(),
                "durationDays": "1",
            },
            "contractsChainId": CHAIN.to_string(),
            "contractAddresses": [contract],
            "userAddress": signer,
            "signature": self.sign(signer, &message),
            "publicKey": "07".repeat(32),
            "extraData": "0x00",
        })
    }

    /// A request for one handle on behalf of `delegator`, signed by `delegate`.
    fn delegated_request(
        &self,
        handle: B256,
        contract: Address,
        [delegator, delegate]: [Address; 2],
    ) -> Value {
        let message = DelegatedUserDecryptRequestVerification {
            publicKey: Bytes::from_static(&[7; 32]),
            contractAddresses: vec![contract],
            delegatorAddress: delegator,
            startTimestamp: U256::from(now() - 10),
            durationDays: U256::ONE,
            extraData: Bytes::from_static(&[0]),
        };
        let mut request = without(self.user_request(handle, contract, delegate), "userAddress");
        request["delegatorAddress"] = json!(delegator);
        request["delegateAddress"] = json!(delegate);
        request["signature"] = json!(self.sign(delegate, &message));
        request
    }

    /// A handle of the first account, and the contract that has it.
    fn granted(&self, value: u64) -> (B256, Address) {
        let probe = self.deploy_probe();
        self.execute(self.account(0), probe, &Probe::grantCall { value });
        (self.read(probe, &Probe::grantedCall {}), probe)
    }

    fn clear_values(&self, method: &str, request: Value) -> Value {
        self.call(method, json!([request]))["payload"]["decrypted_values"].clone()
    }

    /// Whether the KMS verifier accepts that a handle decrypts to `value`.
    fn verify(
        &self,
        verifier: Address,
        handle: B256,
        value: u64,
        signature: &Value,
        extra_data: &[u8],
    ) -> Result<Value, String> {
        let signature: Bytes = serde_json::from_value(signature.clone()).unwrap();
        let call = KmsVerifier::verifyDecryptionEIP712KMSSignaturesCall {
            handlesList: vec![handle],
            decryptedResult: U256::from(value).to_be_bytes_vec().into(),
            decryptionProof: [&[1], &signature[..], extra_data].concat().into(),
        };
        let data = Bytes::from(call.abi_encode());
        self.try_call("eth_call", json!([{ "to": verifier, "data": data }]))
    }

    /// That requests are refused, each with its complaint.
    fn refuses(&self, method: &str, requests: &[(Value, &str)]) {
        for (request, complaint) in requests {
            let error = self.refusal(method, json!([request]));
            assert!(error.contains(complaint), "{complaint:?} is not in: {error}");
        }
    }

    /// Message and data of an error.
    fn refusal(&self, method: &str, params: Value) -> String {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut response = ureq::post(&self.url).send_json(request).unwrap();
        let answer: Value = response.body_mut().read_json().unwrap();
        assert!(answer["error"].is_object(), "{method} {params}: {answer}");
        format!("{}{}", answer["error"]["message"], answer["error"]["data"])
    }
}
