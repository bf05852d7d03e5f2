//! Where the host contracts live.

use alloy_primitives::{Address, address};

/// The addresses of the host contracts on one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostAddresses {
    /// Access control list: who may use a handle.
    pub acl: Address,
    /// The executor, called `Coprocessor` in contract configurations.
    pub executor: Address,
    /// Checks the key management system's signatures under decryption results.
    pub kms_verifier: Address,
    /// A second address at which the KMS verifier answers.
    pub kms_verifier_alias: Option<Address>,
    /// Checks the coprocessors' signatures under encrypted inputs.
    pub input_verifier: Address,
    /// The meter for homomorphic work.
    pub hcu_limit: Address,
    /// Signers and thresholds of the key management system.
    pub protocol_config: Address,
    /// Who may pause the access control list.
    pub pauser_set: Address,
    /// A second address at which the set of pausers answers.
    pub pauser_set_alias: Option<Address>,
}

impl HostAddresses {
    /// The canonical addresses on chain id 31337, which every release of the Solidity library
    /// (0.9.1 to 0.13.2) carries: contracts that inherit its configuration deploy unmodified.
    ///
    /// The alias is the Sepolia address of the KMS verifier: the FHEVM plugin for Hardhat checks
    /// decryptions there, whatever the chain. The set of pausers has its address of protocol 0.13,
    /// and that of 0.12 and before as its alias.
    pub const LOCAL: Self = Self {
        acl: address!("0x50157CFfD6bBFA2DECe204a89ec419c23ef5755D"),
        executor: address!("0xe3a9105a3a932253A70F126eb1E3b589C643dD24"),
        kms_verifier: address!("0x901F8942346f7AB3a01F6D7613119Bca447Bb030"),
        kms_verifier_alias: Some(address!("0xbE0E383937d564D7FF0BC3b46c51f0bF8d5C311A")),
        input_verifier: address!("0x36772142b74871f255CbD7A3e89B401d3e45825f"),
        hcu_limit: address!("0x233ff88A48c172d29F675403e6A8e302b0F032D9"),
        protocol_config: address!("0x44aA028fd264C76BF4A8f8B4d8A5272f6AE25CAc"),
        pauser_set: address!("0xded0D2a71268DC12622BdD1b55d68a1CB5662327"),
        pauser_set_alias: Some(address!("0x34e3eD8472e409dbF8FDf933cA996DC75e4Be126")),
    };
}

impl HostAddresses {
    /// Whether a host contract answers at `address`, aliases included.
    pub fn contains(&self, address: Address) -> bool {
        crate::contracts(self).any(|(host, ..)| host == address)
    }
}

impl Default for HostAddresses {
    fn default() -> Self {
        Self::LOCAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_contracts_answer_at_their_addresses_and_aliases() {
        let hosts = HostAddresses::LOCAL;
        let alias = hosts.kms_verifier_alias.unwrap();
        for address in [hosts.acl, hosts.executor, hosts.protocol_config, alias] {
            assert!(hosts.contains(address), "{address}");
        }
        assert!(!hosts.contains(Address::ZERO));
        assert!(!HostAddresses { kms_verifier_alias: None, ..hosts }.contains(alias));
    }
}
