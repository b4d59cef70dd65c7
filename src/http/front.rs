//! The front of a house: takes submissions off a connection and answers them, as long as they come
//! plainly; from the first request that does not, hyper and the router have the connection.
//!
//! Submissions come thousands of times a second, and what hyper and a router do about each takes as
//! long as all else that is done about one of a single op. When the house is full, one is refused
//! before anything is made of its bytes.
//! Must not: answer anything in another way than the router would.

use super::busy::Busy;
use super::connection::{Connection, IDLE, TimedStream};
use super::house::{House, Programme};
use super::limits::{REQUEST_ID, observed};
use super::plain::{self, Date, HEADERS_MAX, Plain};
use super::router::router;
use super::submissions;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use httparse::EMPTY_HEADER;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use prometheus_client::metrics::histogram::Histogram;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::ready;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tower::Service;

/// Bytes of a plain submission at most; one of a single op has some 700.
const PLAIN_BYTES_MAX: usize = 8 * 1_024;

/// Answers the requests of all connections.
pub struct Front {
    house: House,
    router: Router,
    busy: Busy,
    /// How long refusals of a full house take.
    refusals: Histogram,
}

impl Front {
    /// The front of a house.
    pub fn new(house: House) -> Self {
        let metrics = house.metrics();
        Self {
            router: router(house.clone()),
            busy: Busy::new(),
            refusals: metrics.latency(submissions::ROUTE, "POST", Busy::status()),
            house,
        }
    }

    /// Answers the requests of a connection until it ends, or until the wish to stop: then only
    /// what is in work.
    pub async fn serve(&self, mut stream: TimedStream, mut stopping: watch::Receiver<bool>) {
        let stop = async move {
            // An error means that serving has ended.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let mut stop = pin!(stop);
        if !self.take_submissions(&mut stream, stop.as_mut()).await {
            return;
        }
        let connection = stream.connection().clone();
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            let connection = ConnectInfo(connection.clone());
            request.extensions_mut().insert(connection);
            self.router.clone().call(request)
        });
        let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        let mut serving = pin!(serving);
        let served = tokio::select! {
            served = serving.as_mut() => served,
            () = stop => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "a connection broke off");
        }
    }

    /// Answers plain submissions. Whether there is something else then, which was not read.
    async fn take_submissions(
        &self,
        stream: &mut TimedStream,
        mut stop: Pin<&mut impl Future<Output = ()>>,
    ) -> bool {
        let connection = stream.connection().clone();
        let mut buffer = vec![0; PLAIN_BYTES_MAX];
        let mut date = Date::default();
        loop {
            let read = tokio::select! {
                biased;
                read = read(stream, &mut buffer) => read,
                () = stop.as_mut() => return false,
            };
            let Some(length) = read.ok().filter(|length| *length > 0) else {
                return false;
            };
            let bytes = match self.admit(&buffer[..length]) {
                Admitted::Refused(bytes) => bytes,
                Admitted::Submission(programme, request) => {
                    // To move a future of this size takes longer than to make room for it.
                    let answer = Box::pin(self.submit(programme, request, &connection));
                    plain::write(answer.await, Some(date.now()))
                }
                Admitted::Other => {
                    buffer.truncate(length);
                    stream.give_back(buffer);
                    return true;
                }
            };
            connection.finish();
            if write(stream, &bytes).await.is_err() {
                return false;
            }
        }
    }

    /// Looks at what has arrived. Nothing is made of a request that is refused.
    fn admit(&self, bytes: &[u8]) -> Admitted<'_> {
        let begun = Instant::now();
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let Some(plain) = Plain::parse(bytes, &mut headers) else {
            return Admitted::Other;
        };
        let Some(programme) = self.submitted_to(plain.path) else {
            return Admitted::Other;
        };
        let house = &self.house;
        if house.requests().available_permits() > 0 {
            let request = plain.request();
            return request.map_or(Admitted::Other, |it| Admitted::Submission(programme, it));
        }
        let refusal = self.busy.answer(plain.header(&REQUEST_ID));
        self.refusals.observe(begun.elapsed().as_secs_f64());
        Admitted::Refused(refusal)
    }

    /// What a submission is answered.
    async fn submit(
        &self,
        programme: &Arc<Programme>,
        request: Request,
        connection: &Connection,
    ) -> Response {
        let submit = async |request| {
            let taken = submissions::take(&self.house, programme, request, |_| Ok(())).await;
            taken.into_response()
        };
        observed(
            &self.house,
            Some(connection),
            submissions::ROUTE,
            request,
            submit,
        )
        .await
    }

    /// Where a path submits to; nothing if it does not, or if no such programme is here.
    fn submitted_to(&self, path: &str) -> Option<&Arc<Programme>> {
        let id = path.strip_prefix("/v1/")?.strip_suffix("/submissions")?;
        self.house.programme(id).ok()
    }
}

/// What is done about what has arrived.
#[expect(
    clippy::large_enum_variant,
    reason = "it is taken apart where it is made, and never kept"
)]
enum Admitted<'a> {
    /// It is refused with these bytes.
    Refused(Vec<u8>),
    /// It is a submission to a programme.
    Submission(&'a Arc<Programme>, Request),
    /// It is for hyper and the router.
    Other,
}

/// Reads what has arrived.
async fn read(stream: &mut TimedStream, into: &mut [u8]) -> io::Result<usize> {
    let mut into = ReadBuf::new(into);
    poll_fn(|context| Pin::new(&mut *stream).poll_read(context, &mut into)).await?;
    Ok(into.filled().len())
}

/// Writes all of an answer, unless its client does not take it.
async fn write(stream: &mut TimedStream, mut bytes: &[u8]) -> io::Result<()> {
    bytes = &bytes[stream.try_write(bytes)?..];
    if bytes.is_empty() {
        return Ok(());
    }
    let written = poll_fn(|context| {
        while !bytes.is_empty() {
            match ready!(Pin::new(&mut *stream).poll_write(context, bytes))? {
                0 => return io::Result::Err(io::ErrorKind::WriteZero.into()).into(),
                count => bytes = &bytes[count..],
            }
        }
        Ok(()).into()
    });
    tokio::time::timeout(IDLE, written).await?
}
