//! The transaction pool: what waits to be in a block.
//!
//! A transaction is *pending* if its nonce is its sender's next one, or follows on from another
//! pending one; otherwise it is *queued*, and waits for those that are missing. The pool knows no
//! state: it is told nonces and balances. Nor does it check signatures: a sender is who the
//! transaction says, because an impersonated one has none.

mod best;
mod error;
#[cfg(test)]
mod tests;
mod validate;

pub use best::Order;
pub use error::PoolError;

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use alloy_consensus::Transaction as _;
use alloy_eips::Encodable2718;
use alloy_primitives::{Address, B256, U256};

use crate::chain::Transaction;

/// By sender and nonce.
pub type BySender = BTreeMap<Address, BTreeMap<u64, Arc<Transaction>>>;

/// How much the pool takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Transactions.
    pub transactions: usize,
    /// Bytes of encoded transactions (EIP-2718).
    pub bytes: usize,
    /// How far a nonce may be ahead of the next one that would be pending.
    pub nonces_ahead: u64,
}

impl Default for Limits {
    /// Room for some full blocks. Every transaction of the pool is looked at for every block.
    fn default() -> Self {
        Self { transactions: 8_192, bytes: 64 << 20, nonces_ahead: 1_024 }
    }
}

/// What must be known of the sender of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountFacts {
    /// The account's nonce.
    pub nonce: u64,
    /// Its balance in wei.
    pub balance: U256,
}

/// What must be known of the block that a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockFacts {
    /// The chain id.
    pub chain_id: u64,
    /// The gas limit.
    pub gas_limit: u64,
}

/// What came of a new transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// Its hash.
    pub hash: B256,
    /// The transaction whose place it took.
    pub replaced: Option<Arc<Transaction>>,
    /// What is pending now and was not before: this transaction and those that waited for it, in
    /// the order of nonces. Nothing if it is queued.
    pub pending: Vec<B256>,
}

/// All transactions of a pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// What can be executed.
    pub pending: BySender,
    /// What waits for nonces that are missing.
    pub queued: BySender,
}

/// Transactions that wait to be in a block.
#[derive(Clone, Debug, Default)]
pub struct Pool {
    limits: Limits,
    /// By sender and nonce. No sender has an empty queue, and no nonce is `u64::MAX`.
    queues: BTreeMap<Address, BTreeMap<u64, Entry>>,
    /// Sender and nonce of each transaction.
    slots: HashMap<B256, (Address, u64)>,
    /// Size of all transactions in bytes.
    bytes: usize,
    /// How many transactions came so far.
    arrivals: u64,
}

#[derive(Clone, Debug)]
struct Entry {
    transaction: Arc<Transaction>,
    /// Its place among all that came.
    arrival: u64,
    /// In bytes.
    size: usize,
}

impl Pool {
    /// An empty pool.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Size of all transactions in bytes.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes a transaction. It takes the place of one with the same sender and nonce if it pays
    /// 10 % more, or 100 % more if that one has blobs.
    ///
    /// # Errors
    /// If it can never be executed, the pool has it already, or there is no room.
    pub fn insert(
        &mut self,
        transaction: Arc<Transaction>,
        account: &AccountFacts,
        block: &BlockFacts,
    ) -> Result<Inserted, PoolError> {
        let hash = *transaction.hash();
        if self.slots.contains_key(&hash) {
            return Err(PoolError::AlreadyKnown);
        }
        validate::validate(&transaction, account, block)?;

        let (sender, nonce) = (transaction.signer(), transaction.nonce());
        let next = self.next_nonce(&sender, account.nonce);
        let limit = self.limits.nonces_ahead;
        if nonce > next.saturating_add(limit) {
            return Err(PoolError::NonceTooHigh { next, nonce, limit });
        }
        let size = transaction.encode_2718_len();
        let mut freed = (0, 0);
        if let Some(old) = self.entry(&sender, nonce) {
            validate::check_replacement(&old.transaction, &transaction)?;
            freed = (1, old.size);
        }
        let (count, bytes) = (self.len() - freed.0, self.bytes - freed.1);
        if count >= self.limits.transactions || size > self.limits.bytes.saturating_sub(bytes) {
            return Err(PoolError::Full { transactions: self.len(), bytes: self.bytes });
        }

        let replaced = self.take(sender, nonce);
        let entry = Entry { transaction, arrival: self.arrivals, size };
        self.arrivals += 1;
        self.bytes += size;
        self.slots.insert(hash, (sender, nonce));
        self.queues.entry(sender).or_default().insert(nonce, entry);
        let pending = match nonce.cmp(&next) {
            Ordering::Less => vec![hash],
            Ordering::Equal => {
                self.run(&sender, nonce).map(|entry| *entry.transaction.hash()).collect()
            }
            Ordering::Greater => Vec::new(),
        };
        Ok(Inserted { hash, replaced, pending })
    }

