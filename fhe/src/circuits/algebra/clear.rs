//! The simulation: plaintext blocks under the bounds of encrypted ones.

use std::sync::atomic::{AtomicU64, Ordering};

use alloy_primitives::{U256, keccak256};

use super::{Algebra, Bounds, Image, MAX_DIGIT, Profile, Table, bounds};
use crate::{
    FheType,
    circuits::{Circuit, Number, Outcome},
};

/// Computes circuits on plaintexts, counts their bootstraps, and refuses what a ciphertext would
/// not bear.
#[derive(Debug, Default)]
pub(crate) struct Clear {
    profile: Profile,
    bootstraps: AtomicU64,
}

/// A block of the simulation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClearBlock {
    value: i64,
    bounds: Bounds,
    depth: u64,
}

impl ClearBlock {
    /// The value.
    pub(crate) const fn value(&self) -> i64 {
        self.value
    }

    /// Number of bootstraps one after the other that lead to it.
    pub(crate) const fn depth(&self) -> u64 {
        self.depth
    }

    /// What would be known of it if it were encrypted.
    pub(crate) const fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// A block as it comes from a store, of values up to `degree`.
    pub(crate) fn stored(value: i64, degree: i64, noise: u64, depth: u64) -> Self {
        Self::new(value, Bounds { low: 0, high: degree, noise }, depth)
    }

    fn new(value: i64, bounds: Bounds, depth: u64) -> Self {
        assert!(bounds.values().contains(&value), "{value} is not within {bounds:?}");
        Self { value, bounds, depth }
    }
}

impl Clear {
    /// A simulation of circuits for a profile.
    pub(crate) const fn new(profile: Profile) -> Self {
        Self { profile, bootstraps: AtomicU64::new(0) }
    }

    /// Bootstraps so far.
    pub(crate) fn bootstraps(&self) -> u64 {
        self.bootstraps.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.bootstraps.fetch_add(1, Ordering::Relaxed);
    }
}

impl Algebra for Clear {
    type Block = ClearBlock;

    fn profile(&self) -> Profile {
        self.profile
    }

    fn constant(&self, value: i64) -> ClearBlock {
        ClearBlock::new(value, Bounds::constant(value), 0)
    }

    fn bounds(&self, x: &ClearBlock) -> Bounds {
        x.bounds
    }

    fn add(&self, x: &ClearBlock, y: &ClearBlock) -> ClearBlock {
        ClearBlock::new(x.value + y.value, x.bounds.add(y.bounds), x.depth.max(y.depth))
    }

    fn sub(&self, x: &ClearBlock, y: &ClearBlock) -> ClearBlock {
        ClearBlock::new(x.value - y.value, x.bounds.sub(y.bounds), x.depth.max(y.depth))
    }

    fn add_clear(&self, x: &ClearBlock, value: i64) -> ClearBlock {
        ClearBlock::new(x.value + value, x.bounds.add(Bounds::constant(value)), x.depth)
    }

    fn scale(&self, x: &ClearBlock, factor: i64) -> ClearBlock {
        ClearBlock::new(x.value * factor, x.bounds.scale(factor), x.depth)
    }

    fn narrow(&self, x: &ClearBlock, low: i64, high: i64) -> ClearBlock {
        ClearBlock::new(x.value, x.bounds.narrow(low, high), x.depth)
    }

    fn lookup(&self, x: &ClearBlock, table: Table<'_>) -> ClearBlock {
        if x.bounds.is_constant() {
            return self.constant(table(x.value));
        }
        match Image::of(x.bounds, table) {
            Image::Constant(value) => self.constant(value),
            Image::Shifted(k) => self.add_clear(x, k),
            Image::Mirrored(k) => self.complement(x, k),
            Image::Fresh(low, high) => {
                x.bounds.check_lookup();
                bounds::offset(x.bounds, table);
                self.count();
                ClearBlock::new(table(x.value), Bounds::fresh(low, high), x.depth + 1)
            }
        }
    }

