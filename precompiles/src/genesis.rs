//! The host contracts' accounts at genesis.

use alloy_primitives::{Address, Bytes, U256, address, bytes};

use crate::{
    HcuLimits, HostConfig, acl, frame::Slot, hcu, input_verifier, pauser_set, protocol_config,
};

/// Code of every host contract: `revert(0, 0)`.
///
/// It never runs where the precompiles are installed, and makes an EVM without them fail loudly
/// instead of accepting every call. That there is code at all matters twice. Solidity checks
/// `extcodesize` before it calls a function without results. And an account without code, balance
/// and nonce is empty in the sense of EIP-161: touching it deletes it, with its storage.
pub const HOST_CODE: Bytes = bytes!("60006000fd");

/// What the host contracts begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesisParams {
    /// Owner of the access control list, and so of all host contracts, and the only pauser.
    pub owner: Address,
    /// Who attests encrypted inputs.
    pub coprocessor_signers: Vec<Address>,
    /// How many of them must.
    pub coprocessor_threshold: u64,
    /// Who signs decryption results.
    pub kms_signers: Vec<Address>,
    /// How many of them must.
    pub kms_threshold: u64,
    /// Limits on homomorphic work.
    pub hcu: HcuLimits,
}

impl Default for GenesisParams {
    /// For development: the owner is the first account of the well-known test mnemonic, and the
    /// signers are those whose keys local test stacks for FHEVM publish. Anybody can sign for
    /// them.
    fn default() -> Self {
        Self {
            owner: address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
            coprocessor_signers: vec![address!("0xc9990FEfE0c27D31D0C2aa36196b085c0c4d456c")],
            coprocessor_threshold: 1,
            kms_signers: vec![address!("0x0971C80fF03B428fD2094dd5354600ab103201C5")],
            kms_threshold: 1,
            hcu: HcuLimits::default(),
        }
    }
}

/// An account of the genesis state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAccount {
    /// Its address.
    pub address: Address,
    /// Its code.
    pub code: Bytes,
    /// The words of its storage that are not zero.
    pub storage: Vec<(U256, U256)>,
}

/// The accounts that a genesis state needs for the host contracts, aliases included.
pub fn genesis(config: &HostConfig, params: &GenesisParams) -> Vec<HostAccount> {
    let addresses = &config.addresses;
    let state: Vec<(Slot, U256)> = [
        acl::genesis(addresses.acl, params.owner),
        pauser_set::genesis(addresses.pauser_set, params.owner),
        hcu::genesis(addresses.hcu_limit, params.hcu),
        input_verifier::coprocessors(addresses.input_verifier)
            .genesis(&params.coprocessor_signers, params.coprocessor_threshold),
        protocol_config::genesis(
            addresses.protocol_config,
            &params.kms_signers,
            params.kms_threshold,
        ),
    ]
    .concat();
    crate::contracts(addresses)
        .map(|(address, ..)| HostAccount {
            address,
            code: HOST_CODE,
            storage: state
                .iter()
                .filter(|(slot, value)| slot.account == address && !value.is_zero())
                .map(|(slot, value)| (slot.key, *value))
                .collect(),
        })
        .collect()
}
