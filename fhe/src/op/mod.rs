//! The operations: one declarative table that the precompiles, the reference interpreter, the
//! evaluator, the tests and the docs all read.

mod hcu;
mod table;

use std::fmt;

use alloy_primitives::{U256, keccak256};
use serde::{Deserialize, Serialize};

pub use hcu::{HcuRow, PerTier, PerType};
pub use table::OPS;

use crate::{FheType, TypeSet, circuits::Circuit};

/// An operation of the FHEVM executor, with the id that enters handle preimages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "the table describes each operation")]
pub enum Op {
    Add = 0,
    Sub = 1,
    Mul = 2,
    Div = 3,
    Rem = 4,
    BitAnd = 5,
    BitOr = 6,
    BitXor = 7,
    Shl = 8,
    Shr = 9,
    Rotl = 10,
    Rotr = 11,
    Eq = 12,
    Ne = 13,
    Ge = 14,
    Gt = 15,
    Le = 16,
    Lt = 17,
    Min = 18,
    Max = 19,
    Neg = 20,
    Not = 21,
    VerifyInput = 22,
    Cast = 23,
    TrivialEncrypt = 24,
    IfThenElse = 25,
    Rand = 26,
    RandBounded = 27,
    Sum = 28,
    IsIn = 29,
    MulDiv = 30,
}

impl Op {
    /// The operation's row in the table.
    pub fn spec(self) -> &'static OpSpec {
        &OPS[self as usize]
    }

    /// The id in handle preimages.
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// The function's name in the executor's ABI, such as `fheAdd`.
    pub fn name(self) -> &'static str {
        let signature = self.spec().signature;
        signature.split_once('(').map_or(signature, |(name, _)| name)
    }

    /// The operation that this executor function selector calls.
    pub fn from_selector(selector: [u8; 4]) -> Option<Self> {
        OPS.iter().find(|spec| spec.selector == selector).map(|spec| spec.op)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an operation takes, in the order of its ABI arguments. In each case this is also the
/// order of a graph node's operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `(ct)`
    Unary,
    /// `(lhs, rhs, scalarByte)`
    Binary,
    /// `(control, ifTrue, ifFalse)`
    Select,
    /// `(ct, toType)`
    Cast,
    /// `(plaintext, toType)`
    TrivialEncrypt,
    /// `(randType)`, with the seed as the node's only operand.
    Rand,
    /// `(upperBound, randType)`, with operands upper bound and seed.
    RandBounded,
    /// `(values, type)`
    Sum,
    /// `(value, values, type)`
    IsIn,
    /// `(factor1, factor2, divisor, scalarByte)`
    MulDiv,
    /// `(inputHandle, userAddress, inputProof, type)`: makes no node, for the handle already
    /// names a ciphertext.
    VerifyInput,
}

/// Which operands may be scalars (clear values in calldata).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarRule {
    /// None.
    Never,
    /// The right one may.
    Allowed,
    /// The right one must be.
    Required,
}

/// Where an operation's result type comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultType {
    /// The type of the operands (for a select: of its branches).
    Operand,
    /// Always [`FheType::Bool`].
    Bool,
    /// The type argument.
    Requested,
}

/// Plaintext meaning of an operation: clear operands in node order, each within its type, then
/// the operand type and the result type. Scalars arrive truncated to the operand type.
pub type Reference = fn(operands: &[U256], operand: FheType, result: FheType) -> U256;

/// One row of the table: everything there is to know about an operation.
#[derive(Clone, Copy)]
pub struct OpSpec {
    /// The operation.
    pub op: Op,
    /// Function signature in the executor's ABI.
    pub signature: &'static str,
    /// The first four bytes of the signature's hash.
    pub selector: [u8; 4],
    /// Event signature. The first argument, the caller, is indexed.
    pub event: &'static str,
    /// Arguments.
    pub shape: Shape,
    /// Types of the operand that decides: `lhs`, the branches, the elements, what is cast, or
    /// the type argument where there is no operand.
    pub types: TypeSet,
    /// Scalar operands.
    pub scalar: ScalarRule,
    /// Result type.
    pub result: ResultType,
    /// Price.
    pub hcu: HcuRow,
    /// Meaning on plaintexts.
    pub reference: Reference,
    /// Computation on ciphertexts.
    pub circuit: Circuit,
}