    /// A transaction.
    pub fn get(&self, hash: &B256) -> Option<&Arc<Transaction>> {
        let (sender, nonce) = self.slots.get(hash)?;
        self.entry(sender, *nonce).map(|entry| &entry.transaction)
    }

    /// All transactions, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Transaction>> {
        let entries = self.queues.values().flat_map(BTreeMap::values);
        let sorted: BTreeMap<_, _> = entries.map(|entry| (entry.arrival, entry)).collect();
        sorted.into_values().map(|entry| &entry.transaction)
    }

    /// All transactions, those that can be executed apart from the others. `nonce` gives the nonces
    /// of accounts.
    pub fn content(&self, nonce: impl Fn(&Address) -> u64) -> Content {
        let mut content = Content::default();
        for (sender, queue) in &self.queues {
            let next = self.next_nonce(sender, nonce(sender));
            for (nonce, entry) in queue {
                let part = if *nonce < next { &mut content.pending } else { &mut content.queued };
                let transaction = Arc::clone(&entry.transaction);
                part.entry(*sender).or_default().insert(*nonce, transaction);
            }
        }
        content
    }

    /// The nonce of an account after its pending transactions, if `nonce` is the one it has now.
    pub fn next_nonce(&self, sender: &Address, nonce: u64) -> u64 {
        nonce + self.run(sender, nonce).count() as u64
    }

    /// Removes a transaction.
    pub fn remove(&mut self, hash: &B256) -> Option<Arc<Transaction>> {
        let (sender, nonce) = *self.slots.get(hash)?;
        self.take(sender, nonce)
    }

    /// Removes all transactions of a sender, and returns them in the order of nonces.
    pub fn drop_sender(&mut self, sender: &Address) -> Vec<Arc<Transaction>> {
        self.take_below(|candidate| if candidate == sender { u64::MAX } else { 0 })
    }

    /// Removes transactions whose nonces are used, and returns them. `nonce` gives the nonces of
    /// accounts after a block.
    pub fn on_block(&mut self, nonce: impl Fn(&Address) -> u64) -> Vec<Arc<Transaction>> {
        self.take_below(nonce)
    }

    /// Removes all transactions.
    pub fn clear(&mut self) {
        *self = Self::new(self.limits);
    }

    fn entry(&self, sender: &Address, nonce: u64) -> Option<&Entry> {
        self.queues.get(sender)?.get(&nonce)
    }

    /// The transactions of a sender from `nonce` on, up to the first that is missing.
    fn run(&self, sender: &Address, nonce: u64) -> impl Iterator<Item = &Entry> {
        let queue = self.queues.get(sender).into_iter();
        let entries = queue.flat_map(move |queue| queue.range(nonce..)).zip(nonce..);
        entries.take_while(|((have, _), want)| *have == want).map(|((_, entry), _)| entry)
    }

    /// Removes what has a nonce below the bound for its sender.
    fn take_below(&mut self, bound: impl Fn(&Address) -> u64) -> Vec<Arc<Transaction>> {
        let below = |(sender, queue): (&Address, &BTreeMap<u64, Entry>)| {
            let nonces = queue.range(..bound(sender)).map(|(nonce, _)| (*sender, *nonce));
            nonces.collect::<Vec<_>>()
        };
        let slots: Vec<_> = self.queues.iter().flat_map(below).collect();
        slots.into_iter().filter_map(|(sender, nonce)| self.take(sender, nonce)).collect()
    }

    fn take(&mut self, sender: Address, nonce: u64) -> Option<Arc<Transaction>> {
        let queue = self.queues.get_mut(&sender)?;
        let entry = queue.remove(&nonce)?;
        if queue.is_empty() {
            self.queues.remove(&sender);
        }
        self.slots.remove(entry.transaction.hash());
        self.bytes -= entry.size;
        Some(entry.transaction)
    }
}
