//! The demo's tables: who issued, burned and owes what, from books that an audit replayed.
//!
//! Every line is rounded by itself, as netting will do, so all positions together are zero. Must
//! not: ask the house; what stands here was worked out from the exported entries.

use crate::audit::Replay;
use crate::cli::style;
use crate::domain::ids::Party;
use crate::domain::netting::price_line;
use crate::domain::points::Points;
use anyhow::Context;
use comfy_table::{Attribute, Cell, CellAlignment, Table};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The most partners that have a row of their own.
const PARTNERS_SHOWN: usize = 12;
/// Columns of text that one partner of the matrix takes.
const MATRIX_COLUMN_WIDTH: usize = 11;

/// What one partner did and owes.
#[derive(Clone, Default)]
struct Row {
    name: String,
    issued: u64,
    burned: u64,
    outstanding: u64,
    owes: Decimal,
    gets: Decimal,
    fees: Decimal,
}

impl Row {
    fn net(&self) -> Decimal {
        self.gets - self.owes - self.fees
    }

    fn add(&mut self, other: &Self) {
        self.issued += other.issued;
        self.burned += other.burned;
        self.outstanding += other.outstanding;
        self.owes += other.owes;
        self.gets += other.gets;
        self.fees += other.fees;
    }
}

/// The books of a replayed ledger, as tables.
pub struct Books {
    currency: String,
    /// Partners, the greatest issuer first.
    rows: Vec<(Party, Row)>,
    house: Decimal,
    /// What the first owes the second for burned points.
    pairs: BTreeMap<(Party, Party), Decimal>,
}

