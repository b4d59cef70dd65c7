//! The house's workbook of a window: Matrix, Positions, Payments, Lines and Verify.
//!
//! Must not: net anything that the document does not.

use super::book::{Book, Cell, Page};
use crate::domain::statement::Payment;
use crate::render::WindowSheet;
use crate::render::figures::{Matrix, legal_name, sum};
use rust_decimal::Decimal;
use rust_xlsxwriter::utility::column_number_to_name;
use rust_xlsxwriter::{ColNum, XlsxError};

/// The last column that a spreadsheet has, XFD.
const COLUMN_MAX: ColNum = 16_383;

/// The workbook of a window: who owes whom before netting, and what is left of it after.
///
/// # Errors
/// More lines than a spreadsheet has rows, or more parties than it has columns.
pub fn matrix(sheet: &WindowSheet) -> Result<Vec<u8>, XlsxError> {
    let document = sheet.document;
    let matrix = Matrix::of(document);
    let footer = format!("&L&7Window SHA-256 {}&R&8&A, &P/&N", sheet.sha256);
    let mut book = Book::new(&document.identity, &document.log, matrix.decimals, &footer);
    let mut columns = vec![("Owes", 24.0)];
    columns.extend(matrix.parties.iter().map(|party| (party.as_str(), 18.0)));
    columns.push(("Total", 18.0));
    book.page("Matrix", &columns, |page| gross(page, &matrix))?;
    let columns = [
        ("Party", 18.0),
        ("Name", 32.0),
        ("Debits", 18.0),
        ("Credits", 18.0),
        ("Net", 18.0),
        ("Rolled in", 16.0),
        ("Rolled out", 16.0),
        ("Payable", 18.0),
    ];
    book.page("Positions", &columns, |page| {
        positions(page, sheet, &matrix)
    })?;
    let columns = [
        ("Window", 10.0),
        ("Debtor", 20.0),
        ("Creditor", 20.0),
        ("Amount", 18.0),
        ("Due", 12.0),
        ("Reference", 27.0),
        ("Status", 12.0),
    ];
    book.page("Payments", &columns, |page| payments(page, sheet))?;
    let columns = [
        ("Debtor", 18.0),
        ("Creditor", 18.0),
        ("Reason", 20.0),
        ("Price version", 13.0),
        ("Points", 18.0),
        ("Price", 12.0),
        ("Tax code", 12.0),
        ("Amount", 20.0),
    ];
    book.page("Lines", &columns, |page| lines(page, sheet, &matrix))?;
    let columns = [("What", 34.0), ("Value", 76.0)];
    book.page("Verify", &columns, |page| verify(page, sheet))?;
    book.into_bytes()
}

fn gross(page: &mut Page, matrix: &Matrix) -> Result<(), XlsxError> {
    let first = page.next_row();
    let parties = &matrix.parties;
    let last_column = column(parties.len());
    for debtor in parties {
        let row = page.next_row();
        let mut cells = vec![Cell::text(debtor.as_str())];
        let owed = parties.iter().map(|creditor| matrix.cell(debtor, creditor));
        cells.extend(owed.map(|amount| amount.map_or(Cell::None, Cell::Money)));
        let total = format!("=SUM(B{row}:{last_column}{row})");
        cells.push(Cell::MoneySum(total, matrix.debits(debtor)));
        page.row(&cells)?;
    }
    let last = page.next_row() - 1;
    let sum_of = |place: usize| {
        let name = column(place);
        format!("=SUM({name}{first}:{name}{last})")
    };
    let mut cells = vec![Cell::text("Total")];
    for (place, creditor) in (1..).zip(parties) {
        cells.push(Cell::MoneySum(sum_of(place), matrix.credits(creditor)));
    }
    cells.push(Cell::MoneySum(sum_of(parties.len() + 1), matrix.gross()));
    page.total(&cells)
}

/// The letters of a column, counted from 0; the last possible one for any that there is none of,
/// which the page refuses.
fn column(place: usize) -> String {
    let place = ColNum::try_from(place).unwrap_or(COLUMN_MAX);
    column_number_to_name(place.min(COLUMN_MAX))
}

