//! The public half of a keyset: what evaluation and encryption need, and nothing that decrypts.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
};

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};
use tfhe::{
    CompactPublicKey,
    integer::{ServerKey, oprf::OprfServerKey},
    safe_serialization::{safe_deserialize_conformant, safe_serialize},
    xof_key_set::CompressedXofKeySet,
};

use crate::{
    Rewrites,
    circuits::{self, algebra::Profile},
    error::KeyError,
    parameters,
};

/// Largest key file that is read. The compressed keyset is about 60 MB.
const MAX_FILE_SIZE: u64 = 1 << 30;
/// Largest serialised compact public key that is read. It has 33 KB.
pub(crate) const MAX_PUBLIC_KEY_SIZE: u64 = 1 << 20;

/// Where a serialised compact public key names the version of its `expansion_kind`, as a
/// little-endian 32-bit number: so many bytes before its end.
const EXPANSION_KIND_TAG: usize = 28;

/// The evaluating side's keys, expanded. A process that evaluates with them takes about 420 MB.
pub struct Keyset {
    pub(crate) server: ServerKeys,
    pub(crate) public: CompactPublicKey,
    class: EngineClass,
}

/// Keys that circuits use.
pub struct ServerKeys {
    /// Computation, and what takes client ciphertexts to the parameters of computation.
    pub(crate) high_level: tfhe::ServerKey,
    /// The oblivious pseudo-random function.
    pub(crate) oprf: OprfServerKey,
}

impl Keyset {
    /// Reads a compressed keyset file and expands it.
    ///
    /// # Errors
    /// If the file cannot be read, its Keccak-256 digest is not `digest`, or it does not hold keys
    /// of this version's parameters.
    pub fn load(path: &Path, digest: B256) -> Result<Self, KeyError> {
        let bytes =
            fs::read(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
        let found = keccak256(&bytes);
        if found != digest {
            return Err(KeyError::Digest { path: path.to_owned(), found, expected: digest });
        }
        let format = |reason: String| KeyError::Format { path: path.to_owned(), reason };
        let keyset: CompressedXofKeySet =
            safe_deserialize_conformant(&bytes[..], MAX_FILE_SIZE, &parameters::config())
                .map_err(format)?;
        Self::expand(&keyset, digest).map_err(|missing| format(missing.to_owned()))
    }

    fn expand(keyset: &CompressedXofKeySet, digest: B256) -> Result<Self, &'static str> {
        let (public, server) = keyset.decompress().into_raw_parts();
        let (integer, casting, _, _, _, _, _, oprf, _, tag) = server.into_raw_parts();
        if casting.is_none() {
            return Err("no key that takes inputs to the parameters of computation");
        }
        let high_level = tfhe::ServerKey::from_raw_parts(
            integer, casting, None, None, None, None, None, None, None, tag,
        );
        let oprf = oprf.ok_or("no key for the oblivious pseudo-random function")?;
        let server = ServerKeys { high_level, oprf };
        let class = EngineClass::of(&server, digest);
        Ok(Self { server, public, class })
    }

    /// The compact public key as clients download it, in the form that all of today's clients read.
    ///
    /// tfhe-rs 1.6 and later write the version 1 of one enumeration in it, `expansion_kind`, which
    /// earlier versions do not know. For the kind that these keys have, versions 0 and 1 have the
    /// same bytes, so writing 0 instead loses nothing, and every version reads it.
    ///
    /// # Errors
    /// [`KeyError::PublicKey`] if the key is not laid out like that, or does not read back as the
    /// same key.
    pub fn public_key(&self) -> Result<Vec<u8>, KeyError> {
        let mut bytes = Vec::new();
        safe_serialize(&self.public, &mut bytes, MAX_PUBLIC_KEY_SIZE)
            .map_err(|error| KeyError::PublicKey(error.to_string()))?;
        let tag =
            bytes.len().checked_sub(EXPANSION_KIND_TAG).and_then(|at| bytes.get_mut(at..at + 4));
        match tag {
            Some(tag) if *tag == 1_u32.to_le_bytes() => tag.fill(0),
            _ => return Err(KeyError::PublicKey("its expansion kind is not of version 1".into())),
        }
        let read: CompactPublicKey =
            safe_deserialize_conformant(&bytes[..], MAX_PUBLIC_KEY_SIZE, &parameters::public_key())
                .map_err(KeyError::PublicKey)?;
        if read != self.public {
            return Err(KeyError::PublicKey("it reads back as another key".to_owned()));
        }
        Ok(bytes)
    }

