//! Errors as JSON-RPC tells them: the codes of geth (EIP-1474), and words that name the fix.

use std::fmt::Display;

use alloy_primitives::Bytes;
use jsonrpsee::types::ErrorObjectOwned;

use crate::devnet::{DevnetError, DumpError};

/// What a method answers.
pub(super) type Answer<T> = Result<T, ErrorObjectOwned>;

/// Whatever has no code of its own.
const SERVER: i32 = -32000;
/// The parameters make no sense.
const INVALID_PARAMS: i32 = -32602;
/// There is no such block.
const NOT_FOUND: i32 = -32001;
/// Something asked for is more than a limit allows (EIP-1474).
const LIMIT_EXCEEDED: i32 = -32005;
/// Execution reverted: the data are what it reverted with.
const REVERTED: i32 = 3;

fn error(code: i32, message: impl Display) -> ErrorObjectOwned {
    ErrorObjectOwned::owned(code, message.to_string(), None::<()>)
}

/// It cannot be done.
pub(super) fn failed(message: impl Display) -> ErrorObjectOwned {
    error(SERVER, message)
}

/// The parameters make no sense.
pub(super) fn invalid(message: impl Display) -> ErrorObjectOwned {
    error(INVALID_PARAMS, message)
}

/// There is no such thing.
pub(super) fn not_found(message: impl Display) -> ErrorObjectOwned {
    error(NOT_FOUND, message)
}

/// It is more than a limit allows.
pub(super) fn too_much(message: impl Display) -> ErrorObjectOwned {
    error(LIMIT_EXCEEDED, message)
}

/// Execution reverted with `data`, which mean `reason`.
pub(super) fn reverted(data: &Bytes, reason: Option<String>) -> ErrorObjectOwned {
    let message = match reason {
        Some(reason) => format!("execution reverted: {reason}"),
        None => "execution reverted".to_owned(),
    };
    ErrorObjectOwned::owned(REVERTED, message, Some(data))
}

impl From<DevnetError> for ErrorObjectOwned {
    fn from(source: DevnetError) -> Self {
        match source {
            DevnetError::TooManyBlocks { .. } => too_much(source),
            DevnetError::Past(_) | DevnetError::LowerNonce { .. } | DevnetError::NoStorage(_) => {
                invalid(source)
            }
            _ => failed(source),
        }
    }
}

impl From<DumpError> for ErrorObjectOwned {
    fn from(source: DumpError) -> Self {
        match source {
            DumpError::Record(_) | DumpError::Store(_) | DumpError::Journal(_) => failed(source),
            _ => invalid(source),
        }
    }
}
