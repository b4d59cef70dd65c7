//! Released rules: a ledger whose bytes were committed once and never change.
//!
//! `golden/rules-1` holds the entries and effects (CBOR sequences) and the checkpoint of a ledger
//! that shows every kind of op under the first rules, two folders for each settlement model. Should
//! a change break these tests, it needs a new rules version; the old one stays as it is.

use crate::house::{self, ISSUER_PAYS, POOL_DEBT, Setup};
use crate::simulation::desk::{Desk, founding, note_signer, setup};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tallyhouse::domain::effect::{Effect, MoveKind};
use tallyhouse::domain::governance::Governance;
use tallyhouse::domain::ids::{Name, Party};
use tallyhouse::domain::line::Reason;
use tallyhouse::domain::submission::Action;
use tallyhouse::domain::tally::statements::Statements;
use tallyhouse::domain::time::Micros;
use tallyhouse::domain::window::{ItemKey, payment_reference};
use tallyhouse::ledger::commit::Acknowledged;
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::ledger::store::{Batch, LogStore, Record};
use tallyhouse::ledger::{self, Ledger};
use tallyhouse::proof::chain::{ChainHasher, GENESIS};
use tallyhouse::proof::entry::EntryRef;
use tallyhouse::proof::{effects, hex, netting, payload, receipt};
use tallyhouse::settlement::{publish, shadow};

/// Set to write a ledger that is not there yet.
const WRITE: &str = "TALLYHOUSE_WRITE_GOLDEN";

/// One ledger key hands over to the next, and what is refused on the way.
const LEDGER_KEYS: &[(u64, &str, &str)] = &[
    (0, "bakery/k1", "issue i1 m1 100"),
    (
        0,
        "house/g1",
        "propose q1 ledger_key_add house/ledger house/ledger-2",
    ),
    (
        0,
        "house/g1",
        "propose q2 ledger_key_retire public=house/ledger",
    ),
    (0, "house/g2", "approve a2 q2; approve a1 q1"),
    (1, "cinema/k1", "burn b1 m1 40"),
    (0, "house/g2", "approve a2 q2"),
    (1, "bakery/k1", "issue i2 m1 7"),
    (
        0,
        "house/g1",
        "propose q3 ledger_key_add house/ledger-2 house/ledger",
    ),
    (0, "house/g2", "approve a3 q3; approve a2 q2"),
];

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

/// Everything that closes windows, in a ledger of its own. The first of these is entry 12; what one
/// settlement model has and the other has not is asked for in both, and refused in one.
const CLEARING: &[(u64, &str, &str)] = &[
    (
        0,
        "house/g1",
        "propose k1 key_add y1 author=house public=house/y1 scopes=pay",
    ),
    (0, "house/g2", "approve ok-k1 k1"),
    (
        0,
        "bakery/k1",
        "key_add k2 st public=bakery/st scopes=statements",
    ),
    (
        0,
        "cinema/k1",
        "key_add k2 st public=cinema/st scopes=statements",
    ),
    (
        0,
        "house/g1",
        "propose f1 price_set default=0.01/0.008/0.0005/0.0003",
    ),
    (0, "house/g2", "approve ok-f1 f1"),
    (
        0,
        "house/g1",
        "propose s1 programme_set netting=bilateral payout=when_collected payment_minimum=0.50 \
        payment_days=1 dispute_days=5 answer_days=2 silence=rejects holidays=2026-03-03",
    ),
    (0, "house/g2", "approve ok-s1 s1"),
    (0, "bakery/k1", "issue i1 m1 1000"),
    (0, "cinema/k1", "burn b1 m1 100; burn b2 m1 33"),
    (0, "florist/k1", "issue i1 m2 500; burn b1 m1 7"),
    (
        0,
        "house/g1",
        "propose q1 adjust amount 21/0 debtor=florist creditor=cinema amount=2.50; \
        propose q2 adjust amount 21/0 debtor=house creditor=florist amount=5.00",
    ),
    (0, "house/g2", "approve ok-q1 q1; approve ok-q2 q2"),
    (0, "house/o1", "net_window n0 0"),
    (0, "house/o1", "cut_window c0 0 2026-03-01"),
    (0, "house/o1", "cut_window c0b 0 2026-03-01"),
    (24, "cinema/k1", "burn b3 m1 10; reverse v1 b2 3"),
    (0, "house/o1", "cut_window c1 1 2026-03-02"),
    (0, "house/o1", "net_window n1 1"),
    (0, "house/o1", "net_window n0 0 lines_root=wrong"),
    (0, "house/o1", "net_window n0b 0"),
    (
        0,
        "house/g1",
        "propose r0 window_release 0; propose r1 window_release 1",
    ),
    (0, "house/g2", "approve ok-r0 r0; approve ok-r1 r1"),
    (0, "house/o1", "net_window n0b 0"),
    (0, "house/o1", "issue_statements i0 0 count=2"),
    (0, "house/o1", "issue_statements i0 0"),
    (
        0,
        "house/y1",
        "confirm_payment p1 0 house florist 4.75; confirm_payment p2 0 house cinema 1.02; \
        confirm_payment p3 0 bakery house 0.50; confirm_payment p4 0 bakery house 10.50",
    ),
    (
        0,
        "house/y1",
        "payment_returned t3 p3; payment_returned t4 p4",
    ),
    (
        0,
        "house/y1",
        "confirm_payment p5 0 bakery house 0.50; confirm_payment p6 0 bakery house 10.50; \
        confirm_payment p1 0 house florist 4.75; confirm_payment p2 0 house cinema 1.02; \
        confirm_payment p7 0 florist cinema 2.50",
    ),
    (
        0,
        "house/y1",
        "!payment_returned t7 p7; confirm_payment p8 0 florist cinema 2.51",
    ),
    // Entry 42.
    (
        0,
        "bakery/st",
        "dispute_open d0 0 line=bakery/cinema/burn/2; \
        dispute_open d1 0 line=bakery/house/issue_fee/2 reason=amount_wrong; \
        dispute_open d2 0 target=20/0 reason=never_happened; dispute_open d3 0 target=99/0; \
        dispute_open d4 1 target=28/0; statement_acknowledge k5 0; statement_acknowledge k6 0",
    ),
    (0, "cinema/st", "dispute_answer a0 42/0 true"),
    (0, "house/o1", "dispute_answer a1 42/1 false"),
    (
        0,
        "house/g1",
        "propose u1 dispute_resolve 42/1 true debtor=house creditor=bakery amount=0.10; \
        propose u2 dispute_resolve 42/2 false",
    ),
    (0, "house/g2", "approve ok-u1 u1; approve ok-u2 u2"),
    (72, "house/g2", "approve ok-u2 u2"),
    (0, "house/o1", "dispute_answer a2 42/2 true"),
    (
        0,
        "house/g1",
        "propose s2 programme_set netting=multilateral payout=guaranteed payment_minimum=0.00 \
        holidays=",
    ),
    (0, "house/g2", "approve ok-s2 s2"),
    (0, "house/o1", "net_window n1 1"),
    (0, "house/o1", "issue_statements i1 1"),
    (0, "house/o1", "cut_window c2 2 2026-03-05"),
    (0, "house/o1", "net_window n2 2"),
    (72, "bakery/st", "dispute_open d5 0 target=20/0"),
];

