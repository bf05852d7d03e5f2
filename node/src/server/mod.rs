//! The network: one TCP port for JSON-RPC, over HTTP and WebSocket, for the HTTP routes of the
//! relayer, and for a page.
//!
//! A connection is one `Socket`, which holds one of a limited number of slots and bounds how
//! long its client may stall. A request is received as a whole (`receive`) before anything
//! looks at it. Then a route answers it or, if there is none, JSON-RPC (`rpc`), where each
//! call passes `calls` before its method.
//!
//! Every web page may call the server: it is made for development.

mod calls;
mod connections;
mod error;
mod flow;
mod limits;
mod receive;
mod routes;
mod rpc;
mod socket;

pub use error::ServerError;
pub use limits::Limits;

use std::{future::ready, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{Router, extract::Request, middleware::map_request};
use jsonrpsee::server::{Methods, ServerHandle, stop_channel};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle, time::timeout};
use tracing::debug;

use connections::Acceptor;
use flow::Flow;

/// A server that runs. Dropping it cuts every connection at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
    /// Tells every connection to end when its requests are answered.
    stop: ServerHandle,
    /// Tells every connection to end now.
    cut: ServerHandle,
    /// One permit for each socket that may be open.
    slots: Arc<Semaphore>,
    slot_count: u32,
    grace: Duration,
}

/// Serves the methods of `module` by JSON-RPC on every path of `address` that `http` has no
/// route for. `GET /healthz` and `GET /version` are added to `http`, and so are the files of
/// directory `ui`, with `index.html` on `/`.
///
/// # Errors
/// If the address cannot be listened on.
///
/// # Panics
/// If `http` has a route `/healthz` or `/version`, or this is called outside of a Tokio
/// runtime.
pub async fn start(
    address: SocketAddr,
    module: impl Into<Methods>,
    http: Router,
    ui: Option<&Path>,
    limits: Limits,
) -> Result<Server, ServerError> {
    let listener = TcpListener::bind(address).await.map_err(|e| ServerError::new(address, e))?;
    let address = listener.local_addr().map_err(|e| ServerError::new(address, e))?;
    let (stop_signal, stop) = stop_channel();
    let (cut_signal, cut) = stop_channel();

    let rpc = rpc::service(module.into(), limits, stop_signal.clone());
    let slot_count = connections::slots(limits);
    let slots = Arc::new(Semaphore::new(slot_count as usize));
    let acceptor = Acceptor {
        listener,
        slots: Arc::clone(&slots),
        router: routes::router(http, rpc, ui, limits),
        busy: routes::busy(limits),
        limits,
        stop: stop_signal,
        cut: cut_signal,
    };
    let accepting = tokio::spawn(acceptor.run());
    debug!(%address, "listening");
    Ok(Server { address, accepting, stop, cut, slots, slot_count, grace: limits.grace })
}

/// What [`start`] serves, without a network: for requests that come from this process. Each one is
/// answered as if it came on a connection of its own.
///
/// # Panics
/// If `http` has a route `/healthz` or `/version`.
pub fn router(module: impl Into<Methods>, http: Router, limits: Limits) -> Router {
    let (stop_signal, stop) = stop_channel();
    let rpc = rpc::service(module.into(), limits, stop_signal);
    routes::router(http, rpc, None, limits).layer(map_request(move |mut request: Request| {
        // Nothing stops it before it is dropped.
        let _ = &stop;
        request.extensions_mut().insert(Arc::new(Flow::new(limits)));
        ready(request)
    }))
}

impl Server {
    /// The address it listens on, with the port that the system chose if none was given.
    pub const fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: accepts no more connections, lets requests in flight end for [`Limits::grace`],
    /// and closes what is still open then.
    pub async fn stop(self) {
        // An error says that there is nobody to tell.
        let _ = self.stop.stop();
        let _ = self.accepting.await;
        if timeout(self.grace, self.slots.acquire_many(self.slot_count)).await.is_ok() {
            return;
        }
        let free = self.slots.available_permits();
        debug!(open = self.slot_count as usize - free, "cutting connections");
        let _ = self.cut.stop();
        let _ = timeout(self.grace, self.slots.acquire_many(self.slot_count)).await;
    }
}
