//! What operations do to ciphertexts.
//!
//! Each operation's row in the table names one function of this module, a circuit. It is generic
//! over an [`Algebra`], so it runs on plaintexts that keep count and on ciphertexts alike, and
//! there is a file for each family, built from few primitives: [`ripple`] and [`tree`], [`columns`]
//! of blocks to be added up, and [`multiple`]s by constants.
//!
//! # Noise
//!
//! A clean block has noise level 1, and circuits take operands of level 2 as well: the conditional
//! leaves such, because to clean them costs as much as it does. Level 2 is kept, in the record too,
//! until a circuit cannot bear it and cleans its operand. What is decrypted is cleaned before. So a
//! ciphertext is a function of its operation and its operands' ciphertexts, whoever uses it later.
//!
//! # Determinism
//!
//! Pieces that run side by side do not depend on each other and are put together in a fixed order.

pub(crate) mod add;
pub(crate) mod algebra;
pub(crate) mod bitwise;
mod columns;
pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod divide;
pub(crate) mod equal;
pub(crate) mod kernels;
mod multiple;
pub(crate) mod multiply;
mod number;
pub(crate) mod random;
mod ripple;
pub(crate) mod select;
pub(crate) mod shift;
pub(crate) mod sum;
mod tree;

use alloy_primitives::U256;
use tfhe::integer::{IntegerCiphertext, RadixCiphertext};

use algebra::{Algebra, Block, Clear, ClearBlock, Encrypted, MAX_DIGIT, Profile};
use kernels::Value;
pub(crate) use number::Number;
use number::digits;

use crate::{Ciphertext, FheType, Kernel, keys::ServerKeys};

/// Version of the set of circuits. It is part of the engine class: raise it whenever any
/// operation's result could have other bits than before.
pub(crate) const VERSION: u32 = 3;

/// What a circuit returns. `Err` says which rule the operands break.
pub(crate) type Outcome<B> = Result<Number<B>, &'static str>;

/// Operands of the wrong number or form: the graph was not checked.
const SHAPE: &str = "the operands do not fit the operation";

type OnCiphertexts = fn(&Encrypted<'_>, &[&Number<Block>], FheType, FheType) -> Outcome<Block>;

type OnPlaintexts = fn(&Clear, &[&Number<ClearBlock>], FheType, FheType) -> Outcome<ClearBlock>;

/// The computation of one operation: operands in node order, each encrypted or constant, the
/// operand type, the result type.
///
/// At least one operand is encrypted, or the operation draws randomness: the rest is folded before.
#[derive(Clone, Copy, Debug)]
pub struct Circuit {
    encrypted: OnCiphertexts,
    clear: OnPlaintexts,
}

/// A function that is generic over the algebra, as a [`Circuit`].
macro_rules! circuit {
    ($($function:ident)::+) => {
        $crate::circuits::Circuit::new(
            |algebra, x, operand, result| $($function)::+(algebra, x, operand, result),
            |algebra, x, operand, result| $($function)::+(algebra, x, operand, result),
        )
    };
}
pub(crate) use circuit;

impl Circuit {
    pub(crate) const fn new(encrypted: OnCiphertexts, clear: OnPlaintexts) -> Self {
        Self { encrypted, clear }
    }

    /// Computes on ciphertexts.
    pub(crate) fn encrypted(
        &self,
        algebra: &Encrypted<'_>,
        x: &[&Number<Block>],
        operand: FheType,
        result: FheType,
    ) -> Outcome<Block> {
        (self.encrypted)(algebra, x, operand, result)
    }

    /// Computes on plaintexts.
    pub(crate) fn clear(
        &self,
        algebra: &Clear,
        x: &[&Number<ClearBlock>],
        operand: FheType,
        result: FheType,
    ) -> Outcome<ClearBlock> {
        (self.clear)(algebra, x, operand, result)
    }
}

/// Runs a kernel on ciphertexts. Returns its results, and how many bootstraps they took.
pub(crate) fn run(
    keys: &ServerKeys,
    profile: Profile,
    kernel: &Kernel,
    x: &[&Ciphertext],
) -> Result<(Vec<Ciphertext>, u64), &'static str> {
    let algebra = Encrypted::new(keys, profile);
    let x: Vec<_> = x.iter().map(|value| open(&algebra, value)).collect();
    let results = kernels::run(&algebra, kernel, &x)?;
    let results = results.into_iter().map(|value| close(&algebra, value)).collect();
    Ok((results, algebra.bootstraps()))
}

/// The same value with blocks of noise level 1 at most and without carries.
pub(crate) fn clean(keys: &ServerKeys, value: &Ciphertext) -> Ciphertext {
    let Ciphertext::Encrypted(radix) = value else { return value.clone() };
    let algebra = Encrypted::new(keys, Profile::default());
    let blocks = radix.blocks();
    let blocks = algebra.each(blocks.len(), |position| {
        let block = algebra.open(&blocks[position]);
        algebra.close(algebra.lookup(&block, &|value| value & 3), MAX_DIGIT)
    });
    Ciphertext::Encrypted(RadixCiphertext::from_blocks(blocks))
}

fn open(algebra: &Encrypted<'_>, value: &Ciphertext) -> Value<Block> {
    Value::Number(match value {
        Ciphertext::Constant(value) => Number::Constant(*value),
        Ciphertext::Condition(block) => {
            return Value::Condition(algebra.narrow(&algebra.open(block), 0, select::SCALE));
        }
        Ciphertext::Encrypted(radix) => {
            Number::Encrypted(match radix.blocks() {
                // A Bool, whatever its degree says.
                [block] => vec![algebra.narrow(&algebra.open(block), 0, 1)],
                blocks => blocks.iter().map(|block| algebra.open(block)).collect(),
            })
        }
    })
}

/// A result of constant digits is a constant.
fn close(algebra: &Encrypted<'_>, value: Value<Block>) -> Ciphertext {
    let digits = match value {
        Value::Number(Number::Constant(value)) => return Ciphertext::Constant(value),
        Value::Number(Number::Encrypted(digits)) => digits,
        Value::Condition(block) => {
            return Ciphertext::Condition(algebra.close(block, select::SCALE));
        }
    };
    let bounds: Vec<_> = digits.iter().map(|digit| algebra.bounds(digit)).collect();
    if bounds.iter().all(|bounds| bounds.noise == 0) {
        let value = bounds
            .iter()
            .rev()
            .fold(U256::ZERO, |value, bounds| value << 2 | U256::from(bounds.high.unsigned_abs()));
        return Ciphertext::Constant(value);
    }
    let blocks = digits.into_iter().map(|digit| algebra.close(digit, MAX_DIGIT));
    Ciphertext::Encrypted(RadixCiphertext::from_blocks(blocks.collect::<Vec<_>>()))
}
