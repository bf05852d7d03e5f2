//! What is built in from elsewhere: licences, bans and sources of dependencies, known faults of
//! theirs, and the list of them that goes with a release.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::process;

/// The package whose binary is released.
const RELEASED: &str = "node";
/// The list's name, without what cargo-cyclonedx adds to it.
const BILL: &str = "ciphervm";

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
/// cargo-cyclonedx is a program of its own: `cargo install cargo-cyclonedx --locked`.
///
/// # Errors
/// If it is not installed or fails.
pub(crate) fn bill_of_materials(root: &Path) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["cyclonedx", "--format", "json", "--describe", "binaries"]);
    command.args(["--manifest-path"]).arg(root.join(RELEASED).join("Cargo.toml"));
    process::run(command.current_dir(root))?;
    let written = root.join(RELEASED).join(format!("{BILL}_bin.cdx.json"));
    let bill = root.join("target").join(format!("{BILL}.cdx.json"));
    fs::rename(&written, &bill).with_context(|| written.display().to_string())?;
    println!("{}", bill.display());
    Ok(())
}
