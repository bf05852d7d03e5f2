//! Calldata, read as strictly as Solidity's own decoder reads it.
//!
//! Whatever it refuses (a missing argument, an offset or length that leads out of the data, dirty
//! bits around a narrow type, a number that is no enum member) reverts without data. Bytes after
//! the arguments are ignored.

use alloy_primitives::{Address, B256, U256};
use ciphervm_fhe::FheType;

use crate::frame::{Abort, Outcome};

const WORD: usize = 32;

/// Splits calldata into selector and arguments.
pub(crate) fn split(data: &[u8]) -> Outcome<([u8; 4], Arguments<'_>)> {
    let (selector, arguments) = data.split_first_chunk().ok_or_else(Abort::empty)?;
    Ok((*selector, Arguments(arguments)))
}

/// ABI-encoded arguments. An argument's index counts the words of the head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments<'a>(&'a [u8]);

impl<'a> Arguments<'a> {
    /// A word, of whatever type.
    pub(crate) fn word(self, index: usize) -> Outcome<B256> {
        let start = index * WORD;
        self.0.get(start..start + WORD).map(B256::from_slice).ok_or_else(Abort::empty)
    }

    /// `uint256`.
    pub(crate) fn uint(self, index: usize) -> Outcome<U256> {
        self.word(index).map(Into::into)
    }

    /// `uint64`.
    pub(crate) fn uint64(self, index: usize) -> Outcome<u64> {
        self.uint(index)?.try_into().map_err(|_| Abort::empty())
    }

    /// `address`.
    pub(crate) fn address(self, index: usize) -> Outcome<Address> {
        let word = self.word(index)?;
        if word[..12].iter().any(|byte| *byte != 0) {
            return Err(Abort::empty());
        }
        Ok(Address::from_word(word))
    }

    /// `bytes1`.
    pub(crate) fn byte(self, index: usize) -> Outcome<u8> {
        let word = self.word(index)?;
        if word[1..].iter().any(|byte| *byte != 0) {
            return Err(Abort::empty());
        }
        Ok(word[0])
    }

    /// A member of the `FheType` enum, which need not be a type that can be used.
    pub(crate) fn type_id(self, index: usize) -> Outcome<u8> {
        let id: u8 = self.uint(index)?.try_into().map_err(|_| Abort::empty())?;
        if id >= FheType::ENUM_MEMBERS {
            return Err(Abort::empty());
        }
        Ok(id)
    }

    /// `bytes`.
    pub(crate) fn bytes(self, index: usize) -> Outcome<&'a [u8]> {
        let (length, tail) = self.tail(index)?;
        tail.get(..length).ok_or_else(Abort::empty)
    }

    /// `bytes32[]`.
    pub(crate) fn words(self, index: usize) -> Outcome<Vec<B256>> {
        let (length, tail) = self.tail(index)?;
        let size = length.checked_mul(WORD).ok_or_else(Abort::empty)?;
        let elements = tail.get(..size).ok_or_else(Abort::empty)?;
        Ok(elements.chunks_exact(WORD).map(B256::from_slice).collect())
    }

    /// `bytes[]`, as a function from positions to elements with the array's length.
    pub(crate) fn byte_strings(self, index: usize) -> Outcome<Vec<&'a [u8]>> {
        let (length, tail) = self.tail(index)?;
        // Every element has at least its offset in the data, which bounds the allocation.
        if length.checked_mul(WORD).is_none_or(|size| size > tail.len()) {
            return Err(Abort::empty());
        }
        // Offsets of elements count from the first element's offset.
        (0..length).map(|element| Arguments(tail).bytes(element)).collect()
    }

    /// Length of the dynamic argument at `index`, and everything after that length.
    fn tail(self, index: usize) -> Outcome<(usize, &'a [u8])> {
        let offset: usize = self.uint(index)?.try_into().map_err(|_| Abort::empty())?;
        let (length, tail) = self
            .0
            .get(offset..)
            .and_then(|tail| tail.split_first_chunk::<WORD>())
            .ok_or_else(Abort::empty)?;
        let length = U256::from_be_bytes(*length).try_into().map_err(|_| Abort::empty())?;
        Ok((length, tail))
    }
}

#[cfg(test)]
mod tests {
    use alloy_sol_types::SolValue;

    use super::*;

    fn refused<T>(outcome: Outcome<T>) -> bool {
        matches!(outcome, Err(Abort::Revert(data)) if data.is_empty())
    }

    #[test]
    fn narrow_types_refuse_dirty_bits() {
        let clean = Address::repeat_byte(1).into_word();
        let mut dirty = clean;
        dirty[11] = 1;
        assert_eq!(Arguments(clean.as_slice()).address(0), Ok(Address::repeat_byte(1)));
        assert!(refused(Arguments(dirty.as_slice()).address(0)));

        let mut byte = B256::ZERO;
        byte[0] = 1;
        assert_eq!(Arguments(byte.as_slice()).byte(0), Ok(1));
        byte[31] = 1;
        assert!(refused(Arguments(byte.as_slice()).byte(0)));

        let word = |value: u64| B256::from(U256::from(value));
        assert_eq!(Arguments(word(83).as_slice()).type_id(0), Ok(83));
        assert!(refused(Arguments(word(84).as_slice()).type_id(0)));
        assert!(refused(Arguments(word(256).as_slice()).type_id(0)));
    }

    #[test]
    fn dynamic_arguments_are_read_back() {
        let words = vec![B256::repeat_byte(1), B256::repeat_byte(2)];
        let strings = vec![vec![1u8, 2, 3], vec![], vec![4; 40]]
            .into_iter()
            .map(alloy_primitives::Bytes::from)
            .collect::<Vec<_>>();
        let encoded = (words.clone(), strings.clone()).abi_encode_params();
        let arguments = Arguments(&encoded);
        assert_eq!(arguments.words(0), Ok(words));
        let read = arguments.byte_strings(1).unwrap();
        assert!(read.iter().zip(&strings).all(|(read, sent)| *read == &sent[..]));
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn lengths_and_offsets_out_of_the_data_are_refused() {
        let mut encoded = vec![B256::repeat_byte(1)].abi_encode();
        assert!(Arguments(&encoded).words(0).is_ok());
        encoded[63] = 2;
        assert!(refused(Arguments(&encoded).words(0)));
        assert!(refused(Arguments(&encoded).byte_strings(0)));
        encoded[32] = 0xff;
        assert!(refused(Arguments(&encoded).words(0)));
        encoded[0] = 0xff;
        assert!(refused(Arguments(&encoded).bytes(0)));
        assert!(refused(Arguments(&[]).word(0)));
    }
}
