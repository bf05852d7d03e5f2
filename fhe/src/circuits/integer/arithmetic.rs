//! Multiplication and division by constants.

use alloy_primitives::U256;
use tfhe::integer::RadixCiphertext;

use super::{Constant, Encrypted, Outcome, with_scalar};
use crate::circuits::SHAPE;
use crate::{Ciphertext, FheType, keys::ServerKeys};

pub(crate) fn mul(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    Ok(Encrypted(match x {
        [Encrypted(a), Encrypted(b)] => key.mul_parallelized(a, b),
        [Encrypted(a), Constant(b)] | [Constant(b), Encrypted(a)] => {
            with_scalar!(ty.bits(), *b, |b| key.scalar_mul_parallelized(a, b))
        }
        _ => return Err(SHAPE),
    }))
}

/// The divisor is a constant: the executor takes no other, and no zero.
pub(crate) fn div(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let (a, divisor) = division(x)?;
    let key = keys.integer();
    let quotient = with_scalar!(ty.bits(), divisor, |b| key.scalar_div_parallelized(a, b));
    Ok(Encrypted(quotient))
}

/// As [`div`].
pub(crate) fn rem(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let (a, divisor) = division(x)?;
    let key = keys.integer();
    let remainder = with_scalar!(ty.bits(), divisor, |b| key.scalar_rem_parallelized(a, b));
    Ok(Encrypted(remainder))
}

fn division<'a>(x: &[&'a Ciphertext]) -> Result<(&'a RadixCiphertext, U256), &'static str> {
    match x {
        [Encrypted(a), Constant(divisor)] => Ok((a, non_zero(*divisor)?)),
        _ => Err(SHAPE),
    }
}

fn non_zero(divisor: U256) -> Result<U256, &'static str> {
    // tfhe-rs panics on it.
    if divisor.is_zero() { Err("division by zero") } else { Ok(divisor) }
}

/// `factor1 * factor2 / divisor`: the product is computed at twice the width, the quotient cut
/// back to the width.
pub(crate) fn mul_div(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    let double = 2 * ty.bits();
    let widen = |a: &RadixCiphertext| key.extend_radix_with_trivial_zero_blocks_msb(a, ty.blocks());
    let [factors @ .., Constant(divisor)] = x else { return Err(SHAPE) };
    let divisor = non_zero(*divisor)?;
    let product = match factors {
        [Encrypted(a), Encrypted(b)] => key.mul_parallelized(&widen(a), &widen(b)),
        [Encrypted(a), Constant(b)] | [Constant(b), Encrypted(a)] => {
            with_scalar!(double, *b, |b| key.scalar_mul_parallelized(&widen(a), b))
        }
        _ => return Err(SHAPE),
    };
    let quotient = with_scalar!(double, divisor, |d| key.scalar_div_parallelized(&product, d));
    Ok(Encrypted(key.trim_radix_blocks_msb(&quotient, ty.blocks())))
}
