//! Two chains with the same blocks: one with the reference contracts, one with the native ones.

use alloy_evm::{Evm, EvmEnv, EvmFactory, eth::EthEvmFactory};
use alloy_primitives::{Address, B256, Bytes, Log, TxKind, U256, keccak256};
use ciphervm::{CipherEvmFactory, insert_host_accounts};
use ciphervm_precompiles::{GenesisParams, HcuLimits, HostAddresses, HostConfig, PreimageScheme};
use revm::{
    DatabaseCommit,
    context::{
        BlockEnv, CfgEnv, TxEnv,
        result::{ExecutionResult, HaltReason, Output},
    },
    database::{CacheDB, EmptyDB, WrapDatabaseRef},
    primitives::hardfork::SpecId,
    state::{AccountInfo, Bytecode, EvmState},
};

use crate::{
    driver::{self, Call, Reply},
    inputs,
    reference::{PAUSER_SET, Reference},
};

pub(crate) const CHAIN_ID: u64 = 31337;
/// Who sends the transactions.
const SENDER: Address = Address::repeat_byte(0xe0);
/// The driver that transactions call.
const ROOT: Address = Address::repeat_byte(0xd0);
/// The drivers from which the host contracts are called. The first owns the contracts.
pub(crate) const CALLERS: [Address; 4] = [
    Address::repeat_byte(0xc0),
    Address::repeat_byte(0xc1),
    Address::repeat_byte(0xc2),
    Address::repeat_byte(0xc3),
];

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Effects {
    /// How each of its calls ended.
    pub(crate) replies: Vec<Reply>,
    pub(crate) logs: Vec<Log>,
}

/// The two chains.
#[derive(Clone, Debug)]
pub(crate) struct World {
    reference: CacheDB<EmptyDB>,
    native: CacheDB<EmptyDB>,
    factory: CipherEvmFactory,
    /// The block that the next transaction is in.
    pub(crate) number: u64,
    /// Its timestamp.
    pub(crate) timestamp: u64,
}

/// A transaction that both chains executed and neither has committed.
#[derive(Debug)]
pub(crate) struct Executed {
    pub(crate) reference: Effects,
    pub(crate) native: Effects,
    states: [EvmState; 2],
}

impl World {
    /// Both at genesis.
    pub(crate) fn new(reference: &Reference) -> Self {
        let signers = inputs::coprocessors();
        let addresses = HostAddresses { pauser_set: PAUSER_SET, ..HostAddresses::LOCAL };
        let host = HostConfig { addresses, scheme: PreimageScheme::V011, ..HostConfig::default() };
        // The reference of 0.10 stops a transaction that reaches a limit, 0.13 one that passes it.
        // With limits lower by one the two rules are the same.
        let hcu = HcuLimits { depth_per_tx: 4_999_999, per_tx: 19_999_999, ..HcuLimits::default() };
        let params = GenesisParams {
            owner: CALLERS[0],
            coprocessor_signers: signers.clone(),
            coprocessor_threshold: inputs::THRESHOLD,
            hcu,
            ..GenesisParams::default()
        };
        let mut world = Self {
            reference: CacheDB::default(),
            native: CacheDB::default(),
            factory: CipherEvmFactory::new(host),
            number: 0,
            timestamp: 1_700_000_000,
        };
        let Ok(()) = insert_host_accounts(&mut world.native, &host, &params);
        for account in reference.genesis(CALLERS[0], &signers, inputs::THRESHOLD) {
            insert(&mut world.reference, account.address, account.code);
            for (slot, value) in account.storage {
                let Ok(()) = world.reference.insert_account_storage(account.address, slot, value);
            }
        }
        for driver in CALLERS.into_iter().chain([ROOT]) {
            insert(&mut world.reference, driver, Bytes::from_static(driver::CODE));
            insert(&mut world.native, driver, Bytes::from_static(driver::CODE));
        }
        world.next_block(12);
        world
    }

    /// Begins a block.
    pub(crate) fn next_block(&mut self, seconds: u64) {
        for state in [&mut self.reference, &mut self.native] {
            let hash = keccak256(self.number.to_be_bytes());
            state.cache.block_hashes.insert(U256::from(self.number), hash);
        }
        self.number += 1;
        self.timestamp += seconds;
    }

    /// Executes calls in one transaction on both chains.
    pub(crate) fn execute(&self, calls: &[Call]) -> Executed {
        let (reference, first) = self.run(&EthEvmFactory::default(), &self.reference, calls);
        let (native, second) = self.run(&self.factory, &self.native, calls);
        Executed { reference, native, states: [first, second] }
    }

    /// How the last of these calls in a transaction would end on the reference chain.
    pub(crate) fn peek(&self, calls: &[Call]) -> Option<Reply> {
        self.run(&EthEvmFactory::default(), &self.reference, calls).0.replies.pop()
    }

    /// Keeps what a transaction did.
    pub(crate) fn commit(&mut self, executed: Executed) {
        let [reference, native] = executed.states;
        self.reference.commit(reference);
        self.native.commit(native);
    }

    fn run<F>(&self, factory: &F, state: &CacheDB<EmptyDB>, calls: &[Call]) -> (Effects, EvmState)
    where
        F: EvmFactory<Tx = TxEnv, Spec = SpecId, BlockEnv = BlockEnv, HaltReason = HaltReason>,
    {
        let nonce = state.cache.accounts.get(&SENDER).map_or(0, |account| account.info.nonce);
        let tx = TxEnv {
            caller: SENDER,
            kind: TxKind::Call(ROOT),
            data: driver::batch(calls, false),
            // Each call of a failed frame may take all of its gas.
            gas_limit: 1 << 40,
            gas_price: 0,
            nonce,
            chain_id: Some(CHAIN_ID),
            ..TxEnv::default()
        };
        let mut evm = factory.create_evm(WrapDatabaseRef(state), self.environment());
        let result = evm.transact(tx).expect("the transaction is valid");
        let ExecutionResult::Success { output: Output::Call(report), logs, .. } = result.result
        else {
            panic!("the driver failed: {:?}", result.result)
        };
        (Effects { replies: driver::replies(&report), logs }, result.state)
    }

    fn environment(&self) -> EvmEnv {
        let mut cfg = CfgEnv::new_with_spec(SpecId::PRAGUE).with_chain_id(CHAIN_ID);
        cfg.disable_base_fee = true;
        cfg.disable_balance_check = true;
        let block_env = BlockEnv {
            number: U256::from(self.number),
            timestamp: U256::from(self.timestamp),
            gas_limit: u64::MAX,
            basefee: 0,
            prevrandao: Some(B256::ZERO),
            ..BlockEnv::default()
        };
        EvmEnv { cfg_env: cfg, block_env }
    }
}

fn insert(state: &mut CacheDB<EmptyDB>, address: Address, code: Bytes) {
    let info = AccountInfo {
        nonce: 1,
        balance: U256::from(1_000_000),
        ..AccountInfo::from_bytecode(Bytecode::new_raw(code))
    };
    state.insert_account_info(address, info);
}
