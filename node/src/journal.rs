//! The chain on disk: what happened to it, entry by entry, in a `redb` file.
//!
//! An entry is its Keccak-256 digest, a byte for its kind, and RLP. A commit is one transaction of
//! the database: after a crash, each of its entries is there or none is. Going back in time
//! shortens the journal. Opening reads it from the start and checks each digest.
//!
//! Commits are in two phases. With one, the database could not tell a damaged commit from one that
//! a crash cut short, and would go on without it.
//!
//! Whoever changes the chain holds its lock, so there is one writer at a time.

#[cfg(test)]
mod tests;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use alloy_consensus::{
    Header, ReceiptEnvelope, Sealable, TxEnvelope, TxReceipt, transaction::Recovered,
};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_rlp::{Decodable, Encodable, RlpDecodable, RlpEncodable};
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
};

use crate::chain::{Block, StateDiff, Transaction};

/// Entries by position.
const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
/// Numbers by name.
const MARKS: TableDefinition<'_, &str, u64> = TableDefinition::new("marks");
/// The last block whose ciphertexts are all in the store.
const SETTLED: &str = "settled";

/// Commitments to the ciphertexts of settled blocks, by number.
const COMMITMENTS: TableDefinition<'_, u64, [u8; 32]> = TableDefinition::new("commitments");

/// Something that happened to the chain.
#[derive(Clone, Debug)]
pub enum Entry {
    /// The first block, and the state after it.
    Genesis(Box<Header>, StateDiff),
    /// A block, and what it changed.
    Block(Arc<Block>, StateDiff),
    /// A change of the state by hand.
    Edit(StateDiff),
    /// A transaction was accepted, and waits for a block.
    Pooled(Arc<Transaction>),
    /// A transaction that waited was dropped.
    Dropped(B256),
}

