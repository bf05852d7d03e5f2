//! The key management service beside the chain: in this process, or in one of its own that alone
//! has access to the secret key.

mod chain;
mod remote;
mod rpc_chain;
mod server;
mod token;

pub use chain::DevnetChain;
pub use remote::{Keyless, RemoteService};
pub(crate) use rpc_chain::Ciphertext;
pub use rpc_chain::RpcChain;
pub use server::router;
pub use token::Token;

use ciphervm_kms::{Contracts, Domains};
use ciphervm_precompiles::HostConfig;

/// The contracts that have a say in decryptions.
pub const fn contracts(host: &HostConfig) -> Contracts {
    Contracts { acl: host.addresses.acl, kms_verifier: host.addresses.kms_verifier }
}

/// What decryptions on chain `chain_id` are signed for.
pub const fn domains(host: &HostConfig, chain_id: u64) -> Domains {
    Domains {
        host_chain: chain_id,
        gateway_chain: host.gateway.chain_id,
        decryption: host.gateway.decryption,
    }
}
