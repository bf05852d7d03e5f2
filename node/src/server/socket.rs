//! A connection as the system sees it, with bounds on what its client can hold up.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use jsonrpsee::server::StopHandle;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Sleep, sleep},
};

use super::flow::Flow;

/// A TCP stream that
///
/// - holds its slot for as long as it is open, also after it became a WebSocket;
/// - fails when its client reads nothing for too long;
/// - does not read from a client that has too much to read;
/// - ends when the server cuts its connections, as if the client had gone.
pub(super) struct Socket {
    stream: TcpStream,
    flow: Arc<Flow>,
    patience: Duration,
    /// Ready when the connection is cut; taken then.
    cut: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Runs while the client does not read.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Who waits to read until the client has.
    reader: Option<Waker>,
    _slot: OwnedSemaphorePermit,
}

impl Socket {
    pub(super) fn new(
        stream: TcpStream,
        flow: Arc<Flow>,
        patience: Duration,
        cut: StopHandle,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        let cut = Some(Box::pin(cut.shutdown()) as _);
        Self { stream, flow, patience, cut, stalled: None, reader: None, _slot: slot }
    }

    fn poll_cut(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(cut) = &mut self.cut {
            ready!(cut.as_mut().poll(context));
            self.cut = None;
        }
        Poll::Ready(())
    }

    /// Writes with `write`, but not for ever.
    fn poll_patiently(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.cut.is_none() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if let Poll::Ready(written) = write(Pin::new(&mut self.stream), context) {
            self.stalled = None;
            if let Ok(bytes) = &written {
                self.flow.send(*bytes);
            }
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
            return Poll::Ready(written);
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.poll_cut(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if this.flow.is_full() {
            this.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        Pin::new(&mut this.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_patiently(context, |stream, context| stream.poll_write(context, buffer))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut()
            .poll_patiently(context, |stream, context| stream.poll_write_vectored(context, buffers))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
