//! One table of members: their records behind each other in one piece of memory, and an index.
//!
//! Millions of small allocations that grow leave memory in pieces that nothing fits; this does not.
//! A record that outgrows its room is written again at the end, and dead where it was. Once there
//! is no room at the end and an eighth is dead, all others are moved together into new memory.
//! Must not: know what a member is.
//!
//! ```text
//! record   flags u8 ‖ length of the id u8 ‖ its own length u24 ‖ of its room u8 ‖ note u24, all LE
//!          ‖ id ‖ value ‖ room
//! ```

use super::index::Index;

/// The record is needed, or was lately.
const TOUCHED: u8 = 1;
/// There is a member; else it is known that there is none.
const PRESENT: u8 = 2;
/// It was written again behind.
const DEAD: u8 = 4;

const HEAD_BYTES: usize = 9;
const LENGTH_AT: usize = 2;
const ROOM_AT: usize = 5;
const NOTE_AT: usize = 6;

/// Record sizes are multiples of this, so that many changes fit where the record is.
const STEP_BYTES: usize = 16;
/// A record with more room than this is written again.
const ROOM_BYTES_MAX: usize = 4 * STEP_BYTES;
/// Memory grows by this part of what is there, unless as much of it is dead.
const GROWTH_PART: usize = 8;
/// And by no less.
const GROWTH_BYTES_MIN: usize = 256;
/// Of a record in the index, which is less than two thirds full.
const SLOT_BYTES: usize = 13;
/// Of a cache line.
const LINE_BYTES: usize = 64;

/// Records by id.
#[derive(Debug, Default)]
pub struct Shard {
    index: Index,
    bytes: Vec<u8>,
    dead_bytes: usize,
}

impl Shard {
    /// Memory that it takes, with what is free for more.
    pub fn memory(&self) -> usize {
        self.bytes.capacity().saturating_add(self.index.memory())
    }

    /// Brings near what tells where the record of a hash is.
    pub fn near_index(&self, hash: u64) -> u64 {
        self.index.near(hash)
    }

    /// Brings the record near that a hash leads to, if any.
    pub fn near_record(&self, hash: u64) -> u64 {
        // The first whose hash looks alike is nearly always the one.
        let Some((_, place)) = self.index.find(hash, |_| true) else {
            return 0;
        };
        let at = start(place);
        let behind = self.bytes.get(at.saturating_add(LINE_BYTES));
        u64::from(self.bytes[at] ^ behind.copied().unwrap_or_default())
    }

    /// Where the record of an id is.
    pub fn find(&self, hash: u64, id: &[u8]) -> Option<usize> {
        let is_same = |place: u32| self.id(start(place)) == id;
        self.index.find(hash, is_same).map(|found| start(found.1))
    }

    /// Adds a record under the hash of its id; there must be none of this id. Answers where it is.
    pub fn insert(
        &mut self,
        hash: u64,
        id: &[u8],
        value: Option<&[u8]>,
        hasher: impl Fn(&[u8]) -> u64,
    ) -> usize {
        let at = self.append(id, value, TOUCHED, hasher);
        self.index.insert(hash, place(at));
        at
    }

    /// Replaces a value, or takes it away. Answers where the record is then.
    pub fn put(
        &mut self,
        (hash, at): (u64, usize),
        value: Option<&[u8]>,
        hasher: impl Fn(&[u8]) -> u64,
    ) -> usize {
        self.bytes[at] |= TOUCHED;
        let room = self.length(at).saturating_sub(self.value_at(at));
        let needed = value.map_or(0, <[u8]>::len);
        if needed <= room && room.saturating_sub(needed) < ROOM_BYTES_MAX {
            self.fill(at, value);
            return at;
        }
        // No longer than its length can tell.
        let mut id = [0; u8::MAX as usize];
        let id = &mut id[..self.id(at).len()];
        id.copy_from_slice(self.id(at));
        let note = self.note(at);
        let new = self.append(id, value, TOUCHED, hasher);
        // All may have been moved meanwhile; the new one is not in the index yet.
        let old = |known: u32| self.id(start(known)) == id;
        let (slot, known) = self.index.find(hash, old).expect("it was just there");
        let at = start(known);
        self.bytes[at] |= DEAD;
        self.dead_bytes = self.dead_bytes.saturating_add(self.length(at));
        self.index.set(slot, place(new));
        self.set_note(new, note);
        new
    }

    /// The value of a record, if there is one.
    pub fn value(&self, at: usize) -> Option<&[u8]> {
        let is_present = self.bytes[at] & PRESENT != 0;
        let record = &self.bytes[at..][..self.length(at)];
        let end = record.len().saturating_sub(record[ROOM_AT].into());
        is_present.then(|| &record[self.value_at(at)..end])
    }

