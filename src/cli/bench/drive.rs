//! Sends requests over kept connections, one after the other on each, and times every answer.
//!
//! A small client of our own on one thread and without a runtime, so that it takes little of the
//! machine that it shares with the server: it reads the status, the length and the wish to close or
//! to wait, nothing else.
//! Must not: send anything twice but on a connection that the server closed between two requests;
//! a submission may always be sent again.

use super::generate::Request;
use anyhow::Context;
use httparse::Status;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;
const READ_BYTES: usize = 64 * 1024;
const HEADERS_MAX: usize = 64;
/// Events that are told at once.
const EVENTS: usize = 1_024;

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Each as soon as the one before it is answered.
    Closed,
    /// So many a second on all connections together, as long as answers come in time; their times
    /// are up to a tick too long.
    PerSecond {
        /// How many.
        rate: f64,
        /// How exactly they fall due.
        tick: Duration,
    },
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
pub fn drive(address: SocketAddr, requests: &[Vec<Request>], pace: Pace) -> anyhow::Result<Driven> {
    let mut poll = Poll::new().context("no way to wait")?;
    let registry = poll.registry().try_clone()?;
    let connections = requests.iter().enumerate();
    let connections = connections
        .map(|(number, requests)| Connection::open(number, address, &registry, requests));
    let mut connections = connections.collect::<anyhow::Result<Vec<_>>>()?;
    let mut events = Events::with_capacity(EVENTS);
    let mut schedule = Schedule::new(pace, connections.len());
    for connection in &mut connections {
        connection.send_if(&schedule)?;
    }
    while connections
        .iter()
        .any(|connection| !connection.has_ended(&schedule))
    {
        let patience = schedule.patience();
        patience.into_iter().for_each(std::thread::sleep);
        match poll.poll(&mut events, patience.map(|_| Duration::ZERO)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            waited => waited.context("cannot wait")?,
        }
        for event in &events {
            let connection = &mut connections[event.token().0];
            if connection.go_on()? {
                connection.send_if(&schedule)?;
            }
        }
        for number in schedule.fall_due() {
            connections[number].send_if(&schedule)?;
        }
    }
    let took = schedule.begun.elapsed();
    let (answers, bodies) = connections.into_iter().map(Connection::end).unzip();
    Ok(Driven {
        took,
        answers,
        bodies,
    })
}

/// When requests are due.
struct Schedule {
    pace: Pace,
    connections: usize,
    begun: Instant,
    /// Requests on all connections that fell due, if they do so by the clock.
    due: usize,
}

impl Schedule {
    fn new(pace: Pace, connections: usize) -> Self {
        Self {
            pace,
            connections,
            begun: Instant::now(),
            due: 0,
        }
    }

    /// Whether a connection may send its request at this place now.
    fn allows(&self, connection: usize, place: usize) -> bool {
        match self.pace {
            Pace::Closed => true,
            Pace::Until(end) => Instant::now() < end,
            Pace::PerSecond { .. } => place * self.connections + connection < self.due,
        }
    }

    /// The connections whose turn has come since it was asked before: one after the other.
    fn fall_due(&mut self) -> impl Iterator<Item = usize> + use<> {
        let (connections, before) = (self.connections, self.due);
        if let Pace::PerSecond { rate, .. } = self.pace {
            self.due = super::whole(self.begun.elapsed().as_secs_f64() * rate);
        }
        // Of two turns of a connection at once the second comes when the first is answered.
        let first = before.max(self.due.saturating_sub(connections));
        (first..self.due).map(move |turn| turn % connections)
    }

    /// How long nothing is sent or read, if requests fall due by the clock: to be woken for each
    /// of thousands of answers takes both sides longer than all else that they do about it.
    fn patience(&self) -> Option<Duration> {
        match self.pace {
            Pace::PerSecond { tick, .. } => Some(tick),
            Pace::Closed | Pace::Until(_) => None,
        }
    }
}

struct Connection<'a> {
    number: usize,
    address: SocketAddr,
    registry: &'a Registry,
    stream: TcpStream,
    requests: &'a [Request],
    answers: Vec<Answer>,
    /// When the request was begun that is not answered yet.
    asked: Option<Instant>,
    /// Bytes of it that were sent.
    sent: usize,
    /// The answer, as far as it has arrived, and its head.
    buffer: Vec<u8>,
    length: usize,
    head: Option<Head>,
    used: bool,
    closing: bool,
}

impl<'a> Connection<'a> {
    fn open(
        number: usize,
        address: SocketAddr,
        registry: &'a Registry,
        requests: &'a [Request],
    ) -> anyhow::Result<Self> {
        Ok(Self {
            number,
            address,
            registry,
            stream: connect(number, address, registry)?,
            requests,
            answers: Vec::with_capacity(requests.len()),
            asked: None,
            sent: 0,
            buffer: vec![0; READ_BYTES],
            length: 0,
            head: None,
            used: false,
            closing: false,
        })
    }

    /// The answers, and the last body.
    fn end(mut self) -> (Vec<Answer>, Vec<u8>) {
        self.buffer.truncate(self.length);
        let body_at = self.head.map_or(0, |head| head.bytes);
        (self.answers, self.buffer.split_off(body_at))
    }

    /// Whether there is nothing more to send or to wait for.
    fn has_ended(&self, schedule: &Schedule) -> bool {
        let is_enough = match schedule.pace {
            Pace::Until(end) => Instant::now() >= end || self.requests.is_empty(),
            _ => self.answers.len() >= self.requests.len(),
        };
        self.asked.is_none() && is_enough
    }

