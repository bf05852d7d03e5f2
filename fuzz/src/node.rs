//! A devnet in this process, whose operations are computed on plaintexts: what requests are sent to.

use std::{sync::Arc, time::Duration};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolEvent};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use ciphervm_conformance::prober::{Ran, Step, creation_code, runCall};
use ciphervm_fhe::{GraphEvaluator, MemoryStore, Op, ReferenceEngine};
use ciphervm_kms::{LOCAL_KMS_KEY, LocalService, ReferenceKms, Signer};
use ciphervm_node::{
    chain::{Block, Genesis},
    decryption::{DevnetChain, contracts, domains},
    devnet::{Accounts, Devnet, MNEMONIC, Mining, Setup},
    pool::Order,
    relayer, rpc,
    server::{self, Limits},
};
use ciphervm_precompiles::{GenesisParams, HostConfig, interface::Acl};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tower::Service;

/// Timestamp of the first block: long ago, so that blocks can be dated.
const START: u64 = 1_600_000_000;
/// Seconds from a block to the next.
const BLOCK_TIME: u64 = 12;
/// What the accounts begin with, in wei.
const WEALTH: U256 = U256::from_limbs([10_000_000_000_000_000_000, 0, 0, 0]);
/// Bytes of an answer, at most: more than the server gives.
const ANSWER: usize = 1 << 27;
/// How often a job is asked for.
const POLLS: usize = 100;
/// What a method answers that panicked: no method says so by itself.
const PANICKED: i64 = -32_603;

/// A devnet with two probers and a value that everybody may know.
pub struct Node {
    /// The devnet.
    pub devnet: Arc<Devnet>,
    /// The probers.
    pub probers: [Address; 2],
    /// A handle that the first prober and the second account may use, and everybody may decrypt.
    pub handle: B256,
    router: Router,
    runtime: Runtime,
    /// The devnet as it is now.
    start: Vec<u8>,
}

impl Node {
    /// Starts it.
    ///
    /// # Panics
    /// If the system gives no threads.
    pub fn new() -> Self {
        let accounts = Accounts::derive(MNEMONIC, 3).expect("the mnemonic is valid");
        let balances = accounts.addresses().iter().map(|account| (*account, WEALTH)).collect();
        let genesis = Genesis {
            timestamp: START,
            gas_limit: 30_000_000,
            base_fee: Genesis::BASE_FEE,
            balances,
            host: GenesisParams::default(),
        };
        let evaluator = GraphEvaluator::new(ReferenceEngine, 1).expect("a thread can be had");
        let devnet = Devnet::start(Setup {
            chain_id: 31337,
            genesis,
            host: HostConfig::default(),
            accounts,
            mining: Mining { automatic: true, interval: None },
            order: Order::Tip,
            synchronous: false,
            patience: Duration::from_secs(1),
            evaluator: Arc::new(evaluator),
            store: Arc::new(MemoryStore::new()),
            kms: Arc::new(ReferenceKms),
            proofs: None,
            journal: None,
        });
        let devnet = Arc::new(devnet.expect("a chain in memory can be started"));
        let runtime = Runtime::new().expect("threads can be had");
        let router = router(&devnet);
        let mut node = Self {
            devnet,
            probers: [Address::ZERO; 2],
            handle: B256::ZERO,
            router,
            runtime,
            start: Vec::new(),
        };
        node.furnish();
        node.start = node.dump();
        node
    }

    /// Deploys the probers and makes a value.
    fn furnish(&mut self) {
        for index in 0..2 {
            let deployed = self.send(0, None, creation_code());
            self.probers[index] = deployed.contract(0).expect("a deployment has a contract");
        }
        let hosts = self.devnet.host().addresses;
        let [user, prober] = [self.accounts()[1], self.probers[0]];
        let value = (U256::from(1000), U256::from(5));
        let encrypt = [
            &Op::TrivialEncrypt.spec().selector[..],
            &alloy_sol_types::SolValue::abi_encode(&value),
        ];
        let word = |offset: u64| vec![U256::from(offset) << 128];
        let step = |target, data: Vec<u8>, patches, takes| Step {
            kind: 0,
            target,
            value: U256::ZERO,
            gasLimit: U256::ZERO,
            data: data.into(),
            patches,
            takes,
        };
        let allow = |account| Acl::allowCall { handle: B256::ZERO, account }.abi_encode();
        let public = Acl::allowForDecryptionCall { handlesList: vec![B256::ZERO] }.abi_encode();
        let steps = vec![
            step(hosts.executor, encrypt.concat(), vec![], vec![U256::ZERO]),
            step(hosts.acl, allow(user), word(4), vec![]),
            step(hosts.acl, allow(prober), word(4), vec![]),
            step(hosts.acl, public, word(4 + 64), vec![]),
        ];
        let (words, outcomes) = self.run(0, steps).expect("there is gas for four calls");
        assert!(outcomes.iter().all(|outcome| outcome.first() == Some(&1)), "{outcomes:?}");
        self.handle = words[0];
    }

    /// The accounts that it holds.
    pub fn accounts(&self) -> &[Address] {
        self.devnet.accounts().addresses()
    }

