//! `ciphervm demo`: a confidential token from deployment to decrypted balances.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use alloy_primitives::{Address, B256, U256, address};
use alloy_sol_types::{SolCall, SolConstructor, sol};
use anyhow::{Context, Result, bail};
use ciphervm::{Call, Settled};
use ciphervm_fhe::{FheType, Handle};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use indicatif::HumanBytes;

use crate::{
    artifact::Artifact,
    keys::{self, CircuitKind},
    machine::{EvaluatorKind, Machine},
};

/// Deploy a confidential token, mint, transfer, decrypt, and compare with plain integers.
///
/// The token is OpenZeppelin's ERC-7984 on Zama's Solidity library, both unmodified. Everything
/// runs in this process; nothing listens on the network.
#[derive(Args, Debug)]
pub struct Options {
    /// What operations are computed on.
    #[arg(long, value_enum, default_value_t = EvaluatorKind::Tfhe)]
    pub evaluator: EvaluatorKind,
    /// Directory of the keyset; generated there if it holds none [default: in the user's cache].
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// What circuits are made for.
    #[arg(long, value_enum, default_value_t = CircuitKind::Throughput)]
    pub profile: CircuitKind,
    /// Threads that evaluate [default: one per core].
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// In the end, compute all ciphertexts once more, and compare every block's Merkle root.
    #[arg(long)]
    pub verify: bool,
}

sol! {
    interface Token {
        constructor(address owner, string name, string symbol, string uri);
        function mint(address to, bytes32 amount, bytes inputProof) external returns (bytes32);
        function confidentialTransfer(address to, bytes32 amount, bytes inputProof)
            external returns (bytes32);
        function confidentialBalanceOf(address account) external view returns (bytes32);
    }
}

const OWNER: Address = address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
const ALICE: Address = address!("0x70997970C51812dc3A010C7d01b50e0d17dc79C8");
const BOB: Address = address!("0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC");
const CAROL: Address = address!("0x90F79bf6EB2c4f870365E785982E1f101E93b906");

/// One confidential step.
#[derive(Clone, Copy, Debug)]
enum Step {
    Mint { to: Address, amount: u64 },
    Transfer { from: Address, to: Address, amount: u64 },
}

const STEPS: [Step; 5] = [
    Step::Mint { to: ALICE, amount: 1_000 },
    Step::Transfer { from: ALICE, to: BOB, amount: 250 },
    // More than the balance: moves nothing, and nobody can tell.
    Step::Transfer { from: BOB, to: CAROL, amount: 10_000 },
    Step::Transfer { from: BOB, to: CAROL, amount: 100 },
    Step::Transfer { from: CAROL, to: ALICE, amount: 1 },
];

impl Step {
    fn describe(&self) -> String {
        match self {
            Self::Mint { to, amount } => format!("mint {amount} to {}", name(*to)),
            Self::Transfer { from, to, amount } => {
                format!("transfer {amount} {} → {}", name(*from), name(*to))
            }
        }
    }

    /// The same step on plain integers: an ERC-20 that moves nothing instead of reverting.
    fn apply(&self, balances: &mut BTreeMap<Address, u64>) {
        match *self {
            Self::Mint { to, amount } => *balances.entry(to).or_default() += amount,
            Self::Transfer { from, to, amount } => {
                let available = balances.entry(from).or_default();
                if *available >= amount {
                    *available -= amount;
                    *balances.entry(to).or_default() += amount;
                }
            }
        }
    }
}

fn name(account: Address) -> &'static str {
    match account {
        ALICE => "Alice",
        BOB => "Bob",
        CAROL => "Carol",
        _ => "the owner",
    }
}

/// What one step took.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What was done.
    pub step: String,
    /// Gas used.
    pub gas: u64,
    /// Seconds from execution to stored ciphertexts.
    pub seconds: f64,
    /// What settlement did.
    pub settled: Settled,
}

/// A balance after all steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Whose.
    pub account: Address,
    /// Its handle.
    pub handle: Handle,
    /// Digest of its ciphertext.
    pub digest: B256,
    /// What the KMS decrypts.
    pub decrypted: U256,
    /// What the same steps give on plain integers.
    pub expected: u64,
}

/// What the demonstration found.
#[derive(Clone, Debug)]
pub struct Report {
    /// One entry a step, the deployment first.
    pub steps: Vec<Measured>,
    /// One entry an account.
    pub balances: Vec<Balance>,
}

/// Runs the demonstration and prints its tables.
///
/// # Errors
/// If anything fails, or a decrypted balance is not what plain integers give.
pub fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let directory = tempfile::tempdir().context("no temporary directory for the store")?;
    let threads = options.threads.unwrap_or_else(Machine::default_threads);
    let mut machine = match options.evaluator {
        EvaluatorKind::Reference => {
            println!("Reference evaluator: plaintexts, nothing is secret");
            Machine::reference(directory.path())?
        }
        EvaluatorKind::Tfhe => {
            let path = options.keys.clone().map_or_else(keys::default_path, Ok)?;
            let loaded = keys::load(&path, options.profile.into())?;
            println!("{loaded}");
            println!("Real FHE on {threads} threads");
            Machine::tfhe(loaded.keyset, loaded.kms, threads, directory.path())?
        }
    };
    println!(
        "Chain {} in this process, host contracts at their canonical addresses\n",
        machine.chain().chain_id()
    );

    let report = play(&mut machine, |step| println!("  {step} …"))?;
    println!(
        "\n{}\n\n{}\n\n{}",
        steps_table(&report),
        balances_table(&report),
        digests_table(&report)
    );
    let size = machine.store().size()?;
    println!(
        "\nStore: {} ciphertexts, {}. Total time {:.1} s.",
        size.records,
        HumanBytes(size.bytes),
        start.elapsed().as_secs_f64()
    );
    check(&report)?;
    println!("All decrypted balances equal the plain ones.");
    if options.verify {
        let ciphertexts = machine.verify()?;
        println!("{ciphertexts} ciphertexts computed again: every block has the same Merkle root.");
    }
    Ok(())
}

