//! All checks, one after the other.

use std::{path::Path, process::Command, time::Instant};

use anyhow::{Context, Result};

use crate::{book, cargo, clients, layers, process, solidity, supply};

/// Runs all checks, the quick ones first and the tests last.
///
/// # Errors
/// At the first check that fails, with the command to run it again.
pub(crate) fn run(root: &Path) -> Result<()> {
    let start = Instant::now();
    command("format", cargo::format(root))?;
    command("lints", cargo::clippy(root))?;
    command("docs", cargo::doc(root))?;
    if book::can_render() {
        command("book", book::render(root))?;
    } else {
        println!("\n=== book: skipped, for mdbook is not installed");
    }
    if supply::can_deny() {
        command("dependencies", supply::deny(root))?;
    } else {
        println!("\n=== dependencies: skipped, for cargo-deny is not installed");
    }
    step("layers", "cargo xtask layers", || layers::check(root))?;
    step("artifacts", "cargo xtask solidity --check", || solidity::build(root, true))?;
    step("clients", "cargo xtask clients", || clients::install(root))?;
    let mut tests = cargo::test(root);
    clients::require(&mut tests);
    solidity::require(&mut tests);
    command("tests", tests)?;
    println!("\nall checks passed in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn command(name: &str, mut command: Command) -> Result<()> {
    let line = process::line(&command);
    step(name, &line, || process::run(&mut command))
}

/// One check: its name and its command, what it prints, and how long it took.
fn step(name: &str, line: &str, check: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n=== {name}: {line}");
    let start = Instant::now();
    check().with_context(|| format!("{name} failed, `{line}` runs it again"))?;
    println!("=== {name}: passed in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
