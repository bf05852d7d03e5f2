//! The key that answers are signed with.

use std::fmt;

use alloy_primitives::{Address, B256, b256};
use k256::ecdsa::{
    RecoveryId, Signature, SigningKey, VerifyingKey,
    signature::{Signer as _, Verifier as _},
};

use crate::error::SignerError;

/// The published key of the KMS of local FHEVM test stacks, whose address their chains count as
/// the signer of decryptions. Anybody can sign with it.
pub const LOCAL_KMS_KEY: B256 =
    b256!("388b7680e4e1afa06efbfd45cdd1fe39f3c6af381df6555a19661f283b97de91");

/// A secp256k1 key of a key management service.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
}

impl Signer {
    /// The signer with this secret key.
    ///
    /// # Errors
    /// If it is zero, or not below the curve's order.
    pub fn new(key: B256) -> Result<Self, SignerError> {
        SigningKey::from_slice(&key[..]).map(|key| Self { key }).map_err(|_| SignerError::Key)
    }

    /// The account that signs.
    pub fn address(&self) -> Address {
        address_of(self.key.verifying_key())
    }

    /// `r ‖ s ‖ v` under a digest, with `s` in the lower half and `v` 27 or 28.
    ///
    /// # Errors
    /// If the signature does not exist, which is not to be expected.
    pub(crate) fn sign(&self, digest: &B256) -> Result<[u8; 65], SignerError> {
        let (signature, recovery) =
            self.key.sign_prehash_recoverable(&digest[..]).map_err(|_| SignerError::Signing)?;
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + recovery.to_byte();
        Ok(bytes)
    }

    /// `r ‖ s` under the SHA-256 of a message, with `s` in the lower half.
    pub(crate) fn sign_message(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let signature: Signature = self.key.try_sign(message).map_err(|_| SignerError::Signing)?;
        let signature = signature.normalize_s().unwrap_or(signature);
        Ok(signature.to_bytes().into())
    }

    /// The public key, compressed (SEC 1).
    pub(crate) fn public_key(&self) -> Vec<u8> {
        self.key.verifying_key().to_encoded_point(true).as_bytes().to_vec()
    }
}

/// Who signed `digest`, if the bytes are a signature `r ‖ s ‖ v`.
pub(crate) fn recover(digest: &B256, signature: &[u8]) -> Option<Address> {
    let (rs, v) = signature.split_at_checked(64)?;
    let &[v] = v else { return None };
    let recovery = RecoveryId::from_byte(if v >= 27 { v - 27 } else { v })?;
    let signature = Signature::from_slice(rs).ok()?;
    let key = VerifyingKey::recover_from_prehash(&digest[..], &signature, recovery).ok()?;
    Some(address_of(&key))
}

/// Whether a signature `r ‖ s` under the SHA-256 of a message is that of `key`.
pub(crate) fn is_message_signed(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
    Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

/// The account of a public key.
pub(crate) fn address_of(key: &VerifyingKey) -> Address {
    Address::from_raw_public_key(&key.to_encoded_point(false).as_bytes()[1..])
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("address", &self.address()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{address, keccak256};

    use super::*;

    #[test]
    fn the_local_key_is_that_of_the_signer_in_local_test_stacks() {
        let signer = Signer::new(LOCAL_KMS_KEY).unwrap();
        assert_eq!(signer.address(), address!("0x0971C80fF03B428fD2094dd5354600ab103201C5"));
    }

    #[test]
    fn a_signature_names_its_signer_and_another_digest_another() {
        let signer = Signer::new(B256::repeat_byte(7)).unwrap();
        let digest = keccak256("message");
        let mut signature = signer.sign(&digest).unwrap();
        assert_eq!(recover(&digest, &signature), Some(signer.address()));
        assert_ne!(recover(&keccak256("other"), &signature), Some(signer.address()));
        signature[64] -= 27;
        assert_eq!(recover(&digest, &signature), Some(signer.address()));
        for wrong in [&signature[..64], &[0; 65], &[0xff; 65], &[]] {
            assert_eq!(recover(&digest, wrong), None);
        }
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        assert!(Signer::new(B256::ZERO).is_err());
        assert!(Signer::new(B256::repeat_byte(0xff)).is_err());
    }
}
