//! The host contracts, called as the EVM calls them.

mod abi;
mod acl;
mod calls;
mod decryption;
mod executor;
mod hcu;
mod inputs;
mod record;
mod support;
mod transaction;
