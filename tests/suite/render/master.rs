//! Masters: what each field takes, and what a wrong one is told.

use super::xml::Example;
use std::error::Error;
use tallyhouse::render::account::AccountError;
use tallyhouse::render::master::{Master, MasterError};

/// What is said of the bakery's or the house's master after a change.
fn said(party: &str, change: impl FnOnce(&mut Master)) -> Result<(), MasterError> {
    let mut example = Example::new();
    let master = example.master(party);
    change(master);
    master.check()
}

#[test]
fn the_example_breaks_no_rule() {
    for (party, master) in Example::new().masters {
        assert_eq!(master.check(), Ok(()), "{party}");
    }
    let longest = |master: &mut Master| {
        master.legal_name = "Ж".repeat(70);
        master.postcode = "1".repeat(16);
        master.town = "é".repeat(35);
        master.tax_id = None;
        master.bic = None;
        master.salt = "aB".repeat(64);
    };
    assert_eq!(said("bakery", longest), Ok(()));
}

#[test]
fn texts_are_neither_empty_nor_too_long_nor_padded() {
    let length = |field, found, characters_max| {
        Err(MasterError::Length {
            field,
            found,
            characters_max,
        })
    };
    let name = |text: &str| said("bakery", |master| master.legal_name = text.to_owned());
    assert_eq!(name(""), length("legal_name", 0, 70));
    assert_eq!(name(&"é".repeat(71)), length("legal_name", 71, 70));
    let field = "legal_name";
    for padded in [" a", "a ", "a\u{a0}", "a\nb", "a\u{7}b"] {
        assert_eq!(name(padded), Err(MasterError::Characters { field }));
    }
    let town = said("bakery", |master| master.town = "a".repeat(36));
    assert_eq!(town, length("town", 36, 35));
    let street = said("bakery", |master| master.street = "a".repeat(71));
    assert_eq!(street, length("street", 71, 70));
    let postcode = said("bakery", |master| master.postcode = "1".repeat(17));
    assert_eq!(postcode, length("postcode", 17, 16));
    let tax_id = said("bakery", |master| master.tax_id = Some(String::new()));
    assert_eq!(tax_id, length("tax_id", 0, 35));
}

#[test]
fn salts_are_random_enough_to_hide_an_account() {
    for salt in [
        "",
        "00",
        &"0".repeat(31),
        &"0".repeat(33),
        &"g".repeat(32),
        &"0".repeat(130),
    ] {
        let salt = said("bakery", |master| master.salt = salt.to_owned());
        assert_eq!(salt, Err(MasterError::Salt));
    }
}

#[test]
fn countries_and_accounts_are_checked() {
    for country in ["de", "DEU", "D", "D1", "Д"] {
        let country = said("bakery", |master| master.country = country.to_owned());
        assert_eq!(country, Err(MasterError::Country));
    }
    let iban = said("bakery", |master| {
        master.iban = "DE02500105170137075031".to_owned();
    });
    assert_eq!(iban, Err(MasterError::Iban(AccountError::IbanCheck)));
    let error = iban.expect_err("the check digits do not fit");
    assert_eq!(error.to_string(), "`iban` is wrong; copy it anew");
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(source.contains("check digits"), "{source}");

    let bic = said("bakery", |master| master.bic = Some("INGDDE".to_owned()));
    assert_eq!(bic, Err(MasterError::Bic(AccountError::BicForm)));
    let id = said("house", |master| {
        master.creditor_id = Some("DE97ZZZ09999999999".to_owned());
    });
    let expected = MasterError::CreditorId(AccountError::CreditorIdCheck);
    assert_eq!(id, Err(expected));
}

#[test]
fn the_house_gives_no_mandate_and_partners_have_no_creditor_id() {
    let mut example = Example::new();
    let mandate = example.master("bakery").mandate.clone();
    let house = said("house", |master| master.mandate = mandate);
    assert_eq!(house, Err(MasterError::MandateOfHouse));
    let id = example.master("house").creditor_id.clone();
    let partner = said("bakery", |master| master.creditor_id = id);
    assert_eq!(partner, Err(MasterError::CreditorIdOfPartner));
}

#[test]
fn mandate_ids_are_what_banks_take() {
    let mandate_id = |id: &str| {
        said("bakery", |master| {
            master.mandate.as_mut().expect("it has one").id = id.to_owned();
        })
    };
    assert_eq!(mandate_id("TH/2026 (1)+2"), Ok(()));
    for id in ["TH&1", "ТН-1", "/TH", "TH/", "T//H"] {
        assert_eq!(mandate_id(id), Err(MasterError::MandateId), "{id}");
    }
}
