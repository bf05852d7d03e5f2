//! `ciphervm trace`: what a transaction computed, as a tree.

use alloy_primitives::B256;
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::trace::{TransactionTrace, render};

/// Show what a transaction computed: operations, cost, values, grants.
///
/// Asks a running devnet (`ciphervm devnet`), which shows clear values because it has the keys of
/// development.
#[derive(Args, Debug)]
pub struct Options {
    /// The transaction's hash.
    #[arg(value_name = "TX")]
    transaction: B256,
    /// Where the devnet answers.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8545", env = "ETH_RPC_URL")]
    rpc_url: String,
    /// Print the JSON that the devnet answers with.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Answer {
    result: Option<Value>,
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

/// Asks and prints.
///
/// # Errors
/// If no devnet answers, or it does not know the transaction.
pub fn run(options: &Options) -> Result<()> {
    let url = &options.rpc_url;
    let hash = options.transaction;
    let request = json!({
        "jsonrpc": "2.0", "id": 1, "method": "cipher_trace", "params": [hash],
    });
    let mut response = ureq::post(url).send_json(request).with_context(|| {
        format!("no devnet answers at {url}: start one with `ciphervm devnet`, or name it with --rpc-url")
    })?;
    let answer: Answer = response
        .body_mut()
        .with_config()
        .limit(MAX_ANSWER)
        .read_json()
        .with_context(|| format!("what answers at {url} is no JSON-RPC server"))?;
    if let Some(Failure { message }) = answer.error {
        bail!("{message}");
    }
    let Some(result) = answer.result.filter(|result| !result.is_null()) else {
        bail!("there is no transaction {hash} at {url}");
    };
    if options.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
        return Ok(());
    }
    let trace: TransactionTrace =
        serde_json::from_value(result).context("the devnet is of another version")?;
    println!("{}", render(&trace));
    Ok(())
}

/// In bytes: a transaction of the highest gas limit makes less.
const MAX_ANSWER: u64 = 256 << 20;
