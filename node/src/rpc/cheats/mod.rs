//! What tests do with a devnet that no client can do with a chain: the methods of Hardhat
//! (`hardhat_*`, `evm_*`) and of Anvil (`anvil_*`), a module for each group.
//!
//! A method with several names is one method. Where the two answer differently, there is one for
//! each: Hardhat says `true` where Anvil says `null`. Numbers are JSON numbers, decimal strings or
//! hexadecimal ones, whatever the client prefers.

mod about;
mod accounts;
mod blocks;
mod history;
mod mining;
mod time;

use jsonrpsee::{RpcModule, core::RegisterMethodError};

use super::Rpc;

/// All methods of this kind.
///
/// # Errors
/// If two methods have one name: a bug.
pub(super) fn module(rpc: &Rpc) -> Result<RpcModule<()>, RegisterMethodError> {
    let mut module = RpcModule::new(());
    module.merge(about::AboutServer::into_rpc(rpc.clone()))?;
    module.merge(accounts::AccountsServer::into_rpc(rpc.clone()))?;
    module.merge(blocks::BlocksServer::into_rpc(rpc.clone()))?;
    module.merge(history::HistoryServer::into_rpc(rpc.clone()))?;
    module.merge(mining::MiningServer::into_rpc(rpc.clone()))?;
    module.merge(time::TimeServer::into_rpc(rpc.clone()))?;
    Ok(module)
}
