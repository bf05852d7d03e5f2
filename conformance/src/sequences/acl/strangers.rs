//! Each operand of each operation, as a handle that another contract has.

use ciphervm_fhe::{FheType, OPS, Op, Shape};
use serde_json::Value;

use super::super::build::*;
use crate::sequence::{Call, Item, Sequence};

pub(super) fn sequences() -> Vec<Sequence> {
    let mut found = Vec::new();
    for spec in &OPS {
        for ty in ends(spec) {
            for (form, scalar) in forms(spec) {
                let call = operation(spec.op, ty, *scalar);
                let count = operands(&mut call.target.arguments.clone()).len();
                let name = format!("{}/{ty}/{form}", spec.op.name());
                found.extend(
                    (0..count).map(|position| foreign(&name, spec.op, ty, &call, position)),
                );
            }
        }
    }
    found
}

/// A call with one operand that is the prober's: the prober may, and the other contract may not.
fn foreign(name: &str, op: Op, ty: FheType, call: &Call, position: usize) -> Sequence {
    let mut changed = call.clone();
    if let Some(operand) = operands(&mut changed.target.arguments).into_iter().nth(position) {
        *operand = "$f".into();
    }
    let is_condition = op.spec().shape == Shape::Select && position == 0;
    let of = if is_condition { FheType::Bool } else { ty };
    // Of other values than the foreign one, whose handle they would share in its block.
    let own = sample(ty) ^ 1;
    let with = |last: Call| {
        let calls = items![make(ty, own, "a"), make(ty, own, "b"), make(FheType::Bool, 0, "c")];
        calls.into_iter().chain([Item::from(last)])
    };
    let given = items![make(of, sample(of), "f"), allow("$f", "@prober")];
    sequence(
        format!("a-foreign-operand/{name}/operand-{position}"),
        "An operation needs access to each of its operands: who has it may compute with a handle, \
         and a contract that has only the others may not.",
        vec![
            run(given.into_iter().chain(with(changed.clone())).collect()),
            run_on("@other", with(changed.error(NOT_ALLOWED, &["$f", "@other"])).collect()),
        ],
    )
}

/// The handles among arguments, in their order.
fn operands(arguments: &mut [Value]) -> Vec<&mut Value> {
    let mut found = Vec::new();
    for argument in arguments {
        match argument {
            Value::Array(inner) => found.extend(operands(inner)),
            Value::String(text) if text.starts_with('$') => found.push(argument),
            _ => {}
        }
    }
    found
}
