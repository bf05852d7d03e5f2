//! An account with its keys: it signs requests, and answers are encrypted to it.

use alloy_primitives::{Address, B256, Bytes};
use anyhow::{Context, Result};
use ciphervm::fhe::Handle;
use ciphervm_kms::{Domains, ExtraData, HandlePair, Recipient, UserDecryption};
use k256::ecdsa::SigningKey;

/// For how long requests are valid.
const DAYS: u64 = 1;

/// An account whose keys are at hand.
#[derive(Debug)]
pub struct User {
    /// Its address.
    pub address: Address,
    signer: SigningKey,
    /// What opens the answers.
    pub(crate) recipient: Recipient,
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
        Ok(Self { address, signer, recipient: Recipient::draw() })
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
        let mut request = UserDecryption {
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
            public_key: self.recipient.public_key(),
            extra_data: ExtraData::default(),
            signature: Bytes::new(),
        };
        let digest = request.digest(domains);
        let (signature, recovery) = self.signer.sign_prehash_recoverable(&digest[..])?;
        request.signature = [&signature.to_bytes()[..], &[27 + recovery.to_byte()]].concat().into();
        Ok(request)
    }
}
