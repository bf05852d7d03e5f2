//! Metered access to storage, transient storage and logs.

use alloy_primitives::{Address, B256, Log, LogData, U256, keccak256};
use alloy_sol_types::SolEvent;

use super::{Abort, Frame, Outcome, gas};

/// One word of a host contract's storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// Whose storage.
    pub(crate) account: Address,
    /// Which word.
    pub(crate) key: U256,
}

impl Slot {
    /// The word `offset` words on.
    pub(crate) fn offset(self, offset: u64) -> Self {
        Self { key: self.key.wrapping_add(U256::from(offset)), ..self }
    }

    /// The entry for `key` of the mapping at this slot, placed as Solidity places it.
    pub(crate) fn entry(self, key: B256) -> Self {
        let mut preimage = [0; 64];
        preimage[..32].copy_from_slice(key.as_slice());
        preimage[32..].copy_from_slice(&self.key.to_be_bytes::<32>());
        Self { key: keccak256(preimage).into(), ..self }
    }

    /// The first element of the dynamic array at this slot, placed as Solidity places it.
    pub(crate) fn elements(self) -> Self {
        Self { key: keccak256(self.key.to_be_bytes::<32>()).into(), ..self }
    }
}

impl Frame<'_> {
    /// [`Slot::entry`], at the price of its hash.
    pub(crate) fn entry(&mut self, slot: Slot, key: impl Into<B256>) -> Outcome<Slot> {
        self.meter.charge(gas::KECCAK + gas::PRICES.keccak256_cost(64))?;
        Ok(slot.entry(key.into()))
    }

    /// `SLOAD`: 100 gas, or 2,100 the first time.
    pub(crate) fn sload(&mut self, slot: Slot) -> Outcome<U256> {
        let load = self.internals.sload(slot.account, slot.key).map_err(Abort::fatal)?;
        self.meter.charge(if load.is_cold { gas::SLOAD_COLD } else { gas::SLOAD_WARM })?;
        Ok(load.data)
    }

    /// `SSTORE`, priced and refunded by EIP-2200, 2929 and 3529.
    pub(crate) fn sstore(&mut self, slot: Slot, value: U256) -> Outcome {
        self.forbid_static()?;
        if self.meter.remaining() <= gas::SSTORE_SENTRY {
            return Err(Abort::OutOfGas);
        }
        let store = self.internals.sstore(slot.account, slot.key, value).map_err(Abort::fatal)?;
        let prices = &*gas::PRICES;
        let dynamic = prices.sstore_dynamic_gas(true, &store.data, store.is_cold);
        self.meter.charge(prices.sstore_static_gas() + dynamic)?;
        self.meter.refund += prices.sstore_refund(true, &store.data);
        Ok(())
    }

    /// `TLOAD` in `account`'s transient storage.
    pub(crate) fn tload(&mut self, account: Address, key: U256) -> Outcome<U256> {
        self.meter.charge(gas::TRANSIENT)?;
        Ok(self.internals.tload(account, key))
    }

    /// `TSTORE` in `account`'s transient storage.
    pub(crate) fn tstore(&mut self, account: Address, key: U256, value: U256) -> Outcome {
        self.forbid_static()?;
        self.meter.charge(gas::TRANSIENT)?;
        self.internals.tstore(account, key, value);
        Ok(())
    }

    /// Emits a log from `account`.
    pub(crate) fn log(&mut self, account: Address, data: LogData) -> Outcome {
        self.forbid_static()?;
        let topics = data.topics().len() as u8;
        self.meter.charge(gas::LOG + gas::PRICES.log_cost(topics, data.data.len() as u64))?;
        self.internals.log(Log { address: account, data });
        Ok(())
    }

    /// Emits an event from `account`.
    pub(crate) fn emit(&mut self, account: Address, event: &impl SolEvent) -> Outcome {
        self.log(account, event.encode_log_data())
    }

    const fn forbid_static(&self) -> Outcome {
        if self.is_static { Err(Abort::StaticWrite) } else { Ok(()) }
    }
}
