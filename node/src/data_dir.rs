//! A devnet's directory: chain and ciphertexts, what made them, and a lock.

use std::{
    fmt::Display,
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use alloy_primitives::B256;
use ciphervm_fhe::{DatabaseStore, Profile};
use serde::{Deserialize, Serialize};

use crate::journal::Journal;

const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
const LOCK: &str = "lock";
const JOURNAL: &str = "chain.redb";
const CIPHERTEXTS: &str = "ciphertexts.redb";

/// What a directory was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The chain id.
    pub chain_id: u64,
    /// The engine class of its ciphertexts, which names the keyset, too.
    pub engine_class: B256,
    /// What the circuits are made for, which the engine class depends on. Plaintexts have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: u32,
    #[serde(flatten)]
    identity: Identity,
}

/// Only the stamp: what else a newer version writes is its own affair.
#[derive(Deserialize)]
struct Stamp {
    format: u32,
}

/// A directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    /// Another process has it.
    #[error("{0} is in use by another ciphervm: stop that one, or choose another --data-dir")]
    Locked(PathBuf),
    /// It is something else.
    #[error(
        "{0} is no data directory of a devnet, for it has files and no manifest.json: choose an \
         empty directory"
    )]
    Foreign(PathBuf),
    /// A later version wrote it.
    #[error(
        "{path} has format {found}, and this version knows formats up to {FORMAT}: use the \
         version that made it, or choose another --data-dir"
    )]
    Newer {
        /// The directory.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// It has another chain.
    #[error(
        "{path} holds chain {found}, not {wanted}: start with --chain-id {found}, or choose \
         another --data-dir"
    )]
    Chain {
        /// The directory.
        path: PathBuf,
        /// Its chain id.
        found: u64,
        /// The one that was asked for.
        wanted: u64,
    },
    /// Its ciphertexts are by circuits of another profile.
    #[error(
        "{path} holds ciphertexts by circuits for {found}, not for {wanted}: start with --profile \
         {found}, or choose another --data-dir"
    )]
    Profile {
        /// The directory.
        path: PathBuf,
        /// What its circuits are made for.
        found: Profile,
        /// What those of now are made for.
        wanted: Profile,
    },
    /// Its ciphertexts are under other keys, or by another evaluator.
    #[error(
        "{path} holds ciphertexts of engine class {found}, and the keys and evaluator of now make \
         class {wanted}: start with the --keys, --evaluator and --profile that it was made with, \
         or choose another --data-dir"
    )]
    Class {
        /// The directory.
        path: PathBuf,
        /// The class of its ciphertexts.
        found: B256,
        /// The class that they would have now.
        wanted: B256,
    },
    /// A file is not what was written.
    #[error(
        "{path} is corrupt: {reason}; restore it from a backup, or delete the directory to start \
         over"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The disk fails, or access is denied.
    #[error("{path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The failure.
        source: io::Error,
    },
}

/// An open directory, which no other process can open.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Closing the file gives the lock back, and so does any death of the process.
    _lock: File,
}

