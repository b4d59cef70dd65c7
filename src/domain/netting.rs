//! Netting: lines priced once, and what each party owes or is owed in all.
//!
//! Must not: round anywhere but once per line. The same amount is debited and credited, so the sum
//! of all positions is exactly zero and there is no residual to hide.

use super::books::line_price;
use super::governance::Governance;
use super::ids::Party;
use super::line::{LineKey, LineMove, LineTotal};
use super::money::{Currency, Money, Net};
use super::points::Points;
use super::price::Price;
use super::programme::Netting as Mode;
use super::window::Carried;
use rust_decimal::Decimal;

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

/// What one party owes and is owed, and what it pays for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// What it owes by the window's lines.
    pub debits: Money,
    /// What it is owed by them.
    pub credits: Money,
    /// What earlier windows rolled forward.
    pub rolled_in: Net,
    /// What this window rolls forward.
    pub rolled_out: Net,
}

impl Position {
    /// Credits − debits: positive is to be received, negative to be paid.
    pub fn net(&self) -> Net {
        Net::of(self.credits, self.debits).expect("amounts within their limits have a difference")
    }

    /// net + rolled_in − rolled_out: what its payments of this window come to.
    pub fn payable(&self) -> Net {
        plus(self.net(), plus(self.rolled_in, self.rolled_out.negated()))
    }
}

/// One payment that netting leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payable {
    /// Who pays.
    pub debtor: Party,
    /// Whom.
    pub creditor: Party,
    /// How much, above zero.
    pub amount: Money,
}

/// The settings that decide payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Who pays whom.
    pub netting: Mode,
    /// Amounts under this roll forward.
    pub payment_minimum: Money,
    /// The ledger's currency.
    pub currency: Currency,
}

/// A window netted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Netting {
    /// One for each party, the house first.
    pub positions: Vec<Position>,
    /// What is to be paid, in order of (debtor, creditor).
    pub payments: Vec<Payable>,
    /// What is rolled forward from here on.
    pub carried: Carried,
    /// How many lines there are.
    pub lines: u64,
    /// How many pairs of debtor and creditor they are between.
    pub pairs: u64,
    /// The sum of all lines.
    pub gross: Money,
    /// What net debtors owe in all.
    pub net: Money,
}

/// Nets priced lines in order of their keys among `parties` parties, the house counted.
///
/// # Panics
/// If positions do not sum to exactly zero, or payments not to positions, which would be our bug;
/// or past 96 bits of money, which lines within their limits cannot reach.
pub fn net(lines: &[PricedLine], parties: usize, carried: &Carried, terms: &Terms) -> Netting {
    let zero = Net::zero(&terms.currency).magnitude();
    let mut netting = Netting {
        positions: vec![
            Position {
                debits: zero,
                credits: zero,
                rolled_in: Net::zero(&terms.currency),
                rolled_out: Net::zero(&terms.currency),
            };
            parties
        ],
        payments: Vec::new(),
        carried: Carried::new(),
        lines: lines.len() as u64,
        pairs: 0,
        gross: zero,
        net: zero,
    };
    let mut owed = Carried::new();
    let mut last = None;
    for line in lines {
        let (debtor, creditor) = (line.key.debtor, line.key.creditor);
        let position = &mut netting.positions[debtor.slot()];
        position.debits = sum(position.debits, line.amount);
        let position = &mut netting.positions[creditor.slot()];
        position.credits = sum(position.credits, line.amount);
        netting.gross = sum(netting.gross, line.amount);
        if last.replace((debtor, creditor)) != Some((debtor, creditor)) {
            netting.pairs = netting.pairs.saturating_add(1);
        }
        if terms.netting == Mode::Bilateral {
            owe(&mut owed, debtor, creditor, Net::credit(line.amount));
        }
    }
    if terms.netting == Mode::Multilateral {
        for (slot, position) in netting.positions.iter().enumerate().skip(1) {
            let party = Party(u16::try_from(slot).expect("parties fit 16 bits"));
            owe(&mut owed, Party::HOUSE, party, position.net());
        }
    }
    roll(&mut netting, &mut owed, carried, terms.netting);
    pay(&mut netting, owed, terms.payment_minimum);
    assert_netting(&netting);
    netting
}

/// Adds what earlier windows rolled forward. Where all pay the house, it is between each party and
/// the house.
fn roll(netting: &mut Netting, owed: &mut Carried, carried: &Carried, mode: Mode) {
    for ((first, second), amount) in carried {
        let at = &mut netting.positions[second.slot()].rolled_in;
        *at = plus(*at, *amount);
        let at = &mut netting.positions[first.slot()].rolled_in;
        *at = plus(*at, amount.negated());
        if mode == Mode::Bilateral || first.is_house() {
            owe(owed, *first, *second, *amount);
        } else {
            owe(owed, Party::HOUSE, *second, *amount);
            owe(owed, Party::HOUSE, *first, amount.negated());
        }
    }
}

