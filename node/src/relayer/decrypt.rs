//! Decryptions.

use alloy_primitives::{Address, hex};
use ciphervm_kms::{ExtraData, HandlePair, PublicDecryption, UserDecryption};
use serde_json::{Value, json};

use super::{Relayer, error::ApiError, fields::Fields};

/// Bytes of a public key, at most. That of ML-KEM-512 has 869.
const MAX_PUBLIC_KEY: usize = 4_096;
/// Bytes of a signature, at most: contracts may take others than those of 65 bytes (ERC-1271).
const MAX_SIGNATURE: usize = 4_096;

impl Relayer {
    /// Reads a request for values that everybody may know.
    ///
    /// # Errors
    /// If it makes no sense.
    pub(super) fn public_request(&self, body: &Value) -> Result<PublicDecryption, ApiError> {
        let mut fields = Fields::of(body)?;
        let handles = fields.handles("ciphertextHandles");
        let request = PublicDecryption { handles, extra_data: fields.extra_data() };
        fields.finish()?;
        Ok(request)
    }

    /// Opens values that everybody may know.
    ///
    /// # Errors
    /// If the KMS refuses.
    pub(super) fn public_decrypt(&self, request: &PublicDecryption) -> Result<Value, ApiError> {
        let answer = self.service.decrypt_for_all(request)?;
        Ok(json!({
            "decryptedValue": hex::encode(&answer.decrypted),
            "signatures": [hex::encode(&answer.signature)],
            "extraData": echo(&request.extra_data),
        }))
    }

    /// Reads a request for values that the user may know.
    ///
    /// # Errors
    /// If it makes no sense.
    pub(super) fn user_request(&self, body: &Value) -> Result<UserDecryption, ApiError> {
        let mut fields = Fields::of(body)?;
        let user = fields.address("userAddress");
        let (start, days) = fields.object("requestValidity", |validity| {
            (validity.number("startTimestamp"), validity.number("durationDays"))
        });
        let request = self.request(&mut fields, user, None, start, days);
        fields.finish()?;
        Ok(request)
    }

    /// Reads a request for values that a delegator may know.
    ///
    /// # Errors
    /// If it makes no sense.
    pub(super) fn delegated_request(&self, body: &Value) -> Result<UserDecryption, ApiError> {
        let mut fields = Fields::of(body)?;
        let delegate = fields.address("delegateAddress");
        let delegator = fields.address("delegatorAddress");
        let start = fields.number("startTimestamp");
        let days = fields.number("durationDays");
        let request = self.request(&mut fields, delegate, Some(delegator), start, days);
        fields.finish()?;
        Ok(request)
    }

    /// Reads what both kinds of requests have.
    fn request(
        &self,
        fields: &mut Fields<'_>,
        user: Address,
        delegator: Option<Address>,
        start: u64,
        days: u64,
    ) -> UserDecryption {
        let pairs = fields.objects("handleContractPairs", |pair| {
            Some(HandlePair {
                handle: pair.handle("handle"),
                contract: pair.address("contractAddress"),
            })
        });
        UserDecryption {
            pairs: pairs.into_iter().flatten().collect(),
            chain_id: self.chain_id(fields, "contractsChainId"),
            contracts: fields.addresses("contractAddresses"),
            user,
            delegator,
            start,
            days,
            public_key: fields.bytes("publicKey", MAX_PUBLIC_KEY),
            extra_data: fields.extra_data(),
            signature: fields.bytes("signature", MAX_SIGNATURE),
        }
    }

    /// Opens values for one user.
    ///
    /// # Errors
    /// If the KMS refuses.
    pub(super) fn user_decrypt(&self, request: &UserDecryption) -> Result<Value, ApiError> {
        let answer = self.service.decrypt_for_user(request)?;
        // One for each party of the KMS. Here there is one.
        Ok(json!({ "result": [{
            "payload": hex::encode(&answer.payload),
            "signature": hex::encode(&answer.signature),
            "extraData": echo(&request.extra_data),
        }] }))
    }
}

/// The extra data of an answer: those of its request.
fn echo(extra_data: &ExtraData) -> String {
    if extra_data.0.is_empty() { "0x00".to_owned() } else { extra_data.0.to_string() }
}
