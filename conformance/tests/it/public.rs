//! The generator against FHEVM's own operator vectors.
//!
//! `CIPHERVM_VECTORS` names the directory that holds `operators.json`.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
};

use alloy_primitives::U256;
use ciphervm_conformance::{operations::group, vector::Form};
use ciphervm_fhe::{FheType, OPS, Op};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    inputs: Vec<String>,
    output: serde_json::Value,
}

/// A public operator as the executor has it: all operands of one type, the first one encrypted.
fn operator(name: &str) -> Option<(Op, FheType, Vec<Form>)> {
    let mut parts = name.split('_');
    let operator = parts.next()?;
    let types: Vec<&str> = parts.collect();
    let op = OPS.iter().map(|spec| spec.op).find(|op| {
        let known = op.name().trim_start_matches("fhe").trim_start_matches("Bit");
        known.eq_ignore_ascii_case(operator)
    })?;
    let first = *types.first()?;
    let ty = FheType::ALL.into_iter().find(|ty| ty.to_string() == first)?;
    let forms = types
        .iter()
        .map(|other| match other.strip_prefix('e') {
            _ if other.trim_start_matches('e') != first.trim_start_matches('e') => None,
            Some(_) => Some(Form::Encrypted(ty)),
            None => Some(Form::Clear),
        })
        .collect::<Option<Vec<Form>>>()?;
    Some((op, ty, forms))
}

/// What the generator gives for public operands is what the public vectors have. Those that the
/// Solidity library converts first, of mixed types, are held against the semantics in `fhe`.
#[test]
fn generated_results_are_those_of_public_vectors() {
    let Some(directory) = env::var_os("CIPHERVM_VECTORS").map(PathBuf::from) else {
        let skipped = "skipped: CIPHERVM_VECTORS names no folder of public vectors";
        // Past the test harness, which shows nothing of a test that passes.
        return writeln!(io::stderr(), "{skipped}").expect("stderr can be written to");
    };
    let text = fs::read_to_string(directory.join("operators.json")).unwrap();
    let public: BTreeMap<String, Vec<Case>> = serde_json::from_str(&text).unwrap();
    let (mut operators, mut cases) = (0, 0);
    for (name, list) in &public {
        let Some((op, ty, forms)) = operator(name) else { continue };
        let inputs: Vec<Vec<U256>> = list
            .iter()
            .map(|case| case.inputs.iter().map(|text| text.parse().unwrap()).collect())
            .collect();
        let found = group(op, ty, &forms, None, None, inputs);
        for (case, vector) in list.iter().zip(found.vectors) {
            let output: U256 = match &case.output {
                serde_json::Value::Bool(value) => U256::from(u8::from(*value)),
                serde_json::Value::String(text) => text.parse().unwrap(),
                other => panic!("{name}: output {other}"),
            };
            assert_eq!(vector.last(), Some(&output), "{name} of {:?}", case.inputs);
            cases += 1;
        }
        operators += 1;
    }
    println!("{cases} cases of {operators} operators");
    assert!(operators >= 180 && cases >= 664, "{cases} cases of {operators} operators");
}
