//! The first page of a partner's workbook: what the window comes to, and what is to be done.
//!
//! Must not: leave out what is overdue, disputed or changed about keys.

use super::book::{Cell, Page};
use crate::domain::statement::Adjustment;
use crate::render::Sheet;
use crate::render::figures::legal_name;
use rust_xlsxwriter::XlsxError;

/// Fills the page.
pub fn fill(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    identity(page, sheet)?;
    position(page, sheet)?;
    payments(page, sheet)?;
    standing(page, sheet)
}

fn identity(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let identity = &sheet.statement.identity;
    page.row(&[
        Cell::text("Programme"),
        Cell::text(identity.programme.as_str()),
    ])?;
    page.row(&[
        Cell::text("Partner"),
        Cell::text(sheet.statement.partner.as_str()),
    ])?;
    page.row(&[Cell::text("Window"), Cell::Whole(identity.window.into())])?;
    page.row(&[Cell::text("First day"), Cell::Day(identity.first_day)])?;
    page.row(&[Cell::text("Last day"), Cell::Day(identity.last_day)])?;
    page.row(&[Cell::text("Currency"), Cell::text(&identity.currency)])?;
    if identity.simulated {
        let what = "time is set by hand: this settles nothing";
        page.row(&[Cell::text("Simulation"), Cell::text(what)])?;
    }
    page.skip();
    Ok(())
}

fn position(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let (position, account) = (&sheet.statement.position, &sheet.statement.account);
    page.row(&[Cell::head("What the window comes to"), Cell::head("Amount")])?;
    let row = page.next_row();
    let debits = Cell::Money(position.debits.decimal());
    page.row(&[
        Cell::text("To receive by lines"),
        Cell::Money(position.credits.decimal()),
    ])?;
    page.row(&[Cell::text("To pay by lines"), debits])?;
    let net = format!("=B{row}-B{}", row + 1);
    let net = Cell::MoneySum(net, position.net.decimal());
    page.total(&[Cell::text("Net"), net])?;
    let rolled_in = Cell::Money(position.rolled_in.decimal());
    page.row(&[Cell::text("Rolled in from earlier windows"), rolled_in])?;
    let rolled_out = Cell::Money(position.rolled_out.decimal());
    page.row(&[Cell::text("Rolled forward to the next window"), rolled_out])?;
    let payable = format!("=B{}+B{}-B{}", row + 2, row + 3, row + 4);
    let payable = Cell::MoneySum(payable, position.payable.decimal());
    page.total(&[Cell::text("Payable"), payable])?;
    page.row(&[
        Cell::text("Account opening"),
        Cell::Money(account.opening.decimal()),
    ])?;
    page.row(&[
        Cell::text("Account closing"),
        Cell::Money(account.closing.decimal()),
    ])?;
    page.skip();
    Ok(())
}

fn payments(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let heads = [
        "Counterparty",
        "Amount",
        "Direction",
        "Due",
        "Reference",
        "Status",
    ];
    for (title, items) in [
        (
            "Payments of this window",
            &sheet.statement.position.payments,
        ),
        ("Earlier payments still open", &sheet.statement.open_items),
    ] {
        let mut heads = heads.map(str::to_owned);
        heads[0] = title.to_owned();
        page.row(&heads.map(Cell::head))?;
        for item in items {
            page.row(&[
                Cell::text(legal_name(sheet.masters, &item.counterparty)),
                Cell::Money(item.amount.decimal()),
                Cell::text(&item.direction),
                Cell::Day(item.due_on),
                Cell::text(&item.reference),
                Cell::text(&item.status),
            ])?;
        }
        if items.is_empty() {
            page.row(&[Cell::text("none")])?;
        }
        page.skip();
    }
    Ok(())
}

fn standing(page: &mut Page, sheet: &Sheet) -> Result<(), XlsxError> {
    let statement = sheet.statement;
    if !statement.adjustments.is_empty() {
        let heads = ["Adjustments", "Amount", "What", "Entry", "Corrects entry"];
        page.row(&heads.map(Cell::head))?;
        for adjustment in &statement.adjustments {
            adjustment_row(page, adjustment)?;
        }
        page.skip();
    }
    if !statement.disputes.is_empty() {
        let heads = [
            "Disputes",
            "Opened by",
            "Counterparty",
            "Answer by",
            "Status",
            "Window",
        ];
        page.row(&heads.map(Cell::head))?;
        for dispute in &statement.disputes {
            page.row(&[
                Cell::text(&dispute.reason),
                Cell::text(dispute.opened_by.as_str()),
                Cell::text(dispute.counterparty.as_str()),
                Cell::Day(dispute.answer_by),
                Cell::text(&dispute.status),
                Cell::Whole(dispute.window.into()),
            ])?;
        }
        page.skip();
    }
    if !statement.notices.is_empty() {
        page.row(&["Notices", "Key", "Entry"].map(Cell::head))?;
        for notice in &statement.notices {
            page.row(&[
                Cell::text(&notice.kind),
                notice
                    .key
                    .map_or(Cell::None, |key| Cell::text(key.as_str())),
                Cell::Whole(notice.entry),
            ])?;
        }
    }
    Ok(())
}

fn adjustment_row(page: &mut Page, adjustment: &Adjustment) -> Result<(), XlsxError> {
    let between = match (&adjustment.debtor, &adjustment.creditor, &adjustment.issuer) {
        (Some(debtor), Some(creditor), _) => format!("{debtor} owes {creditor}"),
        (_, _, Some(issuer)) => format!("{} of points of {issuer}", adjustment.change),
        _ => adjustment.change.clone(),
    };
    let points = adjustment.points.map_or(Cell::None, Cell::Points);
    let amount = adjustment
        .amount
        .map(|amount| Cell::Money(amount.decimal()));
    page.row(&[
        Cell::Text(between),
        amount.unwrap_or(points),
        Cell::text(&adjustment.change),
        Cell::Whole(adjustment.entry),
        Cell::Whole(adjustment.corrects_entry),
    ])
}
