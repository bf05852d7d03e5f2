//! Sets in transient storage that can be cleared.
//!
//! Slot 0 holds the number of insertions, slots 1 to n the keys inserted, and the slot of each key
//! that is in the set holds 1. This is the layout that the FHEVM host contracts use, so that
//! clearing costs gas in proportion to what was inserted.

use alloy_primitives::{Address, B256, U256};

use crate::frame::{Frame, Outcome};

/// Whether `key` is in `account`'s set.
pub(crate) fn contains(frame: &mut Frame<'_>, account: Address, key: B256) -> Outcome<bool> {
    Ok(!frame.tload(account, key.into())?.is_zero())
}

/// Puts `key` into `account`'s set.
pub(crate) fn insert(frame: &mut Frame<'_>, account: Address, key: B256) -> Outcome {
    let length = frame.tload(account, U256::ZERO)?.wrapping_add(U256::ONE);
    frame.tstore(account, key.into(), U256::ONE)?;
    frame.tstore(account, length, key.into())?;
    frame.tstore(account, U256::ZERO, length)
}

/// Empties `account`'s set.
pub(crate) fn clear(frame: &mut Frame<'_>, account: Address) -> Outcome {
    let length: u64 = frame.tload(account, U256::ZERO)?.saturating_to();
    frame.tstore(account, U256::ZERO, U256::ZERO)?;
    for position in 1..=length {
        let position = U256::from(position);
        let key = frame.tload(account, position)?;
        frame.tstore(account, position, U256::ZERO)?;
        frame.tstore(account, key, U256::ZERO)?;
    }
    Ok(())
}
