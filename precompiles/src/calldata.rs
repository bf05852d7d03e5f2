//! Calldata, read as strictly as Solidity's own decoder reads it.
//!
//! Whatever it refuses (a missing argument, an offset or length that leads out of the data, dirty
//! bits around a narrow type, a number that is no enum member) reverts without data. Bytes after
//! the arguments are ignored.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::PanicKind;
use ciphervm_fhe::FheType;

use crate::frame::{Abort, Outcome};

const WORD: usize = 32;

/// Bytes of calldata before the arguments.
const SELECTOR: usize = 4;

/// Splits calldata into selector and arguments.
pub(crate) fn split(data: &[u8]) -> Outcome<([u8; 4], Arguments<'_>)> {
    let (selector, arguments) = data.split_first_chunk().ok_or_else(Abort::empty)?;
    Ok((*selector, Arguments(arguments)))
}

/// ABI-encoded arguments. An argument's index counts the words of the head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments<'a>(&'a [u8]);

impl<'a> Arguments<'a> {
    /// The same, if the head has `words` words: Solidity looks at that before it reads any.
    /// Wherever arguments that are read early can panic, it has to be asked first.
    pub(crate) fn with_head(self, words: usize) -> Outcome<Self> {
        if self.0.len() < words * WORD { Err(Abort::empty()) } else { Ok(self) }
    }

    /// A word, of whatever type.
    pub(crate) fn word(self, index: usize) -> Outcome<B256> {
        let start = index * WORD;
        self.0.get(start..start + WORD).map(B256::from_slice).ok_or_else(Abort::empty)
    }

    /// `uint256`.
    pub(crate) fn uint(self, index: usize) -> Outcome<U256> {
        self.word(index).map(Into::into)
    }

    /// `uint48`.
    pub(crate) fn uint48(self, index: usize) -> Outcome<u64> {
        self.uint64(index).and_then(
            |value| {
                if value >> 48 == 0 { Ok(value) } else { Err(Abort::empty()) }
            },
        )
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
        let (length, tail) = self.length_and_tail(index)?;
        tail.get(..length).ok_or_else(Abort::empty)
    }

    /// `bytes32[]`.
    pub(crate) fn words(self, index: usize) -> Outcome<Vec<B256>> {
        let (length, tail) = self.length_and_tail(index)?;
        let size = length.checked_mul(WORD).ok_or_else(Abort::empty)?;
        let elements = tail.get(..size).ok_or_else(Abort::empty)?;
        Ok(elements.chunks_exact(WORD).map(B256::from_slice).collect())
    }

    /// `bytes` that the function takes in memory: an impossible length panics.
    pub(crate) fn memory_bytes(self, index: usize) -> Outcome<&'a [u8]> {
        require_addressable(self.tail(index)?.0, 1)?;
        self.bytes(index)
    }

    /// `bytes32[]` that the function takes in memory: an impossible length panics.
    pub(crate) fn memory_words(self, index: usize) -> Outcome<Vec<B256>> {
        require_addressable(self.tail(index)?.0, WORD)?;
        self.words(index)
    }

    /// `bytes[]`, element by element, for Solidity decodes an element when it is used.
    pub(crate) fn byte_strings(
        self,
        index: usize,
    ) -> Outcome<impl Iterator<Item = Outcome<&'a [u8]>>> {
        let (length, tail) = self.length_and_tail(index)?;
        // Every element has at least its offset in the data.
        if length.checked_mul(WORD).is_none_or(|size| size > tail.len()) {
            return Err(Abort::empty());
        }
        let base = self.0.len() - tail.len();
        Ok((0..length).map(move |element| self.byte_string(base, Arguments(tail).uint(element)?)))
    }

    /// The element of `bytes[]` at `offset` from the array's first word, which is at `base`.
    ///
    /// Solidity compares such offsets and what they lead to as signed numbers. So an offset may be
    /// negative: what is then before all calldata reads as empty.
    fn byte_string(self, base: usize, offset: U256) -> Outcome<&'a [u8]> {
        let last = (self.0.len() - base).checked_sub(WORD).ok_or_else(Abort::empty)?;
        let start = if offset.bit(U256::BITS - 1) {
            let back = offset.wrapping_neg();
            if back > U256::from(base + SELECTOR) {
                return Ok(&[]);
            }
            // A length that begins in the selector is larger than any data.
            base.checked_sub(back.to()).ok_or_else(Abort::empty)?
        } else {
            let ahead = usize::try_from(offset).ok().filter(|ahead| *ahead <= last);
            base + ahead.ok_or_else(Abort::empty)?
        };
        let element = Arguments(&self.0[start..]);
        let length: usize = element.uint(0)?.try_into().map_err(|_| Abort::empty())?;
        element.0[WORD..].get(..length).ok_or_else(Abort::empty)
    }

    /// An array whose elements have `words` words each in its head: how many they are, and they as
    /// further arguments, which are not read yet.
    pub(crate) fn array(self, index: usize, words: usize) -> Outcome<(usize, Self)> {
        let (length, tail) = self.length_and_tail(index)?;
        if length.checked_mul(WORD * words).is_none_or(|size| size > tail.len()) {
            return Err(Abort::empty());
        }
        Ok((length, Self(tail)))
    }

    /// A tuple with dynamic members: these as further arguments.
    pub(crate) fn tuple(self, index: usize) -> Outcome<Self> {
        let offset: usize = self.uint(index)?.try_into().map_err(|_| Abort::empty())?;
        self.0.get(offset..).map(Self).ok_or_else(Abort::empty)
    }

    /// `address[]` that the function takes in memory.
    pub(crate) fn memory_addresses(self, index: usize) -> Outcome<Vec<Address>> {
        let words = self.memory_words(index)?;
        let elements = words.concat();
        (0..words.len()).map(|element| Arguments(&elements).address(element)).collect()
    }

    /// As [`Self::tail`], where the length is one that data can have.
    fn length_and_tail(self, index: usize) -> Outcome<(usize, &'a [u8])> {
        let (length, tail) = self.tail(index)?;
        Ok((length.try_into().map_err(|_| Abort::empty())?, tail))
    }

    /// Length of the dynamic argument at `index`, and everything after that length.
    fn tail(self, index: usize) -> Outcome<(U256, &'a [u8])> {
        let offset: usize = self.uint(index)?.try_into().map_err(|_| Abort::empty())?;
        let (length, tail) = self
            .0
            .get(offset..)
            .and_then(|tail| tail.split_first_chunk::<WORD>())
            .ok_or_else(Abort::empty)?;
        Ok((U256::from_be_bytes(*length), tail))
    }
}

