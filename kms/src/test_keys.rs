//! The keyset that tests share: from a published seed, generated once per machine.

use std::{
    env,
    fs::{self, File},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use ciphervm_fhe::{Crs, KeyError, keys::Keyset, parameters};

use crate::{KeyDirectory, LocalKms, error::DirectoryError};

/// The published seed of the test keyset. Everybody can decrypt under it.
pub const TEST_SEED: [u8; 32] = *b"ciphervm published test seed v01";

/// Where keysets are cached: `$CIPHERVM_CACHE`, else `$XDG_CACHE_HOME/ciphervm`, else
/// `~/.cache/ciphervm`.
///
/// # Errors
/// If none of the variables is set.
pub fn cache_dir() -> Result<PathBuf, DirectoryError> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CIPHERVM_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("ciphervm")))
        .or_else(|| Some(set("HOME")?.join(".cache/ciphervm")))
        .ok_or(DirectoryError::NoCache)
}

/// The test keyset, loaded once per process and generated once per machine, under `test-keys` in
/// [`cache_dir`]. Processes that need it at the same time wait for the one that generates it.
///
/// # Panics
/// If it cannot be had: tests cannot go on without.
pub fn test_keys() -> (Arc<Keyset>, Arc<LocalKms>) {
    static KEYS: OnceLock<(Arc<Keyset>, Arc<LocalKms>)> = OnceLock::new();
    KEYS.get_or_init(|| match load() {
        Ok((keyset, kms)) => (Arc::new(keyset), Arc::new(kms)),
        Err(error) => panic!("the test keyset cannot be had: {error}"),
    })
    .clone()
}

/// The reference string that tests prove inputs with, loaded once per process and generated once
/// per machine, beside the test keyset.
///
/// # Panics
/// If it cannot be had.
pub fn test_crs() -> Arc<Crs> {
    static CRS: OnceLock<Arc<Crs>> = OnceLock::new();
    CRS.get_or_init(|| match directory().and_then(|directory| directory.crs(|| ())) {
        Ok(crs) => Arc::new(crs),
        Err(error) => panic!("the reference string cannot be had: {error}"),
    })
    .clone()
}

fn load() -> Result<(Keyset, LocalKms), DirectoryError> {
    let directory = directory()?;
    let keyset = directory.keyset()?;
    let kms = directory.kms(&keyset)?;
    Ok((keyset, kms))
}

fn directory() -> Result<KeyDirectory, DirectoryError> {
    // Another parameter set or version of tfhe-rs makes other keys of the same seed.
    let name = format!("{}-{}", parameters::TFHE_VERSION, parameters::NAME);
    let parent = cache_dir()?.join("test-keys");
    let io = |source| KeyError::Io { path: parent.clone(), source };
    fs::create_dir_all(&parent).map_err(io)?;
    let lock = File::create(parent.join("lock")).map_err(io)?;
    lock.lock().map_err(io)?;
    let path = parent.join(name);
    // The operating system releases the lock when the file is closed.
    match KeyDirectory::open(&path) {
        Err(DirectoryError::Missing(_)) => {
            KeyDirectory::generate_from_public_seed(&path, &TEST_SEED, |_| {})
        }
        opened => opened,
    }
}
