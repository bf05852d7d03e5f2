//! What a connection has in flight: calls that run, and answers that its client has not read.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::Limits;

/// Holds up the calls of a connection until its client reads the answers it has.
///
/// Only answers to calls are counted, but all that is sent is subtracted, notifications
/// included. So the count can be too low, by no more than the client has read.
#[derive(Debug)]
pub(super) struct Flow {
    running: Semaphore,
    /// Bytes of answers that are not sent.
    unsent: AtomicUsize,
    unsent_limit: usize,
    sent: Notify,
}

impl Flow {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            running: Semaphore::new(limits.calls as usize),
            unsent: AtomicUsize::new(0),
            unsent_limit: limits.response_bytes as usize,
            sent: Notify::new(),
        }
    }

    /// Takes a place among the calls that run, and waits until there is room for an answer.
    /// Nothing if all places are taken.
    pub(super) async fn begin(&self) -> Option<SemaphorePermit<'_>> {
        let place = self.running.try_acquire().ok()?;
        loop {
            let sent = self.sent.notified();
            if !self.is_full() {
                return Some(place);
            }
            sent.await;
        }
    }

    /// Notes that a call has an answer of so many bytes.
    pub(super) fn answer(&self, bytes: usize) {
        self.unsent.fetch_add(bytes, SeqCst);
    }

    /// Notes that so many bytes were sent.
    pub(super) fn send(&self, bytes: usize) {
        self.unsent.update(SeqCst, SeqCst, |unsent| unsent.saturating_sub(bytes));
        self.sent.notify_waiters();
    }

    /// Whether the client has to read before more is done for it.
    pub(super) fn is_full(&self) -> bool {
        self.unsent.load(SeqCst) > self.unsent_limit
    }
}
