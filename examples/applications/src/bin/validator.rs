//! One validator of FheConsensus as a process of its own: encrypts a ballot, proves it, has the
//! network accept it, and votes. All it needs of a devnet is its address.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::SolCall;
use anyhow::{Context, Result, bail, ensure};
use applications::consensus::FheConsensus;
use ciphervm::{
    fhe::{ComputeLoad, FheType, Handle, InputClient},
    precompiles::{HostAddresses, InputProof, auxiliary_data},
};
use clap::Parser;
use serde_json::{Value, json};
use ureq::Agent;

/// Cast one vote.
#[derive(Debug, Parser)]
struct Options {
    /// The devnet.
    #[arg(long, default_value = "http://127.0.0.1:8545")]
    url: String,
    /// Which of the devnet's accounts to vote as.
    #[arg(long, value_name = "N")]
    account: usize,
    /// The contract.
    #[arg(long)]
    contract: Address,
    /// The round.
    #[arg(long)]
    round: U256,
    /// What the round's rule asks for.
    #[arg(long, value_delimiter = ',')]
    ballot: Vec<u8>,
}

/// How long the network may take to check a proof.
const PATIENCE: Duration = Duration::from_secs(300);
/// Bytes of a public key or a reference string, at most.
const LIMIT: u64 = 1 << 24;

fn main() -> Result<()> {
    let options = Options::parse();
    let agent = Agent::config_builder().http_status_as_error(false).build().into();
    let network = Network { url: options.url, agent };
    let accounts: Vec<Address> = network.call("eth_accounts", json!([]))?;
    let account = *accounts.get(options.account).context("the devnet has no such account")?;

    let (ballot, proof) = network.input(&options.ballot, options.contract, account)?;
    let call = FheConsensus::voteCall { id: options.round, ballot, proof };
    let data = Bytes::from(call.abi_encode());
    let request = json!({ "from": account, "to": options.contract, "data": data });
    let hash: B256 = network.call("eth_sendTransaction", json!([request]))?;
    let receipt: Value = network.call("eth_getTransactionReceipt", json!([hash]))?;
    ensure!(receipt["status"] == "0x1", "the vote failed: {receipt}");
    println!("{account} voted in transaction {hash}");
    Ok(())
}

struct Network {
    url: String,
    agent: Agent,
}

impl Network {
    /// Encrypts values for the contract, and has them accepted: the handles and the proof for it.
    fn input(
        &self,
        values: &[u8],
        contract: Address,
        account: Address,
    ) -> Result<(Vec<B256>, Bytes)> {
        let chain: U256 = self.call("eth_chainId", json!([]))?;
        let values: Vec<_> =
            values.iter().map(|value| (FheType::Uint8, U256::from(*value))).collect();
        let acl = HostAddresses::LOCAL.acl;
        let metadata = auxiliary_data(contract, account, acl, chain.try_into()?);
        let list = self.client()?.encrypt(&values, &metadata, ComputeLoad::Verify)?;
        let submission = json!({
            "contractChainId": chain,
            "contractAddress": contract,
            "userAddress": account,
            "ciphertextWithInputVerification": hex::encode(list),
            "extraData": "0x00",
        });
        let result = self.job("/v2/input-proof", &submission)?;
        let handles: Vec<B256> = serde_json::from_value(result["handles"].clone())?;
        let signatures: Vec<Bytes> = serde_json::from_value(result["signatures"].clone())?;
        let signatures = signatures
            .iter()
            .map(|signature| signature[..].try_into().context("a signature has 65 bytes"))
            .collect::<Result<_>>()?;
        let proof = InputProof {
            handles: handles.iter().copied().map(Handle).collect(),
            signatures,
            extra_data: Bytes::from_static(&[0]),
        };
        Ok((handles, proof.encode()))
    }

    /// What inputs are encrypted and proven with.
    fn client(&self) -> Result<InputClient> {
        let served = self.get("/v2/keyurl")?["response"].take();
        let key = self.download(&served["fheKeyInfo"][0]["fhePublicKey"]["urls"][0])?;
        let crs = self.download(&served["crs"]["2048"]["urls"][0])?;
        Ok(InputClient::read(&key, &crs)?)
    }

    fn download(&self, url: &Value) -> Result<Vec<u8>> {
        let url = url.as_str().context("the devnet serves no keys: it computes on plaintexts")?;
        let mut response = self.agent.get(url).call()?;
        Ok(response.body_mut().with_config().limit(LIMIT).read_to_vec()?)
    }

    fn get(&self, path: &str) -> Result<Value> {
        let mut response = self.agent.get(format!("{}{path}", self.url)).call()?;
        Ok(response.body_mut().read_json()?)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let mut response = self.agent.post(format!("{}{path}", self.url)).send_json(body)?;
        Ok(response.body_mut().read_json()?)
    }

    /// Posts a request and asks for its job until it is done.
    fn job(&self, path: &str, body: &Value) -> Result<Value> {
        let mut answer = self.post(path, body)?;
        let id = answer["result"]["jobId"].as_str().map(str::to_owned);
        let start = Instant::now();
        while let Some(id) = &id
            && answer["status"] == "queued"
        {
            ensure!(start.elapsed() < PATIENCE, "{path} takes longer than {PATIENCE:?}");
            sleep(Duration::from_millis(100));
            answer = self.get(&format!("{path}/{id}"))?;
        }
        ensure!(answer["status"] == "succeeded", "{path} failed: {answer}");
        Ok(answer["result"].take())
    }

    fn call<T: serde::de::DeserializeOwned>(&self, method: &str, params: Value) -> Result<T> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer = self.post("/", &request)?;
        if let Some(message) = answer["error"]["message"].as_str() {
            bail!("{method}: {message}");
        }
        Ok(serde_json::from_value(answer["result"].take())?)
    }
}
