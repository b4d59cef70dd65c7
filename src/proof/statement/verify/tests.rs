//! What binds a statement, checked and tampered with.

use super::*;
use crate::domain::ids::{Name, Reference};
use crate::proof::jws;
use crate::proof::keys::Signer;
use crate::proof::statement::Hashes;

const STATEMENT: &[u8] = include_bytes!("../../../../tests/suite/render/statement.json");

/// The example in its one form.
fn canonical() -> Canonical {
    let statement: Statement = serde_json::from_slice(STATEMENT).unwrap();
    Canonical::of(&statement)
}

fn signer(kid: &str) -> Signer {
    Signer::new(Kid::parse(kid).unwrap(), &[7; 32])
}

/// What binds the example as the second of three.
fn stated() -> (Opened, Stated) {
    let opened = open(&canonical().json).unwrap();
    let partner = opened.statement.partner;
    let others = [("a", [1; 32]), ("zoo", [2; 32])];
    let mut hashes = vec![(partner, opened.sha256)];
    hashes.extend(others.map(|(name, hash)| (Name::parse(name).unwrap(), hash)));
    hashes.sort();
    let window = opened.statement.identity.window;
    let submission = Reference::parse("state-0-9").unwrap();
    let all = Hashes::new(hashes).stated(window, 9, submission);
    let stated = all.into_iter().find(|stated| stated.partner == partner);
    (opened, stated.unwrap())
}

#[test]
fn a_signed_statement_holds_and_no_digit_of_it_can_be_changed() {
    let canonical = canonical();
    let house = signer("house/operate-1");
    let compact = jws::sign(Typ::Statement, &canonical.json, &house);
    let jws = split(compact.as_bytes()).unwrap();
    let key = house.public_key();
    assert_eq!(verify_signature(&jws, &key), Ok(()));
    assert_eq!(open(&jws.payload).unwrap().sha256, canonical.sha256);
    let other = Signer::new(house.kid().clone(), &[8; 32]).public_key();
    assert_eq!(
        verify_signature(&jws, &other),
        Err(StatementError::Signature)
    );
    for (place, byte) in compact.bytes().enumerate() {
        let mut changed = compact.clone().into_bytes();
        changed[place] = if byte == b'A' { b'B' } else { b'A' };
        let holds = split(&changed).is_ok_and(|jws| verify_signature(&jws, &key).is_ok());
        assert!(!holds, "byte {place}");
    }
}

#[test]
fn a_statement_that_a_partner_signs_is_refused() {
    let compact = jws::sign(Typ::Statement, b"{}", &signer("bakery/till-1"));
    let refused = split(compact.as_bytes()).unwrap_err();
    assert!(
        refused.to_string().contains("no key of the house"),
        "{refused}"
    );
    let token = jws::sign(Typ::Token, b"{}", &signer("house/operate-1"));
    assert!(matches!(
        split(token.as_bytes()),
        Err(StatementError::Jws(_))
    ));
}

#[test]
fn only_the_one_form_of_a_known_format_is_read() {
    let json = String::from_utf8(canonical().json).unwrap();
    assert!(open(json.as_bytes()).is_ok());
    for (text, said) in [
        (format!("{json}\n"), "RFC 8785"),
        (json.replacen(':', ": ", 1), "RFC 8785"),
        (
            json.replace("tallyhouse-statement/1", "tallyhouse-statement/2"),
            "the format is",
        ),
        (
            json.replacen('{', "{\"more\":1,", 1),
            "unknown field `more`",
        ),
        ("{}".to_owned(), "missing field"),
        (String::new(), "not a statement"),
    ] {
        let refused = open(text.as_bytes()).unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
}

#[test]
fn a_statement_is_under_its_root_and_another_is_not() {
    let (mut opened, stated) = stated();
    assert_eq!(verify_stated(&opened, &stated), Ok(()));
    assert_eq!(verify_inclusion(&stated), Ok(()));
    let changes: [fn(&mut Stated); 6] = [
        |s| s.sha256 = "0".repeat(64),
        |s| s.root = "0".repeat(64),
        |s| s.place = 2,
        |s| s.count = 1,
        |s| s.proof.truncate(1),
        |s| s.proof[0] = "0".repeat(64),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = stated.clone();
        change(&mut changed);
        let refused = verify_inclusion(&changed);
        assert_eq!(refused, Err(StatementError::NotIncluded), "{number}");
    }
    let mut upper = stated.clone();
    upper.root = upper.root.to_uppercase();
    assert_eq!(
        verify_inclusion(&upper),
        Err(StatementError::Digits("root"))
    );
    opened.sha256[0] ^= 1;
    let refused = verify_stated(&opened, &stated).unwrap_err().to_string();
    assert!(refused.starts_with("SHA-256 is "), "{refused}");
}
