//! Algebra that the reference semantics must obey, where the public vectors are silent. Narrow
//! widths are held against Rust's own integers.

use alloy_primitives::{U256, U512};
use ciphervm_fhe::{FheType, Op, Operand, reference};
use proptest::prelude::*;

fn run(op: Op, ty: FheType, operands: &[U256]) -> U256 {
    run_to(op, ty, ty, operands)
}

fn run_to(op: Op, ty: FheType, requested: FheType, operands: &[U256]) -> U256 {
    let operands: Vec<_> = operands.iter().map(|value| Operand::Encrypted(*value)).collect();
    reference::evaluate(op, &operands, ty, op.spec().result_type(ty, requested))
}

fn flag(value: bool) -> U256 {
    U256::from(u8::from(value))
}

fn word() -> impl Strategy<Value = U256> {
    // Edges are rare among random words, so they get a share of their own.
    prop_oneof![
        any::<[u64; 4]>().prop_map(U256::from_limbs),
        any::<u8>().prop_map(U256::from),
        (0_usize..256).prop_map(|bit| U256::ONE << bit),
        (0_usize..256).prop_map(|bit| (U256::ONE << bit) - U256::ONE),
        Just(U256::MAX),
    ]
}

fn type_in(op: Op) -> impl Strategy<Value = FheType> {
    prop::sample::select(op.spec().types.iter().collect::<Vec<_>>())
}

