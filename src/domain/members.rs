//! Members in memory, packed: millions of them in less than a hundred bytes each.
//!
//! A record that was not loaded is our bug, not absence. [`Members::sweep`] lets go of those that
//! were not touched lately. They lie in many small tables, because a table that grows stands still.
//! Must not: know where records are stored, or let go of what is not stored yet.

use super::ids::Reference;
use super::member::{DueDays, Member, packed};
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Tables; a power of two.
const SHARDS: usize = 256;
/// Memory of a record beside its own bytes: its place in a table that is two thirds full.
const PLACE_BYTES: usize = 26;
/// Record sizes are multiples of this, so that most changes fit where the record is.
const STEP_BYTES: usize = 16;
/// A sweep makes a table smaller by this part of what it may have.
const SWEPT_PART: usize = 8;

/// The record is needed, or was lately.
const TOUCHED: u8 = 1;
/// It was changed since changes were last taken.
const CHANGED: u8 = 2;
/// There is a member; else it is known that there is none.
const PRESENT: u8 = 4;
/// Flags, length of the id, length of the packed member.
const HEAD_BYTES: usize = 6;

/// Members by reference.
#[derive(Debug)]
pub struct Members {
    shards: Vec<Shard>,
    hasher: foldhash::fast::RandomState,
    bytes: usize,
    packed: Vec<u8>,
}

#[derive(Debug, Default)]
struct Shard {
    records: HashTable<Record>,
    bytes: usize,
    swept_at: u64,
}

/// Head ‖ id ‖ packed member ‖ room.
#[derive(Debug)]
struct Record(Box<[u8]>);

impl Default for Members {
    fn default() -> Self {
        let mut shards = Vec::new();
        shards.resize_with(SHARDS, Shard::default);
        Self {
            shards,
            hasher: foldhash::fast::RandomState::default(),
            bytes: 0,
            packed: Vec::new(),
        }
    }
}

impl Members {
    /// Whether a member, or its absence, is in memory. Keeps it there.
    pub fn touch(&mut self, id: &Reference) -> bool {
        let hash = self.hash(id);
        let found = self.shard_mut(hash).find_mut(hash, id);
        let known = found.map(|record| record.0[0] |= TOUCHED);
        known.is_some()
    }

    /// Brings records close to the processor, many at once, before they are asked for one by one:
    /// each lies somewhere else, and waiting for each takes longer than all the rest.
    pub fn warm(&self, ids: &[Reference]) {
        let near = ids.iter().map(|id| {
            let hash = self.hash(id);
            // The first whose hash looks alike is nearly always the one.
            let found = self.shards[place(hash)].records.find(hash, |_| true);
            found.map_or(0, |record| u64::from(record.0[0]))
        });
        std::hint::black_box(near.fold(0, u64::wrapping_add));
    }

    /// Takes in what the store holds under an id that was not in memory: a packed member.
    pub fn load(&mut self, id: &Reference, stored: Option<&[u8]>) {
        let hash = self.hash(id);
        if self.shard_mut(hash).find_mut(hash, id).is_none() {
            self.insert(hash, Record::new(id, stored, TOUCHED));
        }
    }

    /// The member under an id that was touched or loaded for this batch.
    pub fn get(&self, id: &Reference) -> Option<Member> {
        let packed = self.packed(id)?;
        Some(packed::unpack(packed).expect("what is kept was packed here or checked"))
    }

    /// A member's bytes, by [`packed::pack`].
    pub fn packed(&self, id: &Reference) -> Option<&[u8]> {
        let hash = self.hash(id);
        let shard = &self.shards[place(hash)];
        let record = shard.records.find(hash, |record| record.id() == id.as_bytes());
        let record = record.unwrap_or_else(|| panic!("a member was not prefetched: {id}"));
        record.packed()
    }

    /// Replaces a member that was touched or loaded for this batch. Answers whether this is its
    /// first change since changes were last taken.
    pub fn put(&mut self, id: &Reference, member: &Member) -> bool {
        let mut bytes = std::mem::take(&mut self.packed);
        bytes.clear();
        packed::pack(member, &mut bytes);
        let is_first = self.put_packed(id, Some(&bytes));
        self.packed = bytes;
        is_first
    }

