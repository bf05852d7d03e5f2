//! A user who asks for values and opens the answer, as the clients' module does.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce},
};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_signer::SignerSync;
use alloy_sol_types::{SolStruct, eip712_domain};
use ciphervm_kms::{
    DelegatedUserDecryptRequestVerification as Delegated, UserDecryptRequestVerification as Own,
};
use ciphervm_node::devnet::{Accounts, MNEMONIC};
use ciphervm_precompiles::Gateway;
use ml_kem::{
    MlKem512,
    kem::{Decapsulate, Kem, KeyExport},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::CHAIN;

/// The header of a public key that tfhe-rs serialised.
const HEADER: usize = 69;

pub(crate) struct User {
    secret: <MlKem512 as Kem>::DecapsulationKey,
    public: Bytes,
}

#[derive(Deserialize)]
struct Payload {
    _verification_key: Vec<u8>,
    _digest: Vec<u8>,
    values: Vec<Signcrypted>,
    _party_id: u32,
    _degree: u32,
}

#[derive(Deserialize)]
struct Signcrypted {
    _fhe_type: i32,
    envelope: Vec<u8>,
    handle: Vec<u8>,
    _packing_factor: u32,
}

#[derive(Deserialize)]
struct Envelope {
    nonce: [u8; 12],
    encapsulated: Vec<u8>,
    encrypted: Vec<u8>,
}

impl User {
    pub(crate) fn new() -> Self {
        let (secret, public) = MlKem512::generate_keypair();
        let mut bytes = vec![0; HEADER];
        bytes.extend_from_slice(&public.to_bytes());
        Self { secret, public: bytes.into() }
    }

    /// Opens an answer: the values by handle, little-endian.
    pub(crate) fn open(&self, result: &Value) -> Vec<(B256, U256)> {
        let payload = hex::decode(result["result"][0]["payload"].as_str().unwrap()).unwrap();
        let payload: Payload = bincode::deserialize(&payload).unwrap();
        payload
            .values
            .iter()
            .map(|value| {
                let envelope: Envelope = bincode::deserialize(&value.envelope).unwrap();
                let secret = self.secret.decapsulate_slice(&envelope.encapsulated).unwrap();
                let nonce = Nonce::<Aes256Gcm>::from(envelope.nonce);
                let cipher = Aes256Gcm::new(&secret);
                let sealed = cipher.decrypt(&nonce, &envelope.encrypted[..]).unwrap();
                let length = u64::from_le_bytes(sealed[..8].try_into().unwrap()) as usize;
                let clear = U256::from_le_slice(&sealed[8..8 + length]);
                (B256::from_slice(&value.handle), clear)
            })
            .collect()
    }

    /// A request of account `user` for values of `contract`, signed by it.
    pub(crate) fn request(
        &self,
        user: Address,
        contract: Address,
        handles: &[B256],
        start: u64,
    ) -> Value {
        let message = Own {
            publicKey: self.public.clone(),
            contractAddresses: vec![contract],
            startTimestamp: U256::from(start),
            durationDays: U256::ONE,
            extraData: Bytes::from_static(&[0]),
        };
        json!({
            "handleContractPairs": pairs(handles, contract),
            "requestValidity": { "startTimestamp": start.to_string(), "durationDays": "1" },
            "contractsChainId": CHAIN.to_string(),
            "contractAddresses": [contract],
            "userAddress": user,
            "signature": sign(user, &message),
            "publicKey": hex::encode(&self.public),
            "extraData": "0x00",
        })
    }

    /// A request of account `delegate` for values that `delegator` may know.
    pub(crate) fn delegated(
        &self,
        [delegator, delegate, contract]: [Address; 3],
        handles: &[B256],
        start: u64,
    ) -> Value {
        let message = Delegated {
            publicKey: self.public.clone(),
            contractAddresses: vec![contract],
            delegatorAddress: delegator,
            startTimestamp: U256::from(start),
            durationDays: U256::ONE,
            extraData: Bytes::from_static(&[0]),
        };
        json!({
            "handleContractPairs": pairs(handles, contract),
            "startTimestamp": start.to_string(),
            "durationDays": "1",
            "contractsChainId": CHAIN.to_string(),
            "contractAddresses": [contract],
            "delegatorAddress": delegator,
            "delegateAddress": delegate,
            "signature": sign(delegate, &message),
            "publicKey": hex::encode(&self.public),
            "extraData": "0x00",
        })
    }
}

fn pairs(handles: &[B256], contract: Address) -> Value {
    let pair = |handle: &B256| json!({ "handle": handle, "contractAddress": contract });
    handles.iter().map(pair).collect()
}

/// Signed by one of the devnet's accounts, for the host chain.
fn sign(account: Address, message: &impl SolStruct) -> String {
    let domain = eip712_domain! {
        name: "Decryption",
        version: "1",
        chain_id: CHAIN,
        verifying_contract: Gateway::LOCAL.decryption,
    };
    let digest = message.eip712_signing_hash(&domain);
    let accounts = Accounts::derive(MNEMONIC, 10).unwrap();
    hex::encode(accounts.signer(&account).unwrap().sign_hash_sync(&digest).unwrap().as_bytes())
}
