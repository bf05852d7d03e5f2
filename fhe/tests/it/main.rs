//! Integration tests of the operations: reference semantics against public vectors and algebra,
//! real FHE against the reference semantics, evaluation and its determinism.

mod bench;
mod determinism;
mod evaluation;
mod matrix;
mod prices;
mod semantics;
mod vectors;
