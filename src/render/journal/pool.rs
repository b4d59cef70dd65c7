//! The pool's own movements in a window, which no line shows.
//!
//! Must not: let anything else pass for rounding. Lines round each by itself and so does each
//! number of the pool, by half a cent at most; that difference is booked as `Income:Rounding`, a
//! greater one, which would be our bug, as `Income:Unexplained`, where everyone sees it.

use super::Transaction;
use super::chart::{Account, feeds_pool};
use crate::domain::ids::HOUSE;
use crate::domain::statement::WindowDocument;
use crate::render::figures::sum;
use rust_decimal::Decimal;

/// Breakage and spread, which the pool gives the house, points made or removed by adjustments,
/// which the house gives the pool, and rounding: so that the pool comes to its closing balance.
pub fn transaction(document: &WindowDocument, booked_on: &str) -> Option<Transaction> {
    let pool = document.pool.as_ref()?;
    let by_lines = document
        .lines
        .iter()
        .filter(|line| feeds_pool(&line.reason))
        .map(
            |line| match (line.debtor.as_str(), line.creditor.as_str()) {
                (HOUSE, _) => -line.amount.decimal(),
                (_, HOUSE) => line.amount.decimal(),
                _ => Decimal::ZERO,
            },
        );
    let adjusted = pool.adjusted.decimal();
    let (breakage, spread) = (pool.breakage.decimal(), pool.spread.decimal());
    let known = sum(0, by_lines.chain([-breakage, -spread, adjusted]));
    let rise = sum(0, [pool.closing.decimal(), -pool.opening.decimal()]);
    let rounding = sum(0, [rise, -known]);
    let decimals = document.netting.gross.decimal().scale();
    let difference = if rounding.abs() <= rounding_max(document.lines.len(), decimals) {
        "Rounding"
    } else {
        "Unexplained"
    };
    let change = sum(0, [adjusted, rounding, -breakage, -spread]);
    let postings: Vec<(Account, Decimal)> = [
        (Account::pool(), -change),
        (Account::income("Breakage"), -breakage),
        (Account::income("Spread"), -spread),
        (Account::income("Points"), adjusted),
        (Account::income(difference), rounding),
    ]
    .into_iter()
    .filter(|(_, amount)| !amount.is_zero())
    .collect();
    (!postings.is_empty()).then(|| Transaction {
        day: booked_on.to_owned(),
        narration: "the pool: breakage, spread, points adjusted, rounding".to_owned(),
        facts: Vec::new(),
        postings,
    })
}

/// What rounding comes to at most: half a unit for each line, and for opening, breakage, spread,
/// adjusted and closing.
fn rounding_max(lines: usize, decimals: u32) -> Decimal {
    let halves = i64::try_from(lines).unwrap_or(i64::MAX).saturating_add(5);
    Decimal::new(halves.saturating_mul(5), decimals + 1)
}
