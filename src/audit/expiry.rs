//! The days on which a sweep has work, with the members: what the house keeps in a sorted table.
//!
//! Nearly all of it is written long before it is read, so a day is sorted when it is first due.
//! Must not: decide what is due.

use crate::domain::ids::Reference;
use crate::domain::time::Day;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Members by day.
#[derive(Debug, Clone, Default)]
pub struct Expiry {
    days: BTreeMap<Day, OfDay>,
}

/// A member is in one of the two.
#[derive(Debug, Clone, Default)]
struct OfDay {
    unsorted: HashSet<Reference, foldhash::fast::RandomState>,
    sorted: BTreeSet<Reference>,
}

impl Expiry {
    /// Notes that a sweep of a day has work at a member.
    pub fn insert(&mut self, day: Day, member: Reference) {
        let of_day = self.days.entry(day).or_default();
        match of_day.sorted.is_empty() {
            true => drop(of_day.unsorted.insert(member)),
            false => drop(of_day.sorted.insert(member)),
        }
    }

    /// Notes that it has none there.
    pub fn remove(&mut self, day: Day, member: &Reference) {
        let Some(of_day) = self.days.get_mut(&day) else {
            return;
        };
        if !of_day.unsorted.remove(member) {
            of_day.sorted.remove(member);
        }
        if of_day.unsorted.is_empty() && of_day.sorted.is_empty() {
            self.days.remove(&day);
        }
    }

    /// The first pairs up to a day, at most `limit`, in their order; and whether there are more.
    pub fn due(&mut self, up_to: Day, limit: usize) -> (Vec<(Day, Reference)>, bool) {
        let mut pairs = Vec::new();
        for (day, of_day) in self.days.range_mut(..=up_to) {
            of_day.sorted.extend(of_day.unsorted.drain());
            let left = limit - pairs.len();
            pairs.extend(of_day.sorted.iter().take(left).map(|id| (*day, *id)));
            if of_day.sorted.len() > left {
                return (pairs, true);
            }
        }
        (pairs, false)
    }

    /// Every pair, in order.
    pub fn all(&self) -> BTreeSet<(Day, Reference)> {
        let of_day = |(day, of_day): (&Day, &OfDay)| -> Vec<_> {
            let members = of_day.unsorted.iter().chain(&of_day.sorted);
            members.map(|member| (*day, *member)).collect()
        };
        self.days.iter().flat_map(of_day).collect()
    }
}

impl FromIterator<(Day, Reference)> for Expiry {
    fn from_iter<I: IntoIterator<Item = (Day, Reference)>>(pairs: I) -> Self {
        let mut expiry = Self::default();
        for (day, member) in pairs {
            expiry.insert(day, member);
        }
        expiry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_due_in_order_however_they_came() {
        let id = |number: u32| Reference::parse(&format!("m{number}")).unwrap();
        let pairs = [(2, 1), (1, 3), (1, 2), (3, 1), (1, 1)];
        let pairs = pairs.map(|(day, number)| (Day(day), id(number)));
        let mut expiry: Expiry = pairs.into_iter().collect();
        let due = |expiry: &mut Expiry, day, limit| {
            let (pairs, more) = expiry.due(Day(day), limit);
            let plain = pairs.iter().map(|(day, id)| format!("{} {id}", day.0));
            (plain.collect::<Vec<_>>().join(", "), more)
        };
        assert_eq!(due(&mut expiry, 0, 9), (String::new(), false));
        assert_eq!(due(&mut expiry, 1, 2), ("1 m1, 1 m2".to_owned(), true));
        assert_eq!(
            due(&mut expiry, 1, 3),
            ("1 m1, 1 m2, 1 m3".to_owned(), false)
        );
        expiry.insert(Day(1), id(0));
        expiry.remove(Day(1), &id(2));
        expiry.remove(Day(3), &id(1));
        expiry.remove(Day(3), &id(1));
        let all = "1 m0, 1 m1, 1 m3, 2 m1".to_owned();
        assert_eq!(due(&mut expiry, 9, 9), (all, false));
        assert_eq!(expiry.all().len(), 4);
        assert_eq!(
            due(&mut expiry, 9, 3),
            ("1 m0, 1 m1, 1 m3".to_owned(), true)
        );
    }
}
