//! `ciphervm keys`: making keysets, and looking at them.

use std::path::PathBuf;

use anyhow::Result;
use ciphervm_fhe::Profile;
use ciphervm_kms::{KeyDirectory, Origin};
use clap::{Args, Subcommand};
use indicatif::HumanBytes;

use crate::keys;

/// Generate a keyset, or look at one.
#[derive(Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Generate a keyset from the operating system's randomness.
    Generate(Place),
    /// Show what a key directory holds, without reading the keys.
    Inspect(Place),
    /// Read the keys, check their digests and permissions, and that they work together.
    Verify(Place),
}

#[derive(Args, Debug)]
struct Place {
    /// The key directory [default: in the user's cache].
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Place {
    fn path(&self) -> Result<PathBuf> {
        self.directory.clone().map_or_else(keys::default_path, Ok)
    }
}

/// Runs the command.
///
/// # Errors
/// If the keys cannot be generated, read or trusted.
pub fn run(options: &Options) -> Result<()> {
    match &options.command {
        Command::Generate(place) => {
            keys::generate(&place.path()?)?;
            inspect(place)
        }
        Command::Inspect(place) => inspect(place),
        Command::Verify(place) => {
            let loaded = keys::load(&place.path()?, Profile::default())?;
            println!("{loaded}");
            keys::check(&loaded.keyset, &*loaded.kms)?;
            println!("The keys are whole, and decrypt what they encrypt.");
            Ok(())
        }
    }
}

fn inspect(place: &Place) -> Result<()> {
    let directory = KeyDirectory::open(&place.path()?)?;
    let manifest = directory.manifest();
    let origin = match manifest.origin {
        Origin::PublicSeed => "a published seed: everybody can decrypt",
        _ => "the operating system's randomness",
    };
    println!("directory    {}", directory.path().display());
    println!("parameters   {}", manifest.parameters);
    println!("made from    {origin}");
    for (name, file) in
        [("server keys", &manifest.server_keys), ("secret key", &manifest.secret_key)]
    {
        println!("{name:<12} {}, Keccak-256 {}", HumanBytes(file.size), file.digest);
    }
    Ok(())
}
