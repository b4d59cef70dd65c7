//! A house and witnesses that are slow, dead, lying or speak another language: nothing waits for
//! them, and each is seen in the metrics.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::support::{Coalition, Server, ledger_signer};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use tallyhouse::http::ServeError;
use tallyhouse::platform::config::{Config, Programme};
use tallyhouse::proof::checkpoint::{Checkpoint, Extensions};
use tallyhouse::proof::cosignature::{WitnessSigner, cosigned_by};
use tallyhouse::proof::note::{NoteSigner, VerifierKey};
use tallyhouse::proof::policy::Policy;
use tallyhouse::witness::book::Book;
use tallyhouse::witness::rounds::Rounds;
use tallyhouse::witness::start::Published;
use tallyhouse::witness::{Condition, Standing, WitnessError, Witnessing};

static KEEP_ON: AtomicBool = AtomicBool::new(false);

fn signer(number: u8) -> WitnessSigner {
    let name = format!("witness.example/w{number}");
    WitnessSigner::new(&name, &[number; 32]).unwrap()
}

/// Whether a request has its headers and as many bytes as they say.
fn is_whole(request: &[u8]) -> bool {
    let request = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .split("\r\n")
        .find_map(|line| line.strip_prefix("content-length:"));
    length.is_none_or(|length| body.len() >= length.trim().parse().unwrap())
}

/// A server that answers each request with raw bytes, or with none while it holds the connection.
fn fake(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, answer) = (stream.unwrap(), answer.clone());
            std::thread::spawn(move || {
                let wait = Some(Duration::from_secs(30));
                stream.set_read_timeout(wait).unwrap();
                let mut request = Vec::new();
                let mut part = [0; 1 << 12];
                while !is_whole(&request)
                    && let Ok(read @ 1..) = stream.read(&mut part)
                {
                    request.extend_from_slice(&part[..read]);
                }
                answer(&String::from_utf8_lossy(&request), &mut stream);
            });
        }
    });
    format!("http://{address}")
}

/// A fake that gives one answer to `add-checkpoint`, and 404 to everything else.
fn says(status: &'static str, body: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    fake(move |request, stream| {
        let (status, body) = match request.starts_with("POST /add-checkpoint ") {
            true => (status, body(request)),
            false => ("404 Not Found", String::new()),
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
        // The house may have gone.
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
    })
}

/// A fake over a real book: an honest witness, in this process.
fn honest(number: u8, coalition: &Coalition) -> (String, Arc<Book>, tempfile::TempDir) {
    let key = tallyhouse::witness::ledger_key(&coalition.ledger);
    honest_knowing(number, &[key])
}

