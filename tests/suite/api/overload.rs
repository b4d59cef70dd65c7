//! Overload: a house with few places and many who want one. What it refuses leaves no trace, and
//! may be sent again on the same connection.

use super::issue;
use crate::support::{Answer, Coalition, Server};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use tallyhouse::platform::config::Config;
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

const PLACES: usize = 2;
const CONNECTIONS: usize = 16;
/// Submissions of each connection.
const EACH: usize = 8;
/// How often one is sent before it has to be accepted.
const TRIES: usize = 100_000;

fn server(coalition: &Coalition) -> Server {
    let mut config = Config::default();
    config.server.concurrent_requests_max = PLACES;
    config.server.body_read_timeout_ms = 60_000;
    Server::start(&config, &[coalition])
}

/// A connection that is kept.
struct Kept {
    stream: BufReader<TcpStream>,
}

impl Kept {
    fn open(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).expect("it listens");
        stream.set_nodelay(true).expect("it is open");
        let stream = BufReader::new(stream);
        Self { stream }
    }

    fn write(&mut self, bytes: &str) {
        let stream = self.stream.get_mut();
        stream.write_all(bytes.as_bytes()).expect("it reads");
    }

    /// Reads one answer; the connection stays.
    fn read(&mut self) -> Answer {
        let mut line = || {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("an answer");
            line.trim_end().to_owned()
        };
        let first = line();
        let status = first
            .strip_prefix("HTTP/1.1 ")
            .and_then(|rest| rest.get(..3));
        let status = status.and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer: {first:?}"));
        let mut headers = HeaderMap::new();
        while let Some((name, value)) = line().split_once(':') {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_str(value.trim()).expect("a value"));
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length = answer.header("content-length").parse().expect("a length");
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body).expect("a body");
        answer
    }

    fn send(&mut self, compact: &str, headers: &str) -> Answer {
        self.write(&format!("{}{compact}", head(compact, headers)));
        self.read()
    }
}

