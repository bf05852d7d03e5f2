//! The cargo commands, each in one place.

use std::{path::Path, process::Command};

/// The long test: the sweep over all operations and types, which otherwise returns at once.
const MATRIX: &str = "matrix::every_operation_equals_the_reference_at_every_type";

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

pub(crate) fn matrix(root: &Path) -> Command {
    let package = ["test", "--release", "-p", "ciphervm-fhe", "--test", "it"];
    let mut command = cargo(root, &package);
    command.args(["--", "--nocapture", MATRIX]).env("CIPHERVM_MATRIX", "full");
    command
}

/// What operations cost, from the simulation: no bootstrap is run, but tfhe is built.
pub(crate) fn pbs_table(root: &Path, json: bool) -> Command {
    let mut command =
        cargo(root, &["run", "--quiet", "-p", "ciphervm-fhe", "--example", "pbs-table"]);
    if json {
        command.args(["--", "--json"]);
    }
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
