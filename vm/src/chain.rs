//! A minimal chain in memory: for demonstrations and tests, without a network, a pool or fees.

use alloy_evm::{Evm, EvmEnv, EvmFactory};
use alloy_primitives::{Address, B256, Bytes, Keccak256, Log, TxKind, U256, keccak256};
use ciphervm_precompiles::{GenesisParams, HostConfig};
use revm::{
    context::{
        BlockEnv, CfgEnv, TxEnv,
        result::{EVMError, ExecutionResult, Output},
    },
    database::{CacheDB, EmptyDB, WrapDatabaseRef},
    primitives::hardfork::SpecId,
};

use crate::{CipherEvmFactory, error::ExecutionError, insert_host_accounts};

/// The chain id of local development networks, on which unmodified FHEVM contracts find the host
/// contracts.
const CHAIN_ID: u64 = 31337;
/// Timestamp of the first block. The chain has a clock of its own: wall-clock time would make
/// handles differ from run to run.
const GENESIS_TIME: u64 = 1_700_000_000;
/// Seconds between blocks, as on Ethereum.
const BLOCK_TIME: u64 = 12;
/// Gas limit of a transaction and a block.
const GAS_LIMIT: u64 = 30_000_000;

/// A call or transaction, sent by `from` without a signature and without a fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The sender.
    pub from: Address,
    /// The callee; `None` deploys `data` as creation code.
    pub to: Option<Address>,
    /// Calldata.
    pub data: Bytes,
}

impl Call {
    /// A call of a contract.
    pub fn new(from: Address, to: Address, data: impl Into<Bytes>) -> Self {
        Self { from, to: Some(to), data: data.into() }
    }

    /// A deployment.
    pub fn deploy(from: Address, code: impl Into<Bytes>) -> Self {
        Self { from, to: None, data: code.into() }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded, with this return data (of a deployment: the contract's code).
    Success(Bytes),
    /// It reverted, with this data.
    Revert(Bytes),
    /// It halted, with all of its gas gone, for this reason.
    Halt(String),
}

/// What a call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// How it ended.
    pub outcome: Outcome,
    /// Gas used.
    pub gas_used: u64,
    /// Logs of the frames that were not reverted.
    pub logs: Vec<Log>,
    /// The address of a deployed contract.
    pub contract: Option<Address>,
}

impl Receipt {
    /// Whether the call succeeded.
    pub const fn is_success(&self) -> bool {
        matches!(self.outcome, Outcome::Success(_))
    }
}

/// A sealed block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// One receipt a transaction.
    pub receipts: Vec<Receipt>,
}

impl Block {
    /// The logs of each transaction, in order.
    pub fn logs(&self) -> impl Iterator<Item = &[Log]> {
        self.receipts.iter().map(|receipt| &receipt.logs[..])
    }
}

/// The chain: state in memory, blocks sealed on request.
#[derive(Debug)]
pub struct Chain {
    factory: CipherEvmFactory,
    state: CacheDB<EmptyDB>,
    /// Number of the last block.
    number: u64,
}

impl Chain {
    /// A chain with the host contracts in its genesis state.
    pub fn new(host: HostConfig, params: &GenesisParams) -> Self {
        let mut state = CacheDB::new(EmptyDB::default());
        let Ok(()) = insert_host_accounts(&mut state, &host, params);
        state.cache.block_hashes.insert(U256::ZERO, keccak256("ciphervm genesis"));
        Self { factory: CipherEvmFactory::new(host), state, number: 0 }
    }

    /// The chain id.
    pub const fn chain_id(&self) -> u64 {
        CHAIN_ID
    }

    /// Number of the last block.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Time of the last block, in seconds since 1970, by the chain's own clock.
    pub const fn time(&self) -> u64 {
        time(self.number)
    }

    /// Executes transactions in a new block.
    ///
    /// # Errors
    /// If a transaction is not valid or the machine fails; no block is sealed then.
    pub fn execute(&mut self, calls: &[Call]) -> Result<Block, ExecutionError> {
        let number = self.number + 1;
        let mut evm = self.factory.create_evm(self.state.clone(), environment(number));
        let mut receipts = Vec::with_capacity(calls.len());
        for call in calls {
            let nonce = nonce(evm.db(), call.from);
            let result = evm.transact_commit(transaction(call, nonce)).map_err(execution_error)?;
            receipts.push(receipt(result));
        }
        self.state = evm.into_db();
        self.number = number;
        let hash = self.seal(&receipts);
        Ok(Block { number, hash, receipts })
    }

