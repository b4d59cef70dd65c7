//! Folders of masters, good and bad, and what the ledger says about them.

use super::*;
use crate::domain::ids::OpAt;
use crate::domain::submission::Action;
use crate::domain::time::Micros;
use crate::proof::base64url;
use crate::proof::hex::encode as hex;
use crate::proof::payload;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use tempfile::TempDir;

const BAKERY: &str = "\
party = \"bakery\"
salt = \"000102030405060708090a0b0c0d0e0f\"
legal_name = \"Example Bakery Ltd\"
street = \"1 Sample Street\"
postcode = \"00000\"
town = \"Sampletown\"
country = \"DE\"
iban = \"DE00000000000000000000\"

[mandate]
id = \"M-1\"
signed_on = \"2026-01-02\"
";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn message(files: &[(&str, &str)]) -> String {
    load(folder(files).path()).unwrap_err().to_string()
}

fn of_party(party: &str) -> String {
    BAKERY.replace("bakery", party)
}

/// A ledger's governance, in which partners are registered with the hashes given.
fn governance(partners: &[(&str, Option<[u8; 32]>)]) -> Governance {
    let submission = |ops: Value| {
        let text = json!({"ledger": "localhost/a-00000000", "submission": "s", "ops": ops,
            "valid_until": "2026-01-01T00:00:00Z"});
        payload::parse(text.to_string().as_bytes(), Some(2))
            .unwrap()
            .ops
    };
    let public = |secret: u8| {
        let key = SigningKey::from_bytes(&[secret; 32]).verifying_key();
        base64url::encode(key.as_bytes())
    };
    let keys = [("g1", "govern"), ("g2", "govern"), ("o1", "operate")];
    let keys = keys.iter().zip(1_u8..).map(
        |((id, scope), secret)| json!({"key": id, "public_key": public(secret), "scopes": [scope]}),
    );
    let found = json!([{"op": "found", "id": "f", "programme": "a", "currency": "EUR",
        "point_scale": 0, "settlement_model": "issuer_pays", "clawback": "issuer_bears",
        "utc_offset_min": 0, "clock": "real", "rules_version": 1, "settings": {},
        "ledger_key": public(9), "keys": keys.collect::<Vec<_>>()}]);
    let Action::Found(found) = submission(found).remove(0).action else {
        panic!("the op is found");
    };
    let mut governance = Governance::founded(&found, OpAt { entry: 0, op: 0 }, Micros(0));
    for (partner, hash) in partners {
        let mut op = json!({"op": "partner_set", "id": "p", "partner": partner, "roles": ["issue"],
            "status": "active"});
        if let Some(hash) = hash {
            op["master_sha256"] = json!(hex(hash));
        }
        let Action::PartnerSet(set) = submission(json!([op])).remove(0).action else {
            panic!("the op is partner_set");
        };
        governance.set_partner(&set).unwrap();
    }
    governance
}

#[test]
fn masters_are_read_by_party() {
    let (house, text) = (of_party("house"), BAKERY);
    let folder = folder(&[
        ("house.toml", &house),
        ("bakery.toml", text),
        ("README.md", "about"),
        (".bakery.toml", "an editor's"),
        ("bakery.toml.bak", "kept"),
    ]);
    let masters = load(folder.path()).unwrap();
    let parties: Vec<&str> = masters.keys().map(Name::as_str).collect();
    assert_eq!(parties, ["bakery", "house"]);
    let bakery = &masters[&Name::parse("bakery").unwrap()];
    let mandate = bakery.mandate.as_ref().unwrap();
    assert_eq!(mandate.signed_on.to_string(), "2026-01-02");
    assert_eq!(bakery.bic, None);
    assert_eq!(load(&folder.path().join("absent")).unwrap(), Masters::new());
}

#[test]
fn a_file_that_holds_no_master_is_named_with_what_to_do() {
    let other = message(&[("cinema.toml", BAKERY)]);
    assert!(
        other.contains("cinema.toml holds the master of bakery"),
        "{other}"
    );
    for name in ["Bakery.toml", "bakery.1.toml", "é.toml"] {
        let unnamed = message(&[(name, BAKERY)]);
        assert!(unnamed.contains("is not named like a party"), "{unnamed}");
    }
    let long = format!("{BAKERY}#{}", "é".repeat(FILE_BYTES_MAX));
    let long = message(&[("bakery.toml", &long)]);
    assert!(long.contains("is longer than 65536 bytes"), "{long}");
    for (from, to, expected) in [
        ("town", "city", "unknown field `city`"),
        ("party = \"bakery\"\n", "", "missing field `party`"),
        ("2026-01-02", "02.01.2026", "a day is YYYY-MM-DD"),
        ("signed_on", "signed_at", "unknown field `signed_at`"),
        ("party = ", "party : ", "expected `=`"),
    ] {
        let folder = folder(&[("bakery.toml", &BAKERY.replace(from, to))]);
        let error = load(folder.path()).unwrap_err();
        assert!(
            error.to_string().contains("bakery.toml holds no master"),
            "{error}"
        );
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(expected), "{source}");
    }
}

#[test]
fn the_number_of_masters_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..=FILES_MAX {
        File::create(folder.path().join(format!("{number}.toml"))).unwrap();
    }
    let error = files(folder.path()).unwrap_err().to_string();
    assert!(error.contains("holds more than 10001 masters"), "{error}");
    fs::remove_file(folder.path().join("0.toml")).unwrap();
    assert_eq!(files(folder.path()).unwrap().len(), FILES_MAX);
}

#[test]
fn only_masters_that_the_ledger_vouches_for_count() {
    let texts = ["house", "bakery", "cinema", "florist", "kiosk"].map(of_party);
    let masters: Masters = texts
        .iter()
        .map(|text| toml::from_str::<Master>(text).unwrap())
        .map(|master| (master.party, master))
        .collect();
    let hash_of = |party: &str| masters[&Name::parse(party).unwrap()].sha256();
    let partners = [
        ("bakery", Some(hash_of("bakery"))),
        ("cinema", Some(hash_of("bakery"))),
        ("florist", None),
    ];
    let governance = governance(&partners);
    let (bound, unbound) = bound(masters.clone(), &governance);
    let parties: Vec<&str> = bound.keys().map(Name::as_str).collect();
    assert_eq!(parties, ["bakery", "house"]);
    let reasons: Vec<_> = unbound
        .iter()
        .map(|one| (one.party.as_str(), one.reason.as_str(), one.in_ledger))
        .collect();
    let expected = [
        ("cinema", "differs", Some(hash_of("bakery"))),
        ("florist", "missing_hash", None),
        ("kiosk", "not_registered", None),
    ];
    assert_eq!(reasons, expected);
    assert_eq!(unbound[0].in_file, hash_of("cinema"));
}

#[test]
fn a_changed_account_number_unbinds_a_master() {
    let master: Master = toml::from_str(BAKERY).unwrap();
    let governance = governance(&[("bakery", Some(master.sha256()))]);
    let mut changed = master.clone();
    changed.iban.replace_range(21..22, "1");
    let (bound, unbound) = bound(Masters::from([(master.party, changed)]), &governance);
    assert!(bound.is_empty());
    assert_eq!(unbound[0].reason, UnboundReason::Differs);
    assert_eq!(unbound[0].in_ledger, Some(master.sha256()));
}
