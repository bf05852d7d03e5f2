//! What clients ask to find out whether this is a development chain, and which.

use std::sync::Arc;

use alloy_primitives::U256;
use alloy_rpc_types_anvil::Metadata;
use jsonrpsee::proc_macros::rpc;

use crate::rpc::{Rpc, error::Answer, net::CLIENT_VERSION};

/// There is no `anvil_nodeInfo`: tools that ask for it take a node that answers for one without
/// encrypted values, and simulate these themselves.
#[rpc(server)]
pub(super) trait About {
    #[method(name = "hardhat_metadata", aliases = ["anvil_metadata"], blocking)]
    fn metadata(&self) -> Answer<Metadata>;
    #[method(name = "hardhat_setLoggingEnabled")]
    fn hardhat_set_logging(&self, on: bool) -> Answer<bool>;
    #[method(name = "anvil_setLoggingEnabled")]
    fn anvil_set_logging(&self, on: bool) -> Answer<()>;
}

impl AboutServer for Rpc {
    fn metadata(&self) -> Answer<Metadata> {
        let (chain_id, head) =
            self.devnet.chain(|chain| (chain.chain_id(), Arc::clone(chain.head())));
        let snapshots = self.devnet.snapshots().into_iter();
        Ok(Metadata {
            client_version: CLIENT_VERSION.to_owned(),
            client_semver: Some(env!("CARGO_PKG_VERSION").to_owned()),
            client_commit_sha: None,
            chain_id,
            instance_id: self.devnet.instance(),
            latest_block_number: head.number(),
            latest_block_hash: head.hash(),
            forked_network: None,
            snapshots: snapshots.map(|(id, block)| (U256::from(id), block)).collect(),
        })
    }

    /// Nothing: `RUST_LOG` says what is logged.
    fn hardhat_set_logging(&self, _: bool) -> Answer<bool> {
        Ok(true)
    }

    fn anvil_set_logging(&self, _: bool) -> Answer<()> {
        Ok(())
    }
}
