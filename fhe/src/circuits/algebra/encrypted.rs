//! Ciphertext blocks under a server key.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use tfhe::{
    Seed,
    core_crypto::prelude::{
        Cleartext, GlweCiphertext, Plaintext, lwe_ciphertext_add_assign,
        lwe_ciphertext_cleartext_mul_assign, lwe_ciphertext_opposite_assign,
        lwe_ciphertext_plaintext_add_assign, lwe_ciphertext_sub_assign,
    },
    integer::IntegerCiphertext,
    shortint::{
        Ciphertext as Shortint, ServerKey,
        atomic_pattern::AtomicPattern,
        ciphertext::{Degree, MaxDegree, NoiseLevel},
        server_key::{LookupTableOwned, ManyLookupTable},
    },
};

use super::{Algebra, Bounds, Image, MAX_STORED_NOISE, Profile, SPACE, Table, bounds};
use crate::{
    FheType,
    circuits::{Circuit, Number, Outcome},
    keys::ServerKeys,
};

/// A half of the distance between two values of a block, as they are encoded: the padding bit is
/// the highest, the four bits of the value follow.
const HALF: u64 = 1 << 58;

/// Computes circuits on ciphertexts.
#[derive(Debug)]
pub(crate) struct Encrypted<'a> {
    keys: &'a ServerKeys,
    profile: Profile,
    bootstraps: AtomicU64,
}

/// An encrypted block, or a constant that takes part in its circuit.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    content: Content,
    bounds: Bounds,
}

#[derive(Clone, Debug)]
enum Content {
    Known(i64),
    /// Only the LWE ciphertext in it counts: the bounds stand beside it.
    Lwe(Shortint),
}

impl Block {
    fn constant(value: i64) -> Self {
        Self { content: Content::Known(value), bounds: Bounds::constant(value) }
    }
}

impl<'a> Encrypted<'a> {
    pub(crate) const fn new(keys: &'a ServerKeys, profile: Profile) -> Self {
        Self { keys, profile, bootstraps: AtomicU64::new(0) }
    }

    /// Bootstraps so far.
    pub(crate) fn bootstraps(&self) -> u64 {
        self.bootstraps.load(Ordering::Relaxed)
    }

    fn count(&self, bootstraps: u64) {
        self.bootstraps.fetch_add(bootstraps, Ordering::Relaxed);
    }

