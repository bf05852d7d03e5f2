//! Intermediate ciphertexts on disk, for as long as there is no room for them in memory.

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy_primitives::B256;
use tempfile::TempDir;

use crate::{FheType, Handle, Record, error::EvaluationError};

/// A directory for one scheduler, which goes with it.
#[derive(Debug, Default)]
pub(super) struct Spill {
    directory: Mutex<Option<TempDir>>,
    /// Every file has a name of its own.
    written: AtomicU64,
}

/// A record on disk. Its file goes with it.
#[derive(Debug)]
pub(super) struct Spilled {
    path: PathBuf,
    ty: FheType,
}

impl Spill {
    /// Writes a record to a file of its own.
    pub(super) fn write(&self, record: &Record) -> Result<Arc<Spilled>, EvaluationError> {
        let write = || -> io::Result<Spilled> {
            let mut directory = self.directory.lock().unwrap_or_else(PoisonError::into_inner);
            if directory.is_none() {
                *directory = Some(TempDir::with_prefix("ciphervm-")?);
            }
            let name = self.written.fetch_add(1, Ordering::Relaxed).to_string();
            let path = directory.as_ref().map(|directory| directory.path().join(name));
            let path = path.unwrap_or_default();
            drop(directory);
            fs::write(&path, record.to_bytes())?;
            Ok(Spilled { path, ty: record.ty })
        };
        write().map(Arc::new).map_err(EvaluationError::Spill)
    }
}

impl Spilled {
    /// Reads the record back and checks its digest.
    pub(super) fn read(&self) -> Result<Arc<Record>, EvaluationError> {
        let bytes = fs::read(&self.path).map_err(EvaluationError::Spill)?;
        // A record names its type by a handle, and this one has none.
        let handle = Handle::computed(B256::ZERO, 0, self.ty);
        Ok(Arc::new(Record::from_bytes(&handle, &bytes)?))
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        // What cannot be removed now goes with the directory.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were_and_damage_is_detected() {
        let spill = Spill::default();
        let record = Record::new(FheType::Uint8, B256::repeat_byte(1), vec![7; 100]);
        let spilled = spill.write(&record).unwrap();
        // Another file, which goes without the first one.
        drop(spill.write(&record).unwrap());
        assert_eq!(*spilled.read().unwrap(), record);
        let path = spilled.path.clone();
        let mut bytes = fs::read(&path).unwrap();
        bytes[90] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(matches!(spilled.read(), Err(EvaluationError::Store(_))));
        drop(spilled);
        assert!(!path.exists());
    }
}
