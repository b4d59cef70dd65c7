//! Opening an envelope (base64, header, JSON, signature) against the bare signature check of the
//! same bytes, on one core; and that check with a table of the key against the one without.

mod support;

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use support::{ORIGIN, OneKey, envelope, measure, per_second, report, signer};
use tallyhouse::proof::envelope;
use tallyhouse::proof::jws::{Jws, Typ};

fn verify(c: &mut Criterion) {
    let key = OneKey(signer(1).kid().clone(), signer(1).public_key());
    for ops in [1, 400] {
        let compact = envelope(1, ops);
        let jws = Jws::parse(compact.as_bytes(), Typ::Submission).expect("an envelope");
        let limit = measure(c, &format!("verify_strict, {ops} ops"), |iterations| {
            for _ in 0..iterations {
                assert!(key.1.verify(black_box(jws.signing_input()), &jws.signature));
            }
        });
        let table = key.1.with_table();
        let tabled = measure(c, &format!("with a table, {ops} ops"), |iterations| {
            for _ in 0..iterations {
                assert!(table.verify(black_box(jws.signing_input()), &jws.signature));
            }
        });
        report(
            &format!("signatures over {ops} ops, with a table of the key"),
            "signatures",
            per_second(tabled),
            "verify_strict",
            per_second(limit),
        );
        let achieved = measure(c, &format!("open envelope, {ops} ops"), |iterations| {
            for _ in 0..iterations {
                let opened = envelope::open(black_box(compact.as_bytes()), ORIGIN, 2, &key);
                assert_eq!(opened.expect("it is valid").submission.ops.len(), ops);
            }
        });
        let of_ops = |nanoseconds: f64| per_second(nanoseconds) * ops as f64;
        let name = format!("open envelopes of {ops} ops");
        report(
            &name,
            "ops",
            of_ops(achieved),
            "verify_strict of the same bytes",
            of_ops(limit),
        );
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = verify
}
criterion_main!(benches);
