//! A tree over digits: what a sequence of digits amounts to, one bootstrap a digit.
//!
//! Each node takes the lowest digit of its sequence as it is, noise and all, and adds what its
//! two children found out about the lower and the upper half of the rest, each a fresh block that
//! weighs more than any digit. A bootstrap turns the sum into what the parent wants to know. So
//! `n` digits take `n` bootstraps, `⌈log₂(n + 1)⌉` one after the other.
//!
//! | bootstrap | values | noise level |
//! |---|---|---|
//! | a digit of two clean operands, two children | -15..=15 | 2 + 1 + 1 = 4 |
//! | a digit of a clean operand and one of level 2, two children | -15..=15 | 3 + 1 + 1 = 5 |
//! | a digit of two operands of level 2, one child | -7..=7 | 4 + 1 = 5 |
//!
//! There are no fewer bootstraps to be had this way. To take two digits of both operands, one
//! must weigh four times the other, so that they can be told apart: 4 + 4 + 1 + 1 = 10 noise
//! levels, or in the mean square 4² + 4² + 1 + 1 = 34, of 5 and 5² = 25 that are allowed. To clean
//! a packed pair first costs a bootstrap of its own, which is the one that it saves.

use super::algebra::{Algebra, MAX_NOISE};

/// What a tree finds out.
#[derive(Clone, Copy)]
pub(super) struct Question {
    /// Weights of the lower and the upper half.
    weights: [i64; 2],
    /// What a node tells its parent.
    answer: fn(i64) -> i64,
}

/// Which sign the number has whose digits are -3..=3, to the base 4: that of its highest digit
/// that is not zero.
pub(super) const SIGN: Question = Question { weights: [4, 8], answer: i64::signum };

/// Whether any digit is not zero, of digits -3..=3.
pub(super) const DIFFERENCE: Question =
    Question { weights: [4, 4], answer: |value| (value != 0) as i64 };

/// The sum at the root, lowest digit first: its sign is the sign of the number, or it is zero
/// if and only if all digits are. It is within -15..=15 and of noise level 5 at most.
pub(super) fn root<A: Algebra>(algebra: &A, digits: &[A::Block], question: Question) -> A::Block {
    let Some((lowest, rest)) = digits.split_first() else { return algebra.constant(0) };
    let room = MAX_NOISE.saturating_sub(algebra.noise(lowest));
    let halves = match rest.len() {
        0 => return lowest.clone(),
        1 => vec![rest],
        _ if room == 1 => vec![rest],
        n => {
            let (low, high) = rest.split_at(n / 2);
            vec![low, high]
        }
    };
    algebra
        .each(halves.len(), |half| {
            let sum = root(algebra, halves[half], question);
            let weight = question.weights[half];
            algebra.lookup(&sum, &move |value| weight * (question.answer)(value))
        })
        .iter()
        .fold(lowest.clone(), |sum, half| algebra.add(&sum, half))
}

/// The digits' differences `x - y`, without those that are known to be zero.
pub(super) fn differences<A: Algebra>(
    algebra: &A,
    x: &[A::Block],
    y: &[A::Block],
) -> Vec<A::Block> {
    x.iter()
        .zip(y)
        .map(|(x, y)| algebra.sub(x, y))
        .filter(|digit| {
            let bounds = algebra.bounds(digit);
            (bounds.low, bounds.high) != (0, 0)
        })
        .collect()
}
