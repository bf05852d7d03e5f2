//! And, or, xor, not. A Bool is one block with value 0 or 1, so the same circuits serve it.

use super::{Constant, Encrypted, Outcome, SHAPE, boolean, with_scalar};
use crate::{Ciphertext, FheType, keys::ServerKeys};

pub(crate) fn and(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    Ok(Encrypted(match x {
        [Encrypted(a), Encrypted(b)] => key.bitand_parallelized(a, b),
        [Encrypted(a), Constant(b)] | [Constant(b), Encrypted(a)] => {
            with_scalar!(ty.bits(), *b, |b| key.scalar_bitand_parallelized(a, b))
        }
        _ => return Err(SHAPE),
    }))
}

pub(crate) fn or(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    Ok(Encrypted(match x {
        [Encrypted(a), Encrypted(b)] => key.bitor_parallelized(a, b),
        [Encrypted(a), Constant(b)] | [Constant(b), Encrypted(a)] => {
            with_scalar!(ty.bits(), *b, |b| key.scalar_bitor_parallelized(a, b))
        }
        _ => return Err(SHAPE),
    }))
}

pub(crate) fn xor(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    Ok(Encrypted(match x {
        [Encrypted(a), Encrypted(b)] => key.bitxor_parallelized(a, b),
        [Encrypted(a), Constant(b)] | [Constant(b), Encrypted(a)] => {
            with_scalar!(ty.bits(), *b, |b| key.scalar_bitxor_parallelized(a, b))
        }
        _ => return Err(SHAPE),
    }))
}

pub(crate) fn not(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    match x {
        [Encrypted(a)] if ty == FheType::Bool => {
            Ok(Ciphertext::from_bool(keys.integer().boolean_bitnot(&boolean(a))))
        }
        [Encrypted(a)] => Ok(Encrypted(keys.integer().bitnot(a))),
        _ => Err(SHAPE),
    }
}
