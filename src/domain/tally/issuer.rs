//! An issuer's points: what moved since founding, and what members have by month.
//!
//! Must not: follow single lots. Months of issue and expiry are enough for a statement.

use crate::domain::effect::{ControlTotals, Move, MoveKind};
use crate::domain::points::Points;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// Points by what moved them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Moved {
    /// Issued.
    #[n(0)]
    pub issued: Points,
    /// Taken back by reversals of issues.
    #[n(1)]
    pub taken_back: Points,
    /// Burned or captured, by whomever.
    #[n(2)]
    pub burned: Points,
    /// Restored by reversals of burns.
    #[n(3)]
    pub restored: Points,
    /// Swept after expiry.
    #[n(4)]
    pub expired: Points,
    /// Used up by members' debts.
    #[n(5)]
    pub debt_repaid: Points,
    /// Made by adjustments.
    #[n(6)]
    pub adjusted_in: Points,
    /// Removed by adjustments.
    #[n(7)]
    pub adjusted_out: Points,
}

/// Which way a move changes what members have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// They have more.
    More,
    /// They have less.
    Less,
}

impl Moved {
    /// Adds a move; answers which way it goes, or nothing if members have as many as before.
    pub fn add(&mut self, kind: MoveKind, points: Points) -> Option<Direction> {
        let (count, direction) = match kind {
            MoveKind::Issued => (&mut self.issued, Direction::More),
            MoveKind::TakenBack => (&mut self.taken_back, Direction::Less),
            MoveKind::Burned | MoveKind::Captured => (&mut self.burned, Direction::Less),
            MoveKind::Restored => (&mut self.restored, Direction::More),
            MoveKind::Expired => (&mut self.expired, Direction::Less),
            MoveKind::DebtRepaid => (&mut self.debt_repaid, Direction::Less),
            MoveKind::AdjustedIn => (&mut self.adjusted_in, Direction::More),
            MoveKind::AdjustedOut => (&mut self.adjusted_out, Direction::Less),
            MoveKind::Held
            | MoveKind::Released
            | MoveKind::Lapsed
            | MoveKind::TransferredOut
            | MoveKind::TransferredIn => return None,
        };
        *count = sum(*count, points);
        Some(direction)
    }

    /// issued − taken_back − burned + restored − expired − debt_repaid + adjusted_in −
    /// adjusted_out.
    pub fn outstanding(&self) -> Points {
        let more = [self.issued, self.restored, self.adjusted_in];
        let less = [
            self.taken_back,
            self.burned,
            self.expired,
            self.debt_repaid,
            self.adjusted_out,
        ];
        let total = |counts: &[Points]| {
            let units = counts.iter().map(|points| u128::from(points.units()));
            units.fold(0_u128, u128::saturating_add)
        };
        let left = total(&more).checked_sub(total(&less));
        let left = left.and_then(|left| Points::new(u64::try_from(left).ok()?));
        left.expect("members have neither fewer than no points nor more than the ledger bounds")
    }

    /// What moved since an earlier time.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            issued: less(self.issued, before.issued),
            taken_back: less(self.taken_back, before.taken_back),
            burned: less(self.burned, before.burned),
            restored: less(self.restored, before.restored),
            expired: less(self.expired, before.expired),
            debt_repaid: less(self.debt_repaid, before.debt_repaid),
            adjusted_in: less(self.adjusted_in, before.adjusted_in),
            adjusted_out: less(self.adjusted_out, before.adjusted_out),
        }
    }

    /// The totals that a cut states.
    pub fn control(&self) -> ControlTotals {
        ControlTotals {
            issued: less(self.issued, self.taken_back),
            burned: less(self.burned, self.restored),
            expired: self.expired,
            outstanding: self.outstanding(),
        }
    }
}

/// Points of one issuer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Issuer {
    /// Since founding.
    #[n(0)]
    pub moved: Moved,
    /// Since founding, at the cut before.
    #[n(1)]
    pub at_cut: Moved,
    /// Since founding, by the month of issue of the points that moved.
    #[n(2)]
    pub vintages: BTreeMap<u32, Moved>,
    /// What members have, by the month of the last valid day.
    #[n(3)]
    pub by_expiry: BTreeMap<u32, Points>,
}

impl Issuer {
    /// Adds a move of this issuer's points; answers which way it goes, or nothing if members have
    /// as many as before.
    pub fn add(&mut self, step: &Move) -> Option<Direction> {
        let points = step.slice.points;
        let direction = self.moved.add(step.kind, points)?;
        let vintage = self.vintages.entry(step.slice.key.issued_on.month());
        vintage.or_default().add(step.kind, points);
        let month = step.slice.key.expires_on.month();
        let held = self.by_expiry.entry(month).or_default();
        match direction {
            Direction::More => *held = sum(*held, points),
            Direction::Less => *held = less(*held, points),
        }
        if held.is_zero() {
            self.by_expiry.remove(&month);
        }
        Some(direction)
    }
}

/// A sum that stays within what a statement can write.
pub(super) fn sum(a: Points, b: Points) -> Points {
    a.checked_add(b).unwrap_or(Points::MAX)
}

fn less(a: Points, b: Points) -> Points {
    a.checked_sub(b)
        .expect("totals since founding only grow, and no more leaves than came")
}
