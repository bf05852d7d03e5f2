//! What is built in from elsewhere: licences, bans and sources of dependencies, known faults of
//! theirs, and a release with the list of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{cargo, process};

/// The binary that is released.
const BINARY: &str = "ciphervm";
/// What it is made of, as cargo-cyclonedx names the list.
const RELEASED: &str = "ciphervm_bin.cdx.json";
/// The same, as we do.
const BILL: &str = "ciphervm.cdx.json";

#[derive(Deserialize)]
struct Workspace {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
}

impl Workspace {
    fn read(root: &Path) -> Result<Self> {
        let metadata = process::read(&mut cargo::metadata(root))?;
        serde_json::from_slice(&metadata).context("cargo's metadata cannot be read")
    }
}

/// Checks licences, bans and sources by `deny.toml`. cargo-deny is a program of its own:
/// `cargo install cargo-deny --locked`.
pub(crate) fn deny(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.args(["deny", "--workspace", "check", "licenses", "bans", "sources"]);
    command.current_dir(root);
    command
}

/// Whether cargo-deny is installed.
pub(crate) fn can_deny() -> bool {
    let version = Command::new("cargo").args(["deny", "--version"]).output();
    version.is_ok_and(|output| output.status.success())
}

/// Looks dependencies up among known faults.
pub(crate) fn advisories(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.args(["deny", "--workspace", "check", "advisories"]).current_dir(root);
    command
}

/// Writes what the `ciphervm` binary is made of, as CycloneDX, to `target/ciphervm.cdx.json`.
///
/// # Errors
/// As [`list`].
pub(crate) fn bill_of_materials(root: &Path) -> Result<()> {
    let workspace = Workspace::read(root)?;
    let bill = workspace.target_directory.join(BILL);
    list(root, &workspace, &bill)?;
    println!("{}", bill.display());
    Ok(())
}

/// Builds the `ciphervm` binary that is released, and writes what it is made of beside it.
///
/// # Errors
/// As [`list`], or if it does not build.
pub(crate) fn release(root: &Path) -> Result<()> {
    let workspace = Workspace::read(root)?;
    let folder = workspace.target_directory.join("release");
    let bill = folder.join(BILL);
    process::run(&mut build(root))?;
    list(root, &workspace, &bill)?;
    println!("{}", folder.join(BINARY).display());
    println!("{}", bill.display());
    Ok(())
}

/// Builds it, with the features that `cargo run --release` gives it, of what `Cargo.lock` says.
fn build(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.args(["build", "--locked", "--release", "--bin", BINARY]).current_dir(root);
    command
}

/// Writes what the `ciphervm` binary is made of to `bill`. cargo-cyclonedx is a program of its own:
/// `cargo install cargo-cyclonedx --locked`. It has the features of the whole workspace, those that
/// only tests turn on among them, so it lists some crates more than the binary has, and none less.
///
/// # Errors
/// If it is not installed or fails.
fn list(root: &Path, workspace: &Workspace, bill: &Path) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["cyclonedx", "--format", "json", "--describe", "binaries", "--no-build-deps"]);
    command.arg("--manifest-path").arg(root.join("node/Cargo.toml"));
    process::run(command.current_dir(root))?;
    // It writes a list for each binary of the workspace, into its package's folder.
    let mut found = false;
    for Package { manifest_path } in &workspace.packages {
        let folder = manifest_path.parent().context("a manifest lies in a folder")?;
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name == RELEASED {
                fs::rename(&path, bill).with_context(|| bill.display().to_string())?;
                found = true;
            } else if name.ends_with("_bin.cdx.json") {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
    }
    ensure!(found, "cargo-cyclonedx wrote no list for the ciphervm binary");
    Ok(())
}
