//! The Solidity library, the contracts, and their committed artifacts.

use std::{path::Path, process::Command};

use anyhow::Result;

use crate::{cargo, process};

/// Has the tests fail without the published host contracts, which `npm ci` installs and without
/// which the comparison with them is skipped.
pub(crate) fn require(tests: &mut Command) -> &mut Command {
    tests.env("CIPHERVM_DIFFERENTIAL", "required")
}

/// Renders the library, installs the locked npm packages and rebuilds the artifacts; or checks all
/// of it.
///
/// # Errors
/// If npm fails, or a committed file is not what its source gives.
pub(crate) fn build(root: &Path, check: bool) -> Result<()> {
    let folder = root.join("solidity");
    process::run(&mut cargo::library(root, !check))?;
    process::run(Command::new("npm").arg("ci").current_dir(&folder))?;
    let script = if check { "check" } else { "build" };
    process::run(Command::new("npm").args(["run", script]).current_dir(&folder))
}
