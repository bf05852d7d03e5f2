//! Values at which implementations go wrong, and some that nobody chose.

use alloy_primitives::{U256, keccak256};
use ciphervm_fhe::FheType;

/// A number that looks random and is the same in each generation.
pub(super) fn draw(ty: FheType, number: u64) -> U256 {
    let mut preimage = b"ciphervm conformance".to_vec();
    preimage.push(ty.id());
    preimage.extend(number.to_be_bytes());
    ty.truncate(keccak256(preimage).into())
}

fn power(exponent: usize) -> U256 {
    U256::ONE << exponent
}

/// The largest value, the top bit, and the middle one.
pub(super) fn landmarks(ty: FheType) -> [U256; 3] {
    [ty.max_value(), power(ty.bits() - 1), power(ty.bits() / 2)]
}

/// Single values: ends of the range, powers of two and their neighbours.
pub(super) fn singles(ty: FheType) -> Vec<U256> {
    if ty == FheType::Bool {
        return vec![U256::ZERO, U256::ONE];
    }
    let [max, top, middle] = landmarks(ty);
    let one = U256::ONE;
    let quarter = power(ty.bits() / 4);
    let mut values = vec![U256::ZERO, one, U256::from(2), U256::from(3)];
    for landmark in [quarter, middle, top] {
        values.extend([landmark - one, landmark, landmark + one]);
    }
    values.extend([max - one, max, max / U256::from(3), max - max / U256::from(3)]);
    values.extend((0..3).map(|number| draw(ty, number)));
    distinct(values)
}

/// Pairs: what [`singles`] has, equal, off by one, and around the wrap.
pub(super) fn pairs(ty: FheType) -> Vec<(U256, U256)> {
    let (zero, one) = (U256::ZERO, U256::ONE);
    if ty == FheType::Bool {
        return vec![(zero, zero), (zero, one), (one, zero), (one, one)];
    }
    let [max, top, middle] = landmarks(ty);
    let third = max / U256::from(3);
    let mut pairs = vec![
        (zero, zero),
        (zero, one),
        (one, zero),
        (one, one),
        (zero, max),
        (max, zero),
        (max, max),
        (max, one),
        (one, max),
        (max - one, max),
        (max, max - one),
        (top, top),
        (top, top - one),
        (top - one, top),
        (top - one, top - one),
        (top, one),
        (one, top),
        (top, max),
        (top + one, top - one),
        (middle, middle),
        (middle - one, middle),
        (middle, middle - one),
        (middle + one, middle - one),
        (third, max - third),
        (third, third + one),
        (U256::from(3), third),
    ];
    let [a, b, c, d] = [0, 1, 2, 3].map(|number| draw(ty, number));
    // Sums at the wrap and beyond, differences at zero and below.
    pairs.extend([(a, a), (a, max - a), (a, ty.truncate(max - a + one))]);
    pairs.extend([(b, ty.truncate(b + one)), (ty.truncate(b + one), b)]);
    pairs.extend([(a, b), (b, a), (c, d)]);
    // That differ in one bit: the lowest, those around the middle, the highest.
    pairs.extend([one, middle >> 1, middle, top].map(|bit| (c, c ^ bit)));
    distinct(pairs)
}

/// Factors whose products end at powers of two, or just beside.
pub(super) fn factors(ty: FheType) -> Vec<(U256, U256)> {
    let [max, _, middle] = landmarks(ty);
    let one = U256::ONE;
    let quarter = power(ty.bits() / 4);
    let rest = power(ty.bits() - ty.bits() / 4);
    let random = draw(ty, 4);
    vec![
        (quarter, rest),
        (quarter - one, rest + one),
        (middle + one, middle + one),
        (middle, middle - one),
        (max - one, max - one),
        (random, U256::from(3)),
        (random, U256::from(5)),
        (random, U256::from(10)),
        (random, quarter),
    ]
}

/// Dividends and divisors: no divisor is zero.
pub(super) fn quotients(ty: FheType) -> Vec<(U256, U256)> {
    let [max, top, middle] = landmarks(ty);
    let one = U256::ONE;
    let divisors = [
        one,
        U256::from(2),
        U256::from(3),
        U256::from(7),
        U256::from(10),
        middle - one,
        middle,
        middle + one,
        top,
        max - one,
        max,
    ];
    let dividends = [max, draw(ty, 5)];
    let mut pairs = pairs(ty);
    pairs.retain(|(_, divisor)| !divisor.is_zero());
    for divisor in divisors {
        pairs.extend(dividends.map(|dividend| (dividend, divisor)));
    }
    distinct(pairs)
}

/// Values and amounts to shift them by, over-wide ones included.
pub(super) fn shifts(ty: FheType) -> Vec<(U256, U256)> {
    let [max, top, _] = landmarks(ty);
    let bits = ty.bits();
    let amounts = [0, 1, 2, 3, bits / 2, bits - 1, bits, bits + 1, 2 * bits - 1, 2 * bits, 255];
    let mut amounts: Vec<U256> = amounts.map(|amount| ty.truncate(U256::from(amount))).into();
    amounts.push(max);
    let mut pairs = Vec::new();
    for value in [U256::ONE, top, max - (max >> 2), draw(ty, 0)] {
        pairs.extend(amounts.iter().map(|amount| (value, *amount)));
    }
    distinct(pairs)
}

/// The same without repetitions, in the same order.
pub(super) fn distinct<T: PartialEq>(values: Vec<T>) -> Vec<T> {
    let mut kept = Vec::with_capacity(values.len());
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}
