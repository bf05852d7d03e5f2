//! Going back in time.

use std::collections::BTreeMap;

use alloy_primitives::{B256, keccak256};

use super::{Clock, Core, Devnet, DevnetError, Event, NextBlock};
use crate::{chain::WorldState, journal::Entry, pool::Pool};

/// A moment to go back to. Copies of state and pool share structure with the originals.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    /// Length of the journal.
    pub(super) entries: u64,
    /// The last block.
    pub(super) number: u64,
    /// The state after it, edits by hand included.
    pub(super) state: WorldState,
    pub(super) pool: Pool,
    pub(super) clock: Clock,
    pub(super) next: NextBlock,
}

impl Devnet {
    /// Remembers this moment. Returns the number that it goes by.
    pub fn snapshot(&self) -> u64 {
        let mut core = self.lock();
        let snapshot = Snapshot {
            entries: self.entries(),
            number: core.chain.head().number(),
            state: core.chain.state().clone(),
            pool: core.pool.clone(),
            clock: core.clock,
            next: core.next,
        };
        let id = core.next_snapshot;
        core.next_snapshot += 1;
        core.snapshots.insert(id, snapshot);
        id
    }

    /// Goes back to a moment, and forgets it and those after it. False if there is no such moment.
    ///
    /// # Errors
    /// If the chain cannot be written. Nothing changes then.
    pub fn revert(&self, id: u64) -> Result<bool, DevnetError> {
        let mut core = self.lock();
        let Some(snapshot) = core.snapshots.get(&id).cloned() else { return Ok(false) };
        self.go_back(&mut core, snapshot)?;
        core.snapshots.split_off(&id);
        Ok(true)
    }

    /// The snapshots that there are, each with the number and hash of its last block.
    pub fn snapshots(&self) -> BTreeMap<u64, (u64, B256)> {
        let core = self.lock();
        let hash = |number| core.chain.block(number).map(|(block, _)| (number, block.hash()));
        let named = core.snapshots.iter().map(|(id, snapshot)| Some((*id, hash(snapshot.number)?)));
        named.flatten().collect()
    }

    /// Goes back to the first block, as it was before any edit, and forgets all snapshots. Blocks
    /// come about as at the start again, and nobody is impersonated.
    ///
    /// # Errors
    /// If the chain cannot be written. Nothing changes then.
    pub fn reset(&self) -> Result<(), DevnetError> {
        let mut core = self.lock();
        let start = core.start.clone();
        self.go_back(&mut core, start)?;
        core.snapshots.clear();
        core.impersonated.clear();
        core.impersonate_all = false;
        core.automatic = self.mining.automatic;
        core.instance = keccak256(core.instance);
        self.set_interval(self.mining.interval);
        Ok(())
    }

    fn go_back(&self, core: &mut Core, snapshot: Snapshot) -> Result<(), DevnetError> {
        let Snapshot { entries, number, state, pool, clock, next } = snapshot;
        self.settler.rewind(number, || match &self.journal {
            Some(journal) => journal.truncate(entries, number),
            None => Ok(()),
        })?;
        let mut gone = core.chain.rewind(number, state)?;
        (core.pool, core.clock, core.next) = (pool, clock, next);
        gone.reverse();
        // There may be no listeners.
        let _ = self.events.send(Event::Rewound(gone));
        Ok(())
    }

    /// Drops a waiting transaction. False if there is none of this hash.
    ///
    /// # Errors
    /// If the chain cannot be written. Nothing changes then.
    pub fn drop_transaction(&self, hash: B256) -> Result<bool, DevnetError> {
        let mut core = self.lock();
        if core.pool.get(&hash).is_none() {
            return Ok(false);
        }
        self.write([&Entry::Dropped(hash)])?;
        core.pool.remove(&hash);
        Ok(true)
    }

    /// Drops all waiting transactions.
    ///
    /// # Errors
    /// If the chain cannot be written. Nothing changes then.
    pub fn drop_all_transactions(&self) -> Result<(), DevnetError> {
        let mut core = self.lock();
        let hashes = core.pool.iter().map(|transaction| Entry::Dropped(*transaction.hash()));
        self.write(&hashes.collect::<Vec<_>>())?;
        core.pool.clear();
        Ok(())
    }
}
