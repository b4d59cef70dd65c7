//! `tallyhouse export --tiles`: a folder that any web server can serve, kept up to date, and never
//! taking in anything that does not lead to a checkpoint.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::process::{TALLYHOUSE, text};
use crate::support::{Coalition, Server, secret};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tallyhouse::proof::base64url::encode_standard;
use tempfile::TempDir;

/// Everything in a folder, by path, with `/`.
type Files = BTreeMap<String, Vec<u8>>;

fn files(dir: &Path) -> Files {
    let mut found = Files::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

fn put(dir: &Path, files: &Files) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn names(files: &Files) -> Vec<&str> {
    files.keys().map(String::as_str).collect()
}

/// Runs the command against whatever serves at an address.
fn mirror(address: SocketAddr, dir: &Path, more: &[&OsStr]) -> Output {
    let url = format!("http://{address}/v1/demo");
    Command::new(TALLYHOUSE)
        .args(["export", "--json", "--url", &url, "--tiles"])
        .arg(dir)
        .args(more)
        .env_remove("TALLYHOUSE_KEY")
        .output()
        .unwrap()
}

/// A folder, and the coalition that it mirrors.
struct Mirrored {
    coalition: Coalition,
    server: Server,
    folder: TempDir,
}

impl Mirrored {
    fn new(entries: u64) -> Self {
        let coalition = Coalition::simulated("demo");
        coalition.lengthen("m1", entries);
        let server = Server::with_public_entries(&coalition);
        let folder = tempfile::tempdir().unwrap();
        Self {
            coalition,
            server,
            folder,
        }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn run(&self) -> Output {
        mirror(self.server.address, &self.dir(), &[])
    }

    /// A run that must succeed: entries added, files written, and what was removed.
    fn report(&self) -> [u64; 3] {
        let output = self.run();
        assert!(output.status.success(), "{}", text(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["entries"], self.coalition.size());
        ["added", "files_written", "removed"].map(|name| report[name].as_u64().unwrap())
    }

    fn files(&self) -> Files {
        files(&self.dir())
    }

    /// Each file is what the house answers under its name.
    fn check(&self) {
        for (name, bytes) in self.files() {
            let answer = self.server.get(&format!("/v1/demo/log/{name}"), None);
            assert_eq!((answer.status, &answer.body), (200, &bytes), "{name}");
        }
    }
}

const FILES_AT_600: [&str; 8] = [
    "checkpoint",
    "tile/0/000",
    "tile/0/001",
    "tile/0/002.p/88",
    "tile/1/000.p/2",
    "tile/entries/000",
    "tile/entries/001",
    "tile/entries/002.p/88",
];

#[test]
fn a_mirror_grows_with_the_log_and_fetches_only_what_is_new() {
    let mirrored = Mirrored::new(200);
    assert_eq!(mirrored.report(), [200, 2, 0]);
    let at_200 = ["checkpoint", "tile/0/000.p/200", "tile/entries/000.p/200"];
    assert_eq!(names(&mirrored.files()), at_200);
    assert_eq!(mirrored.report(), [0, 0, 0]);
    mirrored.coalition.lengthen("m1", 256);
    assert_eq!(mirrored.report(), [56, 3, 2]);
    let at_256 = [
        "checkpoint",
        "tile/0/000",
        "tile/1/000.p/1",
        "tile/entries/000",
    ];
    assert_eq!(names(&mirrored.files()), at_256);
    mirrored.check();
    mirrored.coalition.lengthen("m1", 300);
    assert_eq!(mirrored.report(), [44, 2, 0]);
    mirrored.coalition.lengthen("m1", 600);
    assert_eq!(mirrored.report(), [300, 5, 2]);
    let mut kept = names(&mirrored.files()).join(" ");
    // A partial tile stays until the full one is there.
    kept = kept.replace(" tile/1/000.p/1", "");
    assert_eq!(kept, FILES_AT_600.join(" "));
    mirrored.check();
    assert_eq!(mirrored.report(), [0, 0, 0]);
}

#[test]
fn a_run_that_was_stopped_is_taken_up_and_what_it_left_is_checked() {
    let mirrored = Mirrored::new(200);
    mirrored.report();
    let before = mirrored.files();
    mirrored.coalition.lengthen("m1", 600);
    mirrored.report();
    let after = mirrored.files();
    // At any point before the checkpoint: its files are there, and any of the new ones, whole or
    // half written under their hidden names, or damaged by the disk.
    let new: Vec<&str> = names(&after)
        .into_iter()
        .filter(|name| *name != "checkpoint")
        .collect();
    for stop in 0..=new.len() {
        fs::remove_dir_all(mirrored.dir()).unwrap();
        put(&mirrored.dir(), &before);
        let mut left = Files::new();
        for (at, name) in new.iter().enumerate().take(stop) {
            let mut bytes = after[*name].clone();
            if at % 2 == 1 {
                bytes[7] ^= 1;
            }
            left.insert((*name).to_owned(), bytes);
        }
        left.insert("tile/0/.077.new".into(), vec![1, 2, 3]);
        left.insert("tile/entries/.077.new".into(), Vec::new());
        left.insert(".checkpoint.new".into(), Vec::new());
        put(&mirrored.dir(), &left);
        let [added, written, removed] = mirrored.report();
        assert_eq!(added, 400, "{stop}");
        assert_eq!(written, (new.len() - stop.div_ceil(2)) as u64, "{stop}");
        assert_eq!(removed, 4, "two half files, two folders of partial tiles");
        assert_eq!(mirrored.files(), after, "{stop}");
    }
    // Without a checkpoint everything is checked, and nothing fetched that holds.
    fs::remove_file(mirrored.dir().join("checkpoint")).unwrap();
    fs::write(mirrored.dir().join("tile/entries/001"), b"gone").unwrap();
    assert_eq!(mirrored.report(), [600, 1, 0]);
    assert_eq!(mirrored.files(), after);
    // A damaged edge is not mistaken for a fork.
    fs::write(mirrored.dir().join("tile/1/000.p/2"), [0; 64]).unwrap();
    let output = mirrored.run();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("does not hold what its checkpoint names; delete"));
    assert!(
        !text(&output).contains("different ledgers"),
        "{}",
        text(&output)
    );
}

/// Serves the files of a folder under the programme's log, as any web server does.
fn serve_files(files: Files) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut line = String::new();
            let mut path = None;
            while reader.read_line(&mut line).is_ok_and(|length| length > 2) {
                path = path.or_else(|| line.split(' ').nth(1).map(str::to_owned));
                line.clear();
            }
            let path = path.unwrap_or_default();
            let name = path.strip_prefix("/v1/demo/log/").unwrap_or_default();
            let (status, body) = match files.get(name) {
                Some(bytes) => ("200 OK", &bytes[..]),
                None => ("404 Not Found", &b"{\"code\":\"not_found\"}"[..]),
            };
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            // A client that has heard enough hangs up, which is its right.
            let _ = reader
                .get_mut()
                .write_all(&[head.as_bytes(), body].concat());
        }
    });
    address
}

