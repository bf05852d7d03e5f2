//! The chain: blocks, the state after each of them, and how a block is made.

mod block;
mod error;
mod genesis;
mod replay;
mod rules;
mod state;
mod trie;

pub use block::{Block, Transaction};
pub use error::ChainError;
pub use genesis::Genesis;
pub use replay::Replay;
pub(crate) use rules::{MAX_GAS_LIMIT, MIN_GAS_LIMIT, check_header};
pub use state::{Account, AccountDiff, SlotDiff, StateDiff, WorldState};

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use alloy_consensus::{
    BlockHeader, EMPTY_OMMER_ROOT_HASH, Header, Sealable, Transaction as _, TxReceipt,
    constants::EMPTY_WITHDRAWALS, proofs,
};
use alloy_eips::eip7685::Requests;
use alloy_evm::{
    Database, Evm, EvmEnv, EvmFactory,
    block::{BlockExecutionError, BlockExecutor, BlockExecutorFactory, BlockValidationError},
    eth::{
        EthBlockExecutionCtx, EthBlockExecutorFactory, EthEvmContext, NextEvmEnvAttributes,
        receipt_builder::AlloyReceiptBuilder,
    },
};
use alloy_primitives::{Address, B256, Bloom, Bytes, keccak256};
use ciphervm::CipherEvmFactory;
use ciphervm_precompiles::HostConfig;
use revm::{
    Inspector,
    context::{
        TxEnv,
        result::{EVMError, ResultAndState},
    },
    database::{CacheDB, State, WrapDatabaseRef, states::bundle_state::BundleRetention},
};

use crate::fees;
use rules::Prague;

/// What a block is made with, besides its transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Seconds since 1970.
    pub timestamp: u64,
    /// Who gets the fees.
    pub beneficiary: Address,
    /// What `PREVRANDAO` gives; by default a hash of the parent's hash.
    pub prev_randao: Option<B256>,
    /// Gas limit of the block.
    pub gas_limit: u64,
    /// The base fee, if it is not to follow from the parent (EIP-1559).
    pub base_fee: Option<u64>,
}

/// A block that was made on top of the last one, and is not part of the chain yet.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The block.
    pub block: Arc<Block>,
    /// What it changes.
    pub diff: StateDiff,
    /// Transactions that cannot be in any block.
    pub refused: Vec<Refusal>,
}

/// A transaction cannot be in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The transaction.
    pub hash: B256,
    /// The reason.
    pub why: String,
}

/// The chain.
#[derive(Debug)]
pub struct Chain {
    chain_id: u64,
    executor: EthBlockExecutorFactory<AlloyReceiptBuilder, Prague, CipherEvmFactory>,
    blocks: Vec<Arc<Block>>,
    /// The state after each block, edits by hand included.
    states: Vec<WorldState>,
    numbers: HashMap<B256, u64>,
    /// Block and position of each transaction.
    transactions: HashMap<B256, (u64, usize)>,
}

impl Chain {
    /// A chain of the first block only.
    pub fn new(host: HostConfig, chain_id: u64, genesis: Header, diff: &StateDiff) -> Self {
        let header = genesis.seal_slow();
        let hash = header.seal();
        let mut state = WorldState::default();
        state.apply(diff);
        state.push_hash(hash);
        let block = Block { header, transactions: Vec::new(), receipts: Vec::new() };
        let factory = CipherEvmFactory::new(host);
        Self {
            chain_id,
            executor: EthBlockExecutorFactory::new(AlloyReceiptBuilder::default(), Prague, factory),
            blocks: vec![Arc::new(block)],
            states: vec![state],
            numbers: HashMap::from([(hash, 0)]),
            transactions: HashMap::new(),
        }
    }

    /// The chain id.
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The first block.
    pub fn first(&self) -> &Arc<Block> {
        self.blocks.first().expect("a chain has its first block")
    }

    /// The last block.
    pub fn head(&self) -> &Arc<Block> {
        self.blocks.last().expect("a chain has its first block")
    }

    /// The state after the last block.
    pub fn state(&self) -> &WorldState {
        self.states.last().expect("a chain has the state of its first block")
    }

    /// A block, and the state after it.
    pub fn block(&self, number: u64) -> Option<(&Arc<Block>, &WorldState)> {
        let index = usize::try_from(number).ok()?;
        Some((self.blocks.get(index)?, self.states.get(index)?))
    }

