//! What a devnet tells of its encrypted side, asked by JSON-RPC over HTTP.

mod debug;
mod evaluation;
mod fhevm;
mod limits;
mod real;
mod setup;
mod token;
mod waiting;

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, SolConstructor, sol};
use ciphervm_fhe::{Evaluator, GraphEvaluator, Handle, ReferenceEngine};
use ciphervm_kms::{Kms, ReferenceKms};
use ciphervm_node::{
    artifact::Artifact,
    devnet::Devnet,
    rpc,
    server::{Limits, Server, start},
};
use ciphervm_precompiles::HostAddresses;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use setup::{CHAIN, setup};

sol! {
    interface Token {
        constructor(address owner, string name, string symbol, string uri);
        function mint(address to, bytes32 amount, bytes inputProof) external returns (bytes32);
        function confidentialTransfer(address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
        function confidentialBalanceOf(address account) external view returns (bytes32);
    }

    interface Probe {
        function deadWork(uint64 a) external returns (bytes32);
        function grant(uint64 value) external returns (bytes32);
        function grantThenRevert(uint64 value) external;
        function makeTransient(uint64 value) external returns (bytes32);
        function publish(uint64 value) external returns (bytes32);
        function store(uint64 value) external returns (bytes32);
        function useForeign(bytes32 handle) external returns (bytes32);
        function granted() external view returns (bytes32);
        function live() external view returns (bytes32);
        function published() external view returns (bytes32);
        function stored() external view returns (bytes32);
        function transientHandle() external view returns (bytes32);
    }
}

const HOST: HostAddresses = HostAddresses::LOCAL;
/// Enough for whatever is sent here.
const GAS: &str = "0x4c4b40";

/// A devnet with a server in front of it.
struct Node {
    devnet: Arc<Devnet>,
    runtime: Option<Runtime>,
    server: Option<Server>,
    url: String,
}

impl Node {
    /// On plaintexts.
    fn reference() -> Self {
        let evaluator = GraphEvaluator::new(ReferenceEngine, 1).unwrap();
        Self::start(Arc::new(evaluator), Arc::new(ReferenceKms))
    }

    fn start(evaluator: Arc<dyn Evaluator>, kms: Arc<dyn Kms>) -> Self {
        let devnet = Arc::new(Devnet::start(setup(3, evaluator, kms)).unwrap());
        // Handles depend on timestamps.
        devnet.set_clock(|clock, _| clock.set_interval(Some(12)));
        let runtime = Runtime::new().unwrap();
        let module = rpc::module(Arc::clone(&devnet)).unwrap();
        let server = runtime
            .block_on(start(
                ([127, 0, 0, 1], 0).into(),
                module,
                axum::Router::new(),
                None,
                Limits::default(),
            ))
            .unwrap();
        let url = format!("http://{}", server.local_address());
        Self { devnet, runtime: Some(runtime), server: Some(server), url }
    }

    fn account(&self, index: usize) -> Address {
        self.devnet.accounts().addresses()[index]
    }

    /// The result of a call.
    fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The message of a call's error.
    fn error(&self, method: &str, params: Value) -> String {
        self.try_call(method, params).expect_err(method)
    }

    fn try_call(&self, method: &str, params: Value) -> Result<Value, String> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut response = ureq::post(&self.url).send_json(request).unwrap();
        let answer: Value =
            response.body_mut().with_config().limit(u64::from(u32::MAX)).read_json().unwrap();
        match answer["error"]["message"].as_str() {
            Some(message) => Err(message.to_owned()),
            None => Ok(answer["result"].clone()),
        }
    }

    /// Sends a transaction, which may fail, and returns its receipt.
    fn send(&self, from: Address, to: Option<Address>, data: impl Into<Bytes>) -> Value {
        let request = json!({ "from": from, "to": to, "data": data.into(), "gas": GAS });
        let hash = self.call("eth_sendTransaction", json!([request]));
        self.call("eth_getTransactionReceipt", json!([hash]))
    }

    /// Sends a transaction that succeeds, and returns its hash.
    fn execute(&self, from: Address, to: Address, call: &impl SolCall) -> B256 {
        let receipt = self.send(from, Some(to), call.abi_encode());
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        hash(&receipt)
    }

    fn deploy(&self, code: impl Into<Bytes>) -> Address {
        let receipt = self.send(self.account(0), None, code);
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
    }

    fn deploy_probe(&self) -> Address {
        let text = include_str!("../../../solidity/artifacts/Probe.json");
        self.deploy(Artifact::parse(text).unwrap().bytecode)
    }

    fn deploy_token(&self) -> Address {
        let constructor = Token::constructorCall {
            owner: self.account(0),
            name: "Test".to_owned(),
            symbol: "TEST".to_owned(),
            uri: String::new(),
        };
        let code = Artifact::confidential_token().unwrap().bytecode;
        self.deploy([&code[..], &constructor.abi_encode()].concat())
    }

    fn read<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let data = Bytes::from(call.abi_encode());
        let answer = self.call("eth_call", json!([{ "to": to, "data": data }, "latest"]));
        let bytes: Bytes = serde_json::from_value(answer).unwrap();
        C::abi_decode_returns(&bytes).unwrap()
    }

    /// A handle and a proof of `amount` for `user` to pass to `contract`.
    fn encrypt(&self, contract: Address, user: Address, amount: u64) -> (B256, Bytes) {
        let params = json!([amount.to_string(), "euint64", contract, user]);
        let input = self.call("cipher_encrypt", params);
        assert_eq!(input["devOnly"], true);
        let handle = serde_json::from_value(input["handles"][0].clone()).unwrap();
        (handle, serde_json::from_value(input["inputProof"].clone()).unwrap())
    }

    fn mint(&self, token: Address, to: Address, amount: u64) -> B256 {
        let (amount, proof) = self.encrypt(token, self.account(0), amount);
        self.execute(self.account(0), token, &Token::mintCall { to, amount, inputProof: proof })
    }

    /// The call that transfers `amount`, which `from` encrypted.
    fn transfer(
        &self,
        token: Address,
        from: Address,
        to: Address,
        amount: u64,
    ) -> Token::confidentialTransferCall {
        let (amount, proof) = self.encrypt(token, from, amount);
        Token::confidentialTransferCall { to, amount, inputProof: proof }
    }

    fn balance(&self, token: Address, account: Address) -> Handle {
        Handle(self.read(token, &Token::confidentialBalanceOfCall { account }))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let (Some(runtime), Some(server)) = (self.runtime.take(), self.server.take()) {
            runtime.block_on(server.stop());
        }
    }
}

fn hash(receipt: &Value) -> B256 {
    serde_json::from_value(receipt["transactionHash"].clone()).unwrap()
}