#[test]
fn no_wrong_file_is_taken_in() {
    let mirrored = Mirrored::new(600);
    mirrored.report();
    let good = mirrored.files();
    let vkey = mirrored.coalition.verifier_key().to_string();
    let pinned: [&OsStr; 2] = ["--vkey".as_ref(), vkey.as_ref()];
    let into = |files: Files| {
        let dir = tempfile::tempdir().unwrap();
        let output = mirror(serve_files(files), dir.path(), &pinned);
        (output, self::files(dir.path()))
    };
    // A mirror of the mirror is as good.
    let (output, copy) = into(good.clone());
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(copy, good);
    for name in FILES_AT_600 {
        for at in [0, 40, good[name].len() - 2] {
            let mut wrong = good.clone();
            wrong.get_mut(name).unwrap()[at] ^= 4;
            let (output, kept) = into(wrong.clone());
            assert_eq!(output.status.code(), Some(2), "{name}: {}", text(&output));
            assert!(text(&output).contains(name), "{name}: {}", text(&output));
            assert!(!kept.contains_key("checkpoint"), "{name}");
            assert!(
                kept.iter().all(|(name, bytes)| good[name] == *bytes),
                "{name}"
            );
        }
        let mut wrong = good.clone();
        wrong.get_mut(name).unwrap().pop();
        let (output, kept) = into(wrong);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", text(&output));
        assert!(!kept.contains_key("checkpoint"), "{name}");
        let mut missing = good.clone();
        missing.remove(name);
        let (output, _) = into(missing);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", text(&output));
    }
}

