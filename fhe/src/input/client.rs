//! The client's side of proven inputs.

use std::fmt;

use alloy_primitives::U256;
use tfhe::{
    CompactPublicKey,
    safe_serialization::{safe_deserialize, safe_deserialize_conformant, safe_serialize},
    zk::{CompactPkeCrs, ZkComputeLoad},
};

use super::{MAX_LIST_SIZE, builder, crs};
use crate::{FheType, error::CiphertextError, keys::MAX_PUBLIC_KEY_SIZE, parameters};

/// Who does the work of a proof.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComputeLoad {
    /// The prover spares the verifier nothing: verification is quick. The protocol refuses it.
    Proof,
    /// The protocol's choice: proving is quicker.
    #[default]
    Verify,
}

/// What a client encrypts inputs with: the network's public key and reference string.
///
/// It makes the bytes that the JavaScript clients make, natively.
pub struct InputClient {
    key: CompactPublicKey,
    crs: CompactPkeCrs,
}

impl InputClient {
    /// Reads the two files that a network serves.
    ///
    /// # Errors
    /// If either is not what it should be.
    pub fn read(public_key: &[u8], crs: &[u8]) -> Result<Self, CiphertextError> {
        let key =
            safe_deserialize_conformant(public_key, MAX_PUBLIC_KEY_SIZE, &parameters::public_key())
                .map_err(CiphertextError::Malformed)?;
        let crs = safe_deserialize(crs, crs::MAX_SIZE).map_err(CiphertextError::Malformed)?;
        Ok(Self { key, crs })
    }

    /// Encrypts a list of values and proves that they are known, bound to `metadata`. This draws
    /// fresh randomness: its result differs from call to call. Takes about a second.
    ///
    /// # Errors
    /// If there are more values than a list takes, or more bits than the reference string covers.
    pub fn encrypt(
        &self,
        values: &[(FheType, U256)],
        metadata: &[u8],
        load: ComputeLoad,
    ) -> Result<Vec<u8>, CiphertextError> {
        let malformed = |reason: String| CiphertextError::Malformed(reason);
        let load = match load {
            ComputeLoad::Proof => ZkComputeLoad::Proof,
            ComputeLoad::Verify => ZkComputeLoad::Verify,
        };
        let list = builder(&self.key, values)?
            .build_with_proof_packed(&self.crs, metadata, load)
            .map_err(|error| malformed(error.to_string()))?;
        let mut bytes = Vec::new();
        safe_serialize(&list, &mut bytes, MAX_LIST_SIZE)
            .map_err(|error| malformed(error.to_string()))?;
        Ok(bytes)
    }
}

impl fmt::Debug for InputClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputClient").finish_non_exhaustive()
    }
}
