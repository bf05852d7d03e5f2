//! An account with its keys: it signs requests, and opens the answers that are encrypted to it.

use std::fmt;

use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Nonce},
};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolStruct, eip712_domain};
use anyhow::{Context, Result, anyhow, ensure};
use ciphervm::fhe::Handle;
use ciphervm_kms::{
    Domains, ExtraData, HandlePair, UserAnswer, UserDecryptRequestVerification, UserDecryption,
};
use k256::ecdsa::SigningKey;
use ml_kem::{
    MlKem512,
    kem::{Decapsulate, Kem, KeyExport},
};
use serde::Deserialize;

/// What stands before an encapsulation key where clients serialise one.
const HEADER: usize = 69;
/// For how long requests are valid.
const DAYS: u64 = 1;

/// An account whose keys are at hand.
pub struct User {
    /// Its address.
    pub address: Address,
    signer: SigningKey,
    secret: <MlKem512 as Kem>::DecapsulationKey,
    public: Bytes,
}

#[derive(Deserialize)]
struct Payload {
    _verification_key: Vec<u8>,
    _digest: Vec<u8>,
    values: Vec<Value>,
    _party_id: u32,
    _degree: u32,
}

#[derive(Deserialize)]
struct Value {
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
    /// The user of a number that is not zero: the account's key follows from it, as everybody may
    /// know; the key for answers is drawn.
    ///
    /// # Errors
    /// If the number gives no key.
    pub fn new(number: u8) -> Result<Self> {
        let signer = SigningKey::from_slice(&[number; 32])
            .with_context(|| format!("{number} gives no secp256k1 key"))?;
        let point = signer.verifying_key().to_encoded_point(false);
        let address = Address::from_raw_public_key(&point.as_bytes()[1..]);
        let (secret, public) = MlKem512::generate_keypair();
        let public = [&[0; HEADER][..], &public.to_bytes()].concat().into();
        Ok(Self { address, signer, secret, public })
    }

    /// The users of the numbers from `first` on.
    ///
    /// # Errors
    /// If one of them is zero or too large.
    pub fn several(first: u8, count: usize) -> Result<Vec<Self>> {
        (first..=u8::MAX).take(count).map(Self::new).collect()
    }

    /// A signed request for values of `contract`.
    pub(crate) fn request(
        &self,
        domains: &Domains,
        contract: Address,
        handles: &[B256],
        now: u64,
    ) -> Result<UserDecryption> {
        let message = UserDecryptRequestVerification {
            publicKey: self.public.clone(),
            contractAddresses: vec![contract],
            startTimestamp: U256::from(now),
            durationDays: U256::from(DAYS),
            extraData: Bytes::new(),
        };
        let domain = eip712_domain! {
            name: "Decryption",
            version: "1",
            chain_id: domains.host_chain,
            verifying_contract: domains.decryption,
        };
        let digest = message.eip712_signing_hash(&domain);
        let (signature, recovery) = self.signer.sign_prehash_recoverable(&digest[..])?;
        let signature = [&signature.to_bytes()[..], &[27 + recovery.to_byte()]].concat();
        Ok(UserDecryption {
            pairs: handles
                .iter()
                .map(|handle| HandlePair { handle: Handle(*handle), contract })
                .collect(),
            chain_id: domains.host_chain,
            contracts: vec![contract],
            user: self.address,
            delegator: None,
            start: now,
            days: DAYS,
            public_key: self.public.clone(),
            extra_data: ExtraData::default(),
            signature: signature.into(),
        })
    }

    /// The values in an answer to a request for `handles`.
    pub(crate) fn open(&self, answer: &UserAnswer, handles: &[B256]) -> Result<Vec<U256>> {
        let payload: Payload = bincode::deserialize(&answer.payload)?;
        let answered = payload.values.iter().map(|value| &value.handle[..]);
        ensure!(answered.eq(handles.iter().map(|handle| &handle[..])), "the answer is to others");
        payload.values.iter().map(|value| self.open_value(value)).collect()
    }

    fn open_value(&self, value: &Value) -> Result<U256> {
        let envelope: Envelope = bincode::deserialize(&value.envelope)?;
        let secret = self
            .secret
            .decapsulate_slice(&envelope.encapsulated)
            .map_err(|_| anyhow!("the answer holds no encapsulated secret"))?;
        let nonce = Nonce::<Aes256Gcm>::from(envelope.nonce);
        let sealed = Aes256Gcm::new(&secret)
            .decrypt(&nonce, &envelope.encrypted[..])
            .map_err(|_| anyhow!("the answer is not encrypted to {}", self.address))?;
        // The value's length comes first, then the value, little-endian.
        let (length, rest) = sealed.split_first_chunk().context("the answer is too short")?;
        let length = usize::try_from(u64::from_le_bytes(*length))?;
        let value = rest.get(..length).context("the answer is too short")?;
        U256::try_from_le_slice(value).context("the answer is too long")
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("address", &self.address).finish_non_exhaustive()
    }
}
