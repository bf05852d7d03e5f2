//! Sums.

use alloy_primitives::U256;
use tfhe::integer::RadixCiphertext;

use super::{Constant, Encrypted, Outcome, with_scalar};
use crate::circuits::SHAPE;
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