impl DataDir {
    /// Opens a directory, or makes it.
    ///
    /// # Errors
    /// If it is in use, is something else, or was made for another chain or engine class.
    pub fn open(path: &Path, wanted: &Identity) -> Result<Self, DataDirError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| DataDirError::Io { path, source }
        };
        fs::create_dir_all(path).map_err(failed(path))?;
        let manifest = path.join(MANIFEST);
        if !manifest.exists() && !is_fresh(path).map_err(failed(path))? {
            return Err(DataDirError::Foreign(path.to_owned()));
        }
        let lock = File::create(path.join(LOCK)).map_err(failed(path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirError::Locked(path.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(path)(source)),
        }
        if manifest.exists() {
            let text = fs::read_to_string(&manifest).map_err(failed(&manifest))?;
            check(path, &text, wanted)?;
        } else {
            write_manifest(&manifest, wanted).map_err(failed(&manifest))?;
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// What a directory was made for, without opening it.
    ///
    /// # Errors
    /// If it is no data directory of this version.
    pub fn identity(path: &Path) -> Result<Identity, DataDirError> {
        let manifest = path.join(MANIFEST);
        if !manifest.exists() {
            return Err(DataDirError::Foreign(path.to_owned()));
        }
        let text = fs::read_to_string(&manifest)
            .map_err(|source| DataDirError::Io { path: manifest, source })?;
        read(path, &text)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The chain. [`Self::store`] comes first: a chain without ciphertexts is taken for damaged.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn journal(&self) -> Result<Journal, DataDirError> {
        self.database(JOURNAL, Journal::open)
    }

    /// The ciphertexts.
    ///
    /// # Errors
    /// If the file is damaged, or gone while that of the chain is there.
    pub fn store(&self) -> Result<DatabaseStore, DataDirError> {
        let path = self.path.join(CIPHERTEXTS);
        if !path.exists() && self.path.join(JOURNAL).exists() {
            return Err(DataDirError::Corrupt { path, reason: "it is missing".to_owned() });
        }
        self.database(CIPHERTEXTS, DatabaseStore::open)
    }

    /// Opens a database, or makes it. A new one gets its name when it is complete, for half of one,
    /// as a crash leaves it, looks like a damaged one.
    fn database<T, E: Display>(
        &self,
        name: &str,
        open: impl Fn(&Path) -> Result<T, E>,
    ) -> Result<T, DataDirError> {
        let path = self.path.join(name);
        let failed = |source| DataDirError::Io { path: path.clone(), source };
        let corrupt = |reason: String| DataDirError::Corrupt { path: path.clone(), reason };
        if !path.exists() {
            let new = path.with_extension("new");
            File::create(&new).map_err(failed)?;
            open(&new).map_err(|error| corrupt(error.to_string()))?;
            fs::rename(&new, &path).map_err(failed)?;
            File::open(&self.path).and_then(|directory| directory.sync_all()).map_err(failed)?;
        }
        let file = File::options().read(true).write(true).open(&path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() == 0 {
            return Err(corrupt("it is empty".to_owned()));
        }
        open(&path).map_err(|error| corrupt(error.to_string()))
    }
}

/// Whether a directory has nothing in it but what a start that did not get far leaves.
fn is_fresh(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if name != LOCK && name != temporary(Path::new(MANIFEST)).as_os_str() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read(path: &Path, text: &str) -> Result<Identity, DataDirError> {
    let corrupt = |error: serde_json::Error| DataDirError::Corrupt {
        path: path.join(MANIFEST),
        reason: error.to_string(),
    };
    let Stamp { format: found } = serde_json::from_str(text).map_err(corrupt)?;
    if found > FORMAT {
        return Err(DataDirError::Newer { path: path.to_owned(), found });
    }
    let Manifest { identity, .. } = serde_json::from_str(text).map_err(corrupt)?;
    Ok(identity)
}

fn check(path: &Path, text: &str, wanted: &Identity) -> Result<(), DataDirError> {
    let identity = read(path, text)?;
    let path = path.to_owned();
    if identity.chain_id != wanted.chain_id {
        let (found, wanted) = (identity.chain_id, wanted.chain_id);
        return Err(DataDirError::Chain { path, found, wanted });
    }
    if identity.engine_class != wanted.engine_class {
        if let (Some(found), Some(wanted)) = (identity.profile, wanted.profile)
            && found != wanted
        {
            return Err(DataDirError::Profile { path, found, wanted });
        }
        let (found, wanted) = (identity.engine_class, wanted.engine_class);
        return Err(DataDirError::Class { path, found, wanted });
    }
    Ok(())
}

fn temporary(path: &Path) -> PathBuf {
    path.with_extension("json.new")
}

/// The file appears whole or not at all.
fn write_manifest(path: &Path, identity: &Identity) -> io::Result<()> {
    let manifest = Manifest { format: FORMAT, identity: identity.clone() };
    let text = serde_json::to_string_pretty(&manifest)?;
    let new = temporary(path);
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(chain_id: u64) -> Identity {
        Identity {
            chain_id,
            engine_class: B256::repeat_byte(1),
            profile: Some(Profile::Throughput),
        }
    }

    #[test]
    fn a_directory_belongs_to_one_process() {
        let temporary = tempfile::tempdir().unwrap();
        let open = || DataDir::open(temporary.path(), &identity(1));
        let first = open().unwrap();
        assert!(matches!(open(), Err(DataDirError::Locked(_))));
        drop(first);
        open().unwrap();
    }

    #[test]
    fn a_directory_is_for_one_chain_and_one_engine_class() {
        let temporary = tempfile::tempdir().unwrap();
        let open = |identity: &Identity| DataDir::open(temporary.path(), identity).map(drop);
        open(&identity(1)).unwrap();
        assert!(matches!(open(&identity(2)), Err(DataDirError::Chain { found: 1, wanted: 2, .. })));
        let other = Identity { engine_class: B256::ZERO, ..identity(1) };
        assert!(matches!(open(&other), Err(DataDirError::Class { .. })));
        // The profile is named where it is the reason.
        let other = Identity { profile: Some(Profile::Latency), ..other };
        let refused = open(&other).unwrap_err().to_string();
        assert!(refused.contains("start with --profile throughput"), "{refused}");
        open(&identity(1)).unwrap();
    }

    #[test]
    fn what_is_newer_foreign_or_damaged_is_refused_and_left_alone() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path();
        let open = || DataDir::open(path, &identity(1)).map(drop);
        fs::write(path.join("letter.txt"), "dear").unwrap();
        assert!(matches!(open(), Err(DataDirError::Foreign(_))));
        assert_eq!(fs::read_dir(path).unwrap().count(), 1);
        fs::remove_file(path.join("letter.txt")).unwrap();

        open().unwrap();
        fs::write(path.join(MANIFEST), r#"{"format": 9, "moons": 2}"#).unwrap();
        assert!(matches!(open(), Err(DataDirError::Newer { found: 9, .. })));
        fs::write(path.join(MANIFEST), "{").unwrap();
        assert!(matches!(open(), Err(DataDirError::Corrupt { .. })));
    }

    #[test]
    fn what_a_first_start_that_died_leaves_is_made_anew() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path();
        fs::write(path.join(LOCK), "").unwrap();
        fs::write(path.join("manifest.json.new"), "{\"form").unwrap();
        let directory = DataDir::open(path, &identity(1)).unwrap();
        // As the database begins.
        for name in ["ciphertexts.new", "chain.new"] {
            fs::write(path.join(name), [0; 4_096]).unwrap();
        }
        directory.store().unwrap();
        assert_eq!(directory.journal().unwrap().length(), 0);
        assert!(!path.join("chain.new").exists());
    }

    #[test]
    fn a_database_is_neither_empty_nor_gone() {
        let temporary = tempfile::tempdir().unwrap();
        let directory = DataDir::open(temporary.path(), &identity(1)).unwrap();
        directory.store().unwrap();
        directory.journal().unwrap();
        for name in [CIPHERTEXTS, JOURNAL] {
            File::create(temporary.path().join(name)).unwrap();
        }
        assert!(matches!(directory.store(), Err(DataDirError::Corrupt { .. })));
        assert!(matches!(directory.journal(), Err(DataDirError::Corrupt { .. })));
        fs::remove_file(temporary.path().join(CIPHERTEXTS)).unwrap();
        assert!(matches!(directory.store(), Err(DataDirError::Corrupt { .. })));
    }
}
