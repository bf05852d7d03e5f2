//! The commands of development and CI, as `cargo xtask <command>`.

mod book;
mod cargo;
mod ci;
mod clients;
mod costs;
mod examples;
mod fuzz;
mod layers;
mod process;
mod solidity;
mod supply;

use std::{
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

/// The commands of development and CI.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run all tests: `cargo test --workspace`.
    ///
    /// With CIPHERVM_VECTORS naming a directory that holds `operators.json`, the reference
    /// semantics are held against those vectors, too. The first run generates the test keyset.
    Test,
    /// Compare every operation at every type with its reference, on real ciphertexts.
    ///
    /// Takes about an hour of one core. `test` covers Bool and 8 bits in full and a chosen core of
    /// the wider types.
    Matrix,
    /// Print what operations cost in bootstraps, beside what was aimed at.
    ///
    /// It comes from a simulation and takes seconds. Fails if a goal that must be reached is
    /// missed without a reason.
    PbsTable {
        /// Every operation at every type, as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check what the crates may depend on, and that only `kms` names the key that decrypts.
    Layers,
    /// Rebuild the artifacts of the contracts in `solidity/`, with the locked npm packages.
    Solidity {
        /// Build in memory and fail if a committed artifact is not what its source gives.
        #[arg(long)]
        check: bool,
    },
    /// Test the devnet with all clients and the page, after installing what is locked.
    ///
    /// `test` runs these tests, too, with the clients whose packages are installed.
    Clients,
    /// Run all applications of `examples/applications` and compare them with plaintext.
    ///
    /// Prints one table. Fails if a result differs.
    Examples {
        /// Passed on: `--evaluator tfhe` for real FHE, `-- --help` for the rest.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run a fuzz target by libFuzzer, guided by what its inputs reach.
    ///
    /// Until it fails, or until its arguments end it. `test` has a seeded smoke of every target.
    Fuzz {
        /// The target: a name in `fuzz/fuzz_targets`.
        target: String,
        /// Passed on: `-- -max_total_time=3600` for an hour.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check licences, bans and sources of dependencies by `deny.toml`, with cargo-deny.
    Deny,
    /// Look dependencies up among known faults, with cargo-deny, which fetches RustSec's database.
    Advisories,
    /// List what the binary is made of, as CycloneDX, with cargo-cyclonedx.
    ///
    /// A few crates more are in the list, for features that only tests turn on.
    Sbom,
    /// Build the binary that is released, and list what it is made of beside it, as `sbom` does.
    ///
    /// Both go to `target/release`. The build takes minutes.
    Release,
    /// Render the book to `target/book`, with mdBook.
    Book,
    /// Everything that a change must pass: format, lints, docs, layers, artifacts, tests.
    ///
    /// Stops at the first failure and names the command to run again.
    Ci,
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    match root().and_then(|root| run(&command, &root)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command, root: &Path) -> Result<()> {
    match command {
        Command::Test => process::run(&mut cargo::test(root)),
        Command::Matrix => process::run(&mut cargo::matrix(root)),
        Command::PbsTable { json } => costs::print(root, *json),
        Command::Layers => layers::check(root),
        Command::Solidity { check } => solidity::build(root, *check),
        Command::Clients => clients::test(root),
        Command::Examples { arguments } => examples::run(root, arguments),
        Command::Fuzz { target, arguments } => fuzz::run(root, target, arguments),
        Command::Deny => process::run(&mut supply::deny(root)),
        Command::Advisories => process::run(&mut supply::advisories(root)),
        Command::Sbom => supply::bill_of_materials(root),
        Command::Release => supply::release(root),
        Command::Book => process::run(&mut book::render(root)),
        Command::Ci => ci::run(root),
    }
}

/// The workspace's folder: the one above this package, as cargo names it at run time.
fn root() -> Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let root = Path::new(&package).parent().context("this package is inside of the workspace")?;
    Ok(root.to_owned())
}
