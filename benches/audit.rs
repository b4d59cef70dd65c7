//! A full audit of a ledger, of entries with one op and with 400, from exported bytes to the
//! verdict; against `verify_strict` of the same envelopes on all cores, which nothing can beat
//! without a table of the key.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Sequence, house, measure_timed, payload, per_second, report, signer};
use tallyhouse::audit::{Pins, state};
use tallyhouse::cli::verify;
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::proof::entry::EntryRef;
use tallyhouse::proof::jws::{self, Typ};

const MEMBERS: u64 = 100_000;

/// The entries of a ledger with so many submissions of so many ops.
fn entries(submissions: u64, ops: usize) -> Vec<Vec<u8>> {
    let store = Arc::new(MemoryStore::default());
    let ledger = house::open(store.clone(), store);
    let mut random = Sequence(ops as u64);
    for number in 1..=submissions {
        let text = payload(number, ops, MEMBERS, &mut random);
        house::submit(
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
