//! A partner's workbook: Summary, Lines, Account, Points and Verify.
//!
//! Must not: hold an amount that the statement does not, beyond sums of what a page shows.

use super::book::{Book, Cell, Page};
use super::summary;
use crate::domain::points::Points;
use crate::domain::statement::{Month, Movement, OpenItem};
use crate::domain::time::Day;
use crate::render::Sheet;
use crate::render::figures::{
    counterparty, legal_name, liability_items, points, signed, sum, written,
};
use rust_decimal::Decimal;
use rust_xlsxwriter::XlsxError;

/// The workbook of a partner's statement.
///
/// # Errors
/// More lines than a spreadsheet has rows.
pub fn statement(sheet: &Sheet) -> Result<Vec<u8>, XlsxError> {
    let statement = sheet.statement;
    let (identity, decimals) = (
        &statement.identity,
        statement.position.net.decimal().scale(),
    );
    let sha256 = &sheet.stated.sha256;
    let footer = format!("&L&7Statement SHA-256 {sha256}&R&8&A, &P/&N");
    let mut book = Book::new(identity, &statement.log, decimals, &footer);
    let title = format!(
        "Statement of {}",
        legal_name(sheet.masters, &statement.partner)
    );
    let columns = [
        (title.as_str(), 34.0),
        ("", 20.0),
        ("", 22.0),
        ("", 14.0),
        ("", 26.0),
        ("", 12.0),
    ];
    book.page("Summary", &columns, |page| summary::fill(page, sheet))?;
    let columns = [
        ("Counterparty", 18.0),
        ("Name", 30.0),
        ("Reason", 20.0),
        ("Price version", 13.0),
        ("Points", 16.0),
        ("Price", 12.0),
        ("Tax code", 12.0),
        ("To pay", 20.0),
        ("To receive", 20.0),
    ];
    book.page("Lines", &columns, |page| lines(page, sheet))?;
    let columns = [
        ("Date", 12.0),
        ("What", 28.0),
        ("Window", 10.0),
        ("Counterparty", 18.0),
        ("Reference", 27.0),
        ("Change", 20.0),
        ("Balance", 20.0),
    ];
    book.page("Account", &columns, |page| account(page, sheet))?;
    let columns = [
        ("Points", 30.0),
        ("Count", 20.0),
        ("Applied", 12.0),
        ("Refused", 12.0),
    ];
    book.page("Points", &columns, |page| points_page(page, sheet))?;
    let columns = [("What", 34.0), ("Value", 76.0)];
    book.page("Verify", &columns, |page| verify(page, sheet))?;
    book.into_bytes()
}

fn lines(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let statement = sheet.statement;
    let partner = &statement.partner;
    let first = page.next_row();
    for line in &statement.lines {
        let other = counterparty(partner, &line.debtor, &line.creditor);
        let amount = Cell::Money(line.amount.decimal());
        let (to_pay, to_receive) = match line.debtor == *partner {
            true => (amount, Cell::None),
            false => (Cell::None, amount),
        };
        page.row(&[
            Cell::text(other.as_str()),
            Cell::text(legal_name(sheet.masters, other)),
            Cell::text(&line.reason),
            Cell::Whole(line.price_version.into()),
            line.units.map_or(Cell::None, Cell::Points),
            line.price.map_or(Cell::None, Cell::Price),
            line.tax_code
                .map_or(Cell::None, |code| Cell::text(code.as_str())),
            to_pay,
            to_receive,
        ])?;
    }
    if statement.lines.is_empty() {
        page.row(&[Cell::text("No lines in this window")])?;
    }
    let last = page.next_row() - 1;
    let position = &statement.position;
    let total = |column: &str, amount: Decimal| {
        Cell::MoneySum(format!("=SUM({column}{first}:{column}{last})"), amount)
    };
    let row = page.next_row();
    let none = || Cell::None;
    let (debits, credits) = (position.debits.decimal(), position.credits.decimal());
    let (debits, credits) = (total("H", debits), total("I", credits));
    let label = Cell::text("Total");
    page.total(&[
        label,
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        debits,
        credits,
    ])?;
    let net = Cell::MoneySum(format!("=I{row}-H{row}"), position.net.decimal());
    let label = Cell::text("Net");
    page.total(&[
        label,
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        none(),
        net,
    ])
}

