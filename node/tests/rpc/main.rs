//! JSON-RPC over the network, with a devnet behind it that computes on plaintexts.

mod about;
mod accounts;
mod blocks;
mod bootstrap;
mod calls;
mod dump;
mod history;
mod hostile;
mod limits;
mod mining;
mod news;
mod page;
mod reads;
mod time;
mod types;
mod waiting;

use std::{
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, U256};
use axum::Router;
use ciphervm_fhe::{DatabaseStore, GraphEvaluator, ReferenceEngine};
use ciphervm_kms::ReferenceKms;
use ciphervm_node::{
    chain::Genesis,
    devnet::{Accounts, Devnet, MNEMONIC, Mining, Setup, mine_by_interval},
    journal::Journal,
    pool::Order,
    rpc,
    server::{Limits, Server, start},
};
use ciphervm_precompiles::{GenesisParams, HostConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How long a test waits for what must happen before it fails.
const DEADLINE: Duration = Duration::from_secs(60);
/// Timestamp of the first block: long ago.
const START: u64 = 1_600_000_000;
/// What the accounts begin with, in wei.
const WEALTH: u64 = 10_000_000_000_000_000_000;

/// A devnet, and the client to ask it.
struct Node {
    server: Server,
    runtime: Runtime,
    devnet: Arc<Devnet>,
    directory: TempDir,
    agent: ureq::Agent,
}

impl Node {
    fn start() -> Self {
        Self::open(tempfile::tempdir().unwrap(), 31337)
    }

    fn with_chain_id(chain_id: u64) -> Self {
        Self::open(tempfile::tempdir().unwrap(), chain_id)
    }

    /// A devnet whose chain is not on disk, for many blocks.
    fn in_memory() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let setup = Setup { journal: None, ..setup(directory.path(), 31337) };
        Self::serve(directory, setup)
    }

    /// Starts the devnet in a directory, again if it was there before.
    fn open(directory: TempDir, chain_id: u64) -> Self {
        let setup = setup(directory.path(), chain_id);
        Self::serve(directory, setup)
    }

    fn serve(directory: TempDir, setup: Setup) -> Self {
        let devnet = Arc::new(Devnet::start(setup).unwrap());
        let runtime = Runtime::new().unwrap();
        runtime.spawn(mine_by_interval(Arc::clone(&devnet)));
        let module = rpc::module(Arc::clone(&devnet)).unwrap();
        let any_port = ([127, 0, 0, 1], 0).into();
        let limits = Limits::default();
        let server =
            runtime.block_on(start(any_port, module, Router::new(), None, limits)).unwrap();
        let config = ureq::Agent::config_builder().timeout_global(Some(DEADLINE));
        Self { server, runtime, devnet, directory, agent: config.build().into() }
    }

    /// Ends the devnet and starts it again from what it wrote.
    fn restart(self) -> Self {
        let Self { server, runtime, devnet, directory, .. } = self;
        let chain_id = devnet.chain(|chain| chain.chain_id());
        runtime.block_on(server.stop());
        drop((runtime, devnet));
        Self::open(directory, chain_id)
    }

    fn answer(&self, method: &str, params: &Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut response = self
            .agent
            .post(format!("http://{}", self.server.local_address()))
            .content_type("application/json")
            .send(request.to_string())
            .unwrap();
        let body = response.body_mut().with_config().limit(u64::MAX).read_to_string().unwrap();
        serde_json::from_str(&body).unwrap()
    }

    /// The result of a call.
    fn call(&self, method: &str, params: Value) -> Value {
        let mut answer = self.answer(method, &params);
        assert!(answer["error"].is_null(), "{method} {params}: {answer}");
        answer["result"].take()
    }

    /// Why a call is refused.
    fn refusal(&self, method: &str, params: Value) -> String {
        let answer = self.answer(method, &params);
        let error = &answer["error"];
        assert!(error.is_object(), "{method} {params}: {answer}");
        // What is wrong with a parameter stands in the data.
        format!("{}{}", error["message"].as_str().unwrap(), error["data"])
    }

    /// The hash of a transaction that the devnet sends.
    fn send(&self, request: Value) -> Value {
        self.call("eth_sendTransaction", json!([request]))
    }

    fn receipt(&self, hash: &Value) -> Value {
        self.call("eth_getTransactionReceipt", json!([hash]))
    }

    fn number(&self) -> u64 {
        quantity(&self.call("eth_blockNumber", json!([])))
    }

    fn head(&self) -> Value {
        self.call("eth_getBlockByNumber", json!(["latest", false]))
    }

    fn timestamp(&self) -> u64 {
        quantity(&self.head()["timestamp"])
    }

    fn balance(&self, address: Address) -> u64 {
        quantity(&self.call("eth_getBalance", json!([address, "latest"])))
    }

    fn account(&self, index: usize) -> Address {
        self.devnet.accounts().addresses()[index]
    }
}

fn setup(directory: &Path, chain_id: u64) -> Setup {
    let accounts = Accounts::derive(MNEMONIC, 3).unwrap();
    let wealth = U256::from(WEALTH);
    let balances = accounts.addresses().iter().map(|account| (*account, wealth)).collect();
    let genesis = Genesis {
        timestamp: START,
        gas_limit: 30_000_000,
        base_fee: Genesis::BASE_FEE,
        balances,
        host: GenesisParams::default(),
    };
    Setup {
        chain_id,
        genesis,
        host: HostConfig::default(),
        accounts,
        mining: Mining { automatic: true, interval: None },
        order: Order::Tip,
        synchronous: false,
        patience: DEADLINE,
        evaluator: Arc::new(GraphEvaluator::new(ReferenceEngine, 1).unwrap()),
        store: Arc::new(DatabaseStore::open(&directory.join("ciphertexts.redb")).unwrap()),
        kms: Arc::new(ReferenceKms),
        proofs: None,
        journal: Some(Journal::open(&directory.join("chain.redb")).unwrap()),
    }
}

/// A hexadecimal number.
fn quantity(value: &Value) -> u64 {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no quantity"));
    u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}

/// A word of 32 bytes.
fn word(number: u64) -> B256 {
    U256::from(number).into()
}

fn eventually(mut happened: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happened() {
        assert!(start.elapsed() < DEADLINE, "it never happened");
        thread::sleep(Duration::from_millis(5));
    }
}
