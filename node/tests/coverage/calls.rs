//! The description that stands beside the generated contracts (`solidity/coverage/generate.mjs`).

use alloy_primitives::Bytes;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Description {
    /// How many functions the library has.
    pub(crate) functions: usize,
    pub(crate) contracts: Vec<Contract>,
}

#[derive(Deserialize)]
pub(crate) struct Contract {
    pub(crate) name: String,
    pub(crate) needs: Option<Need>,
    /// For each run, the words that it returns.
    pub(crate) runs: Vec<Vec<Call>>,
    pub(crate) bytecode: Bytes,
}

/// What is made outside of the contract.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Need {
    Inputs,
    Decryption,
}

/// A word of a run: the function that it comes from, and what must hold.
#[derive(Deserialize)]
pub(crate) struct Call {
    pub(crate) function: String,
    #[serde(flatten)]
    pub(crate) check: Check,
}

#[derive(Deserialize)]
#[serde(tag = "check", rename_all = "lowercase")]
pub(crate) enum Check {
    Value {
        operation: String,
        operands: Vec<Operand>,
        #[serde(rename = "type")]
        ty: String,
    },
    Random {
        bound: Option<u64>,
        #[serde(rename = "type")]
        ty: String,
    },
    Clear {
        word: u64,
    },
    Granted {
        account: String,
        granted: bool,
    },
    Public {
        public: bool,
    },
    Verified,
}

#[derive(Deserialize)]
pub(crate) struct Operand {
    pub(crate) side: Side,
    #[serde(rename = "type")]
    pub(crate) ty: String,
    pub(crate) clear: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Side {
    Left,
    Right,
}