    /// The same keys for circuits of another profile, which is another engine class. As loaded, it
    /// is [`Profile::Throughput`].
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.class.profile = profile;
        self.with_rewrites(Rewrites::for_profile(profile))
    }

    /// The same keys for graphs that are rewritten in another way, which is another engine class.
    #[must_use]
    pub fn with_rewrites(mut self, rewrites: Rewrites) -> Self {
        self.class.rewrites = rewrites;
        self
    }

    /// Everything besides their inputs that the bits of ciphertexts depend on.
    pub fn class(&self) -> &EngineClass {
        &self.class
    }
}

impl ServerKeys {
    pub(crate) fn integer(&self) -> &ServerKey {
        self.high_level.as_ref()
    }
}

impl fmt::Debug for Keyset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyset").field("class", &self.class).finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerKeys").finish_non_exhaustive()
    }
}

/// Writes a compressed keyset for [`Keyset::load`] and returns the file's digest and size.
///
/// # Errors
/// If writing fails. A half-written file is never left under `path`.
pub fn save(keyset: &CompressedXofKeySet, path: &Path) -> Result<(B256, u64), KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    safe_serialize(keyset, &mut bytes, MAX_FILE_SIZE).map_err(|e| io(io::Error::other(e)))?;
    let partial = path.with_extension("partial");
    let mut file = fs::File::create(&partial).map_err(io)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(io)?;
    fs::rename(&partial, path).map_err(io)?;
    Ok((keccak256(&bytes), bytes.len() as u64))
}

/// The engine class: everything besides their inputs that the bits of ciphertexts depend on.
/// Two nodes can compare digests if their classes are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineClass {
    /// Version of tfhe-rs.
    pub tfhe: String,
    /// Parameter set.
    pub parameters: String,
    /// FFT algorithm.
    pub fft: String,
    /// Version of the set of circuits.
    pub circuits: u32,
    /// What the circuits are made for.
    pub profile: Profile,
    /// How graphs are rewritten before they are computed.
    pub rewrites: Rewrites,
    /// Digest of the compressed keyset.
    pub keyset: B256,
    /// Digest of one bootstrap under these keys, computed when they are loaded. It catches what
    /// the other fields cannot name: a C library or CPU whose floating-point results differ.
    pub known_answer: B256,
}

impl EngineClass {
    fn of(keys: &ServerKeys, keyset: B256) -> Self {
        // The oblivious PRF bootstraps from a seed alone, so no ciphertext has to be shipped.
        let block = keys.oprf.par_generate_oblivious_pseudo_random_unsigned_integer(
            tfhe::Seed(u128::from_be_bytes(*b"ciphervm known a")),
            1,
            keys.integer(),
        );
        let answer = crate::Ciphertext::Encrypted(block)
            .encode()
            .expect("the result of a bootstrap is clean");
        Self {
            tfhe: parameters::TFHE_VERSION.to_owned(),
            parameters: parameters::NAME.to_owned(),
            fft: "dif4".to_owned(),
            circuits: circuits::VERSION,
            profile: Profile::default(),
            rewrites: Rewrites::for_profile(Profile::default()),
            keyset,
            known_answer: keccak256(answer),
        }
    }

    /// The class's name in stores and commitments: a hash of all its fields.
    pub fn id(&self) -> B256 {
        let Self { tfhe, parameters, fft, circuits, profile, rewrites, keyset, known_answer } =
            self;
        keccak256(format!(
            "ciphervm engine class\n{tfhe}\n{parameters}\n{fft}\n{circuits} {profile} {rewrites}\n\
             {keyset:?}\n{known_answer:?}"
        ))
    }
}
