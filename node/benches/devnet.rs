//! Figures of the devnet as a process: `cargo bench --workspace --bench devnet`.
//!
//! Real FHE runs under the test keyset, which is generated at the first run.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolCall, SolConstructor, sol};
use anyhow::{Context, Result, bail};
use ciphervm_fhe::parameters;
use ciphervm_kms::{cache_dir, test_keys};
use ciphervm_node::artifact::Artifact;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

sol! {
    interface Token {
        constructor(address owner, string name, string symbol, string uri);
        function mint(address to, bytes32 amount, bytes inputProof) external returns (bytes32);
        function confidentialTransfer(address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
    }
}

/// How long a devnet idles before its memory is read.
const IDLE: Duration = Duration::from_secs(3);
/// Starts that are measured, and estimates.
const STARTS: usize = 5;
const ESTIMATES: usize = 200;

/// A devnet in a process of its own, which ends with this.
struct Devnet {
    process: Child,
    /// Open as long as the process may write to it.
    _output: BufReader<ChildStdout>,
    url: String,
}

impl Devnet {
    fn start(evaluator: &[String]) -> Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ciphervm"))
            .args(["devnet", "--quiet", "--port", "0"])
            .args(evaluator)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(process.stdout.take().context("stdout is a pipe")?);
        let address = (&mut output)
            .lines()
            .find_map(|line| Some(line.ok()?.strip_prefix("Listening on ")?.to_owned()))
            .context("the devnet did not start")?;
        Ok(Self { process, _output: output, url: format!("http://{address}") })
    }

    fn call<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T> {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer: Value = ureq::post(&self.url).send_json(request)?.body_mut().read_json()?;
        if let Some(message) = answer["error"]["message"].as_str() {
            bail!("{method}: {message}");
        }
        Ok(serde_json::from_value(answer["result"].take())?)
    }

    /// Sends a transaction, which has to succeed, and returns its receipt.
    fn send(&self, from: Address, to: Option<Address>, data: Vec<u8>) -> Result<Value> {
        let request =
            json!({ "from": from, "to": to, "data": Bytes::from(data), "gas": "0x4c4b40" });
        let hash: B256 = self.call("eth_sendTransaction", json!([request]))?;
        let receipt: Value = self.call("eth_getTransactionReceipt", json!([hash]))?;
        if receipt["status"] != "0x1" {
            bail!("the transaction failed: {receipt}");
        }
        Ok(receipt)
    }

    /// Memory of the process in MiB, where the system tells.
    fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? >> 10)
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A token on a devnet, of which the first account has some.
struct Bench {
    devnet: Devnet,
    accounts: Vec<Address>,
    token: Address,
}

impl Bench {
    fn new(evaluator: &[String]) -> Result<Self> {
        let devnet = Devnet::start(evaluator)?;
        let accounts: Vec<Address> = devnet.call("eth_accounts", json!([]))?;
        let constructor = Token::constructorCall {
            owner: accounts[0],
            name: "Figures".to_owned(),
            symbol: "FIG".to_owned(),
            uri: String::new(),
        };
        let code = Artifact::confidential_token()?.bytecode;
        let code = [&code[..], &constructor.abi_encode()].concat();
        let receipt = devnet.send(accounts[0], None, code)?;
        let token = serde_json::from_value(receipt["contractAddress"].clone())?;
        let bench = Self { devnet, accounts, token };
        let (amount, proof) = bench.encrypt(1_000_000)?;
        let mint = Token::mintCall { to: bench.accounts[0], amount, inputProof: proof };
        bench.devnet.send(bench.accounts[0], Some(token), mint.abi_encode())?;
        bench.settle()?;
        Ok(bench)
    }

    fn encrypt(&self, amount: u64) -> Result<(B256, Bytes)> {
        let params = json!([amount.to_string(), "euint64", self.token, self.accounts[0]]);
        let input: Value = self.devnet.call("cipher_encrypt", params)?;
        let handle = serde_json::from_value(input["handles"][0].clone())?;
        Ok((handle, serde_json::from_value(input["inputProof"].clone())?))
    }

