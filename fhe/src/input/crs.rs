//! The common reference string of zero-knowledge proofs.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
};

use alloy_primitives::{B256, keccak256};
use tfhe::{
    safe_serialization::{safe_deserialize, safe_serialize},
    zk::CompactPkeCrs,
};

use crate::{error::KeyError, parameters};

/// Bytes of a serialised reference string, at most. One for 2,048 bits has 4.6 MB.
pub(super) const MAX_SIZE: u64 = 1 << 25;

/// The common reference string: what the prover and the verifier of an input's proof agree on.
///
/// It is public and belongs to the parameters, not to a keyset. Whoever draws one could keep the
/// randomness behind it and forge proofs, so it is as trustworthy as the machine that drew it.
#[derive(Clone)]
pub struct Crs {
    pub(super) inner: CompactPkeCrs,
    bytes: Vec<u8>,
}

impl Crs {
    /// Clear bits that one proof covers, at most, in the protocol.
    pub const BITS: usize = 2048;

    /// Draws a reference string. Takes about ten seconds of two cores.
    ///
    /// # Errors
    /// [`KeyError::Crs`] if tfhe-rs cannot make one.
    pub fn generate() -> Result<Self, KeyError> {
        let failed = |reason: String| KeyError::Crs(reason);
        let inner = CompactPkeCrs::from_config(parameters::config(), Self::BITS)
            .map_err(|error| failed(error.to_string()))?;
        let mut bytes = Vec::new();
        safe_serialize(&inner, &mut bytes, MAX_SIZE).map_err(|error| failed(error.to_string()))?;
        Ok(Self { inner, bytes })
    }

    /// Reads a file that [`Self::save`] wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or holds no reference string for
    /// [`Self::BITS`] bits.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let io = |source| KeyError::Io { path: path.to_owned(), source };
        let format = |reason: String| KeyError::Format { path: path.to_owned(), reason };
        let file = fs::read(path).map_err(io)?;
        let (digest, bytes) =
            file.split_first_chunk::<32>().ok_or_else(|| format("it is too short".to_owned()))?;
        let (found, expected) = (keccak256(bytes), B256::from(*digest));
        if found != expected {
            return Err(KeyError::Digest { path: path.to_owned(), found, expected });
        }
        let inner: CompactPkeCrs = safe_deserialize(bytes, MAX_SIZE).map_err(format)?;
        if covered_bits(&inner) != Self::BITS {
            return Err(format(format!("it is for {} bits", covered_bits(&inner))));
        }
        Ok(Self { inner, bytes: bytes.to_vec() })
    }

    /// Writes a file for [`Self::load`]: the Keccak-256 of what follows, and the serialised
    /// reference string. The file is whole or absent.
    ///
    /// # Errors
    /// If writing fails.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let partial = path.with_extension("partial");
        let write = || -> io::Result<()> {
            let mut file = fs::File::create(&partial)?;
            file.write_all(&keccak256(&self.bytes)[..])?;
            file.write_all(&self.bytes)?;
            file.sync_all()?;
            fs::rename(&partial, path)
        };
        write().map_err(|source| KeyError::Io { path: path.to_owned(), source })
    }

    /// The serialised reference string, as clients download it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Two blocks of two bits travel in one ciphertext of a packed list.
pub(super) fn covered_bits(crs: &CompactPkeCrs) -> usize {
    crs.max_num_messages().0 * 4
}

impl fmt::Debug for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crs").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}
