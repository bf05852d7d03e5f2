//! Sums of many blocks, column by column: what products, sums and divisions end in.
//!
//! A column is compressed in groups. Message and carry of a group's sum take its place; the carry
//! goes to the next column.
//!
//! | group | values | noise | bootstraps | blocks fewer |
//! |---|---|---|---|---|
//! | five blocks, small ones among them | 0..=7, two tables | 5 | 1 | 3 |
//! | five full digits | 15 | 5 | 2 | 3 |
//! | any, to finish a column | 0..=7 or 0..=15 | 5 | 1 or 2 | all but one |
//!
//! Five is what the noise allows, whatever the values: so a carry of a few values is worth a
//! bootstrap of its own kind, and a group of five digits must be full to be worth its two. A column
//! is finished when its sum fits one input: then its digit and its carry are all that is left.

use std::ops::Range;

use super::algebra::{Algebra, MAX_DIGIT, MAX_NOISE, SPACE};

/// The largest value from which one bootstrap reads message and carry.
const MAX_SPLIT: i64 = SPACE / 2 - 1;

/// The largest value that a bootstrap takes.
const MAX_SUM: i64 = SPACE - 1;

/// How many clean blocks a bootstrap takes.
const GROUP: usize = MAX_NOISE as usize;

/// A number as a sum: each block of column `k` counts `4^k` times. Columns from the width on are
/// dropped, so everything is modulo `4^width`.
#[derive(Debug)]
pub(super) struct Columns<B> {
    blocks: Vec<Vec<B>>,
    constants: Vec<i64>,
}

impl<B: Clone + Send + Sync> Columns<B> {
    /// Zero.
    pub(super) fn new(width: usize) -> Self {
        Self { blocks: vec![Vec::new(); width], constants: vec![0; width] }
    }

    pub(super) fn width(&self) -> usize {
        self.blocks.len()
    }

    /// Adds `block · 4^column`.
    pub(super) fn add<A: Algebra<Block = B>>(&mut self, algebra: &A, column: usize, block: &B) {
        if column < self.width() {
            let low = algebra.bounds(block).low;
            self.push(algebra, column, algebra.add_clear(block, -low));
            self.add_constant(column, low);
        }
    }

    /// Adds blocks to consecutive columns.
    pub(super) fn add_all<A: Algebra<Block = B>>(
        &mut self,
        algebra: &A,
        column: usize,
        blocks: &[B],
    ) {
        for (offset, block) in blocks.iter().enumerate() {
            self.add(algebra, column + offset, block);
        }
    }

    /// Subtracts `block · 4^column`: a complement and a constant.
    pub(super) fn subtract<A: Algebra<Block = B>>(
        &mut self,
        algebra: &A,
        column: usize,
        block: &B,
    ) {
        if column < self.width() {
            let high = algebra.degree(block);
            self.push(algebra, column, algebra.complement(block, high));
            self.add_constant(column, -high);
        }
    }

    /// Adds `value · 4^column`.
    pub(super) fn add_constant(&mut self, column: usize, value: i64) {
        if let Some(constant) = self.constants.get_mut(column) {
            *constant += value;
        }
    }

    /// The digits of the constant part.
    pub(super) fn constant(&self) -> Vec<i64> {
        digits(self.constants.iter().copied())
    }

    /// A block of values from 0 on.
    fn push<A: Algebra<Block = B>>(&mut self, algebra: &A, column: usize, block: B) {
        if algebra.degree(&block) > 0 {
            self.blocks[column].push(block);
        }
    }

    /// The digits of the sum from column `from` on, of noise level 1.
    pub(super) fn total<A: Algebra<Block = B>>(mut self, algebra: &A, from: usize) -> Vec<B> {
        for (column, digit) in self.constant().into_iter().enumerate() {
            self.push(algebra, column, algebra.constant(digit));
        }
        let width = self.width();
        while self.compress(algebra, 0..width) {}
        let mut digits = Vec::with_capacity(width - from);
        for column in 0..width {
            while self.compress(algebra, column..column + 1) {}
            digits.extend(self.finish(algebra, column, column >= from));
        }
        digits
    }

    /// One round: replaces groups of blocks in these columns by their sums' messages and carries,
    /// all groups side by side. Tells whether there were any.
    fn compress<A: Algebra<Block = B>>(&mut self, algebra: &A, columns: Range<usize>) -> bool {
        let width = self.width();
        let top = |column: usize| column + 1 == width;
        let mut groups = Vec::new();
        for column in columns {
            let blocks = &mut self.blocks[column];
            while let Some(group) = worthwhile(algebra, blocks, top(column)) {
                groups.push((column, take(algebra, blocks, group)));
            }
        }
        let parts = algebra.each(groups.len(), |index| {
            let (column, sum) = &groups[index];
            split(algebra, sum, true, !top(*column))
        });
        let any = !groups.is_empty();
        for ((column, _), parts) in groups.into_iter().zip(parts) {
            self.put(algebra, column, parts);
        }
        any
    }

    /// The digit of a column whose lower neighbours are finished.
    fn finish<A: Algebra<Block = B>>(
        &mut self,
        algebra: &A,
        column: usize,
        wanted: bool,
    ) -> Option<B> {
        let carry = column + 1 < self.width();
        while !fits(algebra, &self.blocks[column]) {
            let group = some(algebra, &self.blocks[column]);
            let sum = take(algebra, &mut self.blocks[column], group);
            let parts = split(algebra, &sum, true, carry);
            self.put(algebra, column, parts);
        }
        let all = (0..self.blocks[column].len()).collect();
        let sum = take(algebra, &mut self.blocks[column], all);
        let (message, carry) = split(algebra, &sum, wanted, carry);
        self.put(algebra, column, (None, carry));
        message
    }

