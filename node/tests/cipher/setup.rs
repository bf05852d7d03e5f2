//! A devnet in this process, whose ciphertexts are in memory.

use std::{sync::Arc, time::Duration};

use alloy_primitives::U256;
use ciphervm_fhe::{Evaluator, MemoryStore};
use ciphervm_kms::Kms;
use ciphervm_node::{
    chain::Genesis,
    devnet::{Accounts, MNEMONIC, Mining, Setup},
    pool::Order,
};
use ciphervm_precompiles::{GenesisParams, HostConfig};

pub(crate) const CHAIN: u64 = 31_337;

/// What starts it, with so many accounts.
pub(crate) fn setup(accounts: u32, evaluator: Arc<dyn Evaluator>, kms: Arc<dyn Kms>) -> Setup {
    let accounts = Accounts::derive(MNEMONIC, accounts).unwrap();
    let ether = U256::from(10).pow(U256::from(21));
    Setup {
        chain_id: CHAIN,
        genesis: Genesis {
            timestamp: 1_700_000_000,
            gas_limit: 30_000_000,
            base_fee: Genesis::BASE_FEE,
            balances: accounts.addresses().iter().map(|account| (*account, ether)).collect(),
            host: GenesisParams::default(),
        },
        host: HostConfig::default(),
        accounts,
        mining: Mining { automatic: true, interval: None },
        order: Order::Tip,
        synchronous: false,
        patience: Duration::from_secs(300),
        evaluator,
        store: Arc::new(MemoryStore::new()),
        kms,
        proofs: None,
        journal: None,
    }
}
