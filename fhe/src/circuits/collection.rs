//! Sums and membership.

use alloy_primitives::U256;
use tfhe::integer::RadixCiphertext;

use super::{Constant, Encrypted, Outcome, SHAPE, with_scalar};
use crate::{Ciphertext, FheType, keys::ServerKeys};

fn split<'a>(x: &[&'a Ciphertext]) -> (Vec<&'a RadixCiphertext>, Vec<U256>) {
    let (mut encrypted, mut constants) = (Vec::new(), Vec::new());
    for value in x {
        match value {
            Encrypted(radix) => encrypted.push(radix),
            Constant(constant) => constants.push(*constant),
        }
    }
    (encrypted, constants)
}

pub(crate) fn sum(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    let (encrypted, constants) = split(x);
    let total = key.sum_ciphertexts_parallelized(encrypted).ok_or(SHAPE)?;
    let constant =
        ty.truncate(constants.iter().fold(U256::ZERO, |sum, value| sum.wrapping_add(*value)));
    Ok(Encrypted(if constant.is_zero() {
        total
    } else {
        with_scalar!(ty.bits(), constant, |c| key.scalar_add_parallelized(&total, c))
    }))
}

/// One comparison per element, and an or over them.
pub(crate) fn is_in(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    let (value, set) = x.split_first().ok_or(SHAPE)?;
    let (encrypted, constants) = split(set);
    let encrypted: Vec<RadixCiphertext> = encrypted.into_iter().cloned().collect();
    let value = match value {
        // Constants against constants are compared in the clear.
        Constant(value) if constants.contains(value) => {
            return Ok(Constant(U256::ONE));
        }
        Constant(value) => {
            return Ok(Ciphertext::from_bool(with_scalar!(ty.bits(), *value, |v| {
                key.contains_clear_parallelized(&encrypted, v)
            })));
        }
        Encrypted(value) => value,
    };
    let among_encrypted = key.contains_parallelized(&encrypted, value);
    if constants.is_empty() {
        return Ok(Ciphertext::from_bool(among_encrypted));
    }
    let among_constants = constants
        .into_iter()
        .map(|c| with_scalar!(ty.bits(), c, |c| key.scalar_eq_parallelized(value, c)))
        .reduce(|a, b| key.boolean_bitor(&a, &b))
        .ok_or(SHAPE)?;
    Ok(Ciphertext::from_bool(if encrypted.is_empty() {
        among_constants
    } else {
        key.boolean_bitor(&among_encrypted, &among_constants)
    }))
}
