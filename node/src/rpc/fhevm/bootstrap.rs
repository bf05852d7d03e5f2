//! Host contracts as the plugin puts them on a chain where it finds none.
//!
//! It asks for code at their addresses: there must be the code of the release that it knows, or
//! none. Where there is none it writes code, makes an account the owner by writing the word where
//! OpenZeppelin's `Ownable` has it, and initializes the verifiers. Here the contracts are part of
//! the machine, so all of it comes down to what is shown, and to who the owner is.

use alloy_primitives::{Address, Bytes, U256, keccak256, uint};
use ciphervm_precompiles::{HOST_CODE, HostAddresses, owner_slot};

use crate::chain::{AccountDiff, SlotDiff, StateDiff, WorldState};

/// Where OpenZeppelin's `Ownable` has the owner (ERC-7201, `openzeppelin.storage.Ownable`).
const OWNABLE: U256 =
    uint!(0x9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300_U256);

/// The code that clients see at an address. Host contracts have none, as Ethereum's precompiles,
/// until somebody writes some.
pub(in crate::rpc) fn visible_code(
    hosts: &HostAddresses,
    state: &WorldState,
    address: Address,
) -> Bytes {
    let code = state.code(&address);
    if code == HOST_CODE && hosts.contains(address) { Bytes::new() } else { code }
}

/// An account's code, written by hand. The code of a host contract is for show.
pub(in crate::rpc) fn with_code(
    hosts: &HostAddresses,
    state: &WorldState,
    address: Address,
    code: Bytes,
) -> StateDiff {
    let mut account = state.unchanged(address);
    let mut code = code;
    if hosts.contains(address) {
        if code.is_empty() {
            // An account without code would lose its storage (EIP-161).
            code = HOST_CODE;
        } else if address == hosts.acl && state.code(&address) == HOST_CODE {
            // Whoever puts a list where there was none expects that nobody owns it yet.
            account.storage.push(SlotDiff { slot: owner_slot(address), value: U256::ZERO });
        }
    }
    account.code_hash = keccak256(&code);
    StateDiff { accounts: vec![account], codes: vec![code] }
}

/// Writes a word of storage by hand. What is written where `Ownable` has the owner of the access
/// control list makes the owner.
pub(in crate::rpc) fn write_word(
    hosts: &HostAddresses,
    account: &mut AccountDiff,
    slot: U256,
    value: U256,
) {
    account.storage.push(SlotDiff { slot, value });
    if account.address == hosts.acl && slot == OWNABLE {
        account.storage.push(SlotDiff { slot: owner_slot(hosts.acl), value });
    }
}
