//! A statement as one flat table.
//!
//! Must not: leave out an amount that the statement holds, or add one that it does not.

use super::{Table, guarded};
use crate::domain::ids::Name;
use crate::domain::statement::{Adjustment, Movement, OpenItem};
use crate::render::Sheet;
use crate::render::figures::{
    counterparty, direction, legal_name, liability_items, points, signed, sum,
};
use rust_decimal::Decimal;
use std::fmt::Display;

/// The columns of a statement. `amount` has no sign; `signed_amount` is above zero for what the
/// partner receives. `points` are displayed points, so that points × price is the amount.
const COLUMNS: [&str; 22] = [
    "section",
    "item",
    "window",
    "date",
    "counterparty",
    "counterparty_name",
    "direction",
    "reason",
    "price_version",
    "points",
    "price",
    "tax_code",
    "amount",
    "signed_amount",
    "currency",
    "reference",
    "status",
    "entry",
    "op",
    "applied",
    "refused",
    "value",
];

/// A partner's statement: one row for each line, position, payment, open item, movement,
/// adjustment, dispute, notice and count of points. Rows of section `statement` come first and say
/// what the file was made from.
pub fn statement(sheet: &Sheet) -> Vec<u8> {
    let mut table = Table::new(&COLUMNS);
    identity_rows(&mut table, sheet);
    line_rows(&mut table, sheet);
    position_rows(&mut table, sheet);
    account_rows(&mut table, sheet);
    for adjustment in &sheet.statement.adjustments {
        table.push(adjustment_row(sheet, adjustment));
    }
    standing_rows(&mut table, sheet);
    liability_rows(&mut table, sheet);
    activity_rows(&mut table, sheet);
    table.into_bytes()
}

fn identity_rows(table: &mut Table, sheet: &Sheet) {
    let (statement, stated) = (sheet.statement, sheet.stated);
    let (identity, log) = (&statement.identity, &statement.log);
    let partner = &statement.partner;
    for (item, value) in [
        ("sha256", stated.sha256.clone()),
        ("partner", partner.to_string()),
        (
            "partner_name",
            legal_name(sheet.masters, partner).to_owned(),
        ),
        ("programme", identity.programme.to_string()),
        ("origin", identity.origin.clone()),
        ("address", sheet.address.to_owned()),
        ("window", identity.window.to_string()),
        ("first_day", identity.first_day.to_string()),
        ("last_day", identity.last_day.to_string()),
        ("currency", identity.currency.clone()),
        ("point_scale", identity.point_scale.to_string()),
        ("settlement_model", identity.settlement_model.clone()),
        ("netting", identity.netting.clone()),
        ("simulated", identity.simulated.to_string()),
        ("first_entry", log.first_entry.to_string()),
        ("last_entry", log.last_entry.to_string()),
        ("root", log.root.clone()),
        ("cut_at", log.cut_at.clone()),
        ("netted_at", log.netted_at.clone()),
        ("stated_in_entry", stated.entry.to_string()),
        ("statements_root", stated.root.clone()),
    ] {
        table.push(Row::new("statement", item).text("value", &value).cells);
    }
}

fn line_rows(table: &mut Table, sheet: &Sheet) {
    let statement = sheet.statement;
    let scale = statement.identity.point_scale;
    for line in &statement.lines {
        let mut row = Row::new("line", "")
            .number("window", statement.identity.window)
            .number("date", statement.identity.last_day)
            .between(sheet, &line.debtor, &line.creditor)
            .text("reason", &line.reason)
            .number("price_version", line.price_version)
            .money(sheet, &line.debtor, line.amount.decimal());
        if let (Some(units), Some(price)) = (line.units, line.price) {
            row = row
                .number("points", points(units, scale))
                .number("price", price);
        }
        if let Some(code) = &line.tax_code {
            row = row.text("tax_code", code.as_str());
        }
        table.push(row.cells);
    }
}

fn position_rows(table: &mut Table, sheet: &Sheet) {
    let position = &sheet.statement.position;
    let debits = Decimal::ZERO - position.debits.decimal();
    let decimals = position.net.decimal().scale();
    for (item, amount) in [
        ("debits", sum(decimals, [debits])),
        ("credits", position.credits.decimal()),
        ("net", position.net.decimal()),
        ("rolled_in", position.rolled_in.decimal()),
        ("rolled_out", position.rolled_out.decimal()),
        ("payable", position.payable.decimal()),
    ] {
        let row = Row::new("position", item).net(sheet, amount);
        table.push(row.cells);
    }
    for item in &position.payments {
        table.push(item_row("payment", sheet, item));
    }
    for item in &sheet.statement.open_items {
        table.push(item_row("open_item", sheet, item));
    }
}

fn item_row(section: &str, sheet: &Sheet, item: &OpenItem) -> Vec<String> {
    let partner = &sheet.statement.partner;
    let (debtor, creditor) = match item.direction.as_str() {
        "pay" => (partner, &item.counterparty),
        _ => (&item.counterparty, partner),
    };
    Row::new(section, "due")
        .number("window", item.window)
        .number("date", item.due_on)
        .between(sheet, debtor, creditor)
        .money(sheet, debtor, item.amount.decimal())
        .text("reference", &item.reference)
        .text("status", &item.status)
        .cells
}

fn account_rows(table: &mut Table, sheet: &Sheet) {
    let account = &sheet.statement.account;
    let row = |item| Row::new("account", item);
    table.push(row("opening").net(sheet, account.opening.decimal()).cells);
    for movement in &account.movements {
        table.push(movement_row(sheet, movement));
    }
    table.push(row("net").net(sheet, account.net.decimal()).cells);
    table.push(row("closing").net(sheet, account.closing.decimal()).cells);
}

