//! `ciphervm conformance`: vectors that say what an FHEVM chain must do, run against one.

use std::{
    fs::{self, OpenOptions},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use ciphervm_conformance::{
    report::{Counts, Report},
    run::{self, Choice, Chosen, Draw, MNEMONIC, Progress},
    solidity,
};
use clap::{Args, ValueEnum, builder::PossibleValue};
use indicatif::{ProgressBar, ProgressStyle};

use super::devnet::{EvaluatorKind, Local, seconds};

/// Failures that are printed in full.
const SHOWN: usize = 10;

/// Run conformance vectors against a chain: ours in this process, or any other.
///
/// Each vector says what an operation, or a list of steps, must give. Without --rpc a devnet is
/// started in this process and talked to as any other chain. On plaintexts all of them take about a
/// minute; real FHE takes seconds for each, so draw some with --sample, or one of each with --each.
#[derive(Args, Debug)]
pub struct Options {
    /// JSON-RPC of the chain to run against [default: a devnet in this process].
    #[arg(long, value_name = "URL", help_heading = "Chain")]
    rpc: Option<String>,
    /// Its relayer [default: the same address].
    #[arg(long, value_name = "URL", requires = "rpc", help_heading = "Chain")]
    relayer: Option<String>,
    /// BIP-39 mnemonic whose first four accounts have ether.
    #[arg(long, value_name = "WORDS", default_value = MNEMONIC, hide_default_value = true, help_heading = "Chain")]
    mnemonic: String,
    /// How long a result may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value = "3600", value_parser = seconds, help_heading = "Chain")]
    patience: Duration,
    /// What the devnet in this process computes on.
    #[arg(long, value_enum, default_value_t = EvaluatorKind::Reference, conflicts_with = "rpc", help_heading = "Chain")]
    evaluator: EvaluatorKind,
    /// Directory of its keyset; generated there if it holds none [default: in the user's cache].
    #[arg(long, value_name = "DIR", conflicts_with = "rpc", help_heading = "Chain")]
    keys: Option<PathBuf>,
    /// Threads that evaluate [default: one per core].
    #[arg(long, value_name = "N", conflicts_with = "rpc", help_heading = "Chain")]
    threads: Option<usize>,

    /// Only vectors with this in their id, such as `fheAdd/euint8` or `acl/`. May be given again.
    #[arg(long, value_name = "TEXT", help_heading = "Vectors")]
    filter: Vec<String>,
    /// Only so many, drawn by --seed.
    #[arg(long, value_name = "N", help_heading = "Vectors")]
    sample: Option<NonZeroUsize>,
    /// Only one of each operation, form of operands and error, and one sequence of each case, drawn
    /// by --seed.
    #[arg(long, conflicts_with = "sample", help_heading = "Vectors")]
    each: bool,
    /// Seed of --sample and --each.
    #[arg(long, value_name = "S", default_value_t = 0, help_heading = "Vectors")]
    seed: u64,

    /// File for a report in JSON.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,
    /// File for a report in JUnit's XML.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    junit: Option<PathBuf>,
    /// Write the vectors of operations as Solidity contracts to this directory, and run nothing.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["rpc", "report", "junit"], help_heading = "Output")]
    emit_solidity: Option<PathBuf>,
}

/// Runs the vectors, and prints what came of them.
///
/// # Errors
/// If a vector fails, or the chain cannot be talked to.
pub fn run(options: &Options) -> Result<()> {
    let seed = options.seed;
    let draw = match options.sample {
        Some(count) => Draw::Sample { count: count.get(), seed },
        None if options.each => Draw::Each { seed },
        None => Draw::All,
    };
    let choice = Choice { filters: options.filter.clone(), draw };
    let chosen = choice.take()?;
    if chosen.is_empty() {
        bail!("no vector has {} in its id", options.filter.join(" or "));
    }
    if let Some(folder) = &options.emit_solidity {
        return emit(folder, &chosen);
    }
    let files = [&options.report, &options.junit];
    files.into_iter().flatten().try_for_each(|file| writable(file))?;
    let report = execute(options, &chosen)?;
    println!("{}", report.table());
    for (id, reason) in report.failures().take(SHOWN) {
        println!("\nFAILED {id}\n  {reason}");
    }
    let Counts { passed, failed, skipped } = report.counts();
    println!("\n{passed} passed, {failed} failed, {skipped} left out, in {:.1} s", report.seconds);
    let json = serde_json::to_string_pretty(&report.json())? + "\n";
    // The one is written even if the other cannot be.
    let written = options.report.as_ref().map_or(Ok(()), |file| write(file, &json));
    options.junit.as_ref().map_or(Ok(()), |file| write(file, &report.junit()))?;
    written?;
    report.fault().map_or(Ok(()), |fault| Err(anyhow!(fault)))
}

/// What takes hours is not to find out at the end that it has nowhere to write.
fn writable(file: &Path) -> Result<()> {
    let opened = OpenOptions::new().append(true).create(true).open(file);
    opened.map(drop).with_context(|| cannot_write(file))
}

fn execute(options: &Options, chosen: &Chosen) -> Result<Report> {
    let local = match &options.rpc {
        Some(_) => None,
        None => Some(devnet(options)?),
    };
    let rpc = options.rpc.clone().or_else(|| local.as_ref().map(|local| local.url().to_owned()));
    let settings = run::Options {
        rpc: rpc.context("there is a chain, named or started")?,
        relayer: options.relayer.clone(),
        mnemonic: options.mnemonic.clone(),
        patience: options.patience,
    };
    let bar = bar(chosen.len() as u64);
    let report = run::run(&settings, chosen, &mut |Progress { done, doing, .. }| {
        bar.set_position(done);
        bar.set_message(doing.to_string());
    });
    bar.finish_and_clear();
    let mut report = report?;
    if local.is_some() {
        // The node computes on ciphertexts, and does not say that each result is compared.
        report.chain.evaluator = Some(evaluator(options)?.get_name().to_owned());
    }
    Ok(report)
}

fn devnet(options: &Options) -> Result<Local> {
    let kind = evaluator(options)?;
    let patience = options.patience.as_secs_f64().to_string();
    let mut arguments: Vec<String> =
        ["--evaluator", kind.get_name(), "--settle-timeout", &patience].map(str::to_owned).into();
    if options.mnemonic != MNEMONIC {
        arguments.extend(["--mnemonic".to_owned(), options.mnemonic.clone()]);
    }
    if let Some(keys) = &options.keys {
        arguments.extend(["--keys".to_owned(), keys.display().to_string()]);
    }
    if let Some(threads) = options.threads {
        arguments.extend(["--threads".to_owned(), threads.to_string()]);
    }
    Local::start(&arguments)
}

fn evaluator(options: &Options) -> Result<PossibleValue> {
    options.evaluator.to_possible_value().context("an evaluator has a name")
}

fn emit(folder: &Path, chosen: &Chosen) -> Result<()> {
    let (contracts, left_out) = solidity::contracts(&chosen.vectors)?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for contract in &contracts {
        write(&folder.join(format!("{}.sol", contract.name)), &contract.source)?;
    }
    println!(
        "{} contracts in {}, with {} vectors; {left_out} cannot be said with the library's types",
        contracts.len(),
        folder.display(),
        chosen.vectors.len() - left_out
    );
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| cannot_write(file))
}

fn cannot_write(file: &Path) -> String {
    format!("{} cannot be written", file.display())
}

/// A bar that is not there without a terminal.
pub(super) fn bar(total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len}  {msg}  {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}
