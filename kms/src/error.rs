//! Errors.

use std::path::PathBuf;

use alloy_primitives::{Address, B256, Bytes};
use ciphervm_fhe::{CiphertextError, Handle, KeyError};
use serde::{Deserialize, Serialize};

/// A key directory cannot be made or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// The directory exists and is not to be overwritten.
    #[error("{0} holds keys already; remove the directory first, or choose another")]
    Exists(PathBuf),
    /// There is no keyset.
    #[error("{0} holds no keyset (no manifest.json); generate one, or name another directory")]
    Missing(PathBuf),
    /// The manifest cannot be read.
    #[error("{path} is not a key manifest of this version: {reason}; generate a new keyset")]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Others may read the secret key.
    #[error("{path} has permissions {mode:o}, and others could read it; run: chmod 600 {path}")]
    Permissions {
        /// The secret key's file.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    Randomness(String),
    /// Key generation failed.
    #[error("key generation failed: {0}")]
    Generation(String),
    /// A key file cannot be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There is no home for the key cache.
    #[error("no place for the key cache: set CIPHERVM_CACHE to a directory")]
    NoCache,
}

/// A value cannot be decrypted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptionError {
    /// The ciphertext is not under these keys.
    #[error(
        "the ciphertext is of engine class {found}, these keys decrypt class \
         {expected}: keys and profile must be those that it was computed with"
    )]
    EngineClass {
        /// The ciphertext's class.
        found: B256,
        /// The class of these keys.
        expected: B256,
    },
    /// There is no secret key in this process.
    #[error(
        "this node holds no secret key, so it opens nothing for developers: the KMS in the other \
         process answers users and the public only"
    )]
    NoKey,
    /// The bytes are not a ciphertext.
    #[error(transparent)]
    Ciphertext(#[from] CiphertextError),
}

/// A signing key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The bytes are no key.
    #[error("the signing key is not a valid secp256k1 secret key")]
    Key,
    /// There is no signature.
    #[error("the signing key gives no signature")]
    Signing,
}

/// An answer cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// It cannot be signed.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// It cannot be encoded.
    #[error("the answer cannot be encoded: {0}")]
    Encoding(#[from] bincode::Error),
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    Randomness(String),
    /// It cannot be encrypted.
    #[error("the answer cannot be encrypted")]
    Encryption,
}

/// An answer to a user is not what the user asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is not the KMS's, or it answers something else.
    #[error("the answer is not signed by {0} as an answer to this request")]
    Signature(Address),
    /// It is to another request.
    #[error("the answer is to another request")]
    Request,
    /// It is encrypted to another key.
    #[error("the answer is not encrypted to this key")]
    Key,
    /// Its bytes are no answer.
    #[error("the answer cannot be read: {0}")]
    Encoding(#[from] bincode::Error),
    /// A value is not of its handle's type.
    #[error("the answer has a value that {0} cannot have")]
    Value(Handle),
}

/// The chain does not say what the KMS needs to know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// It cannot be asked.
    #[error("the chain cannot be asked: {0}")]
    Unreachable(String),
    /// A ciphertext takes longer than the caller waits.
    #[error("the ciphertext of {handle} is not there yet: {reason}")]
    NotReady {
        /// Its handle.
        handle: Handle,
        /// How far evaluation is.
        reason: String,
    },
    /// There is no such ciphertext.
    #[error("{0}")]
    NoCiphertext(String),
}