    /// All blocks from the first on, each with the state after it.
    pub fn blocks(&self) -> impl Iterator<Item = (&Arc<Block>, &WorldState)> {
        self.blocks.iter().zip(&self.states)
    }

    /// The number of the block with this hash.
    pub fn number_of(&self, hash: &B256) -> Option<u64> {
        self.numbers.get(hash).copied()
    }

    /// A transaction's block, and its position there.
    pub fn transaction(&self, hash: &B256) -> Option<(&Arc<Block>, usize)> {
        let (number, index) = self.transactions.get(hash)?;
        Some((self.block(*number)?.0, *index))
    }

    /// The environment in which a block was executed.
    pub fn environment(&self, header: &Header) -> EvmEnv {
        rules::environment(header, self.chain_id)
    }

    /// The environment of the next block.
    pub fn next_environment(&self, attributes: &Attributes) -> EvmEnv {
        let parent = &self.head().header;
        let next = NextEvmEnvAttributes {
            timestamp: attributes.timestamp,
            suggested_fee_recipient: attributes.beneficiary,
            prev_randao: attributes.prev_randao.unwrap_or_else(|| keccak256(parent.seal())),
            gas_limit: attributes.gas_limit,
            slot_number: None,
        };
        rules::next_environment(parent, next, attributes.base_fee, self.chain_id)
    }

    /// Makes a block on top of the last one. Transactions that no longer fit into it are left out.
    ///
    /// # Errors
    /// If the timestamp is not after the parent's, or the machine fails.
    pub fn build(
        &self,
        attributes: &Attributes,
        transactions: impl IntoIterator<Item = Arc<Transaction>>,
    ) -> Result<Candidate, ChainError> {
        let parent = &self.head().header;
        if attributes.timestamp <= parent.timestamp() {
            let (timestamp, parent) = (attributes.timestamp, parent.timestamp());
            return Err(ChainError::Timestamp { timestamp, parent });
        }
        let environment = self.next_environment(attributes);
        let database = WrapDatabaseRef(self.state());
        let mut state = State::builder().with_database(database).with_bundle_update().build();
        let context = EthBlockExecutionCtx {
            parent_hash: parent.seal(),
            parent_beacon_block_root: Some(B256::ZERO),
            ommers: &[],
            withdrawals: Some(Vec::new().into()),
            extra_data: Bytes::new(),
            tx_count_hint: None,
            slot_number: None,
        };
        let evm = self.executor.evm_factory().create_evm(&mut state, environment.clone());
        let mut executor = self.executor.create_executor(evm, context);
        executor.apply_pre_execution_changes().map_err(execution_error)?;
        let (mut included, mut refused) = (Vec::new(), Vec::new());
        let mut left_out = BTreeSet::new();
        let mut blob_gas = 0;
        for transaction in transactions {
            let sender = transaction.signer();
            // Later ones of a sender do not fit either: their nonces do not.
            if left_out.contains(&sender) {
                continue;
            }
            let with_this = blob_gas + transaction.blob_gas_used().unwrap_or_default();
            if with_this > fees::BLOBS.max_blob_gas_per_block() {
                left_out.insert(sender);
                continue;
            }
            match executor.execute_transaction_without_commit(&*transaction) {
                Ok(result) => {
                    executor.commit_transaction(result);
                    blob_gas = with_this;
                    included.push(transaction);
                }
                Err(BlockExecutionError::Validation(error)) => {
                    left_out.insert(sender);
                    // What does not fit is left for the next block; what is not valid is not.
                    if let BlockValidationError::InvalidTx { hash, error } = error {
                        refused.push(Refusal { hash, why: error.to_string() });
                    }
                }
                Err(error) => return Err(execution_error(error)),
            }
        }
        let (_, result) = executor.finish().map_err(execution_error)?;
        state.merge_transitions(BundleRetention::PlainState);
        let diff = StateDiff::from_bundle(state.take_bundle());
        let mut after = self.state().clone();
        after.apply(&diff);

        let bloom = |bloom: Bloom, receipt: &_| bloom | TxReceipt::bloom(receipt);
        let env = &environment.block_env;
        let envelopes: Vec<_> = included.iter().map(|transaction| transaction.inner()).collect();
        let header = Header {
            parent_hash: parent.seal(),
            ommers_hash: EMPTY_OMMER_ROOT_HASH,
            beneficiary: env.beneficiary,
            state_root: after.root(),
            transactions_root: proofs::calculate_transaction_root(&envelopes),
            receipts_root: proofs::calculate_receipt_root(&result.receipts),
            logs_bloom: result.receipts.iter().fold(Bloom::ZERO, bloom),
            number: parent.number() + 1,
            gas_limit: env.gas_limit,
            gas_used: result.gas_used,
            timestamp: attributes.timestamp,
            mix_hash: env.prevrandao.unwrap_or_default(),
            base_fee_per_gas: Some(env.basefee),
            withdrawals_root: Some(EMPTY_WITHDRAWALS),
            blob_gas_used: Some(result.blob_gas_used),
            excess_blob_gas: env.blob_excess_gas_and_price.map(|blob| blob.excess_blob_gas),
            parent_beacon_block_root: Some(B256::ZERO),
            requests_hash: Some(Requests::default().requests_hash()),
            ..Header::default()
        };
        let header = header.seal_slow();
        let block = Block { header, transactions: included, receipts: result.receipts };
        Ok(Candidate { block: Arc::new(block), diff, refused })
    }

