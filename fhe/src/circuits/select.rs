//! The conditional.
//!
//! Let `d = a - b`, digit by digit, and let `c` be 0 or a weight that is larger than the distance
//! between any two values of `d`. Then `d + c` tells both apart, one bootstrap a digit gives
//! `condition ? d : 0`, and adding `b` gives the result. `c` is the condition times the weight: by
//! multiplication where the noise allows it, else by one bootstrap for all digits. Whoever makes a
//! condition just for this makes it at that scale.
//!
//! | bootstrap | values | noise level |
//! |---|---|---|
//! | two ciphertexts, weight 7 from a bootstrap | -3..=10 | 1 + 2 + 2 = 5 |
//! | a ciphertext and a constant, weight 4 by multiplication | -3..=7 | 4 + 1 = 5 |
//! | two Bools, weight 3 by multiplication | -1..=4 | 3 + 1 + 1 = 5 |
//!
//! With two ciphertexts the result has noise level 2, a bootstrap and a branch. It is a digit all
//! the same, for it is one of the branches. If both branches have level 2 the sum would have 3: it
//! is cleaned, at another bootstrap a digit. With a constant branch the result is clean.
//!
//! Several choices by one condition scale it once ([`prepare`]).
//!
//! 32 bootstraps for two 64-bit ciphertexts instead of 33 need a condition at scale 7: as stored,
//! at scale 1, it would bring noise level 7 by itself.

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::{Algebra, MAX_NOISE, MAX_STORED_NOISE, Table},
};
use crate::FheType;

/// `condition ? a : b`.
pub(crate) fn select<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let [condition, a, b] = x else { return Err(SHAPE) };
    let condition = match condition {
        Constant(condition) => {
            let chosen = if condition.is_zero() { b } else { a };
            return Ok((*chosen).clone());
        }
        Encrypted(condition) => condition.first().ok_or(SHAPE)?,
    };
    let (a, b) = (a.digits(algebra, ty), b.digits(algebra, ty));
    if let (Some(a), Some(b)) = (clear(algebra, &a), clear(algebra, &b)) {
        return Ok(Encrypted(constants(algebra, condition, &a, &b)));
    }
    let weight = weight(algebra, &a, &b);
    let noise = a.iter().zip(&b).map(|(a, b)| algebra.noise(a) + algebra.noise(b)).max();
    let noise = noise.ok_or(SHAPE)? + weight.unsigned_abs() * algebra.noise(condition);
    let condition = if noise <= MAX_NOISE {
        algebra.scale(condition, weight)
    } else {
        algebra.lookup(condition, &|condition| weight * condition)
    };
    Ok(Encrypted(choose(algebra, &condition, weight, &a, &b)))
}

/// What a prepared condition weighs: enough to choose between any two numbers.
pub(super) const SCALE: i64 = 7;

/// A condition of [`SCALE`] or 0.
pub(super) fn prepare<A: Algebra>(algebra: &A, condition: &A::Block) -> A::Block {
    algebra.lookup(condition, &|condition| SCALE * condition)
}

/// What a true condition must weigh to choose between these: [`choose`] takes it.
pub(super) fn weight<A: Algebra>(algebra: &A, a: &[A::Block], b: &[A::Block]) -> i64 {
    let width = |(a, b)| {
        let bounds = algebra.bounds(&algebra.sub(a, b));
        bounds.high - bounds.low + 1
    };
    a.iter().zip(b).map(width).max().unwrap_or(1)
}

/// `condition ? a : b`, for a condition of 0 or [`weight`].
pub(super) fn choose<A: Algebra>(
    algebra: &A,
    condition: &A::Block,
    weight: i64,
    a: &[A::Block],
    b: &[A::Block],
) -> Vec<A::Block> {
    let known = algebra.bounds(condition);
    if known.low == known.high {
        return if known.low == 0 { b } else { a }.to_vec();
    }
    let negation = algebra.complement(condition, weight);
    algebra.each(a.len(), |position| {
        let (a, b) = (&a[position], &b[position]);
        // The branch that stays is the one with less noise.
        let (moved, kept, condition) = if algebra.noise(b) <= algebra.noise(a) {
            (a, b, condition)
        } else {
            (b, a, &negation)
        };
        let difference = algebra.sub(moved, kept);
        let highest = algebra.degree(&difference);
        let step = algebra.lookup(&algebra.add(&difference, condition), &|value| {
            if value > highest { value - weight } else { 0 }
        });
        let sum = algebra.add(kept, &step);
        // It is one of the two, and no digit is negative.
        let highest = algebra.degree(a).max(algebra.degree(b));
        let chosen = algebra.narrow(&sum, 0, highest);
        if algebra.noise(&chosen) > MAX_STORED_NOISE { algebra.clean(&chosen) } else { chosen }
    })
}

/// The digits, if all are constant.
fn clear<A: Algebra>(algebra: &A, x: &[A::Block]) -> Option<Vec<i64>> {
    x.iter()
        .map(|digit| {
            let bounds = algebra.bounds(digit);
            (bounds.noise == 0).then_some(bounds.high)
        })
        .collect()
}

/// `condition ? a : b` for constants: a digit is `b` and 0, 1, 2 or 3 times the condition up or
/// down, and one bootstrap of the condition gives all that are needed.
fn constants<A: Algebra>(algebra: &A, condition: &A::Block, a: &[i64], b: &[i64]) -> Vec<A::Block> {
    // The condition itself is a step of 1.
    let mut steps: Vec<i64> =
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).filter(|step| *step > 1).collect();
    steps.sort_unstable();
    steps.dedup();
    let condition = algebra.clean(condition);
    let tables: Vec<_> = steps.iter().map(|step| move |value: i64| step * value).collect();
    let tables: Vec<_> = tables.iter().map(|table| table as Table<'_>).collect();
    let scaled = algebra.lookup_many(&condition, &tables);
    a.iter()
        .zip(b)
        .map(|(a, b)| {
            let step = (a - b).abs();
            let up = match steps.iter().position(|other| *other == step) {
                Some(index) => scaled[index].clone(),
                None => algebra.scale(&condition, step),
            };
            if a >= b { algebra.add_clear(&up, *b) } else { algebra.complement(&up, *b) }
        })
        .collect()
}
