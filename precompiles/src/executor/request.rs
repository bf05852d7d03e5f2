//! What a caller asks for: an operation's arguments, whatever its shape.

use alloy_primitives::{B256, FixedBytes, U256};
use alloy_sol_types::SolValue;
use ciphervm_fhe::{Handle, Op, Shape};

use crate::{calldata::Arguments, frame::Outcome};

/// The scalar byte of a binary operation with a scalar on the right.
pub(crate) const SCALAR: u8 = 0x01;
/// The scalar byte of `fheMulDiv` with only the divisor in the clear.
pub(crate) const SCALAR_DIVISOR: u8 = 0x01;
/// The scalar byte of `fheMulDiv` with the second factor in the clear, too.
pub(crate) const SCALAR_FACTOR: u8 = 0x03;

/// A request for an operation, decoded and not yet checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    op: Op,
    pub(super) arguments: Shaped,
}

/// Arguments by shape, in the order of the ABI. A type is an id, for callers may name types that
/// cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shaped {
    Unary { ct: Handle },
    Binary { lhs: Handle, rhs: B256, scalar: u8 },
    Select { control: Handle, if_true: Handle, if_false: Handle },
    Cast { ct: Handle, to: u8 },
    TrivialEncrypt { plaintext: U256, to: u8 },
    Rand { ty: u8, seed: [u8; 16] },
    RandBounded { bound: U256, ty: u8, seed: [u8; 16] },
    Sum { values: Vec<B256>, ty: u8 },
    IsIn { value: Handle, values: Vec<B256>, ty: u8 },
    MulDiv { factor1: Handle, factor2: B256, divisor: B256, scalar: u8 },
}

impl Request {
    /// Decodes calldata. Random operations get a seed afterwards.
    pub(super) fn decode(op: Op, arguments: Arguments<'_>) -> Outcome<Self> {
        let handle = |index| arguments.word(index).map(Handle);
        let seed = [0; 16];
        let arguments = match op.spec().shape {
            Shape::Unary => Shaped::Unary { ct: handle(0)? },
            Shape::Binary => Shaped::Binary {
                lhs: handle(0)?,
                rhs: arguments.word(1)?,
                scalar: arguments.byte(2)?,
            },
            Shape::Select => {
                Shaped::Select { control: handle(0)?, if_true: handle(1)?, if_false: handle(2)? }
            }
            Shape::Cast => Shaped::Cast { ct: handle(0)?, to: arguments.type_id(1)? },
            Shape::TrivialEncrypt => {
                Shaped::TrivialEncrypt { plaintext: arguments.uint(0)?, to: arguments.type_id(1)? }
            }
            Shape::Rand => Shaped::Rand { ty: arguments.type_id(0)?, seed },
            Shape::RandBounded => {
                Shaped::RandBounded { bound: arguments.uint(0)?, ty: arguments.type_id(1)?, seed }
            }
            Shape::Sum => Shaped::Sum { values: arguments.words(0)?, ty: arguments.type_id(1)? },
            Shape::IsIn => Shaped::IsIn {
                value: handle(0)?,
                values: arguments.words(1)?,
                ty: arguments.type_id(2)?,
            },
            Shape::MulDiv => Shaped::MulDiv {
                factor1: handle(0)?,
                factor2: arguments.word(1)?,
                divisor: arguments.word(2)?,
                scalar: arguments.byte(3)?,
            },
            Shape::VerifyInput => unreachable!("an input is verified, not computed"),
        };
        Ok(Self { op, arguments })
    }

    pub(super) const fn op(&self) -> Op {
        self.op
    }

    /// The seed to fill in, for a random operation.
    pub(super) const fn seed_mut(&mut self) -> Option<&mut [u8; 16]> {
        match &mut self.arguments {
            Shaped::Rand { seed, .. } | Shaped::RandBounded { seed, .. } => Some(seed),
            _ => None,
        }
    }

    /// Whether the operand that may be a scalar is one.
    pub(super) const fn is_scalar(&self) -> bool {
        match &self.arguments {
            Shaped::Binary { scalar, .. } => *scalar == SCALAR,
            Shaped::MulDiv { scalar, .. } => *scalar == SCALAR_FACTOR,
            _ => false,
        }
    }

