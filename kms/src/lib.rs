//! The only holder of secret keys: key generation, key files, decryption, signed answers.
//!
//! A [`DecryptionService`] answers requests of FHEVM's clients. It decides from the state of a
//! [`Chain`] alone who may know what; it signs what everybody may know, and encrypts to one user's
//! key what that user may know.
//!
//! Whoever runs this crate's code on a key directory can decrypt everything under that keyset: one
//! party, openly so. Nothing else in the workspace names a type that decrypts.

mod chain;
mod decrypt;
mod directory;
pub mod error;
mod messages;
mod recipient;
mod request;
mod service;
mod signcryption;
mod signer;
mod test_keys;

pub use chain::{Chain, ChainState, Contracts};
pub use decrypt::{Kms, LocalKms, ReferenceKms};
pub use directory::{KeyDirectory, KeyFile, Manifest, Origin, Stage};
pub use messages::{
    DelegatedUserDecryptRequestVerification, Domains, UserDecryptRequestVerification,
};
pub use recipient::Recipient;
pub use request::{
    ExtraData, HandlePair, MAX_BITS, MAX_CONTRACTS, MAX_DAYS, MAX_HANDLES, PublicAnswer,
    PublicDecryption, UserAnswer, UserDecryption,
};
pub use service::{DecryptionService, LocalService};
pub use signer::{LOCAL_KMS_KEY, Signer};
pub use test_keys::{TEST_SEED, cache_dir, test_crs, test_keys};
