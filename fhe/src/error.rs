//! Errors.

use std::path::PathBuf;

use alloy_primitives::B256;

use crate::{FheType, Handle, Op, Step};

/// A recorded graph does not make sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// A needed value has no ciphertext and no operation that makes it.
    #[error("handle {0} has no ciphertext and no recorded operation makes it")]
    Unknown(Handle),
    /// The type byte of a handle is not a usable type.
    #[error("handle {0} has the type byte {n}, which is no usable type", n = .0.type_id())]
    Type(Handle),
    /// Wrong number of arguments.
    #[error("operation {op} cannot take {found} arguments")]
    Arity {
        /// The operation.
        op: Op,
        /// Number of arguments found.
        found: usize,
    },
}

/// A ciphertext store cannot do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("ciphertext store: {0}")]
    Database(#[from] redb::Error),
    /// The stored record is not what was written.
    #[error(
        "the stored ciphertext of {handle} is corrupt ({reason}); restore the data directory from \
         a copy, or remove it and replay the chain"
    )]
    Corrupt {
        /// The record's handle.
        handle: Handle,
        /// What does not fit.
        reason: &'static str,
    },
    /// The store belongs to other keys or to another version of the engine.
    #[error(
        "the ciphertext of {handle} was made by engine class {found}, this engine is {expected}; \
         use the keyset and version that made the store, or start with an empty data directory"
    )]
    EngineClass {
        /// The record's handle.
        handle: Handle,
        /// The class that made the record.
        found: B256,
        /// The class of the running engine.
        expected: B256,
    },
    /// A handle was given a second, different ciphertext.
    #[error(
        "handle {handle} already has a ciphertext with digest {found}, and {new} is another: \
         evaluation is not deterministic on this machine"
    )]
    Conflict {
        /// The handle.
        handle: Handle,
        /// Digest in the store.
        found: B256,
        /// Digest of the rejected ciphertext.
        new: B256,
    },
}

/// Evaluation of a graph failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The graph is not well formed.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A ciphertext could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stored bytes are not a ciphertext of the type.
    #[error("the ciphertext of {handle} cannot be read as {ty}: {source}")]
    Ciphertext {
        /// The handle.
        handle: Handle,
        /// The expected type.
        ty: FheType,
        /// Why.
        source: CiphertextError,
    },
    /// An operation has no meaning on the operands it got.
    #[error("operation {operation} for {handle} has no circuit for its operands: {reason}")]
    Operands {
        /// The operation.
        operation: String,
        /// Handle of the result.
        handle: Handle,
        /// What is wrong.
        reason: &'static str,
    },
    /// The result of an operation is not what it means on plaintexts, as an evaluator found that
    /// checks another one.
    #[error("operation {operation} for {handle} is wrong: {reason}")]
    Wrong {
        /// The operation.
        operation: String,
        /// Handle of the result.
        handle: Handle,
        /// The values.
        reason: String,
    },
    /// An operation panicked inside the FHE library.
    #[error("operation {operation} for {handle} failed: {reason}")]
    Panicked {
        /// The operation.
        operation: String,
        /// Handle of the result.
        handle: Handle,
        /// The panic's message.
        reason: String,
    },
    /// The unit of work is not well formed: a bug of whoever made it.
    #[error(transparent)]
    Bundle(BundleError),
    /// Intermediate results could not be put aside.
    #[error("intermediate ciphertexts could not be kept on disk: {0}")]
    Spill(std::io::Error),
    /// The scheduler ended before the computation did.
    #[error("evaluation was stopped; it goes on after the next start")]
    Stopped,
}

