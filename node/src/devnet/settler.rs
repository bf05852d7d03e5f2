//! Evaluation behind blocks: a thread that hands them to the scheduler in order, and what became of
//! them. A light block may be done before a heavy one that came first.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use alloy_primitives::B256;
use ciphervm::{Accounts, Settled, Settlement};
use ciphervm_fhe::{Handle, Measured};
use tracing::{error, info};

use crate::{chain::Block, monitoring};

/// Blocks that may wait for evaluation. A block holds thousands of operations at most, and what
/// waits is only their logs, which the chain holds anyway: this bounds the time, not the memory.
const WAITING: usize = 256;
/// Blocks that are evaluated side by side. The rest waits as logs only.
const IN_FLIGHT: usize = 64;
/// Operations whose measurements are kept.
const MEASUREMENTS: usize = 100_000;
/// Blocks whose transactions' accounts are kept.
const ACCOUNTED: usize = 10_000;

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
    /// The block up to which all are settled, or failed.
    pub settled: u64,
    /// Blocks after that one that are, too.
    pub ahead: BTreeSet<u64>,
    /// The first block that is being evaluated, and for how long.
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
        self.is_over(block) && !self.failed.contains_key(&block)
    }

    /// Whether a block is settled, or failed.
    fn is_over(&self, block: u64) -> bool {
        block <= self.settled || self.ahead.contains(&block)
    }
}

/// What is told when a block is settled: up to which block all are, its own number, and the root of
/// its commitment.
type OnSettled = Box<dyn Fn(u64, u64, B256) + Send + Sync>;

/// Settles blocks in the order in which it gets them.
pub struct Settler {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    settlement: Settlement,
    on_settled: OnSettled,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    blocks: VecDeque<Arc<Block>>,
    running: BTreeMap<u64, Running>,
    /// How many were started.
    started: u64,
    /// The last block that was handed in.
    head: u64,
    progress: Progress,
    measured: Measurements,
    /// By block, and then by transaction.
    accounts: BTreeMap<u64, Vec<Accounts>>,
    stop: bool,
}

/// A block that is being evaluated.
#[derive(Clone, Copy)]
struct Running {
    /// Which start it was: blocks of the same number come and go.
    start: u64,
    since: Instant,
}

/// What operations took, the latest ones.
#[derive(Default)]
struct Measurements {
    by_handle: BTreeMap<Handle, Measured>,
    order: VecDeque<Handle>,
}

impl Measurements {
    fn add(&mut self, measured: Vec<Measured>) {
        let mut together: BTreeMap<Handle, Measured> = BTreeMap::new();
        for step in measured {
            let entry = together.entry(step.handle).or_default();
            entry.handle = step.handle;
            entry.elapsed += step.elapsed;
            entry.bootstraps += step.bootstraps;
        }
        for (handle, entry) in together {
            if self.by_handle.insert(handle, entry).is_none() {
                self.order.push_back(handle);
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
        let shared = Arc::new(Shared { settlement, on_settled, queue, changed });
        let worker = Arc::clone(&shared);
        let run = move || worker.run();
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
        // What is computed for a block that is gone counts for nothing.
        queue.running.retain(|block, _| *block <= head);
        queue.progress.settled = queue.progress.settled.min(head);
        queue.progress.ahead.retain(|block| *block <= head);
        queue.accounts.retain(|block, _| *block <= head);
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
        let queue = self.wait_for_all(timeout)?;
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
        let unfinished = |queue: &Queue, target| !queue.progress.is_over(target);
        let target = block.min(self.shared.lock().head);
        let queue = self.wait_while(timeout, target, unfinished)?;
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
        self.wait_for_all(timeout).map(drop)
    }

    /// Waits until the blocks that are there now are settled, or failed.
    fn wait_for_all(&self, timeout: Duration) -> Result<MutexGuard<'_, Queue>, SettlerError> {
        // Blocks may go while somebody waits for them.
        let head = self.shared.lock().head;
        self.wait_while(timeout, head, |queue, target| queue.progress.settled < target)
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
                waiting: queue.blocks.len() + queue.running.len(),
                seconds: timeout.as_secs(),
            });
        }
        Ok(queue)
    }

    /// Starts nothing further, and waits for the steps that run. False if they take longer.
    pub fn stop(&self, timeout: Duration) -> bool {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        self.shared.settlement.scheduler().stop(timeout)
    }

    /// How far evaluation is.
    pub fn progress(&self) -> Progress {
        let queue = self.shared.lock();
        let first = queue.running.first_key_value();
        let running = first.map(|(block, running)| (*block, running.since.elapsed()));
        Progress { running, waiting: queue.blocks.len(), ..queue.progress.clone() }
    }

    /// What the evaluation of a block's transaction took, if it was lately.
    pub fn accounts(&self, block: u64, transaction: usize) -> Option<Accounts> {
        self.shared.lock().accounts.get(&block)?.get(transaction).copied()
    }

    /// What operation `handle` took, if it was evaluated lately.
    pub fn measured(&self, handle: &Handle) -> Option<Measured> {
        self.shared.lock().measured.by_handle.get(handle).copied()
    }
}

