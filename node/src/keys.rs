//! Keysets for the command line: found or generated, with progress on the terminal.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy_primitives::U256;
use anyhow::{Context, Result, ensure};
use ciphervm_fhe::{Evaluator, FheType, GraphEvaluator, TfheEngine, keys::Keyset};
use ciphervm_kms::{KeyDirectory, Kms, LocalKms, Origin, Stage, cache_dir};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

/// Where keys are, unless the command line says otherwise.
///
/// # Errors
/// If there is no cache directory.
pub fn default_path() -> Result<PathBuf> {
    Ok(cache_dir()?.join("keys"))
}

/// Generates a keyset in a directory that has none.
///
/// # Errors
/// If there is one, or the keys cannot be generated or written.
pub fn generate(path: &Path) -> Result<()> {
    let bar = progress_bar(Stage::COUNT)?;
    KeyDirectory::generate(path, |stage| announce(&bar, stage))?;
    bar.finish_and_clear();
    Ok(())
}

/// Checks that what is encrypted to a keyset's public key decrypts.
///
/// # Errors
/// If it does not.
pub fn check(keyset: &Arc<Keyset>, kms: &dyn Kms) -> Result<()> {
    let evaluator = GraphEvaluator::new(TfheEngine::new(Arc::clone(keyset)), 1)?;
    let value = U256::from(0xc1);
    let list = evaluator.encrypt_inputs(&[(FheType::Uint8, value)])?;
    let records = evaluator.expand_inputs(&list)?;
    let record = records.first().context("a list of one value expands to nothing")?;
    ensure!(kms.decrypt(record)? == value, "the secret key is not that of the server keys");
    Ok(())
}

fn progress_bar(steps: u64) -> Result<ProgressBar> {
    let bar = ProgressBar::new(steps).with_style(
        ProgressStyle::with_template("{spinner} [{bar:24}] {msg} ({elapsed})")
            .context("the progress bar's template is wrong")?
            .progress_chars("=> "),
    );
    bar.enable_steady_tick(Duration::from_millis(100));
    Ok(bar)
}

fn announce(bar: &ProgressBar, stage: Stage) {
    match stage {
        Stage::Generating => bar.set_message("generating keys"),
        Stage::Writing => {
            bar.inc(1);
            bar.set_message("writing keys");
        }
    }
}

/// A keyset that is ready to be used. It displays as where it is and how large.
#[derive(Debug)]
pub struct Loaded {
    /// The evaluating side's keys.
    pub keyset: Arc<Keyset>,
    /// What decrypts.
    pub kms: Arc<LocalKms>,
    directory: KeyDirectory,
    generated: bool,
}

impl Loaded {
    /// Where the randomness of the keys came from.
    pub const fn origin(&self) -> Origin {
        self.directory.manifest().origin
    }
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manifest = self.directory.manifest();
        writeln!(
            f,
            "Keyset {} in {}: server keys {}, secret key {}",
            if self.generated { "generated" } else { "loaded" },
            self.directory.path().display(),
            HumanBytes(manifest.server_keys.size),
            HumanBytes(manifest.secret_key.size),
        )?;
        write!(f, "Engine class {}", self.keyset.class().id())
    }
}

/// Opens the keyset in a directory, or generates one there, and loads it.
///
/// # Errors
/// If the keys cannot be generated, read or trusted.
pub fn load(path: &Path) -> Result<Loaded> {
    // Generation, writing, expansion, secret key: tfhe-rs tells no more of its own progress.
    let bar = progress_bar(Stage::COUNT + 2)?;
    let mut generated = false;
    let directory = KeyDirectory::open_or_generate(path, |stage| {
        generated = true;
        announce(&bar, stage);
    })?;
    bar.set_position(Stage::COUNT);
    bar.set_message("expanding server keys");
    let keyset = Arc::new(directory.keyset()?);
    bar.inc(1);
    bar.set_message("opening the secret key");
    let kms = directory.kms(&keyset)?;
    bar.finish_and_clear();
    Ok(Loaded { keyset, kms: Arc::new(kms), directory, generated })
}
