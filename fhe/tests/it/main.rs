//! Integration tests of the operations: reference semantics against public vectors and algebra,
//! real FHE against the reference semantics, evaluation and its determinism.

mod bench;
mod circuits;
mod costs;
mod determinism;
mod evaluation;
mod graphs;
mod matrix;
mod operations;
mod prices;
mod products;
mod rewrites;
mod scheduling;
mod semantics;
mod vectors;
