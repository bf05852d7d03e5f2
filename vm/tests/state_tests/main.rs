//! Ethereum's state tests: the machine with the host contracts is the machine without them.
//!
//! Every case runs on a plain Ethereum EVM and on ours, which have to agree with each other and
//! with the roots in the file. `vectors/` has a few cases of our own; what they test stands in
//! their `_info`. `CIPHERVM_STATE_TESTS` names a folder with more, such as a copy of
//! `Cancun/GeneralStateTests` of <https://github.com/ethereum/legacytests>.
//!
//! Roots of our own cases are what the plain EVM makes of them: with `CIPHERVM_STATE_TESTS_BLESS`
//! set, they are written into the files.

mod fixture;
mod roots;

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, atomic},
    thread,
    time::Instant,
};

use alloy_evm::{Evm, EvmEnv, EvmFactory, eth::EthEvmFactory};
use alloy_primitives::{Address, B256, Bytes};
use ciphervm::CipherEvmFactory;
use ciphervm_precompiles::HostConfig;
use revm::{
    context::{
        BlockEnv, TxEnv,
        result::{ExecutionResult, HaltReason},
    },
    database::State,
    primitives::hardfork::SpecId,
};
use serde_json::Value;

use crate::fixture::{Expected, Unit};

/// Public tests that are left out, for each of them takes minutes: 2³² rounds of Blake2, and loops
/// that burn hundreds of millions of gas.
const SLOW: [&str; 5] = [
    "CALLBlake2f_MaxRounds",
    "loopMul",
    "static_Call50000_sha256",
    "Call50000_sha256",
    "static_LoopCallsDepthThenRevert3",
];

/// Public tests of creation at an address that has storage and nothing else (EIP-7610). No chain
/// has such an account, and revm does not look for one. Both machines have to agree on these, too,
/// but not with the file.
const IMPOSSIBLE: [&str; 10] = [
    "InitCollision",
    "InitCollisionParis",
    "RevertInCreateInInit",
    "RevertInCreateInInit_Paris",
    "RevertInCreateInInitCreate2",
    "RevertInCreateInInitCreate2Paris",
    "create2collisionStorage",
    "create2collisionStorageParis",
    "dynamicAccountOverwriteEmpty",
    "dynamicAccountOverwriteEmpty_Paris",
];

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    state_root: B256,
    logs_root: B256,
    /// Nothing if the transaction is not valid.
    execution: Option<Execution>,
}

/// How a valid transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Execution {
    gas_used: u64,
    refunded: u64,
    /// Reason of success or failure.
    end: String,
    output: Bytes,
}

/// Counts of cases, and names of those that are not as they should be.
#[derive(Debug, Default)]
struct Tally {
    cases: usize,
    /// Cases that end as the file says, on each machine.
    plain: usize,
    ours: usize,
    /// Cases in which the two machines differ.
    different: Vec<String>,
    /// Cases that do not end as the file says.
    unexpected: Vec<String>,
    /// Files that are no state tests.
    unreadable: Vec<String>,
}

#[test]
fn host_contracts_change_nothing_for_ethereum_transactions() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/state_tests/vectors");
    if env::var_os("CIPHERVM_STATE_TESTS_BLESS").is_some() {
        files(&vectors).iter().for_each(|path| bless(path));
    }
    let tally = run_all(&vectors);
    assert!(tally.cases > 50, "the vectors are there");
    assert_eq!(tally.unreadable, [""; 0]);
    assert_eq!(tally.unexpected, [""; 0]);
    assert_eq!(tally.different, [""; 0]);
}

#[test]
fn public_state_tests_end_alike_on_both_machines() {
    let Some(folder) = env::var_os("CIPHERVM_STATE_TESTS") else {
        let skipped = "skipped: CIPHERVM_STATE_TESTS names no folder of state tests";
        // Past the test harness, which shows nothing of a test that passes.
        return writeln!(io::stderr(), "{skipped}").expect("stderr can be written to");
    };
    let tally = run_all(Path::new(&folder));
    assert!(tally.cases > 0, "there are no state tests in {}", folder.display());
    assert_eq!(tally.different, [""; 0]);
    assert_eq!(tally.unexpected, [""; 0]);
}

/// The one thing that a transaction can see without calling a host contract, and the proof that
/// this comparison sees differences: precompiles are warm from the start (EIP-2929), so that
/// looking at a host contract's address costs 100 gas instead of 2,600.
#[test]
fn host_addresses_are_warm_as_precompiles_are() {
    const ADDRESSES: u64 = 9;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/state_tests/host_lookups.json");
    let text = fs::read_to_string(path).expect("the vector is there");
    let units = fixture::read(&text).expect("the vector is a state test");
    let unit = units.values().next().expect("the file has a test");
    let [plain, ours] = run(unit, &unit.post["Prague"][0], SpecId::PRAGUE)
        .map(|outcome| outcome.execution.expect("the transaction is valid"));
    assert_eq!(plain.gas_used - ours.gas_used, ADDRESSES * (2_600 - 100));
    assert_eq!((plain.end, plain.output), (ours.end, ours.output));
}

