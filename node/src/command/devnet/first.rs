//! The first block: what options say of it, and what it is where it was made before.

use alloy_primitives::{U256, utils::format_ether};
use anyhow::{Result, anyhow};
use ciphervm_precompiles::{GenesisParams, HcuLimits, HcuLimitsError};

use super::Options;
use crate::{
    chain::Genesis,
    devnet::{self, Accounts, Devnet},
};

/// The first block that the options ask for.
///
/// # Errors
/// If the owner of the host contracts could not set these limits.
pub(super) fn genesis(options: &Options, accounts: &Accounts) -> Result<Genesis> {
    let mut host =
        GenesisParams { hcu: limits(options).check().map_err(named)?, ..Default::default() };
    if let Some(owner) = accounts.addresses().first() {
        host.owner = *owner;
    }
    Ok(Genesis {
        timestamp: options.timestamp.unwrap_or_else(devnet::now),
        gas_limit: options.gas_limit,
        base_fee: options.base_fee,
        balances: accounts.addresses().iter().map(|account| (*account, options.balance)).collect(),
        host,
    })
}

fn limits(options: &Options) -> HcuLimits {
    HcuLimits {
        per_block: options.hcu_per_block.unwrap_or_else(|| HcuLimits::default().per_block),
        depth_per_tx: options.hcu_depth,
        per_tx: options.hcu_per_transaction,
    }
}

/// The same with the names that the limits have on the command line.
fn named(error: HcuLimitsError) -> anyhow::Error {
    match error {
        HcuLimitsError::TransactionBelowDepth { depth_per_tx, per_tx } => anyhow!(
            "--hcu-per-transaction {per_tx} is below --hcu-depth {depth_per_tx}: raise the one, or \
             lower the other"
        ),
        HcuLimitsError::BlockBelowTransaction { per_tx, per_block } => anyhow!(
            "--hcu-per-block {per_block} is below --hcu-per-transaction {per_tx}: raise the one, \
             or lower the other"
        ),
        error => anyhow::Error::new(error)
            .context("--hcu-per-transaction, --hcu-depth or --hcu-per-block"),
    }
}

/// Warns of options that the first block does not follow, for it was made before.
pub(super) fn warn(options: &Options, devnet: &Devnet) {
    let ignored = ignored(options, devnet);
    if !ignored.is_empty() {
        tracing::warn!(
            "the chain was there already, and its first block stays as it is: {}; for another \
             first block, start a new chain",
            ignored.join(", ")
        );
    }
}

/// What the options say of the first block, and what is true.
fn ignored(options: &Options, devnet: &Devnet) -> Vec<String> {
    let (block, state) = devnet.first();
    let header = &block.header;
    let mut ignored = Vec::new();
    let mut compare = |flag: &str, wanted: u64, found: u64| {
        if wanted != found {
            ignored.push(format!("{flag} is {found}, not {wanted}"));
        }
    };
    compare("--timestamp", options.timestamp.unwrap_or(header.timestamp), header.timestamp);
    compare("--gas-limit", options.gas_limit, header.gas_limit);
    compare("--base-fee", options.base_fee, header.base_fee_per_gas.unwrap_or_default());
    let hosts = &devnet.host().addresses;
    let (wanted, found) = (
        limits(options),
        HcuLimits::in_state(hosts, |account, slot| state.storage(&account, slot)),
    );
    compare("--hcu-per-transaction", wanted.per_tx, found.per_tx);
    compare("--hcu-depth", wanted.depth_per_tx, found.depth_per_tx);
    compare("--hcu-per-block", wanted.per_block, found.per_block);
    // One is enough: accounts that were not there at the start are many.
    let balances =
        devnet.accounts().addresses().iter().map(|account| (account, state.balance(account)));
    if let Some((account, found)) = balances.clone().find(|(_, found)| *found != options.balance) {
        let (found, wanted) = (ether(found), ether(options.balance));
        ignored.push(format!("--balance of {account} is {found}, not {wanted}"));
    }
    ignored
}

/// What each account began with, if all have begun with the same.
pub(super) fn balance(devnet: &Devnet) -> Option<U256> {
    let (_, state) = devnet.first();
    let mut balances = devnet.accounts().addresses().iter().map(|account| state.balance(account));
    let first = balances.next()?;
    balances.all(|balance| balance == first).then_some(first)
}

/// An amount in ether, as short as can be.
pub(super) fn ether(amount: U256) -> String {
    format_ether(amount).trim_end_matches('0').trim_end_matches('.').to_owned()
}
