//! Which crate may use which, and who may hold the key that decrypts.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::{cargo, process};

/// A crate below the top, and the arrows to the crates below it.
struct Layer {
    name: &'static str,
    /// What it is built on.
    on: &'static [&'static str],
    /// What else of the workspace it may use.
    may: &'static [&'static str],
}

/// Every crate that other crates may use, lowest first. A crate that is not named here is on top:
/// it may use any of these, and none may use it.
///
/// `ciphervm-kms`, which can decrypt, is among the dependencies of no other layer.
const LAYERS: &[Layer] = &[
    Layer { name: "ciphervm-fhe", on: &[], may: &[] },
    Layer { name: "ciphervm-kms", on: &["ciphervm-fhe"], may: &[] },
    Layer { name: "ciphervm-precompiles", on: &["ciphervm-fhe"], may: &[] },
    Layer { name: "ciphervm", on: &["ciphervm-precompiles"], may: &["ciphervm-fhe"] },
    Layer { name: "ciphervm-conformance", on: &["ciphervm-precompiles"], may: &["ciphervm-fhe"] },
    Layer {
        name: "ciphervm-node",
        on: &["ciphervm"],
        may: &["ciphervm-conformance", "ciphervm-fhe", "ciphervm-kms", "ciphervm-precompiles"],
    },
];

/// The type that decrypts, and the crate that may name it.
const SECRET: &str = "ClientKey";
const HOLDER: &str = "ciphervm-kms";

#[derive(Deserialize)]
struct Workspace {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Absent for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
}

/// Checks the arrows between crates, and that only the KMS names the key that decrypts. Tests may
/// do both.
///
/// # Errors
/// Names the first offender.
pub(crate) fn check(root: &Path) -> Result<()> {
    let metadata = process::read(&mut cargo::metadata(root))?;
    let workspace: Workspace =
        serde_json::from_slice(&metadata).context("cargo's metadata cannot be read")?;
    for layer in LAYERS {
        check_arrows(layer, &workspace)?;
    }
    let mut files = 0;
    for package in &workspace.packages {
        // This check has to name what it looks for.
        if package.name != HOLDER && package.name != env!("CARGO_PKG_NAME") {
            files += check_sources(package)?;
        }
    }
    ensure!(files > 0, "no source file was found, so nothing was checked");
    println!("{} layers hold, {files} files do not name {SECRET}", LAYERS.len());
    Ok(())
}

/// The direct dependencies. As every crate that a layer may use is a layer itself, what holds for
/// them holds for indirect ones.
fn check_arrows(layer: &Layer, workspace: &Workspace) -> Result<()> {
    let find = |name: &str| workspace.packages.iter().find(|package| package.name == name);
    let Layer { name, on, may } = layer;
    let package = find(name).with_context(|| format!("the workspace has no crate {name}"))?;
    let manifest = package.manifest_path.display();
    let used: Vec<&str> = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind.as_deref() != Some("dev"))
        .map(|dependency| dependency.name.as_str())
        .collect();
    for below in *on {
        ensure!(used.contains(below), "{name} must be built on {below}, and {manifest} lacks it");
    }
    for used in used.into_iter().filter(|used| find(used).is_some()) {
        ensure!(
            on.contains(&used) || may.contains(&used),
            "{name} must not depend on {used}: remove it from {manifest}"
        );
    }
    Ok(())
}

/// Returns the number of files that were searched.
fn check_sources(package: &Package) -> Result<usize> {
    let folder = package.manifest_path.parent().context("a manifest lies in a folder")?;
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    for file in &files {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        if let Some(line) = text.lines().position(|line| line.contains(SECRET)) {
            let (file, line) = (file.display(), line + 1);
            bail!("{file}:{line} names {SECRET}, which only {HOLDER} may");
        }
    }
    Ok(files.len())
}

/// Every Rust file under `folder`, without tests: neither folders nor files called `tests`.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
