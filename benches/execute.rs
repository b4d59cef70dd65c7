//! Executing submissions against the working set, against what no ledger of this kind can do
//! without: two look-ups in a hash map of this size, per op.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{NOW_S, Sequence, governance, measure_timed, payload, per_second, report};
use tallyhouse::domain::books::Books;
use tallyhouse::domain::execute::{self, Due, Signer, Stamp};
use tallyhouse::domain::ids::{Name, Party, Reference};
use tallyhouse::domain::submission::Submission;
use tallyhouse::domain::time::Micros;
use tallyhouse::domain::window::Windows;
use tallyhouse::domain::working_set::{Needs, WorkingSet};
use tallyhouse::proof::payload as wire;

const MEMBERS: u64 = 100_000;
const OPS: usize = 400;

fn fresh_set() -> WorkingSet {
    let governance = Arc::new(governance());
    let mut books = Books::default();
    books.resize_to(governance.party_count());
    WorkingSet::load(Some(governance), books, Windows::default())
}

fn submissions(from: u64, count: u64, random: &mut Sequence) -> Vec<Submission> {
    let parse = |number| {
        let text = payload(number, OPS, MEMBERS, random);
        wire::parse(text.as_bytes(), Some(2)).expect("a payload")
    };
    (from..from + count).map(parse).collect()
}

fn load(set: &mut WorkingSet, submission: &Submission) {
    let mut needs = Needs::default();
    needs.add(&set.governance().clone(), Party(1), submission);
    needs
        .ops
        .into_iter()
        .for_each(|key| set.ops.load(key, None));
    for member in set.members.missing(needs.members) {
        set.members.load(&member, None);
    }
}

fn execute_all(set: &mut WorkingSet, batch: &[Submission], first: u64) -> Duration {
    batch.iter().for_each(|submission| load(set, submission));
    let signer = Signer {
        party: Party(1),
        key: Name::parse("k1").expect("a name"),
    };
    let start = Instant::now();
    for (entry, submission) in (first..).zip(batch) {
        let stamp = Stamp::new(entry, Micros::from_seconds(NOW_S), 0);
        let effects = execute::execute(set, &stamp, &signer, submission, &Due::default());
        assert_eq!(effects.len(), OPS);
    }
    let took = start.elapsed();
    set.take_changes();
    took
}

fn floor(batch: &[Submission], table: &HashMap<Reference, u64>) -> Duration {
    let start = Instant::now();
    let mut found = 0_u64;
    for op in batch.iter().flat_map(|submission| &submission.ops) {
        let member = op.action.members()[0].expect("issues and burns name a member");
        found += table.get(member).copied().unwrap_or_default();
        found += table.get(&op.id).copied().unwrap_or_default();
    }
    black_box(found);
    start.elapsed()
}

fn execute(c: &mut Criterion) {
    let mut set = fresh_set();
    let mut random = Sequence(1);
    let mut number = 1;
    let name = |n| Reference::parse(&format!("m-{n}")).expect("a reference");
    let table: HashMap<Reference, u64> = (0..MEMBERS).map(|n| (name(n), n)).collect();
    let limit = measure_timed(c, "digest and two look-ups, 400 ops", |iterations| {
        floor(&submissions(0, iterations, &mut random), &table)
    });
    let achieved = measure_timed(c, "execute, 400 ops", |iterations| {
        let batch = submissions(number, iterations, &mut random);
        number += iterations;
        execute_all(&mut set, &batch, number)
    });
    let of_ops = |nanoseconds: f64| per_second(nanoseconds) * OPS as f64;
    let name = "digest and two look-ups an op";
    report(
        "execute submissions of 400 ops",
        "ops",
        of_ops(achieved),
        name,
        of_ops(limit),
    );
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = execute
}
criterion_main!(benches);
