//! A house that forges one thing is found out by exactly the check that is about it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::process::{Founded, Server, text};
use serde_json::{Value, json};
use std::ffi::OsStr;
use tallyhouse::audit::pins::Unchecked;
use tallyhouse::audit::{Check, Pins, Replay};
use tallyhouse::domain::programme::Programme;
use tallyhouse::platform::keys;
use tallyhouse::proof::base64url;
use tallyhouse::proof::chain::ChainHasher;
use tallyhouse::proof::checkpoint::Checkpoint;
use tallyhouse::proof::entry::Entry;
use tallyhouse::proof::jws::{Jws, Typ};
use tallyhouse::proof::note::NoteSigner;

/// Sends ops with a key of the house or of a partner; says what became of each.
fn submit(server: &Server, founded: &Founded, author: &str, ops: &Value) -> Vec<String> {
    let file = founded.path("ops.json");
    std::fs::write(&file, ops.to_string()).unwrap();
    let key = match author.strip_prefix("house/") {
        Some(id) => founded.house_key(id),
        None => founded.partner_key(author),
    };
    let args: [&OsStr; 5] = [
        "submit".as_ref(),
        file.as_ref(),
        "--json".as_ref(),
        "--key".as_ref(),
        key.as_ref(),
    ];
    let output = server.client(args);
    let receipt: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    let results = receipt["results"].as_array().expect("a receipt");
    let code = |result: &Value| result["code"].as_str().unwrap().to_owned();
    results.iter().map(code).collect()
}

fn move_clock(server: &Server, founded: &Founded, now: &str) {
    let args = ["token", "--scope", "operate", "--key"].map(str::to_owned);
    let key = founded.house_key("operate-1").display().to_string();
    let output = server.client(args.into_iter().chain([key]));
    let token = String::from_utf8(output.stdout).unwrap();
    ureq::post(format!("{}/clock", server.url()))
        .header("Authorization", format!("Bearer {}", token.trim()))
        .header("Content-Type", "application/json")
        .send(json!({"now": now}).to_string())
        .unwrap();
}

/// A ledger with ops of most kinds, with time passing between them.
fn busy_house() -> (Founded, Server) {
    let founded = Founded::new();
    let server = founded.serve("127.0.0.1:0");
    server.register(&founded, &["bakery", "cinema"]);
    let send = |author: &str, ops: Value| submit(&server, &founded, author, &ops);
    let all_in =
        |codes: Vec<String>| assert!(codes.iter().all(|code| code == "applied"), "{codes:?}");
    all_in(send(
        "bakery",
        json!([
            {"op": "issue", "id": "i1", "member": "m1", "points": 100},
            {"op": "issue", "id": "i2", "member": "m2", "points": 50, "expires_on": "2017-01-20"},
            {"op": "issue", "member": "m1", "points": 30, "activates_on": "2017-01-05"},
            {"op": "hold", "id": "h1", "member": "m1", "points": 40, "ttl_s": 600},
            {"op": "hold", "id": "h2", "member": "m1", "points": 20, "ttl_s": 600},
            {"op": "capture", "id": "c1", "hold": "h1", "points": 15}
        ]),
    ));
    let codes = send(
        "cinema",
        json!([
            {"op": "burn", "id": "b1", "member": "m1", "points": 10},
            {"op": "burn", "member": "m1", "points": 5000},
            {"op": "burn", "member": "nobody", "points": 1},
            {"op": "capture", "hold": "h2", "points": 1}
        ]),
    );
    let wanted = [
        "applied",
        "insufficient_points",
        "member_unknown",
        "target_not_found",
    ];
    assert_eq!(codes, wanted);
    all_in(send(
        "cinema",
        json!([{"op": "reverse", "target": "b1", "points": 4}]),
    ));
    let atomic = json!({"mode": "atomic", "ops": [
        {"op": "issue", "member": "m1", "points": 1},
        {"op": "burn", "member": "m9", "points": 1}
    ]});
    assert_eq!(send("bakery", atomic), ["batch_aborted", "member_unknown"]);
    all_in(send(
        "house/operate-1",
        json!([{"op": "member_freeze", "member": "m1"}]),
    ));
    move_clock(&server, &founded, "2017-02-01T00:00:00Z");
    all_in(send(
        "bakery",
        json!([{"op": "reverse", "target": "i1", "points": 100}]),
    ));
    all_in(send(
        "house/operate-1",
        json!([{"op": "expire", "up_to": "2017-01-31"}]),
    ));
    all_in(send(
        "house/govern-1",
        json!([{"op": "key_revoke", "author": "cinema", "key": "till-1"}]),
    ));
    all_in(send(
        "bakery",
        json!([{"op": "issue", "member": "m2", "points": 7}]),
    ));
    (founded, server)
}

