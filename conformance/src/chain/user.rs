//! A user who asks for values and opens the answer.
//!
//! Written apart from the KMS of this workspace, as another client would be.

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce},
};
use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_signer::SignerSync;
use alloy_sol_types::{Eip712Domain, SolStruct, sol};
use ml_kem::{
    MlKem512,
    kem::{Decapsulate, Kem, KeyExport},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Accounts, Answered, Relayer};
use crate::error::ChainError;

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

/// What stands before a public key as clients send it: tfhe-rs's header of a serialised object, with
/// versions, the name, ML-KEM-512's number, and the key's length.
const KEY_HEADER: &[u8; 69] = b"\x03\0\0\0\0\0\0\x000.5\0\0\0\0\x03\0\0\0\0\0\0\x000.1\
    \x13\0\0\0\0\0\0\0UnifiedPublicEncKey\0\0\0\0\0\0\0\0\x20\x03\0\0\0\0\0\0";

/// A request for values, to be signed and sent.
#[derive(Debug)]
pub(crate) struct UserRequest<'a> {
    /// Who asks.
    pub(crate) user: Address,
    /// Who signs.
    pub(crate) signer: Address,
    /// In whose name.
    pub(crate) delegator: Option<Address>,
    /// Where the handles are.
    pub(crate) contract: Address,
    /// The contract that the signature names.
    pub(crate) signed_contract: Address,
    /// Start of the signature's validity, which is a day.
    pub(crate) start: u64,
    /// The handles.
    pub(crate) handles: &'a [B256],
    /// The host chain.
    pub(crate) chain_id: u64,
    /// The gateway's contract in the signature's domain.
    pub(crate) decryption: Address,
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

impl UserRequest<'_> {
    /// Signs and sends: the values in the order of the handles, or the label and words of a
    /// refusal.
    ///
    /// # Errors
    /// If the relayer does not answer, or its answer cannot be opened.
    pub(crate) fn ask(
        &self,
        relayer: &Relayer,
        accounts: &Accounts,
    ) -> Result<Result<Vec<U256>, (String, String)>, ChainError> {
        let (secret, public) = MlKem512::generate_keypair();
        let key = [&KEY_HEADER[..], &public.to_bytes()].concat().into();
        let (path, body) = self.body(accounts, &key)?;
        let result = match relayer.request(path, &body)? {
            Answered::Refused(label, message) => return Ok(Err((label, message))),
            Answered::Result(result) => result,
        };
        let mut values = Vec::new();
        let opened = open(&secret, &result).ok_or_else(|| ChainError::Answer {
            what: "a user's values".to_owned(),
            reason: "they cannot be opened with the user's key".to_owned(),
        })?;
        for handle in self.handles {
            let value = opened.iter().find(|(of, _)| of == handle);
            values.push(value.map(|(_, value)| *value).ok_or_else(|| ChainError::Answer {
                what: "a user's values".to_owned(),
                reason: format!("there is none of {handle}"),
            })?);
        }
        Ok(Ok(values))
    }

    fn body(&self, accounts: &Accounts, key: &Bytes) -> Result<(&'static str, Value), ChainError> {
        let contracts = vec![self.signed_contract];
        let (start, extra) = (U256::from(self.start), Bytes::from_static(&[0]));
        let pairs: Vec<Value> = self
            .handles
            .iter()
            .map(|handle| json!({ "handle": handle, "contractAddress": self.contract }))
            .collect();
        let mut body = json!({
            "handleContractPairs": pairs,
            "contractsChainId": self.chain_id.to_string(),
            "contractAddresses": contracts,
            "publicKey": hex::encode(key),
            "extraData": "0x00",
        });
        let start_text = self.start.to_string();
        let (path, signature) = match self.delegator {
            None => {
                let message = UserDecryptRequestVerification {
                    publicKey: key.clone(),
                    contractAddresses: contracts,
                    startTimestamp: start,
                    durationDays: U256::ONE,
                    extraData: extra,
                };
                body["userAddress"] = json!(self.user);
                body["requestValidity"] =
                    json!({ "startTimestamp": start_text, "durationDays": "1" });
                ("/v2/user-decrypt", self.sign(accounts, &message)?)
            }
            Some(delegator) => {
                let message = DelegatedUserDecryptRequestVerification {
                    publicKey: key.clone(),
                    contractAddresses: contracts,
                    delegatorAddress: delegator,
                    startTimestamp: start,
                    durationDays: U256::ONE,
                    extraData: extra,
                };
                body["delegatorAddress"] = json!(delegator);
                body["delegateAddress"] = json!(self.user);
                body["startTimestamp"] = json!(start_text);
                body["durationDays"] = json!("1");
                ("/v2/delegated-user-decrypt", self.sign(accounts, &message)?)
            }
        };
        body["signature"] = json!(signature);
        Ok((path, body))
    }

    fn sign(&self, accounts: &Accounts, message: &impl SolStruct) -> Result<String, ChainError> {
        let broken =
            |reason: String| ChainError::Answer { what: "a user's signature".to_owned(), reason };
        let domain = Eip712Domain::new(
            Some("Decryption".into()),
            Some("1".into()),
            Some(U256::from(self.chain_id)),
            Some(self.decryption),
            None,
        );
        let signer = accounts
            .signer(self.signer)
            .ok_or_else(|| broken(format!("there is no key of {}", self.signer)))?;
        let signature = signer
            .sign_hash_sync(&message.eip712_signing_hash(&domain))
            .map_err(|error| broken(error.to_string()))?;
        Ok(hex::encode(signature.as_bytes()))
    }
}

/// The values of an answer, by handle. `None` if it is not for this key.
fn open(secret: &<MlKem512 as Kem>::DecapsulationKey, result: &Value) -> Option<Vec<(B256, U256)>> {
    let payload = hex::decode(result["result"][0]["payload"].as_str()?).ok()?;
    let payload: Payload = bincode::deserialize(&payload).ok()?;
    let mut values = Vec::new();
    for value in payload.values {
        let envelope: Envelope = bincode::deserialize(&value.envelope).ok()?;
        let shared = secret.decapsulate_slice(&envelope.encapsulated).ok()?;
        let nonce = Nonce::<Aes256Gcm>::from(envelope.nonce);
        let sealed = Aes256Gcm::new(&shared).decrypt(&nonce, &envelope.encrypted[..]).ok()?;
        let (length, rest) = sealed.split_first_chunk()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let clear = rest.get(..length).filter(|bytes| bytes.len() <= 32)?;
        values.push((B256::try_from(&value.handle[..]).ok()?, U256::from_le_slice(clear)));
    }
    Some(values)
}
