//! The one parameter set: 2-bit messages, 2-bit carries, `p_fail ≤ 2⁻¹²⁸`.
//!
//! It is the reference coprocessor's, so the public keys and proofs of today's FHEVM clients fit.

use tfhe::{
    Config,
    core_crypto::prelude::LweDimension,
    shortint::{
        AtomicPatternParameters, PBSParameters,
        parameters::{
            CompactPublicKeyEncryptionParameters, MetaParameters,
            v1_5::meta::cpu::V1_5_META_PARAM_CPU_2_2_KS_PBS_PKE_TO_SMALL_ZKV2_TUNIFORM_2M128,
        },
    },
};

/// Version of tfhe-rs: keys, ciphertexts and their bits belong to it. A test holds it against the
/// lock file.
pub const TFHE_VERSION: &str = "1.8.2";

/// The parameter set's name in tfhe-rs.
pub const NAME: &str = "V1_5_META_PARAM_CPU_2_2_KS_PBS_PKE_TO_SMALL_ZKV2_TUNIFORM_2M128";

const META: MetaParameters = V1_5_META_PARAM_CPU_2_2_KS_PBS_PKE_TO_SMALL_ZKV2_TUNIFORM_2M128;

/// What keys are generated from: computation, the compact public key, and the oblivious PRF.
///
/// The compression, noise squashing and re-randomisation parts of the set are left out. They
/// serve a threshold KMS and multiply the keys' size by five.
pub fn config() -> Config {
    Config::from(MetaParameters {
        compression_parameters: None,
        noise_squashing_parameters: None,
        rerand_configuration: None,
        ..META
    })
}

/// Parameters of the compact public key.
pub(crate) fn public_key() -> CompactPublicKeyEncryptionParameters {
    META.dedicated_compact_public_key_parameters
        .expect("the parameter set has a dedicated compact public key")
        .pke_params
}

/// Dimension of the LWE ciphertexts that operations take and give.
pub(crate) fn lwe_dimension() -> LweDimension {
    let AtomicPatternParameters::Standard(PBSParameters::PBS(pbs)) = META.compute_parameters else {
        unreachable!("the parameter set computes with the classic bootstrap")
    };
    pbs.glwe_dimension.to_equivalent_lwe_dimension(pbs.polynomial_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_locked() {
        let lock = include_str!("../../Cargo.lock");
        let locked = format!("name = \"tfhe\"\nversion = \"{TFHE_VERSION}\"\n");
        assert!(lock.contains(&locked));
    }
}
