//! The devnet: a chain, what waits for it, its clock, and the evaluation behind it.
//!
//! Everything that changes happens under one lock, in milliseconds: blocks are executed
//! symbolically. Whoever reads takes a copy of what it reads, which shares structure with the
//! chain, and works on it without the lock. Homomorphic evaluation runs behind, in the
//! [settler](settler::Settler)'s thread.

mod accounts;
mod ciphertext;
mod clock;
mod compare;
mod controls;
mod dump;
mod error;
mod interval;
mod seal;
mod settler;
mod snapshot;
#[cfg(test)]
mod tests;

pub use accounts::{Accounts, MNEMONIC, MnemonicError};
pub use ciphertext::CiphertextError;
pub(crate) use ciphertext::{Mentions, Producer};
pub use clock::{Clock, PastError, now};
pub use compare::CompareEvaluator;
pub use dump::DumpError;
pub use error::{DevnetError, StartError};
pub use interval::mine_by_interval;
pub use settler::{Progress, Settler, SettlerError};

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy_consensus::{BlockHeader, Header};
use alloy_primitives::{Address, B256, keccak256};
use ciphervm::{InputService, LOCAL_COPROCESSOR_KEY, Settlement};
use ciphervm_fhe::{CiphertextStore, Evaluator, ProofVerifier};
use ciphervm_kms::Kms;
use ciphervm_precompiles::HostConfig;
use tokio::sync::{broadcast, watch};

use crate::{
    chain::{Attributes, Block, Chain, Genesis, StateDiff, Transaction, WorldState, check_header},
    journal::{Entry, Journal, JournalError},
    pool::{AccountFacts, BlockFacts, Limits, Order, Pool},
};
use snapshot::Snapshot;

/// How many events a slow listener may be behind.
const EVENTS: usize = 4_096;

/// What a devnet is started with.
#[derive(Debug)]
pub struct Setup {
    /// The chain id.
    pub chain_id: u64,
    /// The first block, unless the journal has one.
    pub genesis: Genesis,
    /// The host contracts.
    pub host: HostConfig,
    /// Accounts whose keys the devnet holds.
    pub accounts: Accounts,
    /// How blocks come about.
    pub mining: Mining,
    /// Which transactions come first.
    pub order: Order,
    /// Whether a block counts only once its ciphertexts are computed.
    pub synchronous: bool,
    /// How long to wait for evaluation before an answer says that it takes longer.
    pub patience: Duration,
    /// What operations are computed on.
    pub evaluator: Arc<dyn Evaluator>,
    /// Where ciphertexts are.
    pub store: Arc<dyn CiphertextStore>,
    /// What decrypts for developers.
    pub kms: Arc<dyn Kms>,
    /// What checks the proofs of inputs, if anything does.
    pub proofs: Option<Arc<ProofVerifier>>,
    /// Where the chain is kept, if it is.
    pub journal: Option<Journal>,
}

/// How blocks come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mining {
    /// One whenever there is a transaction to execute.
    pub automatic: bool,
    /// One every so often.
    pub interval: Option<Duration>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A block was sealed.
    Block(Arc<Block>),
    /// A transaction can be executed, and waits for a block.
    Pending(Arc<Transaction>),
    /// These blocks are gone, the last one first.
    Rewound(Vec<Arc<Block>>),
}

/// A devnet.
pub struct Devnet {
    core: Mutex<Core>,
    settler: Settler,
    inputs: InputService,
    evaluator: Arc<dyn Evaluator>,
    kms: Arc<dyn Kms>,
    accounts: Accounts,
    host: HostConfig,
    mining: Mining,
    order: Order,
    synchronous: bool,
    patience: Duration,
    journal: Option<Arc<Journal>>,
    events: broadcast::Sender<Event>,
    interval: watch::Sender<Option<Duration>>,
}

/// What the lock protects.
#[derive(Debug)]
struct Core {
    chain: Chain,
    pool: Pool,
    clock: Clock,
    automatic: bool,
    next: NextBlock,
    impersonated: BTreeSet<Address>,
    /// Whether every account may send without its key.
    impersonate_all: bool,
    snapshots: BTreeMap<u64, Snapshot>,
    next_snapshot: u64,
    /// What the chain was before anything happened.
    start: Snapshot,
    /// Another one after each start from the first block.
    instance: B256,
}

/// What was set for blocks to come.
#[derive(Clone, Copy, Debug)]
struct NextBlock {
    beneficiary: Address,
    gas_limit: u64,
    /// For the next block only.
    prev_randao: Option<B256>,
    /// For the next block only, in wei per gas.
    base_fee: Option<u64>,
}

