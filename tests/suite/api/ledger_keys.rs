//! The keys of checkpoints over HTTP: what is served while one hands over to the next.

use super::{Town, issue};
use crate::support::ledger_signer;
use serde_json::{Value, json};
use tallyhouse::proof::checkpoint::Checkpoint;
use tallyhouse::proof::note::{NoteSigner, VerifierKey};
use tallyhouse::proof::{base64url, handover, receipt};

fn add(from: &NoteSigner, to: &NoteSigner) -> Value {
    json!({"op": "ledger_key_add", "handover": handover::sign(from, to)})
}

fn vkeys(town: &Town) -> String {
    town.server.get("/v1/demo/log/vkey", None).text()
}

/// Which of the old and the new key a new receipt verifies with.
fn verifies(town: &Town, id: &str) -> [bool; 2] {
    let receipt = town.send("bakery/till", id, &json!([issue(id, "m1", 1)]));
    let origin = &town.coalition.origin;
    ["", "next"].map(|name| {
        let key = ledger_signer(origin, name).verifier_key().clone();
        receipt::verify(&receipt.body, &[key]).is_ok()
    })
}

#[test]
fn a_handover_is_served_with_both_keys_and_then_with_the_new_one() {
    let town = Town::new();
    let origin = town.coalition.origin.clone();
    let (old, new) = (ledger_signer(&origin, ""), ledger_signer(&origin, "next"));
    let line = |key: &VerifierKey| format!("{key}\n");
    let (old_line, new_line) = (line(old.verifier_key()), line(new.verifier_key()));
    assert_eq!(vkeys(&town), old_line);
    assert_eq!(verifies(&town, "before"), [true, false]);

    town.coalition.approve(&[("next-key", add(&old, &new))]);
    assert_eq!(vkeys(&town), format!("{old_line}{new_line}"));
    assert_eq!(verifies(&town, "during"), [true, true]);
    let policy = town.server.get("/v1/demo/log/policy", None).text();
    assert!(
        policy.starts_with(&format!("log {old_line}log {new_line}")),
        "{policy}"
    );
    let programme = town.server.get("/v1/demo", None).json();
    assert_eq!(programme["ledger_key"], new.verifier_key().to_string());
    assert_eq!(programme["ledger_keys"][0]["retired"], Value::Null);

    let public_key = base64url::encode(&old.public());
    let retire = json!({"op": "ledger_key_retire", "public_key": public_key});
    town.coalition.approve(&[("old-key", retire)]);
    assert_eq!(vkeys(&town), new_line);
    assert_eq!(verifies(&town, "after"), [false, true]);
    let programme = town.server.get("/v1/demo", None).json();
    let keys = programme["ledger_keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 2);
    assert!(
        keys[0]["retired"].as_u64() > keys[1]["added"].as_u64(),
        "{keys:?}"
    );

    // What an author saw has to be signed by a key of its time.
    let size = town.coalition.size();
    let root = town
        .coalition
        .ledger
        .root_at(size)
        .expect("it reads")
        .expect("a root");
    for (signer, status) in [(&old, 400), (&new, 201)] {
        let origin = origin.clone();
        let seen = Checkpoint { origin, size, root }.sign(&[signer]);
        let name = format!("seen-{status}");
        let ops = json!([issue(&name, "m1", 1)]);
        let mut payload = town.coalition.payload(&name, &ops);
        payload["seen"] = seen.into();
        let compact = crate::support::sign("bakery/till", &payload);
        let answer = town.server.submit(&town.coalition, &compact);
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[test]
fn a_key_that_the_house_does_not_hold_is_not_proposed() {
    let town = Town::new();
    let origin = &town.coalition.origin;
    let (old, strange) = (ledger_signer(origin, ""), ledger_signer(origin, "strange"));
    let ops = json!([{"op": "propose", "id": "p", "action": add(&old, &strange)}]);
    let answer = town.send("house/govern-1", "propose", &ops);
    assert_eq!(answer.status, 409);
    assert_eq!(answer.code(), "ledger_key_missing");
    assert!(
        answer.text().contains("next_ledger_key_file"),
        "{}",
        answer.text()
    );
    // A handover between keys of another ledger is none of this one.
    let elsewhere = "other.example/coalition-0123abcd";
    let (from, to) = (
        ledger_signer(elsewhere, ""),
        ledger_signer(elsewhere, "next"),
    );
    let ops = json!([{"op": "propose", "id": "p", "action": add(&from, &to)}]);
    let answer = town.send("house/govern-1", "elsewhere", &ops);
    assert_eq!(answer.code(), "malformed");
}
