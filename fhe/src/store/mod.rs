//! Ciphertexts by handle: append-only, each with what is needed to trust it.

mod cache;
mod database;
mod memory;

use std::{fmt, sync::Arc};

use alloy_primitives::{B256, Keccak256};

pub use cache::CachedStore;
pub use database::DatabaseStore;
pub use memory::MemoryStore;

use crate::{FheType, Handle, error::StoreError};

/// A stored ciphertext.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Type of the value.
    pub ty: FheType,
    /// The engine class that made it.
    pub class: B256,
    /// Hash of type, class and bytes: what nodes compare.
    pub digest: B256,
    /// The encoded ciphertext.
    pub bytes: Vec<u8>,
}

impl Record {
    /// A record with its digest.
    pub fn new(ty: FheType, class: B256, bytes: Vec<u8>) -> Self {
        let digest = digest(ty, &class, &bytes);
        Self { ty, class, digest, bytes }
    }

    /// Length of [`Self::to_bytes`]'s fields before the ciphertext: format version, type, class
    /// and digest.
    const HEADER: usize = 2 + 32 + 32;
    /// Version of the record format.
    const FORMAT: u8 = 1;

    /// The record as one byte string: format, type, class, digest, ciphertext.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::HEADER + self.bytes.len());
        bytes.extend([Self::FORMAT, self.ty.id()]);
        bytes.extend(self.class);
        bytes.extend(self.digest);
        bytes.extend(&self.bytes);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote for `handle`, and checks the digest.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    pub fn from_bytes(handle: &Handle, stored: &[u8]) -> Result<Self, StoreError> {
        let corrupt = |reason| StoreError::Corrupt { handle: *handle, reason };
        let (header, bytes) =
            stored.split_at_checked(Self::HEADER).ok_or_else(|| corrupt("it is too short"))?;
        if header[0] != Self::FORMAT {
            return Err(corrupt("its format version is unknown"));
        }
        let ty = FheType::from_id(header[1]).ok_or_else(|| corrupt("its type is unknown"))?;
        let record = Self::new(ty, B256::from_slice(&header[2..34]), bytes.to_vec());
        if record.digest[..] != header[34..] {
            return Err(corrupt("its digest does not fit its bytes"));
        }
        if handle.fhe_type() != Some(ty) {
            return Err(corrupt("its type is not the handle's"));
        }
        Ok(record)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("ty", &self.ty)
            .field("digest", &self.digest)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

fn digest(ty: FheType, class: &B256, bytes: &[u8]) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update([ty.id()]);
    hasher.update(class);
    hasher.update(bytes);
    hasher.finalize()
}

/// Ciphertexts by handle. A handle names one value for ever, so records are never changed.
pub trait CiphertextStore: fmt::Debug + Send + Sync {
    /// The record of `handle`, its digest checked.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the record is not what was written, or if the database fails.
    fn get(&self, handle: &Handle) -> Result<Option<Arc<Record>>, StoreError>;

    /// Whether `handle` has a record.
    ///
    /// # Errors
    /// If the database fails.
    fn contains(&self, handle: &Handle) -> Result<bool, StoreError>;

    /// Adds records, all or none, durably. A record that is there already is left alone.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if a handle has another ciphertext already; nothing is added then.
    fn insert(&self, records: Vec<(Handle, Record)>) -> Result<(), StoreError>;

    /// Number of records, and bytes of their ciphertexts.
    ///
    /// # Errors
    /// If the database fails.
    fn size(&self) -> Result<StoreSize, StoreError>;
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSize {
    /// Number of ciphertexts.
    pub records: u64,
    /// Bytes of encoded ciphertexts.
    pub bytes: u64,
}

/// Refuses a second ciphertext for a handle.
fn check_same(handle: &Handle, found: B256, new: &Record) -> Result<(), StoreError> {
    if found == new.digest {
        Ok(())
    } else {
        Err(StoreError::Conflict { handle: *handle, found, new: new.digest })
    }
}

#[cfg(test)]
mod tests;
