//! Keysets for the command line: found or generated, with progress on the terminal.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result};
use ciphervm_fhe::keys::Keyset;
use ciphervm_kms::{KeyDirectory, LocalKms, Stage, cache_dir};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

/// Where keys are, unless the command line says otherwise.
///
/// # Errors
/// If there is no cache directory.
pub fn default_path() -> Result<PathBuf> {
    Ok(cache_dir()?.join("keys"))
}

/// Opens the keyset in a directory, or generates one there, and loads it. Says where it is and how
/// large.
///
/// # Errors
/// If the keys cannot be generated, read or trusted.
pub fn load(path: &Path) -> Result<(Arc<Keyset>, Arc<LocalKms>)> {
    // Generation, writing, expansion, secret key: tfhe-rs tells no more of its own progress.
    let bar = ProgressBar::new(Stage::COUNT + 2).with_style(
        ProgressStyle::with_template("{spinner} [{bar:24}] {msg} ({elapsed})")
            .context("the progress bar's template is wrong")?
            .progress_chars("=> "),
    );
    bar.enable_steady_tick(Duration::from_millis(100));
    let mut generated = false;
    let directory = KeyDirectory::open_or_generate(path, |stage| {
        generated = true;
        match stage {
            Stage::Generating => bar.set_message("generating keys"),
            Stage::Writing => {
                bar.inc(1);
                bar.set_message("writing keys");
            }
        }
    })?;
    bar.set_position(Stage::COUNT);
    bar.set_message("expanding server keys");
    let keyset = directory.keyset()?;
    bar.inc(1);
    bar.set_message("opening the secret key");
    let kms = directory.kms(&keyset)?;
    bar.finish_and_clear();

    let manifest = directory.manifest();
    println!(
        "Keyset {} in {}: server keys {}, secret key {}",
        if generated { "generated" } else { "loaded" },
        directory.path().display(),
        HumanBytes(manifest.server_keys.size),
        HumanBytes(manifest.secret_key.size),
    );
    println!("Engine class {}", keyset.class().id());
    Ok((Arc::new(keyset), Arc::new(kms)))
}
