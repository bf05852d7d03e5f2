//! Randomness that nobody knows, the node included: tfhe-rs's oblivious pseudo-random function
//! of the seed in the log.

use alloy_primitives::U256;
use tfhe::Seed;

use super::{Constant, Encrypted, Outcome, SHAPE};
use crate::{Ciphertext, FheType, keys::ServerKeys};

/// Uniform over the whole type.
pub(crate) fn rand(keys: &ServerKeys, x: &[&Ciphertext], _: FheType, ty: FheType) -> Outcome {
    let [Constant(seed)] = x else { return Err(SHAPE) };
    bounded(keys, *seed, ty.bits(), ty)
}

/// Uniform below a power of two.
pub(crate) fn rand_bounded(
    keys: &ServerKeys,
    x: &[&Ciphertext],
    _: FheType,
    ty: FheType,
) -> Outcome {
    let [Constant(bound), Constant(seed)] = x else { return Err(SHAPE) };
    if !bound.is_power_of_two() {
        return Err("the bound is not a power of two");
    }
    bounded(keys, *seed, bound.trailing_zeros().min(ty.bits()), ty)
}

fn bounded(keys: &ServerKeys, seed: U256, bits: usize, ty: FheType) -> Outcome {
    if bits == 0 {
        return Ok(Constant(U256::ZERO));
    }
    let seed = Seed(seed.wrapping_to::<u128>());
    Ok(Encrypted(keys.oprf.par_generate_oblivious_pseudo_random_unsigned_integer_bounded(
        seed,
        bits as u64,
        ty.blocks() as u64,
        keys.integer(),
    )))
}
