//! What the `ciphervm` binary is made of.

pub mod artifact;
pub mod demo;
pub mod keys;
pub mod machine;
