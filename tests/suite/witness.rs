//! A witness of our own: its book, its service, and a real house that it watches.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::process::{self, Founded, Server, TALLYHOUSE, VERIFY};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tallyhouse::proof::add_checkpoint::{AddCheckpoint, origin_hash, parse_size};
use tallyhouse::proof::checkpoint::{Checkpoint, Extensions};
use tallyhouse::proof::cosignature::{WitnessKey, WitnessSigner, cosigned_by};
use tallyhouse::proof::merkle::{self, Frontier, Hash, leaf_hash};
use tallyhouse::proof::note::{NoteSigner, VerifierKey};
use tallyhouse::proof::policy::Policy;
use tallyhouse::proof::witnessed::Refusal;
use tallyhouse::witness::book::{Book, BookError, NotCosigned};

const ORIGIN: &str = "points.example/coalition-0123abcd";

/// A log whose leaves begin with one byte: another byte is another history under the same key.
struct Log {
    of: u8,
}

impl Log {
    fn signer() -> NoteSigner {
        NoteSigner::new(ORIGIN, &[1; 32]).unwrap()
    }

    fn root(&self, leaves: std::ops::Range<u64>) -> Hash {
        let leaf = |leaf: u64| leaf_hash(&[&[self.of][..], &leaf.to_be_bytes()].concat());
        let mut frontier = Frontier::new();
        frontier.append(&leaves.map(leaf).collect::<Vec<_>>());
        frontier.root()
    }

    fn request(&self, old_size: u64, size: u64) -> Vec<u8> {
        let node = |level: u32, index: u64| -> Result<Hash, ()> {
            Ok(self.root(index << level..(index + 1) << level))
        };
        let proof = match old_size <= size {
            true => merkle::consistency_proof(old_size, size, node).unwrap(),
            false => Vec::new(),
        };
        let checkpoint = Checkpoint {
            origin: ORIGIN.to_owned(),
            size,
            root: self.root(0..size),
        };
        let checkpoint = checkpoint.sign(&[&Self::signer()]);
        let request = AddCheckpoint {
            old_size,
            proof,
            checkpoint,
        };
        request.encode().into_bytes()
    }
}

fn signer() -> WitnessSigner {
    WitnessSigner::new("witness.example/w1", &[7; 32]).unwrap()
}

fn open(folder: &Path) -> Result<Book, BookError> {
    Book::open(folder, signer(), [Log::signer().verifier_key().clone()])
}

fn size_shown(book: &Book) -> u64 {
    let note = book.shown(&origin_hash(ORIGIN)).unwrap();
    let keys = [Log::signer().verifier_key().clone()];
    let (checkpoint, _) =
        Checkpoint::open(note.as_bytes(), ORIGIN, &keys, Extensions::Refused).unwrap();
    let witnesses = [signer().verifier_key().clone()];
    assert_eq!(cosigned_by(note.as_bytes(), &witnesses).unwrap().len(), 1);
    checkpoint.size
}

#[test]
fn a_book_goes_forward_only_and_remembers_after_it_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (log, anew) = (Log { of: 1 }, Log { of: 2 });
    let book = open(folder.path()).unwrap();
    assert!(book.shown(&origin_hash(ORIGIN)).is_none());
    for (old_size, size) in [(0, 5), (5, 5), (5, 9)] {
        book.add(&log.request(old_size, size), 1_700_000_000)
            .unwrap();
        assert_eq!(size_shown(&book), size);
    }
    let taken = open(folder.path());
    assert!(matches!(taken, Err(BookError::Taken(_))), "two at once");
    drop(book);

    let book = open(folder.path()).unwrap();
    assert_eq!(size_shown(&book), 9);
    let refused = |request: Vec<u8>| match book.add(&request, 1) {
        Err(NotCosigned::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(log.request(5, 7)), Refusal::OtherSize(9));
    assert_eq!(refused(log.request(9, 7)), Refusal::Backward);
    assert_eq!(refused(anew.request(9, 9)), Refusal::OtherRoot(9));
    assert_eq!(refused(anew.request(9, 12)), Refusal::Inconsistent);
    assert_eq!(size_shown(&book), 9);
    assert!(book.add(&log.request(9, 12), 1).is_ok());

    // Both checkpoints of each contradiction are kept, once however often it comes.
    refused(anew.request(12, 12));
    refused(anew.request(12, 12));
    let evidence = folder
        .path()
        .join("logs")
        .join(origin_hash(ORIGIN))
        .join("evidence");
    let mut sorts = Vec::new();
    for entry in std::fs::read_dir(&evidence).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        sorts.push(name.split('-').next().unwrap().to_owned());
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let parts: Vec<&str> = text.split("\n\n").collect();
        let [known, by_both, other, by_log] = parts[..] else {
            panic!("two notes: {text}");
        };
        let keys = [Log::signer().verifier_key().clone()];
        let open = |text, signatures| {
            let note = format!("{text}\n\n{signatures}");
            let note = format!("{}\n", note.trim_end());
            let opened = Checkpoint::open(note.as_bytes(), ORIGIN, &keys, Extensions::Refused);
            opened.unwrap().0
        };
        assert_ne!(open(known, by_both).root, open(other, by_log).root);
    }
    sorts.sort();
    assert_eq!(sorts, ["fork", "fork", "inconsistent"]);
}

