//! Which timestamps blocks get.

use std::time::{SystemTime, UNIX_EPOCH};

/// A clock that can be moved. Times are seconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Ahead of the machine's clock, or behind it.
    offset: i64,
    /// For the next block only.
    next: Option<u64>,
    /// From one block to the next, whatever the machine's clock says.
    interval: Option<u64>,
}

/// A time that no block can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("timestamp {timestamp} is lower than or equal to the last block's timestamp {last}")]
pub struct PastError {
    /// The time asked for.
    pub timestamp: u64,
    /// The last block's.
    pub last: u64,
}

/// What the machine's clock says.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs())
}

impl Clock {
    /// A clock that does not go back behind a chain whose last block is of time `last`.
    pub fn after(last: u64, now: u64) -> Self {
        let mut clock = Self::default();
        if last > now {
            clock.set(last, now);
        }
        clock
    }

    /// The time to which the clock is set.
    pub const fn time(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.offset)
    }

    /// The next block's timestamp, `last` being the last one's.
    pub fn next(&self, now: u64, last: u64) -> u64 {
        match (self.next, self.interval) {
            (Some(next), _) => next,
            (None, Some(interval)) => last.saturating_add(interval),
            (None, None) => self.time(now),
        }
        .max(last.saturating_add(1))
    }

    /// A block got `timestamp`: time goes on from there, if it was not the clock's own.
    pub const fn sealed(&mut self, timestamp: u64, now: u64) {
        if self.next.take().is_some() || timestamp > self.time(now) {
            self.set(timestamp, now);
        }
    }

    /// Sets the clock.
    pub const fn set(&mut self, time: u64, now: u64) {
        self.offset = time.saturating_sub(now).cast_signed();
        if time < now {
            self.offset = -(now - time).cast_signed();
        }
    }

    /// Moves the clock ahead.
    pub const fn increase(&mut self, seconds: u64) {
        self.offset = self.offset.saturating_add_unsigned(seconds);
    }

    /// How far the clock is ahead of the machine's, in seconds.
    pub const fn offset(&self) -> i64 {
        self.offset
    }

    /// Sets the timestamp of the next block.
    ///
    /// # Errors
    /// If it is not after the last block's.
    pub const fn set_next(&mut self, timestamp: u64, last: u64) -> Result<(), PastError> {
        if timestamp <= last {
            return Err(PastError { timestamp, last });
        }
        self.next = Some(timestamp);
        Ok(())
    }

    /// Sets the time from one block to the next, or lets the machine's clock decide again. Returns
    /// what was set before.
    pub const fn set_interval(&mut self, seconds: Option<u64>) -> Option<u64> {
        std::mem::replace(&mut self.interval, seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_follow_the_clock_and_never_each_other_backwards() {
        let mut clock = Clock::default();
        assert_eq!(clock.next(100, 50), 100);
        assert_eq!(clock.next(100, 100), 101);
        clock.increase(1_000);
        assert_eq!(clock.next(100, 100), 1_100);
    }

    #[test]
    fn a_set_timestamp_holds_for_one_block_and_time_goes_on_from_it() {
        let mut clock = Clock::default();
        assert_eq!(clock.set_next(100, 100), Err(PastError { timestamp: 100, last: 100 }));
        clock.set_next(5_000, 100).unwrap();
        assert_eq!(clock.next(200, 100), 5_000);
        clock.sealed(5_000, 200);
        assert_eq!(clock.next(203, 5_000), 5_003);
        assert_eq!(clock.time(203), 5_003);
    }

    #[test]
    fn an_interval_decides_until_it_is_removed() {
        let mut clock = Clock::default();
        assert_eq!(clock.set_interval(Some(12)), None);
        assert_eq!(clock.next(100, 200), 212);
        assert_eq!(clock.set_interval(None), Some(12));
        assert_eq!(clock.next(100, 50), 100);
    }

    #[test]
    fn a_clock_does_not_go_back_behind_the_chain() {
        assert_eq!(Clock::after(500, 100).time(110), 510);
        assert_eq!(Clock::after(50, 100).time(110), 110);
    }
}