impl OpSpec {
    /// The result type for operands of type `operand` and type argument `requested`.
    pub fn result_type(&self, operand: FheType, requested: FheType) -> FheType {
        match self.result {
            ResultType::Operand => operand,
            ResultType::Bool => FheType::Bool,
            ResultType::Requested => requested,
        }
    }

    /// Whether the result is drawn from a seed: an encrypted one, without an encrypted operand.
    pub fn is_random(&self) -> bool {
        matches!(self.shape, Shape::Rand | Shape::RandBounded)
    }

    /// Whether a graph node of the operation can have so many operands.
    pub fn takes(&self, operands: usize) -> bool {
        match self.shape {
            Shape::Unary | Shape::Cast | Shape::TrivialEncrypt | Shape::Rand => operands == 1,
            Shape::Binary | Shape::RandBounded => operands == 2,
            Shape::Select | Shape::MulDiv => operands == 3,
            Shape::Sum => true,
            Shape::IsIn => operands > 0,
            Shape::VerifyInput => false,
        }
    }

    /// Most elements of a collection of `ty` ([`Shape::Sum`], [`Shape::IsIn`]).
    pub fn collection_limit(ty: FheType) -> usize {
        if ty.bits() <= 32 { 100 } else { 60 }
    }

    /// The event's first topic.
    pub fn topic(&self) -> alloy_primitives::B256 {
        keccak256(self.event)
    }
}

impl fmt::Debug for OpSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpSpec").field("signature", &self.signature).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_at_their_ids() {
        for (id, spec) in OPS.iter().enumerate() {
            assert_eq!(spec.op.id() as usize, id);
        }
    }

    #[test]
    fn selectors_are_the_hashes_of_the_signatures() {
        for spec in &OPS {
            assert_eq!(spec.selector, keccak256(spec.signature)[..4], "{}", spec.signature);
            assert_eq!(Op::from_selector(spec.selector), Some(spec.op));
        }
    }

    #[test]
    fn a_node_has_the_operands_of_its_shape() {
        // How many there may be, out of none to four.
        let expected = |shape| match shape {
            Shape::Unary | Shape::Cast | Shape::TrivialEncrypt | Shape::Rand => vec![1],
            Shape::Binary | Shape::RandBounded => vec![2],
            Shape::Select | Shape::MulDiv => vec![3],
            Shape::Sum => vec![0, 1, 2, 3, 4],
            Shape::IsIn => vec![1, 2, 3, 4],
            Shape::VerifyInput => vec![],
        };
        for spec in &OPS {
            let taken: Vec<_> = (0..5).filter(|count| spec.takes(*count)).collect();
            assert_eq!(taken, expected(spec.shape), "{}", spec.op);
        }
    }

    /// The limits of the executor's collections, protocol 0.14.
    #[test]
    fn wide_collections_are_shorter() {
        let limits = FheType::ALL.map(OpSpec::collection_limit);
        assert_eq!(limits, [100, 100, 100, 100, 60, 60, 60, 60]);
    }

    #[test]
    fn rows_are_shown_by_their_names() {
        let spec = Op::Add.spec();
        assert_eq!(Op::Add.to_string(), "fheAdd");
        let shown = r#"OpSpec { signature: "fheAdd(bytes32,bytes32,bytes1)", .. }"#;
        assert_eq!(format!("{spec:?}"), shown);
        assert_eq!(spec.topic(), keccak256("FheAdd(address,bytes32,bytes32,bytes1,bytes32)"));
    }

    #[test]
    fn every_supported_type_has_a_price_and_no_other_has_one() {
        for spec in &OPS {
            let scalar = spec.scalar == ScalarRule::Required;
            for ty in FheType::ALL {
                let priced = spec.hcu.price(ty, scalar, 1).is_some();
                let expected = match spec.shape {
                    // Priced by target type, which `cast` shares with its sources.
                    Shape::VerifyInput => true,
                    _ => spec.types.contains(ty),
                };
                assert_eq!(priced, expected, "{} on {ty}", spec.op);
            }
        }
    }
}
