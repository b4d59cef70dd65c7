//! Where records are, by their hash: one number each, in one piece of memory.
//!
//! A look-up touches one cache line, nearly always, and growing touches no record. Must not: take
//! anything out; what is gone is gone when all are put in anew.
//!
//! Method: open addressing with linear probing (Knuth, "The Art of Computer Programming", volume 3,
//! 6.4, algorithm L). The place of a hash is its share of the slots, so that any number of slots
//! will do (Lemire, "Fast Random Integer Generation in an Interval", 2019).
//!
//! ```text
//! slot   0 if free, else the hash's lower half, 32 bits ‖ place + 1, 32 bits
//! ```

/// Places by hash.
#[derive(Debug, Default)]
pub struct Index {
    slots: Vec<u64>,
    len: usize,
}

/// This part of the slots is free, at least.
const FREE_PART: usize = 4;
/// The first slots.
const SLOTS_MIN: usize = 8;

impl Index {
    /// How many places there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Memory of the slots.
    pub fn memory(&self) -> usize {
        self.slots.capacity().saturating_mul(size_of::<u64>())
    }

    /// What the slot holds that a hash leads to: brings it near.
    pub fn near(&self, hash: u64) -> u64 {
        let slot = self.slots.get(self.first(tag(hash)));
        slot.copied().unwrap_or_default()
    }

    /// The slot and the place of a hash for which `is_it` says so of the place.
    pub fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<(usize, u32)> {
        let tag = tag(hash);
        let mut at = self.first(tag);
        loop {
            let slot = *self.slots.get(at)?;
            let place = place_of(slot)?;
            if slot >> 32 == tag && is_it(place) {
                return Some((at, place));
            }
            at = self.next(at);
        }
    }

    /// Adds a place; there must be none that is the same record's.
    pub fn insert(&mut self, hash: u64, place: u32) {
        let needed = self.len.saturating_add(1);
        // From three quarters full to a half.
        if needed
            > self
                .slots
                .len()
                .saturating_sub(self.slots.len() / FREE_PART)
        {
            self.resize(needed.saturating_mul(2).max(SLOTS_MIN));
        }
        self.put(slot(tag(hash), place));
        self.len = needed;
    }

    /// Replaces the place in a slot.
    pub fn set(&mut self, at: usize, place: u32) {
        self.slots[at] = slot(self.slots[at] >> 32, place);
    }

    /// Takes all places out, and makes room for so many.
    pub fn clear_for(&mut self, len: usize) {
        self.slots = Vec::new();
        self.len = 0;
        self.resize(len.saturating_mul(2).max(SLOTS_MIN));
    }

    fn resize(&mut self, slots: usize) {
        let old = std::mem::replace(&mut self.slots, vec![0; slots]);
        let used = old.into_iter().filter(|slot| *slot != 0);
        used.for_each(|slot| self.put(slot));
    }

    fn put(&mut self, slot: u64) {
        let mut at = self.first(slot >> 32);
        while self.slots[at] != 0 {
            at = self.next(at);
        }
        self.slots[at] = slot;
    }

    fn first(&self, tag: u64) -> usize {
        // Both are below 2^32.
        (tag.wrapping_mul(self.slots.len() as u64) >> 32) as usize
    }

    fn next(&self, at: usize) -> usize {
        let next = at.saturating_add(1);
        if next == self.slots.len() { 0 } else { next }
    }
}

fn tag(hash: u64) -> u64 {
    hash & u64::from(u32::MAX)
}

fn slot(tag: u64, place: u32) -> u64 {
    tag << 32 | u64::from(place).saturating_add(1)
}

fn place_of(slot: u64) -> Option<u32> {
    let [a, b, c, d, ..] = slot.to_le_bytes();
    u32::from_le_bytes([a, b, c, d]).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_hash_through_growth_and_changes() {
        let hash = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7;
        let mut index = Index::default();
        assert_eq!(index.find(hash(1), |_| true), None);
        assert_eq!(index.near(hash(1)), 0);
        for number in 0..10_000_u32 {
            index.insert(hash(number.into()), number);
            assert!(index.memory() <= 16 * (index.len() + 8));
        }
        assert_eq!(index.len(), 10_000);
        let find = |index: &Index, number: u32, place: u32| {
            index.find(hash(number.into()), |known| known == place)
        };
        for number in (0..10_000).step_by(3) {
            let (at, _) = find(&index, number, number).expect("it is there");
            index.set(at, number + 50_000);
        }
        for number in 0..10_000_u32 {
            let place = if number % 3 == 0 {
                number + 50_000
            } else {
                number
            };
            assert_eq!(
                find(&index, number, place).map(|found| found.1),
                Some(place)
            );
            assert_eq!(find(&index, number + 20_000, place), None);
        }
        let same = [7, u32::MAX - 1];
        same.iter().for_each(|place| index.insert(0, *place));
        for place in same {
            assert!(index.find(0, |known| known == place).is_some(), "same hash");
        }
        index.clear_for(3);
        assert_eq!((index.len(), find(&index, 1, 1)), (0, None));
    }
}