    /// Adds a block with what it changes.
    ///
    /// # Errors
    /// If it does not follow the last one.
    pub fn push(&mut self, block: Arc<Block>, diff: &StateDiff) -> Result<(), ChainError> {
        let (number, hash) = (block.number(), block.hash());
        if number != self.head().number() + 1 || block.header.parent_hash() != self.head().hash() {
            return Err(ChainError::Gap { number, hash });
        }
        let mut state = self.state().clone();
        state.apply(diff);
        state.push_hash(hash);
        for (index, transaction) in block.transactions.iter().enumerate() {
            self.transactions.insert(*transaction.hash(), (number, index));
        }
        self.numbers.insert(hash, number);
        self.blocks.push(block);
        self.states.push(state);
        Ok(())
    }

    /// Changes the state after the last block by hand. Its header stays as it is.
    pub fn edit(&mut self, diff: &StateDiff) {
        self.states.last_mut().expect("a chain has the state of its first block").apply(diff);
    }

    /// Goes back to block `number`, with `state` as the state after it. Returns the blocks that are
    /// gone.
    ///
    /// # Errors
    /// If there is no such block.
    pub fn rewind(
        &mut self,
        number: u64,
        state: WorldState,
    ) -> Result<Vec<Arc<Block>>, ChainError> {
        let last = self.head().number();
        let keep = usize::try_from(number).ok().filter(|_| number <= last);
        let keep = keep.ok_or(ChainError::UnknownBlock { number, last })? + 1;
        let gone = self.blocks.split_off(keep);
        self.states.truncate(keep);
        self.states[keep - 1] = state;
        for block in &gone {
            self.numbers.remove(&block.hash());
            for transaction in &block.transactions {
                self.transactions.remove(transaction.hash());
            }
        }
        Ok(gone)
    }

    /// What executes transactions on a state, apart from any block.
    pub fn simulator(&self) -> Simulator {
        Simulator { factory: self.executor.evm_factory().clone() }
    }
}

/// A state, with changes on top of it that the chain does not see.
pub type Scratch = CacheDB<WorldState>;

/// Executes single transactions and forgets what they did. It needs no chain, so nothing waits
/// while one runs.
#[derive(Clone, Debug)]
pub struct Simulator {
    factory: CipherEvmFactory,
}

impl Simulator {
    /// Executes a transaction on `database`, watched by `inspector`.
    ///
    /// # Errors
    /// If the transaction is not valid, or the machine fails.
    pub fn inspect<DB: Database, I: Inspector<EthEvmContext<DB>>>(
        &self,
        database: DB,
        environment: EvmEnv,
        transaction: TxEnv,
        inspector: I,
    ) -> Result<ResultAndState, EVMError<DB::Error>> {
        self.factory
            .create_evm_with_inspector(database, environment, inspector)
            .transact_raw(transaction)
    }

    /// Executes a transaction on `database`.
    ///
    /// # Errors
    /// If the transaction is not valid, or the machine fails.
    pub fn execute<DB: Database>(
        &self,
        database: DB,
        environment: EvmEnv,
        transaction: TxEnv,
    ) -> Result<ResultAndState, EVMError<DB::Error>> {
        self.factory.create_evm(database, environment).transact_raw(transaction)
    }
}

fn execution_error(error: BlockExecutionError) -> ChainError {
    ChainError::Execution(error.to_string())
}
