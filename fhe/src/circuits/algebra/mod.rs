//! Arithmetic on blocks: what circuits are written in.
//!
//! A circuit is generic over [`Algebra`]. [`Clear`] computes on plaintexts, counts bootstraps and
//! depth, and is what most tests and the table of costs run on. [`Encrypted`] computes on
//! ciphertexts. Both keep the same [`Bounds`] and refuse a bootstrap outside of them, so a circuit
//! that the simulation runs through is within the bounds on ciphertexts, too.

mod bounds;
mod clear;
mod encrypted;

pub(crate) use bounds::{Bounds, MAX_DIGIT, MAX_NOISE, MAX_STORED_NOISE, SPACE};
pub(crate) use clear::{Clear, ClearBlock};
pub(crate) use encrypted::{Block, Encrypted};

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Circuit, Number, Outcome};
use crate::FheType;

/// What circuits are made for, where there is a choice. It is part of the engine class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Fewest bootstraps: most operations a second when there are many to run.
    #[default]
    Throughput,
    /// Fewest bootstraps one after the other, at the cost of more of them: the soonest result
    /// when there are more cores than operations.
    Latency,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throughput => "throughput",
            Self::Latency => "latency",
        })
    }
}

/// A table of a bootstrap, on the values that its input can have.
pub(crate) type Table<'a> = &'a (dyn Fn(i64) -> i64 + Sync);

/// Blocks, and what can be done to them.
///
/// Sums, differences and multiples are exact, take no time to speak of, and may be negative in
/// between. Only a lookup bootstraps.
pub(crate) trait Algebra: Sync {
    /// A small integer that may be encrypted, with its [`Bounds`].
    type Block: Clone + Send + Sync;

    /// What circuits are to be made for.
    fn profile(&self) -> Profile;

    /// A public constant.
    fn constant(&self, value: i64) -> Self::Block;

    /// What is known of a block.
    fn bounds(&self, x: &Self::Block) -> Bounds;

    /// `x + y`.
    fn add(&self, x: &Self::Block, y: &Self::Block) -> Self::Block;

    /// `x - y`.
    fn sub(&self, x: &Self::Block, y: &Self::Block) -> Self::Block;

    /// `x + value`.
    fn add_clear(&self, x: &Self::Block, value: i64) -> Self::Block;

    /// `factor · x`.
    fn scale(&self, x: &Self::Block, factor: i64) -> Self::Block;

    /// The same block, known to be within `low..=high`: for what follows from the circuit and not
    /// from the bounds of its parts. The simulation checks it.
    fn narrow(&self, x: &Self::Block, low: i64, high: i64) -> Self::Block;

    /// `table(x)`, of noise level 1: one bootstrap. It is free if `x` or the result is constant,
    /// or if `x` is clean and the table is `k + x` or `k - x`.
    ///
    /// `x` has noise level 5 at most, and values in -15..=15. If two of them are 16 apart, the
    /// table must be negacyclic up to a constant, as the sign and the comparison with zero are.
    fn lookup(&self, x: &Self::Block, table: Table<'_>) -> Self::Block;

    /// Several tables of one input at the price of one bootstrap: `x` is at most `16 / n - 1` for
    /// `n` of them, and not negative.
    ///
    /// A table that [`Self::lookup`] has for free does not count. The results' noises are not
    /// independent, which the levels of [`Bounds`] allow for.
    fn lookup_many(&self, x: &Self::Block, tables: &[Table<'_>]) -> Vec<Self::Block>;

    /// `blocks` blocks with the lowest `bits` bits random and the others zero, from a seed: a
    /// bootstrap for each block that has random bits.
    fn random(&self, seed: u128, bits: usize, blocks: usize) -> Vec<Self::Block>;

    /// The results of `piece` for `0..count`, in order, computed side by side where that pays.
    fn each<R: Send>(&self, count: usize, piece: impl Fn(usize) -> R + Sync + Send) -> Vec<R>;

    /// Both results, computed side by side where that pays.
    fn both<R: Send, S: Send>(
        &self,
        one: impl FnOnce() -> R + Send,
        other: impl FnOnce() -> S + Send,
    ) -> (R, S);

    /// Runs an operation's circuit.
    fn circuit(
        &self,
        circuit: &Circuit,
        x: &[&Number<Self::Block>],
        operand: FheType,
        result: FheType,
    ) -> Outcome<Self::Block>;

    /// The largest value that `x` can have.
    fn degree(&self, x: &Self::Block) -> i64 {
        self.bounds(x).high
    }

    /// The noise level of `x`.
    fn noise(&self, x: &Self::Block) -> u64 {
        self.bounds(x).noise
    }

    /// `top - x`.
    fn complement(&self, x: &Self::Block, top: i64) -> Self::Block {
        self.add_clear(&self.scale(x, -1), top)
    }

    /// `x` with noise level 1, at a bootstrap if it has more.
    fn clean(&self, x: &Self::Block) -> Self::Block {
        self.lookup(x, &|value| value)
    }
}

/// What a table makes of a block.
enum Image {
    /// The same for all values.
    Constant(i64),
    /// `k + x` of a clean block.
    Shifted(i64),
    /// `k - x` of a clean block.
    Mirrored(i64),
    /// A bootstrap's result between these.
    Fresh(i64, i64),
}

impl Image {
    fn of(bounds: Bounds, table: Table<'_>) -> Self {
        let (low, high) = bounds::image(bounds, table);
        let first = table(bounds.low);
        let slope = |step| {
            bounds.noise <= 1
                && bounds.values().all(|x| table(x) == first + step * (x - bounds.low))
        };
        if low == high {
            Self::Constant(low)
        } else if slope(1) {
            Self::Shifted(first - bounds.low)
        } else if slope(-1) {
            Self::Mirrored(first + bounds.low)
        } else {
            Self::Fresh(low, high)
        }
    }
}