    /// Encrypted operands, in order. The position in this list is the one in the boundary bitmap.
    pub(super) fn inputs(&self) -> Vec<Handle> {
        match &self.arguments {
            Shaped::Unary { ct } | Shaped::Cast { ct, .. } => vec![*ct],
            Shaped::Binary { lhs, .. } if self.is_scalar() => vec![*lhs],
            Shaped::Binary { lhs, rhs, .. } => vec![*lhs, Handle(*rhs)],
            Shaped::Select { control, if_true, if_false } => vec![*control, *if_true, *if_false],
            Shaped::TrivialEncrypt { .. } | Shaped::Rand { .. } | Shaped::RandBounded { .. } => {
                vec![]
            }
            Shaped::Sum { values, .. } => values.iter().copied().map(Handle).collect(),
            Shaped::IsIn { value, values, .. } => {
                std::iter::once(*value).chain(values.iter().copied().map(Handle)).collect()
            }
            Shaped::MulDiv { factor1, .. } if self.is_scalar() => vec![*factor1],
            Shaped::MulDiv { factor1, factor2, .. } => vec![*factor1, Handle(*factor2)],
        }
    }

    /// The arguments as they enter the handle of the result: packed, collections with their length
    /// in front.
    pub(super) fn body(&self) -> Vec<u8> {
        let length = |values: &[B256]| U256::from(values.len()).to_be_bytes::<32>();
        match &self.arguments {
            Shaped::Unary { ct } => ct.0.to_vec(),
            Shaped::Binary { lhs, rhs, scalar } => [&lhs.0[..], &rhs[..], &[*scalar]].concat(),
            Shaped::Select { control, if_true, if_false } => {
                [control.0, if_true.0, if_false.0].concat()
            }
            Shaped::Cast { ct, to } => [&ct.0[..], &[*to]].concat(),
            Shaped::TrivialEncrypt { plaintext, to } => {
                [&plaintext.to_be_bytes::<32>()[..], &[*to]].concat()
            }
            Shaped::Rand { ty, seed } => [&[*ty], &seed[..]].concat(),
            Shaped::RandBounded { bound, ty, seed } => {
                [&bound.to_be_bytes::<32>()[..], &[*ty], seed].concat()
            }
            Shaped::Sum { values, .. } => [&length(values)[..], &values.concat()].concat(),
            Shaped::IsIn { value, values, .. } => {
                [&length(values)[..], &value.0[..], &values.concat()].concat()
            }
            Shaped::MulDiv { factor1, factor2, divisor, scalar } => {
                [&factor1.0[..], &factor2[..], &divisor[..], &[*scalar]].concat()
            }
        }
    }

    /// Data of the event: the arguments and the result. The type argument of a collection is left
    /// out, and random operations have their seed in it.
    pub(super) fn event(&self, result: Handle) -> Vec<u8> {
        let result = result.0;
        let byte = |byte: u8| FixedBytes::<1>::new([byte]);
        let id = |ty: u8| U256::from(ty);
        match &self.arguments {
            Shaped::Unary { ct } => (ct.0, result).abi_encode_params(),
            Shaped::Binary { lhs, rhs, scalar } => {
                (lhs.0, *rhs, byte(*scalar), result).abi_encode_params()
            }
            Shaped::Select { control, if_true, if_false } => {
                (control.0, if_true.0, if_false.0, result).abi_encode_params()
            }
            Shaped::Cast { ct, to } => (ct.0, id(*to), result).abi_encode_params(),
            Shaped::TrivialEncrypt { plaintext, to } => {
                (*plaintext, id(*to), result).abi_encode_params()
            }
            Shaped::Rand { ty, seed } => (id(*ty), FixedBytes(*seed), result).abi_encode_params(),
            Shaped::RandBounded { bound, ty, seed } => {
                (*bound, id(*ty), FixedBytes(*seed), result).abi_encode_params()
            }
            Shaped::Sum { values, .. } => (values.clone(), result).abi_encode_params(),
            Shaped::IsIn { value, values, .. } => {
                (value.0, values.clone(), result).abi_encode_params()
            }
            Shaped::MulDiv { factor1, factor2, divisor, scalar } => {
                (factor1.0, *factor2, *divisor, byte(*scalar), result).abi_encode_params()
            }
        }
    }
}