/// The same, which knows these keys of the ledger.
fn honest_knowing(number: u8, keys: &[VerifierKey]) -> (String, Arc<Book>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let book = Arc::new(Book::open(folder.path(), signer(number), keys.to_vec()).unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
        .unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = book.clone();
    std::thread::spawn(move || {
        let never = std::future::pending::<()>();
        runtime.block_on(tallyhouse::http::witness::serve(listener, served, never))
    });
    (url, book, folder)
}

fn programme(coalition: &Coalition, urls: &[&str], quorum: usize) -> Programme {
    let mut text = format!(
        "[[programme]]\nid = \"{}\"\nledger_key_file = \"a\"\nkeys_dir = \"a\"\n\
         [programme.witnessing]\ntimeout_ms = 10000\ninterval_s = 1\nquorum = {quorum}\n",
        coalition.id
    );
    for (number, url) in (1..).zip(urls) {
        let vkey = signer(number).verifier_key().to_string();
        text += &format!("[[programme.witness]]\nvkey = \"{vkey}\"\nurl = \"{url}\"\n");
    }
    Config::parse(&text).unwrap().programmes.remove(0)
}

fn open(coalition: &Coalition, programme: &Programme) -> Arc<Witnessing> {
    let folder = coalition.folder.path();
    let opened = Witnessing::open(coalition.ledger.clone(), programme, folder);
    Arc::new(opened.unwrap_or_else(|error| panic!("{error}")))
}

fn witnessing(coalition: &Coalition, urls: &[&str], quorum: usize) -> Arc<Witnessing> {
    open(coalition, &programme(coalition, urls, quorum))
}

fn standing(witnessing: &Witnessing, number: u8) -> Standing {
    let name = format!("witness.example/w{number}");
    let mut standings = witnessing.standings();
    standings.find(|(known, _)| *known == name).unwrap().1
}

fn issue(coalition: &Coalition, id: &str) -> u64 {
    let ops = json!([{"op": "issue", "id": id, "member": "m1", "points": 1}]);
    coalition.accept("bakery/till", id, &ops)
}

#[test]
fn witnesses_go_on_while_one_ledger_key_hands_over_to_the_next() {
    let coalition = Coalition::simulated("demo");
    let origin = coalition.origin.clone();
    let (old, new) = (ledger_signer(&origin, ""), ledger_signer(&origin, "next"));
    let keys = [&old, &new].map(|signer| signer.verifier_key().clone());
    let (url, _, _keep) = honest_knowing(1, &keys);
    let witnesses = witnessing(&coalition, &[&url], 1);
    let cosigned = || {
        witnesses.round(&KEEP_ON);
        let cosigned = witnesses.cosigned().unwrap();
        assert_eq!(cosigned.size, coalition.size());
        let policy = Policy::parse(witnesses.policy_text().as_bytes()).unwrap();
        policy.check(cosigned.note.as_bytes()).unwrap();
        policy.logs().len()
    };
    assert_eq!(cosigned(), 1);
    let handover = tallyhouse::proof::handover::sign(&old, &new);
    let add = json!({"op": "ledger_key_add", "handover": handover});
    coalition.approve(&[("add", add)]);
    assert_eq!(cosigned(), 2);
    let public_key = tallyhouse::proof::base64url::encode(&old.public());
    let retire = json!({"op": "ledger_key_retire", "public_key": public_key});
    coalition.approve(&[("retire", retire)]);
    assert_eq!(cosigned(), 1);
    // Another start takes over what was cosigned, and a key counts for its own sizes only.
    let again = witnessing(&coalition, &[&url], 1);
    assert_eq!(again.cosigned(), witnesses.cosigned());
    assert_eq!(again.check_start(), Ok(()));
    let size = coalition.size();
    let ahead = |signer: &NoteSigner| {
        let origin = origin.clone();
        let root = [7; 32];
        let size = size + 9;
        let forged = Checkpoint { origin, size, root }.sign(&[signer]);
        std::fs::write(coalition.folder.path().join("cosigned"), forged).unwrap();
        again.check_start()
    };
    assert_eq!(ahead(&old), Ok(()));
    assert!(matches!(ahead(&new), Err(Published::Ahead { .. })));
}

#[test]
fn a_database_from_before_a_rotation_is_told_by_the_key_that_is_held() {
    let coalition = Coalition::simulated("demo");
    let origin = coalition.origin.clone();
    let size = coalition.size() + 9;
    let root = [7; 32];
    let new = ledger_signer(&origin, "next");
    let published = Checkpoint { origin, size, root }.sign(&[&new]);
    std::fs::write(coalition.folder.path().join("cosigned"), published).unwrap();
    let witnesses = witnessing(&coalition, &[], 1);
    assert!(matches!(
        witnesses.check_start(),
        Err(Published::Ahead { .. })
    ));
}

#[test]
fn enough_witnesses_make_a_checkpoint_that_satisfies_the_policy() {
    let coalition = Coalition::simulated("demo");
    let (first, _, _keep) = honest(1, &coalition);
    let (second, _, _keep_too) = honest(2, &coalition);
    let dead = "http://127.0.0.1:1";
    let witnesses = witnessing(&coalition, &[&first, &second, dead], 2);
    assert!(witnesses.cosigned().is_none());
    let policy = Policy::parse(witnesses.policy_text().as_bytes()).unwrap();
    for round in 0..3 {
        witnesses.round(&KEEP_ON);
        let cosigned = witnesses.cosigned().unwrap();
        assert_eq!(cosigned.size, coalition.size());
        assert!(
            cosigned
                .note
                .starts_with(&coalition.ledger.view().checkpoint)
        );
        let satisfied = policy.check(cosigned.note.as_bytes()).unwrap();
        assert_eq!(satisfied.witnesses.len(), 2);
        assert_eq!(standing(&witnesses, 1).condition, Condition::Cosigns);
        assert_eq!(standing(&witnesses, 2).size, coalition.size());
        let silent = standing(&witnesses, 3);
        assert_eq!(
            (silent.condition, silent.failures),
            (Condition::Silent, round + 1)
        );
        for more in 0..=round {
            issue(&coalition, &format!("i{round}-{more}"));
        }
    }
    // Another start goes on where this one was.
    let before = witnesses.cosigned().unwrap();
    let again = witnessing(&coalition, &[&first, &second, dead], 2);
    assert_eq!(again.cosigned(), Some(before.clone()));
    assert_eq!(standing(&again, 2).size, before.size);
    assert_eq!(again.check_start(), Ok(()));
    again.round(&KEEP_ON);
    assert_eq!(again.cosigned().unwrap().size, coalition.size());
    // One that asks for more witnesses than cosigned it does not serve it.
    assert!(
        witnessing(&coalition, &[&first, &second, dead], 3)
            .cosigned()
            .is_none()
    );
}

#[test]
fn one_cosigner_too_few_publishes_nothing_and_a_late_one_is_added() {
    let coalition = Coalition::simulated("demo");
    let (first, book, _keep) = honest(1, &coalition);
    let witnesses = witnessing(&coalition, &[&first, "http://127.0.0.1:1"], 2);
    witnesses.round(&KEEP_ON);
    assert!(witnesses.cosigned().is_none());
    assert!(!coalition.folder.path().join("cosigned").exists());
    let (second, _, _keep_too) = honest(2, &coalition);
    let witnesses = witnessing(&coalition, &[&first, &second], 1);
    witnesses.round(&KEEP_ON);
    let note = witnesses.cosigned().unwrap().note.clone();
    let known = [1, 2].map(|number| signer(number).verifier_key().clone());
    assert_eq!(cosigned_by(note.as_bytes(), &known).unwrap().len(), 2);
    let kept = std::fs::read_to_string(coalition.folder.path().join("cosigned")).unwrap();
    assert_eq!(kept, note);
    drop(book);
}

#[test]
fn what_is_no_cosignature_is_not_taken_for_one() {
    let coalition = Coalition::simulated("demo");
    let body_of = |request: &str| request.split_once("\r\n\r\n").unwrap().1.to_owned();
    let text_of = move |request: &str| {
        let checkpoint = body_of(request).split_once("\n\n").unwrap().1.to_owned();
        format!("{}\n", checkpoint.split_once("\n\n").unwrap().0)
    };
    let huge = || "x".repeat(1 << 20);
    let urls = [
        says("200 OK", |_| "hello\n".to_owned()),
        says("200 OK", |_| String::new()),
        says("200 OK", move |_| huge()),
        says("200 OK", move |request| {
            signer(9).cosign(&text_of(request), 5)
        }),
        says("200 OK", |_| signer(5).cosign("another text\n", 5)),
        says("409 Conflict", |_| "many\n".to_owned()),
        says("409 Conflict", move |_| huge()),
        says("403 Forbidden", |_| "who are you?\n".to_owned()),
        says("404 Not Found", |_| String::new()),
        says("422 Unprocessable Entity", |_| String::new()),
        says("302 Found\r\nlocation: http://127.0.0.1:1/", |_| {
            String::new()
        }),
        fake(|_, stream| {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH\r\n");
        }),
    ];
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let witnesses = witnessing(&coalition, &urls, 1);
    assert_eq!(
        witnesses.check_start(),
        Ok(()),
        "nobody's word alone stops a start"
    );
    witnesses.round(&KEEP_ON);
    assert!(witnesses.cosigned().is_none());
    for (number, expected) in (1..).zip([
        Condition::Garbage,
        Condition::Garbage,
        Condition::Garbage,
        Condition::Garbage,
        Condition::Garbage,
        Condition::Garbage,
        Condition::Garbage,
        Condition::Refuses,
        Condition::Refuses,
        Condition::Refuses,
        Condition::Refuses,
        Condition::Silent,
    ]) {
        let standing = standing(&witnesses, number);
        assert_eq!((number, standing.condition), (number, expected));
        assert!(standing.failures >= 1 && standing.size == 0);
    }
    assert!(coalition.ledger.stop_reason().is_none());
}

#[test]
fn submissions_go_on_while_a_witness_hangs() {
    let coalition = Coalition::simulated("demo");
    let (asked, was_asked) = mpsc::channel();
    let let_go = Arc::new(AtomicBool::new(false));
    let until = let_go.clone();
    let hangs = fake(move |request, _| {
        if request.starts_with("POST") {
            asked.send(()).expect("the test waits for it");
            while !until.load(Ordering::Acquire) {
                std::thread::park_timeout(Duration::from_millis(5));
            }
        }
    });
    let (honest, _, _keep) = honest(2, &coalition);
    let mut programme = programme(&coalition, &[&hangs, &honest], 1);
    programme.witnessing.timeout_ms = 60_000;
    let witnesses = open(&coalition, &programme);
    let witnessed = vec![(coalition.settlement(), Some(witnesses.clone()))];
    let server = Server::with_witnesses(&Config::default(), witnessed);
    let rounds = Rounds::start(witnesses.clone()).unwrap();
    was_asked.recv().unwrap();
    for number in 0..50 {
        issue(&coalition, &format!("i{number}"));
    }
    // Who hangs delays no other, either.
    while witnesses.cosigned().is_none() {
        std::thread::yield_now();
    }
    assert_eq!(
        standing(&witnesses, 1).condition,
        Condition::NotAsked,
        "it hangs still"
    );
    let note = server.get("/v1/demo/log/checkpoint/cosigned", None);
    let cosigned = witnesses.cosigned().unwrap();
    assert_eq!((note.status, note.text()), (200, cosigned.note.clone()));
    let metrics = server.get("/metrics", None).text();
    let labels = r#"{programme="demo",witness="witness.example/w2"}"#;
    for line in [
        format!(
            "tallyhouse_witness_cosigned_entries{labels} {}",
            cosigned.size
        ),
        format!("tallyhouse_witness_cosigned_timestamp_seconds{labels} 1"),
        format!("tallyhouse_witness_failures{labels} 0"),
        format!("tallyhouse_witness_alarm{labels} 0"),
    ] {
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
    let_go.store(true, Ordering::Release);
    drop(rounds);
    assert_eq!(standing(&witnesses, 1).condition, Condition::Silent);
}

#[test]
fn an_answer_that_drips_is_cut_off() {
    let coalition = Coalition::simulated("demo");
    let drips = fake(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::park_timeout(Duration::from_millis(20));
        }
    });
    let mut programme = programme(&coalition, &[&drips], 1);
    programme.witnessing.timeout_ms = 300;
    let witnesses = open(&coalition, &programme);
    assert_eq!(witnesses.check_start(), Ok(()));
    witnesses.round(&KEEP_ON);
    let standing = standing(&witnesses, 1);
    assert_eq!(
        (standing.condition, standing.failures),
        (Condition::Silent, 2)
    );
}

