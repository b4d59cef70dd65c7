//! A receipt holds as it was written, and no word of it can be changed.

use super::*;
use crate::domain::execute::{Due, Signer, Stamp, execute, found};
use crate::domain::working_set::{Needs, WorkingSet};
use crate::proof::checkpoint::Checkpoint;
use crate::proof::entry::effects_digest;
use crate::proof::jws::{self, Jws, Typ};
use crate::proof::keys::{self, Kid};
use crate::proof::merkle::Frontier;
use crate::proof::note::{NoteSigner, VerifierKey};
use crate::proof::{chain, effects, payload};
use serde_json::{Value, json};

const ORIGIN: &str = "points.example/coalition-0123abcd";

fn note_signer() -> NoteSigner {
    NoteSigner::new(ORIGIN, &[5; 32]).unwrap()
}

fn public_key(secret: u8) -> String {
    let kid = Kid::parse("house/k").unwrap();
    base64url::encode(
        &keys::Signer::new(kid, &[secret; 32])
            .public_key()
            .to_bytes(),
    )
}

fn founding_key(id: &str, secret: u8, scope: &str) -> Value {
    json!({"key": id, "public_key": public_key(secret), "scopes": [scope]})
}

/// A ledger in memory: enough of a house to have receipts of.
struct Ledger {
    set: WorkingSet,
    frontier: Frontier,
    entries: Vec<Vec<u8>>,
}

impl Ledger {
    fn founded() -> Self {
        let mut ledger = Ledger {
            set: WorkingSet::empty(),
            frontier: Frontier::new(),
            entries: Vec::new(),
        };
        let found = json!({
            "op": "found", "id": "found", "programme": "coalition", "currency": "EUR",
            "point_scale": 0, "settlement_model": "issuer_pays", "clawback": "member_debt",
            "utc_offset_min": 60, "clock": "simulated", "ledger_key": public_key(5),
            "rules_version": 1,
            "keys": [
                founding_key("g1", 1, "govern"),
                founding_key("g2", 2, "govern"),
                founding_key("o", 3, "operate"),
            ],
        });
        ledger.submit("house", "g1", &[found]);
        let price = json!({"issue_price": "0.01", "burn_price": "0.01", "issue_fee": "0.001",
            "burn_fee": "0", "tax_code": "vat"});
        let setting = [
            json!({"op": "partner_set", "id": "p1", "partner": "bakery", "roles": ["issue", "burn"],
                "status": "active"}),
            json!({"op": "partner_set", "id": "p2", "partner": "cinema", "roles": ["burn"],
                "status": "active"}),
            json!({"op": "propose", "id": "prices", "action":
                {"op": "price_set", "default": price}}),
        ];
        ledger.submit("house", "g1", &setting);
        ledger.submit(
            "house",
            "g2",
            &[json!({"op": "approve", "id": "a", "proposal": "prices"})],
        );
        ledger
    }

    /// Accepts a submission and answers its receipt.
    fn submit(&mut self, author: &str, key_id: &str, ops: &[Value]) -> Vec<u8> {
        let index = self.entries.len() as u64;
        let text = json!({"ledger": ORIGIN, "submission": format!("s-{index}"),
            "valid_until": "2026-03-01T12:00:00Z", "ops": ops});
        let signer =
            keys::Signer::new(Kid::parse(&format!("{author}/{key_id}")).unwrap(), &[9; 32]);
        let compact = jws::sign(Typ::Submission, text.to_string().as_bytes(), &signer);
        let jws = Jws::parse(compact.as_bytes(), Typ::Submission).unwrap();
        let submission = payload::parse(&jws.payload, Some(2)).unwrap();
        let accepted_at = Micros::from_seconds(1_772_000_000 + index);
        let effects = self.execute(index, accepted_at, author, key_id, &submission);
        let mut effects_bytes = Vec::new();
        effects::encode(index, &effects, &mut effects_bytes);
        let outcome: Vec<u16> = effects
            .iter()
            .map(|e| e.outcome().number().into())
            .collect();
        let all_applied = outcome.iter().all(|outcome| *outcome == 0);
        let prev = self
            .entries
            .last()
            .map(|last| ChainHasher::new().hash(last));
        let entry = EntryRef {
            origin: ORIGIN,
            index,
            accepted_at_us: accepted_at.0,
            prev: &prev.unwrap_or(chain::GENESIS),
            author,
            author_seq: 0,
            protected: &jws.protected,
            payload: &jws.payload,
            signature: &jws.signature,
            outcome: if all_applied { vec![] } else { outcome }.into(),
            effects_digest: &effects_digest(&effects_bytes),
        };
        let mut entry_bytes = Vec::new();
        entry.encode(&mut entry_bytes);
        let appended = self.frontier.append(&[leaf_hash(&entry_bytes)]);
        self.entries.push(entry_bytes.clone());
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size: index + 1,
            root: self.frontier.root(),
        };
        let governance = self.set.governance();
        write(&Evidence {
            entry: &entry,
            entry_bytes: &entry_bytes,
            submission: &submission,
            effects: &effects,
            effects_bytes: &effects_bytes,
            proof: &appended.inclusion_proof(index),
            checkpoint: &checkpoint.sign(&[&note_signer()]),
            currency: &governance.programme.currency,
            name: &|party| governance.name(party),
        })
    }

    fn execute(
        &mut self,
        index: u64,
        accepted_at: Micros,
        author: &str,
        key_id: &str,
        submission: &Submission,
    ) -> Vec<Effect> {
        if index == 0 {
            return found(&mut self.set, accepted_at, &submission.ops[0]);
        }
        let party = self
            .set
            .governance()
            .party(&Name::parse(author).unwrap())
            .unwrap();
        let mut needs = Needs::default();
        let governance = self.set.governance().clone();
        needs.add(&governance, party, submission);
        for member in self.set.members.missing(needs.members) {
            self.set.members.load(&member, None);
        }
        for op in needs.ops {
            if !self.set.ops.touch(&op) {
                self.set.ops.load(op, None);
            }
        }
        let signer = Signer {
            party,
            key: Name::parse(key_id).unwrap(),
        };
        let stamp = Stamp::new(index, accepted_at, 60);
        execute(&mut self.set, &stamp, &signer, submission, &Due::default())
    }
}

