//! The rules of the chain: those of Ethereum after Prague, from the first block on.

use alloy_consensus::Header;
use alloy_evm::{
    EvmEnv,
    eth::{NextEvmEnvAttributes, spec::EthExecutorSpec},
};
use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};
use alloy_primitives::Address;

use crate::fees;

/// The lowest gas limit of a block: that of a transfer of ether.
pub(crate) const MIN_GAS_LIMIT: u64 = 21_000;
/// The highest gas limit of a block, in whose time a computer still comes to an end.
pub(crate) const MAX_GAS_LIMIT: u64 = 1_000_000_000_000;
/// The highest base fee of a header, in wei per gas: the next block's still fits into 64 bits.
const MAX_HEADER_BASE_FEE: u64 = u64::MAX / 2;
/// The highest excess of blob gas of a header. Its fee is e⁶⁴ wei, which nobody can pay, and which
/// can be computed in 128 bits.
const MAX_EXCESS_BLOB_GAS: u64 = 64 * 5_007_716;

/// Every fork up to Prague is active, and none after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prague;

impl EthereumHardforks for Prague {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        match fork {
            fork if fork > EthereumHardfork::Prague => ForkCondition::Never,
            // This fork also moves balances, at the block it happens. It never happens here.
            EthereumHardfork::Dao => ForkCondition::Never,
            fork if fork >= EthereumHardfork::Shanghai => ForkCondition::Timestamp(0),
            _ => ForkCondition::Block(0),
        }
    }
}

impl EthExecutorSpec for Prague {
    fn deposit_contract_address(&self) -> Option<Address> {
        None
    }
}

/// Checks that a header is one that this chain can have, and go on from. Headers that it makes are;
/// those that are read back may be anything.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_header(header: &Header) -> Result<(), &'static str> {
    if !(MIN_GAS_LIMIT..=MAX_GAS_LIMIT).contains(&header.gas_limit) {
        return Err("its gas limit is out of bounds");
    }
    if header.gas_used > header.gas_limit {
        return Err("it uses more gas than its limit");
    }
    if header.base_fee_per_gas.is_none_or(|fee| fee > MAX_HEADER_BASE_FEE) {
        return Err("its base fee is out of bounds");
    }
    let most = fees::BLOBS.max_blob_gas_per_block();
    if header.blob_gas_used.is_none_or(|gas| gas > most) {
        return Err("its blob gas is out of bounds");
    }
    if header.excess_blob_gas.is_none_or(|gas| gas > MAX_EXCESS_BLOB_GAS) {
        return Err("its excess of blob gas is out of bounds");
    }
    Ok(())
}

/// The environment in which a block was executed.
pub(crate) fn environment(header: &Header, chain_id: u64) -> EvmEnv {
    let environment = EvmEnv::for_eth_block(header, Prague, chain_id, Some(fees::BLOBS));
    with_contracts_as_senders(environment)
}

/// The environment of the block after `parent`.
pub(crate) fn next_environment(
    parent: &Header,
    attributes: NextEvmEnvAttributes,
    base_fee: Option<u64>,
    chain_id: u64,
) -> EvmEnv {
    let base_fee = base_fee.unwrap_or_else(|| fees::next_base_fee(parent));
    let blobs = Some(fees::BLOBS);
    let environment =
        EvmEnv::for_eth_next_block(parent, attributes, base_fee, Prague, chain_id, blobs);
    with_contracts_as_senders(environment)
}

/// Contracts that are impersonated send transactions. EIP-3607 refuses them in case somebody finds
/// a key to a contract's address, which nobody can.
const fn with_contracts_as_senders(mut environment: EvmEnv) -> EvmEnv {
    environment.cfg_env.disable_eip3607 = true;
    environment
}
