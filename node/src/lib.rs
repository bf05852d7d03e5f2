//! What the `ciphervm` binary is made of.

pub mod artifact;
pub mod chain;
pub mod command;
pub mod data_dir;
pub mod decryption;
pub mod devnet;
pub mod explain;
pub mod fees;
pub mod journal;
pub mod keys;
pub mod machine;
pub mod monitoring;
pub mod pool;
pub mod relayer;
pub mod rpc;
pub mod server;
pub mod trace;
pub mod verify;