/// Plays the steps on a machine. `announce` is told of each before it starts.
///
/// # Errors
/// If a step does not succeed, or a balance cannot be decrypted for its owner.
pub fn play(machine: &mut Machine, mut announce: impl FnMut(&str)) -> Result<Report> {
    let mut steps = Vec::new();
    let mut plain = BTreeMap::new();

    let constructor = Token::constructorCall {
        owner: OWNER,
        name: "Demo".to_owned(),
        symbol: "DEMO".to_owned(),
        uri: String::new(),
    };
    let mut code = Artifact::confidential_token()?.bytecode.to_vec();
    code.extend(constructor.abi_encode());
    let (deployed, token) =
        perform(machine, "deploy ERC7984", &mut announce, |_| Ok(Call::deploy(OWNER, code)))?;
    let token = token.context("the deployment made no contract")?;
    steps.push(deployed);

    for step in STEPS {
        let (measured, _) = perform(machine, &step.describe(), &mut announce, |machine| {
            let encrypt = |user, amount: u64| {
                let values = [(FheType::Uint64, U256::from(amount))];
                let input = machine.inputs().encrypt(token, user, &values)?;
                anyhow::Ok((input.handles[0].0, input.proof))
            };
            Ok(match step {
                Step::Mint { to, amount } => {
                    let (amount, proof) = encrypt(OWNER, amount)?;
                    let call = Token::mintCall { to, amount, inputProof: proof };
                    Call::new(OWNER, token, call.abi_encode())
                }
                Step::Transfer { from, to, amount } => {
                    let (amount, proof) = encrypt(from, amount)?;
                    let call = Token::confidentialTransferCall { to, amount, inputProof: proof };
                    Call::new(from, token, call.abi_encode())
                }
            })
        })?;
        steps.push(measured);
        step.apply(&mut plain);
    }

    let balances = [ALICE, BOB, CAROL]
        .into_iter()
        .map(|account| {
            let query = Token::confidentialBalanceOfCall { account };
            let handle = Handle(machine.read(account, token, &query)?);
            let record = machine.store().get(&handle)?.context("a balance has no ciphertext")?;
            Ok(Balance {
                account,
                handle,
                digest: record.digest,
                decrypted: machine.decrypt_for(account, handle)?,
                expected: plain.get(&account).copied().unwrap_or_default(),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Report { steps, balances })
}

/// Executes and settles one call, which `prepare` makes before the clock starts: encrypting its
/// input is the client's work.
fn perform(
    machine: &mut Machine,
    step: &str,
    announce: &mut impl FnMut(&str),
    prepare: impl FnOnce(&Machine) -> Result<Call>,
) -> Result<(Measured, Option<Address>)> {
    announce(step);
    let call = prepare(machine)?;
    let start = Instant::now();
    let (block, settled) = machine.execute(&[call]).with_context(|| step.to_owned())?;
    let seconds = start.elapsed().as_secs_f64();
    let [receipt] = &block.receipts[..] else { bail!("{step}: one call, several receipts") };
    if !receipt.is_success() {
        bail!("{step} failed: {:?}", receipt.outcome);
    }
    let gas = receipt.gas_used;
    Ok((Measured { step: step.to_owned(), gas, seconds, settled }, receipt.contract))
}

/// Compares the decrypted balances with the plain ones.
///
/// # Errors
/// If one differs.
pub fn check(report: &Report) -> Result<()> {
    for Balance { account, decrypted, expected, handle, .. } in &report.balances {
        if *decrypted != U256::from(*expected) {
            bail!(
                "{}'s balance {handle} decrypts to {decrypted}, plain integers give {expected}",
                name(*account)
            );
        }
    }
    Ok(())
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(header);
    table
}

fn steps_table(report: &Report) -> Table {
    let mut table = table(&["step", "gas", "HCU", "operations run", "PBS", "seconds"]);
    for Measured { step, gas, seconds, settled } in &report.steps {
        table.add_row([
            step.clone(),
            gas.to_string(),
            settled.hcu.to_string(),
            format!("{} of {}", settled.operations, settled.recorded),
            settled.bootstraps.to_string(),
            format!("{seconds:.2}"),
        ]);
    }
    table
}

fn balances_table(report: &Report) -> Table {
    let mut table = table(&["account", "decrypted", "on plain integers", "", "handle"]);
    for Balance { account, handle, decrypted, expected, .. } in &report.balances {
        let equal = *decrypted == U256::from(*expected);
        table.add_row([
            name(*account).to_owned(),
            decrypted.to_string(),
            expected.to_string(),
            if equal { "equal" } else { "DIFFERENT" }.to_owned(),
            handle.to_string(),
        ]);
    }
    table
}

fn digests_table(report: &Report) -> Table {
    let mut table = table(&["stored by", "handle", "digest of the ciphertext"]);
    for Measured { step, settled, .. } in &report.steps {
        for (handle, digest) in &settled.stored {
            table.add_row([step.clone(), handle.to_string(), format!("{digest:?}")]);
        }
    }
    table
}