impl Devnet {
    /// Starts a devnet. A journal with entries is read, and evaluation resumes where it stood.
    ///
    /// # Errors
    /// If the journal is corrupt, or the system gives no thread.
    pub fn start(setup: Setup) -> Result<Self, StartError> {
        let mut entries = setup.journal.as_ref().map_or(Ok(Vec::new()), Journal::entries)?;
        if entries.is_empty() {
            let (header, diff) = setup.genesis.build(&setup.host);
            let genesis = Entry::Genesis(Box::new(header), diff);
            if let Some(journal) = &setup.journal {
                journal.append([&genesis])?;
            }
            entries.push(genesis);
        }
        let settled = setup.journal.as_ref().map_or(Ok(0), Journal::settled)?;
        let journal = setup.journal.map(Arc::new);
        let core = Core::replay(&entries, setup.host, setup.chain_id, setup.mining.automatic)
            .map_err(StartError::Inconsistent)?;

        let addresses = setup.host.addresses;
        let (evaluator, store) = (setup.evaluator, setup.store);
        let inputs = InputService::new(
            setup.host,
            setup.chain_id,
            Arc::clone(&evaluator),
            Arc::clone(&store),
            LOCAL_COPROCESSOR_KEY,
        )?;
        let inputs = match setup.proofs {
            Some(verifier) => inputs.with_proofs(verifier),
            None => inputs,
        };
        let settlement =
            Settlement::new(addresses, Arc::clone(&evaluator), store).with_clear_inputs();
        let marks = journal.clone();
        let on_settled = move |settled, block, commitment| {
            if let Some(journal) = &marks
                && let Err(error) = journal.note_settled(settled, block, commitment)
            {
                tracing::warn!(%error, "the settled block was not noted");
            }
        };
        let settler = Settler::start(settlement, settled, Box::new(on_settled))?;
        let head = core.chain.head().number();
        for number in settled + 1..=head {
            if let Some((block, _)) = core.chain.block(number) {
                settler.submit(Arc::clone(block));
            }
        }
        Ok(Self {
            core: Mutex::new(core),
            settler,
            inputs,
            evaluator,
            kms: setup.kms,
            accounts: setup.accounts,
            host: setup.host,
            mining: setup.mining,
            order: setup.order,
            synchronous: setup.synchronous,
            patience: setup.patience,
            journal,
            events: broadcast::Sender::new(EVENTS),
            interval: watch::Sender::new(setup.mining.interval),
        })
    }

    /// A change is made in one piece at its end, so a panic leaves the core as it was before.
    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the chain. Nothing else happens meanwhile: take copies, and work on them afterwards.
    pub fn chain<T>(&self, read: impl FnOnce(&Chain) -> T) -> T {
        read(&self.lock().chain)
    }

    /// The first block, and the state after it as it was before any change by hand.
    pub fn first(&self) -> (Arc<Block>, WorldState) {
        let core = self.lock();
        (Arc::clone(core.chain.first()), core.start.state.clone())
    }

    /// Reads the pool, beside the chain.
    pub fn pool<T>(&self, read: impl FnOnce(&Pool, &Chain) -> T) -> T {
        let core = self.lock();
        read(&core.pool, &core.chain)
    }

    /// Accounts whose keys the devnet holds.
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Names the chain since it last started from its first block. Deployments of before are gone.
    pub fn instance(&self) -> B256 {
        self.lock().instance
    }

    /// The host contracts.
    pub const fn host(&self) -> &HostConfig {
        &self.host
    }

    /// Evaluation behind the blocks.
    pub const fn settler(&self) -> &Settler {
        &self.settler
    }

    /// What accepts encrypted inputs, and makes them for developers.
    pub const fn inputs(&self) -> &InputService {
        &self.inputs
    }

    /// What operations are computed on.
    pub fn evaluator(&self) -> &dyn Evaluator {
        &*self.evaluator
    }

    /// What decrypts for developers.
    pub const fn kms(&self) -> &Arc<dyn Kms> {
        &self.kms
    }

    /// Where ciphertexts are.
    pub fn store(&self) -> &dyn CiphertextStore {
        &**self.settler.settlement().store()
    }

    /// The commitment that was noted when a block was settled, if it was and there is a journal.
    ///
    /// # Errors
    /// If the journal fails.
    pub fn noted_commitment(&self, block: u64) -> Result<Option<B256>, JournalError> {
        self.journal.as_ref().map_or(Ok(None), |journal| journal.commitment(block))
    }

    /// How long to wait for evaluation before an answer says that it takes longer.
    pub const fn patience(&self) -> Duration {
        self.patience
    }

    /// What happens from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// How often a block is made, as it changes.
    pub fn interval(&self) -> watch::Receiver<Option<Duration>> {
        self.interval.subscribe()
    }

