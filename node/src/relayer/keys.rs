//! What clients encrypt with: the compact public key and the reference string of proofs.

use std::fmt;

use alloy_primitives::{B256, hex, keccak256};
use axum::body::Bytes;
use ciphervm_fhe::{Crs, KeyError, keys::Keyset};
use serde_json::{Value, json};

/// The first byte of a public key's id, and of a reference string's, in the protocol.
const KEY_ID: u8 = 4;
const CRS_ID: u8 = 5;

/// The public key and the reference string, as clients download them.
pub struct PublicMaterial {
    pub(super) key: File,
    pub(super) crs: File,
}

/// Bytes, and what names them.
pub(super) struct File {
    /// 32 bytes in hexadecimal: the kind, and a hash of the bytes.
    pub(super) id: String,
    /// The hash, as HTTP's entity tag.
    pub(super) tag: String,
    pub(super) bytes: Bytes,
}

impl PublicMaterial {
    /// The files of a keyset and a reference string. Equal ones have equal ids for ever.
    ///
    /// # Errors
    /// If the public key cannot be written in the form that all clients read.
    pub fn new(keys: &Keyset, crs: &Crs) -> Result<Self, KeyError> {
        let key = File::new(KEY_ID, keys.public_key()?.into());
        Ok(Self { key, crs: File::new(CRS_ID, Bytes::copy_from_slice(crs.bytes())) })
    }

    /// The file with an id.
    pub(super) fn file(&self, id: &str) -> Option<&File> {
        [&self.key, &self.crs].into_iter().find(|file| file.id == id)
    }

    /// The answer of `keyurl`, with addresses below `base`.
    pub(super) fn urls(&self, base: &str) -> Value {
        let entry = |file: &File| json!({ "dataId": file.id, "urls": [format!("{base}/keys/{}", file.id)] });
        let bits = Crs::BITS.to_string();
        json!({
            "fheKeyInfo": [{ "fhePublicKey": entry(&self.key) }],
            "crs": { bits: entry(&self.crs) },
        })
    }
}

impl File {
    fn new(kind: u8, bytes: Bytes) -> Self {
        let digest = keccak256(&bytes);
        let mut id: B256 = digest;
        id[0] = kind;
        Self { id: id.to_string(), tag: format!("\"{}\"", hex::encode(digest)), bytes }
    }
}

impl fmt::Debug for PublicMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicMaterial")
            .field("key", &self.key.id)
            .field("crs", &self.crs.id)
            .finish()
    }
}
