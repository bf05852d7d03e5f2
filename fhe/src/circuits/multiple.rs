//! Multiples of an encrypted number by a constant.
//!
//! A constant is written in the non-adjacent form: few digits, each 1 or -1, at powers of two. So
//! a multiple is a sum of shifted copies of the number, and of its double for odd powers. Where a
//! pattern of two digits comes more than once, what it stands for is computed once, as a number of
//! its own, and takes part like the others; the search is greedy, by an estimate of the cost. The
//! plan depends on the constant alone.
//!
//! | bootstrap | values | noise |
//! |---|---|---|
//! | a digit of the double: `4 · digit + lower digit` | 0..=15 | 5 |
//! | sums | | see [`Columns`] |

use std::cmp::Reverse;

use alloy_primitives::U512;

use super::{
    algebra::{Algebra, MAX_DIGIT},
    columns::Columns,
};

/// Bootstraps that a block of a sum costs, in thirds: five are made two by two of them.
const THIRDS_PER_BLOCK: usize = 2;

/// How many of the most frequent patterns are tried.
const PATTERNS: usize = 8;

/// The columns that a multiple is wanted in: those of `4^from` up to `4^to`, without the latter.
/// What would go into lower ones is dropped, block by block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    /// Blocks of the number.
    pub(super) length: usize,
    /// The lowest column.
    pub(super) from: usize,
    /// The column after the highest.
    pub(super) to: usize,
}

/// `± 2^shift · row`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Term {
    row: usize,
    shift: usize,
    negative: bool,
}

/// `2^shift · high ± low`, a positive multiple of the number. The first row is the number itself
/// and has no parts.
#[derive(Clone, Copy, Debug)]
struct Row {
    coefficient: U512,
    parts: Option<Parts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Parts {
    low: usize,
    high: usize,
    shift: usize,
    negative: bool,
}

/// Blocks of a row, and of its double.
#[derive(Clone, Copy, Debug, Default)]
struct Length {
    single: usize,
    double: usize,
}

/// How a multiple is made up.
#[derive(Clone, Debug)]
pub(super) struct Multiple {
    window: Window,
    rows: Vec<Row>,
    terms: Vec<Term>,
}

impl Multiple {
    /// The multiple by `factor`, below `2^511`, in the columns of the window.
    pub(super) fn new(factor: U512, window: Window) -> Self {
        let terms = non_adjacent(factor)
            .into_iter()
            .filter(|(shift, _)| shift / 2 < window.to)
            .map(|(shift, negative)| Term { row: 0, shift, negative })
            .collect();
        let number = Row { coefficient: U512::from(1), parts: None };
        let mut multiple = Self { window, rows: vec![number], terms };
        while let Some(better) = multiple.with_best_pattern() {
            multiple = better;
        }
        multiple
    }

    /// What the dropped blocks amount to at most, in units of the lowest column: the sum is too
    /// small by the first, and too large by the second.
    pub(super) fn dropped(&self) -> (usize, usize) {
        let cut = |negative| {
            let terms = self.terms.iter().filter(|term| term.negative == negative);
            terms.filter(|term| term.shift / 2 < self.window.from).count()
        };
        (cut(false), cut(true))
    }

    /// An estimate of the cost, in thirds of a bootstrap.
    pub(super) fn cost(&self) -> usize {
        let lengths = self.lengths();
        let own = lengths.iter().zip(&self.rows).map(|(length, row)| {
            let sum = if row.parts.is_some() { length.single } else { 0 };
            3 * (sum + length.double)
        });
        let blocks = self.terms.iter().map(|term| {
            let start = term.shift / 2;
            let Length { single, double } = lengths[term.row];
            let length = if term.shift % 2 == 1 { double } else { single };
            let end = (start + length).min(self.window.to);
            THIRDS_PER_BLOCK * end.saturating_sub(start.max(self.window.from))
        });
        own.sum::<usize>() + blocks.sum::<usize>()
    }

    /// Adds the multiple to `columns`, the first of which is the window's lowest.
    pub(super) fn add<A: Algebra>(
        &self,
        algebra: &A,
        number: &[A::Block],
        columns: &mut Columns<A::Block>,
    ) {
        let mut rows: Vec<[Vec<A::Block>; 2]> = Vec::with_capacity(self.rows.len());
        for (row, length) in self.rows.iter().zip(self.lengths()) {
            let digits: Vec<A::Block> = match row.parts {
                None if length.double > 0 => {
                    algebra.each(length.single, |index| algebra.clean(&number[index]))
                }
                None => number[..length.single].to_vec(),
                Some(parts) => {
                    let mut sum = Columns::new(length.single);
                    place(algebra, &mut sum, 0, &rows[parts.low], 0, parts.negative);
                    place(algebra, &mut sum, 0, &rows[parts.high], parts.shift, false);
                    sum.total(algebra, 0)
                }
            };
            let double = double(algebra, &digits, length.double);
            rows.push([digits, double]);
        }
        for term in &self.terms {
            place(algebra, columns, self.window.from, &rows[term.row], term.shift, term.negative);
        }
    }

