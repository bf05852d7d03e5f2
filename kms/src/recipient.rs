//! The other end of an answer: a user's key, which opens and checks it.

use std::fmt;

use alloy_primitives::{Address, Bytes, U256};
use ml_kem::{MlKem512, kem::Kem};

use crate::{
    error::OpenError,
    messages::Domains,
    request::{UserAnswer, UserDecryption},
    signcryption::{self, PublicKey, SecretKey},
    signer,
};

/// A user's key for answers, as a client in Rust keeps it: a request carries the public part.
pub struct Recipient {
    secret: SecretKey,
    key: PublicKey,
}

impl Recipient {
    /// With a key from the operating system's randomness.
    pub fn draw() -> Self {
        let (secret, public) = MlKem512::generate_keypair();
        Self { secret, key: PublicKey::new(public) }
    }

    /// The public key, as requests carry it.
    pub fn public_key(&self) -> Bytes {
        self.key.serialise().into()
    }

    /// The values in an answer of the account `kms` to a request for this key, in the request's
    /// order.
    ///
    /// # Errors
    /// If the answer is not signed by `kms`, is to another request or another key, or is damaged.
    pub fn open(
        &self,
        request: &UserDecryption,
        answer: &UserAnswer,
        domains: &Domains,
        kms: Address,
    ) -> Result<Vec<U256>, OpenError> {
        let digest = request.answer_digest(domains, &answer.payload);
        if signer::recover(&digest, &answer.signature) != Some(kms) {
            return Err(OpenError::Signature(kms));
        }
        let link = request.link(domains);
        let opened =
            signcryption::open(&self.secret, &self.key, kms, request.user, link, &answer.payload)?;
        let asked = request.pairs.iter().map(|pair| pair.handle);
        if !asked.eq(opened.iter().map(|clear| clear.handle)) {
            return Err(OpenError::Request);
        }
        Ok(opened.into_iter().map(|clear| clear.value).collect())
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipient").finish_non_exhaustive()
    }
}