fn known() -> [VerifierKey; 1] {
    [note_signer().verifier_key().clone()]
}

/// Receipts of every shape: founding, given numbers, moves, lines, debts, duplicates, refusals.
fn receipts() -> Vec<Vec<u8>> {
    let mut ledger = Ledger::founded();
    let issue = json!({"op": "issue", "id": "i1", "member": "m1", "points": 500});
    let first = ledger.submit(
        "bakery",
        "k",
        &[
            issue.clone(),
            issue,
            json!({"op": "issue", "id": "i2", "member": "m1", "points": 0}),
        ],
    );
    let burned = ledger.submit(
        "cinema",
        "k",
        &[
            json!({"op": "burn", "id": "b1", "member": "m1", "points": 600, "allow_partial": true}),
            json!({"op": "burn", "id": "b2", "member": "m1", "points": 600}),
        ],
    );
    let reversed = ledger.submit(
        "bakery",
        "k",
        &[json!({"op": "reverse", "id": "r", "target": "i1", "points": 500})],
    );
    let partner = json!({"op": "partner_set", "id": "p3", "partner": "museum", "roles": [],
        "status": "active"});
    let given = ledger.submit("house", "g1", &[partner]);
    vec![first, burned, reversed, given]
}

#[test]
fn a_receipt_proves_what_it_says() {
    let receipts = receipts();
    let words: Vec<Value> = receipts
        .iter()
        .map(|receipt| serde_json::from_slice(receipt).unwrap())
        .collect();
    for receipt in &receipts {
        verify(receipt, &known()).unwrap();
    }
    let verified = verify(&receipts[1], &known()).unwrap();
    assert_eq!((verified.entry.index, verified.checkpoint.size), (4, 5));
    assert_eq!(verified.entry.author, "cinema");
    assert_eq!(verified.parties.len(), 2);
    let codes = |receipt: usize| -> Vec<&str> {
        let results = words[receipt]["results"].as_array().unwrap();
        results
            .iter()
            .map(|result| result["code"].as_str().unwrap())
            .collect()
    };
    assert_eq!(codes(0), ["applied", "duplicate", "points_out_of_range"]);
    assert_eq!(
        words[0]["results"][0]["members"][0]["balance"]["available"],
        500
    );
    assert_eq!(
        words[0]["results"][1]["first"],
        json!({"entry": 3, "op": 0})
    );
    assert!(words[0]["results"][2]["advice"].is_string());
    assert_eq!(codes(1), ["applied", "insufficient_points"]);
    assert_eq!(words[1]["results"][0]["points"], 500);
    assert_eq!(
        words[1]["results"][0]["lines"][0],
        json!({"debtor": "bakery",
        "creditor": "cinema", "reason": "burn", "price_version": 1, "points": 500})
    );
    assert_eq!(
        words[1]["results"][0]["members"][0]["previous"],
        json!({"entry": 3, "op": 0})
    );
    let debt = json!([{"change": "owed", "issuer": "bakery", "price_version": 1, "points": 500}]);
    assert_eq!(words[2]["results"][0]["members"][0]["debts"], debt);
    assert_eq!(words[3]["results"][0]["given"], json!({"party": 3}));
}

#[test]
fn the_bytes_of_a_receipt_stay_what_they_are() {
    let receipts = receipts();
    let digests = receipts.iter().map(|receipt| hex(&receipt[..]));
    let digests: Vec<String> = digests.collect();
    assert_eq!(
        digests,
        [
            "d67ba3c40436437c",
            "425867729db801f2",
            "7bfc7048e1b80677",
            "5e018c30d40a66ff",
        ]
    );
}

