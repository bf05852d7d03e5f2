//! Sums of many numbers.
//!
//! Two take a ripple of carries, one bootstrap a digit, and up to four a ripple of larger carries,
//! two a digit. More are compressed by [`Columns`] first, whose documentation says what goes into
//! its bootstraps: at 64 bits five take 94, ten 188.

use alloy_primitives::U256;

use super::{
    Number,
    Number::{Constant, Encrypted},
    Outcome,
    algebra::Algebra,
    columns::Columns,
    digits,
};
use crate::FheType;

/// The sum of all operands, modulo the width.
pub(crate) fn sum<A: Algebra>(
    algebra: &A,
    x: &[&Number<A::Block>],
    _: FheType,
    ty: FheType,
) -> Outcome<A::Block> {
    let mut constant = U256::ZERO;
    let mut encrypted: Vec<&[A::Block]> = Vec::new();
    for number in x {
        match number {
            Constant(value) => constant = constant.wrapping_add(*value),
            Encrypted(digits) => encrypted.push(digits),
        }
    }
    let constant = ty.truncate(constant);
    match encrypted[..] {
        [] => return Ok(Constant(constant)),
        // Nothing to add: as it is, whatever its noise.
        [only] if constant.is_zero() => return Ok(Encrypted(only.to_vec())),
        _ => {}
    }
    let mut columns = Columns::new(ty.blocks());
    for number in encrypted {
        columns.add_all(algebra, 0, number);
    }
    columns.add_all(algebra, 0, &digits(algebra, constant, ty));
    Ok(Encrypted(columns.total(algebra, 0)))
}
