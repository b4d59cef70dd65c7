//! A full audit of a ledger, of entries with one op and with 400, from exported bytes to the
//! verdict; against `verify_strict` of the same envelopes on all cores, which nothing can beat
//! without a table of the key.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{NOW_S, ORIGIN, Sequence, measure_timed, payload, per_second, report, signer};
use tallyhouse::audit::{Pins, state};
use tallyhouse::cli::verify;
use tallyhouse::domain::time::Micros;
use tallyhouse::ledger::commit::Acknowledged;
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::ledger::{self, Ledger, Setup};
use tallyhouse::platform::clock::Clock;
use tallyhouse::platform::config::Config;
use tallyhouse::proof::base64url;
use tallyhouse::proof::entry::EntryRef;
use tallyhouse::proof::envelope;
use tallyhouse::proof::jws::{self, Typ};
use tallyhouse::proof::keys::{Kid, Signer};
use tallyhouse::proof::note::NoteSigner;

const MEMBERS: u64 = 100_000;

fn house(key: &str) -> Signer {
    let kid = Kid::parse(&format!("house/{key}")).expect("a name");
    Signer::new(kid, blake3::hash(key.as_bytes()).as_bytes())
}

fn sign(by: &Signer, submission: &str, ops: &Value) -> String {
    let valid_until = Micros::from_seconds(NOW_S + 3_600).to_rfc3339_seconds();
    let payload = json!({"ledger": ORIGIN, "submission": submission, "valid_until": valid_until,
        "ops": ops});
    jws::sign(Typ::Submission, payload.to_string().as_bytes(), by)
}

fn key(signer: &Signer) -> String {
    base64url::encode(&signer.public_key().to_bytes())
}

fn note() -> NoteSigner {
    NoteSigner::new(ORIGIN, &[9; 32]).expect("an origin")
}

fn founding() -> Value {
    let house_key = |(name, scope): (&str, &str)| {
        let public_key = key(&house(name));
        json!({"key": name, "public_key": public_key, "scopes": [scope]})
    };
    let keys = [
        ("govern-1", "govern"),
        ("govern-2", "govern"),
        ("operate-1", "operate"),
    ];
    let ledger_key = note().verifier_key().public_key().to_bytes();
    json!([{"op": "found", "id": "f", "programme": "bench", "currency": "USD", "point_scale": 0,
        "settlement_model": "issuer_pays", "clawback": "member_debt", "utc_offset_min": 0,
        "clock": "simulated", "ledger_key": base64url::encode(&ledger_key), "rules_version": 1,
        "keys": keys.map(house_key)}])
}

/// A founded ledger in memory with one partner that may submit.
fn open() -> Ledger {
    let store = Arc::new(MemoryStore::default());
    let now = Micros::from_seconds(NOW_S);
    let found = sign(&house("govern-1"), "found", &founding());
    ledger::found(store.as_ref(), note(), found.as_bytes(), now).expect("it is founded");
    let ledger = Ledger::open(Setup {
        log: store.clone(),
        state: store,
        signers: vec![note()],
        clock: Arc::new(Clock::simulated(now.0)),
        settings: Config::default().writer,
        checkpoint_file: None,
        accept_clock: false,
    });
    let ledger = ledger.expect("it opens");
    let set = json!([{"op": "partner_set", "id": "p1", "partner": "p1", "roles": ["issue", "burn"],
        "status": "active"}]);
    let propose = json!([
        {"op": "propose", "id": "a", "action": {"op": "price_set", "default": {
            "issue_price": "0.01", "burn_price": "0.01", "issue_fee": "0.0001",
            "burn_fee": "0.0001", "tax_code": "std"}}},
        {"op": "propose", "id": "b", "action": {"op": "key_add", "author": "p1", "key": "k1",
            "public_key": key(&signer(1)), "scopes": ["submit"]}}]);
    let approve = json!([{"op": "approve", "id": "c", "proposal": "a"},
        {"op": "approve", "id": "d", "proposal": "b"}]);
    for (by, id, ops) in [
        ("govern-1", "s1", set),
        ("govern-1", "s2", propose),
        ("govern-2", "s3", approve),
    ] {
        submit(&ledger, &sign(&house(by), id, &ops));
    }
    ledger
}

