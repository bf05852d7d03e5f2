//! The chain of a data directory once more: executed again, and evaluated again.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use alloy_consensus::BlockHeader;
use alloy_primitives::B256;
use anyhow::{Context, Result, bail, ensure};
use ciphervm::{Commitment, Settlement};
use ciphervm_fhe::{
    CiphertextStore, DatabaseStore, Evaluator, Handle, Record as Ciphertext, StoreError, StoreSize,
};
use ciphervm_precompiles::{HostAddresses, HostConfig, Record};

use crate::{
    chain::{Attributes, Block, Chain, StateDiff},
    data_dir::{DataDir, Identity},
    journal::{Entry, Journal},
};

/// What was found to be as it was noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Blocks whose execution gave the same hash.
    pub executed: u64,
    /// Their transactions.
    pub transactions: u64,
    /// Blocks whose ciphertexts were computed again and had the commitment that was noted.
    pub evaluated: u64,
    /// How many ciphertexts these were.
    pub ciphertexts: u64,
    /// How many bootstraps they took.
    pub bootstraps: u64,
    /// Blocks whose commitment had not been noted yet, for they were not settled.
    pub unsettled: u64,
}

/// Executes all blocks of a data directory up to number `to`, and computes the ciphertexts of those
/// from `from` on with an evaluator of the caller's. Nothing of these blocks is taken from the
/// directory's store, only encrypted inputs and what earlier blocks computed. `progress` is told
/// of each block: its number, and the last one.
///
/// # Errors
/// If the directory cannot be used, or anything differs: a block's hash, or a commitment, in which
/// case the first handle with another ciphertext is named.
pub fn verify(
    path: &Path,
    evaluator: Arc<dyn Evaluator>,
    (from, to): (u64, u64),
    mut progress: impl FnMut(u64, u64),
) -> Result<Verified> {
    ensure!(from <= to, "--from {from} is after --to {to}");
    let identity = Identity { engine_class: evaluator.class(), ..DataDir::identity(path)? };
    let directory = DataDir::open(path, &identity)?;
    let (found, journal) = (directory.store()?, directory.journal()?);
    let entries = journal.entries()?;
    let Some((Entry::Genesis(header, diff), entries)) = entries.split_first() else {
        bail!("the journal does not begin with the first block");
    };
    let host = HostConfig { addresses: HostAddresses::LOCAL, ..HostConfig::default() };
    let mut chain = Chain::new(host, identity.chain_id, (**header).clone(), diff);
    let last = entries.iter().filter_map(number).max().unwrap_or(0).min(to);

    let scratch = tempfile::tempdir()?;
    let again = DatabaseStore::open(&scratch.path().join("ciphertexts.redb"))?;
    let store = Arc::new(Again { found, again, made: Mutex::default() });
    let settlement =
        Settlement::new(host.addresses, evaluator, Arc::clone(&store) as _).with_clear_inputs();
    let mut verified = Verified::default();
    for entry in entries {
        match entry {
            Entry::Block(block, diff) if block.number() <= to => {
                execute(&mut chain, block, diff)?;
                verified.executed += 1;
                verified.transactions += block.transactions.len() as u64;
                if block.number() >= from {
                    store.forget(&host.addresses, block)?;
                    evaluate(&settlement, &store, &journal, block, &mut verified)
                        .with_context(|| format!("block {}", block.number()))?;
                }
                progress(block.number(), last);
            }
            Entry::Block(..) => break,
            Entry::Edit(diff) => chain.edit(diff),
            Entry::Genesis(..) => bail!("the journal has a second first block"),
            Entry::Pooled(_) | Entry::Dropped(_) => {}
        }
    }
    ensure!(verified.executed > 0, "there is no block up to number {to}");
    Ok(verified)
}

fn number(entry: &Entry) -> Option<u64> {
    match entry {
        Entry::Block(block, _) => Some(block.number()),
        _ => None,
    }
}

/// Executes a block's transactions again. The hash covers transactions, receipts and state.
fn execute(chain: &mut Chain, block: &Arc<Block>, diff: &StateDiff) -> Result<()> {
    let header = &block.header;
    let attributes = Attributes {
        timestamp: header.timestamp(),
        beneficiary: header.beneficiary(),
        prev_randao: header.mix_hash(),
        gas_limit: header.gas_limit(),
        base_fee: header.base_fee_per_gas(),
    };
    let again = chain.build(&attributes, block.transactions.iter().cloned())?;
    let (hash, noted) = (again.block.hash(), block.hash());
    ensure!(
        hash == noted,
        "block {} was {noted}, and executing it again gives {hash}",
        block.number()
    );
    chain.push(Arc::clone(block), diff)?;
    Ok(())
}

fn evaluate(
    settlement: &Settlement,
    store: &Again,
    journal: &Journal,
    block: &Block,
    verified: &mut Verified,
) -> Result<()> {
    let settled = settlement.settle(block.logs())?;
    let commitment = settlement.commitment(block.logs())?;
    verified.bootstraps += settled.bootstraps;
    match journal.commitment(block.number())? {
        Some(noted) if noted == commitment.root => {
            verified.evaluated += 1;
            verified.ciphertexts += commitment.ciphertexts.len() as u64;
        }
        Some(noted) => bail!(
            "its commitment was {noted}, and evaluating it again gives {}{}",
            commitment.root,
            difference(store, &commitment)?
        ),
        None => verified.unsettled += 1,
    }
    Ok(())
}

/// The first handle whose ciphertext in the directory is another one.
fn difference(store: &Again, commitment: &Commitment) -> Result<String> {
    for (handle, digest) in &commitment.ciphertexts {
        let found = store.found.get(handle)?.map(|record| record.digest);
        if found != Some(*digest) {
            let found = found.unwrap_or(B256::ZERO);
            return Ok(format!(": the ciphertext of {handle} was {found} and is {digest}"));
        }
    }
    Ok(", although all ciphertexts are the same: the commitment itself was changed".to_owned())
}

/// What is computed again, on top of a store in which it stays as it is.
#[derive(Debug)]
struct Again {
    found: DatabaseStore,
    again: DatabaseStore,
    /// Handles whose ciphertexts are not to be taken from the store below.
    made: Mutex<BTreeSet<Handle>>,
}

impl Again {
    /// Has what a block makes computed again.
    fn forget(&self, hosts: &HostAddresses, block: &Block) -> Result<()> {
        let record = Record::from_logs(hosts, block.logs().flatten())?;
        let made = record.ops.iter().map(|op| op.handle);
        self.made.lock().unwrap_or_else(PoisonError::into_inner).extend(made);
        Ok(())
    }

    fn is_made(&self, handle: &Handle) -> bool {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).contains(handle)
    }
}

impl CiphertextStore for Again {
    fn get(&self, handle: &Handle) -> Result<Option<Arc<Ciphertext>>, StoreError> {
        match self.again.get(handle)? {
            None if !self.is_made(handle) => self.found.get(handle),
            record => Ok(record),
        }
    }

    fn contains(&self, handle: &Handle) -> Result<bool, StoreError> {
        Ok(self.again.contains(handle)? || !self.is_made(handle) && self.found.contains(handle)?)
    }

    fn insert(&self, records: Vec<(Handle, Ciphertext)>) -> Result<(), StoreError> {
        self.again.insert(records)
    }

    fn size(&self) -> Result<StoreSize, StoreError> {
        self.again.size()
    }
}
