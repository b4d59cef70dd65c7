//! Journals: balances by account are the statements', file by file and all in one.

use super::cases::{self, Case};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use tallyhouse::render::{WindowSheet, journal};

type Writer = fn(&WindowSheet, bool) -> String;
const FORMATS: [Writer; 2] = [journal::hledger, journal::beancount];

fn series() -> [Vec<Case>; 3] {
    [cases::issuer_pays(), cases::pool(), cases::bilateral()]
}

/// Balances by account. Reads what both formats share: a posting is an indented account, an amount
/// and a commodity. Each transaction must sum to zero and name declared accounts only.
fn balances(text: &str) -> BTreeMap<String, Decimal> {
    let declared: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| {
            line.strip_prefix("account ")
                .or(line.split_once(" open ").map(|l| l.1))
        })
        .filter_map(|rest| rest.split(' ').next())
        .collect();
    let strict = !text.contains("auto_accounts");
    let mut balances: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut sum = Decimal::ZERO;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [account, amount, _] if line.starts_with("  ") && account.contains(':') => {
                let Ok(amount) = Decimal::from_str_exact(amount) else {
                    continue;
                };
                assert!(
                    !strict || declared.contains(account),
                    "{account} is not declared"
                );
                *balances.entry((*account).to_owned()).or_default() += amount;
                sum += amount;
            }
            [] => assert!(sum.is_zero(), "a transaction sums to {sum}"),
            _ => {}
        }
    }
    assert!(sum.is_zero());
    balances
}

/// What the journal says that the house owes a partner.
fn owed(balances: &BTreeMap<String, Decimal>, partner: &str) -> Decimal {
    let (first, rest) = partner.split_at(1);
    let account = format!("{}{rest}", first.to_ascii_uppercase());
    let parents = [
        "Assets:Clearing",
        "Assets:Receivable",
        "Liabilities:Payable",
    ];
    let of = |parent: &str| balances.get(&format!("{parent}:{account}")).copied();
    -parents.into_iter().filter_map(of).sum::<Decimal>()
}

fn check(balances: &BTreeMap<String, Decimal>, case: &Case) {
    for (statement, _) in &case.statements {
        let partner = statement.partner.as_str();
        let closing = statement.account.closing.decimal();
        assert_eq!(owed(balances, partner), closing, "{partner}");
        let (first, rest) = partner.split_at(1);
        let clearing = format!("Assets:Clearing:{}{rest}", first.to_ascii_uppercase());
        let rolled = balances.get(&clearing).copied().unwrap_or_default();
        assert_eq!(
            -rolled,
            statement.position.rolled_out.decimal(),
            "{partner}"
        );
    }
    if let Some(pool) = &case.document.pool {
        assert_eq!(-balances["Liabilities:Pool"], pool.closing.decimal());
    }
}

#[test]
fn a_window_alone_closes_as_the_statements_do() {
    for format in FORMATS {
        for case in series().iter().flatten() {
            let text = format(&case.window(), true);
            assert_eq!(text, format(&case.window(), true), "the same again");
            check(&balances(&text), case);
            assert!(text.contains(&case.sha256));
        }
    }
}

#[test]
fn windows_in_one_journal_close_as_the_last_statements_do() {
    for format in FORMATS {
        for cases in series() {
            let mut all = String::new();
            for (place, case) in cases.iter().enumerate() {
                all.push_str(&format(&case.window(), place == 0));
                all.push('\n');
            }
            check(&balances(&all), cases.last().expect("windows"));
        }
    }
}

#[test]
fn a_file_without_opening_is_one_with_its_opening_cut() {
    for case in series().iter().flatten() {
        let whole = journal::hledger(&case.window(), true);
        let (before, rest) = whole.split_once("; opening begins\n").expect("it begins");
        let (_, after) = rest.split_once("; opening ends\n").expect("it ends");
        let cut = format!("{}{after}", before.trim_end_matches('\n').to_owned() + "\n");
        assert_eq!(cut, journal::hledger(&case.window(), false));
    }
}

#[test]
fn every_line_payment_and_movement_has_its_transaction() {
    let case = cases::example();
    for format in FORMATS {
        let text = format(&case.window(), true);
        assert_eq!(text.matches(" owes ").count(), case.document.lines.len());
        assert_eq!(
            text.matches(" is to pay ").count(),
            case.document.payments.len()
        );
        assert_eq!(text.matches(": payment confirmed").count(), 2);
        assert_eq!(text.matches(": payment returned").count(), 1);
    }
    let balances = balances(&journal::hledger(&case.window(), true));
    let number = |text: &str| Decimal::from_str_exact(text).expect("a number");
    assert_eq!(
        balances["Assets:Bank"],
        number("1840.22") - number("2210.05") + number("210.40")
    );
    assert_eq!(-balances["Income:Fees:Issue"], number("96.02"));
    assert_eq!(-balances["Income:Fees:Burn"], number("47.01"));
    assert_eq!(balances["Income:Adjustments"], number("12.00"));
}

#[test]
fn what_the_pools_rounded_numbers_leave_open_is_booked_as_rounding() {
    let cases = cases::pool();
    let balances = balances(&journal::hledger(&cases[0].window(), true));
    let number = |text: &str| Decimal::from_str_exact(text).expect("a number");
    assert_eq!(-balances["Income:Breakage"], number("25.13"));
    assert_eq!(-balances["Income:Spread"], number("-3.70"));
    assert_eq!(balances["Income:Rounding"], number("-0.01"));
    assert!(!balances.contains_key("Income:Unexplained"));
    let mut case = cases::pool().remove(0);
    case.document.lines.retain(|line| line.reason != "burn");
    let balances = self::balances(&journal::hledger(&case.window(), true));
    assert_eq!(balances["Income:Unexplained"].abs(), number("405.01"));
}

#[test]
fn ledger_words_cannot_break_out_of_a_transaction() {
    let mut case = cases::example();
    case.document.payments[0].reference = "x\"\n2026-03-02 * \"forged\"\n  A:B  1 EUR;".to_owned();
    for format in FORMATS {
        let text = format(&case.window(), true);
        assert!(!text.contains("\"forged"), "{text}");
        check(&balances(&text), &case);
    }
}
