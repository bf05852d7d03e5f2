//! The vectors, held against their schema, the semantics that they come from, and public ones.

mod committed;
mod mistakes;
mod public;
mod randomness;
mod solidity;