    fn key(&self) -> &'a ServerKey {
        self.keys.integer().as_ref()
    }

    /// A stored block.
    pub(crate) fn open(&self, block: &Shortint) -> Block {
        let noise = block.noise_level().get();
        if block.is_trivial() {
            let encoded = *block.ct.get_body().data;
            // No noise: the encoding is exact.
            return Block::constant((encoded / (2 * HALF)) as i64);
        }
        let high = i64::try_from(block.degree.get()).expect("a degree of at most 15");
        // A ciphertext that is not trivial has noise, whatever it says.
        let bounds = Bounds { low: 0, high, noise: noise.max(1) };
        let mut lwe = block.clone();
        lwe.set_noise_level_to_nominal();
        Block { content: Content::Lwe(lwe), bounds }
    }

    /// A block to store, of values up to `highest`.
    ///
    /// # Panics
    /// If it may not be stored: it can be more than that, or is too noisy.
    pub(crate) fn close(&self, block: Block, highest: i64) -> Shortint {
        let Bounds { low, high, noise } = block.bounds;
        assert!(
            low >= 0 && high <= highest && noise <= MAX_STORED_NOISE,
            "a result of {low}..={high} at noise level {noise}"
        );
        let value = high as u64;
        match block.content {
            Content::Known(_) => self.key().create_trivial(value),
            Content::Lwe(lwe) => Shortint::new(
                lwe.ct,
                Degree::new(value),
                if noise == 1 {
                    NoiseLevel::NOMINAL
                } else {
                    NoiseLevel::NOMINAL + NoiseLevel::NOMINAL
                },
                lwe.message_modulus,
                lwe.carry_modulus,
                lwe.atomic_pattern,
            ),
        }
    }

    /// The accumulator of tables that a bootstrap reads at values from 0 on, `slot` boxes for
    /// each, in halves.
    fn accumulator(&self, halves: impl Fn(i64) -> i64) -> GlweCiphertext<Vec<u64>> {
        let size = self.key().atomic_pattern.lookup_table_size();
        let polynomial_size = size.polynomial_size();
        let modulus = self.key().ciphertext_modulus;
        let mut accumulator = GlweCiphertext::new(0, size.glwe_size(), polynomial_size, modulus);
        let mut body = accumulator.get_mut_body();
        let body = body.as_mut();
        let width = polynomial_size.0 / SPACE as usize;
        for (value, slots) in (0..).zip(body.chunks_exact_mut(width)) {
            slots.fill((halves(value) as u64).wrapping_mul(HALF));
        }
        // A box is centred at its value: the lower half of the first one wraps around.
        for slot in &mut body[..width / 2] {
            *slot = slot.wrapping_neg();
        }
        body.rotate_left(width / 2);
        accumulator
    }

    fn bootstrap(&self, lwe: &Shortint, bounds: Bounds, table: Table<'_>) -> Shortint {
        let offset = bounds::offset(bounds, table);
        let halves = |value: i64| {
            if bounds.values().contains(&value) {
                2 * table(value) - offset
            } else if bounds.values().contains(&(value - SPACE)) {
                offset - 2 * table(value - SPACE)
            } else {
                0
            }
        };
        let table = LookupTableOwned { acc: self.accumulator(halves), degree: Degree::new(15) };
        let mut result = self.key().apply_lookup_table(lwe, &table);
        plaintext_add(&mut result, offset);
        result
    }

    fn bootstrap_many(
        &self,
        lwe: &Shortint,
        bounds: Bounds,
        tables: &[Table<'_>],
    ) -> Vec<Shortint> {
        let slots = SPACE / tables.len() as i64;
        let halves = |value: i64| {
            let (table, value) = (tables.get((value / slots) as usize), value % slots);
            // A table need not be defined for what cannot be.
            let value = Some(value).filter(|value| bounds.values().contains(value));
            table.zip(value).map_or(0, |(table, value)| 2 * table(value))
        };
        let accumulator = self.accumulator(halves);
        let width = accumulator.polynomial_size().0 / SPACE as usize;
        let table = ManyLookupTable {
            acc: accumulator,
            input_max_degree: MaxDegree::new(slots as u64 - 1),
            sample_extraction_stride: slots as usize * width,
            per_function_output_degree: vec![Degree::new(15); tables.len()],
        };
        self.key().apply_many_lookup_table(lwe, &table)
    }
}

/// Adds `halves` half units.
fn plaintext_add(lwe: &mut Shortint, halves: i64) {
    let encoded = (halves as u64).wrapping_mul(HALF);
    lwe_ciphertext_plaintext_add_assign(&mut lwe.ct, Plaintext(encoded));
}

