//! Circuits on the simulation: every pair of bytes, and random values of every width, against the
//! reference semantics. The simulation refuses any bootstrap out of bounds.
//!
//! `CIPHERVM_CASES` is the number of random cases for each operation and profile, 100 by default.

use std::env;

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Op, Operand, Profile, Shape, Simulated, Simulator, reference};
use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

/// How an operand reaches a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// With blocks of this noise level.
    Encrypted(u64),
    Constant,
}
use Form::{Constant, Encrypted};

const NOISES: [Form; 2] = [Encrypted(1), Encrypted(2)];

/// The operations with a circuit for two operands of one type.
const BINARY: [Op; 13] = [
    Op::Add,
    Op::Sub,
    Op::BitAnd,
    Op::BitOr,
    Op::BitXor,
    Op::Eq,
    Op::Ne,
    Op::Ge,
    Op::Gt,
    Op::Le,
    Op::Lt,
    Op::Min,
    Op::Max,
];

/// Runs one operation and compares it with the reference. Returns the result.
pub(crate) fn check(
    simulator: &Simulator,
    op: Op,
    ty: FheType,
    result: FheType,
    operands: &[(Form, U256)],
) -> Simulated {
    let of = |position: usize| {
        let is_condition = op.spec().shape == Shape::Select && position == 0;
        if is_condition { FheType::Bool } else { ty }
    };
    let values: Vec<Simulated> = operands
        .iter()
        .enumerate()
        .map(|(position, (form, value))| match form {
            Encrypted(noise) => simulator.encrypted(of(position), *value, *noise),
            Constant => simulator.constant(of(position), *value),
        })
        .collect();
    let found = simulator.apply(op, &values.iter().collect::<Vec<_>>(), ty, result).unwrap();
    let clear: Vec<_> = values.iter().map(|value| Operand::Encrypted(value.value())).collect();
    let expected = reference::evaluate(op, &clear, ty, result);
    assert_eq!(found.value(), expected, "{op} on {ty} to {result} of {operands:?}");
    found
}

/// All pairs of bytes in these forms. At 8 bits the profiles do not differ.
fn check_all_pairs(op: Op, left: Form, right: Form) {
    let ty = FheType::Uint8;
    let result = op.spec().result_type(ty, ty);
    let simulator = Simulator::new(Profile::Throughput);
    for a in 0..=u8::MAX {
        for b in 0..=u8::MAX {
            check(&simulator, op, ty, result, &[(left, U256::from(a)), (right, U256::from(b))]);
        }
    }
}

#[test]
fn every_pair_of_encrypted_bytes_gives_the_reference() {
    for op in BINARY {
        for left in NOISES {
            for right in NOISES {
                check_all_pairs(op, left, right);
            }
        }
    }
}

#[test]
fn every_byte_and_constant_gives_the_reference() {
    for op in BINARY {
        for noise in NOISES {
            check_all_pairs(op, noise, Constant);
            check_all_pairs(op, Constant, noise);
        }
    }
}

#[test]
fn every_byte_gives_the_reference_and_every_choice_of_two() {
    let ty = FheType::Uint8;
    let simulator = Simulator::new(Profile::Throughput);
    for noise in NOISES {
        for a in (0..=u8::MAX).map(U256::from) {
            for op in [Op::Neg, Op::Not] {
                check(&simulator, op, ty, ty, &[(noise, a)]);
            }
            for to in [FheType::Uint8, FheType::Uint16, FheType::Uint256] {
                check(&simulator, Op::Cast, ty, to, &[(noise, a)]);
            }
        }
    }
    let forms = [Encrypted(1), Encrypted(2), Constant];
    for (a, b) in (0..=u8::MAX).flat_map(|a| (0..=u8::MAX).map(move |b| (a, b))) {
        // Each combination of forms, over 54 pairs: each digit is chosen by itself.
        let pair = usize::from(a) * 256 + usize::from(b);
        let [left, right] = [forms[pair % 3], forms[pair / 3 % 3]];
        let (condition, noise) = (U256::from(pair / 9 % 2), NOISES[pair / 18 % 2]);
        let branches = [(left, U256::from(a)), (right, U256::from(b))];
        for operands in [branches, [branches[1], branches[0]]] {
            let operands = [(noise, condition), operands[0], operands[1]];
            check(&simulator, Op::IfThenElse, ty, ty, &operands);
        }
    }
}

#[test]
fn every_operation_on_bools_gives_the_reference() {
    let ty = FheType::Bool;
    let simulator = Simulator::new(Profile::Throughput);
    let forms = [Encrypted(1), Encrypted(2), Constant];
    let encrypted = |forms: &[Form]| forms.iter().any(|form| *form != Constant);
    for a in [U256::ZERO, U256::ONE] {
        for left in forms {
            if left != Constant {
                check(&simulator, Op::Not, ty, ty, &[(left, a)]);
                check(&simulator, Op::Cast, ty, FheType::Uint32, &[(left, a)]);
            }
            for (b, right) in forms
                .map(|form| (U256::ZERO, form))
                .into_iter()
                .chain(forms.map(|form| (U256::ONE, form)))
            {
                if encrypted(&[left, right]) {
                    for op in [Op::BitAnd, Op::BitOr, Op::BitXor, Op::Eq, Op::Ne] {
                        check(&simulator, op, ty, ty, &[(left, a), (right, b)]);
                    }
                }
                for (c, condition) in [(U256::ZERO, Encrypted(1)), (U256::ONE, Encrypted(2))] {
                    let operands = [(condition, c), (left, a), (right, b)];
                    check(&simulator, Op::IfThenElse, ty, ty, &operands);
                }
            }
        }
    }
}