/// A payment that the partner made brings its account up, one that it got brings it down; a
/// payment that came back does the opposite.
fn movement_row(sheet: &Sheet, movement: &Movement) -> Vec<String> {
    let (debtor, creditor) = (&movement.debtor, &movement.creditor);
    let confirmed = movement.kind == "confirmed";
    let lowers = if confirmed { creditor } else { debtor };
    Row::new("account", &movement.kind)
        .number("window", movement.window)
        .number("date", movement.at.get(..10).unwrap_or_default())
        .between(sheet, debtor, creditor)
        .money(sheet, lowers, movement.amount.decimal())
        .text("reference", &movement.reference)
        .number("entry", movement.entry)
        .number("op", movement.op)
        .text("value", &movement.at)
        .cells
}

fn adjustment_row(sheet: &Sheet, adjustment: &Adjustment) -> Vec<String> {
    let (entry, op) = (adjustment.corrects_entry, adjustment.corrects_op);
    let scale = sheet.statement.identity.point_scale;
    let mut row = Row::new("adjustment", &adjustment.change)
        .number("entry", adjustment.entry)
        .number("op", adjustment.op)
        .text("value", &format!("corrects entry {entry} op {op}"));
    if let (Some(issuer), Some(count)) = (&adjustment.issuer, adjustment.points) {
        row = row
            .text("counterparty", issuer.as_str())
            .text("counterparty_name", legal_name(sheet.masters, issuer))
            .number("points", points(count, scale));
    }
    let (debtor, creditor) = (&adjustment.debtor, &adjustment.creditor);
    if let (Some(debtor), Some(creditor), Some(amount)) = (debtor, creditor, adjustment.amount) {
        row = row
            .between(sheet, debtor, creditor)
            .money(sheet, debtor, amount.decimal());
    }
    row.cells
}

fn standing_rows(table: &mut Table, sheet: &Sheet) {
    for dispute in &sheet.statement.disputes {
        let row = Row::new("dispute", &dispute.reason)
            .number("window", dispute.window)
            .number("date", dispute.answer_by)
            .between(sheet, &dispute.opened_by, &dispute.counterparty)
            .text("direction", "")
            .text("status", &dispute.status)
            .number("entry", dispute.entry)
            .number("op", dispute.op)
            .text("value", &dispute.evidence_sha256);
        table.push(row.cells);
    }
    for notice in &sheet.statement.notices {
        let row = Row::new("notice", &notice.kind)
            .number("entry", notice.entry)
            .number("op", notice.op)
            .text("value", notice.key.as_ref().map_or("", Name::as_str));
        table.push(row.cells);
    }
}

fn liability_rows(table: &mut Table, sheet: &Sheet) {
    let scale = sheet.statement.identity.point_scale;
    let liability = &sheet.statement.liability;
    for (item, _, count) in liability_items(liability) {
        let row = Row::new("liability", item).number("points", points(count, scale));
        table.push(row.cells);
    }
    let issued = liability.by_issue_month.iter().map(|m| ("issued_in", m));
    let expiring = liability.by_expiry_month.iter().map(|m| ("expiring_in", m));
    for (item, month) in issued.chain(expiring) {
        let row = Row::new("liability", item)
            .number("points", points(month.points, scale))
            .text("value", &month.month);
        table.push(row.cells);
    }
}

fn activity_rows(table: &mut Table, sheet: &Sheet) {
    let scale = sheet.statement.identity.point_scale;
    for activity in &sheet.statement.activity {
        let row = Row::new("activity", &activity.op)
            .number("points", points(activity.points, scale))
            .number("applied", activity.applied)
            .number("refused", activity.refused);
        table.push(row.cells);
    }
    for prior in &sheet.statement.prior_period {
        let row = Row::new("prior_period", &prior.op)
            .number("date", prior.occurred_on)
            .number("points", points(prior.points, scale))
            .number("applied", prior.applied);
        table.push(row.cells);
    }
}

/// One row of a statement.
struct Row {
    cells: Vec<String>,
}

impl Row {
    fn new(section: &str, item: &str) -> Self {
        let cells = vec![String::new(); COLUMNS.len()];
        Self { cells }.text("section", section).text("item", item)
    }

    fn text(self, column: &str, text: &str) -> Self {
        self.number(column, guarded(text))
    }

    fn number(mut self, column: &str, number: impl Display) -> Self {
        let place = COLUMNS.iter().position(|name| *name == column);
        self.cells[place.expect("rows name columns that there are")] = number.to_string();
        self
    }

    fn between(self, sheet: &Sheet, debtor: &Name, creditor: &Name) -> Self {
        let partner = &sheet.statement.partner;
        let other = counterparty(partner, debtor, creditor);
        self.text("counterparty", other.as_str())
            .text("counterparty_name", legal_name(sheet.masters, other))
            .text("direction", direction(partner, debtor))
    }

    /// An amount by which `lowered` has less.
    fn money(self, sheet: &Sheet, lowered: &Name, amount: Decimal) -> Self {
        let signed = signed(&sheet.statement.partner, lowered, amount);
        self.number("amount", amount)
            .number("signed_amount", signed)
            .text("currency", &sheet.statement.identity.currency)
    }

    fn net(self, sheet: &Sheet, net: Decimal) -> Self {
        self.number("amount", net.abs())
            .number("signed_amount", net)
            .text("currency", &sheet.statement.identity.currency)
    }
}
