//! Released rules: a ledger whose bytes were committed once and never change.
//!
//! `golden/rules-1` holds the entries and effects (CBOR sequences) and the checkpoint of a ledger
//! that shows every kind of op under the first rules, one folder for each settlement model. Should
//! a change break these tests, it needs a new rules version; the old one stays as it is.

use crate::house::{self, ISSUER_PAYS, POOL_DEBT, Setup};
use crate::simulation::desk::{Desk, founding, note_signer, setup};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tallyhouse::domain::effect::{Effect, MoveKind};
use tallyhouse::domain::line::Reason;
use tallyhouse::domain::submission::Action;
use tallyhouse::domain::time::Micros;
use tallyhouse::ledger::commit::Acknowledged;
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::ledger::store::{Batch, LogStore, Record};
use tallyhouse::ledger::{self, Ledger};
use tallyhouse::proof::chain::{ChainHasher, GENESIS};
use tallyhouse::proof::entry::EntryRef;
use tallyhouse::proof::{effects, payload};

/// Set to write a ledger that is not there yet.
const WRITE: &str = "TALLYHOUSE_WRITE_GOLDEN";

/// Hours to wait, who signs, and what: `;` between ops, `!` before an atomic submission.
const STEPS: &[(u64, &str, &str)] = &[
    (
        0,
        "house/g1",
        "propose q1 price_set default=0.01/0.008/0.0005/0.0003 cinema=0.02/0.016/0/0",
    ),
    (0, "house/g2", "approve a1 q1"),
    (
        0,
        "bakery/k1",
        "issue i1 m1 500 ref=till-7:1 occurred_at=2026-03-01T11:59:00Z",
    ),
    (
        0,
        "bakery/k1",
        "issue i2 m1 50 activates_on=2026-03-02 expires_on=2026-03-03; issue i3 m2 9",
    ),
    (
        0,
        "cinema/k1",
        "issue i1 m1 120 expires_on=2026-03-20; burn b1 m1 200; burn b2 m1 999",
    ),
    (
        0,
        "cinema/k1",
        "burn b1 m1 200; burn b1 m1 201; burn b3 m1 0; burn b4 m9 1",
    ),
    (
        0,
        "cinema/k1",
        "!burn b5 m1 1; burn b6 m1 9999; burn b7 m1 1",
    ),
    (
        0,
        "cinema/k1",
        "!hold h1 m1 100 3600; hold h2 m1 20 60; hold h3 m1 5 7200",
    ),
    (
        0,
        "cinema/k1",
        "capture c1 h1 60; capture c2 h1 1; release r1 h3; release r2 nothing",
    ),
    (0, "bakery/k1", "burn b1 m1 30 allow_partial=true"),
    (
        1,
        "florist/k1",
        "issue i1 m1 40; transfer t1 m1 m3 70; transfer t2 m1 m1b 5",
    ),
    (0, "house/o1", "member_freeze f1 m3"),
    (0, "cinema/k1", "burn b8 m3 1; transfer t1 m1 m3 1"),
    (0, "house/o1", "member_unfreeze f2 m3"),
    (
        30,
        "cinema/k1",
        "reverse v1 b1 150; reverse v2 c1 60; reverse v3 v1 1; reverse v4 b1 99",
    ),
    (0, "bakery/k1", "reverse v1 i1 500; reverse v2 i1 1"),
    (
        0,
        "bakery/k1",
        "issue i4 m1 60; issue i5 m2 60; reverse v3 b1 5",
    ),
    (0, "florist/k1", "issue i2 m1 300"),
    (48, "house/o1", "expire e1 2026-03-03"),
    (0, "house/o1", "expire e2 2026-03-04"),
    (
        0,
        "house/g1",
        "propose q2 adjust credit 14/0 member=m1 issuer=bakery points=25",
    ),
    (
        0,
        "house/g1",
        "propose q3 adjust debit 14/0 member=m1 issuer=florist points=10",
    ),
    (
        0,
        "house/g1",
        "propose q4 adjust amount 14/0 debtor=bakery creditor=cinema amount=12.50",
    ),
    (0, "house/g1", "approve a2 q2"),
    (
        0,
        "house/g2",
        "approve a2 q2; approve a3 q3; approve a4 q4; approve a4b q4",
    ),
    (
        0,
        "house/g1",
        "propose q5 limit_set partner partner=bakery exposure=1.00 \
        burn_points_per_day=10",
    ),
    (
        0,
        "house/g1",
        "propose q6 limit_set member burn_points_per_day=15",
    ),
    (
        0,
        "house/g1",
        "propose q7 programme_set grace_days=14 transfer_allowed=false",
    ),
    (
        0,
        "house/g1",
        "propose q8 rules_upgrade 2; propose q9 partner_set gallery",
    ),
    (
        0,
        "house/g2",
        "approve a5 q5; approve a6 q6; approve a7 q7; approve a8 q8",
    ),
    (
        0,
        "bakery/k1",
        "issue i6 m1 5000; burn b2 m1 11; transfer t1 m1 m2 1",
    ),
    (0, "florist/k1", "burn b1 m1 16; burn b2 m1 15"),
    (
        0,
        "bakery/k1",
        "key_add x1 k2 public=bakery/k2 scopes=submit,read; key_revoke x2 k1",
    ),
    (
        0,
        "bakery/k2",
        "issue i7 m4 1; issue i8 m4 1 expires_on=2020-01-01",
    ),
    (
        0,
        "house/g2",
        "propose q10 key_add k3 author=bakery public=bakery/k3 scopes=manage",
    ),
    (
        0,
        "house/g1",
        "approve a10 q10; key_revoke x1 g1; key_revoke x2 k2 author=bakery",
    ),
    (
        0,
        "house/g1",
        "partner_set p1 cinema status=suspended; rules_upgrade x3 2",
    ),
    (0, "cinema/k1", "issue i9 m1 1; reverse v9 b1 1"),
];

