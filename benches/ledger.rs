//! The whole way of a submission without HTTP: open the envelope, execute, chain, sync, prove;
//! against checking the signatures of the same envelopes on all cores, which nothing can beat.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{ORIGIN, Sequence, house, measure_timed, payload, per_second, report, signer};
use tallyhouse::ledger::Ledger;
use tallyhouse::ledger::commit::Acknowledged;
use tallyhouse::ledger::rocks;
use tallyhouse::platform::config::Config;
use tallyhouse::proof::envelope::{self, KeyLookup};
use tallyhouse::proof::jws::{self, Jws, Typ};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

const MEMBERS: u64 = 100_000;
/// Submissions under way at once, as under so many connections.
const UNDER_WAY: usize = 64;

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
    let settings = Config::default().rocksdb;
    let (log, state) = rocks::open(&folder.path().join("db"), &settings).expect("stores");
    let ledger = house::open(Arc::new(log), Arc::new(state));
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
