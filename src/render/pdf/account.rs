//! How the answer comes about: the window's net to what is payable, and the account's roll-forward.
//!
//! Must not: hide a movement; each one is a row.

use super::blocks::Block;
use super::figures::{Figures, in_fours, instant_day};
use super::page::PLAIN;
use super::table::{Cell, Column, Kind, Row, Table};
use crate::domain::ids::Name;
use crate::domain::money::Net;
use crate::domain::statement::{Movement, Statement};

const COLUMNS: [(&str, Column); 3] = [
    ("", Column::Text(1)),
    ("You owe", Column::Figure),
    ("You are owed", Column::Figure),
];

/// From the window's lines to what is payable.
pub(super) fn window(statement: &Statement) -> Block {
    let figures = Figures::of(&statement.identity);
    let position = &statement.position;
    let lines = [
        figures.amount(position.debits),
        figures.amount(position.credits),
    ];
    let text = if statement.lines.is_empty() {
        "Lines of this window: none"
    } else {
        "Lines of this window, see below"
    };
    let row = |kind, text: &str, net| net_row(figures, kind, text, net);
    let payable = match position.payable {
        payable if payable.is_zero() => "To pay or receive now",
        payable if payable.is_debit() => "To pay now",
        _ => "To receive now",
    };
    let rolled_out = position.rolled_out.negated();
    let rows = vec![
        row_of(Kind::Plain, text, lines),
        row(Kind::Plain, "Net of this window", position.net),
        row(
            Kind::Plain,
            "Rolled in from earlier windows",
            position.rolled_in,
        ),
        row(Kind::Plain, "Rolled forward to the next window", rolled_out),
        row(Kind::Total, payable, position.payable),
    ];
    Block {
        title: "How it comes about",
        caption: format!("This window, in {}.", figures.currency),
        table: table(rows),
    }
}

/// From what was owed before to what is owed now.
pub(super) fn account(statement: &Statement) -> Block {
    let figures = Figures::of(&statement.identity);
    let account = &statement.account;
    let row = |kind, text: &str, net| net_row(figures, kind, text, net);
    let mut rows = vec![row(Kind::Plain, "Opening balance", account.opening)];
    for movement in &account.movements {
        rows.push(movement_row(figures, movement, &statement.partner));
    }
    rows.push(row(Kind::Plain, "Net of this window", account.net));
    rows.push(row(Kind::Total, "Closing balance", account.closing));
    Block {
        title: "Your account",
        caption: format!(
            "All that is unpaid or rolled forward, in {}.",
            figures.currency
        ),
        table: table(rows),
    }
}

fn table(rows: Vec<Row>) -> Table {
    Table {
        columns: COLUMNS.to_vec(),
        rows,
    }
}

fn row_of(kind: Kind, text: &str, [owe, owed]: [String; 2]) -> Row {
    Row::new(kind, [text.to_owned(), owe, owed])
}

fn net_row(figures: Figures<'_>, kind: Kind, text: &str, net: Net) -> Row {
    row_of(kind, text, figures.columns(net))
}

/// What the partner paid, or what came back to it, counts for it; the rest against it.
fn movement_row(figures: Figures<'_>, movement: &Movement, partner: &Name) -> Row {
    let returned = movement.kind == "returned";
    let by_partner = movement.debtor == *partner;
    let text = match (by_partner, returned) {
        (true, false) => "You paid",
        (true, true) => "Your payment was returned",
        (false, false) => "You received",
        (false, true) => "A payment to you was returned",
    };
    let on = instant_day(&movement.at);
    let text = format!("{text} for window {}, {on}", movement.window);
    let amount = figures.amount(movement.amount);
    let (owe, owed) = if by_partner == returned {
        (amount, String::new())
    } else {
        (String::new(), amount)
    };
    let cells = vec![
        Cell::styled(text, PLAIN).noted(in_fours(&movement.reference)),
        Cell::styled(owe, PLAIN),
        Cell::styled(owed, PLAIN),
    ];
    let kind = Kind::Plain;
    Row { kind, cells }
}