/// Makes a payment of every pair's amount, or rolls it forward under the minimum.
fn pay(netting: &mut Netting, owed: Carried, minimum: Money) {
    for ((first, second), amount) in owed {
        if amount.is_zero() {
            continue;
        }
        if amount.magnitude() < minimum {
            let at = &mut netting.positions[second.slot()].rolled_out;
            *at = plus(*at, amount);
            let at = &mut netting.positions[first.slot()].rolled_out;
            *at = plus(*at, amount.negated());
            netting.carried.insert((first, second), amount);
            continue;
        }
        let (debtor, creditor) = match amount.is_debit() {
            true => (second, first),
            false => (first, second),
        };
        netting.payments.push(Payable {
            debtor,
            creditor,
            amount: amount.magnitude(),
        });
    }
    netting
        .payments
        .sort_unstable_by_key(|payment| (payment.debtor, payment.creditor));
    for position in &netting.positions {
        if let Some(received) = position.net().to_be_received() {
            netting.net = sum(netting.net, received);
        }
    }
}

/// Adds an amount that `creditor` is owed by `debtor`.
fn owe(owed: &mut Carried, debtor: Party, creditor: Party, amount: Net) {
    let (pair, amount) = match debtor < creditor {
        true => ((debtor, creditor), amount),
        false => ((creditor, debtor), amount.negated()),
    };
    let total = owed.entry(pair).or_insert(amount.zeroed());
    *total = plus(*total, amount);
}

fn sum(a: Money, b: Money) -> Money {
    a.checked_add(b).expect("sums of lines fit 96 bits")
}

fn plus(a: Net, b: Net) -> Net {
    a.checked_add(b).expect("sums of lines fit 96 bits")
}

/// Works the sums out again from the other side.
fn assert_netting(netting: &Netting) {
    let total = |of: fn(&Position) -> Net| {
        let all = netting.positions.iter().map(of).map(Net::decimal);
        all.fold(Decimal::ZERO, |a, b| {
            a.checked_add(b).expect("nets fit 96 bits")
        })
    };
    assert!(
        total(Position::net).is_zero(),
        "the positions of all parties do not sum to zero"
    );
    assert!(
        total(Position::payable).is_zero(),
        "what all parties pay does not sum to zero"
    );
    let mut paid: Vec<Decimal> = netting
        .positions
        .iter()
        .map(|p| p.payable().decimal())
        .collect();
    for payment in &netting.payments {
        let amount = payment.amount.decimal();
        let debtor = &mut paid[payment.debtor.slot()];
        *debtor = debtor.checked_add(amount).expect("nets fit 96 bits");
        let creditor = &mut paid[payment.creditor.slot()];
        *creditor = creditor.checked_sub(amount).expect("nets fit 96 bits");
    }
    assert!(
        paid.iter().all(Decimal::is_zero),
        "payments do not come to the positions they settle"
    );
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

    fn terms(netting: Mode, minimum: &str) -> Terms {
        Terms {
            netting,
            payment_minimum: Money::parse(minimum, 2).expect("an amount"),
            currency: Currency::parse("EUR").expect("EUR exists"),
        }
    }

    fn payments(netting: &Netting) -> Vec<(u16, u16, String)> {
        let all = netting.payments.iter();
        all.map(|p| (p.debtor.0, p.creditor.0, p.amount.to_string()))
            .collect()
    }

    #[test]
    fn what_one_owes_another_is_owed_and_all_pay_the_house() {
        let lines = [line(1, 2, "10.00"), line(2, 3, "7.50"), line(3, 1, "0.01")];
        let netted = net(
            &lines,
            4,
            &Carried::new(),
            &terms(Mode::Multilateral, "0.00"),
        );
        let nets: Vec<String> = netted
            .positions
            .iter()
            .map(|p| p.net().to_string())
            .collect();
        assert_eq!(nets, ["0.00", "-9.99", "2.50", "7.49"]);
        let expected = [
            (0, 2, "2.50".into()),
            (0, 3, "7.49".into()),
            (1, 0, "9.99".into()),
        ];
        assert_eq!(payments(&netted), expected);
        assert_eq!(
            (netted.gross.to_string(), netted.net.to_string()),
            ("17.51".into(), "9.99".into())
        );
    }

    #[test]
    fn pairs_pay_each_other_once() {
        let lines = [line(1, 2, "10.00"), line(2, 1, "12.50"), line(3, 1, "0.01")];
        let netted = net(&lines, 4, &Carried::new(), &terms(Mode::Bilateral, "0.00"));
        let expected = [(2, 1, "2.50".into()), (3, 1, "0.01".into())];
        assert_eq!(payments(&netted), expected);
    }

    #[test]
    fn what_is_under_the_minimum_rolls_forward_until_it_is_not() {
        let lines = [line(1, 2, "0.60")];
        let first = net(&lines, 3, &Carried::new(), &terms(Mode::Bilateral, "1.00"));
        assert!(first.payments.is_empty());
        assert_eq!(first.positions[1].rolled_out.to_string(), "-0.60");
        let second = net(
            &lines,
            3,
            &first.carried,
            &terms(Mode::Multilateral, "1.00"),
        );
        let expected = [(0, 2, "1.20".into()), (1, 0, "1.20".into())];
        assert_eq!(payments(&second), expected);
        assert!(second.carried.is_empty());
        assert_eq!(second.positions[2].rolled_in.to_string(), "0.60");
    }
}
