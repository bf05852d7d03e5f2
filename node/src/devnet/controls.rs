//! What can be set while a devnet runs: who may send, the clock, and blocks to come.

use std::time::Duration;

use alloy_consensus::BlockHeader;
use alloy_primitives::{Address, B256};

use super::{Clock, Devnet};
use crate::chain::Attributes;

impl Devnet {
    /// Whether an account may send without its key.
    pub fn is_impersonated(&self, account: &Address) -> bool {
        let core = self.lock();
        core.impersonate_all || core.impersonated.contains(account)
    }

    /// Lets an account send without its key, or no longer. False if that changes nothing.
    pub fn impersonate(&self, account: Address, allowed: bool) -> bool {
        let mut core = self.lock();
        if allowed { core.impersonated.insert(account) } else { core.impersonated.remove(&account) }
    }

    /// Lets every account send without its key, or no longer.
    pub fn impersonate_all(&self, allowed: bool) {
        self.lock().impersonate_all = allowed;
    }

    /// Whether a block is made whenever there is a transaction.
    pub fn is_automatic(&self) -> bool {
        self.lock().automatic
    }

    /// Has a block made whenever there is a transaction, or not.
    pub fn set_automatic(&self, automatic: bool) {
        self.lock().automatic = automatic;
    }

    /// Has a block made every so often, or not.
    pub fn set_interval(&self, interval: Option<Duration>) {
        self.interval.send_replace(interval);
    }

    /// Changes the clock. `change` is told the last block's timestamp.
    pub fn set_clock<T>(&self, change: impl FnOnce(&mut Clock, u64) -> T) -> T {
        let mut core = self.lock();
        let last = core.chain.head().header.timestamp();
        change(&mut core.clock, last)
    }

    /// Sets who gets the fees of blocks to come.
    pub fn set_beneficiary(&self, beneficiary: Address) {
        self.lock().next.beneficiary = beneficiary;
    }

    /// Sets the gas limit of blocks to come.
    pub fn set_gas_limit(&self, gas_limit: u64) {
        self.lock().next.gas_limit = gas_limit;
    }

    /// Sets what `PREVRANDAO` gives in the next block.
    pub fn set_prev_randao(&self, value: B256) {
        self.lock().next.prev_randao = Some(value);
    }

    /// Sets the base fee of the next block, in wei per gas.
    pub fn set_base_fee(&self, base_fee: u64) {
        self.lock().next.base_fee = Some(base_fee);
    }

    /// Who gets the fees of the next block.
    pub fn beneficiary(&self) -> Address {
        self.lock().next.beneficiary
    }

    /// What the next block would be made with.
    pub fn next_attributes(&self) -> Attributes {
        self.lock().attributes()
    }
}