    /// The number of blocks of each row and of its double: no more than it has, and than there is
    /// use for.
    fn lengths(&self) -> Vec<Length> {
        let mut wanted = vec![Length::default(); self.rows.len()];
        let want = |wanted: &mut [Length], row: usize, shift: usize, columns: usize| {
            let odd = shift % 2 == 1;
            let length = if odd { &mut wanted[row].double } else { &mut wanted[row].single };
            *length = (*length).max(columns.saturating_sub(shift / 2));
        };
        for term in &self.terms {
            want(&mut wanted, term.row, term.shift, self.window.to);
        }
        for (index, row) in self.rows.iter().enumerate().rev() {
            let bits = row.coefficient.bit_len() + 2 * self.window.length;
            let own = if row.parts.is_some() { bits.div_ceil(2) } else { self.window.length };
            let Length { single, double } = wanted[index];
            wanted[index] =
                Length { single: single.max(double).min(own), double: double.min(own + 1) };
            if let Some(Parts { low, high, shift, .. }) = row.parts {
                let columns = wanted[index].single;
                want(&mut wanted, low, 0, columns);
                want(&mut wanted, high, shift, columns);
            }
        }
        wanted
    }

    /// The plan with the pattern replaced that makes it cheapest, if that is cheaper.
    fn with_best_pattern(&self) -> Option<Self> {
        let mut patterns: Vec<Parts> = Vec::new();
        for (index, low) in self.terms.iter().enumerate() {
            patterns.extend(self.terms[index + 1..].iter().map(|high| pattern(low, high)));
        }
        patterns.sort_unstable();
        // A pattern that comes once saves nothing.
        let mut repeated: Vec<(usize, Parts)> = patterns
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() > 1)
            .map(|same| (same.len(), same[0]))
            .collect();
        repeated.sort_by_key(|(times, parts)| (Reverse(*times), *parts));
        repeated
            .into_iter()
            .take(PATTERNS)
            .filter_map(|(_, parts)| self.with_pattern(parts))
            .map(|plan| (plan.cost(), plan))
            .min_by_key(|(cost, _)| *cost)
            .filter(|(cost, _)| *cost < self.cost())
            .map(|(_, plan)| plan)
    }

    /// The plan with a row of these parts, wherever it fits; none if its coefficient would not be
    /// positive.
    fn with_pattern(&self, parts: Parts) -> Option<Self> {
        let low = self.rows[parts.low].coefficient;
        let high = self.rows[parts.high].coefficient << parts.shift;
        let coefficient = if parts.negative { high.checked_sub(low)? } else { high + low };
        if coefficient.is_zero() {
            return None;
        }
        let mut plan = Self { terms: Vec::new(), ..self.clone() };
        let row = plan.rows.len();
        plan.rows.push(Row { coefficient, parts: Some(parts) });
        let mut rest: Vec<Option<Term>> = self.terms.iter().copied().map(Some).collect();
        for index in 0..rest.len() {
            let Some(low) = rest[index].take() else { continue };
            let mut others = rest[index + 1..].iter_mut();
            let partner =
                others.find(|other| other.is_some_and(|high| pattern(&low, &high) == parts));
            plan.terms.push(match partner.and_then(Option::take) {
                Some(high) => Term { row, shift: low.shift, negative: high.negative },
                None => low,
            });
        }
        Some(plan)
    }
}

/// What two terms, the lower first, may have in common with others.
fn pattern(low: &Term, high: &Term) -> Parts {
    Parts {
        low: low.row,
        high: high.row,
        shift: high.shift - low.shift,
        negative: low.negative != high.negative,
    }
}

/// Adds `± 2^shift · row` to columns that start at `from`.
fn place<A: Algebra>(
    algebra: &A,
    columns: &mut Columns<A::Block>,
    from: usize,
    [digits, doubled]: &[Vec<A::Block>; 2],
    shift: usize,
    negative: bool,
) {
    let digits = if shift % 2 == 1 { doubled } else { digits };
    for (index, digit) in digits.iter().enumerate() {
        let Some(column) = (index + shift / 2).checked_sub(from) else { continue };
        if negative {
            columns.subtract(algebra, column, digit);
        } else {
            columns.add(algebra, column, digit);
        }
    }
}

/// The lowest `length` digits of twice a number of clean digits, at a bootstrap each.
fn double<A: Algebra>(algebra: &A, digits: &[A::Block], length: usize) -> Vec<A::Block> {
    let zero = algebra.constant(0);
    algebra.each(length, |index| {
        let digit = digits.get(index).unwrap_or(&zero);
        let lower = index.checked_sub(1).map_or(&zero, |lower| &digits[lower]);
        let packed = algebra.add(&algebra.scale(digit, 4), lower);
        algebra.lookup(&packed, &|x| ((2 * (x >> 2)) & MAX_DIGIT) | ((x & MAX_DIGIT) >> 1))
    })
}

/// Positions and signs of a number's digits, none of them beside another.
fn non_adjacent(mut value: U512) -> Vec<(usize, bool)> {
    let mut digits = Vec::new();
    let mut shift = 0;
    while !value.is_zero() {
        let zeros = value.trailing_zeros();
        value >>= zeros;
        shift += zeros;
        let negative = value.bit(1);
        digits.push((shift, negative));
        if negative {
            value += U512::from(1);
        } else {
            value -= U512::from(1);
        }
    }
    digits
}
