//! What the `ciphervm` command can do: a module for each subcommand.

pub mod conformance;
pub mod demo;
pub mod devnet;
pub mod keys;
pub mod kms;
pub mod sweep;
pub mod trace;
pub mod verify;
