//! A house to be measured: a founded ledger in whichever store.

use super::{NOW_S, ORIGIN, signer};
use serde_json::{Value, json};
use std::sync::Arc;
use tallyhouse::domain::time::Micros;
use tallyhouse::ledger::commit::Acknowledged;
use tallyhouse::ledger::store::{LogStore, StateStore};
use tallyhouse::ledger::{self, Ledger, Setup};
use tallyhouse::platform::clock::Clock;
use tallyhouse::platform::config::Config;
use tallyhouse::proof::base64url;
use tallyhouse::proof::envelope;
use tallyhouse::proof::jws::{self, Typ};
use tallyhouse::proof::keys::{Kid, Signer};
use tallyhouse::proof::note::NoteSigner;

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

/// A founded ledger in stores, with one partner that may submit.
pub fn open(log: Arc<dyn LogStore>, state: Arc<dyn StateStore>) -> Ledger {
    let now = Micros::from_seconds(NOW_S);
    let found = sign(&house("govern-1"), "found", &founding());
    ledger::found(log.as_ref(), note(), found.as_bytes(), now).expect("it is founded");
    let ledger = Ledger::open(Setup {
        log,
        state,
        signers: vec![note()],
        clock: Arc::new(Clock::simulated(now.0)),
        settings: Config::default().writer,
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
    for (by, id, ops) in [
        ("govern-1", "s1", set),
        ("govern-1", "s2", propose),
        ("govern-2", "s3", approve),
    ] {
        submit(&ledger, &sign(&house(by), id, &ops));
    }
    ledger
}

/// Has a ledger take an envelope.
pub fn submit(ledger: &Ledger, compact: &str) {
    let view = ledger.view();
    let opened = envelope::open(compact.as_bytes(), ORIGIN, 2, &*view.keys).expect("valid");
    let told = ledger.submit_blocking(opened);
    assert!(matches!(told, Ok(Acknowledged::New(_))), "{told:?}");
}
