//! Figures: how sheets add up and write down what a statement holds.
//!
//! Must not: use floats or round. Amounts keep the decimals they came with, points are shown with
//! the programme's `point_scale`.

use super::master::Masters;
use crate::domain::ids::Name;
use crate::domain::points::Points;
use crate::domain::statement::{Liability, Line, WindowDocument};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// The exact sum of amounts, with at least `decimals` decimals.
///
/// # Panics
/// Past 96 bits, which amounts within their limits cannot reach.
pub fn sum(decimals: u32, amounts: impl IntoIterator<Item = Decimal>) -> Decimal {
    let add = |a: Decimal, b: Decimal| a.checked_add(b).expect("sums of amounts fit 96 bits");
    written(decimals, amounts.into_iter().fold(Decimal::ZERO, add))
}

/// The same amount with at least `decimals` decimals, and zero without a sign.
pub fn written(decimals: u32, mut amount: Decimal) -> Decimal {
    if amount.scale() < decimals {
        amount.rescale(decimals);
    }
    if amount.is_zero() {
        amount.set_sign_positive(true);
    }
    amount
}

/// Points as shown to people: with `point_scale` decimals.
pub fn points(count: Points, point_scale: u8) -> Decimal {
    let units = i128::from(count.units());
    Decimal::try_from_i128_with_scale(units, u32::from(point_scale))
        .expect("2^53 with up to 4 decimals fits 96 bits")
}

/// The name as registered, or the id where the master is not known.
pub fn legal_name<'a>(masters: &'a Masters, party: &'a Name) -> &'a str {
    masters
        .get(party)
        .map_or(party.as_str(), |master| master.legal_name.as_str())
}

/// The other side of a line, a payment or a movement.
pub fn counterparty<'a>(partner: &Name, debtor: &'a Name, creditor: &'a Name) -> &'a Name {
    if debtor == partner { creditor } else { debtor }
}

/// `pay` if the partner is the debtor, else `receive`.
pub fn direction(partner: &Name, debtor: &Name) -> &'static str {
    if debtor == partner { "pay" } else { "receive" }
}

/// The amount as the partner's account sees it: below zero if it is the debtor.
pub fn signed(partner: &Name, debtor: &Name, amount: Decimal) -> Decimal {
    if debtor == partner && !amount.is_zero() {
        -amount
    } else {
        amount
    }
}

/// An issuer's points in the order of the equation, with the sign each has in it.
pub fn liability_items(liability: &Liability) -> [(&'static str, i8, Points); 10] {
    [
        ("opening", 1, liability.opening),
        ("issued", 1, liability.issued),
        ("taken_back", -1, liability.taken_back),
        ("burned", -1, liability.burned),
        ("restored", 1, liability.restored),
        ("expired", -1, liability.expired),
        ("debt_repaid", -1, liability.debt_repaid),
        ("adjusted_in", 1, liability.adjusted_in),
        ("adjusted_out", -1, liability.adjusted_out),
        ("closing", 1, liability.closing),
    ]
}

/// What each party owes each other by a window's lines, before netting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// Decimals of the currency.
    pub decimals: u32,
    /// The house first, then partners in order of registration.
    pub parties: Vec<Name>,
    cells: BTreeMap<(Name, Name), Decimal>,
}

impl Matrix {
    /// Adds up the lines of a window.
    pub fn of(document: &WindowDocument) -> Self {
        let decimals = document.netting.gross.decimal().scale();
        let mut by_pair: BTreeMap<(Name, Name), Vec<&Line>> = BTreeMap::new();
        for line in &document.lines {
            let pair = (line.debtor, line.creditor);
            by_pair.entry(pair).or_default().push(line);
        }
        let total = |lines: Vec<&Line>| sum(decimals, lines.iter().map(|l| l.amount.decimal()));
        Self {
            decimals,
            parties: document.positions.iter().map(|row| row.party).collect(),
            cells: by_pair
                .into_iter()
                .map(|(pair, lines)| (pair, total(lines)))
                .collect(),
        }
    }

    /// What one owes another; none where no line says that it does.
    pub fn cell(&self, debtor: &Name, creditor: &Name) -> Option<Decimal> {
        self.cells.get(&(*debtor, *creditor)).copied()
    }

    /// What a party owes in all.
    pub fn debits(&self, debtor: &Name) -> Decimal {
        self.total(|pair| pair.0 == *debtor)
    }

    /// What a party is owed in all.
    pub fn credits(&self, creditor: &Name) -> Decimal {
        self.total(|pair| pair.1 == *creditor)
    }

    /// All amounts.
    pub fn gross(&self) -> Decimal {
        self.total(|_| true)
    }

    /// The greatest amount that one owes another; zero without lines.
    pub fn greatest(&self) -> Decimal {
        self.cells.values().copied().max().unwrap_or_default()
    }

    fn total(&self, counts: impl Fn(&(Name, Name)) -> bool) -> Decimal {
        let counted = self.cells.iter().filter(|(pair, _)| counts(pair));
        sum(self.decimals, counted.map(|(_, amount)| *amount))
    }
}
