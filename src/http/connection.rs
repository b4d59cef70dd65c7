//! Connections that cannot be held for nothing: a client has a limited time to send the head of a
//! request, to stay silent between requests, and to take its answer. Bodies are timed where they
//! are read.
//!
//! ```text
//! waiting ──first byte──▶ head ──a handler has it──▶ busy ──answered──▶ waiting
//! └ idle limit ┘          └ head limit ┘             └ no limit ┘
//! ```

use axum::body::Bytes;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

const WAITING: u8 = 0;
const HEAD: u8 = 1;
const BUSY: u8 = 2;
const ANSWERED: u8 = 3;

/// How long a connection may be silent between requests, or take over an answer.
pub const IDLE: Duration = Duration::from_secs(75);
/// Connections beyond the requests that may be in work.
const SPARE_CONNECTIONS: usize = 1_024;

/// Where a connection stands; shared between its bytes and its requests.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    phase: Arc<AtomicU8>,
}

impl Connection {
    /// The head of a request has arrived.
    pub fn begin(&self) {
        self.phase.store(BUSY, Ordering::Relaxed);
    }

    /// The request is answered.
    pub fn finish(&self) {
        self.phase.store(ANSWERED, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, TimedListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, TimedListener>) -> Self {
        stream.io().connection.clone()
    }
}

/// A listener whose connections are timed and counted.
pub struct TimedListener {
    listener: TcpListener,
    head_limit: Duration,
    places: Arc<Semaphore>,
}

impl TimedListener {
    /// Times the connections of a listener.
    pub fn new(listener: TcpListener, head_limit: Duration, requests_max: usize) -> Self {
        let places = Arc::new(Semaphore::new(requests_max + SPARE_CONNECTIONS));
        Self {
            listener,
            head_limit,
            places,
        }
    }
}

impl Listener for TimedListener {
    type Io = TimedStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TimedStream, SocketAddr) {
        let place = self.places.clone().acquire_owned().await;
        let place = place.expect("the semaphore is never closed");
        let (stream, address) = Listener::accept(&mut self.listener).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection stays without TCP_NODELAY");
        }
        let timed = TimedStream {
            stream,
            connection: Connection::default(),
            deadline: Instant::now() + self.head_limit,
            alarm: Box::pin(tokio::time::sleep(self.head_limit)),
            head_limit: self.head_limit,
            given_back: Bytes::new(),
            _place: place,
        };
        (timed, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that is closed when its client is too slow.
pub struct TimedStream {
    stream: TcpStream,
    connection: Connection,
    deadline: Instant,
    /// Wakes the connection at the deadline or before.
    alarm: Pin<Box<Sleep>>,
    head_limit: Duration,
    given_back: Bytes,
    _place: OwnedSemaphorePermit,
}

impl TimedStream {
    /// Where it stands.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Writes as much as goes without waiting.
    ///
    /// # Errors
    /// The connection failed.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            written => written,
        }
    }

    /// Takes back what was read, to be read again by another.
    pub fn give_back(&mut self, bytes: Vec<u8>) {
        self.given_back = bytes.into();
    }

    fn go(&mut self, phase: u8, limit: Duration) {
        self.connection.phase.store(phase, Ordering::Relaxed);
        self.deadline = Instant::now() + limit;
        if self.alarm.deadline() > self.deadline {
            self.alarm.as_mut().reset(self.deadline);
        }
    }

    /// Whether the deadline has passed; if not, the connection is woken when it does. To set an
    /// alarm takes a lock that all connections share, so it is set anew only when it went off, and
    /// then never for later than the head of a request may take: a deadline is seldom before it.
    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let now = Instant::now();
            if now >= self.deadline {
                return true;
            }
            let next = self.deadline.min(now + self.head_limit);
            self.alarm.as_mut().reset(next);
        }
        false
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.given_back.is_empty() {
            let length = self.given_back.len().min(buffer.remaining());
            buffer.put_slice(&self.given_back.split_to(length));
            return Poll::Ready(Ok(()));
        }
        if self.connection.phase.load(Ordering::Relaxed) == ANSWERED {
            self.go(WAITING, IDLE);
        }
        let is_timed = self.connection.phase.load(Ordering::Relaxed) != BUSY;
        if is_timed && self.is_late(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let has_begun = buffer.filled().len() > before;
        if has_begun && self.connection.phase.load(Ordering::Relaxed) == WAITING {
            let limit = self.head_limit;
            self.go(HEAD, limit);
        }
        polled
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
