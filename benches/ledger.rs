//! The whole way of a submission without HTTP: open the envelope, execute, chain, sync, prove;
//! against checking the signatures of the same envelopes on all cores, which nothing can beat.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{NOW_S, ORIGIN, Sequence, measure_timed, payload, per_second, report, signer};
use tallyhouse::domain::time::Micros;
use tallyhouse::ledger::commit::Acknowledged;
use tallyhouse::ledger::rocks::RocksStore;
use tallyhouse::ledger::{self, Ledger, Setup};
use tallyhouse::platform::clock::Clock;
use tallyhouse::platform::config::Config;
use tallyhouse::proof::base64url;
use tallyhouse::proof::envelope::{self, KeyLookup};
use tallyhouse::proof::jws::{self, Jws, Typ};
use tallyhouse::proof::keys::{Kid, Signer};
use tallyhouse::proof::note::NoteSigner;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

const MEMBERS: u64 = 100_000;
/// Submissions under way at once, as under so many connections.
const UNDER_WAY: usize = 64;

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

/// A founded ledger on RocksDB with one partner that may submit.
fn open(folder: &std::path::Path) -> Ledger {
    let settings = Config::default();
    let store = RocksStore::open(&folder.join("db"), &settings.rocksdb).expect("a store");
    let store = Arc::new(store);
    let (g1, g2) = (house("govern-1"), house("govern-2"));
    let now = Micros::from_seconds(NOW_S);
    let found = sign(&g1, "found", &founding());
    ledger::found(store.as_ref(), note(), found.as_bytes(), now).expect("it is founded");
    let ledger = Ledger::open(Setup {
        log: store.clone(),
        state: store,
        signers: vec![note()],
        clock: Arc::new(Clock::simulated(now.0)),
        settings: settings.writer,
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
    for (by, id, ops) in [(&g1, "s1", set), (&g1, "s2", propose), (&g2, "s3", approve)] {
        let compact = sign(by, id, &ops);
        let view = ledger.view();
        let opened = envelope::open(compact.as_bytes(), ORIGIN, 2, &*view.keys).expect("valid");
        assert!(matches!(
            ledger.submit_blocking(opened),
            Ok(Acknowledged::New(_))
        ));
    }
    ledger
}

fn run(runtime: &Runtime, ledger: &Ledger, envelopes: Vec<String>) -> Duration {
    let start = Instant::now();
    runtime.block_on(async {
        let places = Arc::new(Semaphore::new(UNDER_WAY));
        let mut tasks = Vec::with_capacity(envelopes.len());
        for compact in envelopes {
            let place = places.clone().acquire_owned().await.expect("it stays open");
            let ledger = ledger.clone();
            tasks.push(tokio::spawn(async move {
                let view = ledger.view();
                let opened = envelope::open(compact.as_bytes(), ORIGIN, 2, &*view.keys);
                let told = ledger.submit(opened.expect("it is valid")).await;
                assert!(matches!(told, Ok(Acknowledged::New(_))), "{told:?}");
                drop(place);
            }));
        }
        for task in tasks {
            task.await.expect("it ends");
        }
    });
    start.elapsed()
}

fn limit(ledger: &Ledger, envelopes: &[String]) -> Duration {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let view = ledger.view();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for part in envelopes.chunks(envelopes.len().div_ceil(cores)) {
            let view = &view;
            scope.spawn(move || {
                for compact in part {
                    let jws = Jws::parse(compact.as_bytes(), Typ::Submission).expect("valid");
                    let (_, key) = view.keys.key(&jws.kid).expect("registered");
                    assert!(jws.verify(key));
                }
            });
        }
    });
    start.elapsed()
}

fn ledger_bench(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let ledger = open(folder.path());
    let runtime = Runtime::new().expect("a runtime");
    let mut number = 1;
    for ops in [1, 400] {
        let mut make = |iterations: u64| {
            let from = number;
            number += iterations;
            let mut random = Sequence(from);
            let envelope = |number| {
                let text = payload(number, ops, MEMBERS, &mut random);
                jws::sign(Typ::Submission, text.as_bytes(), &signer(1))
            };
            (from..number).map(envelope).collect::<Vec<_>>()
        };
        let floor = measure_timed(c, &format!("signatures, {ops} ops"), |iterations| {
            limit(&ledger, &make(iterations))
        });
        let achieved = measure_timed(c, &format!("ledger, {ops} ops"), |iterations| {
            run(&runtime, &ledger, make(iterations))
        });
        let of_ops = |nanoseconds: f64| per_second(nanoseconds) * ops as f64;
        let name = format!("submissions of {ops} ops, durable");
        report(
            &name,
            "ops",
            of_ops(achieved),
            "signatures on all cores",
            of_ops(floor),
        );
    }
    ledger.close();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(8));
    targets = ledger_bench
}
criterion_main!(benches);
