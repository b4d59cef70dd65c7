//! The demo's tables: the week in the house's own documents of its windows, added up.
//!
//! Positions are added up from what each document says of a party, the matrix from its lines; the
//! two have to agree, and all positions together are zero. Must not: price or round anything; what
//! stands here was published, and worked out a second time by the audit.

use crate::cli::style;
use crate::cli::table::{self, bold, count, money, right, signed};
use crate::domain::ids::{HOUSE, Name};
use crate::domain::statement::WindowDocument;
use comfy_table::{Attribute, Cell, Table};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The most partners that have a row of their own.
const PARTNERS_SHOWN: usize = 12;
/// Columns of text that one partner of the matrix takes.
const MATRIX_COLUMN_WIDTH: usize = 11;

/// What one party did and owes over all windows.
#[derive(Clone, Default)]
struct Row {
    issued: u64,
    burned: u64,
    outstanding: u64,
    owes: Decimal,
    gets: Decimal,
    /// What it pays or gets after netting, day by day, whichever way.
    moved: Decimal,
}

impl Row {
    fn add(&mut self, other: &Self) {
        self.issued += other.issued;
        self.burned += other.burned;
        self.outstanding += other.outstanding;
        self.owes += other.owes;
        self.gets += other.gets;
        self.moved += other.moved;
    }
}

/// Windows, as tables.
pub struct Books {
    currency: String,
    windows: Vec<WindowDocument>,
    /// Parties: the house first, then the greatest debtor.
    rows: Vec<(Name, Row)>,
    /// What the first owes the second, by lines.
    pairs: BTreeMap<(Name, Name), Decimal>,
}

impl Books {
    /// Adds windows up, in order of their numbers.
    pub fn new(windows: Vec<WindowDocument>) -> Self {
        let mut rows: BTreeMap<Name, Row> = BTreeMap::new();
        let mut pairs = BTreeMap::new();
        for window in &windows {
            for position in &window.positions {
                let row = rows.entry(position.party).or_default();
                row.owes += position.debits.decimal();
                row.gets += position.credits.decimal();
                row.moved += position.payable.decimal().abs();
            }
            for line in &window.lines {
                let pair = (line.debtor, line.creditor);
                *pairs.entry(pair).or_default() += line.amount.decimal();
            }
        }
        for control in windows.last().iter().flat_map(|last| &last.control) {
            let row = rows.entry(control.issuer).or_default();
            row.issued = control.issued.units();
            row.burned = control.burned.units();
            row.outstanding = control.outstanding.units();
        }
        let mut rows: Vec<(Name, Row)> = rows.into_iter().collect();
        rows.sort_by_key(|(name, row)| (name.as_str() != HOUSE, std::cmp::Reverse(row.owes)));
        let last = windows.last();
        Self {
            currency: last.map_or_else(String::new, |last| last.identity.currency.clone()),
            windows,
            rows,
            pairs,
        }
    }

    /// How many windows there are.
    pub fn count(&self) -> usize {
        self.windows.len()
    }

    /// One row for each window.
    pub fn windows(&self) -> Table {
        let currency = &self.currency;
        let mut table = table::with_header(&[
            "window",
            "<days",
            "entries",
            "lines",
            &format!("owed {currency}"),
            &format!("moves {currency}"),
            "saved",
            "payments",
            "instead of",
        ]);
        let mut sum = Sums::default();
        for window in &self.windows {
            let (identity, log) = (&window.identity, &window.log);
            let (first, last) = (identity.first_day, identity.last_day);
            let days = match first == last {
                true => first.to_string(),
                false => format!("{first} – {last}"),
            };
            let own = Sums::of(window, log.last_entry + 1 - log.first_entry);
            sum.add(&own);
            let head = [right(identity.window), Cell::new(days)];
            table.add_row(head.into_iter().chain(own.cells()));
        }
        let head = [right(""), Cell::new("all")];
        table.add_row(bold(head.into_iter().chain(sum.cells()).collect()));
        table
    }

    /// What netting did with all windows, in words.
    pub fn saving(&self) -> String {
        let mut sum = Sums::default();
        for window in &self.windows {
            sum.add(&Sums::of(window, 0));
        }
        let currency = &self.currency;
        format!(
            "{} {currency} were owed, which would take {} payments; netting moves {} {currency} \
             in {}",
            money(sum.gross),
            style::grouped(sum.pairs),
            money(sum.net),
            style::grouped(sum.payments)
        )
    }

    /// How much less money moves, in percent.
    pub fn saved(&self) -> String {
        let all = || self.windows.iter().map(|window| &window.netting);
        let gross = all().map(|netting| netting.gross.decimal()).sum();
        table::saved(gross, all().map(|netting| netting.net.decimal()).sum())
    }

