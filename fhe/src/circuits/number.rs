//! Numbers as circuits see them.

use alloy_primitives::U256;

use super::algebra::{Algebra, ClearBlock};
use crate::FheType;

/// An operand or a result.
#[derive(Clone, Debug)]
pub(crate) enum Number<B> {
    /// A public constant, within its type.
    Constant(U256),
    /// Digits of two bits, lowest first; a Bool is one digit.
    Encrypted(Vec<B>),
}

impl<B: Clone> Number<B> {
    /// The digits, of a constant too.
    pub(super) fn digits<A: Algebra<Block = B>>(&self, algebra: &A, ty: FheType) -> Vec<B> {
        match self {
            Self::Constant(value) => digits(algebra, *value, ty),
            Self::Encrypted(digits) => digits.clone(),
        }
    }
}

/// A constant's digits, modulo the type's width.
pub(super) fn digits<A: Algebra>(algebra: &A, value: U256, ty: FheType) -> Vec<A::Block> {
    let digit = |position: usize| i64::from((value >> (2 * position)).byte(0) & 3);
    (0..ty.blocks()).map(|position| algebra.constant(digit(position))).collect()
}

impl Number<ClearBlock> {
    /// The number.
    pub(crate) fn value(&self) -> U256 {
        match self {
            Self::Constant(value) => *value,
            Self::Encrypted(digits) => digits.iter().rev().fold(U256::ZERO, |value, digit| {
                value << 2 | U256::from(digit.value().unsigned_abs())
            }),
        }
    }

    /// A number as it comes from a store, with digits of one noise level.
    pub(crate) fn stored(value: U256, ty: FheType, noise: u64) -> Self {
        let degree = if ty == FheType::Bool { 1 } else { 3 };
        let digit = |position: usize| i64::from((value >> (2 * position)).byte(0) & 3);
        Self::Encrypted(
            (0..ty.blocks())
                .map(|position| ClearBlock::stored(digit(position), degree, noise, 0))
                .collect(),
        )
    }
}