    /// Like [`Members::put`], of a member's bytes or of none.
    pub fn put_packed(&mut self, id: &Reference, packed: Option<&[u8]>) -> bool {
        let hash = self.hash(id);
        let shard = &mut self.shards[place(hash)];
        let record = shard.find_mut(hash, id);
        let record = record.unwrap_or_else(|| panic!("a member was not prefetched: {id}"));
        let is_first = record.0[0] & CHANGED == 0;
        let before = record.0.len();
        record.replace(id, packed);
        let after = record.0.len();
        shard.bytes = shard.bytes.saturating_add(after).saturating_sub(before);
        self.bytes = self.bytes.saturating_add(after).saturating_sub(before);
        is_first
    }

    /// Ends a member's change, and appends its bytes. Answers its due days; nothing if there is no
    /// such member any more.
    pub fn take_changed(
        &mut self,
        id: &Reference,
        utc_offset_min: i16,
        to: &mut Vec<u8>,
    ) -> Option<DueDays> {
        let hash = self.hash(id);
        let record = self.shard_mut(hash).find_mut(hash, id)?;
        record.0[0] &= !CHANGED;
        let packed = record.packed()?;
        to.extend_from_slice(packed);
        let member = packed::unpack(packed).expect("what is kept was packed here or checked");
        Some(member.due_days(utc_offset_min))
    }

    /// Every member in memory, in no order.
    pub fn records(&self) -> impl Iterator<Item = (Reference, Member)> {
        let all = self.shards.iter().flat_map(|shard| shard.records.iter());
        all.filter_map(|record| {
            let member = packed::unpack(record.packed()?)?;
            let id = std::str::from_utf8(record.id()).ok()?;
            Some((Reference::parse(id).ok()?, member))
        })
    }

    /// Rough memory of all records.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lets go of records that were not touched lately, where they take more than their share of
    /// `bytes_max`. `published` entries are stored or about to be; the next one is `next_index`.
    ///
    /// A record goes if it was not touched since the sweep before, and all entries of before that
    /// sweep are published: so none goes that only this memory has.
    pub fn sweep(&mut self, bytes_max: usize, published: u64, next_index: u64) {
        if self.bytes <= bytes_max {
            return;
        }
        let share = bytes_max / SHARDS;
        for shard in &mut self.shards {
            if shard.bytes > share && published >= shard.swept_at {
                let freed = shard.sweep(share - share / SWEPT_PART);
                shard.swept_at = next_index;
                self.bytes = self.bytes.saturating_sub(freed);
            }
        }
    }

    fn insert(&mut self, hash: u64, record: Record) {
        let (hasher, bytes) = (&self.hasher, record.bytes());
        let shard = &mut self.shards[place(hash)];
        let rehash = |record: &Record| hasher.hash_one(record.id());
        shard.records.insert_unique(hash, record, rehash);
        shard.bytes = shard.bytes.saturating_add(bytes);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn hash(&self, id: &Reference) -> u64 {
        self.hasher.hash_one(id.as_bytes())
    }

    fn shard_mut(&mut self, hash: u64) -> &mut Shard {
        &mut self.shards[place(hash)]
    }
}

/// Bits of a hash that a table does not use to choose a place.
fn place(hash: u64) -> usize {
    usize::try_from((hash >> 40) % SHARDS as u64).expect("it is below a small number")
}

impl Shard {
    fn find_mut(&mut self, hash: u64, id: &Reference) -> Option<&mut Record> {
        self.records.find_mut(hash, |record| record.id() == id.as_bytes())
    }

    /// Lets go of what was not touched until so many bytes are left. Answers how many were freed.
    fn sweep(&mut self, bytes_max: usize) -> usize {
        let before = self.bytes;
        let mut left = before;
        self.records.retain(|record| {
            let head = record.0[0];
            record.0[0] = head & !TOUCHED;
            let goes = left > bytes_max && head & (TOUCHED | CHANGED) == 0;
            if goes {
                left = left.saturating_sub(record.bytes());
            }
            !goes
        });
        self.bytes = left;
        before.saturating_sub(left)
    }
}

impl Record {
    fn new(id: &Reference, packed: Option<&[u8]>, flags: u8) -> Self {
        let id = id.as_bytes();
        let packed_bytes = packed.map_or(0, <[u8]>::len);
        let bytes = HEAD_BYTES.saturating_add(id.len()).saturating_add(packed_bytes);
        let mut record = vec![0; bytes.next_multiple_of(STEP_BYTES)];
        record[1] = u8::try_from(id.len()).expect("a reference has 64 bytes at most");
        record[HEAD_BYTES..][..id.len()].copy_from_slice(id);
        let mut record = Self(record.into_boxed_slice());
        record.fill(packed, flags);
        record
    }

