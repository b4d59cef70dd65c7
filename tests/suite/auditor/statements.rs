//! Statements as a partner gets them: right, with one digit changed, and signed by somebody else.

use super::{Given, trade, verify};
use crate::support::{Coalition, public_key, signer};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tallyhouse::domain::time::Day;
use tallyhouse::proof::jws::{Typ, sign};

fn given() -> (Coalition, Given, PathBuf) {
    let coalition = Coalition::simulated("stated");
    let settlement = coalition.settlement();
    trade(&coalition, 1);
    let day = Day::parse("2026-03-01").expect("a day");
    settlement.settle(Some(day)).expect("it settles");
    trade(&coalition, 2);
    let folder = settlement.settings().windows_dir.join("0");
    settlement.close();
    let given = Given::of(&coalition);
    (coalition, given, folder)
}

fn statement(file: &Path, more: &[&str]) -> (i32, Value) {
    let file = file.display().to_string();
    let mut all = vec!["statement", "--json", &file];
    all.extend(more);
    verify(&all)
}

#[test]
fn a_statement_is_checked_by_signature_by_what_binds_it_and_byte_for_byte() {
    let (_coalition, given, folder) = given();
    let (json, jws) = (
        folder.join("statements/bakery.json"),
        folder.join("statements/bakery.jws"),
    );
    let stated = folder
        .join("statements/bakery.stated.json")
        .display()
        .to_string();
    let ledger = given.path("entries.cbor").display().to_string();
    let tiles = given.tiles().display().to_string();
    let vkey = given.vkey();
    let key = public_key("house/operate-1");
    for file in [&json, &jws] {
        for ledger in [&ledger, &tiles] {
            let with = ["--stated", &stated, "--ledger", ledger, "--vkey", &vkey];
            let (code, said) = statement(file, &with);
            assert_eq!(code, 0, "{said}");
            assert_eq!(said["ledger_compared"], true);
        }
        let (code, said) = statement(file, &["--stated", &stated]);
        assert_eq!((code, &said["ledger_compared"]), (0, &Value::Bool(false)));
        assert_eq!(
            statement(file, &[]).0,
            2,
            "there is nothing to compare with"
        );
    }
    assert_eq!(statement(&jws, &["--key", &key]).0, 0);
    assert_eq!(
        statement(&json, &["--key", &key]).0,
        2,
        "it has no signature"
    );
    assert_eq!(
        statement(&jws, &["--key", &public_key("house/govern-1")]).0,
        1
    );
    let window = folder.join("window.jws");
    assert_eq!(
        statement(&window, &["--ledger", &ledger, "--key", &key]).0,
        0
    );
    let of_another = folder
        .join("statements/grocer.stated.json")
        .display()
        .to_string();
    assert_eq!(statement(&json, &["--stated", &of_another]).0, 1);
}

#[test]
fn one_digit_changed_is_found_and_named_whoever_signs_it() {
    let (_coalition, given, folder) = given();
    let json = std::fs::read(folder.join("statements/bakery.json")).unwrap();
    let stated = folder
        .join("statements/bakery.stated.json")
        .display()
        .to_string();
    let ledger = given.path("entries.cbor").display().to_string();
    let text = String::from_utf8(json.clone()).unwrap();
    let at = text.find("\"closing\":4").expect("a number") + 10;
    let mut changed = json.clone();
    changed[at] = b'5';
    let file = given.write("changed.json", &changed);
    let (code, said) = statement(&file, &["--stated", &stated]);
    assert_eq!(code, 1, "{said}");
    let (code, said) = statement(&file, &["--ledger", &ledger]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said["findings"][0]
            .as_str()
            .unwrap()
            .contains("/liability/closing"),
        "{said}"
    );
    for (kid, payload, code) in [
        ("house/operate-1", &json, 0),
        ("house/operate-1", &changed, 1),
        ("house/govern-1", &json, 1),
        ("bakery/till", &json, 1),
        ("house/unknown", &json, 1),
    ] {
        let signed = sign(Typ::Statement, payload, &signer(kid));
        let file = given.write("signed.jws", signed.as_bytes());
        let (found, said) = statement(&file, &["--ledger", &ledger]);
        assert_eq!(found, code, "{kid}: {said}");
    }
    let mut spaced = text.clone();
    spaced.insert(1, ' ');
    for (name, bytes) in [
        ("spaced", spaced.as_bytes()),
        ("cut", &json[..json.len() - 1]),
        ("empty", b""),
        ("other", b"{\"format\":\"tallyhouse-statement/2\"}"),
        ("deep", "[".repeat(100_000).as_bytes()),
        (
            "token",
            sign(Typ::Token, &json, &signer("house/operate-1")).as_bytes(),
        ),
    ] {
        let file = given.write(name, bytes);
        let (code, said) = statement(&file, &["--ledger", &ledger]);
        assert_eq!(code, 1, "{name}: {said}");
    }
}

#[test]
fn windows_are_listed_with_what_binds_their_statements() {
    let (_coalition, given, folder) = given();
    let ledger = given.path("entries.cbor").display().to_string();
    let (code, said) = verify(&["windows", "--json", &ledger]);
    assert_eq!(code, 0, "{said}");
    let stated = std::fs::read(folder.join("statements/bakery.stated.json")).unwrap();
    let stated: Value = serde_json::from_slice(&stated).unwrap();
    let window = &said["windows"][0];
    assert_eq!(window["state"], "stated");
    assert_eq!(window["statements_root"], stated["root"]);
    assert_eq!(window["stated_in"], stated["entry"]);
    assert_eq!(said["windows"][1]["state"], "open");
    // A window that is not stated has no statement to be written again.
    let entry = usize::try_from(stated["entry"].as_u64().unwrap()).unwrap();
    let origin = given.signer.verifier_key().name().to_owned();
    let before = Given::made(given.entries[..entry].to_vec(), &origin);
    let before = before.path("entries.cbor").display().to_string();
    let file = folder.join("statements/bakery.json");
    assert_eq!(statement(&file, &["--ledger", &before]).0, 2);
}