/// Values in which carries run far and digits repeat, besides random ones.
pub(crate) fn word() -> impl Strategy<Value = U256> {
    let random = any::<[u8; 32]>().prop_map(U256::from_be_bytes);
    let edge = (0_usize..256, 0_u64..3).prop_map(|(shift, near)| {
        (U256::ONE << shift).wrapping_add(U256::from(near)).wrapping_sub(U256::ONE)
    });
    let runs = any::<(u8, u64)>().prop_map(|(digit, word)| {
        U256::from_be_bytes([digit; 32]) ^ U256::from(word) << (digit % 192) as usize
    });
    prop_oneof![3 => random, 1 => edge.clone(), 1 => edge.prop_map(|value| !value), 1 => runs]
}

pub(crate) fn form() -> impl Strategy<Value = Form> {
    select(vec![Encrypted(1), Encrypted(2), Constant])
}

fn cases() -> u32 {
    let cases = env::var("CIPHERVM_CASES").ok();
    cases.map_or(100, |cases| cases.parse().expect("CIPHERVM_CASES is a number"))
}

/// Runs `property` on as many values of `strategy` as are wanted, the same ones each time.
pub(crate) fn run<S: Strategy>(strategy: S, property: impl Fn(S::Value)) {
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng)
        .run(&strategy, |value| {
            property(value);
            Ok(())
        })
        .unwrap();
}

#[test]
fn random_words_of_every_width_give_the_reference() {
    for profile in [Profile::Throughput, Profile::Latency] {
        let simulator = Simulator::new(profile);
        for op in BINARY {
            let types: Vec<_> = op.spec().types.iter().filter(|ty| ty.bits() > 8).collect();
            // Half of all pairs are close to each other: comparisons must look at every digit.
            let near = (word(), 0_usize..256, any::<bool>())
                .prop_map(|(a, bit, flip)| (a, a ^ U256::from(u8::from(flip)) << bit));
            let pairs = prop_oneof![(word(), word()), near];
            run((select(types), pairs, form(), form()), |(ty, (a, b), left, right)| {
                let left = if right == Constant && left == Constant { Encrypted(1) } else { left };
                let result = op.spec().result_type(ty, ty);
                let (a, b) = (ty.truncate(a), ty.truncate(b));
                check(&simulator, op, ty, result, &[(left, a), (right, b)]);
            });
        }
    }
}

#[test]
fn random_words_of_every_width_give_the_reference_of_unary_operations_and_choices() {
    for profile in [Profile::Throughput, Profile::Latency] {
        let simulator = Simulator::new(profile);
        let types = |op: Op| select(op.spec().types.iter().collect::<Vec<_>>());
        run((types(Op::Neg), types(Op::Neg), word(), 1_u64..3), |(ty, to, a, noise)| {
            let a = (Encrypted(noise), ty.truncate(a));
            for op in [Op::Neg, Op::Not] {
                check(&simulator, op, ty, ty, &[a]);
            }
            check(&simulator, Op::Cast, ty, to, &[a]);
        });
        let branches = (types(Op::IfThenElse), word(), form(), word(), form());
        run((any::<bool>(), 1_u64..3, branches), |(condition, noise, (ty, a, left, b, right))| {
            let condition = (Encrypted(noise), U256::from(u8::from(condition)));
            let (a, b) = (ty.truncate(a), ty.truncate(b));
            check(&simulator, Op::IfThenElse, ty, ty, &[condition, (left, a), (right, b)]);
        });
    }
}

#[test]
fn random_sets_of_every_width_give_the_reference_of_membership() {
    let simulator = Simulator::new(Profile::Throughput);
    let types = select(Op::IsIn.spec().types.iter().collect::<Vec<_>>());
    let set = prop::collection::vec((word(), form()), 0..12);
    run((types, word(), form(), set, any::<prop::sample::Index>()), |(ty, a, form, set, at)| {
        let value = (form, ty.truncate(a));
        let mut operands = vec![value];
        operands.extend(set.into_iter().map(|(value, form)| (form, ty.truncate(value))));
        // As it is, and with the value in it.
        for found in [false, true] {
            if found {
                operands.insert(1 + at.index(operands.len()), (Encrypted(1), value.1));
            }
            if operands.iter().any(|(form, _)| *form != Constant) {
                check(&simulator, Op::IsIn, ty, FheType::Bool, &operands);
            }
        }
    });
}

#[test]
fn random_numbers_stay_within_their_bound() {
    let simulator = Simulator::new(Profile::Throughput);
    let types = select(Op::RandBounded.spec().types.iter().collect::<Vec<_>>());
    run((types, any::<u64>(), 0_usize..256), |(ty, seed, power)| {
        let before = simulator.bootstraps();
        let (power, seed) =
            (power % ty.bits(), simulator.constant(FheType::Uint256, U256::from(seed)));
        let bound = simulator.constant(FheType::Uint256, U256::ONE << power);
        let drawn = simulator.apply(Op::RandBounded, &[&bound, &seed], ty, ty).unwrap();
        assert!(drawn.value() < bound.value());
        assert_eq!(simulator.bootstraps() - before, power.div_ceil(2) as u64);
        let whole = simulator.apply(Op::Rand, &[&seed], ty, ty).unwrap();
        assert!(whole.value() <= ty.max_value() && whole.value() > U256::ZERO || ty.bits() == 8);
    });
}