/// A bundle could not be executed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It does not make sense.
    #[error("the bundle is not well formed: {0}")]
    Malformed(&'static str),
    /// It is for another engine.
    #[error("the bundle is for engine class {found}, this engine is {expected}")]
    EngineClass {
        /// The bundle's class.
        found: B256,
        /// The class of the running engine.
        expected: B256,
    },
    /// An input is of another engine.
    #[error("input {input} is of engine class {found}, this engine is {expected}")]
    InputClass {
        /// Its position.
        input: usize,
        /// Its class.
        found: B256,
        /// The class of the running engine.
        expected: B256,
    },
    /// An input is not the one that the bundle names, or no ciphertext.
    #[error("input {input}: {source}")]
    Input {
        /// Its position.
        input: usize,
        /// What is wrong.
        source: CiphertextError,
    },
    /// A result cannot be handed over.
    #[error("the result of step {step}: {source}")]
    Output {
        /// The step.
        step: usize,
        /// What is wrong.
        source: CiphertextError,
    },
    /// A step has no meaning on the operands it got.
    #[error("step {step} has no circuit for its operands: {reason}")]
    Operands {
        /// The step.
        step: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// A step's result is wrong, as an evaluator found that checks another one.
    #[error("step {step} is wrong: {reason}")]
    Wrong {
        /// The step.
        step: usize,
        /// The values.
        reason: String,
    },
    /// A step panicked inside the FHE library.
    #[error("step {step} failed: {reason}")]
    Panicked {
        /// The step.
        step: usize,
        /// The panic's message.
        reason: String,
    },
}

impl BundleError {
    /// The error, with handles in the place of positions: those of the steps, and of inputs.
    pub(crate) fn at(self, steps: &[Step], input: impl Fn(usize) -> Handle) -> EvaluationError {
        let named = |step: usize| {
            steps.get(step).map(|step| (step.kernel.to_string(), step.handle)).unwrap_or_default()
        };
        match self {
            Self::InputClass { input: position, found, expected } => {
                StoreError::EngineClass { handle: input(position), found, expected }.into()
            }
            Self::Input { input: position, source } => {
                let handle = input(position);
                let ty = handle.fhe_type().unwrap_or(FheType::Bool);
                EvaluationError::Ciphertext { handle, ty, source }
            }
            Self::Output { step, source } => {
                let handle = named(step).1;
                let ty = handle.fhe_type().unwrap_or(FheType::Bool);
                EvaluationError::Ciphertext { handle, ty, source }
            }
            Self::Operands { step, reason } => {
                let (operation, handle) = named(step);
                EvaluationError::Operands { operation, handle, reason }
            }
            Self::Wrong { step, reason } => {
                let (operation, handle) = named(step);
                EvaluationError::Wrong { operation, handle, reason }
            }
            Self::Panicked { step, reason } => {
                let (operation, handle) = named(step);
                EvaluationError::Panicked { operation, handle, reason }
            }
            Self::Malformed(_) | Self::EngineClass { .. } => EvaluationError::Bundle(self),
        }
    }
}

/// Bytes are not a valid ciphertext or input list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CiphertextError {
    /// The bytes do not have the format, or do not fit the keys' parameters.
    #[error("not a well-formed ciphertext for these keys: {0}")]
    Malformed(String),
    /// A list holds a value of a kind that is not an encrypted type.
    #[error("value {index} of the list is of no encrypted type")]
    Kind {
        /// Its position.
        index: usize,
    },
    /// A list holds too many bits.
    #[error("the list holds {found} bits, and at most {limit} are allowed")]
    TooManyBits {
        /// Number of bits, two for a Bool.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A list's zero-knowledge proof is not valid for it, or for what it is said to be bound to.
    #[error(
        "the zero-knowledge proof is not valid for this contract, user, ACL and chain: encrypt \
         the values for the contract that is called and the account that calls it"
    )]
    Proof,
    /// A list holds too many values.
    #[error("the list holds {found} values, and at most {limit} are allowed")]
    TooMany {
        /// Number of values.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

/// Key files cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what the manifest says.
    #[error("{path} is damaged: its digest is {found}, expected {expected}; generate a new keyset")]
    Digest {
        /// The file.
        path: PathBuf,
        /// Digest of the file as it is.
        found: B256,
        /// Digest in the manifest.
        expected: B256,
    },
    /// The reference string of proofs cannot be made.
    #[error("no reference string for proofs of inputs: {0}")]
    Crs(String),
    /// The public key cannot be written for clients.
    #[error("the compact public key cannot be served to clients: {0}")]
    PublicKey(String),
    /// A file cannot be decoded, or its keys have other parameters.
    #[error("{path} does not hold keys of this version's parameters: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
