//! Our results against FHEVM's own operator vectors.
//!
//! `CIPHERVM_VECTORS` names the directory that holds `operators.json`.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write as _},
    path::PathBuf,
};

use alloy_primitives::U256;
use ciphervm_conformance::{
    files,
    vector::{Argument, Expected},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    inputs: Vec<String>,
    output: serde_json::Value,
}

/// What a public operator is called here, with the form of its operands: those of one type, as the
/// executor wants them.
fn form(name: &str) -> Option<(String, Vec<String>)> {
    let mut parts = name.split('_');
    let operator = parts.next()?;
    let types: Vec<&str> = parts.collect();
    let operation = match operator {
        "and" | "or" | "xor" => format!("fheBit{}{}", operator[..1].to_uppercase(), &operator[1..]),
        other => format!("fhe{}{}", other[..1].to_uppercase(), &other[1..]),
    };
    let first = *types.first()?;
    let forms: Vec<String> = types
        .iter()
        .map(|ty| if ty.starts_with('e') { (*ty).to_owned() } else { "clear".to_owned() })
        .collect();
    let same = types.iter().all(|ty| ty.trim_start_matches('e') == first.trim_start_matches('e'));
    (first.starts_with('e') && same).then_some((operation, forms))
}

/// Where both have the same operation on the same values, they have the same result.
#[test]
fn results_agree_with_public_vectors() {
    let Some(directory) = env::var_os("CIPHERVM_VECTORS").map(PathBuf::from) else {
        let skipped = "skipped: CIPHERVM_VECTORS names no folder of public vectors";
        // Past the test harness, which shows nothing of a test that passes.
        return writeln!(io::stderr(), "{skipped}").expect("stderr can be written to");
    };
    let text = fs::read_to_string(directory.join("operators.json")).unwrap();
    let public: BTreeMap<String, Vec<Case>> = serde_json::from_str(&text).unwrap();
    let mut ours: BTreeMap<(String, Vec<String>), BTreeMap<Vec<U256>, U256>> = BTreeMap::new();
    for file in files::operations().unwrap() {
        for vector in file.vectors().unwrap() {
            let Expected::Value(_, value) = vector.expected else { continue };
            let (forms, inputs) = vector
                .operands
                .iter()
                .map(|operand| match operand {
                    Argument::Encrypted(ty, value) => (ty.to_string(), *value),
                    Argument::Clear(word) => ("clear".to_owned(), *word),
                    other => panic!("{other:?} has a result"),
                })
                .unzip();
            ours.entry((file.operation.clone(), forms)).or_default().insert(inputs, value);
        }
    }
    let (mut operators, mut cases, mut same) = (0, 0, 0);
    for (name, list) in &public {
        let Some(form) = form(name) else { continue };
        let found = ours.get(&form).unwrap_or_else(|| panic!("{name} has no vectors here"));
        operators += 1;
        for Case { inputs, output } in list {
            let inputs: Vec<U256> = inputs.iter().map(|text| text.parse().unwrap()).collect();
            let output = match output {
                serde_json::Value::Bool(value) => U256::from(u8::from(*value)),
                serde_json::Value::String(text) => text.parse().unwrap(),
                other => panic!("{name}: output {other}"),
            };
            cases += 1;
            if let Some(value) = found.get(&inputs) {
                assert_eq!(*value, output, "{name} of {inputs:?}");
                same += 1;
            }
        }
    }
    println!("{operators} operators, {cases} cases, {same} with operands that are here, too");
    assert!(operators > 100, "{operators}");
}