    /// Who issued, burned and owes what.
    pub fn positions(&self) -> Table {
        let currency = &self.currency;
        let mut table = table::with_header(&[
            "<party",
            "points issued",
            "of them burned",
            "still out",
            &format!("owes {currency}"),
            &format!("gets {currency}"),
            &format!("net {currency}"),
            "paid after netting",
        ]);
        let (shown, others) = self.rows.split_at(self.rows.len().min(PARTNERS_SHOWN + 1));
        let mut total = Row::default();
        for (name, row) in shown {
            total.add(row);
            table.add_row(cells(name.as_str(), row));
        }
        let mut rest = Row::default();
        others.iter().for_each(|(_, row)| rest.add(row));
        if !others.is_empty() {
            total.add(&rest);
            table.add_row(cells(&format!("{} others", others.len()), &rest));
        }
        table.add_row(bold(cells("all", &total)));
        table
    }

    /// Whether lines and positions come to the same for every party, and positions sum to zero.
    pub fn balances(&self) -> bool {
        let mut by_lines: BTreeMap<Name, (Decimal, Decimal)> = BTreeMap::new();
        for ((debtor, creditor), amount) in &self.pairs {
            by_lines.entry(*debtor).or_default().0 += amount;
            by_lines.entry(*creditor).or_default().1 += amount;
        }
        let agrees = |(name, row): &(Name, Row)| {
            by_lines.get(name).copied().unwrap_or_default() == (row.owes, row.gets)
        };
        let net: Decimal = self.rows.iter().map(|(_, row)| row.gets - row.owes).sum();
        self.rows.iter().all(agrees) && net.is_zero()
    }

    /// Who owes whom before netting, for the greatest debtors.
    pub fn matrix(&self) -> Table {
        let width = style::table().width().map_or(118, usize::from);
        let columns = (width.saturating_sub(46) / MATRIX_COLUMN_WIDTH).clamp(3, PARTNERS_SHOWN);
        let partners = || self.rows.iter().filter(|(name, _)| name.as_str() != HOUSE);
        let debtors: Vec<Name> = partners().take(PARTNERS_SHOWN).map(|row| row.0).collect();
        let mut creditors: Vec<&(Name, Row)> = self.rows.iter().collect();
        creditors.sort_by_key(|(_, row)| std::cmp::Reverse(row.gets));
        let across: Vec<Name> = creditors.iter().take(columns).map(|row| row.0).collect();
        let mut names = vec!["<owes ↓  to →"];
        names.extend(across.iter().map(Name::as_str));
        names.extend(["others", "all"]);
        let mut table = table::with_header(&names);
        for debtor in &debtors {
            table.add_row(self.matrix_row(debtor, &across));
        }
        table
    }

    fn matrix_row(&self, debtor: &Name, across: &[Name]) -> Vec<Cell> {
        let owed = |to: &Name| self.pairs.get(&(*debtor, *to)).copied().unwrap_or_default();
        let mut row = vec![Cell::new(debtor)];
        row.extend(across.iter().map(|to| right(money(owed(to)))));
        let shown: Decimal = across.iter().map(owed).sum();
        let owed_by = self.pairs.iter().filter(|((by, _), _)| by == debtor);
        let all: Decimal = owed_by.map(|(_, amount)| *amount).sum();
        row.push(right(money(all - shown)));
        row.push(right(money(all)).add_attribute(Attribute::Bold));
        row
    }
}

/// What is added up over windows.
#[derive(Default)]
struct Sums {
    entries: u64,
    lines: u64,
    gross: Decimal,
    net: Decimal,
    payments: u64,
    pairs: u64,
}

impl Sums {
    fn of(window: &WindowDocument, entries: u64) -> Self {
        let netting = &window.netting;
        Self {
            entries,
            lines: netting.lines,
            gross: netting.gross.decimal(),
            net: netting.net.decimal(),
            payments: netting.payments,
            pairs: netting.pairs,
        }
    }

    fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.lines += other.lines;
        self.gross += other.gross;
        self.net += other.net;
        self.payments += other.payments;
        self.pairs += other.pairs;
    }

    fn cells(&self) -> [Cell; 7] {
        [
            right(count(self.entries)),
            right(count(self.lines)),
            right(money(self.gross)),
            right(money(self.net)),
            right(table::saved(self.gross, self.net)),
            right(count(self.payments)),
            right(count(self.pairs)),
        ]
    }
}

fn cells(name: &str, row: &Row) -> Vec<Cell> {
    vec![
        Cell::new(name),
        right(count(row.issued)),
        right(count(row.burned)),
        right(count(row.outstanding)),
        right(money(row.owes)),
        right(money(row.gets)),
        right(signed(row.gets - row.owes)),
        right(money(row.moved)),
    ]
}
