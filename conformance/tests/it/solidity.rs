//! Generated contracts compile with the library that they are for.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    process::Command,
};

use ciphervm_conformance::{
    error::SolidityError,
    run::Choice,
    solidity,
    vector::{Expected, Vector},
};

/// Refusals and sequences make no contracts, and that is not passed over in silence.
#[test]
fn a_choice_without_contracts_is_an_error() {
    let of = |filter: &str| {
        let filters = vec![filter.to_owned()];
        let chosen = Choice { filters, ..Choice::default() }.take().unwrap();
        assert!(!chosen.is_empty());
        solidity::contracts(&chosen.vectors).map(|(contracts, _)| contracts.len())
    };
    assert_eq!(of("fheNot/euint8"), Ok(1));
    for (filter, left_out) in [("acl/a-grant-lasts", 0), ("fheNot/unknown euint8", 1)] {
        let error = of(filter).unwrap_err();
        assert_eq!(error, SolidityError::Nothing { left_out });
        assert!(error.to_string().contains("--filter fheAdd/euint8"), "{error}");
    }
}

/// One contract of each operation, and each form of a shift.
#[test]
fn generated_contracts_compile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../solidity");
    let chosen = Choice::default().take().unwrap();
    let (contracts, left_out) = solidity::contracts(&chosen.vectors).unwrap();
    let vectors = chosen.vectors.len();
    println!("{} contracts, {left_out} of {vectors} vectors left out", contracts.len());
    let is_result = |vector: &&Vector| !matches!(vector.expected, Expected::Error { .. });
    let results = chosen.vectors.iter().filter(is_result).count();
    assert!(5 * (vectors - left_out) > 4 * results, "of {results} with results");
    if !folder.join("node_modules/solc").exists() {
        let skipped = "skipped: the packages of solidity/ are not installed";
        return writeln!(io::stderr(), "{skipped}").expect("stderr can be written to");
    }
    let wanted = [
        "FheAdd_euint8_euint8_to_euint8",
        "FheDiv_euint16_clear_to_euint16",
        "FheBitXor_ebool_clear_to_ebool",
        "FheShl_euint64_euint64_to_euint64",
        "FheRotr_euint256_clear_to_euint256",
        "FheEq_eaddress_clear_to_ebool",
        "FheIfThenElse_ebool_eaddress_eaddress_to_eaddress",
        "Cast_ebool_to_euint8",
        "Cast_euint256_to_euint16",
        "TrivialEncrypt_clear_to_eaddress",
        "FheSum_euint8_9more_to_euint8",
        "FheIsIn_eaddress_eaddress_to_ebool",
        "FheNeg_euint128_to_euint128",
    ];
    let folder_of_sources = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for contract in contracts.iter().filter(|contract| wanted.contains(&contract.name.as_str())) {
        let file = folder_of_sources.path().join(format!("{}.sol", contract.name));
        fs::write(file, &contract.source).unwrap();
        names.push(contract.name.as_str());
    }
    assert_eq!(names.len(), wanted.len(), "{names:?}");
    let script = r#"
        import { readdirSync, readFileSync } from "node:fs";
        import { join } from "node:path";
        import { compile } from "./scripts/solc.mjs";
        const folder = process.argv[1];
        const sources = Object.fromEntries(readdirSync(folder).map((name) =>
            [name, readFileSync(join(folder, name), "utf8")]));
        const select = { "*": ["evm.deployedBytecode.object"] };
        for (const found of Object.values(compile(sources, { select }).contracts))
            for (const [name, { evm }] of Object.entries(found))
                console.log(name, evm.deployedBytecode.object.length / 2);
    "#;
    let output = Command::new("node")
        .args(["--input-type=module", "-e", script, "--"])
        .arg(folder_of_sources.path())
        .current_dir(&folder)
        .output()
        .unwrap();
    let (out, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && error.is_empty(), "{error}");
    assert_eq!(out.lines().count(), names.len(), "{out}");
    for line in out.lines() {
        let size: usize = line.split(' ').nth(1).unwrap().parse().unwrap();
        // What a contract may have.
        assert!(size > 0 && size <= 24_576, "{line}");
    }
}
