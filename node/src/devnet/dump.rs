//! A whole devnet as bytes: the chain, what waits for it, and the ciphertexts.
//!
//! A dump is the Keccak-256 digest of the rest, a byte for the format's version, and RLP. The chain
//! is entries of the [journal](crate::journal). Equal devnets have equal dumps.

use std::{collections::BTreeSet, mem, sync::Arc};

use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use ciphervm_fhe::{Handle, Record as Ciphertext, StoreError};
use ciphervm_precompiles::{Record, RecordError};

use super::{Core, Devnet, Event};
use crate::{
    chain::{Block, StateDiff, WorldState},
    journal::{Entry, JournalError},
};

/// Version of the format.
const VERSION: u8 = 1;

/// A devnet cannot be dumped, or a dump not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// The bytes are something else, or not all of them are as they were.
    #[error(
        "this is no dump of a devnet, or it is damaged: load the very bytes that anvil_dumpState \
         or --state gave"
    )]
    Damaged,
    /// Another version wrote them.
    #[error(
        "the dump has format {0}, and this version knows format {VERSION}: load it with the \
         version of ciphervm that made it"
    )]
    Format(u8),
    /// The dump is of another chain.
    #[error(
        "the dump is of chain {found}, and this is chain {here}: start with --chain-id {found}"
    )]
    Chain {
        /// Its chain id.
        found: u64,
        /// The devnet's.
        here: u64,
    },
    /// The dump's ciphertexts are under other keys, or by another evaluator.
    #[error(
        "the dump has ciphertexts of engine class {found}, and this devnet makes class {here}: \
         start with the --keys, --evaluator and --profile that it was made with"
    )]
    Class {
        /// Their class.
        found: B256,
        /// The devnet's.
        here: B256,
    },
    /// The blocks are no chain.
    #[error("the dump's blocks are no chain: {0}; dump the devnet that it comes from again")]
    Inconsistent(String),
    /// A block's logs are not what the host contracts log.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Ciphertexts cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

#[derive(RlpEncodable, RlpDecodable)]
struct Dump {
    chain_id: u64,
    entries: Vec<Bytes>,
    /// In the order of handles.
    ciphertexts: Vec<StoredCiphertext>,
}

/// The type is in the handle.
#[derive(RlpEncodable, RlpDecodable)]
struct StoredCiphertext {
    handle: B256,
    class: B256,
    bytes: Bytes,
}

impl Dump {
    fn to_bytes(&self) -> Vec<u8> {
        let body = [&[VERSION], &alloy_rlp::encode(self)[..]].concat();
        [&keccak256(&body)[..], &body].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, DumpError> {
        let (digest, body) = bytes.split_at_checked(32).ok_or(DumpError::Damaged)?;
        let (version, rlp) = body.split_first().ok_or(DumpError::Damaged)?;
        if keccak256(body)[..] != *digest {
            return Err(DumpError::Damaged);
        }
        if *version != VERSION {
            return Err(DumpError::Format(*version));
        }
        alloy_rlp::decode_exact(rlp).map_err(|_| DumpError::Damaged)
    }
}

impl Devnet {
    /// Everything that [`Self::load`] needs. Ciphertexts that are not computed yet are left out:
    /// they are computed after loading.
    ///
    /// # Errors
    /// If the ciphertexts cannot be read.
    pub fn dump(&self) -> Result<Vec<u8>, DumpError> {
        let (chain_id, start, blocks, waiting) = {
            let core = self.lock();
            let blocks: Vec<_> = core
                .chain
                .blocks()
                .map(|(block, state)| (Arc::clone(block), state.clone()))
                .collect();
            let waiting: Vec<_> = core.pool.iter().cloned().map(Entry::Pooled).collect();
            (core.chain.chain_id(), core.start.state.clone(), blocks, waiting)
        };
        let ciphertexts = self.ciphertexts(blocks.iter().map(|(block, _)| &**block))?;
        let entries = entries(&start, blocks).into_iter().chain(waiting);
        let entries = entries.map(|entry| entry.to_bytes().into()).collect();
        Ok(Dump { chain_id, entries, ciphertexts }.to_bytes())
    }

