//! Evaluation behind blocks: a thread that settles them in order.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use ciphervm::{Settled, Settlement};
use ciphervm_fhe::{Handle, Measured};
use tracing::{error, info};

use crate::chain::Block;

/// Blocks that may wait for evaluation. A block holds thousands of operations at most, and what
/// waits is only their logs, which the chain holds anyway: this bounds the time, not the memory.
const WAITING: usize = 256;
/// Operations whose measurements are kept.
const MEASUREMENTS: usize = 100_000;

/// Evaluation did not come far enough.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettlerError {
    /// It takes longer than the caller waits.
    #[error(
        "evaluation is at block {settled} of {target}, with {waiting} blocks waiting, after \
         {seconds} seconds: ask again later, or wait with cipher_settle"
    )]
    Timeout {
        /// The last settled block.
        settled: u64,
        /// The block that was waited for.
        target: u64,
        /// Blocks that wait.
        waiting: usize,
        /// How long the caller waited.
        seconds: u64,
    },
    /// A block could not be evaluated.
    #[error("the ciphertexts of block {block} could not be computed: {reason}")]
    Failed {
        /// The block.
        block: u64,
        /// What failed.
        reason: String,
    },
}

/// How far evaluation is.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// The last settled block.
    pub settled: u64,
    /// The block that is being evaluated, and for how long.
    pub running: Option<(u64, Duration)>,
    /// Blocks that wait.
    pub waiting: usize,
    /// Operations computed since the start.
    pub operations: u64,
    /// Bootstraps since the start.
    pub bootstraps: u64,
    /// Blocks that could not be evaluated, and why.
    pub failed: BTreeMap<u64, String>,
}

impl Progress {
    /// Whether a block's ciphertexts are all there.
    pub fn is_settled(&self, block: u64) -> bool {
        block <= self.settled && !self.failed.contains_key(&block)
    }
}

/// What is told when a block is settled: its number.
type OnSettled = Box<dyn Fn(u64) + Send>;

/// Settles blocks in the order in which it gets them.
pub struct Settler {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    settlement: Settlement,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    blocks: VecDeque<Arc<Block>>,
    running: Option<(u64, Instant)>,
    /// The last block that was handed in.
    head: u64,
    progress: Progress,
    measured: Measurements,
    stop: bool,
}

/// What operations took, the latest ones.
#[derive(Default)]
struct Measurements {
    by_handle: BTreeMap<Handle, Measured>,
    order: VecDeque<Handle>,
}

impl Measurements {
    fn add(&mut self, measured: Vec<Measured>) {
        for entry in measured {
            if self.by_handle.insert(entry.handle, entry).is_none() {
                self.order.push_back(entry.handle);
            }
        }
        while self.order.len() > MEASUREMENTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_handle.remove(&oldest);
        }
    }
}

