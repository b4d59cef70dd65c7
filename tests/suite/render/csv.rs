//! CSV files: flat, exact, and no formula in them.

use super::cases::{self, Case};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use tallyhouse::render::{Sheet, csv};

/// The rows of a file, read by the `csv` crate, each by the names of its columns.
fn rows(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = ::csv::Reader::from_reader(bytes);
    let header = reader.headers().expect("a header").clone();
    let row = |record: ::csv::StringRecord| {
        let cells = header.iter().zip(record.iter());
        cells
            .map(|(name, cell)| (name.to_owned(), cell.to_owned()))
            .collect()
    };
    reader
        .records()
        .map(|record| row(record.expect("rows of one width")))
        .collect()
}

fn number(text: &str) -> Decimal {
    Decimal::from_str_exact(text).expect("a number")
}

fn grocery(case: &Case) -> Sheet<'_> {
    let mut sheets = case.sheets();
    sheets
        .find(|sheet| sheet.statement.partner.as_str() == "grocery")
        .expect("the example")
}

#[test]
fn the_example_is_written_row_by_row() {
    let case = cases::example();
    let bytes = csv::statement(&grocery(&case));
    assert_eq!(bytes, csv::statement(&grocery(&case)), "the same again");
    let text = String::from_utf8(bytes.clone()).expect("UTF-8");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(text.ends_with("\r\n"));
    let rows = rows(&bytes);
    assert_eq!(rows[0]["section"], "statement");
    assert_eq!(
        (&*rows[0]["item"], &rows[0]["value"]),
        ("sha256", &grocery(&case).stated.sha256)
    );
    let count = |section: &str| rows.iter().filter(|row| row["section"] == section).count();
    let sections = [
        "line",
        "position",
        "payment",
        "open_item",
        "account",
        "adjustment",
    ];
    assert_eq!(sections.map(count), [9, 6, 1, 1, 4, 1]);
    let sections = ["dispute", "notice", "liability", "activity", "prior_period"];
    assert_eq!(sections.map(count), [1, 1, 20, 6, 3]);
    let movement = rows
        .iter()
        .find(|row| row["item"] == "confirmed")
        .expect("a movement");
    assert_eq!(movement["signed_amount"], "1840.22");
    assert_eq!(movement["date"], "2026-03-02");
    let line = rows
        .iter()
        .find(|row| row["section"] == "line" && row["reason"] == "burn");
    let line = line.expect("a line");
    assert_eq!(line["counterparty_name"], "Bäckerei Möller & Söhne KG");
    assert_eq!((&*line["points"], &*line["price"]), ("125400", "0.01"));
}

#[test]
fn signed_amounts_sum_to_net_payable_and_closing() {
    let series = [cases::issuer_pays(), cases::pool(), cases::bilateral()];
    for case in series.iter().flatten() {
        for sheet in case.sheets() {
            let rows = rows(&csv::statement(&sheet));
            let sum = |section: &str, but: &[&str]| -> Decimal {
                let rows = rows.iter().filter(|row| row["section"] == section);
                let rows = rows.filter(|row| !but.contains(&row["item"].as_str()));
                rows.map(|row| number(&row["signed_amount"])).sum()
            };
            let statement = sheet.statement;
            assert_eq!(sum("line", &[]), statement.position.net.decimal());
            assert_eq!(sum("payment", &[]), statement.position.payable.decimal());
            assert_eq!(
                sum("account", &["closing"]),
                statement.account.closing.decimal()
            );
            let open = sum("payment", &[]) + sum("open_item", &[]);
            let rolled = statement.position.rolled_out.decimal();
            assert_eq!(open + rolled, statement.account.closing.decimal());
        }
    }
}

#[test]
fn points_are_shown_with_the_programmes_scale() {
    let cases = cases::pool();
    let rows = rows(&csv::statement(
        &cases[0].sheets().next().expect("a partner"),
    ));
    let line = rows
        .iter()
        .find(|row| row["section"] == "line")
        .expect("a line");
    assert_eq!(line["points"], "1.00");
}

#[test]
fn texts_that_begin_like_formulas_are_defused_and_numbers_are_not() {
    let mut case = cases::example();
    let bakery = case
        .masters
        .values_mut()
        .find(|m| m.party.as_str() == "bakery");
    bakery.expect("a master").legal_name = "=HYPERLINK(\"http://x\",\"pay, here\")".to_owned();
    let (statement, _) = &mut case.statements[1];
    statement.identity.origin = "@SUM(A1)".to_owned();
    statement.open_items[0].reference = "+1".to_owned();
    statement.open_items[0].status = "-1".to_owned();
    statement.disputes[0].reason = "\t=1".to_owned();
    let rows = rows(&csv::statement(&grocery(&case)));
    let mut texts = rows.iter().flat_map(BTreeMap::values);
    let formula = texts.find(|text| {
        text.starts_with(['=', '+', '@', '\t'])
            || text.starts_with('-') && text.parse::<f64>().is_err()
    });
    assert_eq!(formula, None);
    let values = |column: &str| {
        rows.iter()
            .map(|row| row[column].clone())
            .collect::<Vec<_>>()
    };
    assert!(values("reference").contains(&"'+1".to_owned()));
    assert!(values("status").contains(&"'-1".to_owned()));
    assert!(values("signed_amount").contains(&"-2693.26".to_owned()));
    assert!(
        values("counterparty_name").contains(&"'=HYPERLINK(\"http://x\",\"pay, here\")".into())
    );
}

#[test]
fn the_matrix_has_totals_that_are_the_positions() {
    let series = [cases::issuer_pays(), cases::pool(), cases::bilateral()];
    for case in series.iter().flatten() {
        let bytes = csv::matrix(&case.window());
        assert_eq!(bytes, csv::matrix(&case.window()), "the same again");
        let rows = rows(&bytes);
        let cell = |section: &str, item: &str, column: &str| {
            let mut rows = rows.iter().filter(|row| row["section"] == section);
            rows.find(|row| row["item"] == item).expect("the row")[column].clone()
        };
        let document = &case.document;
        for row in &document.positions {
            let party = row.party.as_str();
            assert_eq!(cell("gross", party, "total"), row.debits.to_string());
            assert_eq!(cell("gross", "total", party), row.credits.to_string());
            assert_eq!(cell("position", "net", party), row.net.to_string());
            assert_eq!(cell("position", "payable", party), row.payable.to_string());
        }
        assert_eq!(
            cell("gross", "total", "total"),
            document.netting.gross.to_string()
        );
        assert!(number(&cell("position", "net", "total")).is_zero());
        assert_eq!(cell("window", "window_sha256", "house"), case.sha256);
    }
}
