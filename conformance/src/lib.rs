#![doc = include_str!("../README.md")]

mod chain;
pub mod error;
pub mod files;
pub mod operations;
pub mod prober;
pub mod report;
pub mod run;
pub mod sequence;
pub mod sequences;
pub mod solidity;
pub mod sweep;
pub mod vector;

/// The version of the vectors' schema. It changes when a reader of the old one would misread the
/// new one.
pub const SCHEMA: &str = "ciphervm-conformance/1";
