//! JSON-RPC: a module for each namespace.
//!
//! Methods are synchronous and run on threads of their own, for they execute transactions, write
//! to disk, and wait for evaluation.

mod answers;
mod budget;
mod call;
mod cheats;
mod cipher;
mod debug;
mod error;
mod eth;
mod fhevm;
mod filters;
mod logs;
mod meter;
mod net;
mod proof;
mod send;
mod subscribe;
mod txpool;
mod view;

use std::sync::{Arc, Mutex};

use jsonrpsee::{RpcModule, core::RegisterMethodError};

use crate::devnet::Devnet;
use filters::Filters;

/// What all methods work on.
#[derive(Clone, Debug)]
struct Rpc {
    devnet: Arc<Devnet>,
    filters: Arc<Mutex<Filters>>,
}

/// All methods.
///
/// # Errors
/// If two methods have one name: a bug.
pub fn module(devnet: Arc<Devnet>) -> Result<RpcModule<()>, RegisterMethodError> {
    let rpc = Rpc { devnet, filters: Arc::default() };
    let mut module = RpcModule::new(());
    module.merge(eth::EthServer::into_rpc(rpc.clone()))?;
    module.merge(subscribe::SubscribeServer::into_rpc(rpc.clone()))?;
    module.merge(net::NetServer::into_rpc(rpc.clone()))?;
    module.merge(net::Web3Server::into_rpc(rpc.clone()))?;
    module.merge(net::PersonalServer::into_rpc(rpc.clone()))?;
    module.merge(cheats::module(&rpc)?)?;
    module.merge(debug::TracingServer::into_rpc(rpc.clone()))?;
    module.merge(cipher::CipherServer::into_rpc(rpc.clone()))?;
    module.merge(fhevm::FhevmServer::into_rpc(rpc.clone()))?;
    module.merge(txpool::TxpoolServer::into_rpc(rpc))?;
    Ok(module)
}
