//! What a call must give, from the reference semantics of the operation that it names: nothing here
//! knows how a library turns operands around or converts them.

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, OPS, Op, Operand, Shape, reference};

use crate::{
    calls::{self, Side},
    stage::Values,
};

/// The type of this name.
pub(crate) fn fhe_type(name: &str) -> FheType {
    FheType::ALL.into_iter().find(|ty| ty.to_string() == name).expect("the name of a type")
}

/// The operation that users call by this name.
fn op(name: &str) -> Option<Op> {
    OPS.iter().map(|spec| spec.op).find(|op| {
        let known = op.name().trim_start_matches("fhe").trim_start_matches("Bit");
        known.eq_ignore_ascii_case(name)
    })
}

pub(crate) fn value(
    operation: &str,
    operands: &[calls::Operand],
    result: FheType,
    values: &Values,
) -> U256 {
    let types: Vec<_> = operands.iter().map(|operand| fhe_type(&operand.ty)).collect();
    let clear = |operand: &calls::Operand, ty: FheType| match operand.side {
        Side::Left => values.left[position(ty)],
        Side::Right => values.right[position(ty)],
    };
    let operands: Vec<_> = operands
        .iter()
        .zip(&types)
        .map(|(operand, ty)| match operand.clear {
            true => Operand::Scalar(clear(operand, *ty)),
            false => Operand::Encrypted(clear(operand, *ty)),
        })
        .collect();
    let (Operand::Scalar(first) | Operand::Encrypted(first)) = operands[0];
    if operation == "input" {
        return first;
    }
    if operation == "zero" {
        return U256::ZERO;
    }
    if operation.starts_with("as") {
        // A conversion to Bool asks whether there is anything.
        return match result {
            FheType::Bool => U256::from(u8::from(!first.is_zero())),
            _ => result.truncate(first),
        };
    }
    let op = if operation == "select" { Op::IfThenElse } else { op(operation).expect(operation) };
    let shift = matches!(op, Op::Shl | Op::Shr | Op::Rotl | Op::Rotr);
    let width = match op.spec().shape {
        Shape::Select => types[1],
        _ if shift => types[0],
        _ => types.iter().copied().max().expect("every operation has operands"),
    };
    reference::evaluate(op, &operands, width, result)
}

/// Where the type stands among all.
pub(crate) fn position(ty: FheType) -> usize {
    FheType::ALL.iter().position(|other| *other == ty).expect("one of all")
}
