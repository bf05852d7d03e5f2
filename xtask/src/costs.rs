//! What operations cost in bootstraps.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{cargo, process};

/// Part of cargo's metadata.
#[derive(Deserialize)]
struct Workspace {
    target_directory: PathBuf,
}

/// What contracts cost, from the simulation. A test keeps the page as it is.
const CONTRACTS: &str = "docs/reference/contracts.md";

/// Prints the table, and the one of contracts where it is read by people.
///
/// # Errors
/// If it cannot be built, or a goal that must be reached is missed without a reason.
pub(crate) fn print(root: &Path, json: bool) -> Result<()> {
    process::run(&mut cargo::build_pbs_table(root))?;
    let metadata = process::read(&mut cargo::metadata(root))?;
    let workspace: Workspace =
        serde_json::from_slice(&metadata).context("cargo's metadata cannot be read")?;
    process::run(&mut cargo::pbs_table(&workspace.target_directory, json))?;
    if !json {
        let path = root.join(CONTRACTS);
        println!("\n{}", fs::read_to_string(&path).with_context(|| path.display().to_string())?);
    }
    Ok(())
}
