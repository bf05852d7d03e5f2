//! The cargo commands, each in one place.

use std::{path::Path, process::Command};

/// The long test: the sweep over all operations and types, which otherwise returns at once.
const MATRIX: &str = "matrix::every_operation_equals_the_reference_at_every_type";

/// The example that prints what operations cost.
const PBS_TABLE: &str = "pbs-table";

/// The feature that the fuzz targets' binaries need.
const FUZZING: &str = "ciphervm-fuzz/libfuzzer";

pub(crate) fn format(root: &Path) -> Command {
    cargo(root, &["fmt", "--all", "--check"])
}

pub(crate) fn clippy(root: &Path) -> Command {
    cargo(root, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

pub(crate) fn doc(root: &Path) -> Command {
    let mut command = cargo(root, &["doc", "--no-deps", "--workspace"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

pub(crate) fn test(root: &Path) -> Command {
    cargo(root, &["test", "--workspace"])
}

/// The tests with real clients, built with the whole workspace's features as [`library`] is.
pub(crate) fn clients(root: &Path) -> Command {
    cargo(root, &["test", "--workspace", "--test", "clients"])
}

/// Builds the program that runs all applications. It comes with its tests, which have the whole
/// workspace's features as [`library`] has.
pub(crate) fn applications(root: &Path) -> Command {
    cargo(root, &["test", "--quiet", "--workspace", "--test", "examples", "--no-run"])
}

/// The test that holds the Solidity library to the table of operations, or writes it. It is built
/// with the whole workspace's features: those of one package would build tfhe once more.
pub(crate) fn library(root: &Path, update: bool) -> Command {
    let mut command = cargo(root, &["test", "--workspace", "--test", "generated"]);
    if update {
        command.env("UPDATE_SOLIDITY", "1");
    }
    command
}

/// Built with the whole workspace's features and profile, as [`library`] is.
pub(crate) fn matrix(root: &Path) -> Command {
    let mut command = cargo(root, &["test", "--workspace", "--test", "it"]);
    command.args(["--", "--nocapture", "--exact", MATRIX]).env("CIPHERVM_MATRIX", "full");
    command
}

/// Builds the program that prints what operations cost, as [`library`] is built: `cargo run` takes
/// the features of one package.
pub(crate) fn build_pbs_table(root: &Path) -> Command {
    cargo(root, &["build", "--workspace", "--example", PBS_TABLE])
}

/// That program, under the workspace's target directory. Its counts come from the simulation: no
/// bootstrap is run.
pub(crate) fn pbs_table(target: &Path, json: bool) -> Command {
    let mut command = Command::new(target.join("debug/examples").join(PBS_TABLE));
    if json {
        command.arg("--json");
    }
    command
}

/// Builds a fuzz target for libFuzzer: see `fuzz/instrument`. A test beside it brings in the
/// features that the tests' dependencies have, so that none of them is built anew.
pub(crate) fn build_fuzz_target(root: &Path, target: &str) -> Command {
    let mut command = cargo(root, &["build", "--workspace", "--features", FUZZING]);
    command.args(["--test", "smoke", "--bin", target]);
    command.env("RUSTC_WORKSPACE_WRAPPER", root.join("fuzz/instrument"));
    command
}

/// What the members of the workspace say about themselves, as JSON. Nothing is resolved or
/// downloaded.
pub(crate) fn metadata(root: &Path) -> Command {
    cargo(root, &["metadata", "--format-version", "1", "--no-deps"])
}

fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root);
    command
}