fn folder(name: &str) -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/suite/golden/rules-1");
    tests.join(name)
}

/// Runs the steps and returns the whole log and its checkpoint.
fn write(of: &Setup) -> (Vec<Record>, String) {
    let desk = Desk::found(of);
    let mut now = Micros::parse(house::START).expect("an instant");
    let mut count = 0;
    let mut submit = |now: Micros, kid: &str, mode: &str, sentences: &str| {
        count += 1;
        let ops: Vec<_> = sentences.split(';').map(house::op).collect();
        let id = format!("s{count}");
        let payload = house::submission(&id, mode, now.plus_seconds(60), &ops);
        let compact = house::envelope(kid, &payload);
        desk.set_clock(now.0);
        let answer = desk.submit(&[&compact]).remove(0);
        assert!(
            matches!(answer, Ok(Acknowledged::New(_))),
            "{sentences}: {answer:?}"
        );
    };
    for (author, sentence) in house::opening() {
        submit(now, &house::kid_of(author), "independent", &sentence);
    }
    for (hours, kid, sentences) in STEPS {
        // A second for each, so that times do not depend on how they are made to rise.
        now = now.plus_seconds(hours * 3600 + 1);
        match sentences.strip_prefix('!') {
            Some(sentences) => submit(now, kid, "atomic", sentences),
            None => submit(now, kid, "independent", sentences),
        }
    }
    let records = desk.ledger.entries(0, usize::MAX).expect("the store reads");
    let checkpoint = desk.ledger.view().checkpoint.clone();
    desk.ledger.close();
    (records, checkpoint)
}

/// Splits a CBOR sequence into its items.
fn items(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let mut items = Vec::new();
    while decoder.position() < bytes.len() {
        let from = decoder.position();
        decoder.skip().expect("CBOR");
        items.push(bytes[from..decoder.position()].to_vec());
    }
    items
}

