//! Carries: from columns of sums to digits.
//!
//! A column is a sum of digits of 0..=6. Bootstrap by bootstrap from the lowest, `x = column +
//! carry` becomes the digit `x mod 4` and the next carry `x div 4`, both from one bootstrap.
//!
//! | bootstrap | values | noise level |
//! |---|---|---|
//! | a column of two operands of level 2, and a carry | 0..=7 (two tables: 7 allowed) | 2 + 2 + 1 = 5 |
//!
//! `n` columns take `n` bootstraps one after the other. tfhe-rs separates carries from messages
//! first, which takes `2n` and fewer one after the other.
//!
//! [`Profile::Latency`] cuts the columns to groups. While the lowest group ripples, trees over the
//! other groups find out whether each makes a carry, kills it or lets it through: that is the sign
//! of the number with the digits `column - 3`. A bootstrap a group, one after the other, then gives
//! the carry into each, and all ripple at the same time.

use super::{
    algebra::{Algebra, Profile},
    tree,
};

/// Digits, and the carry out of them.
pub(super) struct Sum<B> {
    pub(super) digits: Vec<B>,
    pub(super) carry: B,
}

/// The digits of columns, lowest first, and a carry of 0 or 1 into the lowest. The carry out of
/// the highest is computed if it is `wanted`, and is zero else.
pub(super) fn ripple<A: Algebra>(
    algebra: &A,
    columns: &[A::Block],
    carry: A::Block,
    wanted: bool,
) -> Sum<A::Block> {
    match algebra.profile() {
        Profile::Latency if columns.len() > 4 => in_groups(algebra, columns, carry, wanted),
        _ => in_a_row(algebra, columns, carry, wanted),
    }
}

fn in_a_row<A: Algebra>(
    algebra: &A,
    columns: &[A::Block],
    carry: A::Block,
    wanted: bool,
) -> Sum<A::Block> {
    let mut sum = Sum { digits: Vec::with_capacity(columns.len()), carry };
    for (position, column) in columns.iter().enumerate() {
        let x = algebra.add(column, &sum.carry);
        if wanted || position + 1 < columns.len() {
            let mut parts = algebra.lookup_many(&x, &[&|x| x & 3, &|x| x >> 2]).into_iter();
            sum.digits.extend(parts.next());
            sum.carry = parts.next().expect("two tables have two results");
        } else {
            sum.digits.push(algebra.lookup(&x, &|x| x & 3));
            sum.carry = algebra.constant(0);
        }
    }
    sum
}

fn in_groups<A: Algebra>(
    algebra: &A,
    columns: &[A::Block],
    carry: A::Block,
    wanted: bool,
) -> Sum<A::Block> {
    // Twice the size of a group, and the number of groups, are what runs one after the other.
    let size = (1..).find(|size| 2 * size * size >= columns.len()).expect("some square is larger");
    let groups: Vec<&[A::Block]> = columns.chunks(size).collect();
    let (last, middle) = (groups.len() - 1, groups.len() - 2);
    let (first, signs) = algebra.both(
        || in_a_row(algebra, groups[0], carry, true),
        // Of the middle groups it is enough to know what they do to a carry.
        || {
            algebra.each(middle, |group| {
                let group = groups[group + 1].iter();
                let digits: Vec<_> = group.map(|column| algebra.add_clear(column, -3)).collect();
                let sum = tree::root(algebra, &digits, tree::SIGN);
                algebra.lookup(&sum, &|value| 2 * value.signum())
            })
        },
    );
    let mut carries = vec![first.carry];
    for sign in &signs {
        // 2 · sign + (2 · carry - 1): -3..=3, of noise level 1 + 2.
        let carry = algebra.scale(carries.last().expect("at least the first group's"), 2);
        let sum = algebra.add_clear(&algebra.add(sign, &carry), -1);
        carries.push(algebra.lookup(&sum, &|value| i64::from(value > 0)));
    }
    let sums = algebra.each(last, |group| {
        let wanted = wanted && group + 1 == last;
        in_a_row(algebra, groups[group + 1], carries[group].clone(), wanted)
    });
    let mut digits = first.digits;
    let mut carry = algebra.constant(0);
    for sum in sums {
        digits.extend(sum.digits);
        carry = sum.carry;
    }
    Sum { digits, carry }
}
