//! Casts, and the operations that only name a value. None bootstraps, but a cast to Bool.

use super::{Number, Number::Encrypted, Outcome, SHAPE, algebra::Algebra};
use crate::FheType;

/// A verified input is used as it is.
pub(crate) fn identity<A: Algebra>(
    _: &A,
    x: &[&Number<A::Block>],
    _: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    x.first().map(|value| (*value).clone()).ok_or(SHAPE)
}

/// Always folded, because its only operand is a scalar.
pub(crate) fn trivial_encrypt<A: Algebra>(
    _: &A,
    _: &[&Number<A::Block>],
    _: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    Err(SHAPE)
}

/// Adds zeros or drops high digits. They stay as noisy as they are.
pub(crate) fn cast<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    _: FheType,
    to: FheType,
) -> Outcome<A::Block> {
    let [Encrypted(a)] = x else { return Err(SHAPE) };
    let mut digits = a.clone();
    digits.resize(to.blocks(), algebra.constant(0));
    if let (FheType::Bool, [digit]) = (to, &mut digits[..]) {
        // The lower of two bits: 0..=3, of noise level 2 at most.
        if algebra.degree(digit) > 1 {
            *digit = algebra.lookup(digit, &|value| value & 1);
        }
    }
    Ok(Encrypted(digits))
}