    /// Everything that there is, once it is computed.
    ///
    /// # Panics
    /// If evaluation fails.
    pub fn dump(&self) -> Vec<u8> {
        self.devnet.settler().wait(Duration::from_secs(60)).expect("plaintexts are quick");
        self.devnet.dump().expect("memory can be read")
    }

    /// Makes it what it was at its start, whatever happened since.
    ///
    /// # Panics
    /// If it cannot be.
    pub fn restore(&self) {
        self.devnet.reset().expect("memory can be written");
        self.devnet.load(&self.start).expect("its own dump can be loaded");
    }

    /// Sends a transaction of an account and returns its block, whose date depends on its number
    /// alone.
    ///
    /// # Panics
    /// If the transaction is refused.
    pub fn send(&self, account: usize, to: Option<Address>, data: Bytes) -> Arc<Block> {
        let number = self.devnet.chain(|chain| chain.head().number()) + 1;
        let date = START + BLOCK_TIME * number;
        self.devnet.set_clock(|clock, last| clock.set_next(date, last)).expect("it is later");
        let from = self.accounts()[account];
        let request = json!({ "from": from, "to": to, "data": data, "gas": "0xf42400" });
        self.call("eth_sendTransaction", json!([request])).expect("it pays for its gas");
        self.devnet.chain(|chain| Arc::clone(chain.head()))
    }

    /// Has prober number `on` make calls: the words that they took, and what came of each.
    /// Nothing if they ran out of gas.
    pub fn run(&self, on: usize, steps: Vec<Step>) -> Option<(Vec<B256>, Vec<Bytes>)> {
        let block = self.send(0, Some(self.probers[on]), runCall { steps }.abi_encode().into());
        let logs = block.logs().flatten();
        let own = logs.filter(|log| log.address == self.probers[on]);
        // A frame of the other prober has an event of its own.
        let event = own.last().map(|log| Ran::decode_log_data(&log.data))?;
        let event = event.expect("a prober has one event");
        Some((event.words, event.outcomes))
    }

    /// The result of a method.
    ///
    /// # Errors
    /// The answer, if it is none.
    pub fn call(&self, method: &str, params: Value) -> Result<Value, Value> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let (_, body) = self.request("POST", "/", request.to_string().into_bytes()).ok_or("")?;
        let mut answer: Value = serde_json::from_slice(&body).unwrap_or_default();
        if answer["error"].is_null() { Ok(answer["result"].take()) } else { Err(answer) }
    }

    /// The answer to a request of HTTP. Nothing if the path makes no address.
    ///
    /// # Panics
    /// If something panicked behind it.
    pub fn request(&self, method: &str, path: &str, body: Vec<u8>) -> Option<(StatusCode, Bytes)> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Body::from(body))
            .ok()?;
        let mut router = self.router.clone();
        let (status, body) = self.runtime.block_on(async {
            let Ok(response) = router.call(request).await;
            let (head, body) = response.into_parts();
            (head.status, to_bytes(body, ANSWER).await.expect("the body is in memory"))
        });
        let text = || String::from_utf8_lossy(&body).into_owned();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}: {}", text());
        Some((status, body.into()))
    }

    /// The answer to a body of JSON-RPC: whether there is a result in it.
    ///
    /// # Panics
    /// If a method panicked.
    pub fn answers(&self, body: Vec<u8>) -> bool {
        let Some((_, answer)) = self.request("POST", "/", body) else { return false };
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let answers =
            answer.as_array().map_or_else(|| std::slice::from_ref(&answer), Vec::as_slice);
        for answer in answers {
            assert_ne!(answer["error"]["code"], PANICKED, "a method panicked: {answer}");
        }
        answers.iter().any(|answer| answer.get("result").is_some())
    }

    /// Posts a request to the relayer and asks for its job until it is done: the status.
    pub fn job(&self, path: &str, body: Vec<u8>) -> Option<StatusCode> {
        let (status, answer) = self.request("POST", path, body)?;
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let Some(id) = answer["result"]["jobId"].as_str() else { return Some(status) };
        let job = format!("{path}/{id}");
        (0..POLLS).find_map(|_| {
            let (status, _) = self.request("GET", &job, Vec::new())?;
            (status != StatusCode::ACCEPTED).then_some(status)
        })
    }
}

impl Default for Node {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("devnet", &self.devnet).finish_non_exhaustive()
    }
}

/// What the server serves: JSON-RPC and the relayer, with a KMS in this process.
fn router(devnet: &Arc<Devnet>) -> Router {
    let module = rpc::module(Arc::clone(devnet)).expect("each method has a name of its own");
    let service = LocalService::new(
        Arc::clone(devnet.kms()),
        Signer::new(LOCAL_KMS_KEY).expect("the published key is valid"),
        Arc::new(DevnetChain(Arc::clone(devnet))),
        contracts(devnet.host()),
        domains(devnet.host(), 31337),
    );
    // Jobs are fetched at once, and there are many.
    let limits = relayer::Limits {
        jobs: usize::MAX,
        age: Duration::from_secs(30),
        ..relayer::Limits::default()
    };
    let http = relayer::router(Arc::clone(devnet), Arc::new(service), None, limits);
    server::router(module, http, Limits::default())
}
