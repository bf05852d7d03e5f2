//! Reference semantics against the operator vectors of FHEVM's own test-suite.
//!
//! `CIPHERVM_VECTORS` names the directory that holds `operators.json`. Without it, the vectors
//! written out here are all that is tested.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
};

use alloy_primitives::U256;
use ciphervm_fhe::{FheType, Op, Operand, reference};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    inputs: Vec<String>,
    output: serde_json::Value,
}

/// The name of an operator in the vectors.
fn op_of(name: &str) -> Op {
    match name {
        "add" => Op::Add,
        "sub" => Op::Sub,
        "mul" => Op::Mul,
        "div" => Op::Div,
        "rem" => Op::Rem,
        "and" => Op::BitAnd,
        "or" => Op::BitOr,
        "xor" => Op::BitXor,
        "shl" => Op::Shl,
        "shr" => Op::Shr,
        "rotl" => Op::Rotl,
        "rotr" => Op::Rotr,
        "eq" => Op::Eq,
        "ne" => Op::Ne,
        "ge" => Op::Ge,
        "gt" => Op::Gt,
        "le" => Op::Le,
        "lt" => Op::Lt,
        "min" => Op::Min,
        "max" => Op::Max,
        "neg" => Op::Neg,
        "not" => Op::Not,
        other => panic!("the vectors have an operator {other} that is not known here"),
    }
}

/// `euint16` and `uint16`: the type, and whether it is encrypted.
fn type_of(name: &str) -> (FheType, bool) {
    let clear = name.strip_prefix('e').unwrap_or(name);
    let bits: usize = clear.strip_prefix("uint").unwrap().parse().unwrap();
    let ty = FheType::ALL.into_iter().find(|ty| ty.bits() == bits).unwrap();
    (ty, clear.len() != name.len())
}

/// The value as the Solidity library computes it: both sides in the wider encrypted type, shift
/// amounts in the type of what is shifted, scalars on the left encrypted.
fn evaluate(name: &str, inputs: &[U256]) -> U256 {
    let mut parts = name.split('_');
    let op = op_of(parts.next().unwrap());
    let types: Vec<_> = parts.map(type_of).collect();
    let ty = match op {
        Op::Shl | Op::Shr | Op::Rotl | Op::Rotr => types[0].0,
        _ => types.iter().filter(|(_, encrypted)| *encrypted).map(|(ty, _)| *ty).max().unwrap(),
    };
    let operands: Vec<_> = inputs
        .iter()
        .zip(&types)
        .enumerate()
        .map(|(position, (value, (_, encrypted)))| {
            if *encrypted || position == 0 {
                Operand::Encrypted(ty.truncate(*value))
            } else {
                Operand::Scalar(*value)
            }
        })
        .collect();
    reference::evaluate(op, &operands, ty, op.spec().result_type(ty, ty))
}

#[test]
fn public_operator_vectors_hold() {
    let Some(directory) = env::var_os("CIPHERVM_VECTORS").map(PathBuf::from) else {
        let skipped = "skipped: CIPHERVM_VECTORS names no folder of public vectors";
        // Past the test harness, which shows nothing of a test that passes.
        return writeln!(io::stderr(), "{skipped}").expect("stderr can be written to");
    };
    let text = fs::read_to_string(directory.join("operators.json")).unwrap();
    let vectors: BTreeMap<String, Vec<Case>> = serde_json::from_str(&text).unwrap();
    let mut cases = 0;
    for (name, list) in &vectors {
        for Case { inputs, output } in list {
            let clear: Vec<U256> = inputs.iter().map(|text| text.parse().unwrap()).collect();
            let expected = match output {
                serde_json::Value::Bool(value) => U256::from(u8::from(*value)),
                serde_json::Value::String(text) => text.parse().unwrap(),
                other => panic!("{name}: output {other}"),
            };
            assert_eq!(evaluate(name, &clear), expected, "{name} of {inputs:?}");
            cases += 1;
        }
    }
    println!("{cases} cases of {} operators and types", vectors.len());
    assert!(cases >= 2394, "only {cases} cases");
}

#[test]
fn vectors_of_our_own_hold() {
    let cases: &[(&str, &[u64], u64)] = &[
        ("add_euint8_euint8", &[200, 100], 44),
        ("add_euint8_euint16", &[200, 100], 300),
        ("sub_euint8_uint8", &[3, 5], 254),
        ("sub_uint8_euint8", &[3, 5], 254),
        ("mul_euint16_euint16", &[0x1234, 0x100], 0x3400),
        ("div_euint8_uint8", &[200, 7], 28),
        ("rem_euint8_uint8", &[200, 7], 4),
        // Amounts are taken modulo the width.
        ("shl_euint8_uint8", &[137, 9], 18),
        ("shr_euint8_uint8", &[40, 8], 40),
        ("rotl_euint8_euint8", &[0b1000_0001, 9], 0b0000_0011),
        ("rotr_euint16_euint8", &[1, 17], 0x8000),
        ("ge_uint8_euint8", &[5, 5], 1),
        ("lt_euint8_euint16", &[255, 256], 1),
        ("neg_euint8", &[1], 255),
        ("not_euint8", &[0x0f], 0xf0),
    ];
    for (name, inputs, expected) in cases {
        let inputs: Vec<U256> = inputs.iter().copied().map(U256::from).collect();
        assert_eq!(evaluate(name, &inputs), U256::from(*expected), "{name} of {inputs:?}");
    }
}
