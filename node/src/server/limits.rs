//! What a client may ask for.

use std::time::Duration;

/// Limits of a [`Server`](super::Server). All must be more than zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request.
    pub request_bytes: u32,
    /// Bytes of a response, that of a batch included. A client that leaves more than that
    /// unread is not read from, and its calls wait.
    pub response_bytes: u32,
    /// Calls of a batch.
    pub batch: u32,
    /// Open connections, HTTP and WebSocket together. One more is answered with status 503.
    pub connections: u32,
    /// Subscriptions of one connection.
    pub subscriptions: u32,
    /// Calls of one WebSocket connection that run at a time, and messages to it that wait.
    pub calls: u32,
    /// How long a client may take over one step: to begin a request, to send its body, to
    /// read some of the response. A call itself may take as long as it needs.
    pub patience: Duration,
    /// How long requests in flight may take to end when the server stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A deployment of the largest contract is 0.1 MB; an encrypted input is 0.1 MB too.
            request_bytes: 8 << 20,
            // The trace of a long transaction.
            response_bytes: 64 << 20,
            // Common clients send up to 100, scripts more.
            batch: 1_000,
            // Half of the files that a process may have open on most systems.
            connections: 512,
            subscriptions: 128,
            calls: 1_024,
            patience: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }
}