#[test]
fn evidence_has_its_limits_and_worthless_proofs_do_not_displace_forks() {
    let folder = tempfile::tempdir().unwrap();
    let (log, anew) = (Log { of: 1 }, Log { of: 2 });
    let book = open(folder.path()).unwrap();
    book.add(&log.request(0, 3), 1).unwrap();
    for size in 4..40 {
        assert!(book.add(&anew.request(3, size), 1).is_err());
    }
    assert!(book.add(&anew.request(3, 3), 1).is_err());
    let evidence = folder
        .path()
        .join("logs")
        .join(origin_hash(ORIGIN))
        .join("evidence");
    assert_eq!(std::fs::read_dir(evidence).unwrap().count(), 16 + 1);
}

#[test]
fn what_is_not_its_own_writing_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log { of: 1 };
    let book = open(folder.path()).unwrap();
    book.add(&log.request(0, 9), 1).unwrap();
    drop(book);
    let file = folder
        .path()
        .join("logs")
        .join(origin_hash(ORIGIN))
        .join("last");
    let good = std::fs::read_to_string(&file).unwrap();
    let unsigned = good
        .lines()
        .take(5)
        .map(|line| format!("{line}\n"))
        .collect();
    let shorter = good.replace("\n9\n", "\n8\n");
    for bad in [
        String::new(),
        "x".to_owned(),
        unsigned,
        shorter,
        good[..good.len() - 9].into(),
    ] {
        std::fs::write(&file, &bad).unwrap();
        let opened = open(folder.path());
        assert!(matches!(opened, Err(BookError::Changed { .. })), "{bad:?}");
    }
    std::fs::write(&file, &good).unwrap();
    assert_eq!(size_shown(&open(folder.path()).unwrap()), 9);
}

#[test]
fn many_at_once_never_take_a_log_back() {
    let folder = tempfile::tempdir().unwrap();
    let book = open(folder.path()).unwrap();
    let log = Log { of: 1 };
    let mut cosigned = std::thread::scope(|scope| {
        let ask = |thread: u64| {
            let (book, log) = (&book, &log);
            scope.spawn(move || {
                let mut cosigned = Vec::new();
                let mut old_size = 0;
                for step in 0..20 {
                    let size = old_size.max(1 + thread + 8 * step);
                    match book.add(&log.request(old_size, size), 1) {
                        Ok(_) => {
                            cosigned.push((old_size, size));
                            old_size = size;
                        }
                        Err(NotCosigned::Refused(Refusal::OtherSize(has))) => {
                            assert!(has >= old_size, "it went back from {old_size} to {has}");
                            old_size = has;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                cosigned
            })
        };
        let threads: Vec<_> = (0..8).map(ask).collect();
        let cosigned = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        cosigned.collect::<Vec<_>>()
    });
    // Each step forward begins where another ended: nobody cosigned two ways from one place.
    cosigned.retain(|(old_size, size)| old_size != size);
    cosigned.sort_unstable();
    for pair in cosigned.windows(2) {
        assert_eq!(pair[0].1, pair[1].0, "{pair:?}");
    }
    assert_eq!(size_shown(&book), cosigned.last().unwrap().1);
}

/// A real witness. It is killed, not asked, when it goes out of scope.
pub struct Witness {
    child: Child,
    pub address: String,
    dir: PathBuf,
}

impl Witness {
    /// Makes a witness's folder; answers its verifier key.
    pub fn found(dir: &Path) -> String {
        let dir = dir.to_str().unwrap();
        let args = [
            "witness",
            "new",
            "--json",
            "--name",
            "witness.example/w1",
            "--dir",
            dir,
        ];
        let output = process::run(TALLYHOUSE, args);
        assert!(output.status.success(), "{}", process::text(&output));
        let again = process::run(TALLYHOUSE, args);
        assert_eq!(again.status.code(), Some(2), "a key is never made twice");
        let made: Value = serde_json::from_slice(&output.stdout).unwrap();
        made["vkey"].as_str().unwrap().to_owned()
    }

    /// Serves it for one ledger; `listen` is the address of an earlier start, or port 0.
    pub fn serve(dir: &Path, ledger: &str, listen: &str) -> Self {
        let mut child = Command::new(TALLYHOUSE)
            .args([
                "witness", "serve", "--json", "--listen", listen, "--log", ledger, "--dir",
            ])
            .arg(dir)
            .env("TALLYHOUSE_LOG", "error")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).expect("it tells its address");
        let address = told["listen"].as_str().unwrap().to_owned();
        let dir = dir.to_owned();
        Self {
            child,
            address,
            dir,
        }
    }

    /// Ends it as a power cut would, and starts it again at the same address.
    fn again(mut self, ledger: &str) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Self::serve(&self.dir, ledger, &self.address)
    }

    /// Ends it as a power cut would; answers its address.
    fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.address.clone()
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // It may be dead already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The status, media type and body of an answer.
fn ask(url: &str, body: Option<&[u8]>) -> (u16, String, String) {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(20)));
    let agent: ureq::Agent = config.build().into();
    let answer = match body {
        Some(body) => agent.post(url).send(body),
        None => agent.get(url).call(),
    };
    let mut answer = answer.unwrap();
    let media_type = answer.headers().get("content-type");
    let media_type = media_type.map(|value| value.to_str().unwrap().to_owned());
    let body = answer.body_mut().read_to_string().unwrap();
    (
        answer.status().as_u16(),
        media_type.unwrap_or_default(),
        body,
    )
}

