//! Key directories: the secret key, the evaluating side's keys, and a manifest that binds them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use alloy_primitives::{B256, keccak256};
use ciphervm_fhe::{
    Crs, KeyError,
    keys::{self, Keyset},
    parameters,
};
use serde::{Deserialize, Serialize};
use tfhe::{
    ClientKey, Tag,
    core_crypto::prelude::NormalizedHammingWeightBound,
    safe_serialization::{safe_deserialize, safe_serialize},
    xof_key_set::CompressedXofKeySet,
};

use crate::{LocalKms, error::DirectoryError};

/// The manifest's file name. It is written last: a directory without it holds no keyset.
const MANIFEST: &str = "manifest.json";
const SECRET_KEY: &str = "secret.key";
const SERVER_KEYS: &str = "server.keys";
/// The reference string of proofs. It is public and belongs to the parameters, not to the keys: the
/// manifest does not bind it, and the file has its own digest.
const CRS: &str = "crs.2048";
/// Locked by the process that makes the reference string.
const CRS_LOCK: &str = "crs.lock";

/// Version of the directory's format.
const FORMAT: u32 = 1;
/// Largest secret key file that is read. It is about 48 KB.
const MAX_SECRET_KEY_SIZE: u64 = 1 << 24;
/// Bits of security of the seed that the public randomness comes from.
const SECURITY_BITS: u32 = 128;
/// Secret keys with more than 80 % of equal bits are drawn again, as tfhe-rs's own tests do.
const MAX_HAMMING_WEIGHT: f64 = 0.8;

/// What key generation is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Drawing the secret key and encrypting the keys that depend on it.
    Generating,
    /// Writing the files.
    Writing,
}

impl Stage {
    /// Number of stages, for progress bars.
    pub const COUNT: u64 = 2;
}

/// Where a keyset's randomness comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The operating system.
    Random,
    /// A published seed. Everybody can decrypt.
    PublicSeed,
}

/// What a key directory holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the directory's format.
    pub format: u32,
    /// Parameter set.
    pub parameters: String,
    /// Where the randomness comes from.
    pub origin: Origin,
    /// The secret key's file.
    pub secret_key: KeyFile,
    /// The compressed keys of the evaluating side.
    pub server_keys: KeyFile,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFile {
    /// Keccak-256 of its bytes.
    pub digest: B256,
    /// Number of its bytes.
    pub size: u64,
}

/// A directory with a whole keyset.
#[derive(Clone, Debug)]
pub struct KeyDirectory {
    path: PathBuf,
    manifest: Manifest,
}