fn submit(ledger: &Ledger, compact: &str) {
    let view = ledger.view();
    let opened = envelope::open(compact.as_bytes(), ORIGIN, 2, &*view.keys).expect("valid");
    let told = ledger.submit_blocking(opened);
    assert!(matches!(told, Ok(Acknowledged::New(_))), "{told:?}");
}

/// The entries of a ledger with so many submissions of so many ops.
fn entries(submissions: u64, ops: usize) -> Vec<Vec<u8>> {
    let ledger = open();
    let mut random = Sequence(ops as u64);
    for number in 1..=submissions {
        let text = payload(number, ops, MEMBERS, &mut random);
        submit(
            &ledger,
            &jws::sign(Typ::Submission, text.as_bytes(), &signer(1)),
        );
    }
    let records = ledger.entries(0, usize::MAX).expect("entries");
    ledger.close();
    records.into_iter().map(|record| record.entry).collect()
}

fn audit(export: &[u8]) -> Duration {
    let start = Instant::now();
    let replay = verify::replay(Cursor::new(export), |_| ()).expect("it is read");
    let verdict = replay
        .finish(&Pins::default())
        .expect("judged")
        .expect("entries");
    assert!(verdict.holds(), "{:?}", verdict.findings);
    start.elapsed()
}

/// `verify_strict` of every envelope of partner 1, on all cores.
fn signatures(entries: &[Vec<u8>]) -> Duration {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let key = signer(1).public_key();
    let signed: Vec<(String, [u8; 64])> = entries
        .iter()
        .map(|entry| EntryRef::decode(entry).expect("an entry"))
        .filter(|entry| entry.author == "p1")
        .map(|entry| {
            let input = jws::signing_input_from_parts(entry.protected, entry.payload);
            (input, *entry.signature)
        })
        .collect();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for part in signed.chunks(signed.len().div_ceil(cores)) {
            let key = &key;
            scope.spawn(move || {
                for (input, signature) in part {
                    assert!(key.verify(input.as_bytes(), signature));
                }
            });
        }
    });
    start.elapsed()
}

fn audit_bench(c: &mut Criterion) {
    for (submissions, ops) in [(20_000_u64, 1_usize), (1_500, 400)] {
        let entries = entries(submissions, ops);
        let export = entries.concat();
        let limit = measure_timed(c, &format!("signatures, {ops} ops"), |iterations| {
            (0..iterations).map(|_| signatures(&entries)).sum()
        });
        let achieved = measure_timed(c, &format!("audit, {ops} ops"), |iterations| {
            (0..iterations).map(|_| audit(&export)).sum()
        });
        let of_ops = |nanoseconds: f64| per_second(nanoseconds) * (submissions * ops as u64) as f64;
        let name = format!("full audit of entries of {ops} ops");
        let limit_name = "verify_strict on all cores";
        report(&name, "ops", of_ops(achieved), limit_name, of_ops(limit));
        let replay = verify::replay(Cursor::new(&export), |_| ()).expect("it is read");
        let saved = state::save(&replay).expect("it holds");
        let per_op = saved.len() as f64 / (submissions * ops as u64) as f64;
        println!("saved state: {} bytes, {per_op:.0} an op\n", saved.len());
        let load = measure_timed(c, &format!("load the state, {ops} ops"), |iterations| {
            let start = Instant::now();
            (0..iterations).for_each(|_| assert!(state::load(&saved).is_ok()));
            start.elapsed()
        });
        let name = format!("going on from a saved state of entries of {ops} ops");
        report(&name, "ops", of_ops(load), "full audit", of_ops(achieved));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(8));
    targets = audit_bench
}
criterion_main!(benches);
