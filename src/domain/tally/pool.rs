//! The pool's money: what was paid in for points, and what became of it.
//!
//! Must not: round. Sums are exact, in units of 10^−8 / 10^point_scale.

use super::issuer::Direction;
use crate::domain::books::{exact, exact_amount};
use crate::domain::effect::{Move, MoveKind};
use crate::domain::governance::Governance;
use crate::domain::line::{LineMove, Reason};
use minicbor::{Decode, Encode};

/// Exact sums since founding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct PoolSums {
    /// Paid in for points issued.
    #[cbor(n(0), with = "exact")]
    pub issue: i128,
    /// Paid back for points taken back, and for debts that points repaid.
    #[cbor(n(1), with = "exact")]
    pub refunds: i128,
    /// Paid out for points burned, less restored.
    #[cbor(n(2), with = "exact")]
    pub burns: i128,
    /// Issue prices of points that expired.
    #[cbor(n(3), with = "exact")]
    pub breakage: i128,
    /// Issue prices of points made, less removed, by adjustments.
    #[cbor(n(4), with = "exact")]
    pub adjusted: i128,
    /// Issue prices of the points that members have.
    #[cbor(n(5), with = "exact")]
    pub balance: i128,
}

impl PoolSums {
    /// Adds a move that changed what members have.
    pub fn add_move(&mut self, governance: &Governance, step: &Move, direction: Direction) {
        let key = &step.slice.key;
        let row = governance.price_row(key.price_version, key.issuer);
        let worth = row.map_or(0, |row| row.issue_price.exact_worth(step.slice.points));
        match direction {
            Direction::More => add(&mut self.balance, worth),
            Direction::Less => add(&mut self.balance, worth.saturating_neg()),
        }
        match step.kind {
            MoveKind::Expired => add(&mut self.breakage, worth),
            MoveKind::AdjustedIn => add(&mut self.adjusted, worth),
            MoveKind::AdjustedOut => add(&mut self.adjusted, worth.saturating_neg()),
            _ => {}
        }
    }

    /// Adds what a line moved.
    pub fn add_line(&mut self, governance: &Governance, line: &LineMove) {
        let worth = exact_amount(governance, line).unwrap_or_default();
        match line.reason {
            Reason::Issue => add(&mut self.issue, worth),
            Reason::IssueReversal | Reason::DebtRepaid => add(&mut self.refunds, worth),
            Reason::Burn => add(&mut self.burns, worth),
            Reason::BurnReversal => add(&mut self.burns, worth.saturating_neg()),
            Reason::IssueFee
            | Reason::IssueFeeReversal
            | Reason::BurnFee
            | Reason::BurnFeeReversal
            | Reason::Adjustment => {}
        }
    }

    /// What the house keeps, or bears, because points leave at other prices than they came: what
    /// came in, less what went out, less what is still there.
    pub fn spread(&self) -> i128 {
        let less = [self.refunds, self.burns, self.breakage, self.balance];
        let start = self.issue.saturating_add(self.adjusted);
        less.iter()
            .fold(start, |left, sum| left.saturating_sub(*sum))
    }

    /// What was added since an earlier time; the balance is the difference.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            issue: self.issue.saturating_sub(before.issue),
            refunds: self.refunds.saturating_sub(before.refunds),
            burns: self.burns.saturating_sub(before.burns),
            breakage: self.breakage.saturating_sub(before.breakage),
            adjusted: self.adjusted.saturating_sub(before.adjusted),
            balance: self.balance.saturating_sub(before.balance),
        }
    }
}

fn add(sum: &mut i128, worth: i128) {
    let total = sum.checked_add(worth);
    *sum = total.expect("worths of points are far below 127 bits");
}
