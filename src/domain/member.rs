//! A member: lots, pending lots, holds and debts behind one random reference.
//!
//! Must not: hold anything personal. What time alone changes (a hold that lapses, a lot that
//! activates) is worked out by [`super::visit::Visit`] whenever an op or a read touches the member.

pub mod packed;

use super::ids::{OpAt, Party};
use super::lot::{Lot, Lots};
use super::points::Points;
use super::time::{Day, Micros};
use minicbor::{Decode, Encode};
use smallvec::SmallVec;

/// Days on which a sweep has work at a member, in order.
pub type DueDays = SmallVec<[Day; 4]>;

/// A shopper's account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Member {
    /// No burn, hold or transfer.
    #[n(0)]
    pub frozen: bool,
    /// The last op that touched it, from which its history is walked backwards.
    #[n(1)]
    pub last: Option<OpAt>,
    /// Lots that have arrived, including expired ones that no sweep has taken yet.
    #[n(2)]
    pub lots: Lots,
    /// Lots that activate on a later day than that of the last touch.
    #[n(3)]
    pub pending: Lots,
    /// Points set aside, in order of (deadline, entry, op).
    #[n(4)]
    pub holds: Vec<Hold>,
    /// What it owes to issuers, oldest first.
    #[n(5)]
    pub debts: Vec<Debt>,
    /// Points burned or held in one UTC day.
    #[n(6)]
    pub burned: DayCount,
}

/// Points set aside by one op.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hold {
    /// The hold op.
    #[n(0)]
    pub at: OpAt,
    /// The instant from which it is released by time alone.
    #[n(1)]
    pub deadline: Micros,
    /// What it holds, in the order it was taken.
    #[n(2)]
    pub slices: Vec<Lot>,
}

/// Points a member owes to an issuer whose issue was reversed after they were spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Debt {
    /// To whom.
    #[n(0)]
    pub issuer: Party,
    /// The price version of the reversed issue.
    #[n(1)]
    pub price_version: u32,
    /// How many are still owed.
    #[n(2)]
    pub points: Points,
}

/// A count that starts anew every UTC day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct DayCount {
    #[n(0)]
    day: Day,
    #[n(1)]
    points: Points,
}

impl DayCount {
    /// The count of that day.
    pub fn on(&self, day: Day) -> Points {
        if self.day == day {
            self.points
        } else {
            Points::ZERO
        }
    }

    /// The count with more points on that day, unless it passes [`Points::MAX`].
    pub fn plus(&self, day: Day, points: Points) -> Option<Self> {
        Some(Self {
            day,
            points: self.on(day).checked_add(points)?,
        })
    }
}

/// A member's totals at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Balance {
    /// Points that can be spent.
    pub available: Points,
    /// Points that activate later.
    pub pending: Points,
    /// Points set aside by holds.
    pub held: Points,
    /// Points owed to issuers.
    pub debt: Points,
}

impl Member {
    /// Totals on a day, from lots as they stand. Nothing is returned past [`Points::MAX`].
    pub fn balance(&self, today: Day) -> Option<Balance> {
        let good = self.lots.iter().filter(|lot| lot.key.expires_on >= today);
        Some(Balance {
            available: Points::sum(good.map(|lot| lot.points))?,
            pending: Points::sum(self.pending.iter().map(|lot| lot.points))?,
            held: Points::sum(self.held_slices().map(|slice| slice.points))?,
            debt: Points::sum(self.debts.iter().map(|debt| debt.points))?,
        })
    }

    /// The slices of all holds.
    pub fn held_slices(&self) -> impl Iterator<Item = &Lot> {
        self.holds.iter().flat_map(|hold| hold.slices.iter())
    }

    /// Everything that its issuers owe for: lots, pending lots and held slices.
    pub fn outstanding(&self) -> impl Iterator<Item = &Lot> {
        self.lots
            .iter()
            .chain(self.pending.iter())
            .chain(self.held_slices())
    }

    /// Adds a hold in order of (deadline, entry, op).
    pub fn add_hold(&mut self, hold: Hold) {
        let order = |h: &Hold| (h.deadline, h.at);
        let at = self
            .holds
            .partition_point(|held| order(held) < order(&hold));
        self.holds.insert(at, hold);
    }

    /// The days on which a sweep has work here: a lot's `expires_on`, or for a held slice the later
    /// of that and its hold's deadline day.
    pub fn due_days(&self, utc_offset_min: i16) -> DueDays {
        let free = self
            .lots
            .iter()
            .chain(self.pending.iter())
            .map(|lot| lot.key.expires_on);
        let held = self.holds.iter().flat_map(|hold| {
            let deadline = hold.deadline.day(utc_offset_min);
            hold.slices
                .iter()
                .map(move |slice| slice.key.expires_on.max(deadline))
        });
        let mut days: DueDays = free.chain(held).collect();
        days.sort_unstable();
        days.dedup();
        days
    }
}
