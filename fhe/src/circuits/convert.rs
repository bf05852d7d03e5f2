//! Casts, and the operations that only name a value.

use super::{Encrypted, Outcome, SHAPE};
use crate::{Ciphertext, FheType, keys::ServerKeys};

/// A verified input is used as it is.
pub(crate) fn identity(_: &ServerKeys, x: &[&Ciphertext], _: FheType, _: FheType) -> Outcome {
    x.first().copied().cloned().ok_or(SHAPE)
}

/// Always folded, because its only operand is a scalar.
pub(crate) fn trivial_encrypt(
    _: &ServerKeys,
    _: &[&Ciphertext],
    _: FheType,
    _: FheType,
) -> Outcome {
    Err(SHAPE)
}

/// Adds zero blocks or drops high ones: no bootstrap.
pub(crate) fn cast(keys: &ServerKeys, x: &[&Ciphertext], from: FheType, to: FheType) -> Outcome {
    let [Encrypted(a)] = x else { return Err(SHAPE) };
    let (from, to) = (from.blocks(), to.blocks());
    Ok(Encrypted(if to >= from {
        keys.integer().extend_radix_with_trivial_zero_blocks_msb(a, to - from)
    } else {
        keys.integer().trim_radix_blocks_msb(a, from - to)
    }))
}