    /// Executes one call on top of the last block's state and forgets its effects.
    ///
    /// # Errors
    /// If the call is not valid or the machine fails.
    pub fn call(&self, call: &Call) -> Result<Receipt, ExecutionError> {
        let state = WrapDatabaseRef(&self.state);
        let mut evm = self.factory.create_evm(state, environment(self.number + 1));
        let nonce = nonce(&self.state, call.from);
        let result = evm.transact(transaction(call, nonce)).map_err(execution_error)?;
        Ok(receipt(result.result))
    }

    /// The block's hash: over its parent, its number and what its transactions did. It has no
    /// header, for nothing outside asks for one.
    fn seal(&mut self, receipts: &[Receipt]) -> B256 {
        let hashes = &mut self.state.cache.block_hashes;
        let parent = hashes.get(&U256::from(self.number - 1)).copied().unwrap_or_default();
        let mut hasher = Keccak256::new();
        hasher.update(parent);
        hasher.update(self.number.to_be_bytes());
        for receipt in receipts {
            hasher.update([u8::from(receipt.is_success())]);
            hasher.update(receipt.gas_used.to_be_bytes());
            for log in &receipt.logs {
                hasher.update(log.address);
                log.topics().iter().for_each(|topic| hasher.update(topic));
                hasher.update(&log.data.data);
            }
        }
        let hash = hasher.finalize();
        hashes.insert(U256::from(self.number), hash);
        hash
    }
}

const fn time(number: u64) -> u64 {
    GENESIS_TIME + number * BLOCK_TIME
}

fn environment(number: u64) -> EvmEnv {
    let mut cfg = CfgEnv::new_with_spec(SpecId::PRAGUE).with_chain_id(CHAIN_ID);
    cfg.disable_base_fee = true;
    cfg.disable_balance_check = true;
    EvmEnv {
        cfg_env: cfg,
        block_env: BlockEnv {
            number: U256::from(number),
            timestamp: U256::from(time(number)),
            gas_limit: GAS_LIMIT,
            basefee: 0,
            prevrandao: Some(keccak256(number.to_be_bytes())),
            ..BlockEnv::default()
        },
    }
}

fn transaction(call: &Call, nonce: u64) -> TxEnv {
    TxEnv {
        caller: call.from,
        kind: call.to.map_or(TxKind::Create, TxKind::Call),
        data: call.data.clone(),
        gas_limit: GAS_LIMIT,
        gas_price: 0,
        nonce,
        chain_id: Some(CHAIN_ID),
        ..TxEnv::default()
    }
}

fn nonce(state: &CacheDB<EmptyDB>, account: Address) -> u64 {
    state.cache.accounts.get(&account).map_or(0, |account| account.info.nonce)
}

fn execution_error<E: std::fmt::Display>(error: EVMError<E>) -> ExecutionError {
    match error {
        EVMError::Transaction(invalid) => ExecutionError::Invalid(invalid.to_string()),
        other => ExecutionError::Fatal(other.to_string()),
    }
}

fn receipt(result: ExecutionResult) -> Receipt {
    let gas_used = result.tx_gas_used();
    match result {
        ExecutionResult::Success { logs, output, .. } => {
            let (data, contract) = match output {
                Output::Call(data) => (data, None),
                Output::Create(code, address) => (code, address),
            };
            Receipt { outcome: Outcome::Success(data), gas_used, logs, contract }
        }
        // A failed transaction has no logs: the frame's revert took them.
        ExecutionResult::Revert { output, .. } => {
            Receipt { outcome: Outcome::Revert(output), gas_used, logs: Vec::new(), contract: None }
        }
        ExecutionResult::Halt { reason, .. } => Receipt {
            outcome: Outcome::Halt(format!("{reason:?}")),
            gas_used,
            logs: Vec::new(),
            contract: None,
        },
    }
}
