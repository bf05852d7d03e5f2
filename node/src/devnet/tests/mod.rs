mod gate;
mod restart;
mod seal;
mod settler;
mod snapshot;

use std::{path::Path, sync::Arc, time::Duration};

use alloy_consensus::{SignableTransaction, TxEip1559, TxEnvelope, transaction::Recovered};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use alloy_signer::SignerSync;
use alloy_sol_types::SolCall;
use ciphervm_fhe::{FheType, MemoryStore, Op};
use ciphervm_kms::ReferenceKms;
use ciphervm_precompiles::{GenesisParams, HostAddresses, HostConfig, interface::Acl};
use tempfile::TempDir;

use super::*;
use gate::Gate;

const CHAIN: u64 = 31_337;
const GAS_LIMIT: u64 = 30_000_000;
const ETHER: u64 = 1_000_000_000_000_000_000;
/// Deploys nothing, at length: it writes to a slot of storage and logs.
const CODE: Bytes = alloy_primitives::bytes!("602a60005560006000a000");

/// A devnet, what it evaluates with, and where it is kept.
struct Bench {
    directory: TempDir,
    gate: Arc<Gate>,
    store: Arc<dyn CiphertextStore>,
    devnet: Devnet,
}

impl Bench {
    /// A devnet that makes a block for each transaction.
    fn automatic() -> Self {
        Self::new(true, false)
    }

    /// A devnet that makes blocks when it is told to.
    fn manual() -> Self {
        Self::new(false, false)
    }

    fn new(automatic: bool, synchronous: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let gate = Arc::new(Gate::default());
        let store: Arc<dyn CiphertextStore> = Arc::new(MemoryStore::new());
        let setup = setup(directory.path(), automatic, synchronous, &gate, &store);
        let devnet = Devnet::start(setup).unwrap();
        Self { directory, gate, store, devnet }
    }

    /// The same devnet after its process ended, which finishes what it evaluates.
    fn restart(self) -> Self {
        self.restart_as(false, Gate::open)
    }

    /// The same, with blocks that wait for their ciphertexts.
    fn restart_synchronous(self, set: fn(&Gate)) -> Self {
        let mut bench = self.restart_as(true, set);
        bench.devnet.synchronous = true;
        bench
    }

    fn restart_as(self, automatic: bool, set: fn(&Gate)) -> Self {
        let Self { directory, gate, store, devnet } = self;
        gate.open();
        drop(devnet);
        set(&gate);
        let setup = setup(directory.path(), automatic, false, &gate, &store);
        let devnet = Devnet::start(setup).unwrap();
        Self { directory, gate, store, devnet }
    }

    fn account(&self, index: usize) -> Address {
        self.devnet.accounts().addresses()[index]
    }

    /// Sends a transaction, which the devnet takes.
    fn send(&self, transaction: Transaction) -> B256 {
        self.devnet.submit(transaction).unwrap()
    }

    fn head(&self) -> Arc<Block> {
        self.devnet.chain(|chain| Arc::clone(chain.head()))
    }

    /// The transactions that wait.
    fn waiting(&self) -> Vec<B256> {
        self.devnet.pool(|pool, _| pool.iter().map(|transaction| *transaction.hash()).collect())
    }

    fn balance(&self, account: Address) -> U256 {
        self.devnet.chain(|chain| chain.state().balance(&account))
    }

    fn set_balance(&self, account: Address, balance: u64) {
        let change = |state: &WorldState| {
            let mut account = state.unchanged(account);
            account.balance = U256::from(balance);
            Ok(StateDiff { accounts: vec![account], codes: vec![] })
        };
        self.devnet.edit(change).unwrap();
    }
}

fn setup(
    directory: &Path,
    automatic: bool,
    synchronous: bool,
    gate: &Arc<Gate>,
    store: &Arc<dyn CiphertextStore>,
) -> Setup {
    let accounts = Accounts::derive(MNEMONIC, 4).unwrap();
    let rich = |account: &Address| (*account, U256::from(1_000) * U256::from(ETHER));
    Setup {
        chain_id: CHAIN,
        genesis: Genesis {
            timestamp: 1_700_000_000,
            gas_limit: GAS_LIMIT,
            base_fee: Genesis::BASE_FEE,
            balances: accounts.addresses().iter().map(rich).collect(),
            host: GenesisParams::default(),
        },
        host: HostConfig { addresses: HostAddresses::LOCAL, ..HostConfig::default() },
        accounts,
        mining: Mining { automatic, interval: None },
        order: Order::Tip,
        synchronous,
        patience: Duration::from_secs(60),
        evaluator: Arc::clone(gate) as _,
        store: Arc::clone(store),
        kms: Arc::new(ReferenceKms),
        proofs: None,
        journal: Some(Journal::open(&directory.join("chain.redb")).unwrap()),
    }
}

/// A transfer of one wei to nobody.
fn transfer(nonce: u64) -> TxEip1559 {
    TxEip1559 {
        chain_id: CHAIN,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 10_000_000_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(NOBODY),
        value: U256::ONE,
        ..TxEip1559::default()
    }
}

/// Creates a contract that encrypts its address and grants that to itself.
fn computation(nonce: u64) -> TxEip1559 {
    let hosts = HostAddresses::LOCAL;
    let mut code = Vec::new();
    // A selector, left-aligned, at a place in memory.
    let selector = |code: &mut Vec<u8>, selector: [u8; 4], place: u8| {
        code.push(0x63);
        code.extend(selector);
        code.extend([0x60, 0xe0, 0x1b, 0x60, place, 0x52]);
    };
    // A call of 68 bytes of memory, whose first word of results goes to a place.
    let call = |code: &mut Vec<u8>, to: Address, place: u8, results: u8| {
        code.extend([0x60, 32, 0x60, results, 0x60, 68, 0x60, place, 0x60, 0, 0x73]);
        code.extend(to);
        code.extend([0x5a, 0xf1, 0x50]);
    };
    selector(&mut code, Op::TrivialEncrypt.spec().selector, 0);
    code.extend([0x30, 0x60, 4, 0x52]);
    code.extend([0x60, FheType::Uint64.id(), 0x60, 36, 0x52]);
    selector(&mut code, Acl::allowCall::SELECTOR, 96);
    call(&mut code, hosts.executor, 0, 100);
    code.extend([0x30, 0x60, 132, 0x52]);
    call(&mut code, hosts.acl, 96, 0);
    TxEip1559 {
        gas_limit: 1_000_000,
        to: TxKind::Create,
        value: U256::ZERO,
        input: code.into(),
        ..transfer(nonce)
    }
}

const NOBODY: Address = Address::repeat_byte(0x0b);

/// Signs by one of the devnet's accounts.
fn by(sender: usize, transaction: TxEip1559) -> Transaction {
    let accounts = Accounts::derive(MNEMONIC, 4).unwrap();
    let sender = accounts.addresses()[sender];
    let signer = accounts.signer(&sender).unwrap();
    let signature = signer.sign_hash_sync(&transaction.signature_hash()).unwrap();
    let envelope: TxEnvelope = transaction.into_signed(signature).into();
    Recovered::new_unchecked(envelope, sender)
}

fn hashes(block: &Block) -> Vec<B256> {
    block.transactions.iter().map(|transaction| *transaction.hash()).collect()
}
