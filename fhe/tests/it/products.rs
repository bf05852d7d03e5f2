//! Products, quotients, shifts and sums on the simulation, against the reference semantics. What
//! they cost is in the table of costs.

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Op, Profile, Simulator};
use proptest::{prelude::*, sample::select};

use crate::circuits::{
    Form::{self, Constant, Encrypted},
    check, form, run, word,
};

/// Operations on two operands, encrypted or not.
const BINARY: [Op; 5] = [Op::Mul, Op::Shl, Op::Shr, Op::Rotl, Op::Rotr];

const BYTE: FheType = FheType::Uint8;

fn all_pairs(pair: impl Fn(U256, U256)) {
    for a in 0..=u8::MAX {
        for b in 0..=u8::MAX {
            pair(U256::from(a), U256::from(b));
        }
    }
}

fn simulators() -> [Simulator; 2] {
    [Profile::Throughput, Profile::Latency].map(Simulator::new)
}

#[test]
fn every_pair_of_bytes_gives_the_reference() {
    let forms = [
        (Encrypted(1), Encrypted(1)),
        (Encrypted(2), Encrypted(1)),
        (Encrypted(1), Encrypted(2)),
        (Encrypted(1), Constant),
        (Encrypted(2), Constant),
        (Constant, Encrypted(1)),
        (Constant, Encrypted(2)),
    ];
    let simulator = Simulator::new(Profile::Throughput);
    for op in BINARY {
        for (left, right) in forms {
            all_pairs(|a, b| {
                check(&simulator, op, BYTE, BYTE, &[(left, a), (right, b)]);
            });
        }
    }
}

#[test]
fn every_byte_divided_by_every_other_gives_the_reference() {
    let simulator = Simulator::new(Profile::Throughput);
    for op in [Op::Div, Op::Rem] {
        all_pairs(|a, divisor| {
            if !divisor.is_zero() {
                let form = Encrypted(1 + a.to::<u64>() % 2);
                check(&simulator, op, BYTE, BYTE, &[(form, a), (Constant, divisor)]);
            }
        });
    }
}

/// One in five pairs of bytes, and every divisor.
#[test]
fn products_of_bytes_divided_by_bytes_give_the_reference() {
    let simulator = Simulator::new(Profile::Throughput);
    all_pairs(|a, b| {
        if (a * U256::from(2) + b) % U256::from(5) != U256::ZERO {
            return;
        }
        let divisor = (a * U256::from(31) + b * U256::from(17)) % U256::from(255) + U256::ONE;
        let forms = [Encrypted(1), Encrypted(2), Constant];
        let left = forms[(a + b).to::<usize>() % 3];
        let right = forms[b.to::<usize>() % 2];
        let operands = [(left, a), (right, b), (Constant, divisor)];
        check(&simulator, Op::MulDiv, BYTE, BYTE, &operands);
    });
}

#[test]
fn division_by_zero_is_refused() {
    let simulator = Simulator::new(Profile::Throughput);
    let a = simulator.encrypted(BYTE, U256::from(7), 1);
    for (op, before) in [(Op::Div, vec![&a]), (Op::Rem, vec![&a]), (Op::MulDiv, vec![&a, &a])] {
        let by = |divisor: u64| {
            let divisor = simulator.constant(BYTE, U256::from(divisor));
            let operands = [&before[..], &[&divisor]].concat();
            simulator.apply(op, &operands, BYTE, BYTE).map(|result| result.value())
        };
        assert_eq!(by(0), Err("division by zero"), "{op}");
        assert!(by(1).is_ok(), "{op}");
    }
}

/// Both encrypted, or one of them.
fn forms() -> impl Strategy<Value = (Form, Form)> {
    (form(), form()).prop_map(|(left, right)| match (left, right) {
        (Constant, Constant) => (Encrypted(1), Constant),
        forms => forms,
    })
}

#[test]
fn random_words_of_every_width_give_the_reference() {
    for simulator in simulators() {
        for op in BINARY {
            let types: Vec<_> = op.spec().types.iter().filter(|ty| ty.bits() > 8).collect();
            run((select(types), word(), word(), forms()), |(ty, a, b, (left, right))| {
                let operands = [(left, ty.truncate(a)), (right, ty.truncate(b))];
                check(&simulator, op, ty, ty, &operands);
            });
        }
    }
}

/// A divisor of any length.
fn divisor() -> impl Strategy<Value = U256> {
    (word(), 0_usize..256).prop_map(|(value, shift)| value >> shift)
}

