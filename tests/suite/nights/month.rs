//! A month of purchases closes as 31 windows in both settlement models, and every number of every
//! statement is worked out again by a program that shares no code with ours.

use super::crash::{begin, by_hand, day, settle};
use super::programme::{Programme, Terms, issuer_pays, pool};
use super::traffic::Month;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};
use tallyhouse::domain::money::Net;
use tallyhouse::platform::config;

const NIGHTS: u32 = 31;
const SETTINGS: [(&str, u32); 3] = [("life_days", 12), ("grace_days", 4), ("answer_days", 5)];

fn settings(netting: &str, minimum: &str) -> Value {
    let mut settings = json!({"transfer_allowed": true, "netting": netting,
        "payment_minimum": minimum});
    for (name, days) in SETTINGS {
        settings[name] = json!(days);
    }
    settings
}

/// Works every statement out again in Python, from the signed ops alone.
pub fn recompute(entries: &Path, windows: &Path) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recompute.py");
    let mut python = Command::new("python3");
    python.arg(script).arg(entries).arg(windows);
    python
        .output()
        .expect("python3 is installed, see .ci/setup")
}

/// The same, and it has to agree.
pub fn recomputed(programme: &Programme) -> String {
    let output = recompute(&programme.export(), &programme.windows());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{failed}");
    said
}

fn month(terms: &Terms, seed: u64) -> Programme {
    let programme = Programme::found(terms);
    let ops = Month::new(&programme, seed).run();
    assert_eq!(programme.settlement.alarm(), None);
    assert!(ops > 30_000, "{ops}");
    let windows = programme.ledger.view().windows.clone();
    assert_eq!(windows.iter().count(), 32, "31 nights, and the open window");
    for window in 0..NIGHTS {
        let identity = &programme.json(window, "window.json")["identity"];
        let day = format!("2017-01-{:02}", window + 1);
        assert_eq!(
            (&identity["first_day"], &identity["last_day"]),
            (&json!(day), &json!(day))
        );
    }
    programme
}

/// Positions sum to zero, and accounts and points chain from window to window for everybody.
fn check_chains(programme: &Programme) {
    let decimals = programme.terms.decimals;
    let net = |text: &Value| {
        let text = text.as_str().expect("an amount");
        Net::parse(text, decimals).expect("an amount").decimal()
    };
    let mut before: BTreeMap<String, Value> = BTreeMap::new();
    for window in 0..NIGHTS {
        let document = programme.json(window, "window.json");
        let positions = document["positions"].as_array().expect("positions");
        let total: rust_decimal::Decimal = positions.iter().map(|p| net(&p["net"])).sum();
        assert!(total.is_zero(), "window {window}: {total}");
        for position in &positions[1..] {
            let partner = position["party"].as_str().expect("a name").to_owned();
            let statement = programme.json(window, &format!("statements/{partner}.json"));
            for section in ["account", "liability"] {
                let now = &statement[section];
                let zero = &now["opening"];
                let last = before
                    .get(&partner)
                    .map_or(zero, |last| &last[section]["closing"]);
                assert_eq!(
                    last, &now["opening"],
                    "window {window}, {partner}, {section}"
                );
            }
            before.insert(partner, statement);
        }
    }
}

/// Names of lists that hold something and of numbers that are not zero, and all texts.
fn fill(name: &str, value: &Value, filled: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                fill(name, value, filled);
            }
        }
        Value::Array(items) => {
            for item in items {
                filled.insert(name.to_owned());
                fill(name, item, filled);
            }
        }
        Value::String(text) => {
            filled.insert(text.clone());
            if text.parse::<f64>().is_ok_and(|number| number != 0.0) {
                filled.insert(name.to_owned());
            }
        }
        Value::Number(number) if number.as_u64() != Some(0) => drop(filled.insert(name.to_owned())),
        _ => {}
    }
}

