//! Where the host contracts keep their state.
//!
//! Each contract has a namespace in its own storage, at
//! `keccak256(abi.encode(uint256(keccak256("ciphervm.storage." ‖ name)) - 1)) & ~0xff` (ERC-7201).
//! Fields follow each other from there; mappings and arrays are placed as Solidity places them.
//! The layout is that of this implementation, not of the contracts that it is compatible with.

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::frame::Slot;

/// First slot of the namespace `name` in `account`'s storage.
pub(crate) fn namespace(account: Address, name: &str) -> Slot {
    let id = keccak256(["ciphervm.storage.", name].concat());
    let location =
        keccak256((U256::from_be_bytes(id.0).wrapping_sub(U256::ONE)).to_be_bytes::<32>());
    Slot { account, key: U256::from_be_bytes(location.0) & !U256::from(0xff) }
}

/// An address as the key of a mapping.
pub(crate) fn key(address: Address) -> B256 {
    address.into_word()
}