struct Exported {
    entries: Vec<Vec<u8>>,
    checkpoint: String,
}

fn exported(founded: &Founded) -> Exported {
    let lines = std::fs::read_to_string(founded.path("entries.ndjson")).unwrap();
    let entry = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        base64url::decode(line["entry"].as_str().unwrap().as_bytes()).unwrap()
    };
    Exported {
        entries: lines.lines().map(entry).collect(),
        checkpoint: std::fs::read_to_string(founded.path("checkpoint")).unwrap(),
    }
}

fn replay(entries: &[Vec<u8>]) -> Replay {
    let mut replay = Replay::new();
    for entry in entries {
        if replay.push(entry).is_err() {
            break;
        }
    }
    replay
}

/// The checks that fail when the last entry is forged in this way.
fn checks(entries: &[Vec<u8>], forge: impl Fn(&mut Entry)) -> Vec<Check> {
    let (last, before) = entries.split_last().unwrap();
    let mut entry = Entry::decode(last).unwrap();
    forge(&mut entry);
    let mut bytes = Vec::new();
    entry.encode(&mut bytes);
    let mut replay = replay(before);
    assert!(replay.findings().is_empty());
    let found = replay.push(&bytes).err().unwrap_or_default();
    found.iter().map(|finding| finding.check).collect()
}

type Forgery = (Check, fn(&mut Entry));

#[test]
fn every_forged_field_of_an_entry_is_found_by_its_check() {
    let (founded, server) = busy_house();
    server.export_and_verify(&founded);
    let entries = exported(&founded).entries;
    let forgeries: [Forgery; 12] = [
        (Check::Index, |entry| entry.index += 1),
        (Check::Prev, |entry| entry.prev[31] ^= 1),
        (Check::Time, |entry| entry.accepted_at_us -= 3_600_000_000),
        (Check::Origin, |entry| entry.origin.push('0')),
        (Check::Author, |entry| entry.author = "cinema".to_owned()),
        (Check::AuthorSeq, |entry| entry.author_seq += 1),
        (Check::Signature, |entry| entry.signature[3] ^= 1),
        (Check::Signature, |entry| {
            let at = entry
                .payload
                .iter()
                .rposition(|byte| *byte == b'7')
                .unwrap();
            entry.payload[at] = b'8';
        }),
        (Check::Envelope, |entry| entry.protected.truncate(9)),
        (Check::Outcome, |entry| entry.outcome = vec![40]),
        (Check::Effects, |entry| entry.effects_digest[0] ^= 1),
        (Check::Admission, |entry| {
            entry.accepted_at_us += 7_200_000_000;
        }),
    ];
    for (check, forge) in forgeries {
        let found = checks(&entries, forge);
        assert!(found.contains(&check), "{check:?}: {found:?}");
    }
    assert!(checks(&entries, |_| ()).is_empty());
}