fn account(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let (statement, account) = (sheet.statement, &sheet.statement.account);
    let partner = &statement.partner;
    let decimals = account.opening.decimal().scale();
    let none = || Cell::None;
    let balance = Cell::Money(account.opening.decimal());
    page.row(&[
        none(),
        Cell::text("Opening"),
        none(),
        none(),
        none(),
        none(),
        balance,
    ])?;
    let mut balance = account.opening.decimal();
    for movement in &account.movements {
        let change = change(sheet, movement);
        balance = sum(decimals, [balance, change]);
        let other = counterparty(partner, &movement.debtor, &movement.creditor);
        page_balance(
            page,
            balance,
            [
                Day::parse(movement.at.get(..10).unwrap_or_default()).map_or(Cell::None, Cell::Day),
                Cell::text(format!("Payment {}", movement.kind)),
                Cell::Whole(movement.window.into()),
                Cell::text(other.as_str()),
                Cell::text(&movement.reference),
                Cell::Money(change),
            ],
        )?;
    }
    let (window, net) = (statement.identity.window.into(), account.net.decimal());
    page_balance(
        page,
        account.closing.decimal(),
        [
            Cell::Day(statement.identity.last_day),
            Cell::text("Net of this window"),
            Cell::Whole(window),
            none(),
            none(),
            Cell::Money(net),
        ],
    )?;
    let row = page.next_row() - 1;
    let closing = Cell::MoneySum(format!("=G{row}"), account.closing.decimal());
    page.total(&[
        none(),
        Cell::text("Closing"),
        none(),
        none(),
        none(),
        none(),
        closing,
    ])?;
    page.skip();
    made_of(page, sheet)
}

/// A row whose balance is the one above plus its change.
fn page_balance(page: &mut Page, balance: Decimal, row: [Cell; 6]) -> Result<(), XlsxError> {
    let (above, this) = (page.next_row() - 1, page.next_row());
    let [day, what, window, other, reference, change] = row;
    let balance = Cell::MoneySum(format!("=G{above}+F{this}"), balance);
    page.row(&[day, what, window, other, reference, change, balance])
}

fn change(sheet: &Sheet, movement: &Movement) -> Decimal {
    let confirmed = movement.kind == "confirmed";
    let lowered = if confirmed {
        &movement.creditor
    } else {
        &movement.debtor
    };
    signed(&sheet.statement.partner, lowered, movement.amount.decimal())
}

/// The closing balance once more: what is open, what this window brings, what is rolled forward.
fn made_of(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let statement = sheet.statement;
    let none = || Cell::None;
    let heads = [
        "Due",
        "The closing balance is",
        "Window",
        "Counterparty",
        "Reference",
        "Amount",
    ];
    page.row(&heads.map(Cell::head))?;
    let first = page.next_row();
    let item = |page: &mut Page, what: &str, item: &OpenItem| {
        let pays = item.direction == "pay";
        let amount = item.amount.decimal();
        page.row(&[
            Cell::Day(item.due_on),
            Cell::text(format!("{what}: {} ({})", item.direction, item.status)),
            Cell::Whole(item.window.into()),
            Cell::text(item.counterparty.as_str()),
            Cell::text(&item.reference),
            Cell::Money(if pays { -amount } else { amount }),
        ])
    };
    for open in &statement.open_items {
        item(page, "Earlier", open)?;
    }
    for payment in &statement.position.payments {
        item(page, "This window", payment)?;
    }
    let rolled = Cell::Money(statement.position.rolled_out.decimal());
    page.row(&[
        none(),
        Cell::text("Rolled forward"),
        none(),
        none(),
        none(),
        rolled,
    ])?;
    let last = page.next_row() - 1;
    let closing = statement.account.closing.decimal();
    let total = Cell::MoneySum(format!("=SUM(F{first}:F{last})"), closing);
    page.total(&[none(), Cell::text("Total"), none(), none(), none(), total])
}

