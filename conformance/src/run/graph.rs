//! What a value is made of, on a node of ours.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, hex};
use serde::Deserialize;
use serde_json::json;

use crate::chain::Rpc;

#[derive(Deserialize)]
struct Info {
    producer: Option<Producer>,
}

#[derive(Deserialize)]
struct Producer {
    transaction: B256,
}

#[derive(Deserialize)]
struct Trace {
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
struct Operation {
    name: String,
    handle: B256,
    #[serde(rename = "type")]
    ty: String,
    operands: Vec<Operand>,
    /// Of its ciphertext, or else what the plaintext semantics make of the operands.
    value: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Operand {
    Encrypted {
        handle: B256,
        #[serde(rename = "type")]
        ty: String,
        value: Option<String>,
    },
    Scalar {
        scalar: String,
    },
}

impl Operation {
    /// The handles among the operands.
    fn sources(&self) -> impl Iterator<Item = B256> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Encrypted { handle, .. } => Some(*handle),
            Operand::Scalar { .. } => None,
        })
    }
}

/// The graph of a value: a line for each operation of its transaction that it is made of, operands
/// first, with what they are on plaintexts. `None` of other nodes, and of inputs.
pub(super) fn graph(rpc: &Rpc, handle: B256) -> Option<String> {
    let info: Info = rpc.call("cipher_handle", json!([handle])).ok()?;
    let transaction = info.producer?.transaction;
    let trace: Trace = rpc.call("cipher_trace", json!([transaction])).ok()?;
    Some(draw(&trace, handle))
}

fn draw(trace: &Trace, handle: B256) -> String {
    // The same operation twice has one handle.
    let mut made = BTreeMap::new();
    for (index, operation) in trace.operations.iter().enumerate() {
        made.entry(operation.handle).or_insert(index);
    }
    let (mut needed, mut waiting) = (BTreeSet::new(), vec![handle]);
    while let Some(handle) = waiting.pop() {
        if let Some(index) = made.get(&handle)
            && needed.insert(*index)
        {
            waiting.extend(trace.operations[*index].sources());
        }
    }
    let lines = needed.into_iter().map(|index| {
        let Operation { name, handle, ty, operands, value } = &trace.operations[index];
        let operands: Vec<String> = operands
            .iter()
            .map(|operand| match operand {
                Operand::Encrypted { handle, ty, value } => known(ty, *handle, value.as_deref()),
                Operand::Scalar { scalar } => scalar.clone(),
            })
            .collect();
        format!("\n    {} ← {name}({})", known(ty, *handle, value.as_deref()), operands.join(", "))
    });
    lines.collect()
}

/// A value, with enough of its handle to tell it from others.
fn known(ty: &str, handle: B256, value: Option<&str>) -> String {
    let value = value.map(|value| format!(" = {value}")).unwrap_or_default();
    format!("{ty} {}…{value}", hex::encode_prefixed(&handle[..4]))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn handle(name: u8) -> B256 {
        B256::repeat_byte(name)
    }

    fn encrypted(name: u8, value: &str) -> Value {
        json!({ "handle": handle(name), "type": "euint8", "value": value })
    }

    #[test]
    fn a_graph_has_what_a_value_is_made_of_and_nothing_else() {
        let operation = |name: &str, made: u8, operands: Value, value: Option<&str>| {
            json!({
                "name": name, "handle": handle(made), "type": "euint8", "operands": operands,
                "value": value, "hcu": 1, "caller": "0x00",
            })
        };
        let scalar = json!({ "scalar": "2" });
        let sum = operation("fheAdd", 2, json!([encrypted(1, "40"), scalar]), Some("42"));
        let trace: Trace = serde_json::from_value(json!({ "operations": [
            sum,
            operation("fheNot", 3, json!([encrypted(1, "40")]), Some("215")),
            sum,
            operation("fheMul", 4, json!([encrypted(2, "42"), encrypted(2, "42")]), None),
        ]}))
        .unwrap();
        assert_eq!(
            draw(&trace, handle(4)),
            "\n    euint8 0x02020202… = 42 ← fheAdd(euint8 0x01010101… = 40, 2)\n    \
             euint8 0x04040404… ← fheMul(euint8 0x02020202… = 42, euint8 0x02020202… = 42)"
        );
        assert_eq!(draw(&trace, handle(1)), "", "it was there before");
    }
}
