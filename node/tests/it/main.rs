//! Integration tests on real FHE, with keys: from Solidity source to decrypted values.

mod block;
mod demo;
