//! The functions through which an executor contract charges, `checkHCUFor…`.
//!
//! The executor of this crate charges without a call, so its calls are never seen here. Whoever
//! calls as the executor all the same (a test that impersonates it, a simulation) is charged as
//! the contract charges.

use std::sync::LazyLock;

use alloy_primitives::keccak256;
use ciphervm_fhe::{FheType, Handle, OPS, Op, OpSpec, ScalarRule, Shape};

use super::meter::{Work, charge};
use crate::{
    calldata::Arguments,
    errors::HcuErrors,
    executor::{SCALAR, SCALAR_DIVISOR, SCALAR_FACTOR},
    frame::{Abort, Frame, Outcome},
};

/// The operation that a function charges for.
pub(super) fn operation(selector: [u8; 4]) -> Option<Op> {
    FUNCTIONS.iter().find(|(known, _)| *known == selector).map(|(_, op)| *op)
}

/// Charges for `op` as the arguments say: type, scalar byte, operands, result, calling contract.
pub(super) fn check(frame: &mut Frame<'_>, op: Op, arguments: Arguments<'_>) -> Outcome {
    let spec = op.spec();
    let handle = |index| arguments.word(index).map(Handle);
    let handles = |index| Ok(arguments.words(index)?.into_iter().map(Handle).collect());
    let ty = arguments.type_id(0)?;
    let mut scalar_byte = 0;
    // Operands, and the index of the result.
    let (mut inputs, result): (Vec<Handle>, usize) = match spec.shape {
        Shape::Unary | Shape::Cast => (vec![handle(1)?], 2),
        Shape::Binary | Shape::MulDiv => {
            scalar_byte = arguments.byte(1)?;
            (vec![handle(2)?, handle(3)?], 4)
        }
        Shape::Select => (vec![handle(1)?, handle(2)?, handle(3)?], 4),
        Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded => (vec![], 1),
        Shape::Sum => (handles(1)?, 2),
        Shape::IsIn => {
            let set: Vec<Handle> = handles(2)?;
            (std::iter::once(handle(1)?).chain(set).collect(), 3)
        }
        Shape::VerifyInput => return Err(Abort::empty()),
    };
    let (result, caller) = (handle(result)?, arguments.address(result + 1)?);
    if frame.caller() != frame.config().addresses.executor {
        return Err(Abort::revert(HcuErrors::CallerMustBeFHEVMExecutorContract {}));
    }
    let scalar = has_scalar(spec, scalar_byte)?;
    if scalar {
        inputs.truncate(1);
    }
    let ty =
        FheType::from_id(ty).ok_or_else(|| Abort::revert(HcuErrors::UnsupportedOperation {}))?;
    charge(frame, &Work { caller, op, ty, scalar, inputs: &inputs, result })
}

/// Whether the scalar byte says that the second operand is a scalar.
fn has_scalar(spec: &OpSpec, scalar_byte: u8) -> Outcome<bool> {
    let refused = || Err(Abort::revert(HcuErrors::OnlyScalarOperationsAreSupported {}));
    match (spec.shape, scalar_byte) {
        (Shape::MulDiv, SCALAR_FACTOR) => Ok(true),
        (Shape::MulDiv, SCALAR_DIVISOR) => Ok(false),
        (Shape::MulDiv, _) => refused(),
        (Shape::Binary, SCALAR) => Ok(true),
        (Shape::Binary, _) if spec.scalar == ScalarRule::Required => refused(),
        _ => Ok(false),
    }
}

/// Selectors of the functions, with their operations.
static FUNCTIONS: LazyLock<Vec<([u8; 4], Op)>> = LazyLock::new(|| {
    let hash = |signature: String| keccak256(signature)[..4].try_into().expect("four bytes");
    OPS.iter().filter_map(|spec| Some((hash(signature(spec)?), spec.op))).collect()
});

/// Signature of the function that charges for an operation, if it is charged for.
fn signature(spec: &OpSpec) -> Option<String> {
    let arguments = match spec.shape {
        Shape::Unary | Shape::Cast => "uint8,bytes32,bytes32,address",
        Shape::Binary | Shape::MulDiv => "uint8,bytes1,bytes32,bytes32,bytes32,address",
        Shape::Select => "uint8,bytes32,bytes32,bytes32,bytes32,address",
        Shape::TrivialEncrypt | Shape::Rand | Shape::RandBounded => "uint8,bytes32,address",
        Shape::Sum => "uint8,bytes32[],bytes32,address",
        Shape::IsIn => "uint8,bytes32,bytes32[],bytes32,address",
        Shape::VerifyInput => return None,
    };
    let event = spec.event.split_once('(').map_or(spec.event, |(name, _)| name);
    let name = if spec.shape == Shape::Select { event.trim_start_matches("Fhe") } else { event };
    Some(format!("checkHCUFor{name}({arguments})"))
}
