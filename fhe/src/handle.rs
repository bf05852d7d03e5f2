//! Handles: the 32-byte names of ciphertexts.

use std::fmt;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::FheType;

/// The handle format's version, the last byte of every handle.
pub const HANDLE_VERSION: u8 = 0;

/// What byte 21 holds in a handle that an operation made. Input handles hold their index in the
/// submitted list there, at most [`MAX_INPUT_INDEX`].
pub const COMPUTED_MARK: u8 = 0xff;

/// The largest index of a value in an input list.
pub const MAX_INPUT_INDEX: u8 = 254;

/// A ciphertext's name on chain.
///
/// | bytes | content |
/// |---|---|
/// | 0–20 | the first 21 bytes of a Keccak-256 hash of what made the value |
/// | 21 | [`COMPUTED_MARK`], or the index in an input list |
/// | 22–29 | chain id, big-endian |
/// | 30 | [`FheType`] id |
/// | 31 | [`HANDLE_VERSION`] |
///
/// Because the hash covers the operation, its inputs and the block, one handle always means one
/// value.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Handle(pub B256);

impl Handle {
    /// The handle of an operation's result, from the hash of its preimage.
    pub fn computed(hash: B256, chain_id: u64, ty: FheType) -> Self {
        Self::assemble(hash, COMPUTED_MARK, chain_id, ty)
    }

    /// The handle of value `index` in an input list.
    ///
    /// # Panics
    /// If `index` is [`COMPUTED_MARK`].
    pub fn input(hash: B256, index: u8, chain_id: u64, ty: FheType) -> Self {
        assert_ne!(index, COMPUTED_MARK, "an input list holds at most 255 values");
        Self::assemble(hash, index, chain_id, ty)
    }

    fn assemble(mut bytes: B256, mark: u8, chain_id: u64, ty: FheType) -> Self {
        bytes[21] = mark;
        bytes[22..30].copy_from_slice(&chain_id.to_be_bytes());
        bytes[30] = ty.id();
        bytes[31] = HANDLE_VERSION;
        Self(bytes)
    }

    /// The type byte, which need not be the id of a usable type.
    pub fn type_id(&self) -> u8 {
        self.0[30]
    }

    /// The type, if its id is one that can be used.
    pub fn fhe_type(&self) -> Option<FheType> {
        FheType::from_id(self.type_id())
    }

    /// The chain id that the handle carries.
    pub fn chain_id(&self) -> u64 {
        let bytes = self.0[22..30].try_into().expect("the range is eight bytes long");
        u64::from_be_bytes(bytes)
    }

    /// Index in the input list, or `None` for the result of an operation.
    pub fn input_index(&self) -> Option<u8> {
        (self.0[21] != COMPUTED_MARK).then_some(self.0[21])
    }

    /// The handle format's version byte.
    pub fn version(&self) -> u8 {
        self.0[31]
    }

    /// Whether this is the zero word, which contracts use for "never set".
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

impl From<B256> for Handle {
    fn from(word: B256) -> Self {
        Self(word)
    }
}

impl From<Handle> for B256 {
    fn from(handle: Handle) -> Self {
        handle.0
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `B256` abbreviates in `Display`; a handle is looked up by its whole text.
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_back() {
        let hash = B256::repeat_byte(0xab);
        let handle = Handle::computed(hash, 31337, FheType::Uint64);
        assert_eq!(&handle.0[..21], &hash[..21]);
        assert_eq!(&handle.0[21..], hex_suffix("ff0000000000007a690500"));
        assert_eq!(handle.fhe_type(), Some(FheType::Uint64));
        assert_eq!(handle.chain_id(), 31337);
        assert_eq!(handle.input_index(), None);

        let input = Handle::input(hash, 7, 1, FheType::Bool);
        assert_eq!(input.input_index(), Some(7));
        assert_eq!(input.chain_id(), 1);
        assert_eq!(input.version(), HANDLE_VERSION);
    }

    #[test]
    fn a_handle_is_its_word() {
        let word = B256::repeat_byte(0xab);
        let handle = Handle::from(word);
        assert_eq!((handle.0, B256::from(handle)), (word, word));
        assert_eq!(handle.version(), 0xab);
        assert_eq!((handle.is_zero(), Handle::default().is_zero()), (false, true));
        let text = format!("0x{}", "ab".repeat(32));
        assert_eq!([handle.to_string(), format!("{handle:?}")], [text.clone(), text]);
    }

    fn hex_suffix(text: &str) -> Vec<u8> {
        alloy_primitives::hex::decode(text).unwrap()
    }
}
