//! What operations do to ciphertexts.
//!
//! Each operation's row in the table names one function of this module. They call tfhe-rs's
//! integer API, and choose its scalar circuits wherever an operand is a constant. tfhe-rs picks
//! algorithms by `rayon::current_num_threads()`: up to three threads it takes the sequential ones.
//! So a circuit must run in a rayon pool of one to three threads, or its bits differ; see
//! [`MAX_POOL_THREADS`].

pub(crate) mod arithmetic;
pub(crate) mod bitwise;
pub(crate) mod collection;
pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod random;
pub(crate) mod select;
pub(crate) mod shift;

use alloy_primitives::U256;
use rayon::prelude::*;
use tfhe::{
    integer::{
        BooleanBlock, IntegerCiphertext, IntegerRadixCiphertext, RadixCiphertext, ServerKey,
    },
    shortint::ciphertext::NoiseLevel,
};

use crate::{Ciphertext, FheType, keys::ServerKeys};

/// The largest rayon pool in which circuits give the bits that every other allowed pool gives.
pub(crate) const MAX_POOL_THREADS: usize = 3;

/// Version of the set of circuits. It is part of the engine class: raise it whenever any
/// operation's result could have other bits than before.
pub(crate) const VERSION: u32 = 1;

/// The computation of one operation: operands in node order, each encrypted or constant, the
/// operand type, the result type.
///
/// At least one operand is encrypted, or the operation draws randomness: the rest is folded before.
/// `Err` says which rule the operands break.
pub type Circuit =
    fn(&ServerKeys, &[&Ciphertext], FheType, FheType) -> Result<Ciphertext, &'static str>;

/// What a circuit returns.
pub(crate) type Outcome = Result<Ciphertext, &'static str>;

use Ciphertext::{Constant, Encrypted};

/// Operands of the wrong number or form: the graph was not checked.
const SHAPE: &str = "the operands do not fit the operation";

/// Bootstraps each block that has a carry, or more noise than a fresh bootstrap leaves.
///
/// tfhe-rs's shift by an encrypted amount hands out sums of two bootstraps. Its other operations
/// take such blocks, but the failure probability of 2⁻¹²⁸ is guaranteed for clean ones only.
pub(crate) fn clean(keys: &ServerKeys, value: Ciphertext) -> Ciphertext {
    let Encrypted(radix) = value else { return value };
    let key: &tfhe::shortint::ServerKey = keys.integer().as_ref();
    let blocks = radix
        .into_blocks()
        .into_par_iter()
        .map(|block| {
            if block.carry_is_empty() && block.noise_level() <= NoiseLevel::NOMINAL {
                block
            } else {
                key.message_extract(&block)
            }
        })
        .collect();
    Encrypted(RadixCiphertext::from_blocks(blocks))
}

/// A constant as a tfhe-rs scalar.
pub(crate) fn wide(value: U256) -> tfhe::integer::U256 {
    let (low, high) = (value.wrapping_to::<u128>(), U256::wrapping_to::<u128>(&(value >> 128)));
    tfhe::integer::U256::from((low, high))
}

/// A Bool's block as tfhe-rs's boolean type.
fn boolean(radix: &RadixCiphertext) -> BooleanBlock {
    BooleanBlock::new_unchecked(radix.blocks()[0].clone())
}

/// A constant as a noiseless ciphertext, for circuits that have no scalar form.
fn trivial(key: &ServerKey, value: U256, ty: FheType) -> RadixCiphertext {
    key.create_trivial_radix(wide(value), ty.blocks())
}

/// Runs `$body` with `$scalar` bound to the constant `$value` as the unsigned type of `$bits`
/// bits: tfhe-rs's scalar circuits take their width from it.
macro_rules! with_scalar {
    ($bits:expr, $value:expr, |$scalar:ident| $body:expr) => {
        match $bits {
            0..=8 => {
                let $scalar = $value.wrapping_to::<u8>();
                $body
            }
            9..=16 => {
                let $scalar = $value.wrapping_to::<u16>();
                $body
            }
            17..=32 => {
                let $scalar = $value.wrapping_to::<u32>();
                $body
            }
            33..=64 => {
                let $scalar = $value.wrapping_to::<u64>();
                $body
            }
            65..=128 => {
                let $scalar = $value.wrapping_to::<u128>();
                $body
            }
            _ => {
                let $scalar = crate::circuits::wide($value);
                $body
            }
        }
    };
}
use with_scalar;
