//! The store on disk.

use std::{path::Path, sync::Arc};

use redb::{
    Database, Error, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
};

use super::{CiphertextStore, Record, StoreSize, check_same};
use crate::{Handle, error::StoreError};

/// Handle to record.
const CIPHERTEXTS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("ciphertexts");

/// Ciphertexts in a `redb` file. An insertion is one transaction: after a crash all of its records
/// are there, or none. It is committed in two phases: with one, the database could not tell a
/// damaged commit from one that a crash cut short, and would go on without it.
#[derive(Debug)]
pub struct DatabaseStore {
    database: Database,
}

impl DatabaseStore {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// If the file is not a database, is damaged, is in use by another process, or the disk fails.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Unless it is checked, a damaged file is a panic.
        let database = Database::builder()
            .set_check_integrity_on_open(true)
            .create(path)
            .map_err(Error::from)?;
        // A read transaction fails on a table that was never made.
        let mut transaction = database.begin_write().map_err(Error::from)?;
        transaction.set_two_phase_commit(true);
        transaction.open_table(CIPHERTEXTS).map_err(Error::from)?;
        transaction.commit().map_err(Error::from)?;
        Ok(Self { database })
    }

    fn read<T>(
        &self,
        read: impl FnOnce(
            redb::ReadOnlyTable<&'static [u8; 32], &'static [u8]>,
        ) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = self.database.begin_read().map_err(Error::from)?;
        read(transaction.open_table(CIPHERTEXTS).map_err(Error::from)?)
    }
}

impl CiphertextStore for DatabaseStore {
    fn get(&self, handle: &Handle) -> Result<Option<Arc<Record>>, StoreError> {
        self.read(|table| {
            let Some(stored) = table.get(&handle.0.0).map_err(Error::from)? else {
                return Ok(None);
            };
            Record::from_bytes(handle, stored.value()).map(|record| Some(Arc::new(record)))
        })
    }

    fn contains(&self, handle: &Handle) -> Result<bool, StoreError> {
        self.read(|table| Ok(table.get(&handle.0.0).map_err(Error::from)?.is_some()))
    }

    fn insert(&self, records: Vec<(Handle, Record)>) -> Result<(), StoreError> {
        let mut transaction = self.database.begin_write().map_err(Error::from)?;
        transaction.set_two_phase_commit(true);
        {
            let mut table = transaction.open_table(CIPHERTEXTS).map_err(Error::from)?;
            for (handle, record) in &records {
                let found = table
                    .get(&handle.0.0)
                    .map_err(Error::from)?
                    .map(|stored| Record::from_bytes(handle, stored.value()))
                    .transpose()?;
                match found {
                    // Returning drops the transaction, and with it what was inserted before.
                    Some(found) => check_same(handle, found.digest, record)?,
                    None => {
                        let bytes = record.to_bytes();
                        table.insert(&handle.0.0, &bytes[..]).map_err(Error::from)?;
                    }
                }
            }
        }
        transaction.commit().map_err(Error::from)?;
        Ok(())
    }

    fn size(&self) -> Result<StoreSize, StoreError> {
        self.read(|table| {
            let mut size =
                StoreSize { records: table.len().map_err(Error::from)?, ..StoreSize::default() };
            for entry in table.iter().map_err(Error::from)? {
                let (_, stored) = entry.map_err(Error::from)?;
                let ciphertext = stored.value().len().saturating_sub(Record::HEADER);
                size.bytes += ciphertext as u64;
            }
            Ok(size)
        })
    }
}