/// The journal's file failed, or does not hold a journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The database failed.
    #[error("the journal's database failed: {0}")]
    Database(#[from] redb::Error),
    /// An entry is not what was written.
    #[error(
        "entry {position} of the journal is corrupt: {reason}; restore the data directory from a \
         backup, or delete it to start over"
    )]
    Corrupt {
        /// Its position.
        position: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// The journal of a chain.
#[derive(Debug)]
pub struct Journal {
    database: Database,
    length: AtomicU64,
}

impl Journal {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// If the file is not a database, is damaged, is in use by another process, or the disk fails.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        // Unless it is checked, a damaged file is a panic.
        let database = Database::builder()
            .set_check_integrity_on_open(true)
            .create(path)
            .map_err(redb::Error::from)?;
        // A read transaction fails on a table that was never made.
        let length = write(&database, Durability::Immediate, |transaction| {
            transaction.open_table(MARKS)?;
            transaction.open_table(COMMITMENTS)?;
            Ok(transaction.open_table(ENTRIES)?.len()?)
        })?;
        Ok(Self { database, length: length.into() })
    }

    /// How many entries there are.
    pub fn length(&self) -> u64 {
        self.length.load(Ordering::Relaxed)
    }

    /// All entries in order.
    ///
    /// # Errors
    /// If the database fails, or an entry is corrupt.
    pub fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        let stored = self.stored()?;
        let numbered = (0..).zip(&stored);
        numbered
            .map(|(position, bytes)| {
                Entry::from_bytes(bytes)
                    .map_err(|reason| JournalError::Corrupt { position, reason })
            })
            .collect()
    }

    /// The bytes of all entries in order.
    fn stored(&self) -> Result<Vec<Vec<u8>>, JournalError> {
        let read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(ENTRIES)?;
            table.iter()?.map(|entry| Ok(entry?.1.value().to_vec())).collect()
        };
        Ok(read()?)
    }

    /// Adds entries, all or none, durably.
    ///
    /// # Errors
    /// If the database fails. Nothing is added then.
    pub fn append<'a>(
        &self,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<(), JournalError> {
        let mut length = self.length();
        write(&self.database, Durability::Immediate, |transaction| {
            let mut table = transaction.open_table(ENTRIES)?;
            for entry in entries {
                table.insert(length, &entry.to_bytes()[..])?;
                length += 1;
            }
            Ok(())
        })?;
        self.length.store(length, Ordering::Relaxed);
        Ok(())
    }

    /// Removes all entries from position `length` on. Blocks after number `head` are no longer
    /// settled.
    ///
    /// # Errors
    /// If the database fails. Nothing is removed then.
    pub fn truncate(&self, length: u64, head: u64) -> Result<(), JournalError> {
        write(&self.database, Durability::Immediate, |transaction| {
            transaction.open_table(ENTRIES)?.retain_in(length.., |_, _| false)?;
            let mut marks = transaction.open_table(MARKS)?;
            let settled = marks.get(SETTLED)?.map_or(0, |mark| mark.value());
            marks.insert(SETTLED, settled.min(head))?;
            transaction.open_table(COMMITMENTS)?.retain_in(head + 1.., |_, _| false)?;
            Ok(())
        })?;
        self.length.fetch_min(length, Ordering::Relaxed);
        Ok(())
    }

    /// Puts `entries` in the place of all that there are. No block is settled then.
    ///
    /// # Errors
    /// If the database fails. Nothing changes then.
    pub fn replace(&self, entries: &[Entry]) -> Result<(), JournalError> {
        write(&self.database, Durability::Immediate, |transaction| {
            let mut table = transaction.open_table(ENTRIES)?;
            table.retain(|_, _| false)?;
            for (position, entry) in (0..).zip(entries) {
                table.insert(position, &entry.to_bytes()[..])?;
            }
            transaction.open_table(MARKS)?.insert(SETTLED, 0)?;
            transaction.open_table(COMMITMENTS)?.retain(|_, _| false)?;
            Ok(())
        })?;
        self.length.store(entries.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// The last block whose ciphertexts are all in the store.
    ///
    /// # Errors
    /// If the database fails.
    pub fn settled(&self) -> Result<u64, JournalError> {
        let read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(MARKS)?;
            Ok(table.get(SETTLED)?.map_or(0, |mark| mark.value()))
        };
        Ok(read()?)
    }

    /// The commitment to the ciphertexts of a block, if it was noted.
    ///
    /// # Errors
    /// If the database fails.
    pub fn commitment(&self, block: u64) -> Result<Option<B256>, JournalError> {
        let read = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(COMMITMENTS)?;
            Ok(table.get(block)?.map(|root| B256::from(root.value())))
        };
        Ok(read()?)
    }

    /// Notes that a block is settled, with its commitment, and the last block up to which all are.
    /// A crash may undo this: settling a block again changes nothing.
    ///
    /// # Errors
    /// If the database fails.
    pub fn note_settled(
        &self,
        settled: u64,
        block: u64,
        commitment: B256,
    ) -> Result<(), JournalError> {
        write(&self.database, Durability::None, |transaction| {
            transaction.open_table(MARKS)?.insert(SETTLED, settled)?;
            transaction.open_table(COMMITMENTS)?.insert(block, commitment.0)?;
            Ok(())
        })
    }
}

/// A write transaction.
fn write<T>(
    database: &Database,
    durability: Durability,
    change: impl FnOnce(&redb::WriteTransaction) -> Result<T, redb::Error>,
) -> Result<T, JournalError> {
    let run = || -> Result<T, redb::Error> {
        let mut transaction = database.begin_write()?;
        transaction.set_durability(durability).map_err(redb::Error::from)?;
        transaction.set_two_phase_commit(true);
        let result = change(&transaction)?;
        transaction.commit()?;
        Ok(result)
    };
    Ok(run()?)
}

/// A transaction with its sender, which no signature tells for impersonated accounts.
#[derive(RlpEncodable, RlpDecodable)]
struct StoredTransaction {
    sender: Address,
    /// EIP-2718.
    envelope: Bytes,
}

#[derive(RlpEncodable, RlpDecodable)]
struct StoredBlock {
    header: Header,
    transactions: Vec<StoredTransaction>,
    /// EIP-2718.
    receipts: Vec<Bytes>,
    diff: StateDiff,
}

#[derive(RlpEncodable, RlpDecodable)]
struct StoredGenesis {
    header: Header,
    diff: StateDiff,
}