fn head(compact: &str, headers: &str) -> String {
    let length = compact.len();
    format!(
        "POST /v1/demo/submissions HTTP/1.1\r\nhost: x\r\n{headers}\
         content-type: application/jose\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// One issue of a point to one member.
fn signed(coalition: &Coalition, connection: usize, number: usize) -> String {
    let id = format!("s-{connection}-{number}");
    coalition.signed("bakery/till", &id, &json!([issue(&id, "m1", 1)]))
}

/// Connections whose requests have all places, for as long as they send no body.
fn hold_all_places(server: &Server) -> Vec<Kept> {
    let hold = |_| {
        let mut kept = Kept::open(server);
        kept.write(&head("0123456789", "expect: 100-continue\r\n"));
        let mut interim = [0; 25];
        kept.stream
            .read_exact(&mut interim)
            .expect("it is asked for its body");
        assert!(interim.starts_with(b"HTTP/1.1 100 Continue"));
        kept
    };
    (0..PLACES).map(hold).collect()
}

/// Headers of an answer by their names, without what differs by nature.
fn names(answer: &Answer) -> BTreeSet<String> {
    let names = answer.headers.keys().map(ToString::to_string);
    names.filter(|name| name != "date").collect()
}

fn assert_busy(answer: &Answer) {
    assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("connection"), "", "it is kept");
    assert_eq!(answer.json()["retryable"], true);
}

#[test]
fn a_full_house_refuses_on_kept_connections_and_takes_the_same_bytes_later() {
    let coalition = Coalition::simulated("demo");
    let server = server(&coalition);
    let size = coalition.size();
    let held = hold_all_places(&server);
    let mut kept: Vec<Kept> = (0..CONNECTIONS).map(|_| Kept::open(&server)).collect();
    for (connection, kept) in kept.iter_mut().enumerate() {
        for number in 0..EACH {
            let answer = kept.send(&signed(&coalition, connection, number), "");
            assert_busy(&answer);
            assert_eq!(answer.header("x-request-id").len(), 26);
        }
    }
    for id in ["till-7", "abcdefghijklmnopqrstuvwxyz"] {
        let answer = kept[0].send("x", &format!("x-request-id: {id}\r\n"));
        assert_busy(&answer);
        assert_eq!(answer.header("x-request-id"), id);
    }
    // One that is read in parts goes another way through the house, and gets the same answer.
    let plain = kept[0].send("x", "");
    for kept in &mut kept[1..3] {
        let compact = signed(&coalition, 0, 0);
        let head = head(&compact, "x-request-id: parts\r\n");
        kept.write(&head[..30]);
        assert_eq!(server.get("/healthz", None).status, 200);
        kept.write(&format!("{}{compact}", &head[30..]));
        let answer = kept.read();
        assert_busy(&answer);
        assert_eq!(names(&answer), names(&plain));
    }
    assert_eq!(coalition.size(), size, "what is refused leaves no trace");
    for mut held in held {
        held.write("0123456789");
        assert_eq!(held.read().code(), "malformed");
    }
    let mut indexes = BTreeSet::new();
    for (connection, kept) in kept.iter_mut().enumerate() {
        for number in 0..EACH {
            let compact = signed(&coalition, connection, number);
            let first = kept.send(&compact, "");
            assert_eq!(first.status, 201, "{}", first.text());
            assert!(first.header("date").ends_with(" GMT"));
            assert!(indexes.insert(first.json()["index"].as_u64().expect("an index")));
            let again = kept.send(&compact, "");
            assert_eq!(
                (again.status, &again.json()["index"]),
                (200, &first.json()["index"])
            );
        }
    }
    let accepted = (CONNECTIONS * EACH) as u64;
    assert_eq!(indexes, (size..size + accepted).collect());
    assert_eq!(coalition.size(), size + accepted);
}

#[test]
fn of_many_at_once_each_is_taken_once_or_refused() {
    let coalition = Coalition::simulated("demo");
    let server = server(&coalition);
    let size = coalition.size();
    let send_all = |connection: usize| -> (Vec<u64>, usize) {
        let mut kept = Kept::open(&server);
        let (mut indexes, mut refused) = (Vec::new(), 0);
        for number in 0..EACH {
            let compact = signed(&coalition, connection, number);
            let answer = (0..TRIES).map(|_| kept.send(&compact, "")).find(|answer| {
                let is_refused = answer.status != 201;
                if is_refused {
                    assert_busy(answer);
                    refused += 1;
                }
                !is_refused
            });
            let receipt = answer.expect("it is accepted at last").json();
            assert_eq!(receipt["submission"], format!("s-{connection}-{number}"));
            assert_eq!(receipt["results"][0]["code"], "applied");
            indexes.push(receipt["index"].as_u64().expect("an index"));
        }
        (indexes, refused)
    };
    let (indexes, refused) = std::thread::scope(|scope| {
        let held = hold_all_places(&server);
        let threads = (0..CONNECTIONS).map(|connection| scope.spawn(move || send_all(connection)));
        let threads: Vec<_> = threads.collect();
        // Whoever asks now is refused, however fast this machine is; then there is room for few.
        let mut other = Kept::open(&server);
        assert_busy(&other.send(&signed(&coalition, CONNECTIONS, 0), ""));
        for mut held in held {
            held.write("0123456789");
            assert_eq!(held.read().code(), "malformed");
        }
        let ended = threads
            .into_iter()
            .map(|thread| thread.join().expect("it holds"));
        let ended: Vec<_> = ended.collect();
        let refused: usize = ended.iter().map(|(_, refused)| refused).sum();
        let indexes = ended.into_iter().flat_map(|(indexes, _)| indexes);
        (indexes.collect::<BTreeSet<u64>>(), refused)
    });
    let accepted = (CONNECTIONS * EACH) as u64;
    assert_eq!(indexes, (size..size + accepted).collect(), "each once");
    assert_eq!(coalition.size(), size + accepted);
    let token = coalition.token("bakery/till", "read");
    let member = server.get("/v1/demo/members/m1", Some(&token)).json();
    let points = |name: &str| member[name].as_u64().expect("points");
    assert_eq!(
        points("available") + points("pending"),
        accepted,
        "{member}"
    );
    let metrics = server.get("/metrics", None).text();
    let busy = metrics.lines().find(|line| {
        line.starts_with("tallyhouse_request_seconds_count") && line.contains("\"503\"")
    });
    let busy = busy
        .and_then(|line| line.rsplit_once(' '))
        .expect("it is counted");
    assert_eq!(
        busy.1,
        (refused + 1).to_string(),
        "every refusal is counted"
    );
}
