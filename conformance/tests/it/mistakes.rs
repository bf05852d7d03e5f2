//! The vectors are chosen well: each usual mistake is caught by one of them, in every type.

use alloy_primitives::{U256, U512};
use ciphervm_conformance::{
    files,
    vector::{Argument, Expected},
};
use ciphervm_fhe::{FheType, Op};

/// What an implementation with the mistake makes of two operands, the second of them as it came,
/// in calldata or not.
type Mistake = fn(U256, U256, FheType) -> U256;

fn bool(value: bool) -> U256 {
    U256::from(u8::from(value))
}

fn shift(amount: U256, ty: FheType) -> usize {
    (amount % U256::from(ty.bits())).to()
}

/// Negative numbers come first.
fn signed(value: U256, ty: FheType) -> U256 {
    value ^ (U256::ONE << (ty.bits() - 1))
}

/// The sum without the carry into the upper half.
fn without_carry(a: U256, b: U256, ty: FheType) -> U256 {
    let half = ty.bits() / 2;
    let low = (U256::ONE << half) - U256::ONE;
    let upper = ((a >> half).wrapping_add(b >> half)) << half;
    ty.truncate(upper | ((a & low).wrapping_add(b & low) & low))
}

const MISTAKES: &[(&str, Op, Mistake)] = &[
    ("addition saturates", Op::Add, |a, b, ty| a.saturating_add(b).min(ty.max_value())),
    ("addition loses a carry", Op::Add, without_carry),
    ("addition is exclusive or", Op::Add, |a, b, _| a ^ b),
    ("subtraction saturates", Op::Sub, |a, b, _| a.saturating_sub(b)),
    ("subtraction is turned around", Op::Sub, |a, b, ty| ty.truncate(b.wrapping_sub(a))),
    ("multiplication saturates", Op::Mul, |a, b, ty| {
        let product = U512::from(a) * U512::from(b);
        if product > U512::from(ty.max_value()) { ty.max_value() } else { product.to() }
    }),
    ("multiplication loses the middle", Op::Mul, |a, b, ty| {
        let low = (U256::ONE << (ty.bits() / 2)) - U256::ONE;
        ty.truncate((a & low).wrapping_mul(b & low))
    }),
    ("division rounds up", Op::Div, |a, b, _| a.div_ceil(b)),
    ("division is signed", Op::Div, |a, b, ty| {
        let top = U256::ONE << (ty.bits() - 1);
        let negated = |value: U256| ty.truncate(value.wrapping_neg());
        if a >= top { negated(negated(a) / b) } else { a / b }
    }),
    ("the remainder is the quotient", Op::Rem, |a, b, _| a / b),
    ("the remainder may be the divisor", Op::Rem, |a, b, _| {
        if (a % b).is_zero() && !a.is_zero() { b } else { a % b }
    }),
    ("a wide shift left is zero", Op::Shl, |a, b, ty| {
        if b >= U256::from(ty.bits()) { U256::ZERO } else { ty.truncate(a << shift(b, ty)) }
    }),
    ("a wide shift right is zero", Op::Shr, |a, b, ty| {
        if b >= U256::from(ty.bits()) { U256::ZERO } else { a >> shift(b, ty) }
    }),
    ("a shift right keeps the sign", Op::Shr, |a, b, ty| {
        let filled = ty.max_value() - (ty.max_value() >> shift(b, ty));
        let negative = a >> (ty.bits() - 1) == U256::ONE;
        (a >> shift(b, ty)) | if negative { filled } else { U256::ZERO }
    }),
    ("a rotation is a shift", Op::Rotl, |a, b, ty| ty.truncate(a << shift(b, ty))),
    ("a rotation turns the other way", Op::Rotr, |a, b, ty| {
        let by = shift(b, ty);
        ty.truncate(a << by) | if by == 0 { U256::ZERO } else { a >> (ty.bits() - by) }
    }),
    ("equality looks at the low half", Op::Eq, |a, b, ty| {
        let low = ty.max_value() >> (ty.bits() / 2);
        bool(a & low == b & low)
    }),
    ("equality looks at the high half", Op::Eq, |a, b, ty| {
        bool(a >> (ty.bits() / 2) == b >> (ty.bits() / 2))
    }),
    ("difference is turned around", Op::Ne, |a, b, _| bool(a == b)),
    ("at least is more than", Op::Ge, |a, b, _| bool(a > b)),
    ("more than is at least", Op::Gt, |a, b, _| bool(a >= b)),
    ("at most is less than", Op::Le, |a, b, _| bool(a < b)),
    ("less than is at most", Op::Lt, |a, b, _| bool(a <= b)),
    ("order is signed", Op::Ge, |a, b, ty| bool(signed(a, ty) >= signed(b, ty))),
    ("order is signed", Op::Gt, |a, b, ty| bool(signed(a, ty) > signed(b, ty))),
    ("order is signed", Op::Le, |a, b, ty| bool(signed(a, ty) <= signed(b, ty))),
    ("order is signed", Op::Lt, |a, b, ty| bool(signed(a, ty) < signed(b, ty))),
    ("order looks at the high half", Op::Lt, |a, b, ty| {
        bool(a >> (ty.bits() / 2) < b >> (ty.bits() / 2))
    }),
    (
        "the smaller is signed",
        Op::Min,
        |a, b, ty| {
            if signed(a, ty) <= signed(b, ty) { a } else { b }
        },
    ),
    ("the larger is the smaller", Op::Max, |a, b, _| a.min(b)),
    ("and is or", Op::BitAnd, |a, b, _| a | b),
    ("or is exclusive", Op::BitOr, |a, b, _| a ^ b),
    ("exclusive or is or", Op::BitXor, |a, b, _| a | b),
];

