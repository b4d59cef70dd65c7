//! Durable appends to RocksDB against synced appends of as many bytes to a plain file, on the same
//! disk in the same run.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};
use support::{Sequence, measure_timed, payload, per_second, report};
use tallyhouse::ledger::rocks;
use tallyhouse::ledger::store::{Batch, LogStore, Record};
use tallyhouse::platform::config::RocksDb;

/// Entries of one op in a commit, as under 64 connections; and of 400 ops, as in bulk.
const SHAPES: [(usize, usize); 3] = [(1, 1), (64, 1), (16, 400)];

fn batch(entries: usize, ops: usize, random: &mut Sequence) -> Batch {
    let record = |_| Record {
        entry: payload(random.next() >> 24, ops, 10_000_000, random).into_bytes(),
        effects: (0..ops * 5)
            .flat_map(|_| random.next().to_le_bytes())
            .take(ops * 35)
            .collect(),
    };
    Batch {
        records: (0..entries).map(record).collect(),
        tiles: Vec::new(),
        checkpoint: "x".repeat(200),
        chain_hash: [1; 32],
    }
}

fn bytes(batch: &Batch) -> Vec<u8> {
    let parts = batch
        .records
        .iter()
        .flat_map(|record| [&record.entry, &record.effects]);
    parts.flatten().copied().collect()
}

fn append(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let stores = rocks::open(&folder.path().join("db"), &RocksDb::default());
    let (store, _) = stores.expect("stores");
    let epoch = store.take_epoch().expect("an epoch");
    let mut file = OpenOptions::new();
    let file = file
        .create(true)
        .append(true)
        .open(folder.path().join("plain"));
    let mut file = file.expect("a file");
    let mut size = 0;
    let mut random = Sequence(1);
    for (entries, ops) in SHAPES {
        let limit = measure_timed(c, &format!("file, {entries} × {ops} ops"), |iterations| {
            let mut took = Duration::ZERO;
            for _ in 0..iterations {
                let bytes = bytes(&batch(entries, ops, &mut random));
                let start = Instant::now();
                file.write_all(&bytes)
                    .and_then(|()| file.sync_data())
                    .expect("a disk");
                took += start.elapsed();
            }
            took
        });
        let achieved = measure_timed(c, &format!("append, {entries} × {ops} ops"), |iterations| {
            let mut took = Duration::ZERO;
            for _ in 0..iterations {
                let batch = batch(entries, ops, &mut random);
                let start = Instant::now();
                store.append(size, epoch, &batch).expect("it is durable");
                took += start.elapsed();
                size += entries as u64;
            }
            took
        });
        let of_ops = |nanoseconds: f64| per_second(nanoseconds) * (entries * ops) as f64;
        let name = format!("append {entries} entries of {ops} ops");
        report(
            &name,
            "ops",
            of_ops(achieved),
            "a synced plain file",
            of_ops(limit),
        );
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(Duration::from_secs(3));
    targets = append
}
criterion_main!(benches);
