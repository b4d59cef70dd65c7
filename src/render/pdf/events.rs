//! What happened: activity, prior-period items, adjustments, disputes and notices.
//!
//! Must not: make an empty section.

use super::blocks::Block;
use super::figures::{Figures, count, day};
use super::page::{PLAIN, STRONG, Tone};
use super::table::{Cell, Column, Kind, Row, Table};
use super::words;
use crate::domain::statement::{Adjustment, Dispute, Notice, Statement};
use crate::render::Sheet;
use crate::render::master::Masters;

/// What the partner sent, by kind of op.
pub(super) fn activity(statement: &Statement) -> Option<Block> {
    let figures = Figures::of(&statement.identity);
    let rows = statement.activity.iter().map(|activity| {
        Row::new(
            Kind::Plain,
            [
                words::sentence(&activity.op),
                count(activity.applied),
                count(activity.refused),
                figures.points(activity.points),
            ],
        )
    });
    let author = &statement.author_seq;
    let numbers = author.first.zip(author.last).map(|(first, last)| {
        let entries = count(author.entries);
        format!("Your {entries} entries, numbered {first} to {last} without a gap.")
    });
    let columns = vec![
        ("What you sent", Column::Text(1)),
        ("Applied", Column::Figure),
        ("Refused", Column::Figure),
        ("Points", Column::Figure),
    ];
    block(
        "Activity",
        numbers.unwrap_or_default(),
        columns,
        rows.collect(),
    )
}

/// What happened earlier and counts in this window.
pub(super) fn prior_period(statement: &Statement) -> Option<Block> {
    let figures = Figures::of(&statement.identity);
    let rows = statement.prior_period.iter().map(|item| {
        Row::new(
            Kind::Plain,
            [
                words::sentence(&item.op),
                day(item.occurred_on),
                count(item.applied),
                figures.points(item.points),
            ],
        )
    });
    let columns = vec![
        ("What you sent", Column::Text(1)),
        ("Occurred", Column::Figure),
        ("Applied", Column::Figure),
        ("Points", Column::Figure),
    ];
    let caption = "Happened before this window by its own date; counted in this window.";
    block("Prior period", caption.to_owned(), columns, rows.collect())
}

/// Adjustments that concern the partner.
pub(super) fn adjustments(sheet: &Sheet<'_>) -> Option<Block> {
    let figures = Figures::of(&sheet.statement.identity);
    let rows = sheet.statement.adjustments.iter();
    let rows = rows.map(|adjustment| adjustment_row(adjustment, sheet, figures));
    let columns = vec![
        ("What was adjusted", Column::Text(1)),
        ("Entry/op", Column::Figure),
        ("Corrects", Column::Figure),
        ("You pay", Column::Figure),
        ("You receive", Column::Figure),
    ];
    let caption = "Posted in this window; amounts are among its lines.".to_owned();
    block("Adjustments", caption, columns, rows.collect())
}

fn adjustment_row(adjustment: &Adjustment, sheet: &Sheet<'_>, figures: Figures<'_>) -> Row {
    let partner = Some(sheet.statement.partner);
    let pays = adjustment.debtor == partner;
    let other = if pays {
        adjustment.creditor
    } else {
        adjustment.debtor
    };
    let name = |party| words::party_with_id(&party, sheet.masters);
    let text = match (adjustment.issuer, adjustment.points, other) {
        (Some(issuer), Some(points), _) => {
            let points = figures.points(points);
            let change = words::sentence(&adjustment.change);
            if Some(issuer) == partner {
                format!("{change} of {points} of your points")
            } else {
                format!("{change} of {points} points of {}", name(issuer))
            }
        }
        (_, _, Some(other)) => format!("Amount with {}", name(other)),
        _ => words::sentence(&adjustment.change),
    };
    let amount = adjustment.amount.map(|amount| figures.amount(amount));
    let amount = amount.unwrap_or_default();
    let [pay, receive] = if pays {
        [amount, String::new()]
    } else {
        [String::new(), amount]
    };
    let at = |entry: u64, op: u16| format!("{entry}/{op}");
    Row::new(
        Kind::Plain,
        [
            text,
            at(adjustment.entry, adjustment.op),
            at(adjustment.corrects_entry, adjustment.corrects_op),
            pay,
            receive,
        ],
    )
}

/// Disputes that are open or were resolved.
pub(super) fn disputes(sheet: &Sheet<'_>) -> Option<Block> {
    let rows = sheet.statement.disputes.iter();
    let rows = rows.map(|dispute| dispute_row(dispute, sheet.masters));
    let columns = vec![
        ("Dispute and evidence", Column::Text(1)),
        ("Window", Column::Figure),
        ("Entry/op", Column::Figure),
        ("Answer by", Column::Figure),
        ("Status", Column::Code),
    ];
    let caption = "A dispute does not change what is to be paid; its outcome is an adjustment.";
    block("Disputes", caption.to_owned(), columns, rows.collect())
}

fn dispute_row(dispute: &Dispute, masters: &Masters) -> Row {
    let name = |party| words::party(party, masters);
    let (by, with) = (name(&dispute.opened_by), name(&dispute.counterparty));
    let reason = words::sentence(&dispute.reason);
    let evidence = format!("SHA-256 {}", dispute.evidence_sha256);
    let plain = |text: String| Cell::styled(text, PLAIN);
    let cells = vec![
        plain(format!("{reason}: {by}, against {with}")).noted(evidence),
        plain(dispute.window.to_string()),
        plain(format!("{}/{}", dispute.entry, dispute.op)),
        plain(day(dispute.answer_by)),
        Cell::styled(words::sentence(&dispute.status), STRONG),
    ];
    let kind = Kind::Plain;
    Row { kind, cells }
}

/// Keys and standing.
pub(super) fn notices(statement: &Statement) -> Option<Block> {
    let columns = vec![
        ("Notice", Column::Text(1)),
        ("Key", Column::Code),
        ("Entry/op", Column::Figure),
    ];
    let rows = statement.notices.iter().map(notice_row);
    let caption = "If you did not ask for one of these, call the house.".to_owned();
    block("Notices", caption, columns, rows.collect())
}

fn notice_row(notice: &Notice) -> Row {
    let (text, look) = words::notice(&notice.kind);
    let style = if look {
        STRONG.toned(Tone::Alert)
    } else {
        PLAIN
    };
    let key = notice.key.map(|key| key.to_string()).unwrap_or_default();
    let at = format!("{}/{}", notice.entry, notice.op);
    let cells = vec![
        Cell::styled(text, style),
        Cell::styled(key, PLAIN),
        Cell::styled(at, PLAIN),
    ];
    let kind = Kind::Plain;
    Row { kind, cells }
}

fn block(
    title: &'static str,
    caption: String,
    columns: Vec<(&'static str, Column)>,
    rows: Vec<Row>,
) -> Option<Block> {
    let table = Table { columns, rows };
    (!table.rows.is_empty()).then_some(Block {
        title,
        caption,
        table,
    })
}
