//! Operations that still call tfhe-rs's integer API.
//!
//! It picks algorithms by `rayon::current_num_threads()`: up to three threads it takes the
//! sequential ones. So these must run in a rayon pool of one to three threads, or their bits
//! differ; see [`MAX_POOL_THREADS`].

pub(crate) mod arithmetic;
pub(crate) mod collection;
pub(crate) mod shift;

use alloy_primitives::U256;
use tfhe::integer::{RadixCiphertext, ServerKey};

use crate::{Ciphertext, FheType, keys::ServerKeys};

/// The largest rayon pool in which circuits give the bits that every other allowed pool gives.
pub(crate) const MAX_POOL_THREADS: usize = 3;

/// Operands in node order, the operand type, the result type.
pub(super) type Operation = fn(&ServerKeys, &[&Ciphertext], FheType, FheType) -> Outcome;

pub(super) type Outcome = Result<Ciphertext, &'static str>;

use Ciphertext::{Constant, Encrypted};

/// A constant as a tfhe-rs scalar.
pub(crate) fn wide(value: U256) -> tfhe::integer::U256 {
    let (low, high) = (value.wrapping_to::<u128>(), U256::wrapping_to::<u128>(&(value >> 128)));
    tfhe::integer::U256::from((low, high))
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
                let $scalar = crate::circuits::integer::wide($value);
                $body
            }
        }
    };
}
use with_scalar;
