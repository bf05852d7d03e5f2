//! Random numbers that a seed repeats.

use std::time::Duration;

use alloy_primitives::{B256, keccak256};

/// A chain of hashes.
pub(crate) struct Dice(B256);

impl Dice {
    /// Others for each `use_` of one seed.
    pub(crate) fn new(seed: u64, use_: u64) -> Self {
        Self(keccak256([seed.to_be_bytes(), use_.to_be_bytes()].concat()))
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = keccak256(self.0);
        u64::from_be_bytes(self.0[..8].try_into().unwrap()) % bound
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// A time below a number of milliseconds.
    pub(crate) fn time(&mut self, milliseconds: u64) -> Duration {
        Duration::from_micros(self.below(1_000 * milliseconds))
    }
}
