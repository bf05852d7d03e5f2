//! The rules of the chain: those of Ethereum after Prague, from the first block on.

use alloy_consensus::Header;
use alloy_evm::{
    EvmEnv,
    eth::{NextEvmEnvAttributes, spec::EthExecutorSpec},
};
use alloy_hardforks::{EthereumHardfork, EthereumHardforks, ForkCondition};
use alloy_primitives::Address;

use crate::fees;

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