    /// Writes over the packed member; there must be room.
    fn fill(&mut self, packed: Option<&[u8]>, flags: u8) {
        let present = if packed.is_some() { PRESENT } else { 0 };
        let packed = packed.unwrap_or_default();
        let length = u32::try_from(packed.len()).expect("SLICES_MAX bounds a member");
        self.0[0] = flags | present;
        self.0[2..HEAD_BYTES].copy_from_slice(&length.to_le_bytes());
        let at = HEAD_BYTES.saturating_add(usize::from(self.0[1]));
        self.0[at..][..packed.len()].copy_from_slice(packed);
    }

    fn replace(&mut self, id: &Reference, packed: Option<&[u8]>) {
        let room = self.0.len() - HEAD_BYTES - usize::from(self.0[1]);
        let needed = packed.map_or(0, <[u8]>::len);
        let flags = TOUCHED | CHANGED;
        match needed <= room && room - needed < 4 * STEP_BYTES {
            true => self.fill(packed, flags),
            false => *self = Self::new(id, packed, flags),
        }
    }

    fn id(&self) -> &[u8] {
        &self.0[HEAD_BYTES..][..usize::from(self.0[1])]
    }

    fn packed(&self) -> Option<&[u8]> {
        if self.0[0] & PRESENT == 0 {
            return None;
        }
        let length = u32::from_le_bytes([self.0[2], self.0[3], self.0[4], self.0[5]]);
        let at = HEAD_BYTES.saturating_add(usize::from(self.0[1]));
        Some(&self.0[at..][..length as usize])
    }

    fn bytes(&self) -> usize {
        self.0.len().saturating_add(PLACE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::OpAt;
    use crate::domain::member::Debt;
    use crate::domain::points::Points;

    fn id(number: u32) -> Reference {
        Reference::parse(&format!("m-{number}")).expect("a reference")
    }

    fn member(entry: u64, debts: u16) -> Member {
        let debt = |issuer| Debt {
            issuer: crate::domain::ids::Party(issuer),
            price_version: 1,
            points: Points::MAX,
        };
        Member {
            last: Some(OpAt { entry, op: 0 }),
            debts: (0..debts).map(debt).collect(),
            ..Member::default()
        }
    }

    #[test]
    fn members_are_what_was_last_put_and_changes_are_told_once() {
        let mut members = Members::default();
        assert!(!members.touch(&id(1)));
        members.load(&id(1), None);
        assert!(members.touch(&id(1)));
        assert_eq!(members.get(&id(1)), None);
        for (round, debts) in [(0, 0), (1, 9), (2, 1), (3, 200), (4, 0)] {
            let now = member(round, debts);
            assert_eq!(members.put(&id(1), &now), round == 0);
            assert_eq!(members.get(&id(1)).as_ref(), Some(&now));
        }
        let mut bytes = Vec::new();
        assert!(members.take_changed(&id(1), 0, &mut bytes).is_some());
        assert_eq!(packed::unpack(&bytes), Some(member(4, 0)));
        assert!(members.put(&id(1), &member(5, 0)), "a change after that is the first");
        members.put_packed(&id(1), None);
        assert_eq!(members.take_changed(&id(1), 0, &mut bytes), None);
        members.load(&id(2), Some(&bytes));
        assert_eq!(members.records().collect::<Vec<_>>(), [(id(2), member(4, 0))]);
    }

    #[test]
    fn a_sweep_lets_go_of_what_is_old_and_of_nothing_else() {
        let mut members = Members::default();
        for number in 0..10_000 {
            members.load(&id(number), None);
            members.put(&id(number), &member(u64::from(number), 0));
            members.take_changed(&id(number), 0, &mut Vec::new());
        }
        let full = members.bytes();
        members.sweep(full / 2, 0, 10_000);
        assert_eq!(members.bytes(), full, "all were touched since the last sweep");
        members.sweep(full / 2, 9_999, 10_000);
        assert_eq!(members.bytes(), full, "not all that was written is published");
        let kept = |number: &u32| number.is_multiple_of(10);
        assert!((0..10_000).filter(kept).all(|number| members.touch(&id(number))));
        members.sweep(full / 2, 10_000, 10_000);
        assert!(members.bytes() <= full / 2, "{} of {full}", members.bytes());
        assert!((0..10_000).filter(kept).all(|number| members.touch(&id(number))));
        let left = (0..10_000).filter(|number| members.touch(&id(*number)));
        let left = left.count();
        assert!((3_000..5_000).contains(&left), "{left}");
    }
}