    /// Sends the next request, if there is one, it is due and none is unanswered.
    fn send_if(&mut self, schedule: &Schedule) -> anyhow::Result<()> {
        let place = self.answers.len();
        let is_due = || schedule.allows(self.number, place);
        if self.asked.is_some() || self.has_ended(schedule) || !is_due() {
            return Ok(());
        }
        if self.closing {
            self.reopen()?;
        }
        self.asked = Some(Instant::now());
        self.ask()
    }

    fn ask(&mut self) -> anyhow::Result<()> {
        (self.sent, self.length, self.head) = (0, 0, None);
        self.write().or_else(|error| self.ask_again(error))
    }

    /// A server may close a connection between two requests: then it has not read this one.
    fn ask_again(&mut self, error: anyhow::Error) -> anyhow::Result<()> {
        if !self.used {
            return Err(error);
        }
        self.reopen()?;
        self.ask()
    }

    fn reopen(&mut self) -> anyhow::Result<()> {
        self.stream = connect(self.number, self.address, self.registry)?;
        (self.used, self.closing) = (false, false);
        Ok(())
    }

    /// Goes on with what is under way; whether it is answered now.
    fn go_on(&mut self) -> anyhow::Result<bool> {
        let Some(asked) = self.asked else {
            return Ok(false);
        };
        if let Err(error) = self.write() {
            self.ask_again(error)?;
            return Ok(false);
        }
        let head = match self.read() {
            Ok(Some(head)) => head,
            Ok(None) => return Ok(false),
            Err(error) => {
                self.ask_again(error)?;
                return Ok(false);
            }
        };
        self.answers.push(Answer {
            status: head.status,
            took_us: u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX),
            retry_after: head.retry_after,
            closes: head.closes,
            body_bytes: u32::try_from(head.body_bytes).unwrap_or(u32::MAX),
        });
        (self.used, self.closing, self.asked) = (true, head.closes, None);
        Ok(true)
    }

    fn write(&mut self) -> anyhow::Result<()> {
        let request = &self.requests[self.answers.len() % self.requests.len()];
        while self.sent < request.bytes.len() {
            match self.stream.write(&request.bytes[self.sent..]) {
                Ok(sent) => self.sent += sent,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("cannot send"),
            }
        }
        Ok(())
    }

    /// Reads what has arrived; the head of the answer once all of it has. A read that fills less
    /// than it could has taken all there is, and more will be told of.
    fn read(&mut self) -> anyhow::Result<Option<Head>> {
        loop {
            let room = &mut self.buffer[self.length..];
            let (wanted, read) = (room.len(), self.stream.read(room));
            let read = match read {
                Ok(0) => anyhow::bail!("the server closed the connection without an answer"),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error).context("cannot read"),
            };
            self.length += read;
            if self.head.is_none() {
                self.head = Head::parse(&self.buffer[..self.length])?;
            }
            let Some(head) = self.head else {
                anyhow::ensure!(
                    self.length < HEAD_BYTES_MAX,
                    "the head of an answer has no end"
                );
                continue;
            };
            let whole = head.bytes + head.body_bytes;
            anyhow::ensure!(self.length <= whole, "an answer is too long");
            if self.length == whole {
                return Ok(Some(head));
            }
            self.buffer.resize(whole.max(self.buffer.len()), 0);
            if read < wanted {
                return Ok(None);
            }
        }
    }
}

fn connect(number: usize, address: SocketAddr, registry: &Registry) -> anyhow::Result<TcpStream> {
    let stream = std::net::TcpStream::connect(address).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    let mut stream = TcpStream::from_std(stream);
    let interests = Interest::READABLE | Interest::WRITABLE;
    registry.register(&mut stream, Token(number), interests)?;
    Ok(stream)
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Head {
    bytes: usize,
    status: u16,
    body_bytes: usize,
    retry_after: bool,
    closes: bool,
}

impl Head {
    /// Reads the head of an answer; nothing while its end has not arrived.
    fn parse(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut answer = httparse::Response::new(&mut headers);
        let Status::Complete(end) = answer.parse(bytes).context("an answer of another kind")?
        else {
            return Ok(None);
        };
        let mut head = Self {
            bytes: end,
            status: answer.code.context("an answer without a status")?,
            body_bytes: 0,
            retry_after: false,
            closes: false,
        };
        for header in answer.headers {
            match header.name {
                name if name.eq_ignore_ascii_case("content-length") => {
                    let length = std::str::from_utf8(header.value)?;
                    head.body_bytes = length.parse().context("a length that is no number")?;
                }
                name if name.eq_ignore_ascii_case("retry-after") => head.retry_after = true,
                name if name.eq_ignore_ascii_case("connection") => {
                    head.closes = header.value.eq_ignore_ascii_case(b"close");
                }
                _ => {}
            }
        }
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read() {
        let text = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n\
            Content-Length: 12\r\nconnection: close\r\n\r\nbody";
        let expected = Head {
            bytes: text.len() - 4,
            status: 503,
            body_bytes: 12,
            retry_after: true,
            closes: true,
        };
        assert_eq!(Head::parse(text).unwrap(), Some(expected));
        for partial in [
            "",
            "HTTP/1.1 200 OK\r\ncontent-length: 1",
            "HTTP/1.1 503 A\r\n\r",
        ] {
            assert_eq!(Head::parse(partial.as_bytes()).unwrap(), None, "{partial}");
        }
        for bad in [
            "HTTP/1.1 abc\r\n\r\n",
            "SSH-2.0",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        ] {
            assert!(Head::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