#[test]
fn another_history_is_refused_and_shown_as_evidence() {
    let mirrored = Mirrored::new(300);
    mirrored.report();
    let kept = mirrored.files();
    let refused = |parts_at: u64, entries: u64, said: &str| {
        let other = Coalition::simulated("demo");
        other.lengthen("m1", parts_at);
        let roots = [&mirrored.coalition, &other].map(|at| at.ledger.root_at(parts_at).unwrap());
        assert_eq!(roots[0], roots[1], "they part after {parts_at} entries");
        other.lengthen("m2", entries);
        let server = Server::with_public_entries(&other);
        let output = mirror(server.address, &mirrored.dir(), &[]);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{entries}: {}",
            text(&output)
        );
        assert!(text(&output).contains(said), "{entries}: {}", text(&output));
        if entries >= 300 {
            let shown = &other.ledger.view().checkpoint;
            assert!(
                text(&output).contains(shown),
                "{entries}: {}",
                text(&output)
            );
        }
        assert_eq!(names(&mirrored.files()), names(&kept), "{entries}");
        assert_eq!(mirrored.files(), kept, "{entries}");
    };
    let forked = "no longer begins with the 300 entries that are kept";
    refused(
        250,
        280,
        "the house shows 280 entries, and 300 are kept here",
    );
    for (parts_at, entries) in [(250, 300), (299, 301), (260, 511), (260, 512), (270, 600)] {
        refused(parts_at, entries, forked);
    }
    let stranger = Coalition::simulated("other");
    let server = Server::with_public_entries(&stranger);
    let url = format!("http://{}/v1/other", server.address);
    let output = Command::new(TALLYHOUSE)
        .args(["export", "--url", &url, "--tiles"])
        .arg(mirrored.dir())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("the folder holds the log of"),
        "{}",
        text(&output)
    );
    // The house itself goes on where it was.
    mirrored.coalition.lengthen("m1", 310);
    assert_eq!(mirrored.report()[0], 10);
    mirrored.check();
}

/// A test key as a file.
fn key_file(folder: &Path, author: &str, key: &str) -> PathBuf {
    let prefix = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    let pkcs8 = [&prefix[..], &secret(&format!("{author}/{key}"))].concat();
    let text = encode_standard(&pkcs8);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
    let path = folder.join(format!("{author}.{key}.pem"));
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path);
    file.unwrap().write_all(pem.as_bytes()).unwrap();
    path
}

#[test]
fn entries_that_are_not_public_take_an_auditors_key() {
    let coalition = Coalition::simulated("demo");
    let server = Server::of(&coalition);
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("log");
    let bare = mirror(server.address, &dir, &[]);
    assert_eq!(bare.status.code(), Some(2));
    assert!(
        text(&bare).contains("are not public: give --key"),
        "{}",
        text(&bare)
    );
    assert!(!dir.join("checkpoint").exists());
    let with = |author: &str, key: &str| {
        let key = key_file(folder.path(), author, key);
        mirror(server.address, &dir, &["--key".as_ref(), key.as_os_str()])
    };
    let partner = with("bakery", "till");
    assert_eq!(partner.status.code(), Some(2));
    assert!(
        text(&partner).contains("scope_missing"),
        "{}",
        text(&partner)
    );
    let auditor = with("house", "audit-1");
    assert!(auditor.status.success(), "{}", text(&auditor));
    let report: Value = serde_json::from_slice(&auditor.stdout).unwrap();
    assert_eq!(report["entries"], json!(coalition.size()));
    let other = ["--vkey", "example.com/x+00000000+AAAA"].map(OsStr::new);
    let wrong = mirror(server.address, &dir, &other);
    assert_eq!(wrong.status.code(), Some(2));
    let format = mirror(
        server.address,
        &dir,
        &["--format".as_ref(), "cbor".as_ref()],
    );
    assert_eq!(format.status.code(), Some(2), "{}", text(&format));
}
