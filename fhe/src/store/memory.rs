//! The store in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use super::{CiphertextStore, Record, StoreSize, check_same};
use crate::{Handle, error::StoreError};

/// Ciphertexts in memory, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: RwLock<BTreeMap<Handle, Arc<Record>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl CiphertextStore for MemoryStore {
    fn get(&self, handle: &Handle) -> Result<Option<Arc<Record>>, StoreError> {
        // The map is never left half changed, so a poisoned lock guards a sound map.
        Ok(self.records.read().unwrap_or_else(PoisonError::into_inner).get(handle).cloned())
    }

    fn contains(&self, handle: &Handle) -> Result<bool, StoreError> {
        Ok(self.records.read().unwrap_or_else(PoisonError::into_inner).contains_key(handle))
    }

    fn insert(&self, new: Vec<(Handle, Record)>) -> Result<(), StoreError> {
        let mut records = self.records.write().unwrap_or_else(PoisonError::into_inner);
        for (handle, record) in &new {
            if let Some(found) = records.get(handle) {
                check_same(handle, found.digest, record)?;
            }
        }
        for (handle, record) in new {
            records.entry(handle).or_insert_with(|| Arc::new(record));
        }
        Ok(())
    }

    fn size(&self) -> Result<StoreSize, StoreError> {
        let records = self.records.read().unwrap_or_else(PoisonError::into_inner);
        Ok(StoreSize {
            records: records.len() as u64,
            bytes: records.values().map(|record| record.bytes.len() as u64).sum(),
        })
    }
}
