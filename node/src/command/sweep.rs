//! `ciphervm sweep`: a search for wrong results on real ciphertexts.

use std::{
    fs, io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use ciphervm_conformance::sweep::{Bounds, LEFT_OUT, Settings, Sweep};
use ciphervm_fhe::{GraphEvaluator, Profile, TfheEngine};
use clap::{Args, value_parser};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::conformance::bar;
use crate::{keys, machine::Machine};

/// Run random programs on real ciphertexts, and compare their results with plaintexts.
///
/// The programs follow from the seed. Every eighth, the first among them, is a chain of 1,000
/// operations, each on the result of the one before. Some results are decrypted and compared; the
/// other operations stand behind those, so that they can be rewritten as those of a transaction.
///
/// With --state a later run goes on with the first program that has not ended, from its start. What
/// was done of it is counted all the same, and again. A chain takes about a quarter of an hour on
/// two cores: runs that are shorter never get past it.
///
/// It fails if a result is wrong, or if nothing was run.
#[derive(Args, Debug)]
pub struct Options {
    /// End after so many operations, those of earlier runs included.
    #[arg(
        long,
        value_name = "N",
        default_value_t = u64::MAX,
        hide_default_value = true,
        value_parser = value_parser!(u64).range(1..)
    )]
    ops: u64,
    /// What the programs follow from.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// End after so many hours of this run, such as 0.5.
    #[arg(long, value_name = "H", default_value = "1", value_parser = hours)]
    hours: Duration,
    /// File that keeps what was done, written every few operations.
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
    let hours: Option<f64> = text.parse().ok();
    let time = hours.and_then(|hours| Duration::try_from_secs_f64(hours * 3_600.0).ok());
    let time = time.ok_or_else(|| "not a number of hours, such as 0.5".to_owned())?;
    if time.is_zero() { Err("it must be more than zero".to_owned()) } else { Ok(time) }
}

/// Runs the sweep, and prints what it found, whatever ended it.
///
/// # Errors
/// If a result is wrong, nothing was run, or the sweep cannot be run or kept.
pub fn run(options: &Options) -> Result<()> {
    let mut sweep = begin(options)?;
    let path = options.keys.clone().map_or_else(keys::default_path, Ok)?;
    let loaded = keys::load(&path, Profile::default())?;
    println!("{loaded}");
    let threads = options.threads.unwrap_or_else(Machine::default_threads);
    let evaluator = GraphEvaluator::new(TfheEngine::new(loaded.keyset), threads)?;
    let kms = loaded.kms;
    let settings = Settings { operations: options.ops, time: Some(options.hours) };
    let bar = bar(options.hours.as_secs());
    let Sweep { operations: before, seconds, .. } = sweep;
    let mut kept = Ok(());
    let ran = sweep.run(
        &evaluator,
        &|record| kms.decrypt(record).map_err(|error| error.to_string()),
        &settings,
        &mut |sweep| {
            bar.set_position(Duration::from_secs_f64(sweep.seconds - seconds).as_secs());
            let Sweep { operations, bootstraps, failures, .. } = sweep;
            let failures = failures.len();
            bar.set_message(format!(
                "seconds, {operations} operations, {bootstraps} bootstraps, {failures} failures"
            ));
            kept = options.state.as_deref().map_or(Ok(()), |file| write(file, sweep));
            // What cannot be kept is not worth hours.
            if kept.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        },
    );
    bar.finish_and_clear();
    show(&sweep);
    kept?;
    ran?;
    if !sweep.failures.is_empty() {
        bail!("{} wrong results", sweep.failures.len());
    }
    if sweep.operations == before {
        ensure!(before >= options.ops, "nothing was run: --hours were over before it began");
        println!("Nothing was run: --ops {} were done before", options.ops);
    }
    Ok(())
}

/// The sweep to go on with. It is written at once, so that one that cannot be kept is told of now.
fn begin(options: &Options) -> Result<Sweep> {
    let Options { seed, state, .. } = options;
    let Some(file) = state else { return Ok(Sweep::new(*seed)) };
    let sweep = read(file)?.unwrap_or_else(|| Sweep::new(*seed));
    ensure!(
        sweep.seed == *seed,
        "{} was begun with --seed {}, not {seed}: name another file for a new sweep",
        file.display(),
        sweep.seed
    );
    write(file, &sweep)?;
    Ok(sweep)
}

fn show(sweep: &Sweep) {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header([
        "operation",
        "behind results compared",
        "results compared",
    ]);
    for (operation, counts) in &sweep.by_operation {
        let (operations, results) = (counts.operations.to_string(), counts.results.to_string());
        table.add_row([operation.clone(), operations, results]);
    }
    println!("{table}");
    let types: Vec<String> =
        sweep.by_result.iter().map(|(ty, count)| format!("{ty} {count}")).collect();
    println!("Results compared, by type: {}", types.join(", "));
    println!("{LEFT_OUT}");
    for failure in &sweep.failures {
        println!("WRONG {failure}");
    }
    let Sweep { program, operations, results, bootstraps, longest_chain, seconds, .. } = sweep;
    println!(
        "{operations} operations behind {results} results compared, {bootstraps} bootstraps, \
         {program} programs ended, the longest chain {longest_chain}, {} failures, in \
         {seconds:.0} s",
        sweep.failures.len()
    );
    if let Some(Bounds { per_operation, per_bootstrap }) = sweep.bounds() {
        println!(
            "With 95 % confidence fewer than {per_operation:.1e} of operations that take \
             bootstraps, and {per_bootstrap:.1e} of bootstraps, make a result wrong (rule of three)"
        );
    }
}

/// What a file keeps, if it is there.
fn read(file: &Path) -> Result<Option<Sweep>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("{} cannot be read", file.display()))?,
    };
    Sweep::from_json(&text).map(Some).with_context(|| file.display().to_string())
}

/// Whole or not at all.
fn write(file: &Path, sweep: &Sweep) -> Result<()> {
    let mut new = file.as_os_str().to_owned();
    new.push(".new");
    let text = serde_json::to_string_pretty(sweep)? + "\n";
    fs::write(&new, text)
        .and_then(|()| fs::rename(&new, file))
        .with_context(|| format!("{} cannot be written", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_a_positive_number_of_them() {
        assert_eq!(hours("1.5"), Ok(Duration::from_secs(5_400)));
        for text in ["abc", "1h", "", "-1", "inf", "NaN", "1e300"] {
            assert_eq!(hours(text), Err("not a number of hours, such as 0.5".to_owned()), "{text}");
        }
        assert_eq!(hours("0"), Err("it must be more than zero".to_owned()));
    }
}