/// Runs every case of every file in a folder, and prints the counts.
fn run_all(folder: &Path) -> Tally {
    let (files, next, tally) = (files(folder), atomic::AtomicUsize::new(0), Mutex::default());
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, atomic::Ordering::Relaxed)) {
                    run_file(path, &tally);
                }
            });
        }
    });
    let tally: Tally = tally.into_inner().expect("no thread panicked");
    let Tally { cases, plain, ours, .. } = tally;
    println!("{}: {} files, {cases} cases, {:.1?}", folder.display(), files.len(), start.elapsed());
    println!("plain EVM: {plain} as expected; with the host contracts: {ours} as expected");
    println!("{} cases differ between the two", tally.different.len());
    for name in tally.unreadable.iter().chain(&tally.unexpected).take(50) {
        println!("  {name}");
    }
    tally
}

fn run_file(path: &Path, tally: &Mutex<Tally>) {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    if SLOW.contains(&&*name) {
        return println!("left out: {name}");
    }
    let impossible = IMPOSSIBLE.contains(&&*name);
    let start = Instant::now();
    let text = fs::read_to_string(path).expect("a file can be read");
    let units = match fixture::read(&text) {
        Ok(units) => units,
        Err(error) => {
            let mut tally = tally.lock().expect("no thread panicked");
            return tally.unreadable.push(format!("{name}: {error}"));
        }
    };
    for unit in units.values() {
        for (fork, cases) in &unit.post {
            let Some(spec) = fixture::spec(fork) else { continue };
            for case in cases {
                let [plain, ours] = run(unit, case, spec);
                let name = format!("{name} {fork} {:?}", case.indexes);
                let mut tally = tally.lock().expect("no thread panicked");
                tally.cases += 1;
                let [as_expected, ours_as_expected] = [&plain, &ours].map(|o| matches(case, o));
                tally.plain += usize::from(as_expected);
                tally.ours += usize::from(ours_as_expected);
                if plain != ours {
                    tally.different.push(format!("{name}: {plain:?} and {ours:?}"));
                }
                if !as_expected && !impossible {
                    tally.unexpected.push(format!("{name}: {plain:?}"));
                }
            }
        }
    }
    if start.elapsed().as_secs() > 20 {
        println!("slow: {name}, {:.0?}", start.elapsed());
    }
}

/// A transaction that must not be valid leaves no roots to compare.
fn matches(expected: &Expected, outcome: &Outcome) -> bool {
    match (&expected.expect_exception, &outcome.execution) {
        (Some(_), None) => true,
        (None, Some(_)) => {
            (expected.hash, expected.logs) == (outcome.state_root, outcome.logs_root)
        }
        _ => false,
    }
}

/// A case on the plain EVM, and on ours.
fn run(unit: &Unit, case: &Expected, spec: SpecId) -> [Outcome; 2] {
    let host = CipherEvmFactory::new(HostConfig::default());
    [execute(&EthEvmFactory::default(), unit, case, spec), execute(&host, unit, case, spec)]
}

fn execute<F>(factory: &F, unit: &Unit, case: &Expected, spec: SpecId) -> Outcome
where
    F: EvmFactory<Tx = TxEnv, Spec = SpecId, BlockEnv = BlockEnv, HaltReason = HaltReason>,
{
    let mut state =
        State::builder().with_cached_prestate(unit.state()).with_bundle_update().build();
    let cfg_env = unit.cfg(spec);
    let block_env = unit.block(&cfg_env);
    let result = unit.tx(case).and_then(|tx| {
        factory.create_evm(&mut state, EvmEnv { cfg_env, block_env }).transact_commit(tx).ok()
    });
    let execution = result.as_ref().map(|result| Execution {
        gas_used: result.tx_gas_used(),
        refunded: result.gas().final_refunded(),
        end: match result {
            ExecutionResult::Success { reason, .. } => format!("{reason:?}"),
            ExecutionResult::Revert { .. } => "Revert".into(),
            ExecutionResult::Halt { reason, .. } => format!("{reason:?}"),
        },
        output: result.output().cloned().unwrap_or_default(),
    });
    // What a failed transaction logged is gone.
    let logs = result.filter(ExecutionResult::is_success).map(ExecutionResult::into_logs);
    Outcome {
        state_root: roots::state(&state.cache),
        logs_root: roots::logs(&logs.unwrap_or_default()),
        execution,
    }
}

/// The JSON files below a folder, by name.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Writes the roots of the plain EVM into a file.
fn bless(path: &Path) {
    let text = fs::read_to_string(path).expect("a file can be read");
    let units = fixture::read(&text).expect("our vectors are state tests");
    let mut json: Value = serde_json::from_str(&text).expect("our vectors are JSON");
    for (name, unit) in &units {
        for (fork, cases) in &unit.post {
            for (index, case) in cases.iter().enumerate() {
                let spec = fixture::spec(fork).expect("our vectors are for known forks");
                let [plain, _] = run(unit, case, spec);
                let entry = &mut json[name]["post"][fork][index];
                entry["hash"] = plain.state_root.to_string().into();
                entry["logs"] = plain.logs_root.to_string().into();
            }
        }
    }
    let text = serde_json::to_string_pretty(&json).expect("JSON can be written");
    fs::write(path, text + "\n").expect("a vector can be written");
}

/// The address of a secret key.
fn address_of(key: &B256) -> Option<Address> {
    let key = k256::ecdsa::SigningKey::from_slice(&key[..]).ok()?;
    Some(Address::from_public_key(key.verifying_key()))
}
