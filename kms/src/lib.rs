//! The only holder of secret keys: key generation, key files, decryption.
//!
//! Whoever runs this crate's code on a key directory can decrypt everything under that keyset: one
//! party, openly so. Nothing else in the workspace names a type that decrypts.

mod decrypt;
mod directory;
pub mod error;
mod test_keys;

pub use decrypt::{Kms, LocalKms, ReferenceKms};
pub use directory::{KeyDirectory, KeyFile, Manifest, Origin, Stage};
pub use test_keys::{TEST_SEED, cache_dir, test_keys};
