//! Our Solidity library, rendered from the table of operations: every function for every type,
//! with its price.

mod executor;
mod names;
mod operations;
mod types;
mod values;

use ciphervm_fhe::{FheType, Op};

/// What is not repeated for each type, with places for what is.
const TEMPLATE: &str = include_str!("FHE.sol.in");

/// The generated sources: their paths in the Solidity package, and their texts.
pub fn render() -> [(&'static str, String); 2] {
    [("FHE.sol", fhe()), ("interfaces/IFHEVMExecutor.sol", executor::interface())]
}

/// The library.
fn fhe() -> String {
    let functions: Vec<String> = [operations::functions(), values::functions()].concat();
    let encryption = Op::TrivialEncrypt.spec().hcu.price(FheType::Bool, false, 1);
    TEMPLATE
        .replace("{{ENCRYPT}}", &names::hcu(encryption.unwrap_or_default()))
        .replace("{{HANDLES}}", &values::handles().join("\n"))
        .replace("{{TYPED}}", &functions.join("\n"))
}