fn points_page(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let statement = sheet.statement;
    let scale = statement.identity.point_scale;
    let items = liability_items(&statement.liability);
    let (closing, changes) = items.split_last().expect("there are ten of them");
    let first = page.next_row();
    for (item, sign, count) in changes {
        let shown = written(0, points(*count, scale) * Decimal::from(*sign));
        page.row(&[Cell::text(*item), Cell::SignedPoints(shown)])?;
    }
    let last = page.next_row() - 1;
    let total = Cell::PointsSum(format!("=SUM(B{first}:B{last})"), points(closing.2, scale));
    page.total(&[Cell::text(closing.0), total])?;
    page.skip();
    months(
        page,
        "Closing by month of issue",
        &statement.liability.by_issue_month,
        scale,
    )?;
    months(
        page,
        "Closing by last valid month",
        &statement.liability.by_expiry_month,
        scale,
    )?;
    page.row(&["Sent in this window", "Points", "Applied", "Refused"].map(Cell::head))?;
    for activity in &statement.activity {
        page.row(&[
            Cell::text(&activity.op),
            Cell::Points(activity.points),
            Cell::Whole(activity.applied),
            Cell::Whole(activity.refused),
        ])?;
    }
    page.skip();
    page.row(&["Of these, earlier days'", "Points", "Applied", "Day"].map(Cell::head))?;
    for prior in &statement.prior_period {
        page.row(&[
            Cell::text(&prior.op),
            Cell::Points(prior.points),
            Cell::Whole(prior.applied),
            Cell::Day(prior.occurred_on),
        ])?;
    }
    Ok(())
}

fn months(page: &mut Page, title: &str, months: &[Month], scale: u8) -> Result<(), XlsxError> {
    page.row(&[Cell::head(title), Cell::head("Points")])?;
    if months.is_empty() {
        page.row(&[Cell::text("none"), Cell::Points(Points::ZERO)])?;
    }
    let first = page.next_row() - u32::from(months.is_empty());
    for month in months {
        page.row(&[Cell::text(&month.month), Cell::Points(month.points)])?;
    }
    let last = page.next_row() - 1;
    let all = sum(scale.into(), months.iter().map(|m| points(m.points, scale)));
    let total = Cell::PointsSum(format!("=SUM(B{first}:B{last})"), all);
    page.total(&[Cell::text("Total"), total])?;
    page.skip();
    Ok(())
}

fn verify(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let (statement, stated) = (sheet.statement, sheet.stated);
    let log = &statement.log;
    let mut rows = vec![
        (
            "What counts",
            "the signed statement (JSON); this workbook was made from it".to_owned(),
        ),
        ("SHA-256 of statement.json", stated.sha256.clone()),
        ("Ledger", statement.identity.origin.clone()),
        ("Address", sheet.address.to_owned()),
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
        ("Rules version", log.rules_version.to_string()),
        ("Price version", log.price_version.to_string()),
        ("Stated in entry", stated.entry.to_string()),
        ("Submission", stated.submission.to_string()),
        (
            "Place among statements",
            format!("{} of {}", stated.place, stated.count),
        ),
        ("Root of statements", stated.root.clone()),
    ];
    rows.extend(
        stated
            .proof
            .iter()
            .map(|hash| ("Inclusion proof", hash.clone())),
    );
    for (what, value) in rows {
        page.row(&[Cell::text(what), Cell::Text(value)])?;
    }
    Ok(())
}
