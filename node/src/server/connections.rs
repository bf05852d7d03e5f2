//! Connections: how they are accepted, and how HTTP is spoken on them.

use std::{
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use jsonrpsee::server::StopHandle;
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tower::Service;
use tracing::{debug, warn};

use super::{Limits, flow::Flow, socket::Socket};

/// Slots beyond the limit of connections, in which clients are told that there are too many.
/// When these are taken too, clients wait in the queue of the operating system.
const BUSY_SLOTS: u32 = 32;

/// How long to wait when the system can give no connection, because of too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// How many sockets may be open.
pub(super) const fn slots(limits: Limits) -> u32 {
    limits.connections.saturating_add(BUSY_SLOTS)
}

/// Accepts connections.
pub(super) struct Acceptor {
    pub(super) listener: TcpListener,
    pub(super) slots: Arc<Semaphore>,
    /// What answers requests.
    pub(super) router: Router,
    /// What answers them when there are too many connections.
    pub(super) busy: Router,
    pub(super) limits: Limits,
    pub(super) stop: StopHandle,
    pub(super) cut: StopHandle,
}

impl Acceptor {
    /// Accepts connections until the server stops.
    pub(super) async fn run(self) {
        let mut stopped = pin!(self.stop.clone().shutdown());
        loop {
            select! {
                () = &mut stopped => return,
                accepted = self.accept() => match accepted {
                    Ok((stream, slot)) => self.serve(stream, slot),
                    Err(error) => {
                        warn!(%error, "cannot accept a connection");
                        sleep(PAUSE).await;
                    }
                },
            }
        }
    }

    async fn accept(&self) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, _) = self.listener.accept().await?;
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%error, "answers may be sent late");
        }
        Ok((stream, slot))
    }

    fn serve(&self, stream: TcpStream, slot: OwnedSemaphorePermit) {
        let busy = self.slots.available_permits() < BUSY_SLOTS as usize;
        if busy {
            debug!(limit = self.limits.connections, "too many connections");
        }
        let router = if busy { &self.busy } else { &self.router }.clone();
        let flow = Arc::new(Flow::new(self.limits));
        let patience = self.limits.patience;
        let socket = Socket::new(stream, Arc::clone(&flow), patience, self.cut.clone(), slot);
        let used = Arc::new(AtomicBool::new(false));
        let was_used = Arc::clone(&used);
        let service = service_fn(move |mut request: Request<Incoming>| {
            used.store(true, Relaxed);
            request.extensions_mut().insert(Arc::clone(&flow));
            router.clone().call(request)
        });
        // The head of a request has its limit of time here; its body has one where it is
        // received.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience)
            .keep_alive(!busy)
            .serve_connection(TokioIo::new(socket), service)
            .with_upgrades();
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            let outcome = select! {
                outcome = connection.as_mut() => outcome,
                // For hyper, a connection that waits for its first request is not idle.
                () = stop.shutdown() => if was_used.load(Relaxed) {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                } else {
                    Ok(())
                },
            };
            if let Err(error) = outcome {
                debug!(%error, "connection failed");
            }
        });
    }
}
