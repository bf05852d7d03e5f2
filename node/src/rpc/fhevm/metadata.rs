//! Where everything is.

use serde::Serialize;

use crate::devnet::Devnet;

/// The account that relays in the plugin's own engine, by its index among the node's accounts.
const RELAYER: usize = 6;

/// Where everything is.
#[derive(Clone, Debug, Serialize)]
pub(in crate::rpc) struct Metadata {
    version: &'static str,
    #[serde(rename = "chainId")]
    chain_id: u64,
    #[serde(rename = "gatewayChainId")]
    gateway_chain_id: u64,
    #[serde(rename = "ACLAddress")]
    acl: String,
    #[serde(rename = "CoprocessorAddress")]
    executor: String,
    #[serde(rename = "KMSVerifierAddress")]
    kms_verifier: String,
    #[serde(rename = "InputVerifierAddress")]
    input_verifier: String,
    #[serde(rename = "relayerSignerAddress")]
    relayer: String,
}

impl Metadata {
    /// Addresses are checksummed, for clients compare them as text.
    pub(super) fn new(devnet: &Devnet) -> Self {
        let host = devnet.host();
        let addresses = &host.addresses;
        // Nothing is sent by it here, so any account will do.
        let accounts = devnet.accounts().addresses();
        let relayer =
            accounts.get(RELAYER).or_else(|| accounts.first()).copied().unwrap_or_default();
        // The plugin looks for the KMS verifier where it is on Sepolia.
        let kms_verifier = addresses.kms_verifier_alias.unwrap_or(addresses.kms_verifier);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            chain_id: devnet.chain(|chain| chain.chain_id()),
            gateway_chain_id: host.gateway.chain_id,
            acl: addresses.acl.to_string(),
            executor: addresses.executor.to_string(),
            kms_verifier: kms_verifier.to_string(),
            input_verifier: addresses.input_verifier.to_string(),
            relayer: relayer.to_string(),
        }
    }
}
