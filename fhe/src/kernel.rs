//! What is computed in one piece: an operation of the table, or several that cost less together.

use std::fmt;

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

use crate::{FheType, Op, Operand, Shape, TypeSet};

/// A computation on a few operands, with one or more results.
///
/// An operand is a number, unless it is said to be a prepared condition. A clear one is within its
/// type already, except for the plaintext, bound and seed of [`Op::TrivialEncrypt`] and [`Op::Rand`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kernel {
    /// An operation of the table.
    Op {
        /// The operation.
        op: Op,
        /// Type of its operands (of a select: of its branches).
        operand: FheType,
        /// Type of its result.
        result: FheType,
    },
    /// `a + b`, and whether it wraps.
    AddWithCarry(FheType),
    /// `a - b`, and whether `a ≥ b`.
    SubWithOrder(FheType),
    /// What a comparison of `a` and `b` tells, in this order: [`Op::Ge`], [`Op::Gt`], [`Op::Eq`],
    /// [`Op::Min`] or [`Op::Max`].
    Compare(FheType, Vec<Op>),
    /// A condition, made ready for [`Kernel::Choose`]. The result is no number.
    Prepare,
    /// `condition ? a : b`, for a prepared condition.
    Choose(FheType),
}

impl Kernel {
    /// Types of the results, in order. A prepared condition counts as a Bool.
    pub fn results(&self) -> Vec<FheType> {
        match self {
            Self::Op { result, .. } => vec![*result],
            Self::AddWithCarry(ty) | Self::SubWithOrder(ty) => vec![*ty, FheType::Bool],
            Self::Compare(ty, ops) => {
                ops.iter().map(|op| op.spec().result_type(*ty, *ty)).collect()
            }
            Self::Prepare => vec![FheType::Bool],
            Self::Choose(ty) => vec![*ty],
        }
    }

    /// Whether it is a kernel that plans have, and these are operands for it: as many as it takes,
    /// encrypted ones of its types, and clear ones within them.
    pub fn takes(&self, operands: &[Operand<FheType>]) -> bool {
        let is = |ty: FheType, operand: &Operand<FheType>| match operand {
            Operand::Encrypted(found) => *found == ty,
            Operand::Scalar(value) => ty.truncate(*value) == *value,
        };
        let all = |ty, operands: &[_]| operands.iter().all(|operand| is(ty, operand));
        let pair = |ty, operands: &[_]| operands.len() == 2 && all(ty, operands);
        let choice = |ty, operands: &[_]| {
            matches!(operands, [condition, a, b]
                if is(FheType::Bool, condition) && is(ty, a) && is(ty, b))
        };
        match self {
            Self::Op { op, operand, result } => {
                let spec = op.spec();
                let typed = match spec.shape {
                    // To name a value once more is a cast to its own type.
                    Shape::Cast => {
                        operand == result
                            || spec.types.contains(*operand) && spec.types.contains(*result)
                    }
                    _ => {
                        spec.types.contains(*operand)
                            && spec.result_type(*operand, *operand) == *result
                    }
                };
                typed
                    && spec.takes(operands.len())
                    && match spec.shape {
                        Shape::Select => choice(*operand, operands),
                        // Words that have no type: a plaintext, a bound, a seed.
                        Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded => {
                            operands.iter().all(|operand| matches!(operand, Operand::Scalar(_)))
                        }
                        _ => all(*operand, operands),
                    }
            }
            Self::AddWithCarry(ty) | Self::SubWithOrder(ty) => {
                TypeSet::ARITHMETIC.contains(*ty) && pair(*ty, operands)
            }
            Self::Compare(ty, questions) => {
                let may = |op: &Op| {
                    matches!(op, Op::Ge | Op::Gt | Op::Eq | Op::Min | Op::Max)
                        && op.spec().types.contains(*ty)
                };
                questions.iter().all(may) && pair(*ty, operands)
            }
            Self::Prepare => matches!(operands, [condition] if is(FheType::Bool, condition)),
            Self::Choose(ty) => choice(*ty, operands),
        }
    }

