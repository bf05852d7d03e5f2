//! What an operation must satisfy, in the order in which violations are reported: scalar rule,
//! type, size, divisor, scalar byte, access, agreement of types.

use alloy_primitives::{B256, U256};
use alloy_sol_types::PanicKind;
use ciphervm_fhe::{FheType, Handle, Op, OpSpec, ScalarRule, TypeSet};

use super::request::{Request, SCALAR, SCALAR_DIVISOR, SCALAR_FACTOR, Shaped};
use crate::{
    acl,
    errors::ExecutorErrors,
    frame::{Abort, Frame, Outcome},
};

/// Types of an operation that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types {
    /// The type that it is priced by.
    pub(super) priced: FheType,
    /// The type of its result.
    pub(super) result: FheType,
}

/// Checks a request of the frame's caller.
pub(super) fn check(frame: &mut Frame<'_>, request: &Request) -> Outcome<Types> {
    let op = request.op();
    let spec = op.spec();
    match &request.arguments {
        Shaped::Unary { ct } => {
            let ty = operand_type(*ct, spec.types)?;
            require_allowed(frame, *ct)?;
            Ok(by_operand(spec, ty))
        }
        Shaped::Binary { lhs, rhs, scalar } => {
            check_binary(frame, spec, *lhs, *rhs, *scalar).map(|ty| by_operand(spec, ty))
        }
        Shaped::Select { control, if_true, if_false } => {
            let ty = operand_type(*if_true, spec.types)?;
            for operand in [control, if_true, if_false] {
                require_allowed(frame, *operand)?;
            }
            let (control, other) = (type_id(*control)?, type_id(*if_false)?);
            require(control == FheType::Bool.id(), ExecutorErrors::UnsupportedType {})?;
            require(other == ty.id(), ExecutorErrors::IncompatibleTypes {})?;
            Ok(by_operand(spec, ty))
        }
        Shaped::Cast { ct, to } => {
            require_allowed(frame, *ct)?;
            let from = operand_type(*ct, spec.types)?;
            let to = requested_type(*to, spec.types)?;
            // `fheNe` makes a Bool.
            require(to != FheType::Bool, ExecutorErrors::UnsupportedType {})?;
            require(from != to, ExecutorErrors::InvalidType {})?;
            Ok(Types { priced: to, result: to })
        }
        Shaped::TrivialEncrypt { to: ty, .. } | Shaped::Rand { ty, .. } => {
            requested_type(*ty, spec.types).map(|ty| Types { priced: ty, result: ty })
        }
        Shaped::RandBounded { bound, ty, .. } => {
            let ty = requested_type(*ty, spec.types)?;
            require(bound.is_power_of_two(), ExecutorErrors::NotPowerOfTwo {})?;
            // `bound <= 2^bits`, without overflow at 256 bits.
            let fits = *bound - U256::ONE <= ty.max_value();
            require(fits, ExecutorErrors::UpperBoundAboveMaxTypeValue {})?;
            Ok(Types { priced: ty, result: ty })
        }
        Shaped::Sum { values, ty } => {
            let ty = collection_type(*ty, spec, values.len())?;
            check_elements(frame, values, ty)?;
            Ok(Types { priced: ty, result: ty })
        }
        Shaped::IsIn { value, values, ty } => {
            let ty = collection_type(*ty, spec, values.len())?;
            require(type_id(*value)? == ty.id(), ExecutorErrors::IncompatibleTypes {})?;
            require_allowed(frame, *value)?;
            check_elements(frame, values, ty)?;
            Ok(by_operand(spec, ty))
        }
        Shaped::MulDiv { factor1, factor2, divisor, scalar } => {
            let ty = operand_type(*factor1, spec.types)?;
            check_divisor(*divisor, ty)?;
            let known = matches!(*scalar, SCALAR_DIVISOR | SCALAR_FACTOR);
            require(known, ExecutorErrors::InvalidMulDivScalarByte {})?;
            check_pair(frame, *factor1, *factor2, *scalar == SCALAR_FACTOR, ty)?;
            Ok(by_operand(spec, ty))
        }
    }
}

fn check_binary(
    frame: &mut Frame<'_>,
    spec: &OpSpec,
    lhs: Handle,
    rhs: B256,
    scalar: u8,
) -> Outcome<FheType> {
    let only_scalar = spec.scalar == ScalarRule::Required;
    require(!only_scalar || scalar == SCALAR, ExecutorErrors::IsNotScalar {})?;
    let ty = operand_type(lhs, spec.types)?;
    if matches!(spec.op, Op::Div | Op::Rem) {
        check_divisor(rhs, ty)?;
    }
    require(scalar <= SCALAR, ExecutorErrors::ScalarByteIsNotBoolean {})?;
    check_pair(frame, lhs, rhs, scalar == SCALAR, ty)?;
    Ok(ty)
}

/// Two operands of type `ty`, the second of which may be a scalar.
fn check_pair(frame: &mut Frame<'_>, lhs: Handle, rhs: B256, scalar: bool, ty: FheType) -> Outcome {
    require_allowed(frame, lhs)?;
    if scalar {
        return Ok(());
    }
    require_allowed(frame, Handle(rhs))?;
    require(type_id(Handle(rhs))? == ty.id(), ExecutorErrors::IncompatibleTypes {})
}

fn check_elements(frame: &mut Frame<'_>, values: &[B256], ty: FheType) -> Outcome {
    for value in values {
        require_allowed(frame, Handle(*value))?;
        require(type_id(Handle(*value))? == ty.id(), ExecutorErrors::IncompatibleTypes {})?;
    }
    Ok(())
}

/// A divisor counts with the low bits that its type keeps.
fn check_divisor(divisor: B256, ty: FheType) -> Outcome {
    require(!ty.truncate(divisor.into()).is_zero(), ExecutorErrors::DivisionByZero {})
}

fn by_operand(spec: &OpSpec, ty: FheType) -> Types {
    Types { priced: ty, result: spec.result_type(ty, ty) }
}

/// The type of a collection's elements, if the operation takes `size` of them.
fn collection_type(id: u8, spec: &OpSpec, size: usize) -> Outcome<FheType> {
    let ty = requested_type(id, spec.types)?;
    let limit = OpSpec::collection_limit(ty);
    let error = ExecutorErrors::FHECollectionSizeInvalid {
        size: U256::from(size),
        limit: U256::from(limit),
    };
    require(size <= limit, error)?;
    Ok(ty)
}

/// The type byte of a handle. One that is no member of the enum makes Solidity panic.
pub(super) fn type_id(handle: Handle) -> Outcome<u8> {
    let id = handle.type_id();
    if id >= FheType::ENUM_MEMBERS {
        return Err(Abort::panic(PanicKind::EnumConversionError));
    }
    Ok(id)
}

fn operand_type(handle: Handle, types: TypeSet) -> Outcome<FheType> {
    requested_type(type_id(handle)?, types)
}

fn requested_type(id: u8, types: TypeSet) -> Outcome<FheType> {
    FheType::from_id(id)
        .filter(|ty| types.contains(*ty))
        .ok_or_else(|| Abort::revert(ExecutorErrors::UnsupportedType {}))
}

fn require_allowed(frame: &mut Frame<'_>, handle: Handle) -> Outcome {
    let account = frame.caller();
    let allowed = acl::is_allowed(frame, handle, account)?;
    require(allowed, ExecutorErrors::ACLNotAllowed { handle: handle.0, account })
}

fn require(holds: bool, error: impl alloy_sol_types::SolError) -> Outcome {
    if holds { Ok(()) } else { Err(Abort::revert(error)) }
}
