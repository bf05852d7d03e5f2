//! The host contracts, called as the EVM calls them.

mod abi;
mod acl;
mod calls;
mod config_abi;
mod coverage;
mod decryption;
mod executor;
mod gas;
mod hcu;
mod inputs;
mod pages;
mod proofs;
mod record;
mod schemes;
mod support;
mod table;
mod transaction;
