//! Ledgers that are read from an address: a house's own, and servers that answer in bad faith.

use super::{Given, trade, verify};
use crate::process::{VERIFY, text};
use crate::support::{Coalition, Server};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

/// The address of a coalition's log.
fn address(server: &Server, coalition: &Coalition) -> String {
    format!("http://{}/v1/{}/log", server.address, coalition.id)
}

#[test]
fn a_house_that_shows_its_entries_is_audited_from_its_address() {
    let coalition = Coalition::simulated("address");
    for n in 0..130 {
        trade(&coalition, n);
    }
    let given = Given::of(&coalition);
    assert!(given.entries.len() > 256);
    let server = Server::with_public_entries(&coalition);
    let url = address(&server, &coalition);
    let (code, by_address) = given.ledger(Path::new(&url), &[]);
    assert_eq!((code, by_address), given.verdict(&[]));
    assert_eq!(code, 0);
    let slashed = format!("{url}/");
    assert_eq!(given.ledger(Path::new(&slashed), &[]).0, 0);
    let vkey = given.vkey();
    let (code, said) = verify(&["windows", &url, "--vkey", &vkey, "--json"]);
    assert_eq!((code, &said["windows"][0]["state"]), (0, &"open".into()));
    let absent = url.replace("/log", "/none");
    let (code, said) = given.ledger(Path::new(&absent), &[]);
    assert_eq!(code, 2, "{said}");
    let query = format!("{url}?x=1");
    assert_eq!(given.ledger(Path::new(&query), &[]).0, 2);
    let another = Given::of(&Coalition::simulated("another"));
    assert_eq!(another.ledger(Path::new(&url), &[]).0, 1, "another's key");
}

#[test]
fn entries_that_are_not_public_need_a_token_and_nothing_else_gets_it() {
    let coalition = Coalition::simulated("tokens");
    trade(&coalition, 0);
    let given = Given::of(&coalition);
    let server = Server::of(&coalition);
    let url = address(&server, &coalition);
    let (code, said) = given.ledger(Path::new(&url), &[]);
    assert_eq!(code, 2);
    assert!(said.to_string().contains("--token-file"), "{said}");
    let file = given.write("token", coalition.audit_token().as_bytes());
    let file = file.display().to_string();
    let with = ["--token-file", file.as_str()];
    assert_eq!(given.ledger(Path::new(&url), &with).0, 0);
    for token in ["", "two words", "a\u{e4}"] {
        given.write("token", token.as_bytes());
        assert_eq!(given.ledger(Path::new(&url), &with).0, 2, "{token:?}");
    }
    let mut by_variable = std::process::Command::new(VERIFY);
    by_variable.args(["ledger", &url, "--vkey", &given.vkey()]);
    by_variable.env("TALLYHOUSE_TOKEN", coalition.audit_token());
    let output = by_variable.output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    given.write("token", b"not.a.token");
    assert_eq!(given.ledger(Path::new(&url), &with).0, 2);
    let checkpoint = given.checkpoint.clone();
    let heard = Liar::new(move |path, head| match path {
        "/log/checkpoint" => {
            assert!(!head.to_lowercase().contains("authorization"), "{head}");
            whole(checkpoint.as_bytes())
        }
        _ => b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec(),
    });
    assert_eq!(given.ledger(Path::new(&heard.url()), &with).0, 2);
}

/// A server on a free loopback port that answers what it likes, and closes after each answer.
struct Liar {
    address: SocketAddr,
}

/// Longest answer that goes on for ever, unless the other side hangs up.
const ENDLESS_BYTES: usize = 256 << 20;

impl Liar {
    /// Answers a path, with the whole head of the request, by raw bytes.
    fn new(answer: impl Fn(&str, &str) -> Vec<u8> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let head = head(&stream);
                let path = head.split(' ').nth(1).unwrap_or("").to_owned();
                let bytes = answer(&path, &head);
                let is_endless = bytes.ends_with(b"endless");
                let _ = stream.write_all(&bytes);
                let mut sent = 0;
                while is_endless && sent < ENDLESS_BYTES && stream.write_all(&[7; 65_536]).is_ok() {
                    sent += 65_536;
                }
                assert!(sent < ENDLESS_BYTES, "the verifier read it all");
            }
        });
        Self { address }
    }

    fn url(&self) -> String {
        format!("http://{}/log", self.address)
    }
}

fn head(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
    head
}

fn whole(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[test]
fn servers_in_bad_faith_get_no_verdict() {
    let coalition = Coalition::simulated("liars");
    trade(&coalition, 0);
    let given = Given::of(&coalition);
    let honest = Server::with_public_entries(&coalition);
    let elsewhere = format!("location: {}/checkpoint", address(&honest, &coalition));
    let moved = format!("HTTP/1.1 302 Found\r\n{elsewhere}\r\ncontent-length: 0\r\n\r\n");
    let lies: [&[u8]; 10] = [
        b"",
        b"\r\n\r\n",
        b"\xff\x00 this is no protocol",
        moved.as_bytes(),
        b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1099511627776\r\n\r\nendless",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFF\r\nendless",
    ];
    let checkpoint = given.checkpoint.clone();
    for lie in lies {
        let bytes = lie.to_vec();
        let all = Liar::new(move |_, _| bytes.clone());
        let (code, said) = given.ledger(Path::new(&all.url()), &[]);
        assert_eq!(code, 2, "{}: {said}", String::from_utf8_lossy(lie));
        let (bytes, note) = (lie.to_vec(), checkpoint.clone());
        let behind = Liar::new(move |path, _| match path {
            "/log/checkpoint" => whole(note.as_bytes()),
            _ => bytes.clone(),
        });
        let (code, said) = given.ledger(Path::new(&behind.url()), &[]);
        assert_eq!(code, 2, "bundle {}: {said}", String::from_utf8_lossy(lie));
    }
}
