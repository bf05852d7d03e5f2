//! Addition, subtraction, negation: one ripple of carries.
//!
//! | operation | columns | first carry |
//! |---|---|---|
//! | `a + b` | `a + b` | 0 |
//! | `a - b` | `a + (3 - b)` | 1 |
//! | `a - k` | `a + (-k)` | 0 |
//! | `k - b` | `(k + 1) + (3 - b)` | 0 |
//!
//! `3 - b` is a digit's complement, exact and for free. The last carry of `a - b` is `a ≥ b`, that of
//! `a + b` tells whether it wraps: one chain gives both to whoever wants both. Where a constant's lowest digits are zero, the
//! result's are those of the other operand, for free.
//!
//! Each column is a sum of two digits, 0..=6, of noise level 4 at most; [`ripple`] says what
//! follows. A digit costs one bootstrap, and results are clean.

use alloy_primitives::U256;

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::Algebra,
    digits,
    ripple::{Sum, ripple},
};
use crate::FheType;

/// `a + b`, modulo the width.
pub(crate) fn add<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let [a, b] = x else { return Err(SHAPE) };
    let columns = columns(algebra, &a.digits(algebra, ty), &b.digits(algebra, ty));
    Ok(Encrypted(ripple(algebra, &columns, algebra.constant(0), false).digits))
}

/// `a - b`, modulo the width.
pub(crate) fn sub<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let digits = match x {
        [Encrypted(a), Encrypted(b)] => difference(algebra, a, b, false).digits,
        [a, Constant(b)] => {
            let (a, minus) = (a.digits(algebra, ty), digits(algebra, b.wrapping_neg(), ty));
            ripple(algebra, &columns(algebra, &a, &minus), algebra.constant(0), false).digits
        }
        [Constant(a), Encrypted(b)] => from_constant(algebra, *a, b, ty),
        _ => return Err(SHAPE),
    };
    Ok(Encrypted(digits))
}

/// `-b`, modulo the width.
pub(crate) fn neg<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    match x {
        [Encrypted(b)] => Ok(Encrypted(from_constant(algebra, U256::ZERO, b, ty))),
        _ => Err(SHAPE),
    }
}

/// `a + b`, and whether it wraps.
pub(super) fn sum_with_carry<A: Algebra>(
    algebra: &A,
    a: &[A::Block],
    b: &[A::Block],
) -> Sum<A::Block> {
    ripple(algebra, &columns(algebra, a, b), algebra.constant(0), true)
}

/// `a - b`, with `a ≥ b` for its carry where that is `wanted`.
pub(super) fn difference<A: Algebra>(
    algebra: &A,
    a: &[A::Block],
    b: &[A::Block],
    wanted: bool,
) -> Sum<A::Block> {
    let columns = columns(algebra, a, &complements(algebra, b));
    ripple(algebra, &columns, algebra.constant(1), wanted)
}

fn from_constant<A: Algebra>(algebra: &A, a: U256, b: &[A::Block], ty: FheType) -> Vec<A::Block> {
    let a = digits(algebra, a.wrapping_add(U256::ONE), ty);
    let columns = columns(algebra, &a, &complements(algebra, b));
    ripple(algebra, &columns, algebra.constant(0), false).digits
}

fn columns<A: Algebra>(algebra: &A, a: &[A::Block], b: &[A::Block]) -> Vec<A::Block> {
    a.iter().zip(b).map(|(a, b)| algebra.add(a, b)).collect()
}

fn complements<A: Algebra>(algebra: &A, x: &[A::Block]) -> Vec<A::Block> {
    x.iter().map(|x| algebra.complement(x, 3)).collect()
}
