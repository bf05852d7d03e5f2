//! Runs all applications and prints what they came to: `cargo xtask examples`.

use std::{path::PathBuf, process::ExitCode, thread::available_parallelism};

use anyhow::Result;
use applications::{Backend, Extent, catalogue, table};
use clap::{Parser, ValueEnum};

/// Run all applications, encrypted and in the clear, and compare.
#[derive(Debug, Parser)]
struct Options {
    /// What operations are computed on.
    #[arg(long, value_enum, default_value_t = EvaluatorKind::Reference)]
    evaluator: EvaluatorKind,
    /// Threads that evaluate [default: one per core].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Where pictures are written.
    #[arg(long, value_name = "DIR", default_value = "target/examples")]
    pictures: PathBuf,
    /// How much of it is run [default: whole on plaintexts, a sample on real FHE].
    #[arg(long, value_enum)]
    extent: Option<ExtentKind>,
    /// Run only those whose names have this in them.
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EvaluatorKind {
    /// Real FHE on ciphertexts, under keys that everybody knows.
    Tfhe,
    /// Plaintexts: instant, and nothing is secret.
    Reference,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExtentKind {
    /// Whole test sets, and pictures of 16 × 16.
    Whole,
    /// As much as takes minutes on real FHE.
    Sample,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all results are equal to the plain ones.
fn run(options: &Options) -> Result<bool> {
    let threads = options.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let (backend, usual) = match options.evaluator {
        EvaluatorKind::Reference => {
            println!("Reference evaluator: plaintexts, nothing is secret");
            (Backend::reference()?, Extent::Whole)
        }
        EvaluatorKind::Tfhe => {
            println!("Real FHE on {threads} threads, under keys that everybody knows");
            (Backend::tfhe(threads)?, Extent::Sample)
        }
    };
    let extent = match options.extent {
        Some(ExtentKind::Whole) => Extent::Whole,
        Some(ExtentKind::Sample) => Extent::Sample,
        None => usual,
    };
    let mut rows = Vec::new();
    for application in catalogue(extent)? {
        if application.name().contains(&options.only) {
            rows.push(application.perform(&backend, &options.pictures)?);
        }
    }
    println!("{}", table(&rows));
    let different = rows.iter().filter(|row| !row.equal).count();
    if different > 0 {
        eprintln!("error: {different} of {} differ from plaintext", rows.len());
    } else {
        println!("All {} equal plaintext.", rows.len());
    }
    Ok(different == 0)
}
