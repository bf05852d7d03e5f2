//! The devnet in the hands of the clients that people use: each deploys a confidential contract,
//! encrypts, computes and decrypts, and most go back to a snapshot.
//!
//! A client is a project of its own in a folder here; the page is in `examples`. Their packages are
//! never part of this repository: `npm ci` in the folder installs them, `cargo xtask clients` does
//! so for all, and builds the page. A test whose client is not installed says that it was skipped,
//! unless `CIPHERVM_CLIENTS` is `required`.

mod devnet;

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use devnet::{Devnet, own_address, test_keys_path};

#[test]
fn ethers_moves_encrypted_amounts() {
    run("ethers", "test", Devnet::on_plaintexts);
}

#[test]
fn ethers_computes_every_operation_on_real_ciphertexts() {
    run("ethers", "operations", Devnet::on_ciphertexts);
}

#[test]
fn viem_moves_encrypted_amounts() {
    run("viem", "test", Devnet::on_plaintexts);
}

#[test]
fn hardhat_moves_encrypted_amounts() {
    run("hardhat", "test", Devnet::on_plaintexts);
}

#[test]
fn foundry_moves_encrypted_amounts() {
    run("foundry", "test", Devnet::on_plaintexts);
}

#[test]
fn zamas_sdk_in_cleartext_mode_moves_encrypted_amounts() {
    run("cleartext", "test", Devnet::on_plaintexts);
}

/// The plugin compiles into its folder, where nobody else may be meanwhile. It takes port 8545 only.
static PLUGIN: Mutex<()> = Mutex::new(());

#[test]
fn the_fhevm_plugin_for_hardhat_encrypts_computes_and_decrypts() {
    let _alone = PLUGIN.lock().unwrap_or_else(PoisonError::into_inner);
    let host = own_address();
    let options = ["--host", &host, "--port", "8545", "--evaluator", "reference"];
    run("fhevm-hardhat", "test", || Devnet::start(&options));
}

#[test]
fn the_fhevm_plugin_for_hardhat_works_on_real_ciphertexts() {
    let _alone = PLUGIN.lock().unwrap_or_else(PoisonError::into_inner);
    let (host, keys) = (own_address(), test_keys_path());
    let keys = keys.to_str().expect("the cache has a name in UTF-8");
    let options = ["--host", &host, "--port", "8545", "--keys", keys];
    run("fhevm-hardhat", "real", || Devnet::start(&options));
}

#[test]
fn the_relayer_sdk_encrypts_computes_and_decrypts_on_real_ciphertexts() {
    run("relayer-sdk", "test", Devnet::on_ciphertexts);
}

#[test]
fn the_fhevm_sdk_makes_the_round_trip_with_ethers() {
    run("fhevm-sdk", "ethers", Devnet::on_ciphertexts);
}

#[test]
fn the_fhevm_sdk_makes_the_round_trip_with_viem() {
    run("fhevm-sdk", "viem", Devnet::on_ciphertexts);
}

/// The browser, if `CHROMIUM` names no other one.
const DEBIAN_CHROMIUM: &str = "/usr/bin/chromium";

#[test]
fn the_page_sends_and_votes_in_a_browser_on_real_ciphertexts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/page");
    let page = folder.join("dist");
    let browser = env::var_os("CHROMIUM").map_or_else(|| DEBIAN_CHROMIUM.into(), PathBuf::from);
    if are_there(&[&folder.join("node_modules"), &page, &browser]) {
        let keys = test_keys_path();
        let [keys, page] =
            [&keys, &page].map(|path| path.to_str().expect("it has a name in UTF-8"));
        run_in(&folder, "test", &Devnet::start(&["--keys", keys, "--ui", page]));
    }
}

/// Vectors of conformance as contracts, where nothing is ours: the plugin has a chain of its own.
#[test]
fn the_chain_of_the_fhevm_plugin_gives_what_the_vectors_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/hardhat");
    if are_there(&[&folder.join("node_modules")]) {
        let chosen = ["fheSub/euint8,", "fheRotl/euint64,", "fheIfThenElse/ebool,eaddress,"];
        let emitted = Command::new(env!("CARGO_BIN_EXE_ciphervm"))
            .args(["conformance", "--emit-solidity"])
            .arg(folder.join("sample"))
            .args(chosen.iter().flat_map(|part| ["--filter", part]))
            .output()
            .expect("the program can be started");
        assert!(emitted.status.success(), "{emitted:?}");
        npm(&folder, "test", ("CONTRACTS", "sample"));
    }
}

/// Runs a script of a client's `package.json` with a devnet of its own.
fn run(client: &str, script: &str, start: impl FnOnce() -> Devnet) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(client);
    if are_there(&[&folder.join("node_modules")]) {
        run_in(&folder, script, &start());
    }
}

fn run_in(folder: &Path, script: &str, devnet: &Devnet) {
    npm(folder, script, ("DEVNET_URL", &devnet.url()));
}

/// Runs a script of a `package.json`, told something by a variable.
fn npm(folder: &Path, script: &str, (variable, value): (&str, &str)) {
    let output = Command::new("npm")
        .args(["run", "--silent", script])
        .current_dir(folder)
        .env(variable, value)
        .output()
        .expect("npm can be started");
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let (name, status) = (folder.display(), output.status);
    assert!(status.success(), "{name} failed with {status}\n{stdout}\n{stderr}");
}

/// # Panics
/// If one is not, and must be.
fn are_there(paths: &[&Path]) -> bool {
    let Some(missing) = paths.iter().find(|path| !path.exists()) else { return true };
    let missing = format!(
        "there is no {}: `cargo xtask clients` sets up all but the browser",
        missing.display()
    );
    let required = env::var_os("CIPHERVM_CLIENTS").is_some_and(|value| value == "required");
    assert!(!required, "{missing}");
    // Past the test harness, which shows nothing of a test that passes.
    writeln!(io::stderr(), "skipped: {missing}").expect("stderr can be written to");
    false
}
