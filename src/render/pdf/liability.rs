//! The partner's points: what members had, what changed that, what they have, and until when.
//!
//! Must not: list more months than fit beside the roll-forward; the others are one row.

use super::blocks::Block;
use super::figures::{self, Figures};
use super::table::{Column, Kind, Row, Table};
use crate::domain::points::Points;
use crate::domain::statement::{Month, Statement};

/// How many rows a list of months has at most, the row for the others included.
const MONTHS_MAX: usize = 12;

/// Which months give way when there are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Summed {
    Earlier,
    Later,
}

/// The roll-forward and the months; nothing for a partner that never issued a point.
pub(super) fn blocks(statement: &Statement) -> Vec<Block> {
    let liability = &statement.liability;
    let figures = Figures::of(&statement.identity);
    let roll_forward = roll_forward(statement, figures);
    if roll_forward.rows.iter().all(|row| row.kind == Kind::Total) {
        return Vec::new();
    }
    let mut blocks = vec![Block {
        title: "Your points",
        caption: "Issued by you and held by members.".to_owned(),
        table: roll_forward,
    }];
    for (title, caption, months, summed) in [
        (
            "By month of issue",
            "The closing count.",
            &liability.by_issue_month,
            Summed::Earlier,
        ),
        (
            "By month of expiry",
            "The closing count, by last valid day.",
            &liability.by_expiry_month,
            Summed::Later,
        ),
    ] {
        if !months.is_empty() {
            let rows = shown(months, summed).into_iter();
            let rows = rows.map(|(month, points)| [month, figures.points(points)]);
            let mut rows: Vec<Row> = rows.map(|texts| Row::new(Kind::Plain, texts)).collect();
            let closing = figures.points(liability.closing);
            rows.push(Row::new(Kind::Total, ["Closing".to_owned(), closing]));
            blocks.push(Block {
                title,
                caption: caption.to_owned(),
                table: table("Month", rows),
            });
        }
    }
    blocks
}

fn table(title: &'static str, rows: Vec<Row>) -> Table {
    let columns = vec![(title, Column::Text(1)), ("Points", Column::Figure)];
    Table { columns, rows }
}

/// Opening to closing, without what did not happen.
fn roll_forward(statement: &Statement, figures: Figures<'_>) -> Table {
    let liability = &statement.liability;
    let changes = [
        ("+", "Issued", liability.issued),
        ("-", "Issued, taken back", liability.taken_back),
        ("-", "Burned", liability.burned),
        ("+", "Burned, restored", liability.restored),
        ("-", "Expired", liability.expired),
        ("-", "Used for members' debts", liability.debt_repaid),
        ("+", "Adjusted in", liability.adjusted_in),
        ("-", "Adjusted out", liability.adjusted_out),
    ];
    let happened = changes.iter().filter(|(_, _, points)| !points.is_zero());
    let mut rows: Vec<Row> = happened
        .map(|(sign, text, points)| {
            let points = format!("{sign}{}", figures.points(*points));
            Row::new(Kind::Plain, [(*text).to_owned(), points])
        })
        .collect();
    if !liability.opening.is_zero() || !rows.is_empty() {
        let opening = figures.points(liability.opening);
        rows.insert(0, Row::new(Kind::Plain, ["Opening".to_owned(), opening]));
    }
    let closing = figures.points(liability.closing);
    rows.push(Row::new(Kind::Total, ["Closing".to_owned(), closing]));
    table("", rows)
}

/// The months that are shown, and one row for all others.
fn shown(months: &[Month], summed: Summed) -> Vec<(String, Points)> {
    let kept = if months.len() > MONTHS_MAX {
        MONTHS_MAX - 1
    } else {
        months.len()
    };
    let row = |month: &Month| (figures::month(&month.month), month.points);
    let rest = |months: &[Month], word: &str| {
        let points = Points::sum(months.iter().map(|month| month.points));
        let points = points.expect("parts of the closing count are within it");
        (!months.is_empty()).then(|| (word.to_owned(), points))
    };
    match summed {
        Summed::Earlier => {
            let (others, own) = months.split_at(months.len() - kept);
            let first = rest(others, "Earlier");
            first.into_iter().chain(own.iter().map(row)).collect()
        }
        Summed::Later => {
            let (own, others) = months.split_at(kept);
            let last = rest(others, "Later");
            own.iter().map(row).chain(last).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_beyond_twelve_become_one_row() {
        let months: Vec<Month> = (1..=30_u64)
            .map(|at| Month {
                month: format!("{}-{:02}", 2025 + at / 12, at % 12 + 1),
                points: Points::new(at).expect("small"),
            })
            .collect();
        for (summed, at, word) in [
            (Summed::Earlier, 0, "Earlier"),
            (Summed::Later, 11, "Later"),
        ] {
            let rows = shown(&months, summed);
            assert_eq!(rows.len(), 12);
            assert_eq!(rows[at].0, word);
            let all = Points::sum(rows.iter().map(|row| row.1)).expect("small");
            assert_eq!(all.units(), 465);
        }
        let few = shown(&months[..12], Summed::Later);
        assert_eq!(few.len(), 12);
        assert_eq!(few[11].0, "January 2026");
    }
}