/// Why a request is refused. Nothing was opened then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It asks for nothing.
    #[error("the request names no handle")]
    NoHandles,
    /// It asks for too much.
    #[error("the request names {found} handles, and at most {limit} are allowed")]
    TooManyHandles {
        /// Number of handles.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// It asks for too much.
    #[error("the handles have {found} bits, and at most {limit} are allowed")]
    TooManyBits {
        /// Number of bits, two for a Bool.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A handle names no value that there could be.
    #[error("handle {0} has the type byte {n}, which is no usable type", n = .0.type_id())]
    HandleType(Handle),
    /// A handle is of another chain.
    #[error("handle {handle} is of chain {n}, and this is chain {expected}", n = .handle.chain_id())]
    HandleChain {
        /// The handle.
        handle: Handle,
        /// This chain.
        expected: u64,
    },
    /// The request is for another chain.
    #[error("the request is for chain {found}, and this is chain {expected}")]
    Chain {
        /// The request's chain.
        found: u64,
        /// This chain.
        expected: u64,
    },
    /// It names no contracts, or too many.
    #[error("the request names {found} contracts, and it may name 1 to {limit}")]
    Contracts {
        /// Number of contracts.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// It is valid for no time, or for too long.
    #[error("the request is valid for {found} days, and it may be for 1 to {limit}")]
    Days {
        /// Number of days.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// It is not valid yet.
    #[error("the request is valid from {start} on, and it is {now}, in seconds since 1970")]
    NotYet {
        /// From when it is valid.
        start: u64,
        /// The time.
        now: u64,
    },
    /// It is not valid any more.
    #[error(
        "request has expired: it was valid until {end}, and it is {now}, in seconds since 1970"
    )]
    Expired {
        /// Until when it was valid.
        end: u64,
        /// The time.
        now: u64,
    },
    /// The signature is not the user's.
    #[error("the signature is not {0}'s under this request")]
    Signature(Address),
    /// The user took the signature back.
    #[error("{user} took back all signatures of requests that start at {start}: sign a new one")]
    Invalidated {
        /// The user.
        user: Address,
        /// From when the request is valid.
        start: u64,
    },
    /// The key is none.
    #[error("a public key of {0} bytes is no serialised ML-KEM-512 encapsulation key")]
    PublicKey(usize),
    /// A contract asks for itself.
    #[error(
        "userAddress {0} should not be equal to contractAddress when requesting user decryption!"
    )]
    UserIsContract(Address),
    /// The signature does not cover a contract.
    #[error("contract {0} is not among those that the request was signed for")]
    UnsignedContract(Address),
    /// The user may not know the value.
    #[error(
        "User {user} is not authorized to decrypt handle {handle}! The contract has to call \
         FHE.allow for it"
    )]
    User {
        /// The user.
        user: Address,
        /// The handle.
        handle: Handle,
    },
    /// The contract may not use the value.
    #[error(
        "Dapp contract {contract} is not authorized to user decrypt handle {handle}! It has to \
         call FHE.allowThis for it"
    )]
    Contract {
        /// The contract.
        contract: Address,
        /// The handle.
        handle: Handle,
    },
    /// There is no delegation, or it is over.
    #[error(
        "{delegator} has not delegated the decryption of handle {handle} of contract {contract} \
         to {delegate}, or not any more"
    )]
    NotDelegated {
        /// In whose name.
        delegator: Address,
        /// Who asks.
        delegate: Address,
        /// The contract that holds the handle.
        contract: Address,
        /// The handle.
        handle: Handle,
    },
    /// Not everybody may know the value.
    #[error(
        "handle {0} is not allowed for decryption: its contract has to call \
         FHE.makePubliclyDecryptable"
    )]
    NotPublic(Handle),
    /// There is no such context.
    #[error("the chain has no context of the KMS for the extra data {0}")]
    Context(Bytes),
    /// This KMS has no part in the context.
    #[error("the chain does not count {0}, which signs here, among that context's signers")]
    NotSigner(Address),
    /// The chain does not say.
    #[error(transparent)]
    State(#[from] ChainError),
    /// A ciphertext cannot be decrypted.
    #[error("the ciphertext of {handle} cannot be decrypted: {source}")]
    Decryption {
        /// Its handle.
        handle: Handle,
        /// Why.
        source: DecryptionError,
    },
    /// The answer cannot be made.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// A service in another process refused, or could not be reached.
    #[error("{message}")]
    Remote {
        /// What kind of refusal it is.
        kind: RefusalKind,
        /// In words.
        message: String,
    },
}

/// What kind of refusal one is: whose fault, and whether it is worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The request makes no sense.
    Invalid,
    /// The chain does not allow it.
    NotAllowed,
    /// There is no ciphertext.
    NoCiphertext,
    /// The ciphertext is not there yet.
    NotReady,
    /// The chain, or the service, cannot be asked.
    Unreachable,
    /// The service failed.
    Internal,
}

impl Refusal {
    /// What kind it is.
    pub const fn kind(&self) -> RefusalKind {
        match self {
            Self::NotPublic(_)
            | Self::User { .. }
            | Self::Contract { .. }
            | Self::NotDelegated { .. } => RefusalKind::NotAllowed,
            Self::State(ChainError::Unreachable(_)) => RefusalKind::Unreachable,
            Self::State(ChainError::NotReady { .. }) => RefusalKind::NotReady,
            Self::State(ChainError::NoCiphertext(_)) => RefusalKind::NoCiphertext,
            Self::NotSigner(_) | Self::Decryption { .. } | Self::Answer(_) => RefusalKind::Internal,
            Self::Remote { kind, .. } => *kind,
            _ => RefusalKind::Invalid,
        }
    }
}
