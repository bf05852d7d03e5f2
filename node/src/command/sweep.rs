//! `ciphervm sweep`: a search for wrong results on real ciphertexts.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use ciphervm_conformance::sweep::{Settings, Sweep};
use ciphervm_fhe::{GraphEvaluator, Profile, TfheEngine};
use clap::Args;
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::{conformance::bar, devnet::seconds};
use crate::{keys, machine::Machine};

/// Run random programs on real ciphertexts, and compare every result with plaintexts.
///
/// The programs follow from the seed. Every eighth is a chain of 1,000 operations, each on the
/// result of the one before. With --state a sweep that was interrupted goes on after the last
/// program that it finished.
#[derive(Args, Debug)]
pub struct Options {
    /// End after so many operations.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    ops: u64,
    /// What the programs follow from.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// End after so many hours of this run.
    #[arg(long, value_name = "H", default_value = "1", value_parser = hours)]
    hours: Duration,
    /// File that keeps how far the sweep is.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Directory of the keyset; generated there if it holds none [default: in the user's cache].
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Threads that evaluate [default: one per core].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

fn hours(text: &str) -> Result<Duration, String> {
    seconds(text)?.checked_mul(3_600).ok_or_else(|| "too many hours".to_owned())
}

/// Runs the sweep, and prints what it found.
///
/// # Errors
/// If a result is wrong, or the sweep cannot be run.
pub fn run(options: &Options) -> Result<()> {
    let mut sweep = match options.state.as_deref().filter(|file| file.exists()) {
        Some(file) => read(file)?,
        None => Sweep::new(options.seed),
    };
    let path = options.keys.clone().map_or_else(keys::default_path, Ok)?;
    let loaded = keys::load(&path, Profile::default())?;
    println!("{loaded}");
    let threads = options.threads.unwrap_or_else(Machine::default_threads);
    let evaluator = GraphEvaluator::new(TfheEngine::new(loaded.keyset), threads)?;
    let kms = loaded.kms;
    let settings =
        Settings { seed: options.seed, operations: options.ops, time: Some(options.hours) };
    let bar = bar(options.hours.as_secs());
    let before = sweep.seconds;
    let mut written = Ok(());
    sweep.run(
        &evaluator,
        &|record| kms.decrypt(record).map_err(|error| error.to_string()),
        &settings,
        &mut |sweep, resumable| {
            bar.set_position(Duration::from_secs_f64(sweep.seconds - before).as_secs());
            let Sweep { operations, bootstraps, failures, .. } = sweep;
            let failures = failures.len();
            bar.set_message(format!(
                "seconds, {operations} operations, {bootstraps} bootstraps, {failures} failures"
            ));
            if let Some(file) = options.state.as_deref().filter(|_| resumable) {
                written = write(file, sweep);
            }
        },
    )?;
    bar.finish_and_clear();
    written?;
    show(&sweep);
    if !sweep.failures.is_empty() {
        bail!("{} wrong results", sweep.failures.len());
    }
    Ok(())
}

fn show(sweep: &Sweep) {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(["operation", "results compared"]);
    for (operation, count) in &sweep.by_operation {
        table.add_row([operation.clone(), count.to_string()]);
    }
    println!("{table}");
    let types: Vec<String> =
        sweep.by_result.iter().map(|(ty, count)| format!("{ty} {count}")).collect();
    println!("By type of the result: {}", types.join(", "));
    for failure in &sweep.failures {
        println!("WRONG {failure}");
    }
    let Sweep { operations, bootstraps, longest_chain, seconds, .. } = sweep;
    println!(
        "{operations} operations, {bootstraps} bootstraps, the longest chain {longest_chain}, {} \
         failures, in {seconds:.0} s",
        sweep.failures.len()
    );
    if let Some(bound) = sweep.bound() {
        println!("With 95 % confidence fewer than {bound:.1e} of operations fail (rule of three)");
    }
}

fn read(file: &Path) -> Result<Sweep> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| format!("{} is no sweep's", file.display()))
}

/// Whole or not at all.
fn write(file: &Path, sweep: &Sweep) -> Result<()> {
    let new = file.with_extension("new");
    let text = serde_json::to_string_pretty(sweep)? + "\n";
    fs::write(&new, text)
        .and_then(|()| fs::rename(&new, file))
        .with_context(|| format!("{} cannot be written", file.display()))
}
