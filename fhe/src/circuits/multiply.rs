//! Products.
//!
//! *Two ciphertexts.* `a · b = C(a + b, 2) - C(a, 2) - C(b, 2)`: one bootstrap of the *sum* of two
//! digits has all there is to know of their product, and needs no packing of both. With a linear
//! part, `g(x) = C(x, 2) - 2x + 3` is 3, 1, 0, 0, 1, 3, 6 for `x` = 0..=6: a digit and a carry of
//! 0 or 1, both from one bootstrap. tfhe-rs takes one for each half of the product.
//!
//! What is left depends on one digit at a time: `a · b = g(a + b) - 3 + h(a) + h(b)` with
//! `h(a) = 2a - C(a, 2)`. Summed over all pairs this is, for `H` the number with the digits
//! `h(aᵢ) + h(bᵢ)`, `H · (1 + 4 + 16 + …) = -H / 3`, whose digits come one after the other at
//! three bootstraps each. They also take up the constant. If the product is cut to its factors'
//! width, each factor's highest digit has one partner only, and a bootstrap of both digits gives
//! their product without any remainder.
//!
//! | bootstrap | values | noise |
//! |---|---|---|
//! | `a + b`, of level 2 each at most | 0..=6, two tables | 4 |
//! | `4a + b`, for `h(a) + h(b)` and for products without remainder | 0..=15 | 5 |
//! | a digit of `-H / 3` | 0..=14 | 2 |
//!
//! [`Columns`] adds up. At 64 bits it is 528 bootstraps for the pairs, 93 for the remainder and 517
//! for the sum of 1,056 digits and carries. 1,100 would take a sum of fewer: but a bootstrap bears
//! five blocks of noise level 1, and a message and a carry come out, from one bootstrap if the sum is
//! 7 at most and else from two. So a carry costs a third of a bootstrap and a digit two thirds:
//! 496 of the former and 560 of the latter are 538, less what the highest column saves.
//!
//! *A short factor*, which a cast has widened, has few pairs. Each takes two bootstraps of both
//! digits, a message and a carry, and there is no remainder.
//!
//! *A ciphertext and a constant*: see [`Multiple`].

use alloy_primitives::U512;

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::{Algebra, MAX_DIGIT, SPACE, Table},
    columns::{self, Columns},
    multiple::{Multiple, Window},
};
use crate::FheType;

/// `g`, by the sum of two digits.
const SQUARE: [i64; 7] = [3, 1, 0, 0, 1, 3, 6];

/// `h`, by a digit.
const LINEAR: [i64; 4] = [0, 2, 3, 3];

/// The length from which on a factor's products are computed by `g`. Those of a shorter one, which a
/// cast has widened, are fewer than what would be left.
const LONG: usize = 5;

/// What `g` is too large by.
const EXCESS: i64 = 3;

/// `a · b`, modulo the width.
pub(crate) fn mul<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    Ok(Encrypted(product(algebra, x, ty.blocks())?))
}

/// The product of two factors, of which one may be constant, modulo `4^width`.
pub(super) fn product<A: Algebra>(
    algebra: &A,
    factors: &[&Number<A::Block>],
    width: usize,
) -> Result<Vec<A::Block>, &'static str> {
    match factors {
        [Encrypted(a), Encrypted(b)] => Ok(of_encrypted(algebra, a, b, width)),
        [Encrypted(a), Constant(b)] | [Constant(b), Encrypted(a)] => {
            let factor = U512::from(*b) & (U512::MAX >> (512 - 2 * width));
            let window = Window { length: a.len().min(width), from: 0, to: width };
            let mut columns = Columns::new(width);
            Multiple::new(factor, window).add(algebra, a, &mut columns);
            Ok(columns.total(algebra, 0))
        }
        _ => Err(SHAPE),
    }
}

fn of_encrypted<A: Algebra>(
    algebra: &A,
    a: &[A::Block],
    b: &[A::Block],
    width: usize,
) -> Vec<A::Block> {
    let ((a, low), (b, lower)) = (significant(algebra, a), significant(algebra, b));
    let zeros = (low + lower).min(width);
    let mut product = vec![algebra.constant(0); zeros];
    let width = width - zeros;
    let (a, b) = (&a[..a.len().min(width)], &b[..b.len().min(width)]);
    if a.is_empty() || b.is_empty() {
        product.resize(zeros + width, algebra.constant(0));
        return product;
    }
    product.extend(sum_of_products(algebra, a, b, width).total(algebra, 0));
    product
}

/// The digits between constant zeros, which casts and shifts leave, and the number of those below.
fn significant<'a, A: Algebra>(algebra: &A, blocks: &'a [A::Block]) -> (&'a [A::Block], usize) {
    let counts = |block: &A::Block| algebra.degree(block) > 0;
    let start = blocks.iter().position(counts).unwrap_or(blocks.len());
    let end = blocks.iter().rposition(counts).map_or(start, |last| last + 1);
    (&blocks[start..end], start)
}