    /// Puts a dumped devnet in the place of this one. Snapshots are forgotten; who is impersonated,
    /// and how blocks come about, stays as it is.
    ///
    /// # Errors
    /// If the bytes are no dump, or not one for this devnet, or cannot be written. Nothing changes
    /// then.
    pub fn load(&self, bytes: &[u8]) -> Result<(), DumpError> {
        let Dump { chain_id: found, entries, ciphertexts } = Dump::from_bytes(bytes)?;
        let here = self.chain(|chain| chain.chain_id());
        if found != here {
            return Err(DumpError::Chain { found, here });
        }
        let entries = entries.iter().map(|entry| Entry::from_bytes(entry));
        let entries: Vec<_> = entries
            .collect::<Result<_, _>>()
            .map_err(|reason| DumpError::Inconsistent(reason.to_owned()))?;
        let new = Core::replay(&entries, self.host, here, self.is_automatic())
            .map_err(DumpError::Inconsistent)?;
        self.insert(ciphertexts)?;

        let mut core = self.lock();
        self.settler.rewind(0, || match &self.journal {
            Some(journal) => journal.replace(&entries),
            None => Ok(()),
        })?;
        let Core { chain, pool, clock, next, start, .. } = new;
        (core.pool, core.clock, core.next, core.start) = (pool, clock, next, start);
        core.snapshots.clear();
        core.instance = keccak256(core.instance);
        let old = mem::replace(&mut core.chain, chain);

        let after_first = |(block, _): (&Arc<Block>, &WorldState)| Arc::clone(block);
        let mut gone: Vec<_> = old.blocks().skip(1).map(after_first).collect();
        gone.reverse();
        // There may be no listeners.
        let _ = self.events.send(Event::Rewound(gone));
        for block in core.chain.blocks().skip(1).map(after_first) {
            self.settler.submit(Arc::clone(&block));
            let _ = self.events.send(Event::Block(block));
        }
        Ok(())
    }

    /// The ciphertexts that the operations and grants of blocks name, as far as they are there.
    fn ciphertexts<'a>(
        &self,
        blocks: impl Iterator<Item = &'a Block>,
    ) -> Result<Vec<StoredCiphertext>, DumpError> {
        let mut handles = BTreeSet::new();
        for block in blocks {
            let record = Record::from_logs(&self.host.addresses, block.logs().flatten())?;
            for op in &record.ops {
                let inputs =
                    record.graph.get(&op.handle).into_iter().flat_map(|node| node.inputs());
                handles.extend(inputs.chain([op.handle]));
            }
            handles.extend(record.roots);
        }
        let mut stored = Vec::new();
        for handle in handles {
            if let Some(ciphertext) = self.store().get(&handle)? {
                let Ciphertext { class, bytes, .. } = &*ciphertext;
                let bytes = bytes.clone().into();
                stored.push(StoredCiphertext { handle: handle.0, class: *class, bytes });
            }
        }
        Ok(stored)
    }

    fn insert(&self, ciphertexts: Vec<StoredCiphertext>) -> Result<(), DumpError> {
        let here = self.evaluator.class();
        let records = ciphertexts.into_iter().map(|StoredCiphertext { handle, class, bytes }| {
            if class != here {
                return Err(DumpError::Class { found: class, here });
            }
            let handle = Handle(handle);
            let ty = handle.fhe_type().ok_or(DumpError::Damaged)?;
            Ok((handle, Ciphertext::new(ty, class, bytes.into())))
        });
        Ok(self.store().insert(records.collect::<Result<_, _>>()?)?)
    }
}

/// The journal of a chain that begins with the state `start`. What was edited after a block counts
/// as changed by it; only the first block stays as it was, to go back to.
fn entries(start: &WorldState, blocks: Vec<(Arc<Block>, WorldState)>) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut earlier = start.clone();
    for (block, state) in blocks {
        let diff = state.difference(&earlier);
        if block.number() > 0 {
            entries.push(Entry::Block(block, diff));
        } else {
            let header = Box::new(block.header.inner().clone());
            entries.push(Entry::Genesis(header, start.difference(&WorldState::default())));
            if diff != StateDiff::default() {
                entries.push(Entry::Edit(diff));
            }
        }
        earlier = state;
    }
    entries
}
