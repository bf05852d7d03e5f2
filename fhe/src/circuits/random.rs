//! Randomness that nobody knows, the node included: an oblivious pseudo-random function of the
//! seed in the log, one bootstrap a digit.

use alloy_primitives::U256;

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::Algebra,
};
use crate::FheType;

/// Uniform over the whole type.
pub(crate) fn rand<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    _: FheType,
    ty: FheType,
) -> Outcome<A::Block> {
    let [Constant(seed)] = x else { return Err(SHAPE) };
    Ok(bounded(algebra, *seed, ty.bits(), ty))
}

/// Uniform below a power of two.
pub(crate) fn rand_bounded<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    _: FheType,
    ty: FheType,
) -> Outcome<A::Block> {
    let [Constant(bound), Constant(seed)] = x else { return Err(SHAPE) };
    if !bound.is_power_of_two() {
        return Err("the bound is not a power of two");
    }
    Ok(bounded(algebra, *seed, bound.trailing_zeros().min(ty.bits()), ty))
}

fn bounded<A: Algebra>(algebra: &A, seed: U256, bits: usize, ty: FheType) -> Number<A::Block> {
    if bits == 0 {
        return Constant(U256::ZERO);
    }
    Encrypted(algebra.random(seed.wrapping_to::<u128>(), bits, ty.blocks()))
}