#[test]
fn the_service_answers_as_the_specification_says_and_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("witness");
    let key = WitnessKey::parse(&Witness::found(&dir)).unwrap();
    let ledger = Log::signer().verifier_key().to_string();
    let (log, anew) = (Log { of: 1 }, Log { of: 2 });
    let mut witness = Witness::serve(&dir, &ledger, "127.0.0.1:0");
    let shown = |witness: &Witness| {
        let hash = origin_hash(ORIGIN);
        ask(&format!("{}/checkpoints/{hash}", witness.url()), None)
    };
    assert_eq!(shown(&witness).0, 404);
    let mut old_size = 0;
    for size in [1, 4, 4, 9, 200] {
        let add = format!("{}/add-checkpoint", witness.url());
        let (status, _, line) = ask(&add, Some(&log.request(old_size, size)));
        assert_eq!(status, 200, "{line}");
        let request = AddCheckpoint::parse(&log.request(old_size, size)).unwrap();
        let note = format!("{}{line}", request.checkpoint);
        let known = [key.clone()];
        assert_eq!(cosigned_by(note.as_bytes(), &known).unwrap().len(), 1);
        old_size = size;
        // What was answered is remembered, whatever happens then.
        witness = witness.again(&ledger);
        assert!(shown(&witness).2.starts_with(&request.checkpoint));
    }
    let add = format!("{}/add-checkpoint", witness.url());
    let other_origin = String::from_utf8(log.request(200, 201)).unwrap();
    let other_origin = other_origin.replace("0123abcd", "0123abce");
    let forged = String::from_utf8(log.request(200, 201)).unwrap();
    let forged = forged.replace("\n201\n", "\n202\n");
    for (body, expected) in [
        (log.request(200, 201)[..40].to_vec(), 400),
        (b"".to_vec(), 400),
        (log.request(201, 199), 400),
        (forged.into_bytes(), 403),
        (other_origin.into_bytes(), 404),
        (log.request(0, 201), 409),
        (anew.request(200, 200), 409),
        (anew.request(200, 201), 422),
        (vec![b'x'; 200_000], 413),
    ] {
        let (status, media_type, text) = ask(&add, Some(&body));
        assert_eq!(status, expected, "{text}");
        if status == 409 {
            assert_eq!(media_type, "text/x.tlog.size");
            assert_eq!(parse_size(text.as_bytes()), Some(200));
        }
    }
    assert_eq!(ask(&add, None).0, 405);
    assert_eq!(
        ask(&format!("{}/checkpoints/x", witness.url()), None).0,
        404
    );
}

/// Has a house ask one witness every second.
fn configure(founded: &Founded, vkey: &str, url: &str) {
    let file = founded.path("house/tallyhouse.toml");
    let mut text = std::fs::read_to_string(&file).unwrap();
    text += &format!(
        "\n[programme.witnessing]\ninterval_s = 1\ntimeout_ms = 2000\n\n[[programme.witness]]\n\
         vkey = \"{vkey}\"\nurl = \"{url}\"\n"
    );
    std::fs::write(&file, text).unwrap();
}

/// The cosigned checkpoint of at least this size; each question gives the house time to go on.
fn cosigned(server: &Server, size: u64) -> String {
    for _ in 0..1_000_000 {
        let (status, _, note) = ask(&format!("{}/log/checkpoint/cosigned", server.url()), None);
        let has = note
            .lines()
            .nth(1)
            .and_then(|line| line.parse::<u64>().ok());
        if status == 200 && has.is_some_and(|has| has >= size) {
            return note;
        }
    }
    panic!("the witness does not cosign {size} entries");
}