    /// Notes that a record is needed.
    pub fn touch(&mut self, at: usize) {
        self.bytes[at] |= TOUCHED;
    }

    /// The number that was last noted at a record.
    pub fn note(&self, at: usize) -> usize {
        self.number(at, NOTE_AT)
    }

    /// Notes a number below 2^24.
    pub fn set_note(&mut self, at: usize, note: usize) {
        self.set_number(at, NOTE_AT, note);
    }

    /// Every record's id and value, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let mut next = 0;
        let records = std::iter::from_fn(move || {
            let at = next;
            let is_one = at < self.bytes.len();
            is_one.then(|| {
                next = at.saturating_add(self.length(at));
                at
            })
        });
        let live = records.filter(|at| self.bytes[*at] & DEAD == 0);
        live.map(|at| (self.id(at), self.value(at)))
    }

    /// Lets go of records that were not touched since this was last asked, until the others take
    /// no more than so many bytes.
    pub fn sweep(&mut self, bytes_max: usize, hasher: impl Fn(&[u8]) -> u64) {
        let slots = self.index.len().saturating_mul(SLOT_BYTES);
        let live = self.bytes.len().saturating_sub(self.dead_bytes);
        let mut left = live.saturating_add(slots);
        self.rewrite(0, hasher, |flags, length| {
            let goes = left > bytes_max && *flags & TOUCHED == 0;
            *flags &= !TOUCHED;
            if goes {
                left = left.saturating_sub(length.saturating_add(SLOT_BYTES));
            }
            !goes
        });
        self.bytes.shrink_to_fit();
    }

    /// Writes a record at the end. Answers where.
    fn append(
        &mut self,
        id: &[u8],
        value: Option<&[u8]>,
        flags: u8,
        hasher: impl Fn(&[u8]) -> u64,
    ) -> usize {
        let value_bytes = value.map_or(0, <[u8]>::len);
        let needed = HEAD_BYTES
            .saturating_add(id.len())
            .saturating_add(value_bytes);
        let length = needed.next_multiple_of(STEP_BYTES);
        self.make_room(length, hasher);
        let at = self.bytes.len();
        self.bytes.resize(at.saturating_add(length), 0);
        self.bytes[at] = flags;
        self.bytes[at.saturating_add(1)] = u8::try_from(id.len()).expect("an id is short");
        self.set_number(at, LENGTH_AT, length);
        self.bytes[at.saturating_add(HEAD_BYTES)..][..id.len()].copy_from_slice(id);
        self.fill(at, value);
        at
    }

    /// Writes over the value; there must be room.
    fn fill(&mut self, at: usize, value: Option<&[u8]>) {
        let present = if value.is_some() { PRESENT } else { 0 };
        let value = value.unwrap_or_default();
        self.bytes[at] = self.bytes[at] & !PRESENT | present;
        let start = self.value_at(at);
        let end = start.saturating_add(value.len());
        let length = self.length(at);
        let record = &mut self.bytes[at..][..length];
        record[start..end].copy_from_slice(value);
        let room = u8::try_from(length.saturating_sub(end));
        record[ROOM_AT] = room.expect("ROOM_BYTES_MAX is less");
    }

    /// Sees to it that so many bytes can be appended.
    fn make_room(&mut self, needed: usize, hasher: impl Fn(&[u8]) -> u64) {
        let used = self.bytes.len();
        if self.bytes.capacity().saturating_sub(used) >= needed {
            return;
        }
        let part = used / GROWTH_PART;
        let growth = part.max(needed).max(GROWTH_BYTES_MIN);
        match self.dead_bytes >= part.max(1) {
            true => self.rewrite(growth, hasher, |_, _| true),
            false => self.bytes.reserve_exact(growth),
        }
    }

    /// Moves the records that are kept into new memory, with so much room behind them. `keep` gets
    /// the flags and the length of each.
    fn rewrite(
        &mut self,
        room: usize,
        hasher: impl Fn(&[u8]) -> u64,
        mut keep: impl FnMut(&mut u8, usize) -> bool,
    ) {
        let live = self.bytes.len().saturating_sub(self.dead_bytes);
        let mut bytes = Vec::with_capacity(live.saturating_add(room));
        let mut old = std::mem::take(&mut self.bytes);
        let mut kept: Vec<(u64, u32)> = Vec::with_capacity(self.index.len());
        self.dead_bytes = 0;
        let mut rest = old.as_mut_slice();
        while !rest.is_empty() {
            let length = number_of(rest, LENGTH_AT);
            let (record, behind) = rest.split_at_mut(length);
            rest = behind;
            if record[0] & DEAD == 0 && keep(&mut record[0], length) {
                kept.push((hasher(id_of(record, 0)), place(bytes.len())));
                bytes.extend_from_slice(record);
            }
        }
        self.bytes = bytes;
        self.index.clear_for(kept.len());
        for (hash, place) in kept {
            self.index.insert(hash, place);
        }
    }

    fn id(&self, at: usize) -> &[u8] {
        id_of(&self.bytes, at)
    }

    fn length(&self, at: usize) -> usize {
        self.number(at, LENGTH_AT)
    }

    /// Where the value begins, from the record's begin.
    fn value_at(&self, at: usize) -> usize {
        HEAD_BYTES.saturating_add(self.bytes[at.saturating_add(1)].into())
    }

    fn number(&self, at: usize, of: usize) -> usize {
        number_of(&self.bytes[at..], of)
    }

    fn set_number(&mut self, at: usize, of: usize, number: usize) {
        let number = u32::try_from(number).ok();
        let number = number.filter(|number| *number < 1 << 24);
        let [a, b, c, _] = number.expect("below 2^24").to_le_bytes();
        self.bytes[at.saturating_add(of)..][..3].copy_from_slice(&[a, b, c]);
    }
}

