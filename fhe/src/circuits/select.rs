//! The conditional.

use tfhe::integer::prelude::ServerKeyDefaultCMux;

use super::{Constant, Encrypted, Outcome, SHAPE, boolean, wide};
use crate::{Ciphertext, FheType, keys::ServerKeys};

pub(crate) fn select(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    let (condition, branches) = match x {
        [Constant(condition), a, b] => {
            return Ok(if condition.is_zero() { *b } else { *a }.clone());
        }
        [Encrypted(condition), branches @ ..] => (boolean(condition), branches),
        _ => return Err(SHAPE),
    };
    Ok(Encrypted(match branches {
        [Encrypted(a), Encrypted(b)] => key.if_then_else_parallelized(&condition, a, b),
        [Encrypted(a), Constant(b)] => key.if_then_else_parallelized(&condition, a, wide(*b)),
        [Constant(a), Encrypted(b)] => key.if_then_else_parallelized(&condition, wide(*a), b),
        [Constant(a), Constant(b)] => {
            let (a, b) = (wide(*a), wide(*b));
            key.scalar_if_then_else_parallelized(&condition, a, b, ty.blocks())
        }
        _ => return Err(SHAPE),
    }))
}
