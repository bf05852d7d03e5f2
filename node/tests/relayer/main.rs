//! The relayer's HTTP API of a devnet in a process of its own, by a native client.
//!
//! What the JavaScript clients do is tested with them, in `tests/clients`. They take a quarter of a
//! minute for a proof, so the breadth is here: the native client's bytes are of the same format,
//! which is shown by the network's accepting both.

mod decryption;
#[path = "../clients/devnet.rs"]
mod devnet;
mod documented;
mod downloads;
mod inputs;
mod process;
mod requests;
mod user;

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall, sol};
use ciphervm_fhe::{ComputeLoad, FheType, Handle, InputClient};
use ciphervm_node::artifact::Artifact;
use ciphervm_precompiles::{HostAddresses, auxiliary_data};
use serde_json::{Value, json};
use ureq::Agent;

use devnet::Devnet;

sol! {
    struct Answers {
        bytes32 member;
        bytes32 age;
        bytes32 credit;
        bytes32 voucher;
    }

    struct Decision {
        bytes32 admitted;
        bytes32 paid;
    }

    function knock(
        bytes32 member, bytes32 age, bytes32 credit, bytes32 voucher, bytes proof
    ) external;
    function open(address guest, bytes cleartexts, bytes proof) external;
    function answersOf(address guest) external view returns (Answers);
    function decisionOn(address guest) external view returns (Decision);
    function isInside(address guest) external view returns (bool);
}

const CHAIN: u64 = 31_337;
/// How long a job may take here. The machine may be busy.
const PATIENCE: Duration = Duration::from_secs(300);

/// A devnet, and what talks to it.
struct Bench {
    devnet: Devnet,
    agent: Agent,
}

/// A response: its status, and its body.
struct Answer {
    status: u16,
    body: Value,
}

