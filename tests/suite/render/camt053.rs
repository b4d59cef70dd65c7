//! camt.053: opening and entries come to closing, and every line and payment is there.

use super::xml::{Example, ending, texts};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tallyhouse::render::camt053::statement;

/// Opening, each entry and closing, with their signs, as the file says them.
fn balances(file: &[(String, String)]) -> (Decimal, Vec<Decimal>, Decimal) {
    let signed = |element: &str| -> Vec<Decimal> {
        let amounts = ending(file, &format!("Stmt/{element}/Amt"));
        let signs = ending(file, &format!("Stmt/{element}/CdtDbtInd"));
        assert_eq!(amounts.len(), signs.len());
        let amounts = amounts.into_iter().zip(signs);
        amounts
            .map(|(amount, sign)| {
                let amount: Decimal = amount.parse().expect("an amount");
                if sign == "DBIT" { -amount } else { amount }
            })
            .collect()
    };
    let codes = ending(file, "Bal/Tp/CdOrPrtry/Cd");
    assert_eq!(codes, ["OPBD", "CLBD"]);
    let bounds = signed("Bal");
    (bounds[0], signed("Ntry"), bounds[1])
}

/// Makes the file and checks what must hold of every one.
fn checked(example: &Example) -> Vec<(String, String)> {
    let file = example.with_sheet(statement);
    assert_eq!(file, example.with_sheet(statement), "made twice");
    let file = texts(&file);
    let (opening, entries, closing) = balances(&file);
    assert_eq!(opening + entries.iter().sum::<Decimal>(), closing);
    let said = |key: &str| -> Decimal {
        let text = example.statement["account"][key].as_str().expect("a text");
        text.parse().expect("an amount")
    };
    assert_eq!((opening, closing), (said("opening"), said("closing")));
    let count = entries.len().to_string();
    assert_eq!(ending(&file, "TtlNtries/NbOfNtries"), [count]);
    let net: Decimal = ending(&file, "TtlNetNtry/Amt")[0]
        .parse()
        .expect("an amount");
    assert_eq!(net, (closing - opening).abs());
    file
}

fn set_account(example: &mut Example, opening: &str, net: &str, closing: &str) {
    let account = &mut example.statement["account"];
    account["opening"] = json!(opening);
    account["net"] = json!(net);
    account["closing"] = json!(closing);
    account["movements"] = json!([]);
}

#[test]
fn the_partners_account_is_seen_as_the_partner_sees_it() {
    let file = checked(&Example::new());
    let (opening, entries, _) = balances(&file);
    assert_eq!(opening.to_string(), "-1931.34");
    let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
    assert_eq!(entries, ["1840.22", "-2693.26"]);
    for (path, expected) in [
        ("GrpHdr/MsgId", "7-f563cf5cc38cd0b563c7"),
        ("GrpHdr/CreDtTm", "2026-03-03T02:00:01Z"),
        ("Stmt/ElctrncSeqNb", "7"),
        ("FrToDt/FrDtTm", "2026-03-02T00:00:00"),
        ("FrToDt/ToDtTm", "2026-03-02T23:59:59"),
        ("Acct/Id/Othr/Id", "demo/grocery"),
        ("Acct/Ccy", "EUR"),
        ("Ownr/Nm", "Grocery & Co. Handels AG"),
        ("Svcr/FinInstnId/Nm", "Tallyhouse Clearing GmbH"),
        ("TtlCdtNtries/Sum", "1840.22"),
        ("TtlDbtNtries/Sum", "2693.26"),
        ("TtlNetNtry/CdtDbtInd", "DBIT"),
        ("Refs/EndToEndId", "RF350123ABCD00060002"),
        ("Strd/CdtrRefInf/Ref", "RF350123ABCD00060002"),
    ] {
        assert_eq!(ending(&file, path), [expected], "{path}");
    }
    assert_eq!(ending(&file, "ValDt/Dt"), ["2026-03-02", "2026-03-05"]);
    let codes = ending(&file, "Ntry/BkTxCd/Prtry/Cd");
    assert_eq!(codes, ["payment_confirmed", "net"]);
    let about = ending(&file, "AddtlStmtInf")[0];
    let sha256 = "f563cf5cc38cd0b563c7f28b4ee7f8a5ce352d478217a6c75ab5e0bb9d4addca";
    assert!(about.contains(sha256), "{about}");
}

#[test]
fn every_line_is_a_detail_of_the_net() {
    let file = checked(&Example::new());
    let lines = ending(&file, "RmtInf/Ustrd");
    assert_eq!(lines.len(), 9);
    assert_eq!(lines[0], "adjustment");
    let burn = "burn, price version 2: 3350 points at 0.0095 EUR, tax code std";
    assert_eq!(lines[2], burn);
    let changes = ending(&file, "TxDtls/CdtDbtInd");
    let expected = "CRDT CRDT CRDT CRDT DBIT DBIT DBIT DBIT DBIT CRDT";
    assert_eq!(changes.join(" "), expected);
    assert_eq!(ending(&file, "Btch/NbOfTxs"), ["9"]);
    let debtors = ending(&file, "Dbtr/Pty/Nm");
    assert_eq!(debtors[2], "Bäckerei Möller & Söhne KG");
    assert_eq!(debtors[9], "Кинотеатр «Звезда» ООД");
}

#[test]
fn names_are_escaped_and_kept_in_their_own_letters() {
    let mut example = Example::new();
    example.master("grocery").legal_name = "A <b> & \"Ж\" 'c'".to_owned();
    let bytes = example.with_sheet(statement);
    let raw = String::from_utf8_lossy(&bytes);
    assert!(raw.contains("<Nm>A &lt;b&gt; &amp; &quot;Ж&quot; &apos;c&apos;</Nm>"));
    let file = checked(&example);
    assert_eq!(ending(&file, "Ownr/Nm"), ["A <b> & \"Ж\" 'c'"]);
    assert_eq!(ending(&file, "Ownr/Id/OrgId/Othr/Id"), ["grocery"]);
}

