//! pain.001 and pain.008: what the house pays and collects, and why there is no file.

use super::xml::{Example, ending, name, texts};
use serde_json::{Value, json};
use std::error::Error;
use tallyhouse::render::account::AccountError;
use tallyhouse::render::master::MasterError;
use tallyhouse::render::pain::PaymentFileError;
use tallyhouse::render::pain001::payments;
use tallyhouse::render::pain008::{collections, uncollected};

type Made = Result<Option<Vec<u8>>, PaymentFileError>;

/// The texts of a file that must have been made.
fn file(made: Made) -> Vec<(String, String)> {
    texts(&made.expect("no error").expect("a file"))
}

fn paid(example: &Example) -> Made {
    let made = example.with_window(payments);
    assert_eq!(made, example.with_window(payments), "made twice");
    made
}

fn collected(example: &Example) -> Made {
    let made = example.with_window(collections);
    assert_eq!(made, example.with_window(collections), "made twice");
    made
}

/// A payment like one of the example with some of its fields changed.
fn payment(example: &Example, number: usize, changes: &[(&str, &str)]) -> Value {
    let mut payment = example.document["payments"][number].clone();
    for (field, text) in changes {
        payment[*field] = json!(text);
    }
    payment
}

fn wrong(party: &str, source: MasterError) -> Made {
    let party = name(party);
    Err(PaymentFileError::Master { party, source })
}

#[test]
fn the_house_pays_what_it_owes() {
    let file = file(paid(&Example::new()));
    for (path, expected) in [
        ("GrpHdr/MsgId", "7-C-25cd9bffa10545e4"),
        ("GrpHdr/CreDtTm", "2026-03-03T02:00:01Z"),
        ("GrpHdr/NbOfTxs", "1"),
        ("GrpHdr/CtrlSum", "3353.77"),
        ("PmtInf/PmtInfId", "7-C-25cd9bffa10545e4-1"),
        ("PmtInf/PmtMtd", "TRF"),
        ("PmtInf/CtrlSum", "3353.77"),
        ("SvcLvl/Cd", "SEPA"),
        ("ReqdExctnDt/Dt", "2026-03-05"),
        ("PmtInf/Dbtr/Nm", "Tallyhouse Clearing GmbH"),
        ("DbtrAcct/Id/IBAN", "DE02120300000000202051"),
        ("DbtrAgt/FinInstnId/BICFI", "BYLADEM1001"),
        ("PmtInf/ChrgBr", "SLEV"),
        ("PmtId/EndToEndId", "RF560123ABCD00070003"),
        ("Amt/InstdAmt", "3353.77"),
        ("Amt/InstdAmt@Ccy", "EUR"),
        ("CdtrAgt/FinInstnId/BICFI", "BNBGBGSF"),
        ("CdtTrfTxInf/Cdtr/Nm", "Kinoteatr .Zvezda. OOD"),
        ("Cdtr/PstlAdr/StrtNm", "ul. Shipka 9"),
        ("Cdtr/PstlAdr/Ctry", "BG"),
        ("CdtrAcct/Id/IBAN", "BG80BNBG96611020345678"),
        ("CdtrRefInf/Tp/CdOrPrtry/Cd", "SCOR"),
        ("CdtrRefInf/Tp/Issr", "ISO"),
        ("CdtrRefInf/Ref", "RF560123ABCD00070003"),
    ] {
        assert_eq!(ending(&file, path), [expected], "{path}");
    }
}

#[test]
fn structured_remittance_has_at_most_140_characters() {
    let made = paid(&Example::new()).expect("no error").expect("a file");
    let made = String::from_utf8(made).expect("UTF-8");
    let (_, behind) = made.split_once("<Strd>").expect("it is structured");
    let (inside, _) = behind.split_once("</Strd>").expect("it ends");
    let characters: usize = inside.lines().map(|line| line.trim().chars().count()).sum();
    // The longest reference has 25 characters, this one 20.
    assert!(characters + 5 <= 140, "{characters}: {inside}");
}

