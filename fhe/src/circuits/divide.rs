//! Quotients and remainders by constants.
//!
//! A quotient is the upper part of a product with the reciprocal: `floor(x · m / 4^f)` for an `m`
//! near `4^f / d`. Only that part is computed: blocks more than a few columns below the point are
//! dropped, and a constant makes up for them. If what comes out is at least `x / d` and less than
//! `x / d + 1 / d`, its integer part is the quotient, since `x / d` is at least `1 / d` below the
//! next integer. So about half of the product is needed, where tfhe-rs computes all of it and more
//! to correct it. Which `m`, and how many columns, is chosen by cost among those that are exact.
//!
//! The remainder is `x - quotient · d`, in the few columns that a remainder has.
//!
//! All bootstraps are those of [`Multiple`] and [`Columns`].

use alloy_primitives::U512;

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::Algebra,
    columns::Columns,
    multiple::{Multiple, Window},
    multiply::product,
};
use crate::FheType;

/// How many positions of the point, from the coarsest that is precise enough, are tried for the
/// cheapest product.
const POINTS: usize = 6;

/// Which neighbours of the reciprocal, rounded down, are tried.
const NEIGHBOURS: [u64; 4] = [0, 1, 2, 3];

/// How many numbers of columns below the point are tried.
const GUARDS: usize = 8;

const ONE: U512 = U512::ONE;

/// `floor(a / divisor)`. The divisor is a constant: the executor takes no other, and no zero.
pub(crate) fn div<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let [Encrypted(a), divisor] = x else { return Err(SHAPE) };
    Ok(Encrypted(quotient(algebra, a, constant(divisor)?, ty.blocks())))
}

/// `a mod divisor`, as [`div`].
pub(crate) fn rem<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    _: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let [Encrypted(a), divisor] = x else { return Err(SHAPE) };
    Ok(Encrypted(remainder(algebra, a, constant(divisor)?)))
}

/// `floor(a · b / divisor)` modulo the width, with a product of twice the width.
pub(crate) fn mul_div<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    let [factors @ .., divisor] = x else { return Err(SHAPE) };
    let divisor = constant(divisor)?;
    let product = product(algebra, factors, 2 * ty.blocks())?;
    Ok(Encrypted(quotient(algebra, &product, divisor, ty.blocks())))
}

fn constant<B>(divisor: &Number<B>) -> Result<U512, &'static str> {
    match divisor {
        Constant(divisor) if divisor.is_zero() => Err("division by zero"),
        Constant(divisor) => Ok(U512::from(*divisor)),
        Encrypted(_) => Err(SHAPE),
    }
}

/// `floor(number / divisor)` modulo `4^width`.
fn quotient<A: Algebra>(
    algebra: &A,
    number: &[A::Block],
    divisor: U512,
    width: usize,
) -> Vec<A::Block> {
    // Factors of four are blocks to drop.
    let dropped = (divisor.trailing_zeros() / 2).min(number.len());
    let (number, divisor) = (&number[dropped..], divisor >> (2 * dropped));
    let mut quotient = if divisor.bit_len() > 2 * number.len() {
        Vec::new()
    } else if divisor == ONE {
        number[..number.len().min(width)].to_vec()
    } else {
        by_reciprocal(algebra, number, divisor, width)
    };
    quotient.resize(width, algebra.constant(0));
    quotient
}

fn by_reciprocal<A: Algebra>(
    algebra: &A,
    number: &[A::Block],
    divisor: U512,
    width: usize,
) -> Vec<A::Block> {
    let length = number.len();
    // The quotient has no more blocks than this.
    let width = width.min((2 * length + 2 - divisor.bit_len()).div_ceil(2));
    let coarsest = (2 * length + divisor.bit_len()).div_ceil(2);
    let reciprocal = (coarsest..coarsest + POINTS)
        .flat_map(|point| NEIGHBOURS.map(|neighbour| (point, neighbour)))
        .filter_map(|(point, neighbour)| Reciprocal::new(divisor, length, width, point, neighbour))
        .min_by_key(|reciprocal| reciprocal.multiple.cost())
        .expect("the finest one, rounded up, is precise enough");
    let mut columns = Columns::new(reciprocal.guard + width);
    reciprocal.multiple.add(algebra, number, &mut columns);
    columns.add_constant(0, reciprocal.correction);
    columns.total(algebra, reciprocal.guard)
}

/// How to multiply by an approximation of `1 / divisor`.
#[derive(Debug)]
struct Reciprocal {
    multiple: Multiple,
    /// Columns below the point.
    guard: usize,
    /// What makes the product too large rather than too small, in units of the lowest column.
    correction: i64,
}

impl Reciprocal {
    /// `(floor(4^point / divisor) + neighbour) / 4^point`, if it is precise enough for numbers of
    /// `length` blocks.
    fn new(
        divisor: U512,
        length: usize,
        width: usize,
        point: usize,
        neighbour: u64,
    ) -> Option<Self> {
        let one = ONE << (2 * point);
        let factor = one / divisor + U512::from(neighbour);
        let product = factor * divisor;
        let largest = (ONE << (2 * length)) - ONE;
        let coarsest = divisor.bit_len().div_ceil(2) + 1;
        (coarsest..=point).take(GUARDS).find_map(|guard| {
            let from = point - guard;
            let multiple = Multiple::new(factor, Window { length, from, to: point + width });
            let (too_small, too_large) = multiple.dropped();
            // `1 / divisor` in units of the lowest column is `one / unit`.
            let unit = divisor << (2 * from);
            // What the approximation makes of the largest number, rounded up.
            let error = (product.abs_diff(one) * largest).div_ceil(unit);
            let (below, above) =
                if product < one { (error, U512::ZERO) } else { (U512::ZERO, error) };
            let correction = U512::from(too_small) + below;
            let exact = (correction + U512::from(too_large) + above) * unit < one;
            let correction = i64::try_from(correction).ok()?;
            exact.then_some(Self { multiple, guard, correction })
        })
    }
}

fn remainder<A: Algebra>(algebra: &A, number: &[A::Block], divisor: U512) -> Vec<A::Block> {
    let length = number.len();
    if divisor.bit_len() > 2 * length {
        return number.to_vec();
    }
    // The blocks of what is below the divisor.
    let width = (divisor - ONE).bit_len().div_ceil(2);
    let mut remainder = number[..width].to_vec();
    if divisor.is_power_of_two() {
        if divisor.trailing_zeros() % 2 == 1 {
            remainder[width - 1] = algebra.lookup(&number[width - 1], &|x| x & 1);
        }
    } else {
        let quotient = quotient(algebra, number, divisor, width);
        let minus = (ONE << (2 * width)) - divisor;
        let mut columns = Columns::new(width);
        Multiple::new(minus, Window { length: width, from: 0, to: width }).add(
            algebra,
            &quotient,
            &mut columns,
        );
        columns.add_all(algebra, 0, &number[..width]);
        remainder = columns.total(algebra, 0);
    }
    remainder.resize(length, algebra.constant(0));
    remainder
}
