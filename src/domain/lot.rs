//! Lots: a member's points by issuer, dates and price version, kept in burn order.
//!
//! Must not: hold a lot of zero points, or two lots of one key in one list.

use super::ids::{OpAt, Party};
use super::points::Points;
use super::time::Day;
use minicbor::{Decode, Encode};

/// What makes points of one member interchangeable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct LotKey {
    /// Who owes for them.
    #[n(0)]
    pub issuer: Party,
    /// The ledger day of the issue.
    #[n(1)]
    pub issued_on: Day,
    /// The first day they can be spent.
    #[n(2)]
    pub activates_on: Day,
    /// The last day they can be spent.
    #[n(3)]
    pub expires_on: Day,
    /// The price list version in force at the issue; versions count from 1.
    #[n(4)]
    pub price_version: u32,
}

/// Points of one key: all of a lot, or a slice moved out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Lot {
    /// What they are.
    #[n(0)]
    pub key: LotKey,
    /// The first op that made points of this key; the second criterion of burn order.
    #[n(1)]
    pub first: OpAt,
    /// How many.
    #[n(2)]
    pub points: Points,
}

/// Lots in burn order: earliest `expires_on`, then the key's first op, then the key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Lots(#[n(0)] Vec<Lot>);

impl Lots {
    /// The lots in burn order.
    pub fn iter(&self) -> std::slice::Iter<'_, Lot> {
        self.0.iter()
    }

    /// Lots that are in burn order already; nothing if they are not.
    pub fn in_order(lots: Vec<Lot>) -> Option<Self> {
        lots.is_sorted_by(|a, b| order(a) < order(b))
            .then_some(Self(lots))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds points, merging them into the lot of the same key.
    ///
    /// Returns nothing, and changes nothing, if that lot would pass [`Points::MAX`].
    #[must_use]
    pub fn add(&mut self, lot: Lot) -> Option<()> {
        let mut merged = lot;
        if let Some(at) = self.0.iter().position(|held| held.key == lot.key) {
            merged.points = merged.points.checked_add(self.0[at].points)?;
            merged.first = merged.first.min(self.0[at].first);
            self.0.remove(at);
        }
        let at = self.0.partition_point(|held| order(held) < order(&merged));
        self.0.insert(at, merged);
        Some(())
    }

    /// Takes points in burn order from the lots that pass, and calls `taken` with each slice.
    /// Returns how many could not be found.
    pub fn take(
        &mut self,
        asked: Points,
        passes: impl Fn(&Lot) -> bool,
        mut taken: impl FnMut(Lot),
    ) -> Points {
        let mut missing = asked;
        self.0.retain_mut(|lot| {
            if missing.is_zero() || !passes(lot) {
                return true;
            }
            let points = lot.points.min(missing);
            missing = missing.saturating_sub(points);
            lot.points = lot.points.saturating_sub(points);
            taken(Lot { points, ..*lot });
            !lot.points.is_zero()
        });
        missing
    }

    /// Removes and returns the lots that pass, in burn order.
    pub fn extract(&mut self, passes: impl Fn(&Lot) -> bool) -> Vec<Lot> {
        self.0.extract_if(.., |lot| passes(lot)).collect()
    }
}

fn order(lot: &Lot) -> (Day, OpAt, LotKey) {
    (lot.key.expires_on, lot.first, lot.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(expires_on: i32, entry: u64, points: u64) -> Lot {
        Lot {
            key: LotKey {
                issuer: Party(1),
                issued_on: Day(1),
                activates_on: Day(1),
                expires_on: Day(expires_on),
                price_version: 1,
            },
            first: OpAt { entry, op: 0 },
            points: Points::new(points).expect("small"),
        }
    }

    #[test]
    fn lots_are_taken_by_expiry_and_then_by_first_op() {
        let mut lots = Lots::default();
        let mut other = lot(5, 1, 7);
        other.key.issuer = Party(2);
        for lot in [lot(9, 1, 10), lot(5, 3, 10), other, lot(5, 2, 4)] {
            lots.add(lot).expect("no overflow");
        }
        let mut slices = Vec::new();
        let missing = lots.take(
            Points::new(15).expect("small"),
            |_| true,
            |slice| slices.push(slice),
        );
        assert!(missing.is_zero());
        let seen: Vec<_> = slices
            .iter()
            .map(|s| (s.key.issuer.0, s.first.entry, s.points.units()))
            .collect();
        assert_eq!(
            seen,
            [(2, 1, 7), (1, 2, 8)],
            "the merged lot keeps its earliest op"
        );
        assert_eq!(
            lots.iter().map(|l| l.points.units()).collect::<Vec<_>>(),
            [6, 10]
        );
    }
}