#[test]
fn payments_are_grouped_by_due_day_and_service_level() {
    let mut example = Example::new();
    let house_pays = |amount, due_on, creditor| {
        let changes = [
            ("amount", amount),
            ("due_on", due_on),
            ("creditor", creditor),
        ];
        payment(&example, 0, &changes)
    };
    let all = [
        house_pays("1.10", "2026-03-06", "cinema"),
        house_pays("2.20", "2026-03-05", "bakery"),
        house_pays("3.30", "2026-03-06", "grocery"),
        house_pays("4.40", "2026-03-05", "cinema"),
    ];
    example.document["payments"] = json!(all);
    example.master("cinema").iban = "SA0380000000608010167519".to_owned();
    example.master("house").bic = None;
    let file = file(paid(&example));
    let expected = ["2026-03-05", "2026-03-05", "2026-03-06", "2026-03-06"];
    assert_eq!(ending(&file, "ReqdExctnDt/Dt"), expected);
    let expected = ["4.40", "2.20", "1.10", "3.30"];
    assert_eq!(ending(&file, "PmtInf/CtrlSum"), expected);
    assert_eq!(ending(&file, "Amt/InstdAmt"), expected);
    assert_eq!(ending(&file, "GrpHdr/CtrlSum"), ["11.00"]);
    assert_eq!(ending(&file, "GrpHdr/NbOfTxs"), ["4"]);
    assert_eq!(ending(&file, "SvcLvl/Cd").len(), 2);
    assert_eq!(ending(&file, "PmtInf/ChrgBr").len(), 2);
    let banks = ending(&file, "DbtrAgt/FinInstnId/Othr/Id");
    assert_eq!(banks, ["NOTPROVIDED"; 4]);
}

#[test]
fn other_currencies_go_without_a_service_level_and_with_their_decimals() {
    let mut example = Example::new();
    example.document["identity"]["currency"] = json!("JPY");
    let yen = payment(&example, 0, &[("amount", "335377")]);
    example.document["payments"] = json!([yen]);
    let file = file(paid(&example));
    assert_eq!(ending(&file, "Amt/InstdAmt"), ["335377"]);
    assert_eq!(ending(&file, "Amt/InstdAmt@Ccy"), ["JPY"]);
    assert_eq!(ending(&file, "GrpHdr/CtrlSum"), ["335377"]);
    assert!(ending(&file, "SvcLvl/Cd").is_empty());
    assert!(ending(&file, "ChrgBr").is_empty());
}

#[test]
fn there_is_no_file_without_payments() {
    let mut example = Example::new();
    example.masters.clear();
    example.document["payments"] = json!([]);
    assert_eq!(paid(&example), Ok(None));
    assert_eq!(collected(&example), Ok(None));
    assert!(example.with_window(uncollected).is_empty());
}

#[test]
fn payments_between_partners_are_in_neither_file() {
    let mut example = Example::new();
    example.document["identity"]["netting"] = json!("bilateral");
    let between = payment(&example, 1, &[("creditor", "cinema")]);
    example.document["payments"] = json!([between]);
    assert_eq!(paid(&example), Ok(None));
    assert_eq!(collected(&example), Ok(None));
    assert!(example.with_window(uncollected).is_empty());
}

#[test]
fn a_master_that_is_missing_or_wrong_stops_the_file() {
    let mut example = Example::new();
    example.masters.remove(&name("house"));
    assert_eq!(paid(&example), Err(PaymentFileError::HouseUnknown));
    assert_eq!(collected(&example), Err(PaymentFileError::HouseUnknown));

    let mut example = Example::new();
    example.masters.remove(&name("cinema"));
    let party = name("cinema");
    let unknown = PaymentFileError::PartnerUnknown { party };
    assert_eq!(paid(&example), Err(unknown.clone()));
    let said = unknown.to_string();
    assert!(
        said.contains("cinema") && said.contains("partner_set"),
        "{said}"
    );

    let mut example = Example::new();
    example.master("cinema").iban = "BG80BNBG96611020345679".to_owned();
    let source = MasterError::Iban(AccountError::IbanCheck);
    assert_eq!(paid(&example), wrong("cinema", source));
    let error = paid(&example).expect_err("the IBAN is wrong");
    assert!(error.to_string().contains("cinema") && error.source().is_some());

    let mut example = Example::new();
    example.master("house").bic = Some("BYLADEM".to_owned());
    let source = MasterError::Bic(AccountError::BicForm);
    assert_eq!(paid(&example), wrong("house", source.clone()));
    assert_eq!(collected(&example), wrong("house", source));

    let mut example = Example::new();
    example.master("bakery").iban = "DE0250010517013707503".to_owned();
    let source = MasterError::Iban(AccountError::IbanLength {
        country: "DE".to_owned(),
        expected: 22,
        found: 21,
    });
    assert_eq!(collected(&example), wrong("bakery", source));
}

