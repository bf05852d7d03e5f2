//! Transactions in, blocks out.

use std::sync::Arc;

use alloy_consensus::BlockHeader;
use alloy_primitives::B256;

use super::{Core, Devnet, DevnetError, Event, SettlerError, now};
use crate::{
    chain::{Block, Candidate, Refusal, Transaction, WorldState},
    fees,
    journal::Entry,
    pool::Order,
};

/// Blocks that one call can make.
const BLOCKS_AT_ONCE: u64 = 100_000;

impl Devnet {
    /// Takes a transaction. With automatic mining it is in a block afterwards, if it can be.
    ///
    /// # Errors
    /// If the pool or the block refuses it, evaluation is too far behind, or the chain cannot be
    /// written. The transaction is forgotten then.
    pub fn submit(&self, transaction: Transaction) -> Result<B256, DevnetError> {
        self.wait_for_evaluation()?;
        let transaction = Arc::new(transaction);
        let mut core = self.lock();
        let inserted = core.insert(Arc::clone(&transaction))?;
        let hash = inserted.hash;
        let taken = self.take(&mut core, &transaction, !inserted.pending.is_empty());
        if taken.is_err() {
            core.pool.remove(&hash);
            if let Some(replaced) = inserted.replaced {
                // It was there a moment ago, so there is room for it.
                let _ = core.insert(replaced);
            }
        }
        taken.map(|()| hash)
    }

    /// Puts a transaction that is in the pool into a block, or notes that it waits.
    fn take(
        &self,
        core: &mut Core,
        transaction: &Arc<Transaction>,
        executable: bool,
    ) -> Result<(), DevnetError> {
        let hash = *transaction.hash();
        if executable {
            let _ = self.events.send(Event::Pending(Arc::clone(transaction)));
            if core.automatic {
                let refused = self.seal_all(core)?;
                if let Some(refusal) = refused.into_iter().find(|refusal| refusal.hash == hash) {
                    return Err(DevnetError::Refused(refusal.why));
                }
            }
        }
        if core.pool.get(&hash).is_some() {
            self.write([&Entry::Pooled(Arc::clone(transaction))])?;
        }
        Ok(())
    }

    /// Makes a block of what waits.
    ///
    /// # Errors
    /// If evaluation is too far behind, or the block cannot be made or written.
    pub fn mine(&self) -> Result<Arc<Block>, DevnetError> {
        self.wait_for_evaluation()?;
        let mut core = self.lock();
        self.seal(&mut core).map(|(block, _)| block)
    }

    /// Makes `count` blocks: the first at `timestamp`, and each further one `interval` seconds after
    /// the one before, where these are given.
    ///
    /// # Errors
    /// If these are too many blocks, or one cannot be made. Those before it stay.
    pub fn mine_many(
        &self,
        count: u64,
        timestamp: Option<u64>,
        interval: Option<u64>,
    ) -> Result<(), DevnetError> {
        if count > BLOCKS_AT_ONCE {
            return Err(DevnetError::TooManyBlocks { count, limit: BLOCKS_AT_ONCE });
        }
        for index in 0..count {
            self.wait_for_evaluation()?;
            let mut core = self.lock();
            let last = core.chain.head().header.timestamp();
            let time = match index {
                0 => timestamp,
                _ => interval.map(|seconds| last.saturating_add(seconds.max(1))),
            };
            if let Some(time) = time {
                core.clock.set_next(time, last)?;
            }
            self.seal(&mut core)?;
        }
        Ok(())
    }

    /// The block that would be made now, which is not part of the chain, and the state after it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn pending(&self) -> Result<(Arc<Block>, WorldState), DevnetError> {
        let core = self.lock();
        let Candidate { block, diff, .. } = core.candidate(self.order)?;
        let mut state = core.chain.state().clone();
        state.apply(&diff);
        Ok((block, state))
    }

    /// Waits until evaluation is as far as the next block needs it.
    fn wait_for_evaluation(&self) -> Result<(), SettlerError> {
        if self.synchronous {
            // What a block computes with may be of blocks from before a restart. Where one of them
            // failed, only what needs its ciphertexts is not sealed.
            self.settler.catch_up(self.patience)
        } else {
            self.settler.wait_for_room(self.patience)
        }
    }

    /// Makes blocks until nothing waits that can be executed. Returns what cannot be in a block.
    fn seal_all(&self, core: &mut Core) -> Result<Vec<Refusal>, DevnetError> {
        let mut all_refused = Vec::new();
        while !core.best(self.order).is_empty() {
            let (block, refused) = self.seal(core)?;
            all_refused.extend(refused);
            if block.transactions.is_empty() {
                break;
            }
        }
        Ok(all_refused)
    }

    /// Makes a block and writes it. Transactions that cannot be in any block leave the pool.
    fn seal(&self, core: &mut Core) -> Result<(Arc<Block>, Vec<Refusal>), DevnetError> {
        let Candidate { block, diff, refused } = core.candidate(self.order)?;
        if self.synchronous {
            self.settler.settlement().settle(block.logs())?;
        }
        let mut entries = vec![Entry::Block(Arc::clone(&block), diff.clone())];
        entries.extend(refused.iter().map(|refusal| Entry::Dropped(refusal.hash)));
        self.write(&entries)?;
        core.chain.push(Arc::clone(&block), &diff)?;

        for Refusal { hash, why } in &refused {
            tracing::info!(%hash, why, "transaction dropped");
            core.pool.remove(hash);
        }
        core.forget_used();
        core.clock.sealed(block.header.timestamp(), now());
        (core.next.prev_randao, core.next.base_fee) = (None, None);
        self.settler.submit(Arc::clone(&block));
        tracing::info!(
            number = block.number(),
            hash = %block.hash(),
            transactions = block.transactions.len(),
            gas = block.header.gas_used(),
            "block sealed"
        );
        // There may be no listeners.
        let _ = self.events.send(Event::Block(Arc::clone(&block)));
        Ok((block, refused))
    }
}

impl Core {
    /// What waits and can be executed, best first.
    fn best(&self, order: Order) -> Vec<Arc<Transaction>> {
        let environment = self.chain.next_environment(&self.attributes());
        let base_fee = environment.block_env.basefee;
        let blob_fee = fees::next_blob_base_fee(&self.chain.head().header);
        let state = self.chain.state();
        self.pool.best(|sender| state.nonce(sender), base_fee, blob_fee, order)
    }

    fn candidate(&self, order: Order) -> Result<Candidate, DevnetError> {
        Ok(self.chain.build(&self.attributes(), self.best(order))?)
    }
}
