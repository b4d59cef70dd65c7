//! The days on which a sweep has work, with the members: what the house keeps in a sorted table.
//!
//! Nearly all of it is written long before it is read, so a day's members are only noted, one
//! behind the other, until the day is first due: then those that still have work are sorted.
//! Must not: decide what is due.

use crate::domain::ids::Reference;
use crate::domain::time::Day;
use std::collections::{BTreeMap, BTreeSet};

/// Notes lie in blocks of about this size, so that none is ever moved.
const BLOCK_BYTES: usize = 1 << 16;

/// Members by day.
#[derive(Debug, Clone, Default)]
pub struct Expiry {
    days: BTreeMap<Day, OfDay>,
}

/// Where some are sorted, none are only noted.
#[derive(Debug, Clone, Default)]
struct OfDay {
    /// Length and text of each that had work there, whether it still has or not.
    noted: Vec<Vec<u8>>,
    sorted: BTreeSet<Reference>,
}

impl Expiry {
    /// Notes that a sweep of a day has work at a member.
    pub fn insert(&mut self, day: Day, member: Reference) {
        let of_day = self.days.entry(day).or_default();
        match of_day.sorted.is_empty() {
            true => of_day.note(&member),
            false => drop(of_day.sorted.insert(member)),
        }
    }

    /// Notes that it has none there.
    pub fn remove(&mut self, day: Day, member: &Reference) {
        if let Some(of_day) = self.days.get_mut(&day) {
            of_day.sorted.remove(member);
        }
    }

    /// The first pairs up to a day, at most `limit`, in their order; and whether there are more.
    /// `has_work` says whether a sweep of a day has work at a member.
    pub fn due(
        &mut self,
        up_to: Day,
        limit: usize,
        has_work: impl Fn(Day, &Reference) -> bool,
    ) -> (Vec<(Day, Reference)>, bool) {
        let mut pairs = Vec::new();
        for (day, of_day) in self.days.range_mut(..=up_to) {
            let noted = std::mem::take(&mut of_day.noted);
            let noted = noted.iter().flat_map(|block| members_of(block));
            let still = noted.filter(|member| has_work(*day, member));
            of_day.sorted.extend(still);
            let left = limit - pairs.len();
            pairs.extend(of_day.sorted.iter().take(left).map(|id| (*day, *id)));
            if of_day.sorted.len() > left {
                return (pairs, true);
            }
        }
        let is_left = |of_day: &OfDay| !of_day.sorted.is_empty() || !of_day.noted.is_empty();
        self.days.retain(|_, of_day| is_left(of_day));
        (pairs, false)
    }
}

impl OfDay {
    fn note(&mut self, member: &Reference) {
        let text = member.as_bytes();
        let has_room = |block: &Vec<u8>| block.len() + text.len() < BLOCK_BYTES;
        if !self.noted.last().is_some_and(has_room) {
            self.noted.push(Vec::new());
        }
        let block = self.noted.last_mut().expect("it was just added");
        block.push(u8::try_from(text.len()).expect("a reference has 64 bytes at most"));
        block.extend_from_slice(text);
    }
}

fn members_of(mut block: &[u8]) -> impl Iterator<Item = Reference> {
    std::iter::from_fn(move || {
        let (length, rest) = block.split_first()?;
        let (text, rest) = rest.split_at(usize::from(*length));
        block = rest;
        let text = std::str::from_utf8(text).expect("it is a reference's");
        Some(Reference::parse(text).expect("it is a reference's"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_due_in_order_however_they_came() {
        let id = |number: u32| Reference::parse(&format!("m{number}")).unwrap();
        let pairs = [(2, 1), (1, 3), (1, 2), (3, 1), (1, 1), (1, 7), (1, 3)];
        let mut expiry = Expiry::default();
        for (day, number) in pairs {
            expiry.insert(Day(day), id(number));
        }
        let due = |expiry: &mut Expiry, day, limit| {
            let has_work = |_, member: &Reference| *member != id(7);
            let (pairs, more) = expiry.due(Day(day), limit, has_work);
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
        let all = "1 m0, 1 m1, 1 m3, 2 m1".to_owned();
        assert_eq!(due(&mut expiry, 2, 9), (all, false));
        assert_eq!(
            due(&mut expiry, 9, 3),
            ("1 m0, 1 m1, 1 m3".to_owned(), true)
        );
        for number in [0, 1, 3] {
            expiry.remove(Day(1), &id(number));
        }
        assert_eq!(due(&mut expiry, 9, 9), ("2 m1, 3 m1".to_owned(), false));
    }
}
