//! The bootstraps of single operations.
//!
//! tfhe-rs has one count for the whole process. So what an operation itself took is known only if
//! nothing else bootstrapped while it ran: it ran alone, or the count stood still.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tfhe::get_pbs_count;

/// What bootstraps in this process, as tfhe-rs's count does.
static PROCESS: Meter = Meter::new();

/// Whatever runs under a meter.
#[derive(Debug)]
struct Meter {
    activity: Mutex<Activity>,
}

#[derive(Debug)]
struct Activity {
    running: usize,
    /// Number of spans so far.
    started: u64,
}

/// The time in which something may bootstrap. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Span<'a> {
    meter: &'a Meter,
    /// Whether nothing else ran when it began.
    began_alone: bool,
    number: u64,
    count: u64,
}

impl Span<'_> {
    pub(crate) fn enter() -> Self {
        PROCESS.enter()
    }

    /// Bootstraps since the span began, if they are all its own.
    pub(super) fn bootstraps(&self) -> Option<u64> {
        let alone = self.is_alone();
        let count = get_pbs_count() - self.count;
        (alone || count == 0).then_some(count)
    }

    /// Whether nothing else ran since the span began.
    fn is_alone(&self) -> bool {
        self.began_alone && self.meter.lock().started == self.number
    }
}

impl Drop for Span<'_> {
    fn drop(&mut self) {
        self.meter.lock().running -= 1;
    }
}

impl Meter {
    const fn new() -> Self {
        Self { activity: Mutex::new(Activity { running: 0, started: 0 }) }
    }

    fn enter(&self) -> Span<'_> {
        let mut activity = self.lock();
        let began_alone = activity.running == 0;
        activity.running += 1;
        activity.started += 1;
        Span { meter: self, began_alone, number: activity.started, count: get_pbs_count() }
    }

    fn lock(&self) -> MutexGuard<'_, Activity> {
        // Nothing panics with the lock held.
        self.activity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_one_after_the_other_are_alone() {
        let meter = Meter::new();
        for _ in 0..2 {
            assert!(meter.enter().is_alone());
        }
    }

    #[test]
    fn neither_of_two_overlapping_spans_is_alone() {
        let meter = Meter::new();
        let first = meter.enter();
        assert!(first.is_alone());
        let second = meter.enter();
        assert!(!first.is_alone() && !second.is_alone());
        // Not even when the other one is over: its bootstraps were counted.
        drop(second);
        assert!(!first.is_alone());
        let third = meter.enter();
        drop(first);
        assert!(!third.is_alone());
    }
}
