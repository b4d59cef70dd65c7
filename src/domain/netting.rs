//! Netting: lines priced once, and what each party owes or is owed in all.
//!
//! Must not: round anywhere but once per line. The same amount is debited and credited, so the sum
//! of all positions is exactly zero and there is no residual to hide.

use super::books::line_price;
use super::governance::Governance;
use super::ids::Party;
use super::line::{LineKey, LineMove, LineTotal};
use super::money::Money;
use super::points::Points;
use super::price::Price;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A line with its worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricedLine {
    /// What it is about.
    pub key: LineKey,
    /// How many points, and at what price; nothing for an adjustment.
    pub priced: Option<(Points, Price)>,
    /// What the debtor owes the creditor for it, rounded half even.
    pub amount: Money,
}

/// Prices one line: its points first summed, then money once (`schemas/README.md`, "Rounding").
///
/// Returns nothing for a line at a price that was never released, which no ledger holds.
pub fn price_line(governance: &Governance, key: &LineKey, total: &LineTotal) -> Option<PricedLine> {
    let points = match total {
        LineTotal::Amount(amount) => {
            return Some(PricedLine {
                key: *key,
                priced: None,
                amount: *amount,
            });
        }
        LineTotal::Priced(points) => *points,
    };
    let parties = (key.debtor, key.creditor);
    let line = LineMove::priced(parties, key.reason, key.price_version, points);
    let price = line_price(governance, &line)?;
    let programme = &governance.programme;
    let amount = Money::of_points(points, price, programme.point_scale, &programme.currency)?;
    Some(PricedLine {
        key: *key,
        priced: Some((points, price)),
        amount,
    })
}

/// What one party owes and is owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// What it owes.
    pub debits: Money,
    /// What it is owed.
    pub credits: Money,
}

impl Position {
    /// Credits − debits: positive is to be received, negative to be paid.
    pub fn net(&self) -> Decimal {
        self.credits
            .decimal()
            .checked_sub(self.debits.decimal())
            .expect("amounts within their limits have a difference")
    }
}

/// The positions of all parties that lines name.
///
/// # Panics
/// If they do not sum to exactly zero, which would be our bug; or past 96 bits of money, which
/// lines within their limits cannot reach.
pub fn positions(lines: &[PricedLine]) -> BTreeMap<Party, Position> {
    let mut positions: BTreeMap<Party, Position> = BTreeMap::new();
    let sum = |a: Money, b: Money| a.checked_add(b).expect("sums of lines fit 96 bits");
    for line in lines {
        let debtor = positions.entry(line.key.debtor).or_default();
        debtor.debits = sum(debtor.debits, line.amount);
        let creditor = positions.entry(line.key.creditor).or_default();
        creditor.credits = sum(creditor.credits, line.amount);
    }
    let nets = positions.values().map(Position::net);
    let total = nets.fold(Decimal::ZERO, |a, b| {
        a.checked_add(b).expect("nets fit 96 bits")
    });
    assert!(
        total.is_zero(),
        "the positions of all parties sum to {total}, not to zero"
    );
    positions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::Reason;

    fn line(debtor: u16, creditor: u16, amount: &str) -> PricedLine {
        let key = LineKey {
            window: 0,
            debtor: Party(debtor),
            creditor: Party(creditor),
            reason: Reason::Burn,
            price_version: 1,
        };
        let amount = Money::parse(amount, 2).expect("an amount");
        PricedLine {
            key,
            priced: None,
            amount,
        }
    }

    #[test]
    fn what_one_owes_another_is_owed_and_all_sums_to_zero() {
        let lines = [line(1, 2, "10.00"), line(2, 3, "7.50"), line(3, 1, "0.01")];
        let positions = positions(&lines);
        let net = |party| positions[&Party(party)].net().to_string();
        assert_eq!([net(1), net(2), net(3)], ["-9.99", "2.50", "7.49"]);
        assert_eq!(positions[&Party(2)].debits.to_string(), "7.50");
    }
}