impl StoredTransaction {
    fn new(transaction: &Transaction) -> Self {
        let envelope = transaction.inner().encoded_2718().into();
        Self { sender: transaction.signer(), envelope }
    }

    fn restore(self) -> Result<Arc<Transaction>, &'static str> {
        let envelope = TxEnvelope::decode_2718_exact(&self.envelope)
            .map_err(|_| "it has a transaction that cannot be read")?;
        Ok(Arc::new(Recovered::new_unchecked(envelope, self.sender)))
    }
}

impl StoredBlock {
    fn new(block: &Block, diff: &StateDiff) -> Self {
        let transactions = block.transactions.iter();
        Self {
            header: block.header.inner().clone(),
            transactions: transactions.map(|tx| StoredTransaction::new(tx)).collect(),
            receipts: block.receipts.iter().map(|receipt| receipt.encoded_2718().into()).collect(),
            diff: diff.clone(),
        }
    }

    fn restore(self) -> Result<(Arc<Block>, StateDiff), &'static str> {
        let transactions = self.transactions.into_iter().map(StoredTransaction::restore);
        let receipts = self.receipts.iter().map(|receipt| {
            ReceiptEnvelope::decode_2718_exact(receipt)
                .map_err(|_| "it has a receipt that cannot be read")
        });
        let block = Block {
            header: self.header.seal_slow(),
            transactions: transactions.collect::<Result<_, _>>()?,
            receipts: receipts.collect::<Result<_, _>>()?,
        };
        if block.transactions.len() != block.receipts.len() {
            return Err("it has a block whose receipts are not one a transaction");
        }
        if !block.receipts.iter().map(TxReceipt::cumulative_gas_used).is_sorted() {
            return Err("it has a block whose receipts do not add up gas");
        }
        Ok((Arc::new(block), self.diff))
    }
}

impl Entry {
    const GENESIS: u8 = 0;
    const BLOCK: u8 = 1;
    const EDIT: u8 = 2;
    const POOLED: u8 = 3;
    const DROPPED: u8 = 4;

    /// Digest, kind, RLP.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        match self {
            Self::Genesis(header, diff) => {
                body.push(Self::GENESIS);
                StoredGenesis { header: (**header).clone(), diff: diff.clone() }.encode(&mut body);
            }
            Self::Block(block, diff) => {
                body.push(Self::BLOCK);
                StoredBlock::new(block, diff).encode(&mut body);
            }
            Self::Edit(diff) => {
                body.push(Self::EDIT);
                diff.encode(&mut body);
            }
            Self::Pooled(transaction) => {
                body.push(Self::POOLED);
                StoredTransaction::new(transaction).encode(&mut body);
            }
            Self::Dropped(hash) => {
                body.push(Self::DROPPED);
                hash.encode(&mut body);
            }
        }
        [&keccak256(&body)[..], &body].concat()
    }

    /// Reads [`Self::to_bytes`] back.
    ///
    /// # Errors
    /// What is wrong with the bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let (digest, body) = bytes.split_at_checked(32).ok_or("it is too short")?;
        if keccak256(body)[..] != *digest {
            return Err("its digest does not fit its bytes");
        }
        let (kind, rlp) = body.split_first().ok_or("it is too short")?;
        fn read<T: Decodable>(rlp: &[u8]) -> Result<T, &'static str> {
            alloy_rlp::decode_exact(rlp).map_err(|_| "it cannot be read")
        }
        Ok(match *kind {
            Self::GENESIS => {
                let StoredGenesis { header, diff } = read(rlp)?;
                Self::Genesis(Box::new(header), diff)
            }
            Self::BLOCK => {
                let (block, diff) = read::<StoredBlock>(rlp)?.restore()?;
                Self::Block(block, diff)
            }
            Self::EDIT => Self::Edit(read(rlp)?),
            Self::POOLED => Self::Pooled(read::<StoredTransaction>(rlp)?.restore()?),
            Self::DROPPED => Self::Dropped(read(rlp)?),
            _ => return Err("its kind is unknown"),
        })
    }
}