/// A type of `op` and two values of it.
fn pair(op: Op) -> impl Strategy<Value = (FheType, U256, U256)> {
    (type_in(op), word(), word()).prop_map(|(ty, a, b)| (ty, ty.truncate(a), ty.truncate(b)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn addition_wraps_at_the_width((ty, a, b) in pair(Op::Add)) {
        // 128-bit sums do not overflow 256 bits.
        let exact = a + b;
        let expected = if exact > ty.max_value() { exact - (U256::ONE << ty.bits()) } else { exact };
        prop_assert_eq!(run(Op::Add, ty, &[a, b]), expected);
        prop_assert_eq!(run(Op::Sum, ty, &[a, b]), expected);
        prop_assert_eq!(run(Op::Sub, ty, &[expected, b]), a);
    }

    #[test]
    fn subtraction_borrows_from_the_width((ty, a, b) in pair(Op::Sub)) {
        let expected = if a >= b { a - b } else { (U256::ONE << ty.bits()) + a - b };
        prop_assert_eq!(run(Op::Sub, ty, &[a, b]), expected);
    }

    #[test]
    fn multiplication_keeps_the_low_bits((ty, a, b) in pair(Op::Mul)) {
        let exact = U512::from(a) * U512::from(b);
        let expected: U256 = (exact % (U512::from(1) << ty.bits())).to();
        prop_assert_eq!(run(Op::Mul, ty, &[a, b]), expected);
    }

    #[test]
    fn quotient_and_remainder_make_the_dividend((ty, a, b) in pair(Op::Div)) {
        prop_assume!(!b.is_zero());
        let (q, r) = (run(Op::Div, ty, &[a, b]), run(Op::Rem, ty, &[a, b]));
        prop_assert!(r < b);
        prop_assert_eq!(q * b + r, a);
    }

    #[test]
    fn negation_is_subtraction_from_zero(ty in type_in(Op::Neg), a in word()) {
        let a = ty.truncate(a);
        let negated = run(Op::Neg, ty, &[a]);
        prop_assert_eq!(ty.truncate(negated.wrapping_add(a)), U256::ZERO);
        // Two's complement.
        let flipped = run(Op::Not, ty, &[a]);
        prop_assert_eq!(negated, ty.truncate(flipped.wrapping_add(U256::ONE)));
    }

    #[test]
    fn shifts_take_the_amount_modulo_the_width((ty, a, by) in pair(Op::Shl)) {
        let reduced = by % U256::from(ty.bits());
        for op in [Op::Shl, Op::Shr, Op::Rotl, Op::Rotr] {
            prop_assert_eq!(run(op, ty, &[a, by]), run(op, ty, &[a, reduced]));
        }
        let n: usize = reduced.to();
        let power = U512::from(1) << n;
        let left: U256 = (U512::from(a) * power % (U512::from(1) << ty.bits())).to();
        prop_assert_eq!(run(Op::Shl, ty, &[a, by]), left);
        let right: U256 = (U512::from(a) / power).to();
        prop_assert_eq!(run(Op::Shr, ty, &[a, by]), right);
    }

    #[test]
    fn rotations_undo_each_other_and_lose_no_bit((ty, a, by) in pair(Op::Rotl)) {
        let left = run(Op::Rotl, ty, &[a, by]);
        prop_assert_eq!(run(Op::Rotr, ty, &[left, by]), a);
        prop_assert_eq!(left.count_ones(), a.count_ones());
    }

    #[test]
    fn narrow_widths_agree_with_machine_integers(a: u8, b: u8, c: u64, d: u64) {
        let small = [U256::from(a), U256::from(b)];
        let large = [U256::from(c), U256::from(d)];
        let (u8, u64) = (FheType::Uint8, FheType::Uint64);
        let by = (u32::from(b), (d % 64) as u32);
        prop_assert_eq!(run(Op::Rotl, u8, &small), U256::from(a.rotate_left(by.0)));
        prop_assert_eq!(run(Op::Rotr, u8, &small), U256::from(a.rotate_right(by.0)));
        prop_assert_eq!(run(Op::Rotl, u64, &large), U256::from(c.rotate_left(by.1)));
        prop_assert_eq!(run(Op::Shl, u8, &small), U256::from(a.wrapping_shl(by.0)));
        prop_assert_eq!(run(Op::Shr, u64, &large), U256::from(c.wrapping_shr(by.1)));
        prop_assert_eq!(run(Op::Mul, u64, &large), U256::from(c.wrapping_mul(d)));
        prop_assert_eq!(run(Op::Sub, u64, &large), U256::from(c.wrapping_sub(d)));
        prop_assert_eq!(run(Op::Neg, u8, &small[..1]), U256::from(a.wrapping_neg()));
    }

    #[test]
    fn order_is_unsigned_and_total((ty, a, b) in pair(Op::Ge)) {
        prop_assert_eq!(run(Op::Ge, ty, &[a, b]), flag(a >= b));
        prop_assert_eq!(run(Op::Lt, ty, &[a, b]), flag(a < b));
        prop_assert_eq!(run(Op::Gt, ty, &[a, b]), run(Op::Lt, ty, &[b, a]));
        prop_assert_eq!(run(Op::Le, ty, &[a, b]), run(Op::Ge, ty, &[b, a]));
        let (low, high) = (run(Op::Min, ty, &[a, b]), run(Op::Max, ty, &[a, b]));
        prop_assert!(low <= high);
        prop_assert!((low, high) == (a, b) || (low, high) == (b, a));
    }

    #[test]
    fn equality_sees_every_bit((ty, a, _) in pair(Op::Eq), bit in 0_usize..256) {
        prop_assert_eq!(run(Op::Eq, ty, &[a, a]), U256::ONE);
        let other = a ^ U256::ONE << (bit % ty.bits());
        prop_assert_eq!(run(Op::Eq, ty, &[a, other]), U256::ZERO);
        prop_assert_eq!(run(Op::Ne, ty, &[a, other]), U256::ONE);
    }

    #[test]
    fn casts_keep_the_low_bits(from in type_in(Op::Cast), to in type_in(Op::Neg), a in word()) {
        let a = from.truncate(a);
        let cast = run_to(Op::Cast, from, to, &[a]);
        let modulus = U512::from(1) << to.bits();
        prop_assert_eq!(cast, (U512::from(a) % modulus).to::<U256>());
        if to.bits() >= from.bits() {
            prop_assert_eq!(cast, a);
        }
    }

    #[test]
    fn select_is_one_of_its_branches((ty, a, b) in pair(Op::IfThenElse)) {
        prop_assert_eq!(run(Op::IfThenElse, ty, &[U256::ONE, a, b]), a);
        prop_assert_eq!(run(Op::IfThenElse, ty, &[U256::ZERO, a, b]), b);
    }

    #[test]
    fn scalars_are_truncated_to_the_operand_type((ty, a, _) in pair(Op::Add), scalar in word()) {
        for op in [Op::Add, Op::Mul, Op::BitXor, Op::Eq, Op::Ge] {
            let result = op.spec().result_type(ty, ty);
            let whole = [Operand::Encrypted(a), Operand::Scalar(scalar)];
            let cut = [Operand::Encrypted(a), Operand::Encrypted(ty.truncate(scalar))];
            prop_assert_eq!(
                reference::evaluate(op, &whole, ty, result),
                reference::evaluate(op, &cut, ty, result)
            );
        }
    }

    #[test]
    fn mul_div_has_a_product_of_double_width((ty, a, b) in pair(Op::MulDiv), d in word()) {
        let d = ty.truncate(d);
        prop_assume!(!d.is_zero());
        // At most 64 bits each: the product fits 128.
        let expected = ty.truncate(a * b / d);
        prop_assert_eq!(run(Op::MulDiv, ty, &[a, b, d]), expected);
    }

    #[test]
    fn sums_wrap_and_membership_is_exact(
        ty in type_in(Op::Sum),
        values in prop::collection::vec(word(), 0..20),
        value in word(),
    ) {
        let values: Vec<U256> = values.into_iter().map(|v| ty.truncate(v)).collect();
        let value = ty.truncate(value);
        let exact = values.iter().fold(U512::ZERO, |sum, v| sum + U512::from(*v));
        let expected: U256 = (exact % (U512::from(1) << ty.bits())).to();
        prop_assert_eq!(run(Op::Sum, ty, &values), expected);

        let mut operands = vec![value];
        operands.extend(&values);
        prop_assert_eq!(run(Op::IsIn, ty, &operands), flag(values.contains(&value)));
        operands.push(value);
        prop_assert_eq!(run(Op::IsIn, ty, &operands), U256::ONE);
    }

    #[test]
    fn randomness_is_a_function_of_the_seed_within_its_bound(
        ty in type_in(Op::RandBounded),
        seed: u128,
        power in 0_usize..256,
    ) {
        let bound = U256::ONE << (power % ty.bits());
        let draw = |op, words: &[U256]| {
            let operands: Vec<_> = words.iter().map(|word| Operand::Scalar(*word)).collect();
            reference::evaluate(op, &operands, ty, ty)
        };
        let seed = U256::from(seed);
        prop_assert!(draw(Op::RandBounded, &[bound, seed]) < bound);
        prop_assert!(draw(Op::Rand, &[seed]) <= ty.max_value());
        prop_assert_eq!(draw(Op::Rand, &[seed]), draw(Op::Rand, &[seed]));
    }
}

/// What would stand where a random number is zero, or does not depend on its seed.
#[test]
fn seeds_of_all_kinds_make_different_numbers() {
    let ty = FheType::Uint256;
    let draw = |op, words: &[U256]| {
        let operands: Vec<_> = words.iter().map(|word| Operand::Scalar(*word)).collect();
        reference::evaluate(op, &operands, ty, ty)
    };
    let seeds = [0, 1, 2, u64::MAX].map(U256::from);
    let bound = U256::ONE << 128;
    let mut numbers = seeds.map(|seed| draw(Op::Rand, &[seed])).to_vec();
    for (seed, number) in seeds.into_iter().zip(numbers.clone()) {
        // The low bits of the same number.
        assert_eq!(draw(Op::RandBounded, &[bound, seed]), number & (bound - U256::ONE));
    }
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), seeds.len());
    assert!(numbers.iter().all(|number| *number > bound), "not even 128 bits of {numbers:?}");
}

