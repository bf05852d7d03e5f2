//! `net_*`, `web3_*` and `personal_*`: small namespaces of old.

use alloy_primitives::{Address, B256, Bytes, U64, keccak256};
use jsonrpsee::proc_macros::rpc;

use super::{Rpc, error::Answer, eth::EthServer};

/// Name and version. Hardhat's network helpers work with what calls itself Anvil or Hardhat Network
/// only, and of these two Anvil is the one whose methods are all here.
pub(super) const CLIENT_VERSION: &str = concat!("anvil/CipherVM/", env!("CARGO_PKG_VERSION"));

#[rpc(server, namespace = "net")]
pub(super) trait Net {
    #[method(name = "version")]
    fn version(&self) -> Answer<String>;
    #[method(name = "listening")]
    fn listening(&self) -> Answer<bool>;
    #[method(name = "peerCount")]
    fn peer_count(&self) -> Answer<U64>;
}

impl NetServer for Rpc {
    fn version(&self) -> Answer<String> {
        Ok(self.devnet.chain(|chain| chain.chain_id()).to_string())
    }

    fn listening(&self) -> Answer<bool> {
        Ok(true)
    }

    fn peer_count(&self) -> Answer<U64> {
        Ok(U64::ZERO)
    }
}

#[rpc(server, namespace = "web3")]
pub(super) trait Web3 {
    #[method(name = "clientVersion")]
    fn client_version(&self) -> Answer<String>;
    #[method(name = "sha3")]
    fn sha3(&self, bytes: Bytes) -> Answer<B256>;
}

impl Web3Server for Rpc {
    fn client_version(&self) -> Answer<String> {
        Ok(CLIENT_VERSION.to_owned())
    }

    fn sha3(&self, bytes: Bytes) -> Answer<B256> {
        Ok(keccak256(bytes))
    }
}

#[rpc(server, namespace = "personal")]
pub(super) trait Personal {
    /// As `eth_sign`, with its parameters the other way round.
    #[method(name = "sign")]
    fn sign(&self, message: Bytes, address: Address) -> Answer<Bytes>;
}

impl PersonalServer for Rpc {
    fn sign(&self, message: Bytes, address: Address) -> Answer<Bytes> {
        EthServer::sign(self, address, message)
    }
}
