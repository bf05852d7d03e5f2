//! The server's side of proven inputs: bytes from strangers become ciphertexts only if a
//! zero-knowledge proof says that whoever made them knows what is in them.
//!
//! What is accepted is what FHEVM's coprocessors accept: a packed list that is conformant with the
//! parameters, of at most [`MAX_VALUES`](super::MAX_VALUES) values and [`Crs::BITS`] bits, whose proof is of the
//! second scheme, made with the compute load `Verify` and not with the oldest hash configuration.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tfhe::{
    ProvenCompactCiphertextList,
    integer::ciphertext::IntegerProvenCompactCiphertextListConformanceParams,
    safe_serialization::safe_deserialize_conformant,
    with_server_key_as_context,
    zk::{ZkComputeLoad, ZkPkeV2SupportedHashConfig},
};

use super::{Crs, MAX_LIST_SIZE, check, types, values};
use crate::{Ciphertext, FheType, Record, error::CiphertextError, keys::Keyset, panics::caught};

/// Threads, at most. tfhe-rs chooses algorithms by their number, and up to three it takes the same.
const MAX_THREADS: usize = 3;

/// Checks and opens lists that come with a proof, on threads of its own: neither waits for a
/// block's evaluation, nor the other way round.
pub struct ProofVerifier {
    keys: Arc<Keyset>,
    crs: Arc<Crs>,
    pool: ThreadPool,
    /// Held while a list is opened. tfhe-rs borrows the thread's key for that long, and a thread
    /// that waits for pieces of one list would take up the next one, and borrow it again.
    opening: Mutex<()>,
}

/// A list whose proof was found valid.
pub struct Proven {
    list: ProvenCompactCiphertextList,
    types: Vec<FheType>,
}

impl Proven {
    /// The types of its values, in order.
    pub fn types(&self) -> &[FheType] {
        &self.types
    }
}

impl ProofVerifier {
    /// A verifier for lists under `keys`, whose proofs are made with `crs`. It takes at most
    /// `threads` threads, and never more than three.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub fn new(
        keys: Arc<Keyset>,
        crs: Arc<Crs>,
        threads: usize,
    ) -> Result<Self, ThreadPoolBuildError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.clamp(1, MAX_THREADS))
            .thread_name(|index| format!("proof-{index}"))
            .build()?;
        Ok(Self { keys, crs, pool, opening: Mutex::new(()) })
    }

    /// The keys.
    pub fn keys(&self) -> &Keyset {
        &self.keys
    }

    /// The reference string.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// Reads a list that anybody may have made, and checks that its proof is valid and bound to
    /// `metadata`.
    ///
    /// # Errors
    /// [`CiphertextError::Malformed`] if the bytes are no conformant list,
    /// [`CiphertextError::Kind`], [`CiphertextError::TooMany`] and [`CiphertextError::TooManyBits`]
    /// if it holds what it may not, [`CiphertextError::Proof`] if the proof is not valid.
    pub fn verify(&self, list: &[u8], metadata: &[u8]) -> Result<Proven, CiphertextError> {
        let parameters =
            IntegerProvenCompactCiphertextListConformanceParams::from_crs_and_parameters(
                crate::parameters::public_key(),
                &self.crs.inner,
            )
            .forbid_compute_load(ZkComputeLoad::Proof)
            .forbid_hash_config(ZkPkeV2SupportedHashConfig::V0_4_0);
        let list: ProvenCompactCiphertextList =
            safe_deserialize_conformant(list, MAX_LIST_SIZE, &parameters)
                .map_err(CiphertextError::Malformed)?;
        let types = types(list.len(), |index| list.get_kind_of(index))?;
        check(types.iter().copied())?;
        let verify = || list.verify(&self.crs.inner, &self.keys.public, metadata);
        match caught(|| self.pool.install(verify)) {
            Ok(outcome) if outcome.is_valid() => Ok(Proven { list, types }),
            Ok(_) => Err(CiphertextError::Proof),
            Err(panic) => Err(CiphertextError::Malformed(panic)),
        }
    }

    /// Takes the values of a list to the parameters of computation, at one bootstrap a block. Equal
    /// lists give equal records.
    ///
    /// # Errors
    /// If tfhe-rs finds something wrong with the list after all.
    pub fn expand(&self, proven: &Proven) -> Result<Vec<Record>, CiphertextError> {
        if proven.types.is_empty() {
            return Ok(Vec::new());
        }
        let class = self.keys.class().id();
        let open = || {
            // tfhe-rs opens a list with a proof by the key of the thread alone.
            let key = self.keys.server.high_level.clone();
            let expand = || proven.list.expand_without_verification();
            let expanded = with_server_key_as_context(key, expand)
                .map_err(|error| CiphertextError::Malformed(error.to_string()))?;
            values(&expanded)
        };
        let _turn = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        let opened: Vec<(FheType, Ciphertext)> =
            caught(|| self.pool.install(open)).map_err(CiphertextError::Malformed)??;
        opened.into_iter().map(|(ty, value)| Ok(Record::new(ty, class, value.encode()?))).collect()
    }
}

impl fmt::Debug for ProofVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofVerifier")
            .field("keys", &self.keys)
            .field("crs", &self.crs)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proven").field("types", &self.types).finish_non_exhaustive()
    }
}