/// Fills in what an op of clearing takes from its ledger.
pub fn fill(op: &mut Value, desk: &Desk) {
    let governance = desk.ledger.view().governance.clone();
    let window = op["window"].as_u64().unwrap_or_default();
    let window = u32::try_from(window).expect("a window");
    let kind = op["op"].as_str().expect("a kind").to_owned();
    let place = |text: &Value| {
        let (entry, op) = text.as_str()?.split_once('/')?;
        let number = |text: &str| text.parse::<u64>().expect("a number");
        Some(json!({"entry": number(entry), "op": number(op)}))
    };
    let fields = op.as_object_mut().expect("an op");
    let mut default = |name: &str, value: Value| {
        fields.entry(name).or_insert(value);
    };
    match kind.as_str() {
        "propose" => fill(&mut fields["action"], desk),
        "net_window" => {
            let lines = desk.ledger.lines(window, Party::HOUSE);
            let lines = lines.expect("the store reads");
            let lines = lines.iter().map(|(key, total)| (key, total));
            let root = netting::lines_root(&netting::price_lines(&governance, lines));
            default("lines_root", json!(hex::encode(&root)));
            if fields["lines_root"] == "wrong" {
                fields.insert("lines_root".to_owned(), json!("77".repeat(32)));
            }
        }
        "issue_statements" => {
            default("count", json!(3));
            let (root, document) = statements_of(desk, window, &governance);
            default("root", json!(root));
            default("document_sha256", json!(document));
        }
        "confirm_payment" => {
            default("currency", json!("EUR"));
            let party = |name: &str| {
                let name = Name::parse(fields[name].as_str().expect("a name")).expect("a name");
                governance.party(&name).expect("a party")
            };
            let (debtor, creditor) = (party("debtor"), party("creditor"));
            let key = ItemKey {
                window,
                debtor,
                creditor,
            };
            let reference = payment_reference(house::ORIGIN, &key).expect("a reference");
            fields.insert("reference".to_owned(), json!(reference));
        }
        "dispute_open" => {
            default("reason", json!("other"));
            default("evidence_sha256", json!("ef".repeat(32)));
            if let Some(at) = fields.get("target").and_then(place) {
                fields.insert("target".to_owned(), at);
            }
        }
        "dispute_answer" | "dispute_resolve" => {
            let at = place(&fields["dispute"]).expect("entry/op");
            fields.insert("dispute".to_owned(), at);
        }
        _ => {}
    }
}

fn folder(name: &str) -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/suite/golden/rules-1");
    tests.join(name)
}

