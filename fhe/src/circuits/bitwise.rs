//! And, or, xor, not. A Bool is one digit with value 0 or 1, so the same circuits serve it.
//!
//! *Two ciphertexts*: `4 a + b` has both digits of two bits in it, so one bootstrap a digit gives
//! any function of them; for Bools, `2 a + b`. What is too noisy for that is cleaned first.
//!
//! | bootstrap | values | noise level |
//! |---|---|---|
//! | two clean digits | 0..=15 | 4 + 1 = 5 |
//! | two Bools, the one with less noise in front | 0..=3 | 2 + 2 = 4 |
//! | two Bools of level 2, cleaned one of them | 0..=3 | 2 + 2 = 4 |
//!
//! *A constant*: a digit of 0 or 3 copies, complements or drops the other operand's, for free.
//! One of 1 or 2 costs a bootstrap.

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::{Algebra, MAX_DIGIT, MAX_NOISE},
};
use crate::FheType;

/// Bits that both have.
pub(crate) fn and<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    by_digit(algebra, x, ty, |a, b| a & b)
}

/// Bits that either has.
pub(crate) fn or<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    by_digit(algebra, x, ty, |a, b| a | b)
}

/// Bits that one has and the other has not.
pub(crate) fn xor<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    by_digit(algebra, x, ty, |a, b| a ^ b)
}

/// Each bit's opposite.
pub(crate) fn not<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let [Encrypted(a)] = x else { return Err(SHAPE) };
    let top = top(ty);
    Ok(Encrypted(a.iter().map(|digit| algebra.complement(digit, top)).collect()))
}

/// The largest digit of a type.
const fn top(ty: FheType) -> i64 {
    if ty.bits() == 1 { 1 } else { MAX_DIGIT }
}

fn by_digit<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    function: fn(i64, i64) -> i64,
) -> Outcome<A::Block> {
    Ok(Encrypted(match x {
        [Encrypted(a), Encrypted(b)] => {
            algebra.each(a.len(), |position| both(algebra, &a[position], &b[position], function))
        }
        [Encrypted(a), Constant(_)] => {
            let k = x[1].digits(algebra, ty);
            algebra.each(a.len(), |position| one(algebra, &a[position], &k[position], ty, function))
        }
        [Constant(_), Encrypted(b)] => {
            let k = x[0].digits(algebra, ty);
            algebra.each(b.len(), |position| one(algebra, &b[position], &k[position], ty, function))
        }
        _ => return Err(SHAPE),
    }))
}

fn both<A: Algebra>(
    algebra: &A,
    a: &A::Block,
    b: &A::Block,
    function: fn(i64, i64) -> i64,
) -> A::Block {
    let (mut high, mut low) = (a.clone(), b.clone());
    if algebra.noise(&high) > algebra.noise(&low) {
        std::mem::swap(&mut high, &mut low);
    }
    let factor = algebra.degree(&low) + 1;
    let noisy = |high: &A::Block, low: &A::Block| {
        factor.unsigned_abs() * algebra.noise(high) + algebra.noise(low) > MAX_NOISE
    };
    if noisy(&high, &low) {
        high = algebra.clean(&high);
    }
    if noisy(&high, &low) {
        low = algebra.clean(&low);
    }
    let packed = algebra.add(&algebra.scale(&high, factor), &low);
    algebra.lookup(&packed, &|value| function(value / factor, value % factor))
}

fn one<A: Algebra>(
    algebra: &A,
    a: &A::Block,
    k: &A::Block,
    ty: FheType,
    function: fn(i64, i64) -> i64,
) -> A::Block {
    let k = algebra.degree(k);
    let bounds = algebra.bounds(a);
    let all = |wanted: &dyn Fn(i64) -> i64| {
        (bounds.low..=bounds.high).all(|value| function(value, k) == wanted(value))
    };
    // A copy or a complement is as noisy as the digit, which its record can say.
    if all(&|value| value) {
        a.clone()
    } else if all(&|value| top(ty) - value) {
        algebra.complement(a, top(ty))
    } else {
        algebra.lookup(a, &|value| function(value, k))
    }
}
