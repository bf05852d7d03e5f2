//! What is built in from elsewhere: licences, bans and sources of dependencies, known faults of
//! theirs, and the list of them that goes with a release.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{cargo, process};

/// The list of the binary that is released.
const RELEASED: &str = "ciphervm_bin.cdx.json";

#[derive(Deserialize)]
struct Workspace {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
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
/// cargo-cyclonedx is a program of its own: `cargo install cargo-cyclonedx --locked`. It has the
/// features of the whole workspace, those that only tests turn on among them, so it lists some crates
/// more than the binary has, and none less.
///
/// # Errors
/// If it is not installed or fails.
pub(crate) fn bill_of_materials(root: &Path) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["cyclonedx", "--format", "json", "--describe", "binaries", "--no-build-deps"]);
    command.arg("--manifest-path").arg(root.join("node/Cargo.toml"));
    process::run(command.current_dir(root))?;
    // It writes a list for each binary of the workspace, into its package's folder.
    let metadata = process::read(&mut cargo::metadata(root))?;
    let Workspace { packages, target_directory } =
        serde_json::from_slice(&metadata).context("cargo's metadata cannot be read")?;
    let bill = target_directory.join("ciphervm.cdx.json");
    for Package { manifest_path } in packages {
        let folder = manifest_path.parent().context("a manifest lies in a folder")?;
        for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name == RELEASED {
                fs::rename(&path, &bill).with_context(|| bill.display().to_string())?;
            } else if name.ends_with("_bin.cdx.json") {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
    }
    ensure!(bill.exists(), "cargo-cyclonedx wrote no list for the ciphervm binary");
    println!("{}", bill.display());
    Ok(())
}
