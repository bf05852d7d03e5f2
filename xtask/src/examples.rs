//! The applications of `examples/applications`.

use std::{env, path::Path, process::Command};

use anyhow::{Context, Result};

use crate::{cargo, process};

/// Builds the applications and runs them with these arguments.
///
/// # Errors
/// If they cannot be built or run, or one differs from plaintext.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    process::run(&mut cargo::applications(root))?;
    // Beside this program: both are of the development profile.
    let this = env::current_exe().context("this program does not know where it is")?;
    let mut program = Command::new(this.with_file_name("applications"));
    process::run(program.args(arguments).current_dir(root))
}