    fn lookup_many(&self, x: &ClearBlock, tables: &[Table<'_>]) -> Vec<ClearBlock> {
        if x.bounds.is_constant() {
            return tables.iter().map(|table| self.constant(table(x.value))).collect();
        }
        let images: Vec<Image> = tables.iter().map(|table| Image::of(x.bounds, table)).collect();
        let count = images.iter().filter(|image| matches!(image, Image::Fresh(..))).count();
        if count > 1 {
            x.bounds.check_lookup_many(count);
            self.count();
        }
        tables
            .iter()
            .zip(images)
            .map(|(table, image)| match image {
                Image::Fresh(low, high) if count > 1 => {
                    ClearBlock::new(table(x.value), Bounds::fresh(low, high), x.depth + 1)
                }
                _ => self.lookup(x, table),
            })
            .collect()
    }

    /// By hashing the seed.
    fn random(&self, seed: u128, bits: usize, blocks: usize) -> Vec<ClearBlock> {
        let hash = U256::from_be_bytes(keccak256(seed.to_be_bytes()).0);
        (0..blocks)
            .map(|index| match bits.saturating_sub(2 * index) {
                0 => self.constant(0),
                left => {
                    self.count();
                    let degree = if left == 1 { 1 } else { MAX_DIGIT };
                    let value = (hash >> (2 * index)).byte(0);
                    ClearBlock::new(i64::from(value) & degree, Bounds::fresh(0, degree), 1)
                }
            })
            .collect()
    }

    /// One after the other: a piece takes less time than to hand it out.
    fn circuit(
        &self,
        circuit: &Circuit,
        x: &[&Number<ClearBlock>],
        operand: FheType,
        result: FheType,
    ) -> Outcome<ClearBlock> {
        circuit.clear(self, x, operand, result)
    }

    fn each<R: Send>(&self, count: usize, piece: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
        (0..count).map(piece).collect()
    }

    fn both<R: Send, S: Send>(
        &self,
        one: impl FnOnce() -> R + Send,
        other: impl FnOnce() -> S + Send,
    ) -> (R, S) {
        (one(), other())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bootstraps_and_depth_are_counted() {
        let clear = Clear::default();
        let (a, b) = (ClearBlock::stored(3, 3, 1, 0), ClearBlock::stored(2, 3, 1, 0));
        let sum = clear.add(&a, &b);
        let [message, carry] = clear.lookup_many(&sum, &[&|x| x & 3, &|x| x >> 2])[..] else {
            panic!("two tables, two results")
        };
        assert_eq!((message.value(), carry.value()), (1, 1));
        assert_eq!((clear.bootstraps(), carry.depth()), (1, 1));
        let packed = clear.add(&clear.scale(&message, 4), &carry);
        assert_eq!(clear.lookup(&packed, &|x| x - 5).depth(), 2);
        assert_eq!(clear.bootstraps(), 2);
    }

    #[test]
    fn constants_cost_nothing() {
        let clear = Clear::default();
        let four = clear.lookup(&clear.constant(2), &|x| x * x);
        assert_eq!((four.value(), clear.noise(&four)), (4, 0));
        let zero = clear.lookup(&ClearBlock::stored(3, 3, 1, 0), &|_| 0);
        assert_eq!((zero.value(), clear.noise(&zero)), (0, 0));
        // What is clean and would not change is left as it is; what is not clean, is cleaned.
        let same = clear.lookup(&ClearBlock::stored(3, 3, 1, 0), &|x| x & 3);
        assert_eq!((same.value(), clear.noise(&same), same.depth()), (3, 1, 0));
        let mirrored = clear.lookup(&ClearBlock::stored(3, 3, 1, 0), &|x| 5 - x);
        assert_eq!((mirrored.value(), mirrored.bounds().high, mirrored.depth()), (2, 5, 0));
        assert_eq!(clear.bootstraps(), 0);
        assert_eq!(clear.clean(&ClearBlock::stored(3, 3, 2, 0)).depth(), 1);
        assert_eq!(clear.bootstraps(), 1);
    }

    #[test]
    #[should_panic(expected = "noise level 6")]
    fn too_noisy_a_bootstrap_is_refused() {
        let clear = Clear::default();
        let block = ClearBlock::stored(1, 1, 2, 0);
        clear.lookup(&clear.scale(&block, 3), &|x| x);
    }

    #[test]
    #[should_panic(expected = "is not within")]
    fn a_false_claim_about_a_value_is_refused() {
        let clear = Clear::default();
        let x = ClearBlock::stored(3, 3, 1, 0);
        clear.narrow(&x, 0, 2);
    }
}