/// Every section of a statement was filled, and every kind of line written, in some window.
fn check_sections(programme: &Programme) {
    let mut filled = BTreeSet::new();
    for (name, bytes) in programme.published() {
        let is_statement = name.contains("/statements/") && name.ends_with(".json");
        if is_statement && !name.ends_with(".stated.json") {
            let statement = serde_json::from_slice(&bytes).expect("JSON");
            fill("", &statement, &mut filled);
        }
    }
    let sections = "activity lines prior_period adjustments disputes open_items notices payments \
        movements by_issue_month by_expiry_month";
    let numbers = "rolled_in rolled_out burned restored taken_back expired adjusted_in \
        adjusted_out refused";
    let words = "overdue unanswered accepted rejected upheld dismissed key_added key_recovered \
        key_revoked registered status_suspended status_active master_changed confirmed returned \
        credit debit amount";
    let reasons = "adjustment burn burn_fee burn_fee_reversal burn_reversal issue_fee \
        issue_fee_reversal";
    let of_pool = match programme.terms.model {
        "pool" => "issue issue_reversal debt_repaid",
        _ => "",
    };
    for wanted in [sections, numbers, words, reasons, of_pool] {
        for word in wanted.split_whitespace() {
            assert!(filled.contains(word), "{word} is in no statement");
        }
    }
}

fn check(programme: &Programme) -> String {
    programme.audit();
    check_chains(programme);
    check_sections(programme);
    recomputed(programme)
}

#[test]
fn a_month_closes_as_31_windows_where_issuers_pay_and_every_number_is_found_again() {
    let terms = Terms {
        settings: settings("bilateral", "0.40"),
        ..issuer_pays()
    };
    let programme = month(&terms, 1);
    println!("{}", check(&programme));
}

/// With yen, decimals of a point, a ledger day that is not UTC's, and nights that come before
/// midnight in a zone of their own.
#[test]
fn a_month_closes_as_31_windows_in_a_pool_and_every_number_is_found_again() {
    let terms = Terms {
        currency: "JPY",
        decimals: 0,
        point_scale: 1,
        utc_offset_min: 60,
        settings: settings("multilateral", "4"),
        nights: config::Settlement {
            cutoff_minute: 23 * 60 + 30,
            cutoff_day: config::CutoffDay::Same,
            zone: "Europe/Berlin".to_owned(),
            ..config::Settlement::default()
        },
        ..pool()
    };
    let programme = month(&terms, 2);
    println!("{}", check(&programme));
}

/// The recomputation would say so if a single digit were another.
#[test]
fn a_digit_that_was_changed_is_found_and_named() {
    let programme = begin(&by_hand(issuer_pays()));
    day(&programme, 1);
    settle(&programme);
    let entries = programme.export();
    let path = programme.windows().join("0/statements/cinema.json");
    let whole = std::fs::read_to_string(&path).expect("a statement");
    for (was, is, named) in [
        (
            "\"net\":\"6.73\"",
            "\"net\":\"6.74\"",
            "account.net is '6.74', worked out '6.73'",
        ),
        (
            "\"units\":701",
            "\"units\":702",
            "lines[0].units is 702, worked out 701",
        ),
        (
            "\"points\":801",
            "\"points\":811",
            "activity[0].points is 811, worked out 801",
        ),
        (
            "\"first\":0",
            "\"first\":1",
            "author_seq.first is 1, worked out 0",
        ),
        (
            "{\"account\"",
            "{ \"account\"",
            "cinema.json is not in its canonical form",
        ),
        (
            "\"due_on\":\"2017-01-04\"",
            "\"due_on\":\"2017-01-05\"",
            "due_on is '2017-01-05'",
        ),
    ] {
        assert!(whole.contains(was), "{was} is not in {whole}");
        std::fs::write(&path, whole.replacen(was, is, 1)).expect("a file");
        let output = recompute(&entries, &programme.windows());
        let said = crate::process::text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains("window 0, cinema: ") && said.contains(named),
            "{said}"
        );
    }
    std::fs::remove_file(&path).expect("it was there");
    let output = recompute(&entries, &programme.windows());
    assert_eq!(output.status.code(), Some(1));
    std::fs::write(&path, whole).expect("a file");
    recomputed(&programme);
}
