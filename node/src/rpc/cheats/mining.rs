//! When blocks are made.

use std::time::Duration;

use alloy_primitives::U64;
use alloy_rpc_types_anvil::MineOptions;
use jsonrpsee::proc_macros::rpc;
use serde::Deserialize;

use super::time::check;
use crate::rpc::{
    Rpc,
    error::{Answer, invalid},
};

/// How often Hardhat makes a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Period {
    /// In milliseconds; never if it is 0.
    Fixed(U64),
    /// Anything between two numbers of milliseconds.
    Between(U64, U64),
}

impl Period {
    /// Of what may lie between two bounds, the middle: a devnet leaves nothing to chance.
    fn duration(self) -> Answer<Option<Duration>> {
        let milliseconds = match self {
            Self::Fixed(milliseconds) => milliseconds.to(),
            Self::Between(low, high) if low <= high => low.to::<u64>().midpoint(high.to()),
            Self::Between(low, high) => {
                return Err(invalid(format!("{low} milliseconds are more than {high}: swap them")));
            }
        };
        Ok((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
    }
}

#[rpc(server)]
pub(super) trait Mining {
    #[method(name = "hardhat_mine", blocking)]
    fn hardhat_mine(&self, count: Option<U64>, interval: Option<U64>) -> Answer<bool>;
    #[method(name = "anvil_mine", blocking)]
    fn anvil_mine(&self, count: Option<U64>, interval: Option<U64>) -> Answer<()>;
    #[method(name = "evm_mine", blocking)]
    fn evm_mine(&self, options: Option<MineOptions>) -> Answer<U64>;

    #[method(name = "hardhat_getAutomine", aliases = ["anvil_getAutomine"], blocking)]
    fn automine(&self) -> Answer<bool>;
    #[method(name = "evm_setAutomine", blocking)]
    fn evm_set_automine(&self, on: bool) -> Answer<bool>;
    #[method(name = "anvil_setAutomine", blocking)]
    fn anvil_set_automine(&self, on: bool) -> Answer<()>;

    #[method(name = "anvil_getIntervalMining")]
    fn interval_mining(&self) -> Answer<Option<u64>>;
    #[method(name = "evm_setIntervalMining", blocking)]
    fn evm_set_interval_mining(&self, period: Period) -> Answer<bool>;
    #[method(name = "anvil_setIntervalMining", blocking)]
    fn anvil_set_interval_mining(&self, seconds: U64) -> Answer<()>;
}

impl MiningServer for Rpc {
    fn hardhat_mine(&self, count: Option<U64>, interval: Option<U64>) -> Answer<bool> {
        self.anvil_mine(count, interval).map(|()| true)
    }

    fn anvil_mine(&self, count: Option<U64>, interval: Option<U64>) -> Answer<()> {
        let interval = interval.map(check).transpose()?;
        Ok(self.devnet.mine_many(count.map_or(1, |count| count.to()), None, interval)?)
    }

    fn evm_mine(&self, options: Option<MineOptions>) -> Answer<U64> {
        let (timestamp, count) = match options.unwrap_or_default() {
            MineOptions::Options { timestamp, blocks } => (timestamp, blocks.unwrap_or(1)),
            MineOptions::Timestamp(timestamp) => (timestamp, 1),
        };
        let timestamp = timestamp.map(|seconds| check(U64::from(seconds))).transpose()?;
        self.devnet.mine_many(count, timestamp, None)?;
        Ok(U64::ZERO)
    }

    fn automine(&self) -> Answer<bool> {
        Ok(self.devnet.is_automatic())
    }

    fn evm_set_automine(&self, on: bool) -> Answer<bool> {
        self.devnet.set_automatic(on);
        Ok(true)
    }

    /// Blocks by transactions and blocks by time exclude each other for Anvil.
    fn anvil_set_automine(&self, on: bool) -> Answer<()> {
        self.devnet.set_automatic(on);
        if on {
            self.devnet.set_interval(None);
        }
        Ok(())
    }

    /// In whole seconds. What is shorter counts as one, for 0 would be never.
    fn interval_mining(&self) -> Answer<Option<u64>> {
        Ok(self.devnet.interval().borrow().map(|period| period.as_secs().max(1)))
    }

    fn evm_set_interval_mining(&self, period: Period) -> Answer<bool> {
        self.devnet.set_interval(period.duration()?);
        Ok(true)
    }

    /// Blocks by transactions and blocks by time exclude each other for Anvil.
    fn anvil_set_interval_mining(&self, seconds: U64) -> Answer<()> {
        let seconds = check(seconds)?;
        self.devnet.set_automatic(false);
        self.devnet.set_interval((seconds > 0).then(|| Duration::from_secs(seconds)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn duration(parameter: Value) -> Option<u64> {
        let period: Period = from_value(parameter).unwrap();
        period.duration().unwrap().map(|period| period.as_millis().try_into().unwrap())
    }

    #[test]
    fn a_period_is_milliseconds_or_the_middle_of_two_numbers() {
        for (parameter, expected) in [
            (json!(1_500), Some(1_500)),
            (json!("1500"), Some(1_500)),
            (json!("0x5dc"), Some(1_500)),
            (json!([1_000, 2_000]), Some(1_500)),
            (json!(["0x3e8", "2001"]), Some(1_500)),
            (json!(0), None),
            (json!([0, 0]), None),
        ] {
            assert_eq!(duration(parameter.clone()), expected, "{parameter}");
        }
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for parameter in [json!(-1), json!("soon"), json!([1]), json!([1, 2, 3]), json!(null)] {
            assert!(from_value::<Period>(parameter.clone()).is_err(), "{parameter}");
        }
        let error = Period::Between(U64::from(2), U64::from(1)).duration().unwrap_err();
        assert!(error.message().contains("2 milliseconds"), "{error}");
    }
}