    /// The results on plaintexts, each operand within its type: the executable specification.
    ///
    /// # Errors
    /// If the number of operands does not fit.
    pub fn reference(&self, x: &[U256]) -> Result<Vec<U256>, &'static str> {
        let bool = |value: bool| U256::from(u8::from(value));
        Ok(match (self, x) {
            (Self::Op { op, operand, result }, _) if op.spec().takes(x.len()) => {
                vec![(op.spec().reference)(x, *operand, *result)]
            }
            (Self::AddWithCarry(ty), [a, b]) => {
                let sum = ty.truncate(a.wrapping_add(*b));
                vec![sum, bool(sum < *a)]
            }
            (Self::SubWithOrder(ty), [a, b]) => {
                vec![ty.truncate(a.wrapping_sub(*b)), bool(a >= b)]
            }
            (Self::Compare(ty, ops), [_, _]) => {
                ops.iter().map(|op| (op.spec().reference)(x, *ty, FheType::Bool)).collect()
            }
            (Self::Prepare, [condition]) => vec![*condition],
            (Self::Choose(_), [condition, a, b]) => {
                vec![if condition.is_zero() { *b } else { *a }]
            }
            _ => return Err("the operands do not fit the operation"),
        })
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Op { op, .. } => op.fmt(f),
            Self::AddWithCarry(_) => f.write_str("fheAdd with carry"),
            Self::SubWithOrder(_) => f.write_str("fheSub with order"),
            Self::Compare(_, ops) => {
                let names: Vec<_> = ops.iter().map(|op| op.name()).collect();
                f.write_str(&names.join(" and "))
            }
            Self::Prepare => f.write_str("preparation of a condition"),
            Self::Choose(_) => f.write_str("fheIfThenElse"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joint_results_are_those_of_the_single_operations() {
        let ty = FheType::Uint8;
        let x = [200, 100, 0, 255, 100].map(U256::from);
        let single = |op: Op, x: &[U256]| (op.spec().reference)(x, ty, ty);
        for pair in x.iter().flat_map(|a| x.iter().map(|b| [*a, *b])) {
            let [sum, carry] = Kernel::AddWithCarry(ty).reference(&pair).unwrap()[..] else {
                panic!("two results")
            };
            assert_eq!(sum, single(Op::Add, &pair));
            assert_eq!(carry, single(Op::Lt, &[sum, pair[0]]));
            let both = Kernel::SubWithOrder(ty).reference(&pair).unwrap();
            assert_eq!(both, [single(Op::Sub, &pair), single(Op::Ge, &pair)]);
            let ops = vec![Op::Gt, Op::Eq, Op::Max];
            let expected: Vec<_> = ops.iter().map(|op| single(*op, &pair)).collect();
            assert_eq!(Kernel::Compare(ty, ops).reference(&pair).unwrap(), expected);
        }
        assert!(Kernel::Prepare.reference(&[]).is_err());
    }

    #[test]
    fn a_prepared_choice_is_a_choice() {
        let ty = FheType::Uint8;
        let [zero, one, a, b] = [0, 1, 200, 100].map(U256::from);
        for condition in [zero, one] {
            assert_eq!(Kernel::Prepare.reference(&[condition]), Ok(vec![condition]));
            let chosen = if condition.is_zero() { b } else { a };
            assert_eq!(Kernel::Choose(ty).reference(&[condition, a, b]), Ok(vec![chosen]));
        }
    }

    #[test]
    fn operands_of_another_number_are_refused() {
        let ty = FheType::Uint8;
        let add = Kernel::Op { op: Op::Add, operand: ty, result: ty };
        for count in [0, 1, 3] {
            assert!(add.reference(&vec![U256::ONE; count]).is_err(), "{count}");
        }
        assert_eq!(add.reference(&[U256::ONE; 2]), Ok(vec![U256::from(2)]));
    }

    #[test]
    fn a_kernel_takes_operands_of_its_types() {
        let (bool, ty, other) = (FheType::Bool, FheType::Uint8, FheType::Uint16);
        let encrypted = Operand::Encrypted;
        let scalar = |value: u64| Operand::Scalar(U256::from(value));
        let op = |op, operand, result| Kernel::Op { op, operand, result };
        let good = [
            (op(Op::Add, ty, ty), vec![encrypted(ty), scalar(255)]),
            (op(Op::Sub, ty, ty), vec![scalar(0), encrypted(ty)]),
            (op(Op::Lt, ty, bool), vec![encrypted(ty), encrypted(ty)]),
            (op(Op::Cast, ty, other), vec![encrypted(ty)]),
            (op(Op::Cast, FheType::Uint160, FheType::Uint160), vec![encrypted(FheType::Uint160)]),
            (op(Op::IfThenElse, ty, ty), vec![encrypted(bool), encrypted(ty), scalar(1)]),
            (op(Op::Rand, ty, ty), vec![Operand::Scalar(U256::MAX)]),
            (op(Op::Sum, ty, ty), vec![encrypted(ty); 300]),
            (Kernel::AddWithCarry(ty), vec![encrypted(ty); 2]),
            (Kernel::Compare(ty, vec![Op::Eq, Op::Min]), vec![encrypted(ty); 2]),
            (Kernel::Compare(bool, vec![Op::Eq]), vec![encrypted(bool); 2]),
            (Kernel::Prepare, vec![encrypted(bool)]),
            (Kernel::Choose(ty), vec![encrypted(bool), scalar(1), encrypted(ty)]),
        ];
        for (kernel, operands) in &good {
            assert!(kernel.takes(operands), "{kernel:?}");
            // Not with another type, nor with another number of operands.
            for position in 0..operands.len() {
                let mut others = operands.clone();
                others[position] = encrypted(FheType::Uint32);
                assert!(!kernel.takes(&others), "{kernel:?} {position}");
            }
            let missing = kernel.takes(&operands[1..]);
            assert_eq!(missing, matches!(kernel, Kernel::Op { op: Op::Sum, .. }), "{kernel:?}");
        }
        let bad = [
            (op(Op::Add, ty, ty), vec![encrypted(ty), scalar(256)]),
            (op(Op::Add, ty, other), vec![encrypted(ty); 2]),
            (op(Op::Add, bool, bool), vec![encrypted(bool); 2]),
            (op(Op::Lt, ty, ty), vec![encrypted(ty); 2]),
            (op(Op::Cast, ty, FheType::Uint160), vec![encrypted(ty)]),
            (op(Op::Rand, ty, other), vec![scalar(1)]),
            (op(Op::VerifyInput, ty, ty), vec![encrypted(ty)]),
            (Kernel::AddWithCarry(bool), vec![encrypted(bool); 2]),
            (Kernel::SubWithOrder(FheType::Uint256), vec![encrypted(FheType::Uint256); 2]),
            (Kernel::Compare(ty, vec![Op::Add]), vec![encrypted(ty); 2]),
            (Kernel::Compare(bool, vec![Op::Max]), vec![encrypted(bool); 2]),
            (Kernel::Choose(ty), vec![scalar(2), encrypted(ty), encrypted(ty)]),
        ];
        for (kernel, operands) in &bad {
            assert!(!kernel.takes(operands), "{kernel:?}");
        }
    }

    #[test]
    fn kernels_are_called_what_they_compute() {
        let ty = FheType::Uint8;
        let add = Kernel::Op { op: Op::Add, operand: ty, result: ty };
        let names = [add, Kernel::Compare(ty, vec![Op::Gt, Op::Max])].map(|k| k.to_string());
        assert_eq!(names, ["fheAdd", "fheGt and fheMax"]);
    }
}
