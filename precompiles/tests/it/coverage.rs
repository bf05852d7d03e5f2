//! The page of the documentation that lists the public ABI and what becomes of it.

use std::fmt::Write as _;

use alloy_primitives::{hex, keccak256};
use ciphervm_precompiles::{
    AclErrors, ConfigErrors, EcdsaErrors, ExecutorErrors, HcuErrors, HostContract, HostErrors,
    InputErrors, KmsErrors, PauserErrors, Status, coverage,
};

use crate::{pages, table::NEVER_GIVEN};

/// The errors that belong to each contract, and those of several.
const ERRORS: [(&str, &[&str]); 9] = [
    ("FHEVMExecutor", ExecutorErrors::ExecutorErrorsErrors::SIGNATURES),
    ("ACL", AclErrors::AclErrorsErrors::SIGNATURES),
    ("HCULimit", HcuErrors::HcuErrorsErrors::SIGNATURES),
    ("InputVerifier", InputErrors::InputErrorsErrors::SIGNATURES),
    ("KMSVerifier", KmsErrors::KmsErrorsErrors::SIGNATURES),
    ("ProtocolConfig", ConfigErrors::ConfigErrorsErrors::SIGNATURES),
    ("PauserSet", PauserErrors::PauserErrorsErrors::SIGNATURES),
    ("Signatures", EcdsaErrors::EcdsaErrorsErrors::SIGNATURES),
    ("Owners and proxies", HostErrors::HostErrorsErrors::SIGNATURES),
];

#[test]
fn the_page_on_the_abi_is_up_to_date() {
    let page = page();
    println!("{page}");
    pages::assert_written("abi.md", &page);
}

fn page() -> String {
    let refused = |status: Status| matches!(status, Status::Refused(_));
    let functions = coverage().count();
    let implemented = functions - coverage().filter(|covered| refused(covered.status)).count();
    let mut page = format!(
        "# ABI of the host contracts\n\n\
         Every function and every error of FHEVM's host contracts, as published for protocol 0.14, \
         and what becomes of each: {implemented} of {functions} functions are implemented, the \
         others revert without data, as a function that does not exist. A test calls each of \
         them. Initializers are implemented as on contracts that are initialized: they refuse.\n\n\
         This page is generated: `UPDATE_DOCS=1 cargo test --workspace --test it \
         page`.\n\n\
         ## Functions\n"
    );
    for contract in HostContract::ALL {
        write!(page, "\n### {}\n\n| selector | function | |\n|---|---|---|\n", contract.name())
            .expect("a string");
        for covered in coverage().filter(|covered| covered.contract == contract) {
            let status = match covered.status {
                Status::Implemented => "implemented".to_owned(),
                Status::Refused(reason) => format!("refused: {reason}"),
                other => panic!("{other:?} has no words here"),
            };
            let (selector, signature) = (hex::encode(covered.selector), covered.signature);
            writeln!(page, "| `0x{selector}` | `{signature}` | {status} |").expect("a string");
        }
    }
    page.push_str("\n## Errors\n");
    for (contract, signatures) in ERRORS {
        write!(page, "\n### {contract}\n\n| selector | error | |\n|---|---|---|\n")
            .expect("a string");
        for signature in signatures {
            let selector = hex::encode(&keccak256(signature)[..4]);
            let never = NEVER_GIVEN.contains(signature);
            let given = if never { "declared, and never given" } else { "given" };
            writeln!(page, "| `0x{selector}` | `{signature}` | {given} |").expect("a string");
        }
    }
    page
}
