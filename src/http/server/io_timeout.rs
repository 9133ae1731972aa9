//! A socket with timeouts.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::deadline::Deadline;

/// How many bytes of a long answer a client must take within the time for reading. While it does, the time starts
/// anew.
const ENOUGH: usize = 16 * 1024;

/// How long the server goes on reading from a client after it has closed a connection.
const LINGER: Duration = Duration::from_secs(1);

/// The timeouts of a connection.
#[derive(Clone, Copy)]
pub(crate) struct IoTimeouts {
    /// From the first byte of a request, or the start of the connection, to the end of the headers.
    pub(crate) headers: Duration,
    /// From an answer to the first byte of the next request.
    pub(crate) keep_alive: Duration,
    /// For the client to read what was written.
    pub(crate) write: Duration,
}

/// The exchanges of a connection. While the server answers a request, the client has no timeout for sending.
#[derive(Clone, Default)]
pub(crate) struct Exchanges(Arc<Counts>);

#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

/// A request that is being answered. It ends when dropped.
pub(crate) struct Ongoing(Exchanges);

impl Exchanges {
    /// Begins an exchange. Returns it and the number of exchanges so far, this one included.
    pub(crate) fn begin(&self) -> (Ongoing, usize) {
        let before = self.0.begun.fetch_add(1, Ordering::Relaxed);
        (Ongoing(self.clone()), before + 1)
    }

    fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Relaxed)
    }

    fn goes_on(&self) -> bool {
        self.0.ended.load(Ordering::Relaxed) < self.begun()
    }
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.0.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the client has to send next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owes {
    Nothing,
    Request,
    Headers,
}

/// A socket that fails with [`io::ErrorKind::TimedOut`] when its client makes it wait too long.
pub(crate) struct TimedIo<S> {
    socket: S,
    limits: IoTimeouts,
    exchanges: Exchanges,
    /// How many exchanges had begun when this was last checked.
    seen: usize,
    owes: Owes,
    read: Deadline,
    write: Deadline,
    /// Bytes that the client has read since the deadline was set.
    taken: usize,
    /// Whether something was written that the client has not read yet. That has a timeout of its own.
    is_behind: bool,
    is_closing: bool,
}

impl<S> TimedIo<S> {
    /// The time for the headers of the first request starts now.
    pub(crate) fn new(socket: S, limits: IoTimeouts, exchanges: Exchanges) -> Self {
        let (mut read, write) = (Deadline::default(), Deadline::default());
        read.set(limits.headers);
        Self {
            socket,
            limits,
            exchanges,
            seen: 0,
            owes: Owes::Headers,
            read,
            write,
            taken: 0,
            is_behind: false,
            is_closing: false,
        }
    }

    /// Whether the client has to send something. It does not while its request is being answered, nor while it has
    /// not read what was written. What it had to send before an exchange has arrived.
    fn owes_something(&mut self) -> bool {
        let begun = self.exchanges.begun();
        if std::mem::replace(&mut self.seen, begun) != begun {
            self.owes = Owes::Nothing;
        }
        !self.is_behind && !self.exchanges.goes_on()
    }

    /// Ready when the client has taken too long to send what it has to. That is the next request if none has begun.
    fn await_request(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.owes == Owes::Nothing {
            self.owes = Owes::Request;
            self.read.set(self.limits.keep_alive);
        }
        self.read.poll(cx)
    }

    fn on_write(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.taken += bytes;
                if self.taken >= ENOUGH {
                    self.write.clear();
                }
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                self.is_behind = true;
                if !self.write.is_set() {
                    self.write.set(self.limits.write);
                    self.taken = 0;
                }
                self.write.poll(cx).map(Err)
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.socket).poll_read(cx, buffer);
        if !this.owes_something() {
            return read;
        }
        if read.is_pending() {
            return this.await_request(cx).map(Err);
        }
        if this.owes != Owes::Headers && buffer.filled().len() > before {
            this.owes = Owes::Headers;
            this.read.set(this.limits.headers);
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.on_write(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, slices);
        this.on_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// Called when everything is written.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.write.clear();
        if std::mem::take(&mut this.is_behind) && this.owes_something() {
            // The reader may not poll again before the time is over, so the timer wakes it.
            let _ = this.await_request(cx);
        }
        Pin::new(&mut this.socket).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.is_closing {
            ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
            this.is_closing = true;
            this.owes_something();
            this.read.set(LINGER);
        }
        // Between two requests nothing is being read.
        if this.owes == Owes::Request { Poll::Ready(Ok(())) } else { this.poll_linger(cx).map(Ok) }
    }
}

impl<S: AsyncRead + Unpin> TimedIo<S> {
    /// Reads and discards until the client closes as well. If bytes were left unread, the kernel would reset the
    /// connection, and a client that is still sending would lose the answer.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut forgotten = [0; 8 * 1024];
        loop {
            let over = self.read.poll(cx).is_ready();
            let mut buffer = ReadBuf::new(&mut forgotten);
            match Pin::new(&mut self.socket).poll_read(cx, &mut buffer) {
                _ if over => return Poll::Ready(()),
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