fn id_of(bytes: &[u8], at: usize) -> &[u8] {
    let record = &bytes[at..];
    &record[HEAD_BYTES..][..usize::from(record[1])]
}

fn number_of(record: &[u8], of: usize) -> usize {
    let bytes = &record[of..][..3];
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) as usize
}

/// A record's place, counted in steps.
fn place(at: usize) -> u32 {
    u32::try_from(at / STEP_BYTES).expect("a table is below 64 GiB")
}

fn start(place: u32) -> usize {
    (place as usize).saturating_mul(STEP_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn hasher(id: &[u8]) -> u64 {
        let mixed = id.iter().fold(7_u64, |hash, byte| {
            hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte)
        });
        mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn all(shard: &Shard) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        let records = shard.iter();
        records
            .map(|(id, value)| (id.to_vec(), value.map(<[u8]>::to_vec)))
            .collect()
    }

    #[test]
    fn values_are_what_was_last_put_however_they_grow_and_memory_follows() {
        let mut shard = Shard::default();
        let mut expected = BTreeMap::new();
        let mut random = 1_u64;
        for step in 0..50_000_usize {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let id = format!("m-{}", (random >> 40) % 300).into_bytes();
            let length = (random >> 33) % 200;
            let value = vec![step.to_le_bytes()[0]; usize::try_from(length).unwrap()];
            let value = (length > 4).then_some(value);
            match shard.find(hasher(&id), &id) {
                Some(at) => {
                    shard.set_note(at, step);
                    let at = shard.put((hasher(&id), at), value.as_deref(), hasher);
                    assert_eq!(shard.note(at), step, "it goes with the record");
                    assert_eq!(shard.value(at), value.as_deref());
                }
                None => drop(shard.insert(hasher(&id), &id, value.as_deref(), hasher)),
            }
            expected.insert(id, value);
        }
        assert_eq!(all(&shard), expected);
        assert_eq!(expected.len(), 300);
        let live: usize = expected
            .iter()
            .map(|(id, value)| id.len() + value.as_ref().map_or(0, Vec::len) + HEAD_BYTES)
            .sum();
        assert!(shard.memory() < live * 2, "{} of {live}", shard.memory());
        assert_eq!(shard.find(hasher(b"m-300"), b"m-300"), None);
    }

    #[test]
    fn a_sweep_lets_go_of_what_was_not_touched_since_the_last_one() {
        let mut shard = Shard::default();
        for number in 0..1_000_u32 {
            let id = number.to_be_bytes();
            shard.insert(hasher(&id), &id, Some(&[1; 20]), hasher);
        }
        let full = shard.memory();
        shard.sweep(0, hasher);
        assert_eq!(all(&shard).len(), 1_000, "all were touched");
        let touched = |number: &u32| number.is_multiple_of(7);
        for number in (0..1_000).filter(touched) {
            let id = number.to_be_bytes();
            let at = shard.find(hasher(&id), &id).expect("it is there");
            shard.touch(at);
        }
        shard.sweep(full / 2, hasher);
        assert!((300..700).contains(&all(&shard).len()));
        shard.sweep(0, hasher);
        assert!((0..1_000).filter(touched).all(|number| {
            let id = number.to_be_bytes();
            shard.find(hasher(&id), &id).is_none()
        }));
        assert_eq!(all(&shard).len(), 0);
    }
}