fn hex(receipt: &[u8]) -> String {
    crate::proof::hex::encode(&blake3::hash(receipt).as_bytes()[..8])
}

#[test]
fn no_word_of_a_receipt_can_be_changed() {
    for receipt in receipts() {
        let words: Value = serde_json::from_slice(&receipt).unwrap();
        let mut paths = Vec::new();
        leaves(&words, String::new(), &mut paths);
        assert!(paths.len() > 20);
        for path in paths {
            let mut changed = words.clone();
            let leaf = changed.pointer_mut(&path).unwrap();
            *leaf = match leaf {
                Value::Number(number) => json!(number.as_u64().unwrap() + 1),
                Value::Bool(word) => json!(!*word),
                Value::String(text) => json!(format!("{text}x")),
                _ => json!("x"),
            };
            let party_name = path.starts_with("/parties/") && path.ends_with("/id");
            let bytes = changed.to_string();
            let error = verify(bytes.as_bytes(), &known()).expect_err(&path);
            if party_name {
                assert!(
                    matches!(error, ReceiptError::Words(_) | ReceiptError::Member(_)),
                    "{path}"
                );
            }
        }
        let mut more = words.clone();
        more["note"] = json!("x");
        assert_eq!(
            verify(more.to_string().as_bytes(), &known()),
            Err(ReceiptError::Words("note".into()))
        );
        let twice = format!("{{\"index\":1,{}", &words.to_string()[1..]);
        assert!(matches!(
            verify(twice.as_bytes(), &known()),
            Err(ReceiptError::Json(_))
        ));
        let other = NoteSigner::new(ORIGIN, &[6; 32])
            .unwrap()
            .verifier_key()
            .clone();
        assert!(matches!(
            verify(&receipt, &[other]),
            Err(ReceiptError::Checkpoint(_))
        ));
    }
}

/// The paths of all values that hold no others.
fn leaves(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(name, v)| leaves(v, format!("{path}/{name}"), paths));
        }
        Value::Array(items) if !items.is_empty() => {
            items
                .iter()
                .enumerate()
                .for_each(|(at, v)| leaves(v, format!("{path}/{at}"), paths));
        }
        _ => paths.push(path),
    }
}

#[test]
fn effects_of_another_entry_are_refused() {
    let receipts = receipts();
    let mut words: Value = serde_json::from_slice(&receipts[0]).unwrap();
    let other: Value = serde_json::from_slice(&receipts[1]).unwrap();
    words["effects"] = other["effects"].clone();
    assert_eq!(
        verify(words.to_string().as_bytes(), &known()),
        Err(ReceiptError::EffectsDigest)
    );
}

#[test]
fn parties_are_named_once_and_the_house_is_the_house() {
    let receipts = receipts();
    let words: Value = serde_json::from_slice(&receipts[1]).unwrap();
    for parties in [
        json!([{"party": 1, "id": "house"}, {"party": 2, "id": "cinema"}]),
        json!([{"party": 1, "id": "cinema"}, {"party": 2, "id": "cinema"}]),
        json!([{"party": 1, "id": "bakery"}]),
        json!([{"party": 70000, "id": "bakery"}, {"party": 2, "id": "cinema"}]),
    ] {
        let mut changed = words.clone();
        changed["parties"] = parties;
        let found = verify(changed.to_string().as_bytes(), &known());
        assert_eq!(found, Err(ReceiptError::Member("parties")));
    }
}

/// The example that strangers check their checkers with. Its bytes never change.
#[test]
fn the_example_receipt_is_the_one_that_this_ledger_answers() {
    let receipt: Value = serde_json::from_slice(&receipts()[1]).unwrap();
    let written = serde_json::to_string_pretty(&receipt).unwrap() + "\n";
    let example = include_str!("../../../schemas/examples/receipt.json");
    assert_eq!(example, written);
    let key = include_str!("../../../schemas/examples/ledger-key.txt");
    let key = VerifierKey::parse(key.trim_end()).unwrap();
    verify(example.as_bytes(), &[key]).unwrap();
}

#[test]
fn receipts_pass_their_schema() {
    let schema = include_str!("../../../schemas/receipt.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    for receipt in receipts() {
        let receipt = serde_json::from_slice(&receipt).unwrap();
        if let Err(error) = schema.validate(&receipt) {
            panic!("{error} at {}", error.instance_path());
        }
    }
}

#[test]
fn garbage_never_panics() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        "{\"entry\":1}",
        "{\"entry\":\"AA\",\"effects\":\"AA\"}",
    ] {
        verify(text.as_bytes(), &known()).unwrap_err();
    }
    let long = vec![b' '; RECEIPT_BYTES_MAX + 1];
    assert_eq!(verify(&long, &known()), Err(ReceiptError::TooLarge));
}