    fn put<A: Algebra<Block = B>>(
        &mut self,
        algebra: &A,
        column: usize,
        (message, carry): (Option<B>, Option<B>),
    ) {
        message.into_iter().for_each(|message| self.push(algebra, column, message));
        carry.into_iter().for_each(|carry| self.push(algebra, column + 1, carry));
    }
}

/// The base-4 digits of a sum of constants, one for each column.
pub(super) fn digits(constants: impl Iterator<Item = i64>) -> Vec<i64> {
    let base = MAX_DIGIT + 1;
    let mut carry = 0;
    constants
        .map(|constant| {
            let sum = constant + carry;
            carry = sum.div_euclid(base);
            sum.rem_euclid(base)
        })
        .collect()
}

/// Message and carry of a sum, those that are wanted; no carry where there can be none.
fn split<A: Algebra>(
    algebra: &A,
    sum: &A::Block,
    message: bool,
    carry: bool,
) -> (Option<A::Block>, Option<A::Block>) {
    let carry = carry && algebra.degree(sum) > MAX_DIGIT;
    let digit = |value: i64| value & MAX_DIGIT;
    let rest = |value: i64| value >> 2;
    if message && carry && algebra.degree(sum) <= MAX_SPLIT {
        let mut both = algebra.lookup_many(sum, &[&digit, &rest]).into_iter();
        return (both.next(), both.next());
    }
    algebra.both(
        || message.then(|| algebra.lookup(sum, &digit)),
        || carry.then(|| algebra.lookup(sum, &rest)),
    )
}

/// Whether one bootstrap may take the sum of these blocks.
fn fits<A: Algebra>(algebra: &A, blocks: &[A::Block]) -> bool {
    let degree: i64 = blocks.iter().map(|block| algebra.degree(block)).sum();
    let noise: u64 = blocks.iter().map(|block| algebra.noise(block)).sum();
    degree <= MAX_SUM && noise <= MAX_NOISE
}

/// Removes the blocks at these places and adds them up.
fn take<A: Algebra>(algebra: &A, blocks: &mut Vec<A::Block>, mut group: Vec<usize>) -> A::Block {
    group.sort_unstable();
    let taken = group.iter().rev().map(|place| blocks.remove(*place));
    taken.fold(algebra.constant(0), |sum, block| algebra.add(&sum, &block))
}

/// A group of blocks that one bootstrap can take.
struct Group<'a, A: Algebra> {
    algebra: &'a A,
    blocks: &'a [A::Block],
    places: Vec<usize>,
    degree: i64,
    noise: u64,
}

impl<'a, A: Algebra> Group<'a, A> {
    const fn new(algebra: &'a A, blocks: &'a [A::Block]) -> Self {
        Self { algebra, blocks, places: Vec::new(), degree: 0, noise: 0 }
    }

    /// Adds those of `candidates` that fit, in order, until there are `most` blocks and as long as
    /// their sum is at most `limit`.
    fn fill(mut self, candidates: impl Iterator<Item = usize>, limit: i64, most: usize) -> Self {
        for place in candidates {
            let block = &self.blocks[place];
            let degree = self.degree + self.algebra.degree(block);
            let noise = self.noise + self.algebra.noise(block);
            if self.places.len() < most
                && degree <= limit
                && noise <= MAX_NOISE
                && !self.places.contains(&place)
            {
                self.places.push(place);
                (self.degree, self.noise) = (degree, noise);
            }
        }
        self
    }
}

/// Places of blocks, smallest degree first; equal ones as they came.
fn by_degree<A: Algebra>(algebra: &A, blocks: &[A::Block]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..blocks.len()).collect();
    places.sort_by_key(|place| algebra.degree(&blocks[*place]));
    places
}

/// A group that makes five blocks two, at one bootstrap or at two if it is full; in the top column,
/// whose carries are dropped, any five.
fn worthwhile<A: Algebra>(algebra: &A, blocks: &[A::Block], top: bool) -> Option<Vec<usize>> {
    if blocks.len() < GROUP {
        return None;
    }
    let order = by_degree(algebra, blocks);
    let (up, down) = (|| order.iter().copied(), || order.iter().rev().copied());
    let full = || Group::new(algebra, blocks).fill(down(), MAX_SUM, GROUP);
    // One large block for the message beside small ones.
    let small = Group::new(algebra, blocks).fill(up(), MAX_SPLIT, GROUP - 1);
    let small = small.fill(down(), MAX_SPLIT, GROUP);
    let group = if top || small.places.len() < GROUP { full() } else { small };
    let worth = top || group.degree <= MAX_SPLIT || group.degree == MAX_SUM;
    (worth && group.places.len() == GROUP).then_some(group.places)
}

/// The best group there is in a column that is to be finished, and does not fit one input.
fn some<A: Algebra>(algebra: &A, blocks: &[A::Block]) -> Vec<usize> {
    let order = by_degree(algebra, blocks);
    let (up, down) = (|| order.iter().copied(), || order.iter().rev().copied());
    let small = Group::new(algebra, blocks).fill(up(), MAX_SPLIT, GROUP - 2);
    let small = small.fill(down(), MAX_SPLIT, usize::MAX);
    if small.places.len() >= GROUP - 1 {
        return small.places;
    }
    Group::new(algebra, blocks).fill(down(), MAX_SUM, usize::MAX).places
}
