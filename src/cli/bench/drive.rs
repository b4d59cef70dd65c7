//! Sends requests over kept connections, one after the other on each, and times every answer.
//!
//! A small client of our own on one thread, so that it takes little of the machine that it shares
//! with the server: it reads the status, the length and the wish to close or to wait, nothing else.
//! Must not: send anything twice but on a connection that the server closed between two requests;
//! a submission may always be sent again.

use super::generate::Request;
use anyhow::Context;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const READ_BYTES: usize = 64 * 1024;

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Each as soon as the one before it is answered.
    Closed,
    /// So many a second on all connections together, as long as answers come in time.
    PerSecond(f64),
    /// As [`Pace::Closed`], over and over until the time is up.
    Until(Instant),
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Time from the first byte sent to the last received.
    pub took_us: u32,
    /// Whether it says when to try again.
    pub retry_after: bool,
    /// Whether the server closes the connection with it.
    pub closes: bool,
    /// Bytes of its body.
    pub body_bytes: u32,
}

/// What became of all requests.
pub struct Driven {
    /// From the first request to the last answer.
    pub took: Duration,
    /// The answers of each connection, in order of its requests.
    pub answers: Vec<Vec<Answer>>,
    /// The last body of each connection.
    pub bodies: Vec<Vec<u8>>,
}

impl Driven {
    /// All answers.
    pub fn all(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().flatten()
    }
}

/// Sends the requests of each connection.
///
/// # Errors
/// A connection failed, or an answer is none of HTTP/1.1.
pub fn drive(
    address: SocketAddr,
    requests: &Arc<Vec<Vec<Request>>>,
    pace: Pace,
) -> anyhow::Result<Driven> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().context("no runtime")?;
    runtime.block_on(async {
        let connections = requests.len();
        let barrier = Arc::new(Barrier::new(connections + 1));
        let mut tasks = Vec::with_capacity(connections);
        for number in 0..connections {
            let (requests, barrier) = (requests.clone(), barrier.clone());
            let connected = Connection::open(address).await;
            tasks.push(tokio::spawn(async move {
                barrier.wait().await;
                let mut connection = connected?;
                let schedule = Schedule::new(pace, number, connections);
                let answers = send_all(&mut connection, &requests[number], schedule).await?;
                anyhow::Ok((answers, connection.body))
            }));
        }
        barrier.wait().await;
        let begun = Instant::now();
        let mut driven = Driven {
            took: Duration::ZERO,
            answers: Vec::with_capacity(connections),
            bodies: Vec::with_capacity(connections),
        };
        for task in tasks {
            let (answers, body) = task.await??;
            driven.answers.push(answers);
            driven.bodies.push(body);
        }
        driven.took = begun.elapsed();
        Ok(driven)
    })
}

/// When the requests of one connection are due.
struct Schedule {
    pace: Pace,
    begun: Instant,
    offset_s: f64,
    interval_s: f64,
}

impl Schedule {
    fn new(pace: Pace, number: usize, connections: usize) -> Self {
        let interval_s = match pace {
            Pace::PerSecond(rate) => connections as f64 / rate,
            _ => 0.0,
        };
        Self {
            pace,
            begun: Instant::now(),
            offset_s: interval_s * number as f64 / connections as f64,
            interval_s,
        }
    }

    /// Waits until the request is due; false if there is no more time.
    async fn wait(&self, place: usize) -> bool {
        match self.pace {
            Pace::Closed => true,
            Pace::Until(end) => Instant::now() < end,
            Pace::PerSecond(_) => {
                let due = Duration::from_secs_f64(self.offset_s + self.interval_s * place as f64);
                let due = self.begun + due;
                if due > Instant::now() {
                    tokio::time::sleep_until(due.into()).await;
                }
                true
            }
        }
    }
}

async fn send_all(
    connection: &mut Connection,
    requests: &[Request],
    schedule: Schedule,
) -> anyhow::Result<Vec<Answer>> {
    let mut answers = Vec::with_capacity(requests.len());
    let again = matches!(schedule.pace, Pace::Until(_));
    loop {
        for request in requests {
            if !schedule.wait(answers.len()).await {
                return Ok(answers);
            }
            answers.push(connection.ask(&request.bytes).await?);
        }
        if !again || requests.is_empty() {
            return Ok(answers);
        }
    }
}

struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The last body.
    body: Vec<u8>,
    used: bool,
    closing: bool,
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            address,
            stream: connect(address).await?,
            buffer: vec![0; READ_BYTES],
            body: Vec::new(),
            used: false,
            closing: false,
        })
    }

    async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        if self.closing {
            self.reopen().await?;
        }
        let begun = Instant::now();
        let mut answer = match self.exchange(request).await {
            // Closed by the server between two requests, as it may: this one was not read.
            Err(_) if self.used => {
                self.reopen().await?;
                self.exchange(request).await
            }
            answer => answer,
        }?;
        self.used = true;
        answer.took_us = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
        Ok(answer)
    }

    async fn reopen(&mut self) -> anyhow::Result<()> {
        self.stream = connect(self.address).await?;
        (self.used, self.closing) = (false, false);
        Ok(())
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.write(request).await.context("cannot send")?;
        let mut length = 0;
        let head_end = loop {
            length += read(&mut self.stream, &mut self.buffer[length..]).await?;
            if let Some(end) = end_of_head(&self.buffer[..length]) {
                break end;
            }
            anyhow::ensure!(length < HEAD_BYTES_MAX, "the head of an answer has no end");
        };
        let head = Head::parse(&self.buffer[..head_end])?;
        self.closing = head.closes;
        let mut arrived = length - head_end;
        anyhow::ensure!(arrived <= head.body_bytes, "an answer is too long");
        self.body.resize(head.body_bytes, 0);
        self.body[..arrived].copy_from_slice(&self.buffer[head_end..length]);
        while arrived < head.body_bytes {
            arrived += read(&mut self.stream, &mut self.body[arrived..]).await?;
        }
        Ok(Answer {
            status: head.status,
            took_us: 0,
            retry_after: head.retry_after,
            closes: head.closes,
            body_bytes: u32::try_from(head.body_bytes).unwrap_or(u32::MAX),
        })
    }

    async fn write(&self, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            match self.stream.try_write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Reads what has arrived, at least a byte. Unlike `try_read`, this knows from a read that filled
/// less than it could that there is nothing more, and does not ask in vain before it waits.
async fn read(stream: &mut TcpStream, into: &mut [u8]) -> anyhow::Result<usize> {
    let mut into = ReadBuf::new(into);
    poll_fn(|context| Pin::new(&mut *stream).poll_read(context, &mut into)).await?;
    match into.filled().len() {
        0 => anyhow::bail!("the server closed the connection without an answer"),
        length => Ok(length),
    }
}

async fn connect(address: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address)
        .await
        .context("cannot connect")?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let place = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(place + 4)
}

#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    body_bytes: usize,
    retry_after: bool,
    closes: bool,
}

impl Head {
    fn parse(bytes: &[u8]) -> anyhow::Result<Self> {
        let text = std::str::from_utf8(bytes).context("a head that is no text")?;
        let status = text
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3));
        let status = status.and_then(|status| status.parse().ok());
        let mut head = Self {
            status: status.context("an answer without a status")?,
            body_bytes: 0,
            retry_after: false,
            closes: false,
        };
        for line in text.lines() {
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match name {
                name if name.eq_ignore_ascii_case("content-length") => {
                    head.body_bytes = value.parse().context("a length that is no number")?;
                }
                name if name.eq_ignore_ascii_case("retry-after") => head.retry_after = true,
                name if name.eq_ignore_ascii_case("connection") => {
                    head.closes = value.eq_ignore_ascii_case("close");
                }
                _ => {}
            }
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read() {
        let head = Head::parse(
            b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nContent-Length: 12\r\n\
              connection: close\r\n\r\n",
        );
        let expected = Head {
            status: 503,
            body_bytes: 12,
            retry_after: true,
            closes: true,
        };
        assert_eq!(head.unwrap(), expected);
        for bad in [
            "",
            "HTTP/1.1 abc\r\n\r\n",
            "SSH-2.0",
            "HTTP/1.1 200 OK\r\ncontent-length: x",
        ] {
            assert!(Head::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(end_of_head(b"HTTP\r\n\r\nbody"), Some(8));
        assert_eq!(end_of_head(b"HTTP\r\n\r"), None);
    }
}