impl Settler {
    /// Starts the thread. Blocks up to `settled` are settled; `on_settled` is told of each further
    /// one.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(
        settlement: Settlement,
        settled: u64,
        on_settled: OnSettled,
    ) -> std::io::Result<Self> {
        let progress = Progress { settled, ..Progress::default() };
        let queue = Queue { head: settled, progress, ..Queue::default() };
        let (queue, changed) = (Mutex::new(queue), Condvar::new());
        let shared = Arc::new(Shared { settlement, queue, changed });
        let worker = Arc::clone(&shared);
        let run = move || worker.run(&on_settled);
        let thread = thread::Builder::new().name("settler".to_owned()).spawn(run)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// What it settles with.
    pub fn settlement(&self) -> &Settlement {
        &self.shared.settlement
    }

    /// Hands in the block after the last one.
    pub fn submit(&self, block: Arc<Block>) {
        let mut queue = self.shared.lock();
        queue.head = block.number();
        queue.blocks.push_back(block);
        self.shared.changed.notify_all();
    }

    /// Forgets the blocks after number `head`, once `write` has noted on disk that they are gone:
    /// no block is noted as settled meanwhile.
    ///
    /// # Errors
    /// If `write` fails. Nothing changes then.
    pub fn rewind<E>(&self, head: u64, write: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let mut queue = self.shared.lock();
        write()?;
        queue.blocks.retain(|block| block.number() <= head);
        queue.head = head;
        // What the thread computes for a block that is gone counts for nothing.
        queue.running = queue.running.filter(|(block, _)| *block <= head);
        queue.progress.settled = queue.progress.settled.min(head);
        queue.progress.failed.retain(|block, _| *block <= head);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Waits until there is room for another block.
    ///
    /// # Errors
    /// If there is none in time.
    pub fn wait_for_room(&self, timeout: Duration) -> Result<(), SettlerError> {
        self.wait_while(timeout, u64::MAX, |queue, _| queue.blocks.len() >= WAITING).map(drop)
    }

    /// Waits until all blocks that are there now are settled.
    ///
    /// # Errors
    /// If they are not in time, or one of them failed.
    pub fn wait(&self, timeout: Duration) -> Result<(), SettlerError> {
        let queue = self.wait_up_to(u64::MAX, timeout)?;
        match queue.progress.failed.first_key_value() {
            Some((&block, reason)) => Err(SettlerError::Failed { block, reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Waits until one block is settled, whatever becomes of others.
    ///
    /// # Errors
    /// If it is not in time, or failed.
    pub fn wait_for(&self, block: u64, timeout: Duration) -> Result<(), SettlerError> {
        let queue = self.wait_up_to(block, timeout)?;
        match queue.progress.failed.get(&block) {
            Some(reason) => Err(SettlerError::Failed { block, reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Waits until all blocks that are there now were evaluated, or failed.
    ///
    /// # Errors
    /// If they were not in time.
    pub fn catch_up(&self, timeout: Duration) -> Result<(), SettlerError> {
        self.wait_up_to(u64::MAX, timeout).map(drop)
    }

    /// Waits until the blocks up to `block` that are there now are done with.
    fn wait_up_to(
        &self,
        block: u64,
        timeout: Duration,
    ) -> Result<MutexGuard<'_, Queue>, SettlerError> {
        let target = block.min(self.shared.lock().head);
        // Blocks may go while somebody waits for them.
        self.wait_while(timeout, target, |queue, target| queue.progress.settled < target)
    }

    /// `target` is the block that is waited for, as far as there is one.
    fn wait_while(
        &self,
        timeout: Duration,
        target: u64,
        unfinished: impl Fn(&Queue, u64) -> bool,
    ) -> Result<MutexGuard<'_, Queue>, SettlerError> {
        let queue = self.shared.lock();
        let (queue, result) = self
            .shared
            .changed
            .wait_timeout_while(queue, timeout, |queue| unfinished(queue, target.min(queue.head)))
            .unwrap_or_else(PoisonError::into_inner);
        if result.timed_out() {
            return Err(SettlerError::Timeout {
                settled: queue.progress.settled,
                target: target.min(queue.head),
                waiting: queue.blocks.len() + usize::from(queue.running.is_some()),
                seconds: timeout.as_secs(),
            });
        }
        Ok(queue)
    }

    /// Starts no further block, and waits for the one that runs. False if it takes longer.
    pub fn stop(&self, timeout: Duration) -> bool {
        let mut queue = self.shared.lock();
        queue.stop = true;
        self.shared.changed.notify_all();
        let waited =
            self.shared.changed.wait_timeout_while(queue, timeout, |queue| queue.running.is_some());
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// How far evaluation is.
    pub fn progress(&self) -> Progress {
        let queue = self.shared.lock();
        let running = queue.running.map(|(block, since)| (block, since.elapsed()));
        Progress { running, waiting: queue.blocks.len(), ..queue.progress.clone() }
    }

    /// What operation `handle` took, if it was evaluated lately.
    pub fn measured(&self, handle: &Handle) -> Option<Measured> {
        self.shared.lock().measured.by_handle.get(handle).copied()
    }
}

impl Drop for Settler {
    /// Finishes the running block. What waits is settled after the next start.
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            error!("the settler failed");
        }
    }
}

impl fmt::Debug for Settler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settler").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

impl Shared {
    /// A panic while the lock is held leaves nothing half-done: every change is one statement.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a block. Nothing once the thread is to stop.
    fn next(&self) -> Option<Arc<Block>> {
        let mut queue = self
            .changed
            .wait_while(self.lock(), |queue| !queue.stop && queue.blocks.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        if queue.stop {
            return None;
        }
        let block = queue.blocks.pop_front()?;
        queue.running = Some((block.number(), Instant::now()));
        Some(block)
    }

    /// Settles a block. A panic must not end the thread, or whoever waits does so for ever.
    fn settle(&self, block: &Block) -> Result<Settled, String> {
        match catch_unwind(AssertUnwindSafe(|| self.settlement.settle(block.logs()))) {
            Ok(settled) => settled.map_err(|failure| failure.to_string()),
            Err(_) => {
                Err("evaluation panicked: a bug; the panic's message is on stderr".to_owned())
            }
        }
    }

    fn run(&self, on_settled: &OnSettled) {
        while let Some(block) = self.next() {
            let number = block.number();
            let settled = self.settle(&block);
            let mut queue = self.lock();
            if queue.running.take().is_none() {
                continue;
            }
            match settled {
                Ok(settled) => queue.finish(number, settled),
                Err(failure) => {
                    error!(block = number, failure, "ciphertexts could not be computed");
                    queue.progress.failed.insert(number, failure);
                }
            }
            queue.progress.settled = number;
            // What failed is tried again after a restart.
            if queue.progress.failed.is_empty() {
                on_settled(number);
            }
            drop(queue);
            self.changed.notify_all();
        }
    }
}

impl Queue {
    fn finish(&mut self, number: u64, settled: Settled) {
        let evaluation = settled.evaluation;
        if evaluation.operations > 0 {
            info!(
                block = number,
                operations = evaluation.operations,
                recorded = settled.recorded,
                bootstraps = evaluation.bootstraps,
                milliseconds = evaluation.elapsed.as_millis(),
                waiting = self.blocks.len(),
                "block settled"
            );
        }
        self.progress.operations += evaluation.operations as u64;
        self.progress.bootstraps += evaluation.bootstraps;
        self.measured.add(evaluation.measured);
    }
}
