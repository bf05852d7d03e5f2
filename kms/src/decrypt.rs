//! Decryption.

use std::{fmt, sync::Arc};

use alloy_primitives::{B256, U256};
use ciphervm_fhe::{Ciphertext, CiphertextError, Engine, Record, ReferenceEngine, keys::Keyset};
use tfhe::integer::ClientKey;

use crate::error::DecryptionError;

/// A key management service: what can turn a stored ciphertext into a clear value.
///
/// It does not ask who wants to know: callers decide that from the ACL on chain first.
pub trait Kms: fmt::Debug + Send + Sync {
    /// The clear value of a stored ciphertext.
    ///
    /// # Errors
    /// If the record is of another engine class or not well formed.
    fn decrypt(&self, record: &Record) -> Result<U256, DecryptionError>;
}

/// The single-key KMS: this process holds the whole secret key.
pub struct LocalKms {
    key: ClientKey,
    /// The public half: what is decrypted is cleaned first.
    keyset: Arc<Keyset>,
}

impl LocalKms {
    pub(crate) const fn new(key: ClientKey, keyset: Arc<Keyset>) -> Self {
        Self { key, keyset }
    }
}

impl Kms for LocalKms {
    fn decrypt(&self, record: &Record) -> Result<U256, DecryptionError> {
        check_class(record, self.keyset.class().id())?;
        // The failure probability of decryption is that of a clean ciphertext.
        Ok(match Ciphertext::decode(&record.bytes, record.ty)?.clean(&self.keyset) {
            Ciphertext::Constant(value) => value,
            Ciphertext::Encrypted(radix) => {
                let clear: tfhe::integer::U256 = self.key.decrypt_radix(&radix);
                let (low, high) = clear.to_low_high_u128();
                U256::from(high) << 128 | U256::from(low)
            }
            Ciphertext::Condition(_) => {
                let reason = "a prepared condition is no value".to_owned();
                return Err(CiphertextError::Malformed(reason).into());
            }
        })
    }
}

impl fmt::Debug for LocalKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKms").field("keyset", &self.keyset).finish_non_exhaustive()
    }
}

/// Reads what the reference engine stored. There is nothing secret about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReferenceKms;

impl Kms for ReferenceKms {
    fn decrypt(&self, record: &Record) -> Result<U256, DecryptionError> {
        check_class(record, ReferenceEngine.class())?;
        Ok(ReferenceEngine.decode(&record.bytes, record.ty)?)
    }
}

fn check_class(record: &Record, expected: B256) -> Result<(), DecryptionError> {
    if record.class == expected {
        Ok(())
    } else {
        Err(DecryptionError::EngineClass { found: record.class, expected })
    }
}