    /// Changes the state after the last block by hand.
    ///
    /// # Errors
    /// If `change` refuses, or the chain cannot be written. Nothing changes then.
    pub fn edit(
        &self,
        change: impl FnOnce(&WorldState) -> Result<StateDiff, DevnetError>,
    ) -> Result<(), DevnetError> {
        let mut core = self.lock();
        let diff = change(core.chain.state())?;
        self.write([&Entry::Edit(diff.clone())])?;
        core.edit(&diff);
        Ok(())
    }

    /// Writes to the journal, if there is one.
    fn write<'a>(&self, entries: impl IntoIterator<Item = &'a Entry>) -> Result<(), DevnetError> {
        if let Some(journal) = &self.journal {
            journal.append(entries)?;
        }
        Ok(())
    }

    fn entries(&self) -> u64 {
        self.journal.as_ref().map_or(0, |journal| journal.length())
    }
}

impl Core {
    /// The chain and the pool that a journal tells of.
    ///
    /// # Errors
    /// Why these are none.
    fn replay(
        entries: &[Entry],
        host: HostConfig,
        chain_id: u64,
        automatic: bool,
    ) -> Result<Self, String> {
        let Some((Entry::Genesis(header, diff), entries)) = entries.split_first() else {
            return Err("it does not begin with the first block".to_owned());
        };
        if header.number != 0 {
            return Err(format!("its first block has number {}", header.number));
        }
        let check = |header: &Header| {
            let number = header.number;
            check_header(header).map_err(|reason| format!("block {number} cannot be: {reason}"))
        };
        check(header)?;
        let gas_limit = header.gas_limit;
        let chain = Chain::new(host, chain_id, (**header).clone(), diff);
        let next =
            NextBlock { beneficiary: Address::ZERO, gas_limit, prev_randao: None, base_fee: None };
        let clock = Clock::after(header.timestamp, now());
        let pool = Pool::new(Limits::default());
        let start =
            Snapshot { entries: 1, number: 0, state: chain.state().clone(), pool, clock, next };
        let pool = Pool::new(Limits::default());
        let mut core = Self {
            chain,
            pool,
            clock,
            automatic,
            // A transaction may wait for a limit that was set for blocks to come.
            next: NextBlock { gas_limit: u64::MAX, ..next },
            impersonated: BTreeSet::new(),
            impersonate_all: false,
            snapshots: BTreeMap::new(),
            next_snapshot: 1,
            start,
            // As good as random, and nothing else depends on it.
            instance: keccak256(RandomState::new().hash_one(()).to_be_bytes()),
        };
        for entry in entries {
            match entry {
                Entry::Genesis(..) => return Err("it has a second first block".to_owned()),
                Entry::Block(block, diff) => {
                    check(&block.header)?;
                    core.chain.push(Arc::clone(block), diff).map_err(|error| error.to_string())?;
                    core.forget_used();
                }
                Entry::Edit(diff) => core.edit(diff),
                // What the pool took then it may refuse now, for the state was edited since.
                Entry::Pooled(transaction) => {
                    if let Err(error) = core.insert(Arc::clone(transaction)) {
                        tracing::debug!(%error, "a waiting transaction was dropped");
                    }
                }
                Entry::Dropped(hash) => {
                    core.pool.remove(hash);
                }
            }
        }
        let last = &core.chain.head().header;
        core.next.gas_limit = last.gas_limit();
        core.next.beneficiary = last.beneficiary();
        core.clock = Clock::after(last.timestamp(), now());
        Ok(core)
    }

    fn insert(
        &mut self,
        transaction: Arc<Transaction>,
    ) -> Result<crate::pool::Inserted, crate::pool::PoolError> {
        let (state, sender) = (self.chain.state(), transaction.signer());
        let account = AccountFacts { nonce: state.nonce(&sender), balance: state.balance(&sender) };
        let block = BlockFacts { chain_id: self.chain.chain_id(), gas_limit: self.next.gas_limit };
        self.pool.insert(transaction, &account, &block)
    }

    /// Changes the state after the last block by hand.
    fn edit(&mut self, diff: &StateDiff) {
        self.chain.edit(diff);
        self.forget_used();
    }

    /// Drops transactions whose nonces are used.
    fn forget_used(&mut self) {
        let state = self.chain.state();
        self.pool.on_block(|sender| state.nonce(sender));
    }

    fn attributes(&self) -> Attributes {
        let last = self.chain.head().header.timestamp();
        Attributes {
            timestamp: self.clock.next(now(), last),
            beneficiary: self.next.beneficiary,
            prev_randao: self.next.prev_randao,
            gas_limit: self.next.gas_limit,
            base_fee: self.next.base_fee,
        }
    }
}

impl fmt::Debug for Devnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Devnet").field("settler", &self.settler).finish_non_exhaustive()
    }
}
