//! Shifts and rotations, by amounts modulo the width.
//!
//! By an encrypted amount, bit by bit of it. The two highest bits move quarters of the number, by
//! conditional swaps: a bootstrap for *two* blocks. Which pairs the highest bit swaps depends on
//! whether a quarter wraps around by the other. A shift then blanks the quarters that wrapped. Each
//! lower bit takes a bootstrap a block, which gives both what stays of the block and what moves
//! on. tfhe-rs selects with bootstraps that give one block each.
//!
//! | bootstrap | reads | values | noise | leaves |
//! |---|---|---|---|---|
//! | a digit of the amount | digit | 0..=3, up to four tables | 1 | its bits, times 4 |
//! | the two highest bits | digit | 0..=3, three tables | 2 | what they control, times 4 or 8 |
//! | first swap of two blocks | `x - y + 8c` | -3..=11 | 3 | noise 2 |
//! | second swap | `x - y + 8c` | -3..=11 | 5 | noise 3 |
//! | blanking | `x + 4c` | 0..=7 | 4 | noise 1 |
//! | a lower bit | `x + 4c` | 0..=7, two tables | 4 | noise 2 |
//! | an odd constant amount | `4x + lower x` | 0..=15 | 5 | noise 1 |
//!
//! Rotations take 163 bootstraps at 64 bits, shifts 188. A third pair of swaps would need blocks of
//! noise level 1 again, which costs the bootstraps that it saves.

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome, SHAPE,
    algebra::{Algebra, MAX_DIGIT},
};
use crate::{FheType, reference};

/// The low bits of the first operand leave the type, and zeros come in from below.
pub(crate) fn shl<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    shift(algebra, Move { left: true, rotate: false }, x, ty)
}

/// As [`shl`], to lower weights.
pub(crate) fn shr<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    shift(algebra, Move { left: false, rotate: false }, x, ty)
}

/// As [`shl`], and what leaves at one end comes in at the other.
pub(crate) fn rotl<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    shift(algebra, Move { left: true, rotate: true }, x, ty)
}

/// As [`rotl`], to lower weights.
pub(crate) fn rotr<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    ty: FheType,
    _: FheType,
) -> Outcome<A::Block> {
    shift(algebra, Move { left: false, rotate: true }, x, ty)
}

fn shift<A: Algebra>(
    algebra: &A,
    kind: Move,
    x: &[&Number<A::Block>],
    ty: FheType,
) -> Outcome<A::Block> {
    let [number, amount] = x else { return Err(SHAPE) };
    let number = kind.turn(number.digits(algebra, ty));
    let moved = match amount {
        Constant(amount) => by_constant(algebra, kind, number, reference::amount(*amount, ty)),
        Encrypted(amount) => by_encrypted(algebra, kind, number, amount),
    };
    Ok(Encrypted(kind.turn(moved)))
}

/// Where bits go to.
#[derive(Clone, Copy, Debug)]
struct Move {
    /// To higher weights.
    left: bool,
    /// Those that leave at one end come in at the other.
    rotate: bool,
}

impl Move {
    /// What stays of a digit, and what the next one gets, if it moves by one bit.
    const fn halves(self, x: i64) -> (i64, i64) {
        if self.left { ((2 * x) & MAX_DIGIT, x >> 1) } else { (x >> 1, (2 * x) & MAX_DIGIT) }
    }

    /// The number turned around, if it moves to lower weights: from here on all moves are to higher
    /// places.
    fn turn<B>(self, mut blocks: Vec<B>) -> Vec<B> {
        if !self.left {
            blocks.reverse();
        }
        blocks
    }

    /// The place that is `by` lower, if there is one.
    fn below(self, place: usize, by: usize, length: usize) -> Option<usize> {
        place.checked_sub(by).or_else(|| self.rotate.then(|| place + length - by))
    }
}

/// An odd amount costs a bootstrap a block that is left, an even one nothing.
fn by_constant<A: Algebra>(
    algebra: &A,
    kind: Move,
    mut number: Vec<A::Block>,
    amount: usize,
) -> Vec<A::Block> {
    let (length, odd) = (number.len(), amount % 2 == 1);
    if odd {
        number = algebra.each(length, |place| algebra.clean(&number[place]));
    }
    let zero = algebra.constant(0);
    let source = |place: usize, by: usize| {
        kind.below(place, by, length).map_or(&zero, |place| &number[place])
    };
    algebra.each(length, |place| {
        let here = source(place, amount / 2);
        if !odd {
            return here.clone();
        }
        let lower = match kind.below(place, amount / 2, length) {
            Some(place) => kind.below(place, 1, length).map_or(&zero, |place| &number[place]),
            None => &zero,
        };
        let packed = algebra.add(&algebra.scale(here, MAX_DIGIT + 1), lower);
        algebra.lookup(&packed, &|x| kind.halves(x >> 2).0 | kind.halves(x & MAX_DIGIT).1)
    })
}

/// Moves a number of `2^k` blocks by the low `k + 1` bits of an amount.
fn by_encrypted<A: Algebra>(
    algebra: &A,
    kind: Move,
    number: Vec<A::Block>,
    amount: &[A::Block],
) -> Vec<A::Block> {
    let bits = number.len().ilog2() as usize + 1;
    let (amount, number) = algebra.both(
        || Amount::new(algebra, amount, bits, kind.rotate),
        || algebra.each(number.len(), |place| algebra.clean(&number[place])),
    );
    let mut number = quarters(algebra, number, &amount);
    let stays = |x: i64| if x > MAX_DIGIT { 0 } else { x };
    let moves = |x: i64| (x - 4).max(0);
    for (bit, control) in amount.low.iter().enumerate().skip(1) {
        number = step(algebra, kind, &number, control, 1 << (bit - 1), [&stays, &moves]);
    }
    let stays = |x: i64| if x > MAX_DIGIT { kind.halves(x - 4).0 } else { x };
    let moves = |x: i64| if x > MAX_DIGIT { kind.halves(x - 4).1 } else { 0 };
    step(algebra, kind, &number, &amount.low[0], 1, [&stays, &moves])
}