#[test]
fn each_usual_mistake_is_caught_in_every_type() {
    let files = files::operations().unwrap();
    let mut caught = 0;
    for (mistake, op, wrong) in MISTAKES {
        let file = files.iter().find(|file| file.operation == op.name()).unwrap();
        let vectors = file.vectors().unwrap();
        for ty in op.spec().types.iter().filter(|ty| *ty != FheType::Bool) {
            for encrypted in [true, false] {
                let differs = vectors.iter().any(|vector| {
                    let (Expected::Value(_, value), [Argument::Encrypted(of, a), right]) =
                        (&vector.expected, &vector.operands[..])
                    else {
                        return false;
                    };
                    let b = match (right, encrypted) {
                        (Argument::Encrypted(_, b), true) | (Argument::Clear(b), false) => *b,
                        _ => return false,
                    };
                    *of == ty && b <= ty.max_value() && wrong(*a, b, ty) != *value
                });
                let needed = !encrypted || op.spec().scalar != ciphervm_fhe::ScalarRule::Required;
                assert!(differs || !needed, "{op} on {ty}: nothing shows that {mistake}");
                caught += usize::from(differs);
            }
        }
    }
    println!("{} mistakes are caught in {caught} forms", MISTAKES.len());
}

/// A scalar counts with the bits that its type has.
#[test]
fn a_scalar_that_is_not_cut_is_caught() {
    for file in files::operations().unwrap() {
        let op = ciphervm_fhe::OPS.iter().find(|spec| spec.op.name() == file.operation).unwrap();
        if !matches!(op.shape, ciphervm_fhe::Shape::Binary) {
            continue;
        }
        for ty in op.types.iter().filter(|ty| ty.bits() < 256 && *ty != FheType::Bool) {
            let over = file.vectors().unwrap().iter().any(|vector| {
                matches!(vector.expected, Expected::Value(..))
                    && matches!(&vector.operands[..], [Argument::Encrypted(of, _), Argument::Clear(word)]
                        if *of == ty && *word > ty.max_value())
            });
            assert!(over, "{} on {ty}", file.operation);
        }
    }
}