#[test]
fn an_entry_logged_twice_or_by_a_revoked_key_is_found() {
    let (founded, server) = busy_house();
    server.export_and_verify(&founded);
    let mut entries = exported(&founded).entries;
    let decoded: Vec<Entry> = entries
        .iter()
        .map(|entry| Entry::decode(entry).unwrap())
        .collect();
    let last = decoded.last().unwrap();
    let again = |of: &Entry, author_seq: u64| {
        let mut entry = of.clone();
        entry.index = last.index + 1;
        entry.accepted_at_us = last.accepted_at_us + 1;
        entry.prev = ChainHasher::new().hash(entries.last().unwrap());
        entry.author_seq = author_seq;
        let mut bytes = Vec::new();
        entry.encode(&mut bytes);
        bytes
    };
    let cinema: Vec<&Entry> = decoded.iter().filter(|e| e.author == "cinema").collect();
    let (twice, revoked) = (
        again(last, last.author_seq + 1),
        again(cinema[0], cinema.len() as u64),
    );
    entries.push(twice);
    let found = replay(&entries);
    let found: Vec<Check> = found.findings().iter().map(|f| f.check).collect();
    assert_eq!(found, [Check::SubmissionId]);
    *entries.last_mut().unwrap() = revoked;
    let found = replay(&entries);
    let found: Vec<Check> = found.findings().iter().map(|f| f.check).collect();
    assert_eq!(found, [Check::SubmissionId, Check::Admission]);
    let mut longer = entries[0].clone();
    longer.push(0);
    assert_eq!(replay(&[longer]).findings()[0].check, Check::Encoding);
}

#[test]
fn what_does_not_lead_to_the_pins_is_found() {
    let (founded, server) = busy_house();
    server.export_and_verify(&founded);
    let Exported {
        entries,
        checkpoint,
    } = exported(&founded);
    let replay = replay(&entries);
    let programme: &Programme = &replay.governance().unwrap().programme;
    let key = keys::load(&founded.path("house/keys/demo/ledger.pem")).unwrap();
    let signer = NoteSigner::new(&programme.origin, &key.to_bytes()).unwrap();
    let stranger = NoteSigner::new(&programme.origin, &[7; 32]).unwrap();
    let note = |size, signer: &NoteSigner| {
        let root = [9; 32];
        let origin = programme.origin.clone();
        Some(Checkpoint { origin, size, root }.sign(&[signer]))
    };
    let with = |checkpoint: Option<String>| Pins {
        checkpoint,
        ..Pins::default()
    };
    let size = replay.size();
    for (pins, wanted) in [
        (with(Some(checkpoint)), None),
        (with(note(size, &signer)), Some(Check::Root)),
        (with(note(size - 1, &signer)), Some(Check::Root)),
        (with(note(size, &stranger)), Some(Check::Checkpoint)),
        (
            Pins {
                ledger_keys: vec![stranger.verifier_key().clone()],
                ..Pins::default()
            },
            Some(Check::LedgerKey),
        ),
        (
            Pins {
                found_hash: Some([1; 32]),
                ..Pins::default()
            },
            Some(Check::Found),
        ),
    ] {
        let verdict = replay.finish(&pins).unwrap().unwrap();
        let found: Vec<Check> = verdict.findings.iter().map(|f| f.check).collect();
        assert_eq!(found, wanted.into_iter().collect::<Vec<_>>());
    }
    let ahead = replay.finish(&with(note(size + 1, &signer)));
    let (covered, replayed) = (size + 1, size);
    assert_eq!(
        ahead.unwrap_err(),
        Unchecked::EntriesMissing { covered, replayed }
    );
}

/// Ledgers that hold every op of clearing, one of each settlement model.
const CLEARING: [&str; 2] = ["clearing-issuer-pays", "clearing-pool"];

fn clearing_entries(name: &str) -> Vec<Vec<u8>> {
    let records = crate::golden::committed(name).0;
    records.into_iter().map(|record| record.entry).collect()
}

#[test]
fn a_ledger_with_every_op_of_clearing_audits_clean() {
    for name in CLEARING {
        let (records, checkpoint) = crate::golden::committed(name);
        let mut replay = Replay::new();
        for record in &records {
            replay.push(&record.entry).unwrap();
        }
        let pins = Pins {
            checkpoint: Some(checkpoint),
            ..Pins::default()
        };
        let verdict = replay.finish(&pins).unwrap().unwrap();
        assert_eq!(verdict.findings.len(), 0, "{name}");
    }
}