impl Algebra for Encrypted<'_> {
    type Block = Block;

    fn profile(&self) -> Profile {
        self.profile
    }

    fn constant(&self, value: i64) -> Block {
        Block::constant(value)
    }

    fn bounds(&self, x: &Block) -> Bounds {
        x.bounds
    }

    fn add(&self, x: &Block, y: &Block) -> Block {
        match (&x.content, &y.content) {
            (_, Content::Known(value)) => self.add_clear(x, *value),
            (Content::Known(value), _) => self.add_clear(y, *value),
            (Content::Lwe(a), Content::Lwe(b)) => {
                let mut sum = a.clone();
                lwe_ciphertext_add_assign(&mut sum.ct, &b.ct);
                Block { content: Content::Lwe(sum), bounds: x.bounds.add(y.bounds) }
            }
        }
    }

    fn sub(&self, x: &Block, y: &Block) -> Block {
        match (&x.content, &y.content) {
            (_, Content::Known(value)) => self.add_clear(x, -value),
            (Content::Known(value), _) => self.complement(y, *value),
            (Content::Lwe(a), Content::Lwe(b)) => {
                let mut difference = a.clone();
                lwe_ciphertext_sub_assign(&mut difference.ct, &b.ct);
                Block { content: Content::Lwe(difference), bounds: x.bounds.sub(y.bounds) }
            }
        }
    }

    fn add_clear(&self, x: &Block, value: i64) -> Block {
        let content = match &x.content {
            Content::Known(known) => Content::Known(known + value),
            Content::Lwe(lwe) => {
                let mut sum = lwe.clone();
                plaintext_add(&mut sum, 2 * value);
                Content::Lwe(sum)
            }
        };
        Block { content, bounds: x.bounds.add(Bounds::constant(value)) }
    }

    fn scale(&self, x: &Block, factor: i64) -> Block {
        let content = match (&x.content, factor) {
            (Content::Known(known), _) => Content::Known(known * factor),
            (Content::Lwe(_), 0) => Content::Known(0),
            (Content::Lwe(lwe), _) => {
                let mut product = lwe.clone();
                if factor == -1 {
                    lwe_ciphertext_opposite_assign(&mut product.ct);
                } else {
                    lwe_ciphertext_cleartext_mul_assign(&mut product.ct, Cleartext(factor as u64));
                }
                Content::Lwe(product)
            }
        };
        Block { content, bounds: x.bounds.scale(factor) }
    }

    fn narrow(&self, x: &Block, low: i64, high: i64) -> Block {
        Block { content: x.content.clone(), bounds: x.bounds.narrow(low, high) }
    }

    fn lookup(&self, x: &Block, table: Table<'_>) -> Block {
        let lwe = match &x.content {
            Content::Known(value) => return Block::constant(table(*value)),
            Content::Lwe(lwe) => lwe,
        };
        match Image::of(x.bounds, table) {
            Image::Constant(value) => Block::constant(value),
            Image::Shifted(k) => self.add_clear(x, k),
            Image::Mirrored(k) => self.complement(x, k),
            Image::Fresh(low, high) => {
                x.bounds.check_lookup();
                self.count(1);
                let result = self.bootstrap(lwe, x.bounds, table);
                Block { content: Content::Lwe(result), bounds: Bounds::fresh(low, high) }
            }
        }
    }

    fn lookup_many(&self, x: &Block, tables: &[Table<'_>]) -> Vec<Block> {
        let lwe = match &x.content {
            Content::Known(value) => {
                return tables.iter().map(|table| Block::constant(table(*value))).collect();
            }
            Content::Lwe(lwe) => lwe,
        };
        let images: Vec<Image> = tables.iter().map(|table| Image::of(x.bounds, table)).collect();
        let fresh: Vec<Table<'_>> = tables
            .iter()
            .zip(&images)
            .filter(|(_, image)| matches!(image, Image::Fresh(..)))
            .map(|(table, _)| *table)
            .collect();
        if fresh.len() < 2 {
            return tables.iter().map(|table| self.lookup(x, table)).collect();
        }
        x.bounds.check_lookup_many(fresh.len());
        self.count(1);
        let mut results = self.bootstrap_many(lwe, x.bounds, &fresh).into_iter();
        images
            .into_iter()
            .map(|image| match image {
                Image::Constant(value) => Block::constant(value),
                Image::Shifted(k) => self.add_clear(x, k),
                Image::Mirrored(k) => self.complement(x, k),
                Image::Fresh(low, high) => {
                    let result = results.next().expect("a result for each table that counts");
                    Block { content: Content::Lwe(result), bounds: Bounds::fresh(low, high) }
                }
            })
            .collect()
    }

    /// tfhe-rs's oblivious pseudo-random function.
    fn random(&self, seed: u128, bits: usize, blocks: usize) -> Vec<Block> {
        let radix = self.keys.oprf.par_generate_oblivious_pseudo_random_unsigned_integer_bounded(
            Seed(seed),
            bits as u64,
            blocks as u64,
            self.keys.integer(),
        );
        self.count(bits.div_ceil(2) as u64);
        radix.blocks().iter().map(|block| self.open(block)).collect()
    }

    fn circuit(
        &self,
        circuit: &Circuit,
        x: &[&Number<Block>],
        operand: FheType,
        result: FheType,
    ) -> Outcome<Block> {
        circuit.encrypted(self, x, operand, result)
    }

    fn each<R: Send>(&self, count: usize, piece: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
        (0..count).into_par_iter().map(piece).collect()
    }

    fn both<R: Send, S: Send>(
        &self,
        one: impl FnOnce() -> R + Send,
        other: impl FnOnce() -> S + Send,
    ) -> (R, S) {
        rayon::join(one, other)
    }
}
