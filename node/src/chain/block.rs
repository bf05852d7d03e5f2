//! Sealed blocks.

use std::sync::Arc;

use alloy_consensus::{
    BlockHeader, Header, ReceiptEnvelope, Sealed, Transaction as _, TxEnvelope,
    transaction::Recovered,
};
use alloy_primitives::{Address, B256, Log};

/// A transaction with its sender, which for an impersonated account is not what the signature says.
pub type Transaction = Recovered<TxEnvelope>;

/// A sealed block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its header and hash.
    pub header: Sealed<Header>,
    /// Its transactions.
    pub transactions: Vec<Arc<Transaction>>,
    /// A receipt for each of them.
    pub receipts: Vec<ReceiptEnvelope>,
}

impl Block {
    /// Its number.
    pub fn number(&self) -> u64 {
        self.header.number()
    }

    /// Its hash.
    pub fn hash(&self) -> B256 {
        self.header.seal()
    }

    /// The logs of each transaction, in order.
    pub fn logs(&self) -> impl Iterator<Item = &[Log]> {
        self.receipts.iter().map(|receipt| receipt.logs())
    }

    /// How many logs the block has before those of transaction `index`.
    pub fn first_log(&self, index: usize) -> usize {
        self.receipts[..index].iter().map(|receipt| receipt.logs().len()).sum()
    }

    /// Gas that transaction `index` used.
    pub fn gas_used(&self, index: usize) -> u64 {
        let before = match index {
            0 => 0,
            _ => self.receipts[index - 1].cumulative_gas_used(),
        };
        self.receipts[index].cumulative_gas_used() - before
    }

    /// The contract that transaction `index` deployed, if it was to.
    pub fn contract(&self, index: usize) -> Option<Address> {
        let transaction = &self.transactions[index];
        transaction.is_create().then(|| transaction.signer().create(transaction.nonce()))
    }

    /// What transaction `index` paid for each gas.
    pub fn gas_price(&self, index: usize) -> u128 {
        self.transactions[index].effective_gas_price(self.header.base_fee_per_gas())
    }
}