fn committed(name: &str) -> (Vec<Record>, String) {
    let read = |file: &str| {
        let path = folder(name).join(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let entries = items(&read("entries.cbor"));
    let effects = items(&read("effects.cbor"));
    assert_eq!(entries.len(), effects.len());
    let record = |(entry, effects)| Record { entry, effects };
    let records = entries.into_iter().zip(effects).map(record).collect();
    let checkpoint = String::from_utf8(read("checkpoint.txt")).expect("text");
    (records, checkpoint)
}

const LEDGERS: [(&str, Setup); 2] = [("issuer-pays", ISSUER_PAYS), ("pool", POOL_DEBT)];

#[test]
fn the_same_submissions_make_the_same_bytes_for_ever() {
    for (name, setup) in LEDGERS {
        let (records, checkpoint) = write(&setup);
        // Run this test alone to write.
        if std::env::var_os(WRITE).is_some() && !folder(name).exists() {
            let joined = |part: fn(&Record) -> &Vec<u8>| -> Vec<u8> {
                records
                    .iter()
                    .flat_map(|record| part(record).clone())
                    .collect()
            };
            std::fs::create_dir_all(folder(name)).expect("a folder");
            let save = |file: &str, bytes: &[u8]| {
                std::fs::write(folder(name).join(file), bytes).expect("written");
            };
            save("entries.cbor", &joined(|record| &record.entry));
            save("effects.cbor", &joined(|record| &record.effects));
            save("checkpoint.txt", checkpoint.as_bytes());
        }
        let (golden, golden_checkpoint) = committed(name);
        assert_eq!(records.len(), golden.len());
        for (index, (record, golden)) in records.iter().zip(&golden).enumerate() {
            assert_eq!(record, golden, "{name}: entry {index}");
        }
        assert_eq!(checkpoint, golden_checkpoint, "{name}");
    }
}

#[test]
fn the_committed_entries_replay_to_their_effects_and_checkpoint() {
    for (name, _) in LEDGERS {
        let (records, checkpoint) = committed(name);
        let hasher = ChainHasher::new();
        let chain_hash = records
            .iter()
            .fold(GENESIS, |_, record| hasher.hash(&record.entry));
        let store = Arc::new(MemoryStore::default());
        let epoch = store.take_epoch().expect("an epoch");
        let batch = Batch {
            records,
            tiles: Vec::new(),
            checkpoint: checkpoint.clone(),
            chain_hash,
        };
        store.append(0, epoch, &batch).expect("appended");
        // Recovery executes every entry again, and compares effects, chain, root and signature.
        let ledger = Ledger::open(setup(&store, 0)).expect("it replays");
        assert_eq!(ledger.view().checkpoint, checkpoint);
        ledger.close();
    }
}

#[test]
fn the_committed_ledgers_show_every_op_every_move_and_every_reason() {
    let (mut kinds, mut moves, mut reasons) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (name, _) in LEDGERS {
        for record in committed(name).0 {
            let entry = EntryRef::decode(&record.entry).expect("an entry");
            let submission = payload::parse(entry.payload, Some(2)).expect("a payload");
            let currency = tallyhouse::domain::money::Currency::parse("EUR").expect("EUR");
            let read = effects::decode(&record.effects, entry.index, &submission.ops, &currency);
            for (op, effect) in submission.ops.iter().zip(read.expect("effects")) {
                let Effect::Applied(applied) = effect else {
                    continue;
                };
                kinds.insert(op.action.kind());
                if let Action::Propose(action) = &op.action {
                    kinds.insert(action.kind());
                }
                let steps = applied.touches.iter().flat_map(|touch| touch.moves.iter());
                moves.extend(steps.map(|step| step.kind));
                reasons.extend(applied.lines.iter().map(|line| line.reason));
            }
        }
    }
    assert_eq!(moves.len(), MoveKind::ALL.len(), "{moves:?}");
    assert_eq!(reasons.len(), Reason::ALL.len(), "{reasons:?}");
    let all = "adjust approve burn capture expire found hold issue key_add key_revoke limit_set \
        member_freeze member_unfreeze partner_set price_set programme_set propose release reverse \
        rules_upgrade transfer";
    assert_eq!(kinds.into_iter().collect::<Vec<_>>().join(" "), all);
}

#[test]
fn founding_depends_on_nothing_but_its_envelope_and_time() {
    let found = |at: u64| {
        let store = MemoryStore::default();
        let compact = founding(&POOL_DEBT);
        let evidence = ledger::found(&store, note_signer(), compact.as_bytes(), Micros(at));
        evidence.expect("founded").record
    };
    let start = Micros::parse(house::START).expect("an instant").0;
    assert_eq!(found(start), found(start));
    assert_ne!(found(start), found(start + 1));
}
