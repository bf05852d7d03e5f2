//! Equality, order, minimum and maximum. A constant on the left mirrors the comparison.

use super::{Constant, Encrypted, Outcome, SHAPE, with_scalar};
use crate::{Ciphertext, FheType, keys::ServerKeys};

macro_rules! comparison {
    ($name:ident, $both:ident, $scalar:ident, $mirrored:ident) => {
        pub(crate) fn $name(
            keys: &ServerKeys,
            x: &[&Ciphertext],
            ty: FheType,
            _: FheType,
        ) -> Outcome {
            let key = keys.integer();
            Ok(Ciphertext::from_bool(match x {
                [Encrypted(a), Encrypted(b)] => key.$both(a, b),
                [Encrypted(a), Constant(b)] => with_scalar!(ty.bits(), *b, |b| key.$scalar(a, b)),
                [Constant(a), Encrypted(b)] => {
                    with_scalar!(ty.bits(), *a, |a| key.$mirrored(b, a))
                }
                _ => return Err(SHAPE),
            }))
        }
    };
}

comparison!(eq, eq_parallelized, scalar_eq_parallelized, scalar_eq_parallelized);
comparison!(ne, ne_parallelized, scalar_ne_parallelized, scalar_ne_parallelized);
comparison!(ge, ge_parallelized, scalar_ge_parallelized, scalar_le_parallelized);
comparison!(gt, gt_parallelized, scalar_gt_parallelized, scalar_lt_parallelized);
comparison!(le, le_parallelized, scalar_le_parallelized, scalar_ge_parallelized);
comparison!(lt, lt_parallelized, scalar_lt_parallelized, scalar_gt_parallelized);

pub(crate) fn min(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    Ok(Encrypted(match x {
        [Encrypted(a), Encrypted(b)] => key.min_parallelized(a, b),
        [Encrypted(a), Constant(b)] | [Constant(b), Encrypted(a)] => {
            with_scalar!(ty.bits(), *b, |b| key.scalar_min_parallelized(a, b))
        }
        _ => return Err(SHAPE),
    }))
}

pub(crate) fn max(keys: &ServerKeys, x: &[&Ciphertext], ty: FheType, _: FheType) -> Outcome {
    let key = keys.integer();
    Ok(Encrypted(match x {
        [Encrypted(a), Encrypted(b)] => key.max_parallelized(a, b),
        [Encrypted(a), Constant(b)] | [Constant(b), Encrypted(a)] => {
            with_scalar!(ty.bits(), *b, |b| key.scalar_max_parallelized(a, b))
        }
        _ => return Err(SHAPE),
    }))
}
