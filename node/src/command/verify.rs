//! `ciphervm verify`: a stored chain, executed and evaluated once more.

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use ciphervm_fhe::{Evaluator, GraphEvaluator, ReferenceEngine, TfheEngine};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{data_dir::DataDir, keys, machine::Machine, verify};

/// Execute and evaluate the blocks of a data directory again, and compare every commitment.
///
/// Each block's transactions are executed from the first block on, and must give the same hash. The
/// ciphertexts of the blocks from --from to --to are computed again, from nothing but encrypted
/// inputs and what earlier blocks left, and must have the Merkle root that was noted when the devnet
/// settled them: bit for bit the same. The devnet must not be running. Neither the secret key nor
/// the KMS is used.
#[derive(Args, Debug)]
pub struct Options {
    /// The data directory of a devnet.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// The first block to evaluate again.
    #[arg(long, value_name = "BLOCK", default_value_t = 1)]
    from: u64,
    /// The last block [default: the last one that there is].
    #[arg(long, value_name = "BLOCK")]
    to: Option<u64>,
    /// What the directory's ciphertexts were computed with.
    #[arg(long, value_enum, default_value_t = Kind::Tfhe)]
    evaluator: Kind,
    /// The key directory [default: in the user's cache].
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Threads that evaluate [default: as many as there are cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Real ciphertexts.
    Tfhe,
    /// Plaintexts.
    Reference,
}

/// Verifies and prints what was compared.
///
/// # Errors
/// If anything differs, or the directory or the keys cannot be used.
pub fn run(options: &Options) -> Result<()> {
    let threads = options.threads.unwrap_or_else(Machine::default_threads);
    let evaluator: Arc<dyn Evaluator> = match options.evaluator {
        Kind::Reference => Arc::new(GraphEvaluator::new(ReferenceEngine, threads)?),
        Kind::Tfhe => {
            let path = options.keys.clone().map_or_else(keys::default_path, Ok)?;
            let profile = DataDir::identity(&options.data_dir)?.profile.unwrap_or_default();
            let loaded = keys::load_without_secret(&path, profile)?;
            Arc::new(GraphEvaluator::new(TfheEngine::new(loaded.keyset), threads)?)
        }
    };
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{spinner} [{bar:24}] block {pos} of {len} ({elapsed})")
            .context("the progress bar's template is wrong")?
            .progress_chars("=> "),
    );
    let range = (options.from, options.to.unwrap_or(u64::MAX));
    let verified = verify::verify(&options.data_dir, evaluator, range, |block, last| {
        bar.set_length(last);
        bar.set_position(block);
    });
    bar.finish_and_clear();
    let verify::Verified { executed, transactions, evaluated, ciphertexts, bootstraps, unsettled } =
        verified?;
    println!(
        "{executed} blocks of {transactions} transactions executed again: every hash is the same."
    );
    println!(
        "{evaluated} blocks evaluated again, {ciphertexts} ciphertexts, {bootstraps} bootstraps: \
         every commitment is the same."
    );
    if unsettled > 0 {
        println!("{unsettled} blocks were not settled yet and have no commitment to compare.");
    }
    Ok(())
}
