//! A bounded cache in front of a slower store.

use std::{fmt, sync::Arc};

use quick_cache::{Weighter, sync::Cache};

use super::{CiphertextStore, Record, StoreSize};
use crate::{Handle, error::StoreError};

/// A cache of recently used records, bounded in bytes. Records never change, so it is never stale.
pub struct CachedStore<S> {
    inner: S,
    cache: Cache<Handle, Arc<Record>, BySize>,
}

#[derive(Clone)]
struct BySize;

impl Weighter<Handle, Arc<Record>> for BySize {
    fn weight(&self, _: &Handle, record: &Arc<Record>) -> u64 {
        (size_of::<Handle>() + size_of::<Record>() + record.bytes.len()) as u64
    }
}

/// The size of a `euint64`, to estimate how many entries fit.
const TYPICAL_RECORD: u64 = 528 * 1024;

impl<S: CiphertextStore> CachedStore<S> {
    /// Keeps up to `capacity` bytes of records of `inner` in memory.
    pub fn new(inner: S, capacity: u64) -> Self {
        let entries = (capacity / TYPICAL_RECORD).max(16) as usize;
        Self { inner, cache: Cache::with_weighter(entries, capacity, BySize) }
    }
}

impl<S: fmt::Debug> fmt::Debug for CachedStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedStore").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S: CiphertextStore> CiphertextStore for CachedStore<S> {
    fn get(&self, handle: &Handle) -> Result<Option<Arc<Record>>, StoreError> {
        if let Some(record) = self.cache.get(handle) {
            return Ok(Some(record));
        }
        let record = self.inner.get(handle)?;
        if let Some(record) = &record {
            self.cache.insert(*handle, Arc::clone(record));
        }
        Ok(record)
    }

    fn contains(&self, handle: &Handle) -> Result<bool, StoreError> {
        Ok(self.cache.peek(handle).is_some() || self.inner.contains(handle)?)
    }

    /// Records are written through and cached when they are first read.
    fn insert(&self, records: Vec<(Handle, Record)>) -> Result<(), StoreError> {
        self.inner.insert(records)
    }

    fn size(&self) -> Result<StoreSize, StoreError> {
        self.inner.size()
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::B256;

    use super::*;
    use crate::{FheType, MemoryStore};

    #[test]
    fn the_cache_stays_within_its_bound() {
        let store = CachedStore::new(MemoryStore::new(), 10_000);
        for byte in 0..200 {
            let handle = Handle::computed(B256::repeat_byte(byte), 31337, FheType::Uint8);
            let record = Record::new(FheType::Uint8, B256::ZERO, vec![byte; 40]);
            store.insert(vec![(handle, record)]).unwrap();
            assert!(store.get(&handle).unwrap().is_some());
        }
        assert!(store.cache.weight() <= 10_000);
        assert_eq!(store.size().unwrap().records, 200);
    }
}
