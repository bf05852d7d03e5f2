//! The devnet in the hands of the clients that people use: each deploys a confidential token,
//! mints, transfers, decrypts, and goes back to a snapshot.
//!
//! A client is a project of its own in a folder here. Its packages are never part of this
//! repository: `npm ci` in the folder installs them, `cargo xtask clients` does so for all. A test
//! whose client is not installed says that it was skipped, unless `CIPHERVM_CLIENTS` is
//! `required`.

mod devnet;

use std::{
    env,
    io::{self, Write as _},
    path::Path,
    process::Command,
};

use devnet::Devnet;

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

/// Runs a script of a client's `package.json` with a devnet of its own.
fn run(client: &str, script: &str, start: impl FnOnce() -> Devnet) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(client);
    if !is_installed(&folder) {
        let skipped = "skipped: run `npm ci` in node/tests/clients";
        // Past the test harness, which shows nothing of a test that passes.
        return writeln!(io::stderr(), "{skipped}/{client}").expect("stderr can be written to");
    }
    let devnet = start();
    let output = Command::new("npm")
        .args(["run", "--silent", script])
        .current_dir(folder)
        .env("DEVNET_URL", devnet.url())
        .output()
        .expect("npm can be started");
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{client} failed with {}\n{stdout}\n{stderr}", output.status);
}

/// # Panics
/// If it is not, and must be.
fn is_installed(folder: &Path) -> bool {
    let packages = folder.join("node_modules");
    let required = env::var_os("CIPHERVM_CLIENTS").is_some_and(|value| value == "required");
    assert!(!required || packages.is_dir(), "run `npm ci` in {}", folder.display());
    packages.is_dir()
}