#[test]
fn parties_without_a_master_are_named_by_their_id() {
    let mut example = Example::new();
    example.masters.clear();
    let file = checked(&example);
    assert_eq!(ending(&file, "Ownr/Nm"), ["grocery"]);
    let house = ending(&file, "Svcr/FinInstnId/Nm");
    assert_eq!(house, ["points.example/demo-0123abcd"]);
}

#[test]
fn a_returned_payment_is_booked_the_other_way() {
    let mut example = Example::new();
    let mut returned = example.statement["account"]["movements"][0].clone();
    returned["kind"] = json!("returned");
    returned["entry"] = json!(41400);
    let received = |entry: u64, kind: &str| -> Value {
        let mut movement = returned.clone();
        movement["debtor"] = json!("house");
        movement["creditor"] = json!("grocery");
        movement["amount"] = json!("5.00");
        movement["entry"] = json!(entry);
        movement["kind"] = json!(kind);
        movement
    };
    let movements = [
        received(1, "confirmed"),
        received(2, "returned"),
        returned.clone(),
    ];
    let account = &mut example.statement["account"];
    let all = account["movements"].as_array_mut().expect("a list");
    all.extend(movements);
    account["closing"] = json!("-4624.60");
    let file = checked(&example);
    let (_, entries, _) = balances(&file);
    let entries: Vec<String> = entries.iter().map(ToString::to_string).collect();
    let expected = ["1840.22", "-5.00", "5.00", "-1840.22", "-2693.26"];
    assert_eq!(entries, expected);
    assert_eq!(ending(&file, "RvslInd"), ["true", "true"]);
}

#[test]
fn currencies_without_decimals_have_none() {
    let mut example = Example::new();
    example.statement["identity"]["currency"] = json!("JPY");
    example.statement["identity"]["point_scale"] = json!(2);
    set_account(&mut example, "-12", "-150", "-162");
    let mut line = example.statement["lines"][3].clone();
    line["amount"] = json!("150");
    example.statement["lines"] = json!([line]);
    let file = checked(&example);
    assert_eq!(ending(&file, "Stmt/Bal/Amt"), ["12", "162"]);
    assert_eq!(ending(&file, "TtlCdtNtries/Sum"), ["0"]);
    let currencies = ending(&file, "Ntry/Amt@Ccy");
    assert_eq!(currencies, ["JPY"]);
    let text = ending(&file, "RmtInf/Ustrd")[0];
    assert!(text.contains("9120.44 points at 0.0001 JPY"), "{text}");
}

#[test]
fn an_empty_window_has_balances_and_no_entries() {
    let mut example = Example::new();
    set_account(&mut example, "0.00", "0.00", "0.00");
    example.statement["lines"] = json!([]);
    let file = checked(&example);
    assert_eq!(ending(&file, "Stmt/Bal/CdtDbtInd"), ["CRDT", "CRDT"]);
    assert_eq!(ending(&file, "TtlNtries/NbOfNtries"), ["0"]);
    assert_eq!(ending(&file, "TtlNtries/Sum"), ["0.00"]);
}

#[test]
fn a_pool_is_the_counterparty_of_every_line() {
    let mut example = Example::new();
    example.statement["identity"]["settlement_model"] = json!("pool");
    for line in example.statement["lines"].as_array_mut().expect("a list") {
        for side in ["debtor", "creditor"] {
            if line[side] != json!("grocery") {
                line[side] = json!("house");
            }
        }
    }
    let file = checked(&example);
    let debtors = ending(&file, "Dbtr/Pty/Id/OrgId/Othr/Id");
    let creditors = ending(&file, "Cdtr/Pty/Id/OrgId/Othr/Id");
    assert_eq!(debtors.len(), 10);
    for sides in debtors.iter().zip(&creditors) {
        assert!(matches!(
            sides,
            (&"house", &"grocery") | (&"grocery", &"house")
        ));
    }
}

#[test]
fn bilateral_payments_name_the_other_partner_and_the_first_due_day() {
    let mut example = Example::new();
    example.statement["identity"]["netting"] = json!("bilateral");
    let payments = &mut example.statement["position"]["payments"];
    let mut later = payments[0].clone();
    later["due_on"] = json!("2026-03-09");
    later["counterparty"] = json!("bakery");
    payments.as_array_mut().expect("a list").insert(0, later);
    example.statement["account"]["movements"][0]["creditor"] = json!("bakery");
    let file = checked(&example);
    assert_eq!(ending(&file, "ValDt/Dt")[1], "2026-03-05");
    let paid_to = ending(&file, "Cdtr/Pty/Nm")[0];
    assert_eq!(paid_to, "Bäckerei Möller & Söhne KG");
}

#[test]
fn a_long_account_number_is_replaced_by_its_hash() {
    let mut example = Example::new();
    let programme = "a-programme-with-a-long-id-0123";
    example.statement["identity"]["programme"] = json!(programme);
    let id = ending(&checked(&example), "Acct/Id/Othr/Id")[0].to_owned();
    assert_eq!(id.len(), 32);
    assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
}

#[test]
#[should_panic(expected = "opening and entries come to closing")]
fn a_statement_that_does_not_add_up_makes_no_file() {
    let mut example = Example::new();
    example.statement["account"]["closing"] = json!("-2784.39");
    example.with_sheet(statement);
}
