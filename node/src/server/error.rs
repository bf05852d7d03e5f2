//! Errors of the network.

use std::{io, net::SocketAddr};

/// The server could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Somebody else listens there.
    #[error("port {port} is in use; choose another with --port")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// The system refuses, for example because the address is another machine's.
    #[error("cannot listen on {address}: {source}; choose another address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl ServerError {
    pub(super) fn new(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse { port: address.port() },
            _ => Self::Listen { address, source },
        }
    }
}