#[test]
fn random_words_of_every_width_divided_give_the_reference() {
    let simulator = Simulator::new(Profile::Throughput);
    for op in [Op::Div, Op::Rem] {
        let types = op.spec().types.iter().collect::<Vec<_>>();
        run((select(types), word(), divisor(), 1_u64..3), |(ty, a, divisor, noise)| {
            let divisor = ty.truncate(divisor).max(U256::ONE);
            // Around a multiple of the divisor, the quotient changes.
            let multiple = a - a % divisor;
            for a in [a, multiple, multiple.wrapping_sub(U256::ONE), ty.max_value()] {
                let operands = [(Encrypted(noise), ty.truncate(a)), (Constant, divisor)];
                check(&simulator, op, ty, ty, &operands);
            }
        });
    }
    let types = Op::MulDiv.spec().types.iter().collect::<Vec<_>>();
    run((select(types), word(), word(), divisor(), forms()), |(ty, a, b, divisor, forms)| {
        let divisor = ty.truncate(divisor).max(U256::ONE);
        let (a, b) = (ty.truncate(a), ty.truncate(b));
        let operands = [(forms.0, a), (forms.1, b), (Constant, divisor)];
        check(&simulator, Op::MulDiv, ty, ty, &operands);
    });
}

#[test]
fn random_words_of_every_width_add_up_to_the_reference() {
    for simulator in simulators() {
        let types = Op::Sum.spec().types.iter().collect::<Vec<_>>();
        let summands = prop::collection::vec((word(), form()), 0..20);
        run((select(types), word(), summands), |(ty, first, summands)| {
            let mut operands = vec![(Encrypted(1), ty.truncate(first))];
            operands.extend(summands.into_iter().map(|(value, form)| (form, ty.truncate(value))));
            check(&simulator, Op::Sum, ty, ty, &operands);
        });
    }
}

/// A factor that a cast widened, or that was shifted, has constant blocks, which cost nothing.
#[test]
fn a_narrow_factor_costs_less() {
    let wide = FheType::Uint64;
    let count = |from: FheType| {
        let simulator = Simulator::new(Profile::Throughput);
        let narrow = simulator.encrypted(from, U256::from(201), 1);
        let narrow = simulator.apply(Op::Cast, &[&narrow], from, wide).unwrap();
        let other = simulator.encrypted(wide, U256::from(u64::MAX), 1);
        let product = simulator.apply(Op::Mul, &[&narrow, &other], wide, wide).unwrap();
        assert_eq!(product.value(), U256::from(201_u64.wrapping_mul(u64::MAX)));
        simulator.bootstraps()
    };
    let counts = [FheType::Uint8, FheType::Uint16, FheType::Uint32, wide].map(count);
    assert!(counts.is_sorted() && counts[0] * 2 < counts[3], "{counts:?}");
}

/// An amount that a cast widened has constant digits.
#[test]
fn an_amount_of_constant_digits_moves_as_far_as_any() {
    let (wide, narrow) = (FheType::Uint256, FheType::Bool);
    for simulator in simulators() {
        for (op, expected) in [(Op::Shl, 6), (Op::Shr, 1), (Op::Rotl, 6), (Op::Rotr, 1)] {
            for (bit, expected) in [(0, 3), (1, expected)] {
                let value = simulator.encrypted(wide, U256::from(3), 1);
                let amount = simulator.encrypted(narrow, U256::from(bit), 1);
                let amount = simulator.apply(Op::Cast, &[&amount], narrow, wide).unwrap();
                let moved = simulator.apply(op, &[&value, &amount], wide, wide).unwrap();
                let top = if op == Op::Rotr && bit == 1 { U256::ONE << 255 } else { U256::ZERO };
                assert_eq!(moved.value(), U256::from(expected) | top, "{op} by {bit}");
            }
        }
    }
}

/// No constant makes a product more expensive than in tfhe-rs, which adds a copy for each bit.
#[test]
fn products_with_constants_of_few_bits_take_few_bootstraps() {
    let ty = FheType::Uint64;
    let count = |factor: u64| {
        let simulator = Simulator::new(Profile::Throughput);
        let operands = [(Encrypted(1), U256::from(123)), (Constant, U256::from(factor))];
        check(&simulator, Op::Mul, ty, ty, &operands);
        simulator.bootstraps()
    };
    assert_eq!(count(0) + count(1) + count(4), 0);
    assert_eq!([2, 3, 5, u64::MAX].map(count), [32, 32, 31, 32]);
    assert!(count(0x5555_5555_5555_5555) < 160);
}