#[test]
fn a_bare_size_ahead_of_us_is_an_alarm_and_no_more() {
    let coalition = Coalition::simulated("demo");
    let ahead = says("409 Conflict", |_| "1000000\n".to_owned());
    let contradicts = says("409 Conflict", |_| "3\n".to_owned());
    let witnesses = witnessing(&coalition, &[&ahead, &contradicts], 1);
    assert_eq!(witnesses.check_start(), Ok(()));
    witnesses.round(&KEEP_ON);
    assert_eq!(standing(&witnesses, 1).condition, Condition::Alarms);
    assert_eq!(standing(&witnesses, 2).condition, Condition::Alarms);
    let witnessed = vec![(coalition.settlement(), Some(witnesses.clone()))];
    let server = Server::with_witnesses(&Config::default(), witnessed);
    let metrics = server.get("/metrics", None).text();
    for number in [1, 2] {
        let labels = format!(r#"{{programme="demo",witness="witness.example/w{number}"}}"#);
        assert!(
            metrics.contains(&format!("tallyhouse_witness_alarm{labels} 1")),
            "{metrics}"
        );
    }
    let none = server.get("/v1/demo/log/checkpoint/cosigned", None);
    assert_eq!(none.code(), "not_found");
    issue(&coalition, "i1");
    assert!(coalition.ledger.stop_reason().is_none());
}

/// A fake that shows a note, and names its size to everybody who asks for a cosignature.
fn shows(note: String, size: u64) -> String {
    fake(move |request, stream| {
        let (status, body) = match request.starts_with("GET /checkpoints/") {
            true => ("200 OK", note.clone()),
            false => ("409 Conflict", format!("{size}\n")),
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n");
        let _ = stream.write_all(format!("{head}{body}").as_bytes());
    })
}

/// A checkpoint under a key of this origin.
fn forged(coalition: &Coalition, secret: [u8; 32], size: u64) -> String {
    let checkpoint = Checkpoint {
        origin: coalition.origin.clone(),
        size,
        root: [9; 32],
    };
    checkpoint.sign(&[&NoteSigner::new(&coalition.origin, &secret).unwrap()])
}

#[test]
fn only_our_own_key_on_a_checkpoint_stops_the_start() {
    let coalition = Coalition::simulated("demo");
    let size = coalition.size();
    let ours = crate::support::secret(&coalition.origin);
    let stranger = shows(forged(&coalition, [8; 32], 1_000), 1_000);
    let silent = says("500 Internal Server Error", |_| String::new());
    let witnesses = witnessing(&coalition, &[&stranger, &silent, "http://127.0.0.1:1"], 1);
    assert_eq!(witnesses.check_start(), Ok(()));

    let ahead = shows(forged(&coalition, ours, 1_000), 1_000);
    let witnesses = witnessing(&coalition, &[&silent, &ahead], 1);
    match witnesses.check_start() {
        Err(Published::Ahead {
            shown_by,
            size: shown,
            has,
            kept,
        }) => {
            assert_eq!(
                (&*shown_by, shown, has),
                ("witness.example/w2", 1_000, size)
            );
            let kept = std::fs::read(kept).unwrap();
            let keys = [tallyhouse::witness::ledger_key(&coalition.ledger)];
            let origin = &coalition.origin;
            assert!(Checkpoint::open(&kept, origin, &keys, Extensions::Refused).is_ok());
        }
        other => panic!("{other:?}"),
    }
    let differs = shows(forged(&coalition, ours, 2), 2);
    let witnesses = witnessing(&coalition, &[&differs], 1);
    let checked = witnesses.check_start();
    assert!(
        matches!(checked, Err(Published::Differs { size: 2, .. })),
        "{checked:?}"
    );
    assert!(
        coalition.ledger.stop_reason().is_none(),
        "the caller decides"
    );
}

#[test]
fn a_house_that_learns_it_while_running_stops() {
    let coalition = Coalition::simulated("demo");
    let ours = crate::support::secret(&coalition.origin);
    let ahead = shows(forged(&coalition, ours, 1_000), 1_000);
    let witnesses = witnessing(&coalition, &[&ahead], 1);
    let witnessed = vec![(coalition.settlement(), Some(witnesses.clone()))];
    let mut server = Server::with_witnesses(&Config::default(), witnessed);
    witnesses.round(&KEEP_ON);
    match server.stopped_by_itself() {
        Err(ServeError::LedgerStopped { reason, .. }) => {
            assert!(reason.contains("older than what was published"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_kept_cosigned_checkpoint_is_a_witness_too() {
    let coalition = Coalition::simulated("demo");
    let ours = crate::support::secret(&coalition.origin);
    let file = coalition.folder.path().join("cosigned");
    for note in ["", "x\n\nx\n", &forged(&coalition, [8; 32], 1_000)] {
        std::fs::write(&file, note).unwrap();
        assert_eq!(
            witnessing(&coalition, &[], 1).check_start(),
            Ok(()),
            "{note}"
        );
    }
    std::fs::write(&file, forged(&coalition, ours, 1_000)).unwrap();
    let checked = witnessing(&coalition, &[], 1).check_start();
    assert!(
        matches!(checked, Err(Published::Ahead { .. })),
        "{checked:?}"
    );
}

#[test]
fn settings_that_make_no_policy_are_refused() {
    let coalition = Coalition::simulated("demo");
    let url = "http://127.0.0.1:1";
    let open = |programme: &Programme| {
        let folder = coalition.folder.path();
        Witnessing::open(coalition.ledger.clone(), programme, folder).err()
    };
    let good = programme(&coalition, &[url, url], 1);
    assert!(open(&good).is_none());
    let mut twice = good.clone();
    twice.witnesses[1] = twice.witnesses[0].clone();
    assert!(matches!(open(&twice), Some(WitnessError::Policy(_))));
    let mut bad = good.clone();
    bad.witnesses[0].vkey = coalition.ledger.view().governance.programme.origin.clone();
    let error = open(&bad).unwrap().to_string();
    assert!(error.starts_with("programme.witness.vkey is "), "{error}");
    let mut of_log = good;
    of_log.witnesses[0].vkey = tallyhouse::witness::ledger_key(&coalition.ledger).to_string();
    assert!(matches!(open(&of_log), Some(WitnessError::Key { .. })));
}