fn add_partner(server: &Server, founded: &Founded, name: &str) {
    let ops = json!([{"op": "partner_set", "partner": name, "roles": ["issue", "burn"],
        "status": "active"}]);
    let file = founded.path("partner.json");
    std::fs::write(&file, ops.to_string()).unwrap();
    let key = founded.house_key("govern-1");
    let args = [
        "submit".as_ref(),
        file.as_os_str(),
        "--key".as_ref(),
        key.as_os_str(),
    ];
    let output = server.client(args);
    assert!(output.status.success(), "{}", process::text(&output));
}

fn copy(from: &Path, to: &Path) {
    let args = ["-a".as_ref(), from.as_os_str(), to.as_os_str()];
    assert!(process::run("cp", args).status.success());
}

/// What `serve` says, and how it ends, when it does not start.
fn not_served(founded: &Founded) -> (Option<i32>, String) {
    let mut command = Command::new(TALLYHOUSE);
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]);
    command.arg(founded.path("house/tallyhouse.toml"));
    let output = command.output().unwrap();
    (output.status.code(), process::text(&output))
}

/// Has the auditor's program check a cosigned checkpoint against the draft of a policy.
fn check_offline(founded: &Founded, server: &Server, note: &str) {
    let policy = ask(&format!("{}/log/policy", server.url()), None).2;
    let (note_file, policy_file) = (founded.path("cosigned"), founded.path("policy"));
    let check = |note: &str, policy: &str, code: i32| {
        std::fs::write(&note_file, note).unwrap();
        std::fs::write(&policy_file, policy).unwrap();
        let args = [
            "checkpoint",
            "--json",
            "--policy",
            policy_file.to_str().unwrap(),
        ];
        let args = args
            .iter()
            .map(AsRef::as_ref)
            .chain([note_file.as_os_str()]);
        let output = process::run(VERIFY, args);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{}",
            process::text(&output)
        );
        process::text(&output)
    };
    let said: Value = serde_json::from_str(&check(note, &policy, 0)).unwrap();
    assert_eq!(said["witnesses"][0]["witness"], "witness.example/w1");
    let (text, signatures) = note.split_once("\n\n").unwrap();
    let alone = format!("{text}\n\n{}\n", signatures.lines().next().unwrap());
    assert!(check(&alone, &policy, 1).contains("quorum"));
    check(&alone, &policy.replace("quorum enough", "quorum none"), 0);
    check(&note.replacen('\n', "\n1", 1), &policy, 1);
    check(note, &policy.replace("quorum", "quorums"), 2);
}

#[test]
fn yesterdays_backup_is_refused_at_the_start_and_while_running() {
    let founded = Founded::new();
    let dir = founded.path("witness");
    let vkey = Witness::found(&dir);
    let ledger = std::fs::read_to_string(founded.vkey()).unwrap();
    let ledger = ledger.trim_end();
    let witness = Witness::serve(&dir, ledger, "127.0.0.1:0");
    configure(&founded, &vkey, &witness.url());
    let server = founded.serve("127.0.0.1:0");
    server.register(&founded, &["bakery"]);
    let note = cosigned(&server, server.entries());
    let policy = ask(&format!("{}/log/policy", server.url()), None).2;
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    assert_eq!(policy.logs(), [VerifierKey::parse(ledger).unwrap()]);
    let satisfied = policy.check(note.as_bytes()).unwrap();
    assert_eq!(satisfied.witnesses[0].0.to_string(), vkey);
    check_offline(&founded, &server, &note);
    server.kill();
    let data = founded.path("house/data");
    let backup = founded.path("backup");
    copy(&data, &backup);

    // A day passes; then the disk breaks, and the backup comes back.
    let server = founded.serve("127.0.0.1:0");
    add_partner(&server, &founded, "grocer");
    let size = server.entries();
    let newest = cosigned(&server, size);
    server.kill();
    std::fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);
    let (code, said) = not_served(&founded);
    assert_eq!(code, Some(2), "{said}");
    for words in [
        "older than what was published",
        "restore a newer backup",
        "witness.example/w1",
        &format!("checkpoint of {size} entries"),
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let kept = data.join(format!("demo/published-{size}.checkpoint"));
    let kept = std::fs::read_to_string(kept).unwrap();
    assert!(newest.starts_with(kept.split("\n\n").next().unwrap()));

    // With the witness away it starts, with an alarm, and stops when the witness is back.
    let address = witness.kill();
    let mut server = founded.serve("127.0.0.1:0");
    add_partner(&server, &founded, "florist");
    let witness = Witness::serve(&dir, ledger, &address);
    assert!(
        !server.wait().success(),
        "it serves on against the evidence"
    );
    let (code, said) = not_served(&founded);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("not the one that was published"), "{said}");
    drop(witness);
}
