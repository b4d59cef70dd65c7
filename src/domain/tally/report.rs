//! Series for reports: points by day, and who burns whose points.
//!
//! Must not: grow without bound; days older than [`DAYS_KEPT`] are dropped.

use super::issuer::sum;
use crate::domain::effect::MoveKind;
use crate::domain::ids::Party;
use crate::domain::points::Points;
use crate::domain::time::Day;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// How many days back points are kept by day.
pub const DAYS_KEPT: u32 = 800;

/// Points by day and flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Series {
    /// What moved on a day, by issuer.
    #[n(0)]
    pub days: BTreeMap<(Day, Party), DayPoints>,
    /// Points burned since founding, by (issuer, where they were burned): burned and restored.
    #[n(1)]
    pub flows: BTreeMap<(Party, Party), (Points, Points)>,
}

/// What moved on one day of one issuer's points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct DayPoints {
    /// Issued, and made by adjustments.
    #[n(0)]
    pub issued: Points,
    /// Taken back, and removed by adjustments.
    #[n(1)]
    pub taken_back: Points,
    /// Burned, by whomever, and used up by debts.
    #[n(2)]
    pub burned: Points,
    /// Restored.
    #[n(3)]
    pub restored: Points,
    /// Expired.
    #[n(4)]
    pub expired: Points,
}

impl Series {
    /// Adds what moved: of an issuer's points, by an author.
    pub fn add(
        &mut self,
        today: Day,
        (issuer, author): (Party, Party),
        kind: MoveKind,
        points: Points,
    ) {
        if !self.days.contains_key(&(today, issuer)) {
            self.forget(today);
        }
        let day = self.days.entry((today, issuer)).or_default();
        let count = match kind {
            MoveKind::Issued | MoveKind::AdjustedIn => &mut day.issued,
            MoveKind::TakenBack | MoveKind::AdjustedOut => &mut day.taken_back,
            MoveKind::Burned | MoveKind::Captured | MoveKind::DebtRepaid => &mut day.burned,
            MoveKind::Restored => &mut day.restored,
            MoveKind::Expired => &mut day.expired,
            _ => return,
        };
        *count = sum(*count, points);
        let flow = self.flows.entry((issuer, author));
        match kind {
            MoveKind::Burned | MoveKind::Captured => {
                let burned = &mut flow.or_default().0;
                *burned = sum(*burned, points);
            }
            MoveKind::Restored => {
                let restored = &mut flow.or_default().1;
                *restored = sum(*restored, points);
            }
            _ => {}
        }
    }

    fn forget(&mut self, today: Day) {
        let kept = i32::try_from(DAYS_KEPT).unwrap_or(i32::MAX);
        let first = Day(today.0.saturating_sub(kept));
        while let Some(entry) = self.days.first_entry()
            && entry.key().0 < first
        {
            entry.remove();
        }
    }
}