    /// The call that transfers something to account `to`.
    fn transfer(&self, to: usize) -> Result<Vec<u8>> {
        let (amount, proof) = self.encrypt(1)?;
        let to = self.accounts[to];
        Ok(Token::confidentialTransferCall { to, amount, inputProof: proof }.abi_encode())
    }

    /// Waits until all is computed. Bootstraps since the start.
    fn settle(&self) -> Result<u64> {
        let status: Value = self.devnet.call("cipher_settle", json!([3_600]))?;
        status["bootstraps"].as_u64().context("the status counts bootstraps")
    }

    /// Latency of `eth_estimateGas` for a transfer: the median and the 95th percentile.
    fn estimates(&self) -> Result<[Duration; 2]> {
        let data = Bytes::from(self.transfer(1)?);
        let request = json!([{ "from": self.accounts[0], "to": self.token, "data": data }]);
        let before = self.settle()?;
        let mut times = Vec::new();
        for _ in 0..ESTIMATES {
            let start = Instant::now();
            let _: Value = self.devnet.call("eth_estimateGas", request.clone())?;
            times.push(start.elapsed());
        }
        if self.settle()? != before {
            bail!("an estimate made homomorphic work");
        }
        times.sort_unstable();
        Ok([times[ESTIMATES / 2], times[ESTIMATES * 95 / 100]])
    }

    /// Prints how long transfers take, to accounts that have some already but for the first few.
    fn transfers(&self, name: &str, count: usize) -> Result<()> {
        let calls: Vec<_> =
            (0..count).map(|index| self.transfer(1 + index % 5)).collect::<Result<_>>()?;
        let before = self.settle()?;
        let start = Instant::now();
        for call in calls {
            self.devnet.send(self.accounts[0], Some(self.token), call)?;
        }
        let sealed = start.elapsed();
        let bootstraps = self.settle()? - before;
        let settled = start.elapsed();
        let rate = |time: Duration| count as f64 / time.as_secs_f64();
        println!(
            "{name}, {count} transfers, each in a block: sealed in {sealed:.2?} ({:.1}/s), \
             computed in {settled:.2?} ({:.2}/s), {} bootstraps each",
            rate(sealed),
            rate(settled),
            bootstraps / count as u64
        );
        Ok(())
    }
}

fn main() -> Result<()> {
    test_keys();
    let name = format!("{}-{}", parameters::TFHE_VERSION, parameters::NAME);
    let keys = cache_dir()?.join("test-keys").join(name);
    let keys = keys.to_str().context("the cache has a name in UTF-8")?;
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let reference = words(&["--evaluator", "reference"]);
    let tfhe = words(&["--keys", keys]);

    for (name, evaluator) in [("reference", &reference), ("tfhe", &tfhe)] {
        let mut starts = Vec::new();
        let mut memory = None;
        for index in 0..STARTS {
            let start = Instant::now();
            let devnet = Devnet::start(evaluator)?;
            starts.push(start.elapsed());
            if index + 1 == STARTS {
                thread::sleep(IDLE);
                memory = devnet.memory();
            }
        }
        starts.sort_unstable();
        println!("{name}: starts in {:.2?}, keys cached", starts[STARTS / 2]);
        if let Some(mebibytes) = memory {
            println!("{name}: {mebibytes} MiB of memory when idle");
        }
    }
    let bench = Bench::new(&reference)?;
    let [median, slow] = bench.estimates()?;
    println!("eth_estimateGas of a transfer: {median:.2?}, and 95 of 100 within {slow:.2?}");
    bench.transfers("reference", 100)?;
    drop(bench);
    let bench = Bench::new(&tfhe)?;
    let [median, slow] = bench.estimates()?;
    println!("eth_estimateGas on tfhe: {median:.2?}, and 95 of 100 within {slow:.2?}");
    bench.transfers("tfhe", 10)
}