#[test]
fn references_and_amounts_that_banks_refuse_stop_the_file() {
    let mut example = Example::new();
    example.document["payments"][0]["reference"] = json!("RF560123ABCD00070004");
    let (party, reference) = (name("cinema"), "RF560123ABCD00070004".to_owned());
    let source = AccountError::ReferenceCheck;
    let expected = PaymentFileError::Reference {
        party,
        reference,
        source,
    };
    assert_eq!(paid(&example), Err(expected));

    let mut example = Example::new();
    for (number, party) in [(0, "cinema"), (1, "bakery")] {
        example.document["payments"][number]["amount"] = json!("1000000000.00");
        let reference = &example.document["payments"][number]["reference"];
        let reference = reference.as_str().expect("a text").to_owned();
        let party = name(party);
        let expected = Err(PaymentFileError::Amount { party, reference });
        let made = if number == 0 {
            paid(&example)
        } else {
            collected(&example)
        };
        assert_eq!(made, expected);
    }
}

#[test]
fn the_house_collects_under_mandates() {
    let example = Example::new();
    let file = file(collected(&example));
    for (path, expected) in [
        ("GrpHdr/MsgId", "7-D-25cd9bffa10545e4"),
        ("GrpHdr/NbOfTxs", "2"),
        ("GrpHdr/CtrlSum", "3485.23"),
        ("PmtInf/PmtMtd", "DD"),
        ("SvcLvl/Cd", "SEPA"),
        ("LclInstrm/Cd", "B2B"),
        ("PmtTpInf/SeqTp", "RCUR"),
        ("ReqdColltnDt", "2026-03-05"),
        ("CdtrAcct/Id/IBAN", "DE02120300000000202051"),
        ("CdtrSchmeId/Id/PrvtId/Othr/Id", "DE98ZZZ09999999999"),
        ("Othr/SchmeNm/Prtry", "SEPA"),
    ] {
        assert_eq!(ending(&file, path), [expected], "{path}");
    }
    assert_eq!(ending(&file, "InstdAmt"), ["791.97", "2693.26"]);
    let mandates = ending(&file, "MndtRltdInf/MndtId");
    assert_eq!(mandates, ["TH-BAKERY-1", "TH-GROCERY-1"]);
    let signed_on = ending(&file, "MndtRltdInf/DtOfSgntr");
    assert_eq!(signed_on, ["2026-01-15", "2026-01-16"]);
    let names = ending(&file, "DrctDbtTxInf/Dbtr/Nm");
    let expected = ["Backerei Moller + Sohne KG", "Grocery + Co. Handels AG"];
    assert_eq!(names, expected);
    assert_eq!(ending(&file, "DbtrAgt/FinInstnId/BICFI"), ["INGDDEFF"]);
    assert_eq!(ending(&file, "DbtrAgt/FinInstnId/Othr/Id"), ["NOTPROVIDED"]);
    assert!(example.with_window(uncollected).is_empty());
}

#[test]
fn partners_without_a_mandate_are_left_out_and_listed() {
    let mut example = Example::new();
    example.master("bakery").mandate = None;
    let made = file(collected(&example));
    assert_eq!(ending(&made, "InstdAmt"), ["2693.26"]);
    assert_eq!(example.with_window(uncollected), [name("bakery")]);

    example.masters.remove(&name("grocery"));
    assert_eq!(collected(&example), Ok(None));
    let both = [name("bakery"), name("grocery")];
    assert_eq!(example.with_window(uncollected), both);
}

#[test]
fn mandates_that_cannot_be_used_stop_the_file() {
    let mut example = Example::new();
    example.master("house").creditor_id = None;
    assert_eq!(
        collected(&example),
        Err(PaymentFileError::CreditorIdMissing)
    );

    let mut example = Example::new();
    example.document["identity"]["currency"] = json!("CHF");
    let (party, currency) = (name("bakery"), "CHF".to_owned());
    let expected = Err(PaymentFileError::NotEuro { party, currency });
    assert_eq!(collected(&example), expected);

    let mut example = Example::new();
    example.master("grocery").iban = "SA0380000000608010167519".to_owned();
    let (party, country) = (name("grocery"), "SA".to_owned());
    let expected = Err(PaymentFileError::NotSepa { party, country });
    assert_eq!(collected(&example), expected);
}