/// Solidity copies some arguments to memory, and makes room before it compares their length with
/// the data. A length for which memory has no address is `Panic(0x41)`.
fn require_addressable(length: U256, element: usize) -> Outcome {
    /// Where Solidity's memory begins to be free.
    const FREE: U256 = U256::from_limbs([0x80, 0, 0, 0]);
    let word = U256::from(WORD);
    let limit = U256::from(u64::MAX);
    let end = length
        .checked_mul(U256::from(element))
        .and_then(|size| size.checked_next_multiple_of(word))
        .and_then(|size| size.checked_add(FREE + word));
    if end.is_none_or(|end| end > limit) {
        return Err(Abort::panic(PanicKind::ResourceError));
    }
    Ok(())
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
        let read: Vec<_> = arguments.byte_strings(1).unwrap().map(Result::unwrap).collect();
        assert!(read.iter().zip(&strings).all(|(read, sent)| *read == &sent[..]));
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn lengths_and_offsets_out_of_the_data_are_refused() {
        let mut encoded = vec![B256::repeat_byte(1)].abi_encode();
        assert!(Arguments(&encoded).words(0).is_ok());
        encoded[63] = 2;
        assert!(refused(Arguments(&encoded).words(0)));
        assert!(Arguments(&encoded).byte_strings(0).is_err());
        encoded[32] = 0xff;
        assert!(refused(Arguments(&encoded).words(0)));
        encoded[0] = 0xff;
        assert!(refused(Arguments(&encoded).bytes(0)));
        assert!(refused(Arguments(&[]).word(0)));
    }

    #[test]
    fn offsets_of_strings_are_signed() {
        // The word at 96 is the offset of the only element, which counts from that same word.
        let read = |offset: U256| {
            let words = [U256::from(64), U256::from(3), U256::ONE, offset];
            let encoded: Vec<u8> = words.iter().flat_map(U256::to_be_bytes::<32>).collect();
            let element = Arguments(&encoded).byte_strings(0).unwrap().next().unwrap();
            element.map(<[u8]>::to_vec)
        };
        let back = |bytes: u64| U256::from(bytes).wrapping_neg();
        assert_eq!(read(back(64)), Ok(vec![0, 0, 0]));
        assert!(refused(read(back(96 + 4))));
        assert_eq!(read(back(96 + 5)), Ok(vec![]));
        assert_eq!(read(U256::ONE << 255), Ok(vec![]));
        assert!(refused(read(U256::from(1))));
        // Behind the data, and yet within its length.
        assert!(refused(read(U256::from(33))));
        assert!(refused(read((U256::ONE << 255) - U256::ONE)));
    }

    #[test]
    fn lengths_that_no_memory_holds_panic() {
        let panic = Abort::panic(PanicKind::ResourceError);
        let of_length = |length: u64| (U256::from(32), U256::from(length)).abi_encode();
        let words = |length| Arguments(&of_length(length)).memory_words(0).map(drop);
        let bytes = |length| Arguments(&of_length(length)).memory_bytes(0).map(drop);
        // The last word below 2^64 is out of reach of arrays that begin at 0x80.
        let last = (u64::MAX - 0xa0) / 32;
        assert_eq!(words(0), Ok(()));
        assert!(refused(words(last)));
        assert_eq!(words(last + 1), Err(panic.clone()));
        assert_eq!(bytes(0), Ok(()));
        assert!(refused(bytes(last * 32)));
        assert_eq!(bytes(u64::MAX), Err(panic));
        assert!(refused(Arguments(&of_length(u64::MAX)).words(0).map(drop)));
    }
}