#[test]
fn empty_collections_have_neutral_values() {
    assert_eq!(run(Op::Sum, FheType::Uint64, &[]), U256::ZERO);
    assert_eq!(run(Op::IsIn, FheType::Uint160, &[U256::from(7)]), U256::ZERO);
}

/// Bool has rules of its own: a plaintext counts by its low byte, a scalar by any bit.
#[test]
fn bool_rules() {
    let bool = FheType::Bool;
    let trivial = |word: u64| {
        let operands = [Operand::Scalar(U256::from(word))];
        reference::evaluate(Op::TrivialEncrypt, &operands, bool, bool)
    };
    assert_eq!([0, 1, 2, 255, 256, 257].map(trivial), [0, 1, 1, 1, 0, 1].map(U256::from));

    let and = |scalar: u64| {
        let operands = [Operand::Encrypted(U256::ONE), Operand::Scalar(U256::from(scalar))];
        reference::evaluate(Op::BitAnd, &operands, bool, bool)
    };
    assert_eq!([0, 1, 2, 256].map(and), [0, 1, 1, 1].map(U256::from));

    for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let x = [U256::from(a), U256::from(b)];
        assert_eq!(run(Op::BitAnd, bool, &x), U256::from(a & b));
        assert_eq!(run(Op::BitOr, bool, &x), U256::from(a | b));
        assert_eq!(run(Op::BitXor, bool, &x), U256::from(a ^ b));
        assert_eq!(run(Op::Eq, bool, &x), flag(a == b));
        assert_eq!(run(Op::Not, bool, &x[..1]), U256::from(1 - a));
    }
    assert_eq!(run_to(Op::Cast, bool, FheType::Uint256, &[U256::ONE]), U256::ONE);
}

#[test]
fn wide_types_use_every_bit() {
    let (address, word) = (FheType::Uint160, FheType::Uint256);
    let top = U256::ONE << 159;
    assert_eq!(run(Op::Eq, address, &[top, U256::ZERO]), U256::ZERO);
    assert_eq!(run(Op::IfThenElse, address, &[U256::ONE, top, U256::ZERO]), top);
    let high = U256::ONE << 255;
    assert_eq!(run(Op::Shr, word, &[high, U256::from(255)]), U256::ONE);
    assert_eq!(run(Op::Rotl, word, &[high, U256::ONE]), U256::ONE);
    assert_eq!(run(Op::Neg, word, &[U256::ONE]), U256::MAX);
    assert_eq!(run(Op::BitXor, word, &[U256::MAX, high]), U256::MAX - high);
}

/// The largest product and the smallest divisor at 64 bits: a 128-bit quotient, cut back.
#[test]
fn mul_div_at_128_bits() {
    let max = U256::from(u64::MAX);
    let run = |a, b, d| run(Op::MulDiv, FheType::Uint64, &[a, b, d]);
    assert_eq!(run(max, max, max), max);
    assert_eq!(run(max, max, U256::ONE), U256::ONE);
    assert_eq!(run(max, U256::from(1000), U256::from(2000)), max >> 1);
}