impl Drop for Settler {
    /// Finishes the steps that run. What is not complete is settled after the next start.
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            error!("the settler failed");
        }
        // After the thread, so that nothing is handed in any more: what the scheduler holds refers
        // to this.
        self.shared.settlement.scheduler().stop(Duration::MAX);
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

    /// Waits for a block, and for room for it. Nothing once the thread is to stop.
    fn next(&self) -> Option<(Arc<Block>, u64)> {
        let idle = |queue: &mut Queue| {
            !queue.stop && (queue.blocks.is_empty() || queue.running.len() >= IN_FLIGHT)
        };
        let mut queue =
            self.changed.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        if queue.stop {
            return None;
        }
        let block = queue.blocks.pop_front()?;
        queue.started += 1;
        let start = queue.started;
        queue.running.insert(block.number(), Running { start, since: Instant::now() });
        Some((block, start))
    }

    fn run(self: &Arc<Self>) {
        while let Some((block, start)) = self.next() {
            let number = block.number();
            let (shared, settled_block) = (Arc::clone(self), Arc::clone(&block));
            let done = move |settled: Settled| {
                let commitment = shared.settlement.commitment(settled_block.logs());
                // Without a ciphertext there is none, and the settlement says why.
                let root = commitment.map_or(B256::ZERO, |commitment| commitment.root);
                shared.over(number, start, Ok((settled, root)));
            };
            if let Err(failure) = self.settlement.submit(block.logs(), done) {
                self.over(number, start, Err(failure.to_string()));
            }
        }
    }

    /// Notes what became of a block.
    fn over(&self, number: u64, start: u64, settled: Result<(Settled, B256), String>) {
        let mut queue = self.lock();
        if queue.running.get(&number).is_none_or(|running| running.start != start) {
            return;
        }
        queue.running.remove(&number);
        let root = match settled {
            Ok((settled, root)) => {
                queue.finish(number, settled);
                root
            }
            Err(failure) => {
                queue.fail(number, failure);
                B256::ZERO
            }
        };
        queue.progress.ahead.insert(number);
        while let Some(next) = queue.progress.settled.checked_add(1)
            && queue.progress.ahead.remove(&next)
        {
            queue.progress.settled = next;
        }
        // What failed is tried again after a restart.
        if queue.progress.failed.is_empty() {
            (self.on_settled)(queue.progress.settled, number, root);
        }
        drop(queue);
        self.changed.notify_all();
    }
}

impl Queue {
    fn fail(&mut self, number: u64, failure: String) {
        error!(block = number, failure, "ciphertexts could not be computed");
        self.progress.failed.insert(number, failure);
    }

    fn finish(&mut self, number: u64, settled: Settled) {
        if settled.operations > 0 {
            info!(
                block = number,
                operations = settled.operations,
                recorded = settled.recorded,
                bootstraps = settled.bootstraps,
                milliseconds = settled.elapsed.as_millis(),
                waiting = self.blocks.len(),
                "block settled"
            );
        }
        if let Some((handle, cause)) = settled.failed.first() {
            self.fail(number, format!("{handle}: {cause}"));
        }
        self.progress.operations += settled.operations as u64;
        self.progress.bootstraps += settled.bootstraps;
        monitoring::count(&settled);
        self.measured.add(settled.measured);
        self.accounts.insert(number, settled.transactions);
        if self.accounts.len() > ACCOUNTED {
            self.accounts.pop_first();
        }
    }
}