/// What the bits of an amount control.
struct Amount<B> {
    /// All bits but the two highest, times 4, the lowest first.
    low: Vec<B>,
    /// The second highest bit, times 8.
    odd: B,
    /// The highest bit, plus what the second highest carries into it, times 8: for quarters at even
    /// places and at odd ones.
    half: [B; 2],
    /// Of the quarters but the highest, whether what is there did not wrap around, times 4. For
    /// shifts only.
    valid: Vec<B>,
}

impl<B: Clone + Send + Sync> Amount<B> {
    fn new<A: Algebra<Block = B>>(algebra: &A, amount: &[B], bits: usize, rotate: bool) -> Self {
        let digit = |index: usize| algebra.clean(&amount[index]);
        let whole = (bits - 2) / 2;
        let pairs = algebra.each(whole, |index| {
            algebra.lookup_many(&digit(index), &[&|x| 4 * (x & 1), &|x| 4 * ((x >> 1) & 1)])
        });
        let mut low: Vec<B> = pairs.into_iter().flatten().collect();
        let high = if bits.is_multiple_of(2) {
            digit(whole)
        } else {
            // The two highest bits are in different digits.
            let parts = algebra.lookup_many(&digit(whole), &[&|x| 4 * (x & 1), &|x| (x >> 1) & 1]);
            low.push(parts[0].clone());
            let highest = algebra.lookup(&digit(whole + 1), &|x| 2 * (x & 1));
            algebra.add(&parts[1], &highest)
        };
        let control = |bit: fn(i64) -> i64| move |x: i64| 8 * (bit(x) & 1);
        let controls = algebra.lookup_many(
            &high,
            &[&control(|x| x), &control(|x| (x >> 1) ^ x), &control(|x| x >> 1)],
        );
        let at_most = |limit: i64| move |x: i64| 4 * i64::from(x <= limit);
        let valid = if rotate {
            Vec::new()
        } else {
            algebra.lookup_many(&high, &[&at_most(0), &at_most(1), &at_most(2)])
        };
        let half = [controls[1].clone(), controls[2].clone()];
        Self { low, odd: controls[0].clone(), half, valid }
    }
}

/// Moves the quarters of a number by the two highest bits of the amount.
fn quarters<A: Algebra>(
    algebra: &A,
    mut number: Vec<A::Block>,
    amount: &Amount<A::Block>,
) -> Vec<A::Block> {
    let quarter = number.len() / 4;
    // The second highest bit exchanges neighbours. A quarter that comes to an even place by that
    // wraps around, to the other half.
    swap(algebra, &mut number, [(0, 1, &amount.odd), (2, 3, &amount.odd)]);
    swap(algebra, &mut number, [(0, 2, &amount.half[0]), (1, 3, &amount.half[1])]);
    let blanked = algebra.each(amount.valid.len() * quarter, |place| {
        let sum = algebra.add(&number[place], &amount.valid[place / quarter]);
        algebra.lookup(&sum, &|x| (x - 4).max(0))
    });
    number.splice(..blanked.len(), blanked);
    number
}

/// Exchanges pairs of quarters, each where its control is 8 and not where it is 0.
fn swap<A: Algebra>(algebra: &A, number: &mut [A::Block], pairs: [(usize, usize, &A::Block); 2]) {
    let quarter = number.len() / 4;
    let places = |index: usize| {
        let (low, high, control) = pairs[index / quarter];
        let offset = index % quarter;
        (low * quarter + offset, high * quarter + offset, control)
    };
    let differences = algebra.each(2 * quarter, |index| {
        let (low, high, control) = places(index);
        let difference = algebra.sub(&number[low], &number[high]);
        let sum = algebra.add(&difference, control);
        algebra.lookup(&sum, &|x| if x > MAX_DIGIT { x - 8 } else { 0 })
    });
    for (index, difference) in differences.iter().enumerate() {
        let (low, high, _) = places(index);
        // Both results are one of the two.
        let (a, b) = (algebra.bounds(&number[low]), algebra.bounds(&number[high]));
        let one_of =
            |result: &A::Block| algebra.narrow(result, a.low.min(b.low), a.high.max(b.high));
        let one = one_of(&algebra.sub(&number[low], difference));
        let other = one_of(&algebra.add(&number[high], difference));
        (number[low], number[high]) = (one, other);
    }
}

/// Leaves the first part of each block where it is, and moves the second part on by some blocks.
/// Parts are tables of the block plus a control, which is 4 or 0.
fn step<A: Algebra>(
    algebra: &A,
    kind: Move,
    number: &[A::Block],
    control: &A::Block,
    blocks: usize,
    [stays, moves]: [&(dyn Fn(i64) -> i64 + Sync); 2],
) -> Vec<A::Block> {
    let length = number.len();
    let parts = algebra.each(length, |place| {
        let sum = algebra.add(&number[place], control);
        if kind.rotate || place + blocks < length {
            algebra.lookup_many(&sum, &[stays, moves])
        } else {
            vec![algebra.lookup(&sum, stays)]
        }
    });
    let join = |place: usize| {
        let stays = &parts[place][0];
        let Some(lower) = kind.below(place, blocks, length) else { return stays.clone() };
        // They have no bit in common.
        algebra.narrow(&algebra.add(stays, &parts[lower][1]), 0, MAX_DIGIT)
    };
    (0..length).map(join).collect()
}
