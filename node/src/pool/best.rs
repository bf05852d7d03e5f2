//! The order in which waiting transactions are to be executed.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use alloy_consensus::Transaction as _;
use alloy_primitives::Address;

use super::{Pool, Transaction};

/// Which of two senders' transactions comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The one that pays the higher tip, or came first if the tips are the same.
    #[default]
    Tip,
    /// The one that came first.
    Fifo,
}

impl Pool {
    /// The transactions that can be executed in a block with these base fees (in wei per gas, and
    /// per blob gas), in the order to do so. `nonce` gives the nonces of accounts. A transaction
    /// that does not pay a base fee is left out, and so are its sender's later ones.
    pub fn best(
        &self,
        nonce: impl Fn(&Address) -> u64,
        base_fee: u64,
        blob_base_fee: u128,
        order: Order,
    ) -> Vec<Arc<Transaction>> {
        let rank = |sender: Address, nonce: u64| {
            let entry = self.entry(&sender, nonce)?;
            let tip = entry.transaction.effective_tip_per_gas(base_fee)?;
            let blob_fee = entry.transaction.max_fee_per_blob_gas();
            if blob_fee.is_some_and(|fee| fee < blob_base_fee) {
                return None;
            }
            let tip = match order {
                Order::Tip => tip,
                Order::Fifo => 0,
            };
            Some((tip, Reverse(entry.arrival), sender, nonce))
        };
        let first = self.queues.keys().filter_map(|sender| rank(*sender, nonce(sender)));
        let mut heads: BinaryHeap<_> = first.collect();
        let mut best = Vec::new();
        while let Some((.., sender, nonce)) = heads.pop() {
            best.extend(self.entry(&sender, nonce).map(|entry| Arc::clone(&entry.transaction)));
            heads.extend(rank(sender, nonce + 1));
        }
        best
    }
}
