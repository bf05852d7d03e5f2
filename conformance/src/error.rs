//! What can go wrong besides a vector.

/// A file does not hold vectors.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Of another version.
    #[error("the vectors are of schema {0:?}, and this program reads {expected:?}", expected = crate::SCHEMA)]
    Schema(String),
    /// Of an operation that does not exist.
    #[error("there is no operation {0:?}")]
    Operation(String),
    /// A vector makes no sense.
    #[error("vector {id}: {reason}")]
    Vector {
        /// Which.
        id: String,
        /// Why.
        reason: String,
    },
    /// No JSON, or not of the schema.
    #[error("{file} cannot be read: {reason}")]
    Json {
        /// Which file.
        file: String,
        /// Why.
        reason: String,
    },
}

/// There is nothing to write as Solidity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SolidityError {
    /// Sequences alone were chosen, or vectors that the library's types cannot say.
    #[error(
        "there is no contract to write: of {left_out} chosen vectors of operations the library's \
         types can say none, and sequences are no Solidity; choose operations with results, such \
         as --filter fheAdd/euint8"
    )]
    Nothing {
        /// The vectors of operations among those that were chosen.
        left_out: usize,
    },
}

/// A chain cannot be talked to, so nothing was found out about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// No answer, or no JSON.
    #[error("{url} does not answer {what}: {reason}")]
    Transport {
        /// Where.
        url: String,
        /// What was asked.
        what: String,
        /// Why.
        reason: String,
    },
    /// An error as answer.
    #[error("{method}: {message}")]
    Refused {
        /// The method.
        method: String,
        /// JSON-RPC's code.
        code: i64,
        /// In words.
        message: String,
        /// The bytes of a revert.
        data: Option<alloy_primitives::Bytes>,
    },
    /// An answer that is none.
    #[error("{what} is not what it should be: {reason}")]
    Answer {
        /// The answer to what.
        what: String,
        /// Why.
        reason: String,
    },
    /// Took too long.
    #[error("{0} took too long")]
    Patience(String),
}

impl ChainError {
    /// Whether the chain answered, though not as it must: there is something found out about it.
    pub(crate) const fn is_answer(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Answer { .. })
    }
}
