//! Limits: slow and greedy callers, a full house, a ledger that had to stop.

use super::{Town, issue};
use crate::support::{Coalition, Server};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use tallyhouse::http::ServeError;
use tallyhouse::ledger::memory::Fault;
use tallyhouse::platform::config::Config;

fn config(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    change(&mut config);
    config
}

/// Sends bytes on a connection, and nothing more.
fn begin(server: &Server, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).expect("it listens");
    stream.write_all(bytes.as_bytes()).expect("it reads");
    stream
}

fn rest(mut stream: &TcpStream) -> String {
    let mut text = String::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_string(&mut text);
    text
}

const HEAD: &str = "POST /v1/demo/submissions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
    content-type: application/jose\r\ncontent-length: 10\r\n";

#[test]
fn a_slow_body_is_timed_out_and_leaves_no_trace() {
    let coalition = Coalition::simulated("demo");
    let server = Server::start(
        &config(|c| c.server.body_read_timeout_ms = 100),
        &[&coalition],
    );
    let size = coalition.size();
    let answer = rest(&begin(&server, &format!("{HEAD}\r\nabc")));
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(
        answer.contains("urn:tallyhouse:problem:timeout"),
        "{answer}"
    );
    assert_eq!(coalition.size(), size);
}

#[test]
fn a_slow_head_is_cut_off() {
    let coalition = Coalition::simulated("demo");
    let server = Server::start(
        &config(|c| c.server.header_read_timeout_ms = 100),
        &[&coalition],
    );
    for bytes in ["", "GET /healthz HTTP/1.1\r\nhost:"] {
        assert_eq!(rest(&begin(&server, bytes)), "", "{bytes:?}");
    }
    let whole = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(rest(&begin(&server, whole)).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_body_that_breaks_off_or_hides_its_length_leaves_no_trace() {
    let town = Town::new();
    let size = town.coalition.size();
    let broken = begin(&town.server, &format!("{HEAD}\r\nabc"));
    broken
        .shutdown(std::net::Shutdown::Write)
        .expect("it is open");
    rest(&broken);
    let chunked = HEAD.replace("content-length: 10", "transfer-encoding: chunked");
    let chunk = "a".repeat(60_000);
    let chunks = format!("{chunked}\r\nea60\r\n{chunk}\r\nea60\r\n{chunk}\r\n0\r\n\r\n");
    let answer = rest(&begin(&town.server, &chunks));
    assert!(
        answer.contains("urn:tallyhouse:problem:too_large"),
        "{answer}"
    );
    assert_eq!(town.coalition.size(), size);
}

#[test]
fn a_full_house_is_busy_but_says_how_it_is() {
    let coalition = Coalition::simulated("demo");
    let server = Server::start(
        &config(|c| c.server.concurrent_requests_max = 1),
        &[&coalition],
    );
    let mut first = begin(&server, &format!("{HEAD}expect: 100-continue\r\n\r\n"));
    let mut interim = [0; 25];
    first
        .read_exact(&mut interim)
        .expect("it is asked for its body");
    assert!(interim.starts_with(b"HTTP/1.1 100 Continue"));
    assert_eq!(server.get("/v1/demo", None).code(), "busy");
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(server.get(path, None).status, 200, "{path}");
    }
    let metrics = server.get("/metrics", None).text();
    assert!(
        metrics.contains("tallyhouse_requests_in_work 1"),
        "{metrics}"
    );
    first.write_all(b"0123456789").expect("it reads on");
    assert!(rest(&first).contains("malformed"));
    assert_eq!(
        server.get("/v1/demo", None).status,
        200,
        "the place is free again"
    );
}

#[test]
fn an_author_that_asks_too_fast_is_told_to_wait_and_others_are_not() {
    let coalition = Coalition::simulated("demo");
    let slow = config(|c| {
        c.server.author_requests_per_second_max = 1;
        c.server.author_burst_requests_max = 2;
    });
    let server = Server::start(&slow, &[&coalition]);
    let token = coalition.token("bakery/till", "read");
    let read = || server.get("/v1/demo/partners", Some(&token));
    // However slow this machine is, at some point two answers come within a second.
    let refused = (0..10_000)
        .map(|_| read())
        .find(|answer| answer.status != 200);
    assert_eq!(refused.expect("it is refused").code(), "rate_limited");
    let size = coalition.size();
    let refused = (0..10_000).map(|nth| {
        let id = format!("s{nth}");
        let compact = coalition.signed("bakery/till", &id, &json!([issue(&id, "m1", 1)]));
        let before = coalition.size();
        (server.submit(&coalition, &compact), before)
    });
    let mut refused = refused.filter(|(answer, _)| answer.status != 201);
    let (answer, before) = refused.next().expect("it is refused");
    assert_eq!(answer.code(), "rate_limited");
    assert_eq!(
        coalition.size(),
        before,
        "a refused submission leaves no trace"
    );
    assert!(coalition.size() >= size);
    let other = coalition.token("grocer/till", "read");
    assert_eq!(server.get("/v1/demo/partners", Some(&other)).status, 200);
}

#[test]
fn serving_ends_with_an_error_when_a_ledger_had_to_stop() {
    let coalition = Coalition::simulated("demo");
    let mut server = Server::of(&coalition);
    assert_eq!(server.get("/readyz", None).status, 200);
    coalition
        .store
        .fail_append_past(coalition.size(), Fault::UncertainLost);
    let compact = coalition.signed("bakery/till", "s1", &json!([issue("i1", "m1", 1)]));
    let request = format!(
        "{}\r\n{compact}",
        HEAD.replace("length: 10", &format!("length: {}", compact.len()))
    );
    let stream = begin(&server, &request);
    match server.stopped_by_itself() {
        Err(ServeError::LedgerStopped { programme, reason }) => {
            assert_eq!(programme, "demo");
            assert!(!reason.is_empty());
        }
        other => panic!("{other:?}"),
    }
    let answer = rest(&stream);
    assert!(
        answer.is_empty() || answer.contains("\"busy\""),
        "never a receipt: {answer}"
    );
}

#[test]
fn requests_in_work_are_finished_before_the_server_ends() {
    let coalition = Coalition::simulated("demo");
    let mut server = Server::of(&coalition);
    let compact = coalition.signed("bakery/till", "s1", &json!([issue("i1", "m1", 1)]));
    let head = HEAD.replace("length: 10", &format!("length: {}", compact.len()));
    let mut stream = begin(&server, &format!("{head}expect: 100-continue\r\n\r\n"));
    let mut interim = [0; 25];
    stream
        .read_exact(&mut interim)
        .expect("it is asked for its body");
    let answer = std::thread::scope(|scope| {
        let ended = scope.spawn(|| server.ended());
        stream
            .write_all(compact.as_bytes())
            .expect("it is still read");
        let answer = rest(&stream);
        ended
            .join()
            .expect("it ends")
            .expect("and without an error");
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

#[test]
fn a_ledger_that_lost_an_entry_fails_loudly_and_tells_nobody_why() {
    let town = Town::new();
    let size = usize::try_from(town.coalition.size()).expect("it is small");
    town.coalition.store.truncate(size - 1);
    let path = format!("/receipts/{}", size - 1);
    let answer = town.get_as("house/audit-1", "audit", &path);
    assert_eq!(answer.code(), "internal");
    assert!(!answer.text().contains("missing"), "{}", answer.text());
}