fn sum_of_products<A: Algebra>(
    algebra: &A,
    a: &[A::Block],
    b: &[A::Block],
    width: usize,
) -> Columns<A::Block> {
    let mut columns = Columns::new(width);
    let pairs: Vec<(usize, usize)> =
        (0..a.len()).flat_map(|i| (0..b.len().min(width - i)).map(move |j| (i, j))).collect();
    let alike = a.len() == b.len();
    let short = a.len().min(b.len()) < LONG;
    let clean = |x: &[A::Block]| algebra.each(x.len(), |index| algebra.clean(&x[index]));
    let (clean_a, clean_b) =
        if alike || short { (clean(a), clean(b)) } else { (Vec::new(), Vec::new()) };
    let packed =
        |i: usize, j: usize| algebra.add(&algebra.scale(&clean_a[i], MAX_DIGIT + 1), &clean_b[j]);
    // Message and carry of a product, the latter where it is not dropped.
    let parts = |x: &A::Block, column: usize, tables: [Table<'_>; 2]| {
        let wanted = if column + 1 == width { &tables[..1] } else { &tables[..] };
        if algebra.degree(x) < SPACE / 2 {
            algebra.lookup_many(x, wanted)
        } else {
            algebra.each(wanted.len(), |table| algebra.lookup(x, wanted[table]))
        }
    };

    if short {
        let message = |x: i64| ((x >> 2) * (x & MAX_DIGIT)) & MAX_DIGIT;
        let carry = |x: i64| ((x >> 2) * (x & MAX_DIGIT)) >> 2;
        let products = algebra.each(pairs.len(), |index| {
            let (i, j) = pairs[index];
            parts(&packed(i, j), i + j, [&message, &carry])
        });
        for ((i, j), parts) in pairs.into_iter().zip(&products) {
            columns.add_all(algebra, i + j, parts);
        }
        return columns;
    }

    let linear = |digit: i64| LINEAR[digit as usize];
    // The products of a highest digit, which leave the remainder of its partner only.
    let cut = alike && a.len() == width;
    let single = |i: usize, j: usize| cut && (i + 1 == width || j + 1 == width);
    let message = |x: i64| SQUARE[x as usize] & MAX_DIGIT;
    let carry = |x: i64| SQUARE[x as usize] >> 2;
    let products = algebra.each(pairs.len(), |index| {
        let (i, j) = pairs[index];
        if single(i, j) {
            // The partner's remainder is among the others', so it is taken off here.
            return vec![algebra.lookup(&packed(i, j), &|x| {
                let (a, b) = (x >> 2, x & MAX_DIGIT);
                (a * b - linear(if i == 0 { a } else { b })) & MAX_DIGIT
            })];
        }
        parts(&algebra.add(&a[i], &b[j]), i + j, [&message, &carry])
    });
    for ((i, j), parts) in pairs.into_iter().zip(&products) {
        columns.add_all(algebra, i + j, parts);
        if !single(i, j) {
            columns.add_constant(i + j, -EXCESS);
        }
    }

    if alike {
        let length = a.len() - usize::from(cut);
        repeat(algebra, &mut columns, length, b.len(), |i, constant| {
            algebra.lookup(&packed(i, i), &|x| linear(x >> 2) + linear(x & MAX_DIGIT) + constant)
        });
    } else {
        for (factor, other) in [(a, b), (b, a)] {
            repeat(algebra, &mut columns, factor.len(), other.len(), |i, constant| {
                algebra.lookup(&factor[i], &|x| linear(x) + constant)
            });
        }
    }
    columns
}

/// Adds `H · (1 + 4 + … + 4^(times - 1))` for the number `H` with `length` digits, up to 6 each, and
/// what of the columns' constant part it can take up.
///
/// `y = -H / 3` is `y = H + 4y`: digit `k` of `y` is that of `h[k] + y[k - 1]` and a carry. As
/// soon as `H` has no more digits, all of `y`'s are the same. `H · (1 - 4^times) / (1 - 4)` is
/// `y - 4^times · y`.
fn repeat<A: Algebra>(
    algebra: &A,
    columns: &mut Columns<A::Block>,
    length: usize,
    times: usize,
    digit: impl Fn(usize, i64) -> A::Block + Sync + Send,
) {
    let width = columns.width();
    // With the digits of -3 times the constant added to H, -H / 3 has the constant in it.
    let constant = columns.constant();
    let absorbed = columns::digits(constant[..length].iter().map(|digit| -3 * digit));
    for (column, digit) in absorbed.iter().enumerate() {
        for column in column..(column + times).min(width) {
            columns.add_constant(column, -digit);
        }
    }
    let terms = algebra.each(length, |index| digit(index, absorbed[index]));

    let message = |x: i64| x & MAX_DIGIT;
    // The next column's lower digit and carry.
    let next = |x: i64| (x & MAX_DIGIT) + (x >> 2);
    let (mut state, mut y) = (algebra.constant(0), Vec::with_capacity(width));
    for term in &terms {
        let sum = algebra.add(&state, term);
        if algebra.degree(&sum) < SPACE / 2 {
            let mut both = algebra.lookup_many(&sum, &[&message, &next]).into_iter();
            y.extend(both.next());
            state = both.next().expect("two tables have two results");
        } else if y.len() + 1 < width {
            let (digit, rest) =
                algebra.both(|| algebra.lookup(&sum, &message), || algebra.lookup(&sum, &next));
            y.push(digit);
            state = rest;
        } else {
            y.push(algebra.lookup(&sum, &message));
        }
    }
    if y.len() + 1 < width {
        y.push(algebra.lookup(&state, &message));
        state = algebra.lookup(&state, &next);
    }
    // In the highest column the state will do as it is: multiples of four do not count.
    y.resize(width, state);
    for (column, digit) in y.iter().enumerate() {
        columns.add(algebra, column, digit);
        columns.subtract(algebra, column + times, digit);
    }
}
