//! Byte strings in storage, placed as Solidity places `bytes` and `string`.

use alloy_primitives::{B256, U256};

use crate::frame::{Frame, Outcome, Slot};

/// Bytes per word.
const WORD: usize = 32;

/// Longest string that shares its slot with its length.
const SHORT: usize = WORD - 1;

/// The string at `slot`.
pub(super) fn load(frame: &mut Frame<'_>, slot: Slot) -> Outcome<Vec<u8>> {
    let word = frame.sload(slot)?;
    let head = B256::from(word);
    if head[SHORT] & 1 == 0 {
        let length = usize::from(head[SHORT] / 2).min(SHORT);
        return Ok(head[..length].to_vec());
    }
    // The length follows the bit that says that the string is long.
    let length: usize = word.wrapping_shr(1).saturating_to();
    let elements = slot.elements();
    let mut text = Vec::new();
    // A word is paid for before it is appended, so gas bounds the memory.
    for position in 0..length.div_ceil(WORD) as u64 {
        let word = B256::from(frame.sload(elements.offset(position))?);
        let taken = (length - text.len()).min(WORD);
        text.extend_from_slice(&word[..taken]);
    }
    Ok(text)
}

/// Puts `text` into `slot`, which must be empty.
pub(super) fn store(frame: &mut Frame<'_>, slot: Slot, text: &[u8]) -> Outcome {
    let word = |bytes: &[u8]| {
        let mut word = B256::ZERO;
        word[..bytes.len()].copy_from_slice(bytes);
        word
    };
    if text.len() <= SHORT {
        let mut head = word(text);
        head[SHORT] = 2 * text.len() as u8;
        return frame.sstore(slot, head.into());
    }
    frame.sstore(slot, (U256::from(text.len()) << 1) | U256::ONE)?;
    let elements = slot.elements();
    for (position, chunk) in (0..).zip(text.chunks(WORD)) {
        frame.sstore(elements.offset(position), word(chunk).into())?;
    }
    Ok(())
}
