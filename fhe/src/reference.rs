//! Plaintext semantics of every operation: the executable specification.
//!
//! Source: the clear semantics of FHEVM. Arithmetic wraps modulo `2^bits`, comparisons are
//! unsigned, shift and rotate amounts are taken modulo the width. Each function takes clear
//! operands in the order of the operation's [`Shape`](crate::Shape), the operand type and the
//! result type; every operand is already within its type.

use alloy_primitives::{U256, U512, keccak256};

use crate::{FheType, Op, Operand};

/// The value of one operation on clear operands. Scalars are truncated to the operand type
/// first, as the executor does; a Bool scalar is true if it is not zero.
pub fn evaluate(op: Op, operands: &[Operand<U256>], operand: FheType, result: FheType) -> U256 {
    let spec = op.spec();
    let clear: Vec<U256> = operands
        .iter()
        .map(|value| match value {
            Operand::Encrypted(value) => *value,
            Operand::Scalar(word) => scalar(op, *word, operand),
        })
        .collect();
    (spec.reference)(&clear, operand, result)
}

/// A scalar's value as an operand of type `ty`.
pub(crate) fn scalar(op: Op, word: U256, ty: FheType) -> U256 {
    match op {
        // A plaintext, bound or seed is no operand of type `ty`: the operation itself reduces it.
        Op::TrivialEncrypt | Op::Rand | Op::RandBounded => word,
        _ if ty == FheType::Bool => bool(!word.is_zero()),
        _ => ty.truncate(word),
    }
}

fn bool(value: bool) -> U256 {
    U256::from(u8::from(value))
}

/// An amount of bits, taken modulo the width.
pub(crate) fn amount(value: U256, ty: FheType) -> usize {
    // Every width is a power of two, so the low byte is enough.
    usize::from(value.byte(0)) % ty.bits()
}

pub(crate) fn first(x: &[U256], _: FheType, _: FheType) -> U256 {
    x[0]
}

pub(crate) fn add(x: &[U256], ty: FheType, _: FheType) -> U256 {
    ty.truncate(x[0].wrapping_add(x[1]))
}

pub(crate) fn sub(x: &[U256], ty: FheType, _: FheType) -> U256 {
    ty.truncate(x[0].wrapping_sub(x[1]))
}

pub(crate) fn mul(x: &[U256], ty: FheType, _: FheType) -> U256 {
    ty.truncate(x[0].wrapping_mul(x[1]))
}

/// Division by zero, which the executor refuses, is zero here.
pub(crate) fn div(x: &[U256], _: FheType, _: FheType) -> U256 {
    x[0].checked_div(x[1]).unwrap_or_default()
}

/// Remainder by zero, which the executor refuses, is zero here.
pub(crate) fn rem(x: &[U256], _: FheType, _: FheType) -> U256 {
    x[0].checked_rem(x[1]).unwrap_or_default()
}

pub(crate) fn and(x: &[U256], _: FheType, _: FheType) -> U256 {
    x[0] & x[1]
}

pub(crate) fn or(x: &[U256], _: FheType, _: FheType) -> U256 {
    x[0] | x[1]
}

pub(crate) fn xor(x: &[U256], _: FheType, _: FheType) -> U256 {
    x[0] ^ x[1]
}

pub(crate) fn shl(x: &[U256], ty: FheType, _: FheType) -> U256 {
    ty.truncate(x[0] << amount(x[1], ty))
}

pub(crate) fn shr(x: &[U256], ty: FheType, _: FheType) -> U256 {
    x[0] >> amount(x[1], ty)
}

pub(crate) fn rotl(x: &[U256], ty: FheType, _: FheType) -> U256 {
    rotate_left(x[0], amount(x[1], ty), ty)
}

pub(crate) fn rotr(x: &[U256], ty: FheType, _: FheType) -> U256 {
    rotate_left(x[0], ty.bits() - amount(x[1], ty), ty)
}

/// `by` is at most the width. `U256` shifts by its whole width give zero.
fn rotate_left(value: U256, by: usize, ty: FheType) -> U256 {
    ty.truncate(value << by) | value >> (ty.bits() - by)
}

pub(crate) fn eq(x: &[U256], _: FheType, _: FheType) -> U256 {
    bool(x[0] == x[1])
}

pub(crate) fn ne(x: &[U256], _: FheType, _: FheType) -> U256 {
    bool(x[0] != x[1])
}

pub(crate) fn ge(x: &[U256], _: FheType, _: FheType) -> U256 {
    bool(x[0] >= x[1])
}

pub(crate) fn gt(x: &[U256], _: FheType, _: FheType) -> U256 {
    bool(x[0] > x[1])
}

pub(crate) fn le(x: &[U256], _: FheType, _: FheType) -> U256 {
    bool(x[0] <= x[1])
}

pub(crate) fn lt(x: &[U256], _: FheType, _: FheType) -> U256 {
    bool(x[0] < x[1])
}

pub(crate) fn min(x: &[U256], _: FheType, _: FheType) -> U256 {
    x[0].min(x[1])
}

pub(crate) fn max(x: &[U256], _: FheType, _: FheType) -> U256 {
    x[0].max(x[1])
}

pub(crate) fn neg(x: &[U256], ty: FheType, _: FheType) -> U256 {
    ty.truncate(x[0].wrapping_neg())
}

/// Bitwise on integers, logical on Bool: the same thing on one bit.
pub(crate) fn not(x: &[U256], ty: FheType, _: FheType) -> U256 {
    ty.truncate(!x[0])
}

/// Zero-extends or keeps the low bits.
pub(crate) fn cast(x: &[U256], _: FheType, to: FheType) -> U256 {
    to.truncate(x[0])
}

/// The low bits of the plaintext. For a Bool it is the low *byte* that counts: 2 is true, 256 is
/// not.
pub(crate) fn trivial_encrypt(x: &[U256], _: FheType, to: FheType) -> U256 {
    match to {
        FheType::Bool => bool(x[0].byte(0) != 0),
        _ => to.truncate(x[0]),
    }
}

pub(crate) fn select(x: &[U256], _: FheType, _: FheType) -> U256 {
    if x[0].is_zero() { x[2] } else { x[1] }
}

/// Uniform, by hashing the seed. It need not (and cannot) equal what the oblivious PRF gives
/// under some server key; it has the same range.
pub(crate) fn rand(x: &[U256], _: FheType, ty: FheType) -> U256 {
    let mut preimage = b"ciphervm reference rand".to_vec();
    preimage.extend(x[0].to_be_bytes::<32>());
    ty.truncate(keccak256(preimage).into())
}

/// Below a power of two.
pub(crate) fn rand_bounded(x: &[U256], operand: FheType, ty: FheType) -> U256 {
    rand(&x[1..], operand, ty) & x[0].wrapping_sub(U256::ONE)
}

pub(crate) fn sum(x: &[U256], _: FheType, ty: FheType) -> U256 {
    ty.truncate(x.iter().fold(U256::ZERO, |sum, value| sum.wrapping_add(*value)))
}

pub(crate) fn is_in(x: &[U256], _: FheType, _: FheType) -> U256 {
    bool(x[1..].contains(&x[0]))
}

/// `factor1 * factor2 / divisor` with a product of double width, then the low bits.
pub(crate) fn mul_div(x: &[U256], ty: FheType, _: FheType) -> U256 {
    let product = U512::from(x[0]) * U512::from(x[1]);
    let quotient = product.checked_div(U512::from(x[2])).unwrap_or_default();
    ty.truncate(quotient.wrapping_to())
}