impl Books {
    /// Works the tables out.
    ///
    /// # Errors
    /// A line has no price, which a ledger that holds cannot have.
    pub fn new(replay: &Replay) -> anyhow::Result<Self> {
        let governance = replay.governance().context("the ledger is not founded")?;
        let books = replay.books();
        let mut rows: BTreeMap<Party, Row> = BTreeMap::new();
        for (slot, totals) in books.parties.iter().enumerate().skip(1) {
            let party = Party(u16::try_from(slot)?);
            let outstanding = totals.outstanding_total().map_or(0, Points::units);
            let row = rows.entry(party).or_default();
            row.name = governance.name(party).to_string();
            row.issued = totals.issued.units();
            row.burned = totals.burned.units();
            row.outstanding = outstanding;
        }
        let mut pairs = BTreeMap::new();
        let mut house = Decimal::ZERO;
        for (key, total) in &books.lines {
            let (debtor, creditor) = (key.debtor, key.creditor);
            let priced = price_line(governance, key, total).context("a line has no price")?;
            let amount = priced.amount.decimal();
            match (rows.contains_key(&debtor), rows.contains_key(&creditor)) {
                (true, true) => {
                    rows.entry(debtor).or_default().owes += amount;
                    rows.entry(creditor).or_default().gets += amount;
                    *pairs.entry((debtor, creditor)).or_default() += amount;
                }
                (true, false) => {
                    rows.entry(debtor).or_default().fees += amount;
                    house += amount;
                }
                (false, true) => {
                    rows.entry(creditor).or_default().gets += amount;
                    house -= amount;
                }
                (false, false) => {}
            }
        }
        let mut rows: Vec<(Party, Row)> = rows.into_iter().collect();
        rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.issued));
        Ok(Self {
            currency: governance.programme.currency.code().to_owned(),
            rows,
            house,
            pairs,
        })
    }

    /// Who issued, burned and owes what.
    pub fn summary(&self) -> Table {
        let currency = &self.currency;
        let mut table = style::table();
        table.set_header(header(&[
            "partner",
            "points issued",
            "of them burned",
            "still out",
            &format!("owes {currency}"),
            &format!("gets {currency}"),
            "fees to house",
            &format!("net {currency}"),
        ]));
        let (shown, others) = self.rows.split_at(self.rows.len().min(PARTNERS_SHOWN));
        let mut total = Row {
            name: "all partners".to_owned(),
            ..Row::default()
        };
        let mut rest = Row {
            name: format!("{} others", others.len()),
            ..Row::default()
        };
        shown.iter().for_each(|(_, row)| {
            total.add(row);
            table.add_row(cells(row, false));
        });
        others.iter().for_each(|(_, row)| {
            total.add(row);
            rest.add(row);
        });
        if !others.is_empty() {
            table.add_row(cells(&rest, false));
        }
        table.add_row(cells(&total, true));
        let house = Row {
            name: "house".to_owned(),
            gets: self.house,
            ..Row::default()
        };
        table.add_row(cells(&house, false));
        table
    }

    /// Whether what all partners are owed and owe, summed up here, and the house's position from
    /// netting sum to zero.
    pub fn balances(&self) -> bool {
        let partners: Decimal = self.rows.iter().map(|(_, row)| row.net()).sum();
        (partners + self.house).is_zero()
    }

    /// Who owes whom, for the greatest partners.
    pub fn matrix(&self) -> Table {
        let mut table = style::table();
        let width = table.width().map_or(118, usize::from);
        let columns = (width.saturating_sub(46) / MATRIX_COLUMN_WIDTH).clamp(3, PARTNERS_SHOWN);
        let shown = &self.rows[..self.rows.len().min(PARTNERS_SHOWN)];
        let across = &shown[..shown.len().min(columns)];
        let mut names: Vec<&str> = vec!["owes ↓  to →"];
        names.extend(across.iter().map(|(_, row)| row.name.as_str()));
        names.extend(["others", "all"]);
        table.set_header(header(&names));
        for (debtor, row) in shown {
            let mut line = vec![Cell::new(&row.name)];
            let mut seen = Decimal::ZERO;
            for (creditor, _) in across {
                let amount = self.pairs.get(&(*debtor, *creditor)).copied();
                seen += amount.unwrap_or_default();
                line.push(match debtor == creditor {
                    true => right("·"),
                    false => right(money(amount.unwrap_or_default())),
                });
            }
            let owed_by = self.pairs.iter().filter(|((by, _), _)| by == debtor);
            let all: Decimal = owed_by.map(|(_, amount)| *amount).sum();
            line.push(right(money(all - seen)));
            line.push(right(money(all)).add_attribute(Attribute::Bold));
            table.add_row(line);
        }
        table
    }
}

fn header(names: &[&str]) -> Vec<Cell> {
    let cell = |(place, name): (usize, &&str)| {
        let cell = Cell::new(name).add_attribute(Attribute::Bold);
        match place {
            0 => cell,
            _ => cell.set_alignment(CellAlignment::Right),
        }
    };
    names.iter().enumerate().map(cell).collect()
}

fn cells(row: &Row, bold: bool) -> Vec<Cell> {
    let mut cells = vec![
        Cell::new(&row.name),
        right(points(row.issued)),
        right(points(row.burned)),
        right(points(row.outstanding)),
        right(money(row.owes)),
        right(money(row.gets)),
        right(money(row.fees)),
        right(signed(row.net())),
    ];
    if bold {
        cells = cells
            .into_iter()
            .map(|cell| cell.add_attribute(Attribute::Bold))
            .collect();
    }
    cells
}

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

fn points(units: u64) -> String {
    match units {
        0 => "·".to_owned(),
        units => style::grouped(units),
    }
}

/// An amount with its thousands in groups, and a dot where there is nothing.
fn money(amount: Decimal) -> String {
    if amount.is_zero() {
        return "·".to_owned();
    }
    let text = amount.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let sign = if amount.is_sign_negative() { "−" } else { "" };
    let whole = whole
        .parse()
        .map_or_else(|_| whole.to_owned(), style::grouped);
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

fn signed(amount: Decimal) -> String {
    match amount.is_sign_negative() || amount.is_zero() {
        true => money(amount),
        false => format!("+{}", money(amount)),
    }
}
