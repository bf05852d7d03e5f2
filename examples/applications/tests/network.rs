//! Seven validators, each a process of its own, agree on one devnet, on real ciphertexts.

use std::{
    collections::BTreeMap,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread::available_parallelism,
    time::Duration,
};

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use applications::consensus::{FheConsensus, Question};
use ciphervm::{
    fhe::{GraphEvaluator, Handle, MemoryStore, ProofVerifier, TfheEngine},
    precompiles::{GenesisParams, HostConfig},
};
use ciphervm_kms::{
    DecryptionService, ExtraData, LOCAL_KMS_KEY, LocalService, PublicAnswer, PublicDecryption,
    Signer, test_crs, test_keys,
};
use ciphervm_node::{
    artifact::Artifact,
    chain::Genesis,
    decryption::{DevnetChain, contracts, domains},
    devnet::{Accounts, Devnet, MNEMONIC, Mining, Setup},
    pool::Order,
    relayer::{self, PublicMaterial},
    rpc,
    server::{self, Server},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const CHAIN: u64 = 31337;
const VALIDATORS: u32 = 7;
/// How long a step may take. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(300);
const GAS: &str = "0x989680";

struct Network {
    service: Arc<dyn DecryptionService>,
    accounts: Vec<Address>,
    server: Server,
    /// Runs the server as long as it is there.
    _runtime: Runtime,
}

impl Network {
    fn start() -> Self {
        let threads = available_parallelism().map_or(1, usize::from);
        let ((keyset, kms), crs) = (test_keys(), test_crs());
        let accounts = Accounts::derive(MNEMONIC, VALIDATORS).unwrap();
        let addresses = accounts.addresses().to_vec();
        let ether = U256::from(10).pow(U256::from(18));
        let balances: BTreeMap<_, _> = addresses.iter().map(|one| (*one, ether)).collect();
        let proofs = ProofVerifier::new(Arc::clone(&keyset), Arc::clone(&crs), threads).unwrap();
        let host = HostConfig::default();
        let devnet = Arc::new(
            Devnet::start(Setup {
                chain_id: CHAIN,
                genesis: Genesis {
                    timestamp: 1_700_000_000,
                    gas_limit: 30_000_000,
                    base_fee: Genesis::BASE_FEE,
                    balances,
                    host: GenesisParams::default(),
                },
                host,
                accounts,
                mining: Mining { automatic: true, interval: None },
                order: Order::Fifo,
                synchronous: false,
                patience: PATIENCE,
                evaluator: Arc::new(
                    GraphEvaluator::new(TfheEngine::new(Arc::clone(&keyset)), threads).unwrap(),
                ),
                store: Arc::new(MemoryStore::new()),
                kms: Arc::clone(&kms) as _,
                proofs: Some(Arc::new(proofs)),
                journal: None,
            })
            .unwrap(),
        );
        let service: Arc<dyn DecryptionService> = Arc::new(LocalService::new(
            kms,
            Signer::new(LOCAL_KMS_KEY).unwrap(),
            Arc::new(DevnetChain(Arc::clone(&devnet))),
            contracts(&host),
            domains(&host, CHAIN),
        ));
        let keys = PublicMaterial::new(&keyset, &crs).unwrap();
        let relayer = relayer::router(
            Arc::clone(&devnet),
            Arc::clone(&service),
            Some(keys),
            relayer::Limits::default(),
        );
        let module = rpc::module(devnet).unwrap();
        let runtime = Runtime::new().unwrap();
        let any_port = ([127, 0, 0, 1], 0).into();
        let limits = server::Limits::default();
        let server =
            runtime.block_on(server::start(any_port, module, relayer, None, limits)).unwrap();
        Self { service, accounts: addresses, server, _runtime: runtime }
    }

    fn url(&self) -> String {
        format!("http://{}", self.server.local_address())
    }

    fn call(&self, method: &str, params: Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut response = ureq::post(self.url()).send_json(request).unwrap();
        let mut answer: Value = response.body_mut().read_json().unwrap();
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].take()
    }

    /// The receipt of a transaction of account 0, which must succeed.
    fn send(&self, to: Option<Address>, data: impl Into<Bytes>) -> Value {
        let from = self.accounts[0];
        let request = json!({ "from": from, "to": to, "data": data.into(), "gas": GAS });
        let hash = self.call("eth_sendTransaction", json!([request]));
        let receipt = self.call("eth_getTransactionReceipt", json!([hash]));
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt
    }

    fn read<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let data = Bytes::from(call.abi_encode());
        let answer = self.call("eth_call", json!([{ "to": to, "data": data }, "latest"]));
        let answer: Bytes = serde_json::from_value(answer).unwrap();
        C::abi_decode_returns(&answer).unwrap()
    }

    fn open(&self, handles: &[B256]) -> PublicAnswer {
        let handles = handles.iter().copied().map(Handle).collect();
        let request = PublicDecryption { handles, extra_data: ExtraData::default() };
        self.service.decrypt_for_all(&request).unwrap()
    }

    fn validator(&self, account: usize, contract: Address, round: U256, ballot: u8) -> Child {
        Command::new(env!("CARGO_BIN_EXE_validator"))
            .args(["--url", &self.url(), "--account", &account.to_string()])
            .args(["--contract", &contract.to_string(), "--round", &round.to_string()])
            .args(["--ballot", &ballot.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("the validator starts")
    }
}

#[test]
fn seven_validators_in_processes_of_their_own_agree_on_a_median() {
    let network = Network::start();
    let text = include_str!("../../../solidity/artifacts/FheConsensus.json");
    let code = Artifact::parse(text).unwrap().bytecode;
    let arguments = (network.accounts.clone(),).abi_encode_params();
    let receipt = network.send(None, [&code[..], &arguments].concat());
    let contract: Address = serde_json::from_value(receipt["contractAddress"].clone()).unwrap();
    let question = Question::Median { tolerance: None };
    network.send(Some(contract), question.begin(24 * 60 * 60).abi_encode());

    let ballots = [77, 3, 250, 81, 80, 79, 0];
    let id = U256::ZERO;
    let validators: Vec<Child> = ballots
        .iter()
        .enumerate()
        .map(|(account, ballot)| network.validator(account, contract, id, *ballot))
        .collect();
    for mut validator in validators {
        assert!(validator.wait().unwrap().success());
    }
    let round = network.read(contract, &FheConsensus::roundOfCall { id });
    assert_eq!(round.voters.len(), ballots.len());

    network.send(Some(contract), FheConsensus::closeCall { id }.abi_encode());
    let answer = network.open(&network.read(contract, &FheConsensus::resultOfCall { id }));
    let proof = [&[1][..], &answer.signature].concat().into();
    let call = FheConsensus::openCall { id, cleartexts: answer.decrypted, proof };
    network.send(Some(contract), call.abi_encode());
    let round = network.read(contract, &FheConsensus::roundOfCall { id });
    assert_eq!(round.outcome, [U256::from(79)]);
    assert_eq!(round.phase, FheConsensus::Phase::Opened);
}