impl Bench {
    fn new(devnet: Devnet) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { devnet, agent }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.devnet.url())
    }

    fn get(&self, path: &str) -> Answer {
        let mut response = self.agent.get(self.url(path)).call().unwrap();
        let status = response.status().as_u16();
        Answer { status, body: response.body_mut().read_json().unwrap_or_default() }
    }

    fn bytes(&self, url: &str) -> Vec<u8> {
        let mut response = self.agent.get(url).call().unwrap();
        response.body_mut().with_config().limit(1 << 24).read_to_vec().unwrap()
    }

    fn post_text(&self, path: &str, body: &str) -> Answer {
        let request = self.agent.post(self.url(path)).header("Content-Type", "application/json");
        let mut response = request.send(body).unwrap();
        let status = response.status().as_u16();
        Answer { status, body: response.body_mut().read_json().unwrap_or_default() }
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string())
    }

    /// Posts a request and asks for its job until it is done.
    fn job(&self, path: &str, body: &Value) -> Answer {
        let started = self.post(path, body);
        assert_eq!(started.status, 202, "{}", started.body);
        let id = started.body["result"]["jobId"].as_str().unwrap();
        let start = Instant::now();
        loop {
            let answer = self.get(&format!("{path}/{id}"));
            if answer.status != 202 {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "{path} takes too long");
            sleep(Duration::from_millis(50));
        }
    }

    /// The result of a job that succeeds.
    fn result(&self, path: &str, body: &Value) -> Value {
        let Answer { status, body } = self.job(path, body);
        assert_eq!((status, &body["status"]), (200, &json!("succeeded")), "{body}");
        body["result"].clone()
    }

    /// The label and the message of a job that fails.
    fn failure(&self, path: &str, body: &Value) -> (u16, String, String) {
        let Answer { status, body } = self.job(path, body);
        assert_eq!(body["status"], "failed", "{body}");
        let text = |name: &str| body["error"][name].as_str().unwrap().to_owned();
        (status, text("label"), text("message"))
    }

    fn rpc(&self, method: &str, params: Value) -> Result<Value, String> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.post("/", &request).body;
        match answer["error"]["message"].as_str() {
            Some(message) => Err(message.to_owned()),
            None => Ok(answer["result"].clone()),
        }
    }

    fn call(&self, method: &str, params: Value) -> Value {
        self.rpc(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn account(&self, index: usize) -> Address {
        let accounts = self.call("eth_accounts", json!([]));
        serde_json::from_value(accounts[index].clone()).unwrap()
    }

    fn send(&self, from: Address, to: Option<Address>, data: impl Into<Bytes>) -> Value {
        let request = json!({ "from": from, "to": to, "data": data.into(), "gas": "0x4c4b40" });
        let hash = self.call("eth_sendTransaction", json!([request]));
        self.call("eth_getTransactionReceipt", json!([hash]))
    }

    fn execute(&self, from: Address, to: Address, call: &impl SolCall) {
        let receipt = self.send(from, Some(to), call.abi_encode());
        assert_eq!(receipt["status"], "0x1", "{receipt}");
    }

    /// The error of a call that fails.
    fn refusal(&self, from: Address, to: Address, call: &impl SolCall) -> String {
        let data = Bytes::from(call.abi_encode());
        let request = json!({ "from": from, "to": to, "data": data });
        self.rpc("eth_call", json!([request, "latest"])).expect_err("it fails")
    }

    fn read<C: SolCall>(&self, to: Address, call: &C) -> C::Return {
        let data = Bytes::from(call.abi_encode());
        let answer = self.call("eth_call", json!([{ "to": to, "data": data }, "latest"]));
        let bytes: Bytes = serde_json::from_value(answer).unwrap();
        C::abi_decode_returns(&bytes).unwrap()
    }

    fn deploy_lounge(&self) -> Address {
        let text = include_str!("../../../solidity/artifacts/Lounge.json");
        let receipt = self.send(self.account(0), None, Artifact::parse(text).unwrap().bytecode);
        serde_json::from_value(receipt["contractAddress"].clone()).unwrap()
    }

    /// A client with the keys that the devnet serves.
    fn client(&self) -> InputClient {
        let response = self.get("/v2/keyurl").body["response"].clone();
        let url = |entry: &Value| entry["urls"][0].as_str().unwrap().to_owned();
        let key = self.bytes(&url(&response["fheKeyInfo"][0]["fhePublicKey"]));
        let crs = self.bytes(&url(&response["crs"]["2048"]));
        InputClient::read(&key, &crs).unwrap()
    }

    /// Ciphertexts in the store.
    fn stored(&self) -> u64 {
        self.call("cipher_status", json!([]))["store"]["ciphertexts"].as_u64().unwrap()
    }

    fn decrypted(&self, handle: B256) -> String {
        let clear = self.call("cipher_decrypt", json!([handle]));
        clear["value"].to_string().trim_matches('"').to_owned()
    }

    /// A guest's answers, encrypted and accepted: the handles, and the proof for the contract.
    fn answers(&self, lounge: Address, guest: Address) -> (Vec<B256>, Bytes) {
        let list = encrypt(&self.client(), lounge, guest, &values(guest));
        let result = self.result("/v2/input-proof", &submission(lounge, guest, &list));
        assert_eq!(result["accepted"], true, "{result}");
        proof(&result)
    }

    /// A lounge with a guest who knocked.
    fn knocked(&self) -> (Address, Address) {
        let (lounge, guest) = (self.deploy_lounge(), self.account(1));
        let (handles, proof) = self.answers(lounge, guest);
        self.execute(guest, lounge, &knock_call(&handles, proof));
        (lounge, guest)
    }
}

/// Not a member, 42 years old, with 120 to spend, vouched for by somebody else.
fn values(guest: Address) -> Vec<(FheType, U256)> {
    let voucher = U256::from_be_slice(&guest[..]) + U256::ONE;
    vec![
        (FheType::Bool, U256::ZERO),
        (FheType::Uint8, U256::from(42)),
        (FheType::Uint64, U256::from(120)),
        (FheType::Uint160, voucher),
    ]
}

fn encrypt(
    client: &InputClient,
    contract: Address,
    user: Address,
    values: &[(FheType, U256)],
) -> Vec<u8> {
    let metadata = auxiliary_data(contract, user, HostAddresses::LOCAL.acl, CHAIN);
    client.encrypt(values, &metadata, ComputeLoad::Verify).unwrap()
}

fn submission(contract: Address, user: Address, list: &[u8]) -> Value {
    json!({
        "contractChainId": "0x7a69",
        "contractAddress": contract,
        "userAddress": user,
        "ciphertextWithInputVerification": hex::encode(list),
        "extraData": "0x00",
    })
}

/// What a contract takes: the handles, and the proof that a client makes of the answer.
fn proof(result: &Value) -> (Vec<B256>, Bytes) {
    let handles: Vec<B256> = serde_json::from_value(result["handles"].clone()).unwrap();
    let signatures: Vec<Bytes> = serde_json::from_value(result["signatures"].clone()).unwrap();
    let proof = ciphervm_precompiles::InputProof {
        handles: handles.iter().copied().map(Handle).collect(),
        signatures: signatures.iter().map(|bytes| bytes[..].try_into().unwrap()).collect(),
        extra_data: Bytes::from_static(&[0]),
    };
    (handles, proof.encode())
}

fn knock_call(handles: &[B256], proof: Bytes) -> knockCall {
    let &[member, age, credit, voucher] = handles else { panic!("four handles") };
    knockCall { member, age, credit, voucher, proof }
}
