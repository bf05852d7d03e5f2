//! What one chain's host contracts are configured with.

use alloy_primitives::{Address, address};

use crate::HostAddresses;

/// How handles of computed values are derived. Contracts never see the difference; comparing
/// handles with another implementation does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreimageScheme {
    /// Protocol 0.11: no domain separator, and the block enters only into random seeds.
    V011,
    /// Protocol 0.12 to 0.14: domain separator, parent hash and timestamp.
    #[default]
    V013,
    /// Executor 0.6: as [`Self::V013`], with a bitmap of the operands that this transaction did
    /// not make.
    Main,
}

/// The gateway: the chain whose contracts give the EIP-712 domains of inputs and decryptions.
///
/// Nothing of it is deployed here. These are values in signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Chain id in the domains.
    pub chain_id: u64,
    /// Verifying contract of the `InputVerification` domain.
    pub input_verification: Address,
    /// Verifying contract of the `Decryption` domain.
    pub decryption: Address,
}

impl Gateway {
    /// The values that local test stacks for FHEVM use.
    pub const LOCAL: Self = Self {
        chain_id: 10901,
        input_verification: address!("0x812b06e1CDCE800494b79fFE4f925A504a9A9810"),
        decryption: address!("0x5ffdaAB0373E62E2ea2944776209aEf29E631A64"),
    };
}

impl Default for Gateway {
    fn default() -> Self {
        Self::LOCAL
    }
}

/// Configuration of the host contracts. It is part of the chain's rules: nodes that differ in it
/// disagree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostConfig {
    /// Where the contracts are.
    pub addresses: HostAddresses,
    /// How handles are derived.
    pub scheme: PreimageScheme,
    /// Domains of signatures.
    pub gateway: Gateway,
}