/// What `issue_statements` binds of a window; any hashes where it is not netted.
fn statements_of(desk: &Desk, window: u32, governance: &Governance) -> (String, String) {
    let size = desk.ledger.view().size;
    let tally = shadow::read_again(&desk.ledger, size).expect("the log reads");
    let Some(closing) = tally.closing(window) else {
        return ("ab".repeat(32), "cd".repeat(32));
    };
    let root = desk.ledger.root_at(closing.cut.cut.entry + 1);
    let root = root.expect("the store reads").expect("a root");
    let statements = Statements::new(closing, governance, &root);
    let (hashes, document) = publish::hashes(&statements);
    (hex::encode(&hashes.root()), hex::encode(&document))
}

/// Runs the steps and returns the whole log and its checkpoint.
fn write(of: &Setup, steps: &[(u64, &str, &str)]) -> (Vec<Record>, String) {
    let desk = Desk::found(of);
    let mut now = Micros::parse(house::START).expect("an instant");
    let mut count = 0;
    let mut submit = |now: Micros, kid: &str, mode: &str, sentences: &str| {
        count += 1;
        let mut ops: Vec<_> = sentences.split(';').map(house::op).collect();
        ops.iter_mut().for_each(|op| fill(op, &desk));
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
    for (hours, kid, sentences) in steps {
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

/// The entries and the checkpoint of a committed ledger.
pub fn committed(name: &str) -> (Vec<Record>, String) {
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

/// Steps of a ledger: hours to wait, who signs, and what.
type Steps = &'static [(u64, &'static str, &'static str)];

const LEDGERS: [(&str, Setup, Steps); 5] = [
    ("issuer-pays", ISSUER_PAYS, STEPS),
    ("pool", POOL_DEBT, STEPS),
    ("clearing-issuer-pays", ISSUER_PAYS, CLEARING),
    ("clearing-pool", POOL_DEBT, CLEARING),
    ("ledger-keys", ISSUER_PAYS, LEDGER_KEYS),
];

#[test]
fn the_same_submissions_make_the_same_bytes_for_ever() {
    for (name, setup, steps) in LEDGERS {
        let (records, checkpoint) = write(&setup, steps);
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
    for (name, ..) in LEDGERS {
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
        check_receipts(&ledger);
        ledger.close();
    }
}

/// Every entry's receipt passes the published schema.
fn check_receipts(ledger: &Ledger) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/receipt.schema.json");
    let schema = std::fs::read_to_string(file).expect("the schema is there");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let schema = jsonschema::draft202012::new(&schema).expect("a schema");
    for index in 0..ledger.view().size {
        let evidence = ledger.evidence(index).expect("the store reads");
        let evidence = evidence.expect("the entry is there");
        let governance = &evidence.view.governance;
        let currency = &governance.programme.currency;
        let entry = EntryRef::decode(&evidence.record.entry).expect("an entry");
        let decimals = (index > 0).then(|| currency.decimals());
        let submission = payload::parse(entry.payload, decimals).expect("a payload");
        let effects = &evidence.record.effects;
        let read = effects::decode(effects, index, &submission.ops, currency);
        let receipt = receipt::write(&receipt::Evidence {
            entry: &entry,
            entry_bytes: &evidence.record.entry,
            submission: &submission,
            effects: &read.expect("effects"),
            effects_bytes: effects,
            proof: &evidence.proof,
            checkpoint: &evidence.view.checkpoint,
            currency,
            name: &|party| governance.name(party),
        });
        let receipt: Value = serde_json::from_slice(&receipt).expect("JSON");
        if let Err(error) = schema.validate(&receipt) {
            panic!("entry {index}: {error} at {}", error.instance_path());
        }
    }
}

#[test]
fn every_op_of_clearing_is_applied_in_both_settlement_models() {
    for name in ["clearing-issuer-pays", "clearing-pool"] {
        let mut applied = BTreeSet::new();
        for record in committed(name).0 {
            let entry = EntryRef::decode(&record.entry).expect("an entry");
            let submission = payload::parse(entry.payload, Some(2)).expect("a payload");
            let currency = tallyhouse::domain::money::Currency::parse("EUR").expect("EUR");
            let read = effects::decode(&record.effects, entry.index, &submission.ops, &currency);
            let both = submission.ops.iter().zip(read.expect("effects"));
            for (op, effect) in both.filter(|(_, effect)| effect.outcome().is_applied()) {
                applied.insert(op.action.kind());
                if let (Action::Propose(action), Effect::Applied(_)) = (&op.action, &effect) {
                    applied.insert(action.kind());
                }
            }
        }
        let all = "confirm_payment cut_window dispute_answer dispute_open dispute_resolve \
            issue_statements net_window payment_returned statement_acknowledge window_release";
        let missing: Vec<_> = all
            .split(' ')
            .filter(|kind| !applied.contains(kind))
            .collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
}

#[test]
fn the_committed_ledgers_show_every_op_every_move_and_every_reason() {
    let (mut kinds, mut moves, mut reasons) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (name, ..) in LEDGERS {
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
    let all = "adjust approve burn capture confirm_payment cut_window dispute_answer dispute_open \
        dispute_resolve expire found hold issue issue_statements key_add key_revoke \
        ledger_key_add ledger_key_retire limit_set member_freeze member_unfreeze net_window \
        partner_set payment_returned price_set \
        programme_set propose release reverse rules_upgrade statement_acknowledge transfer \
        window_release";
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