fn positions(page: &mut Page, sheet: &WindowSheet, matrix: &Matrix) -> Result<(), XlsxError> {
    let rows = &sheet.document.positions;
    let first = page.next_row();
    for position in rows {
        let row = page.next_row();
        let (net, payable) = (position.net.decimal(), position.payable.decimal());
        page.row(&[
            Cell::text(position.party.as_str()),
            Cell::text(legal_name(sheet.masters, &position.party)),
            Cell::Money(position.debits.decimal()),
            Cell::Money(position.credits.decimal()),
            Cell::MoneySum(format!("=D{row}-C{row}"), net),
            Cell::Money(position.rolled_in.decimal()),
            Cell::Money(position.rolled_out.decimal()),
            Cell::MoneySum(format!("=E{row}+F{row}-G{row}"), payable),
        ])?;
    }
    let last = page.next_row() - 1;
    let total = |column: &str, amounts: Vec<Decimal>| {
        let formula = format!("=SUM({column}{first}:{column}{last})");
        Cell::MoneySum(formula, sum(matrix.decimals, amounts))
    };
    page.total(&[
        Cell::text("Total"),
        Cell::None,
        total("C", rows.iter().map(|row| row.debits.decimal()).collect()),
        total("D", rows.iter().map(|row| row.credits.decimal()).collect()),
        total("E", rows.iter().map(|row| row.net.decimal()).collect()),
        total(
            "F",
            rows.iter().map(|row| row.rolled_in.decimal()).collect(),
        ),
        total(
            "G",
            rows.iter().map(|row| row.rolled_out.decimal()).collect(),
        ),
        total("H", rows.iter().map(|row| row.payable.decimal()).collect()),
    ])
}

fn payments(page: &mut Page, sheet: &WindowSheet) -> Result<(), XlsxError> {
    let row = |page: &mut Page, payment: &Payment| {
        page.row(&[
            Cell::Whole(payment.window.into()),
            Cell::text(payment.debtor.as_str()),
            Cell::text(payment.creditor.as_str()),
            Cell::Money(payment.amount.decimal()),
            Cell::Day(payment.due_on),
            Cell::text(&payment.reference),
            Cell::text(&payment.status),
        ])
    };
    for payment in &sheet.document.payments {
        row(page, payment)?;
    }
    if sheet.document.payments.is_empty() {
        page.row(&[Cell::text("none")])?;
    }
    page.skip();
    page.row(&[Cell::head("Earlier payments still open")])?;
    for payment in &sheet.document.open_items {
        row(page, payment)?;
    }
    Ok(())
}

fn lines(page: &mut Page, sheet: &WindowSheet, matrix: &Matrix) -> Result<(), XlsxError> {
    let first = page.next_row();
    for line in &sheet.document.lines {
        page.row(&[
            Cell::text(line.debtor.as_str()),
            Cell::text(line.creditor.as_str()),
            Cell::text(&line.reason),
            Cell::Whole(line.price_version.into()),
            line.units.map_or(Cell::None, Cell::Points),
            line.price.map_or(Cell::None, Cell::Price),
            line.tax_code
                .map_or(Cell::None, |code| Cell::text(code.as_str())),
            Cell::Money(line.amount.decimal()),
        ])?;
    }
    if sheet.document.lines.is_empty() {
        page.row(&[Cell::text("No lines in this window")])?;
    }
    let last = page.next_row() - 1;
    let none = || Cell::None;
    let total = Cell::MoneySum(format!("=SUM(H{first}:H{last})"), matrix.gross());
    let label = Cell::text("Total");
    page.total(&[label, none(), none(), none(), none(), none(), none(), total])
}

fn verify(page: &mut Page, sheet: &WindowSheet) -> Result<(), XlsxError> {
    let (identity, log) = (&sheet.document.identity, &sheet.document.log);
    let savings = &sheet.document.netting;
    let efficiency = savings.efficiency_percent.as_deref().unwrap_or("none");
    for (what, value) in [
        (
            "What counts",
            "window.json; this workbook was made from it".to_owned(),
        ),
        ("SHA-256 of window.json", sheet.sha256.to_owned()),
        ("Programme", identity.programme.to_string()),
        ("Ledger", identity.origin.clone()),
        ("Address", sheet.address.to_owned()),
        ("Window", identity.window.to_string()),
        (
            "Days",
            format!("{} to {}", identity.first_day, identity.last_day),
        ),
        ("Netting", identity.netting.clone()),
        ("Payments without netting", savings.pairs.to_string()),
        ("Payments", savings.payments.to_string()),
        ("Efficiency, percent", efficiency.to_owned()),
        ("First entry", log.first_entry.to_string()),
        ("Last entry", log.last_entry.to_string()),
        ("Tree size at the cut", log.size.to_string()),
        ("Tree root at the cut", log.root.clone()),
        ("Chain hash of the cut", log.chain_hash.clone()),
        ("Cut at", log.cut_at.clone()),
        ("Netted in entry", log.netted_in.to_string()),
        ("Netted at", log.netted_at.clone()),
        ("Root of lines", log.lines_root.clone()),
        ("Root of positions", log.positions_root.clone()),
    ] {
        page.row(&[Cell::text(what), Cell::Text(value)])?;
    }
    Ok(())
}
