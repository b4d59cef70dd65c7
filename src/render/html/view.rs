//! What the page shows, as texts ready to be written.
//!
//! Must not: use floats; shares are worked out as decimals.

use crate::domain::ids::{HOUSE, Name};
use crate::domain::money::Net;
use crate::domain::statement::{PartyPosition, Payment};
use crate::render::WindowSheet;
use crate::render::figures::{Matrix, legal_name, sum};
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::BTreeMap;

/// What netting saved, over one window or several.
pub struct Savings {
    pub gross: String,
    pub net: String,
    /// How much less money moves, in percent; a dash without any.
    pub percent: String,
    pub pairs: u64,
    pub payments: u64,
    pub lines: u64,
}

/// One window.
pub struct Window {
    pub number: u32,
    pub days: String,
    pub currency: String,
    pub savings: Savings,
    pub sha256: String,
    pub parties: Vec<Party>,
    pub rows: Vec<Row>,
    pub totals: Vec<Heat>,
    pub gross: String,
    pub positions: Vec<Position>,
    pub payments: Vec<Due>,
    pub open_items: Vec<Due>,
    pub files: Vec<Link>,
    pub statements: Vec<Statements>,
}

/// A party as a head of a row or column.
pub struct Party {
    pub id: String,
    pub name: String,
}

/// One debtor of the matrix.
pub struct Row {
    pub debtor: Party,
    pub cells: Vec<Heat>,
    pub total: Heat,
}

/// An amount, none where no line has one, and how much of the greatest it is, 0 to 100.
pub struct Heat {
    pub amount: String,
    pub share: String,
    /// `none`, `zero` or `some`.
    pub kind: &'static str,
}

impl Heat {
    fn of(amount: Option<Decimal>, greatest: Decimal) -> Self {
        Self {
            amount: amount.map_or_else(|| "·".to_owned(), grouped),
            share: share(amount.unwrap_or_default(), greatest),
            kind: match amount {
                None => "none",
                Some(amount) if amount.is_zero() => "zero",
                Some(_) => "some",
            },
        }
    }
}

/// What the window comes to for one party.
pub struct Position {
    pub party: Party,
    pub credits: String,
    pub debits: String,
    pub net: String,
    pub payable: String,
    /// `receives`, `pays` or `even`.
    pub side: &'static str,
    pub payable_side: &'static str,
    /// Of the greatest, 0 to 100.
    pub share: String,
}

/// What is to be paid.
pub struct Due {
    pub window: u32,
    pub debtor: String,
    pub creditor: String,
    pub amount: String,
    pub due_on: String,
    pub reference: String,
    pub status: String,
}

/// A file.
pub struct Link {
    pub label: String,
    pub href: String,
}

/// One partner's files.
pub struct Statements {
    pub partner: String,
    pub links: Vec<Link>,
}

/// What netting saved over all windows; nothing without any.
pub fn savings(windows: &[WindowSheet]) -> Option<Savings> {
    let all = || windows.iter().map(|sheet| &sheet.document.netting);
    let decimals = all().next()?.gross.decimal().scale();
    let gross = sum(decimals, all().map(|s| s.gross.decimal()));
    let net = sum(decimals, all().map(|s| s.net.decimal()));
    let less = sum(decimals, [gross, -net]);
    Some(Savings {
        gross: grouped(gross),
        net: grouped(net),
        percent: percent(less, gross, 1).unwrap_or_else(|| "–".to_owned()),
        pairs: all().map(|s| s.pairs).sum(),
        payments: all().map(|s| s.payments).sum(),
        lines: all().map(|s| s.lines).sum(),
    })
}

impl Window {
    /// One window with the links of its files.
    pub fn of(sheet: &WindowSheet, files: &[String]) -> Self {
        let document = sheet.document;
        let identity = &document.identity;
        let (first, last) = (identity.first_day, identity.last_day);
        let matrix = Matrix::of(document);
        let name = |party: &Name| Party {
            id: party.to_string(),
            name: legal_name(sheet.masters, party).to_owned(),
        };
        let credits = |to: &Name| Heat::of(Some(matrix.credits(to)), matrix.gross());
        let due = |payment: &Payment| due(sheet, payment);
        let (files, statements) = links(files);
        let netting = &document.netting;
        Self {
            number: identity.window,
            days: if first == last {
                first.to_string()
            } else {
                format!("{first} to {last}")
            },
            currency: identity.currency.clone(),
            savings: Savings {
                gross: grouped(netting.gross.decimal()),
                net: grouped(netting.net.decimal()),
                percent: netting
                    .efficiency_percent
                    .clone()
                    .unwrap_or_else(|| "–".to_owned()),
                pairs: netting.pairs,
                payments: netting.payments,
                lines: netting.lines,
            },
            sha256: sheet.sha256.to_owned(),
            parties: matrix.parties.iter().map(name).collect(),
            rows: matrix
                .parties
                .iter()
                .map(|debtor| row(&matrix, name(debtor), debtor))
                .collect(),
            totals: matrix.parties.iter().map(credits).collect(),
            gross: grouped(matrix.gross()),
            positions: positions(&document.positions, name),
            payments: document.payments.iter().map(due).collect(),
            open_items: document.open_items.iter().map(due).collect(),
            files,
            statements,
        }
    }
}

