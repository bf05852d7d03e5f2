//! What a transaction computed: every operation with its operands, cost and fate, and every grant.

mod build;
mod render;
#[cfg(test)]
mod tests;

use alloy_primitives::{Address, B256};
use ciphervm_fhe::Handle;
use serde::{Deserialize, Serialize};

pub use build::{Executed, Known};
pub use render::render;

/// The operations and grants of one transaction: the answer of `cipher_trace`.
///
/// It holds what the receipt's logs say. Frames that were reverted leave no logs, and so nothing
/// here; nor do grants for the rest of the transaction only (`allowTransient`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionTrace {
    /// The transaction's hash.
    pub transaction_hash: B256,
    /// Number of its block.
    pub block_number: u64,
    /// How it ended.
    pub status: Status,
    /// Gas used.
    pub gas_used: u64,
    /// HCU charged for all operations.
    pub hcu: u64,
    /// HCU of the most expensive chain of dependent operations.
    pub hcu_depth: u64,
    /// What their evaluation took, if it was lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<Evaluated>,
    /// The operations, in the order of execution.
    pub operations: Vec<Operation>,
    /// The grants, in the order of execution.
    pub grants: Vec<Grant>,
}

/// What the evaluation of a transaction took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluated {
    /// Operations whose results were needed for what was granted for good.
    pub live: usize,
    /// The others, and those that are repeated.
    pub dead: usize,
    /// Steps that another transaction of the block had computed already.
    pub shared: usize,
    /// Programmable bootstraps.
    pub bootstraps: u64,
    /// Bootstraps one after the other.
    pub depth: u64,
    /// Milliseconds until the results were durable, with whatever ran beside.
    pub ms: f64,
}

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It did what it was asked.
    Success,
    /// It reverted or halted, and did nothing.
    Failure,
}

/// One operation as it was executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// Its position in [`TransactionTrace::operations`].
    pub index: usize,
    /// The executor's function, such as `fheAdd`.
    pub name: String,
    /// The contract that asked for it.
    pub caller: Address,
    /// The result.
    pub handle: Handle,
    /// The result's type, such as `euint64`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Arguments, in the order of the executor's function.
    pub operands: Vec<Operand>,
    /// HCU charged.
    pub hcu: u64,
    /// The earlier operation that is this one, if there is one. It is charged again and computed
    /// once.
    pub repeats: Option<usize>,
    /// Programmable bootstraps, if they could be counted.
    pub bootstraps: Option<u64>,
    /// Time of its computation in milliseconds, if it was computed and measured.
    pub ms: Option<f64>,
    /// Whether the result can be used after the transaction, by itself or by what is made of it.
    /// Only then it is computed.
    pub live: bool,
    /// Whether that computation is over.
    pub settled: bool,
    /// The clear value, if this node may show it.
    pub value: Option<String>,
}

/// One argument of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Operand {
    /// A ciphertext.
    Encrypted {
        /// Its handle.
        handle: Handle,
        /// Its type.
        #[serde(rename = "type")]
        ty: String,
        /// The clear value, if this node may show it.
        value: Option<String>,
    },
    /// A clear value.
    Scalar {
        /// The value.
        scalar: String,
    },
}

/// A grant for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The handle.
    pub handle: Handle,
    /// Who may use it; `None` for everybody.
    pub account: Option<Address>,
    /// What it allows.
    pub kind: GrantKind,
    /// Who granted it.
    pub caller: Address,
}

/// What a grant allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GrantKind {
    /// To use the handle in operations, to grant it on, and to have it decrypted for oneself.
    Allow,
    /// To have it decrypted for everybody.
    AllowForDecryption,
}
