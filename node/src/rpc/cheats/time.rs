//! Which timestamps blocks get, in seconds since 1970.

use alloy_primitives::U64;
use jsonrpsee::proc_macros::rpc;

use crate::{
    devnet::now,
    rpc::{
        Rpc,
        error::{Answer, invalid},
    },
};

/// The largest number of seconds, so that times have room to go on, and JavaScript can count them.
const MAX_SECONDS: u64 = (1 << 53) - 1;

/// A number of seconds that is a time, or between two.
pub(super) fn check(seconds: U64) -> Answer<u64> {
    let seconds = seconds.to();
    if seconds > MAX_SECONDS {
        return Err(invalid(format!("{seconds} seconds are more than the limit of {MAX_SECONDS}")));
    }
    Ok(seconds)
}

#[rpc(server)]
pub(super) trait Time {
    #[method(name = "evm_increaseTime", blocking)]
    fn evm_increase_time(&self, seconds: U64) -> Answer<String>;
    #[method(name = "anvil_increaseTime", blocking)]
    fn anvil_increase_time(&self, seconds: U64) -> Answer<i64>;
    #[method(name = "evm_setNextBlockTimestamp", blocking)]
    fn evm_set_next_timestamp(&self, timestamp: U64) -> Answer<String>;
    #[method(name = "anvil_setNextBlockTimestamp", blocking)]
    fn anvil_set_next_timestamp(&self, timestamp: U64) -> Answer<()>;
    #[method(name = "evm_setTime", aliases = ["anvil_setTime"], blocking)]
    fn set_time(&self, timestamp: U64) -> Answer<u64>;
    #[method(name = "anvil_setBlockTimestampInterval", blocking)]
    fn set_timestamp_interval(&self, seconds: U64) -> Answer<()>;
    #[method(name = "anvil_removeBlockTimestampInterval", blocking)]
    fn remove_timestamp_interval(&self) -> Answer<bool>;
}

impl TimeServer for Rpc {
    /// How far the clock is ahead now, in all. Hardhat writes this number in decimal.
    fn evm_increase_time(&self, seconds: U64) -> Answer<String> {
        self.anvil_increase_time(seconds).map(|offset| offset.to_string())
    }

    fn anvil_increase_time(&self, seconds: U64) -> Answer<i64> {
        let seconds = check(seconds)?;
        Ok(self.devnet.set_clock(|clock, _| {
            clock.increase(seconds);
            clock.offset()
        }))
    }

    /// The timestamp. Hardhat writes this number in decimal.
    fn evm_set_next_timestamp(&self, timestamp: U64) -> Answer<String> {
        self.anvil_set_next_timestamp(timestamp).map(|()| timestamp.to_string())
    }

    fn anvil_set_next_timestamp(&self, timestamp: U64) -> Answer<()> {
        let timestamp = check(timestamp)?;
        let set = self.devnet.set_clock(|clock, last| clock.set_next(timestamp, last));
        set.map_err(invalid)
    }

    /// By how many seconds that puts the clock forward.
    fn set_time(&self, timestamp: U64) -> Answer<u64> {
        let (timestamp, now) = (check(timestamp)?, now());
        Ok(self.devnet.set_clock(|clock, _| {
            let forward = timestamp.saturating_sub(clock.time(now));
            clock.set(timestamp, now);
            forward
        }))
    }

    fn set_timestamp_interval(&self, seconds: U64) -> Answer<()> {
        let seconds = check(seconds)?;
        self.devnet.set_clock(|clock, _| clock.set_interval(Some(seconds)));
        Ok(())
    }

    /// Whether there was one.
    fn remove_timestamp_interval(&self) -> Answer<bool> {
        Ok(self.devnet.set_clock(|clock, _| clock.set_interval(None)).is_some())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn numbers_come_as_clients_write_them() {
        for parameter in [json!(3_600), json!("3600"), json!("0xe10"), json!("0x0e10")] {
            let seconds: U64 = from_value(parameter.clone()).unwrap();
            assert_eq!(check(seconds).unwrap(), 3_600, "{parameter}");
        }
        for parameter in [json!(-1), json!(0.5), json!("an hour"), json!(null), json!([])] {
            assert!(from_value::<U64>(parameter.clone()).is_err(), "{parameter}");
        }
    }

    #[test]
    fn times_leave_room_to_go_on() {
        assert_eq!(check(U64::from(MAX_SECONDS)).unwrap(), MAX_SECONDS);
        let error = check(U64::from(MAX_SECONDS + 1)).unwrap_err();
        assert!(error.message().contains("limit of 9007199254740991"), "{error}");
    }
}
