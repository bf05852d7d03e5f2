//! What blocks to come are made with.

use alloy_primitives::{Address, B256, U256};
use jsonrpsee::proc_macros::rpc;

use crate::{
    chain::{MAX_GAS_LIMIT, MIN_GAS_LIMIT},
    rpc::{
        Rpc,
        error::{Answer, invalid},
    },
};

/// The highest base fee, in wei per gas. A full block raises the fee by an eighth: from here it
/// takes 83 of them in a row until it no longer fits into 64 bits.
const MAX_BASE_FEE: u64 = 1_000_000_000_000_000;
/// What tools send who mean that there is no limit: the largest integer that a JavaScript number
/// holds exactly.
const NO_GAS_LIMIT: u64 = (1 << 53) - 1;

#[rpc(server)]
pub(super) trait Blocks {
    #[method(name = "hardhat_setCoinbase", blocking)]
    fn hardhat_set_coinbase(&self, address: Address) -> Answer<bool>;
    #[method(name = "anvil_setCoinbase", blocking)]
    fn anvil_set_coinbase(&self, address: Address) -> Answer<()>;
    #[method(name = "hardhat_setNextBlockBaseFeePerGas", blocking)]
    fn hardhat_set_base_fee(&self, wei: U256) -> Answer<bool>;
    #[method(name = "anvil_setNextBlockBaseFeePerGas", blocking)]
    fn anvil_set_base_fee(&self, wei: U256) -> Answer<()>;
    #[method(name = "hardhat_setPrevRandao", aliases = ["anvil_setPrevRandao"], blocking)]
    fn set_prev_randao(&self, value: B256) -> Answer<bool>;
    #[method(name = "evm_setBlockGasLimit", aliases = ["anvil_setBlockGasLimit"], blocking)]
    fn set_gas_limit(&self, gas: U256) -> Answer<bool>;
}

impl BlocksServer for Rpc {
    fn hardhat_set_coinbase(&self, address: Address) -> Answer<bool> {
        self.anvil_set_coinbase(address).map(|()| true)
    }

    fn anvil_set_coinbase(&self, address: Address) -> Answer<()> {
        self.devnet.set_beneficiary(address);
        Ok(())
    }

    fn hardhat_set_base_fee(&self, wei: U256) -> Answer<bool> {
        self.anvil_set_base_fee(wei).map(|()| true)
    }

    fn anvil_set_base_fee(&self, wei: U256) -> Answer<()> {
        let fee = u64::try_from(wei).ok().filter(|fee| *fee <= MAX_BASE_FEE);
        let fee = fee.ok_or_else(|| {
            invalid(format!("a base fee of {wei} wei is more than the limit of {MAX_BASE_FEE}"))
        })?;
        self.devnet.set_base_fee(fee);
        Ok(())
    }

    fn set_prev_randao(&self, value: B256) -> Answer<bool> {
        self.devnet.set_prev_randao(value);
        Ok(true)
    }

    fn set_gas_limit(&self, gas: U256) -> Answer<bool> {
        let gas_limit = match u64::try_from(gas) {
            Ok(NO_GAS_LIMIT) => Some(MAX_GAS_LIMIT),
            gas => gas.ok(),
        };
        let allowed = MIN_GAS_LIMIT..=MAX_GAS_LIMIT;
        let limit = gas_limit.filter(|limit| allowed.contains(limit));
        let limit = limit.ok_or_else(|| {
            invalid(format!(
                "a gas limit of {gas} is not between {MIN_GAS_LIMIT} and {MAX_GAS_LIMIT}"
            ))
        })?;
        self.devnet.set_gas_limit(limit);
        Ok(true)
    }
}