fn row(matrix: &Matrix, debtor: Party, id: &Name) -> Row {
    let greatest = matrix.greatest();
    let heat = |creditor: &Name| Heat::of(matrix.cell(id, creditor), greatest);
    Row {
        debtor,
        cells: matrix.parties.iter().map(heat).collect(),
        total: Heat::of(Some(matrix.debits(id)), matrix.gross()),
    }
}

fn positions(rows: &[PartyPosition], name: impl Fn(&Name) -> Party) -> Vec<Position> {
    let greatest = rows.iter().map(|row| row.net.decimal().abs()).max();
    let position = |row: &PartyPosition| Position {
        party: name(&row.party),
        credits: grouped(row.credits.decimal()),
        debits: grouped(row.debits.decimal()),
        net: signed(row.net.decimal()),
        payable: signed(row.payable.decimal()),
        side: side(&row.net),
        payable_side: side(&row.payable),
        share: share(row.net.decimal().abs(), greatest.unwrap_or_default()),
    };
    rows.iter().map(position).collect()
}

fn side(net: &Net) -> &'static str {
    match () {
        () if net.is_zero() => "even",
        () if net.is_debit() => "pays",
        () => "receives",
    }
}

fn due(sheet: &WindowSheet, payment: &Payment) -> Due {
    let name = |party: &Name| match (party.as_str(), sheet.masters.contains_key(party)) {
        (HOUSE, false) => "the house".to_owned(),
        _ => legal_name(sheet.masters, party).to_owned(),
    };
    Due {
        window: payment.window,
        debtor: name(&payment.debtor),
        creditor: name(&payment.creditor),
        amount: grouped(payment.amount.decimal()),
        due_on: payment.due_on.to_string(),
        reference: payment.reference.clone(),
        status: payment.status.clone(),
    }
}

/// The files of the window, and those in its folder `statements` by partner.
fn links(files: &[String]) -> (Vec<Link>, Vec<Statements>) {
    let mut own = Vec::new();
    let mut by_partner: BTreeMap<String, Vec<Link>> = BTreeMap::new();
    for href in files {
        let (folder, file) = href.rsplit_once('/').unwrap_or(("", href));
        let of_partner = folder.rsplit('/').next() == Some("statements");
        let (label, partner) = match file.split_once('.') {
            Some((partner, kind)) if of_partner => (kind, Some(partner)),
            _ => (file, None),
        };
        let link = Link {
            label: label.to_owned(),
            href: href.clone(),
        };
        match partner {
            Some(partner) => by_partner.entry(partner.to_owned()).or_default().push(link),
            None => own.push(link),
        }
    }
    let statements = by_partner.into_iter();
    let statements = statements.map(|(partner, links)| Statements { partner, links });
    (own, statements.collect())
}

/// How many hundredths of the whole a part is, to `decimals` decimals.
fn percent(part: Decimal, whole: Decimal, decimals: u32) -> Option<String> {
    let share = part.checked_div(whole)?.checked_mul(Decimal::ONE_HUNDRED)?;
    let mut share = share.round_dp_with_strategy(decimals, RoundingStrategy::MidpointNearestEven);
    share.rescale(decimals);
    Some(share.to_string())
}

fn share(part: Decimal, whole: Decimal) -> String {
    percent(part, whole, 0).unwrap_or_else(|| "0".to_owned())
}

/// The amount with its thousands apart, by a narrow space that does not break (ISO 80000-1).
fn grouped(amount: Decimal) -> String {
    let text = amount.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut shown = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    if !fraction.is_empty() {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

/// The amount with its sign, a true minus; zero has none.
fn signed(amount: Decimal) -> String {
    match () {
        () if amount.is_zero() => grouped(amount),
        () if amount.is_sign_negative() => format!("−{}", grouped(amount)),
        () => format!("+{}", grouped(amount)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_by_thousands_and_signed() {
        let shown = |text: &str| signed(Decimal::from_str_exact(text).expect("a number"));
        assert_eq!(shown("-1234567.80"), "−1\u{202f}234\u{202f}567.80");
        assert_eq!(shown("999"), "+999");
        assert_eq!(shown("0.00"), "0.00");
    }

    #[test]
    fn files_are_listed_by_partner() {
        let files = [
            "7/matrix.csv",
            "7/statements/a-1.json.jws",
            "7/statements/a-1.pdf",
        ];
        let (own, statements) = links(&files.map(str::to_owned));
        assert_eq!(own[0].label, "matrix.csv");
        assert_eq!(statements[0].partner, "a-1");
        let labels: Vec<&str> = statements[0]
            .links
            .iter()
            .map(|l| l.label.as_str())
            .collect();
        assert_eq!(labels, ["json.jws", "pdf"]);
    }
}