impl KeyDirectory {
    /// Generates a keyset from the operating system's randomness. Takes seconds.
    ///
    /// # Errors
    /// If the directory holds keys already, or cannot be written. A directory that was left half
    /// written holds no keyset and can be generated into again.
    pub fn generate(path: &Path, progress: impl FnMut(Stage)) -> Result<Self, DirectoryError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| DirectoryError::Randomness(e.to_string()))?;
        Self::generate_from(path, &seed, Origin::Random, progress)
    }

    /// Generates a reproducible keyset from a seed that is no secret.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn generate_from_public_seed(
        path: &Path,
        seed: &[u8; 32],
        progress: impl FnMut(Stage),
    ) -> Result<Self, DirectoryError> {
        Self::generate_from(path, seed, Origin::PublicSeed, progress)
    }

    fn generate_from(
        path: &Path,
        seed: &[u8; 32],
        origin: Origin,
        mut progress: impl FnMut(Stage),
    ) -> Result<Self, DirectoryError> {
        if path.join(MANIFEST).exists() {
            return Err(DirectoryError::Exists(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(io_error(path))?;

        progress(Stage::Generating);
        let max_weight = NormalizedHammingWeightBound::new(MAX_HAMMING_WEIGHT)
            .expect("the bound is above one half and at most one");
        let (secret, public) = CompressedXofKeySet::generate(
            parameters::config(),
            seed.to_vec(),
            SECURITY_BITS,
            max_weight,
            Tag::default(),
        )
        .map_err(|error| DirectoryError::Generation(error.to_string()))?;

        progress(Stage::Writing);
        let secret_key = write_secret(&path.join(SECRET_KEY), &secret)?;
        let (digest, size) = keys::save(&public, &path.join(SERVER_KEYS))?;
        let manifest = Manifest {
            format: FORMAT,
            parameters: parameters::NAME.to_owned(),
            origin,
            secret_key,
            server_keys: KeyFile { digest, size },
        };
        let text = serde_json::to_string_pretty(&manifest)
            .expect("a manifest has no map with keys that are not strings");
        write_whole(&path.join(MANIFEST), text.as_bytes(), 0o644)?;
        Ok(Self { path: path.to_owned(), manifest })
    }

    /// Opens a directory. Only the manifest is read: the keys are when they are asked for.
    ///
    /// # Errors
    /// If there is no manifest, or it is of another version or parameter set.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let file = path.join(MANIFEST);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(DirectoryError::Missing(path.to_owned()));
            }
            Err(error) => return Err(io_error(&file)(error).into()),
        };
        let wrong = |reason: String| DirectoryError::Manifest { path: file.clone(), reason };
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if manifest.format != FORMAT {
            return Err(wrong(format!("format {} instead of {FORMAT}", manifest.format)));
        }
        if manifest.parameters != parameters::NAME {
            return Err(wrong(format!("its parameters are {}", manifest.parameters)));
        }
        Ok(Self { path: path.to_owned(), manifest })
    }

    /// Opens a directory, or generates a keyset into it if it holds none.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::generate`].
    pub fn open_or_generate(
        path: &Path,
        progress: impl FnMut(Stage),
    ) -> Result<Self, DirectoryError> {
        match Self::open(path) {
            Err(DirectoryError::Missing(_)) => Self::generate(path, progress),
            opened => opened,
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The evaluating side's keys, expanded. Takes seconds.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn keyset(&self) -> Result<Keyset, DirectoryError> {
        Ok(Keyset::load(&self.path.join(SERVER_KEYS), self.manifest.server_keys.digest)?)
    }

    /// The reference string that inputs are proven with. It is drawn at first use, which takes ten
    /// seconds and which `generating` is told of, and kept.
    ///
    /// # Errors
    /// If it cannot be made, written or read.
    pub fn crs(&self, generating: impl FnOnce()) -> Result<Crs, DirectoryError> {
        let path = self.path.join(CRS);
        if !path.exists() {
            let lock = self.path.join(CRS_LOCK);
            let lock = File::create(&lock).and_then(|file| file.lock().map(|()| file));
            let _lock = lock.map_err(io_error(&path))?;
            // Another process may have been quicker.
            if !path.exists() {
                generating();
                Crs::generate()?.save(&path)?;
            }
        }
        Ok(Crs::load(&path)?)
    }

    /// The KMS that holds this directory's secret key, for ciphertexts made under `keyset`.
    ///
    /// # Errors
    /// If the file is damaged, or readable by others than its owner.
    pub fn kms(&self, keyset: &Keyset) -> Result<LocalKms, DirectoryError> {
        let path = self.path.join(SECRET_KEY);
        let mode = fs::metadata(&path).map_err(io_error(&path))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(DirectoryError::Permissions { path, mode });
        }
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        let (found, expected) = (keccak256(&bytes), self.manifest.secret_key.digest);
        if found != expected {
            return Err(KeyError::Digest { path, found, expected }.into());
        }
        let key: ClientKey = safe_deserialize(&bytes[..], MAX_SECRET_KEY_SIZE)
            .map_err(|reason| KeyError::Format { path, reason })?;
        let (key, ..) = key.into_raw_parts();
        Ok(LocalKms::new(key, keyset.class().id()))
    }
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> KeyError {
    move |source| KeyError::Io { path: path.to_owned(), source }
}

fn write_secret(path: &Path, key: &ClientKey) -> Result<KeyFile, DirectoryError> {
    let mut bytes = Vec::new();
    safe_serialize(key, &mut bytes, MAX_SECRET_KEY_SIZE)
        .map_err(|error| io_error(path)(io::Error::other(error)))?;
    write_whole(path, &bytes, 0o600)?;
    Ok(KeyFile { digest: keccak256(&bytes), size: bytes.len() as u64 })
}

/// Writes a file that is whole or absent, with these permissions from its first byte on.
fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> Result<(), KeyError> {
    let partial = path.with_extension("partial");
    let write = || {
        match fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file: File =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(io_error(path))
}
