//! A window's amounts by debtor and creditor, and what each party comes to.
//!
//! Must not: net anything; gross amounts are as the lines have them.

use super::{Table, guarded};
use crate::domain::ids::Name;
use crate::domain::statement::PartyPosition;
use crate::render::WindowSheet;
use crate::render::figures::{Matrix, sum};
use rust_decimal::Decimal;

/// One number of a party's position.
type Figure = fn(&PartyPosition) -> Decimal;

/// What each debtor (a row) owes each creditor (a column) before netting, with totals; then, by
/// column, what each party owes and is owed, its net, what is rolled forward, and what is payable.
pub fn matrix(sheet: &WindowSheet) -> Vec<u8> {
    let document = sheet.document;
    let matrix = Matrix::of(document);
    let decimals = matrix.decimals;
    let ids = matrix.parties.iter().map(Name::as_str);
    let columns: Vec<&str> = ["section", "item"].into_iter().chain(ids).collect();
    let columns: Vec<&str> = columns.into_iter().chain(["total"]).collect();
    let mut table = Table::new(&columns);
    let identity = &document.identity;
    for (item, value) in [
        ("programme", identity.programme.to_string()),
        ("window", identity.window.to_string()),
        ("first_day", identity.first_day.to_string()),
        ("last_day", identity.last_day.to_string()),
        ("currency", identity.currency.clone()),
        ("window_sha256", sheet.sha256.to_owned()),
    ] {
        table.push(vec!["window".to_owned(), item.to_owned(), guarded(&value)]);
    }
    let text = |amount: Option<Decimal>| amount.map_or_else(String::new, |a| a.to_string());
    for debtor in &matrix.parties {
        let owed = matrix
            .parties
            .iter()
            .map(|to| text(matrix.cell(debtor, to)));
        let mut row = vec!["gross".to_owned(), debtor.to_string()];
        row.extend(owed);
        row.push(matrix.debits(debtor).to_string());
        table.push(row);
    }
    let mut row = vec!["gross".to_owned(), "total".to_owned()];
    row.extend(
        matrix
            .parties
            .iter()
            .map(|to| matrix.credits(to).to_string()),
    );
    row.push(matrix.gross().to_string());
    table.push(row);
    let figures: [(&str, Figure); 6] = [
        ("debits", |row| row.debits.decimal()),
        ("credits", |row| row.credits.decimal()),
        ("net", |row| row.net.decimal()),
        ("rolled_in", |row| row.rolled_in.decimal()),
        ("rolled_out", |row| row.rolled_out.decimal()),
        ("payable", |row| row.payable.decimal()),
    ];
    for (item, figure) in figures {
        let mut row = vec!["position".to_owned(), item.to_owned()];
        row.extend(document.positions.iter().map(|p| figure(p).to_string()));
        row.push(sum(decimals, document.positions.iter().map(figure)).to_string());
        table.push(row);
    }
    table.into_bytes()
}
