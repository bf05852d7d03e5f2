//! The host contracts' genesis accounts in a revm database.

use ciphervm_precompiles::{GenesisParams, HostConfig, genesis};
use revm::{
    DatabaseRef,
    database::CacheDB,
    state::{AccountInfo, Bytecode},
};

/// Puts the host contracts' accounts into a database. Without them [`install`](crate::install)ed
/// precompiles have no limits, no signers, and lose their storage (EIP-161).
///
/// # Errors
/// If the underlying database fails.
pub fn insert_host_accounts<D: DatabaseRef>(
    state: &mut CacheDB<D>,
    host: &HostConfig,
    params: &GenesisParams,
) -> Result<(), D::Error> {
    for account in genesis(host, params) {
        let code = Bytecode::new_raw(account.code);
        // A contract's nonce starts at one (EIP-161).
        let info = AccountInfo { nonce: 1, ..AccountInfo::from_bytecode(code) };
        state.insert_account_info(account.address, info);
        state.replace_account_storage(account.address, account.storage.into_iter().collect())?;
    }
    Ok(())
}