/// The places of the entries that begin with an applied op of a kind.
fn applied(entries: &[Vec<u8>], op: &str) -> Vec<usize> {
    let is_one = |at: &usize| {
        let entry = Entry::decode(&entries[*at]).unwrap();
        let payload: Value = serde_json::from_slice(&entry.payload).unwrap();
        payload["ops"][0]["op"] == op && entry.outcome.first().is_none_or(|first| *first == 0)
    };
    (0..entries.len()).filter(is_one).collect()
}

fn field(bytes: &[u8], name: &str) -> Value {
    let entry = Entry::decode(bytes).unwrap();
    let payload: Value = serde_json::from_slice(&entry.payload).unwrap();
    payload["ops"][0][name].clone()
}

/// The checks that fail when an entry's author signed another field, and what came of the entry is
/// left as it was.
fn checks_of_resigned(entries: &[Vec<u8>], at: usize, name: &str, value: &Value) -> Vec<Check> {
    assert_ne!(field(&entries[at], name), *value);
    checks(&entries[..=at], |entry| {
        let mut payload: Value = serde_json::from_slice(&entry.payload).unwrap();
        payload["ops"][0][name] = value.clone();
        let header: Value = serde_json::from_slice(&entry.protected).unwrap();
        let kid = header["kid"].as_str().unwrap();
        let compact = crate::house::envelope(kid, payload.to_string().as_bytes());
        let jws = Jws::parse(compact.as_bytes(), Typ::Submission).unwrap();
        entry.protected = jws.protected;
        entry.payload = jws.payload;
        entry.signature = jws.signature;
    })
}

#[test]
fn clearing_that_says_another_thing_than_it_did_is_found() {
    for name in CLEARING {
        let entries = clearing_entries(name);
        let cases = [
            (
                "cut_window",
                "last_day",
                json!("2026-02-28"),
                Check::Outcome,
            ),
            ("cut_window", "window", json!(1), Check::Outcome),
            ("net_window", "window", json!(1), Check::Outcome),
            ("issue_statements", "count", json!(4), Check::Outcome),
        ];
        for (op, member, value, check) in cases {
            let at = applied(&entries, op)[0];
            let found = checks_of_resigned(&entries, at, member, &value);
            assert!(found.contains(&check), "{name}: {op} {member}: {found:?}");
        }
        // A day less is as good a cut, but not the one that the effects tell of.
        let at = applied(&entries, "cut_window")[2];
        let found = checks_of_resigned(&entries, at, "last_day", &json!("2026-03-04"));
        assert_eq!(found, [Check::Effects], "{name}");
    }
}

/// The root that an audit works out again decides whether a window was held.
#[test]
fn a_window_netted_against_another_root_or_held_against_its_own_is_found() {
    for name in CLEARING {
        let entries = clearing_entries(name);
        let nets = applied(&entries, "net_window");
        let wrong = field(&entries[nets[0]], "lines_root");
        let right = field(&entries[nets[1]], "lines_root");
        // The first was held, the second netted.
        for (at, root) in [(nets[0], &right), (nets[1], &wrong)] {
            let found = checks_of_resigned(&entries, at, "lines_root", root);
            assert_eq!(found, [Check::Effects], "{name}");
        }
        // Nor do the effects of a netting or a cut give way.
        let cut = applied(&entries, "cut_window")[0];
        for at in [cut, nets[0], nets[1]] {
            let found = checks(&entries[..=at], |entry| entry.effects_digest[7] ^= 1);
            assert_eq!(found, [Check::Effects], "{name}");
            let found = checks(&entries[..=at], |entry| entry.outcome = vec![73]);
            assert_eq!(found, [Check::Outcome], "{name}");
        }
    }
}
