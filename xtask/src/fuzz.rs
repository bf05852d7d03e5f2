//! Coverage-guided runs of a fuzz target.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{cargo, process};

#[derive(Deserialize)]
struct Workspace {
    target_directory: PathBuf,
}

/// Builds a target and runs it until it fails, or `arguments` of libFuzzer end it. What it learns is
/// kept under `target/fuzz`, what it fails on under `fuzz/artifacts`. The inputs that differ from
/// machine to machine are written first: some targets have no others.
///
/// # Errors
/// If it cannot be built, or fails.
pub(crate) fn run(root: &Path, target: &str, arguments: &[String]) -> Result<()> {
    let metadata = process::read(&mut cargo::metadata(root))?;
    let Workspace { target_directory } =
        serde_json::from_slice(&metadata).context("cargo's metadata cannot be read")?;
    process::run(&mut cargo::build_fuzz_target(root, target))?;
    process::run(&mut local_inputs(root, target))?;
    let learned = target_directory.join("fuzz").join(target);
    let failures = root.join("fuzz/artifacts").join(target);
    for folder in [&learned, &failures] {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut command = Command::new(target_directory.join("debug").join(target));
    // The first folder is written to.
    command.arg(&learned);
    let known = ["fuzz/corpus", "fuzz/regressions"].map(|folder| root.join(folder).join(target));
    command.args(known.iter().filter(|folder| folder.exists()));
    command.arg(format!("-artifact_prefix={}/", failures.display()));
    process::run(command.args(arguments).current_dir(root))
}

/// Has the smoke test of a target write the inputs that are not committed, and make up none.
fn local_inputs(root: &Path, target: &str) -> Command {
    let mut command = cargo::test(root);
    command.args(["--test", "smoke", "--", "--exact", target]);
    command.env("UPDATE_CORPUS", "local").env("CIPHERVM_FUZZ_RUNS", "0");
    command
}
