//! Roots of state and logs.

use alloy_primitives::{B256, Log, keccak256};
use alloy_trie::{
    TrieAccount,
    root::{state_root_unhashed, storage_root_unhashed},
};
use revm::database::CacheState;

/// The state root.
pub(crate) fn state(state: &CacheState) -> B256 {
    let accounts = state.accounts.iter().filter_map(|(address, account)| {
        let account = account.account.as_ref()?;
        let storage = account.storage.iter().filter(|(_, value)| !value.is_zero());
        let storage_root =
            storage_root_unhashed(storage.map(|(slot, value)| (B256::from(*slot), *value)));
        let info = &account.info;
        Some((*address, TrieAccount::new(info.nonce, info.balance, storage_root, info.code_hash)))
    });
    state_root_unhashed(accounts)
}

/// The hash over the list of logs.
pub(crate) fn logs(logs: &[Log]) -> B256 {
    let mut encoded = Vec::new();
    alloy_rlp::encode_list(logs, &mut encoded);
    keccak256(encoded)
}
