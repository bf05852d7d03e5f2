//! Encrypted integers: types, the table of operations and their plaintext reference semantics,
//! circuits on ciphertexts, the graph of a transaction and its evaluator, the public half of keys,
//! and the ciphertext store.
//!
//! Nothing in this crate can decrypt.
//!
//! ```
//! use ciphervm_fhe::{
//!     CiphertextStore, EvaluationError, Evaluator, FheType, Graph, GraphEvaluator, Handle, MemoryStore, Node, Op,
//!     Operand, ReferenceEngine,
//! };
//! use ciphervm_fhe::primitives::{B256, U256};
//!
//! // Two handles, and the operations that made them: 200, and 200 + 100 in eight bits.
//! let a = Handle::computed(B256::repeat_byte(1), 31337, FheType::Uint8);
//! let b = Handle::computed(B256::repeat_byte(2), 31337, FheType::Uint8);
//! let mut graph = Graph::default();
//! graph.insert(a, Node::new(Op::TrivialEncrypt, vec![Operand::Scalar(U256::from(200))], a)?);
//! let operands = vec![Operand::Encrypted(a), Operand::Scalar(U256::from(100))];
//! graph.insert(b, Node::new(Op::Add, operands, b)?);
//!
//! // Only what `b` needs is computed, and only `b` is stored.
//! let store = MemoryStore::new();
//! let live = graph.live([b], |handle| store.contains(handle).map_err(EvaluationError::from))?;
//! let evaluator = GraphEvaluator::new(ReferenceEngine, 1)?;
//! let evaluation = evaluator.evaluate(&live, &store)?;
//! assert_eq!(evaluation.operations, 2);
//! assert!(store.contains(&b)? && !store.contains(&a)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bundle;
mod ciphertext;
mod circuits;
pub mod costs;
mod engine;
mod error;
mod evaluator;
mod graph;
mod handle;
mod input;
mod kernel;
pub mod keys;
mod op;
mod panics;
pub mod parameters;
mod plan;
pub mod reference;
mod scheduler;
mod simulation;
mod store;
mod types;

pub use alloy_primitives as primitives;

pub use bundle::{Bundle, Input, Packed, Source, Work};
pub use ciphertext::Ciphertext;
pub use circuits::{Circuit, algebra::Profile};
pub use engine::{Computed, Engine, ReferenceEngine, SimulationEngine, TfheEngine};
pub use error::{BundleError, CiphertextError, EvaluationError, GraphError, KeyError, StoreError};
pub use evaluator::{Evaluation, Evaluator, Execution, GraphEvaluator, Measured};
pub use graph::{Graph, Live, Node, Operand};
pub use handle::{COMPUTED_MARK, HANDLE_VERSION, Handle, MAX_INPUT_INDEX};
pub use input::{
    ComputeLoad, Crs, InputClient, MAX_VALUES as MAX_INPUT_VALUES, ProofVerifier, Proven,
};
pub use kernel::Kernel;
pub use op::{HcuRow, OPS, Op, OpSpec, PerTier, PerType, Reference, ResultType, ScalarRule, Shape};
pub use plan::{Place, Plan, Rewrite, Rewrites, Step};
pub use scheduler::{Budget, Occupancy, Scheduler};
pub use simulation::{Simulated, Simulator};
pub use store::{CachedStore, CiphertextStore, DatabaseStore, MemoryStore, Record, StoreSize};
pub use types::{FheType, TypeSet};
