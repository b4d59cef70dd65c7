//! Members in memory, packed: millions of them in less than a hundred bytes each.
//!
//! A record that was not loaded is our bug, not absence. [`Members::sweep`] lets go of those that
//! were not touched lately. They lie in many small tables, because a table that grows stands still.
//! Must not: know where records are stored, or let go of what is not stored yet.

use super::ids::Reference;
use super::member::{DueDays, Member, packed};
use super::visit::Revision;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher;
use std::ops::Range;

/// Tables: one for each value of a byte.
const SHARDS: usize = 256;
/// Memory of a record beside its own bytes: its place in a table that is two thirds full.
const PLACE_BYTES: usize = 26;
/// Record sizes are multiples of this, so that most changes fit where the record is.
const STEP_BYTES: usize = 16;
/// Members with more lots than these are kept open while they are changed.
const OPEN_LOTS: usize = 12;
/// A sweep makes a table smaller by this part of what it may have.
const SWEPT_PART: usize = 8;

/// The record is needed, or was lately.
const TOUCHED: u8 = 1;
/// There is a member; else it is known that there is none.
const PRESENT: u8 = 2;
/// Flags, length of the id, length of the packed member, place among the changes.
const HEAD_BYTES: usize = 10;

/// A member that was changed.
#[derive(Debug)]
pub struct MemberChange {
    /// Whose account.
    pub id: Reference,
    /// Days on which a sweep had work there before.
    pub days_before: DueDays,
    /// Days on which it has now.
    pub days_after: DueDays,
    /// Where its bytes are among those of all changes; nothing where its first op was taken back.
    pub packed: Option<Range<usize>>,
    /// A large one, until the batch ends: it is then packed once, and not for every op.
    open: Option<Member>,
}

/// Members that were changed, each once, and their bytes, by [`packed::pack`].
#[derive(Debug, Default)]
pub struct MemberChanges {
    /// Each member.
    pub members: Vec<MemberChange>,
    /// Their bytes, and those of changes that others followed.
    pub bytes: Vec<u8>,
}

/// Members by reference.
#[derive(Debug)]
pub struct Members {
    shards: Vec<Shard>,
    hasher: foldhash::fast::RandomState,
    bytes: usize,
    changes: MemberChanges,
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
            changes: MemberChanges::default(),
        }
    }
}

impl Members {
    /// Whether a member, or its absence, is in memory. Keeps it there.
    pub fn touch(&mut self, id: &Reference) -> bool {
        let hash = self.hash(id);
        let found = self.shards[place(hash)].find_mut(hash, id);
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
        let (hash, hasher) = (self.hash(id), &self.hasher);
        let shard = &mut self.shards[place(hash)];
        let is_same = |record: &Record| record.id() == id.as_bytes();
        let rehash = |record: &Record| hasher.hash_one(record.id());
        if let Entry::Vacant(vacant) = shard.records.entry(hash, is_same, rehash) {
            let record = Record::new(id, stored, TOUCHED);
            let bytes = record.bytes();
            vacant.insert(record);
            shard.bytes = shard.bytes.saturating_add(bytes);
            self.bytes = self.bytes.saturating_add(bytes);
        }
    }

    /// The member under an id that was touched or loaded for this batch.
    pub fn get(&self, id: &Reference) -> Option<Member> {
        let record = self.record(id);
        if let Some(open) = self.open(record, id) {
            return Some(open.clone());
        }
        let packed = record.packed()?;
        Some(packed::unpack(packed).expect("what is kept was packed here or checked"))
    }

    /// A member's bytes, by [`packed::pack`].
    pub fn packed(&self, id: &Reference) -> Option<Box<[u8]>> {
        let record = self.record(id);
        match self.open(record, id) {
            Some(open) => {
                let mut bytes = Vec::new();
                packed::pack(open, &mut bytes);
                Some(bytes.into())
            }
            None => record.packed().map(Into::into),
        }
    }

    /// Replaces a member that was touched or loaded for this batch.
    pub fn put(&mut self, revision: Revision, utc_offset_min: i16) {
        let days_before = || revision.before.due_days;
        let days_after = revision.member.due_days(utc_offset_min);
        if revision.member.lots.iter().len() > OPEN_LOTS {
            let noted = self.note(&revision.id, days_before, days_after);
            noted.open = Some(revision.member);
            return;
        }
        let start = self.changes.bytes.len();
        packed::pack(&revision.member, &mut self.changes.bytes);
        let packed = Some(start..self.changes.bytes.len());
        let noted = self.note(&revision.id, days_before, days_after);
        (noted.packed, noted.open) = (packed.clone(), None);
        self.write(&revision.id, packed);
    }

    /// Puts a member back as it was before a [`Members::put`]: its bytes, or nothing.
    pub fn restore(&mut self, id: &Reference, bytes: Option<&[u8]>, utc_offset_min: i16) {
        let start = self.changes.bytes.len();
        self.changes
            .bytes
            .extend_from_slice(bytes.unwrap_or_default());
        let packed = bytes.map(|_| start..self.changes.bytes.len());
        let member = bytes.and_then(packed::unpack);
        let days_after = member.map(|member| member.due_days(utc_offset_min));
        let days_before = || unreachable!("it was changed before");
        let noted = self.note(id, days_before, days_after.unwrap_or_default());
        (noted.packed, noted.open) = (packed.clone(), None);
        self.write(id, packed);
    }

    /// Members that were changed since this was last asked.
    pub fn take_changes(&mut self) -> MemberChanges {
        for place in 0..self.changes.members.len() {
            let MemberChanges { members, bytes } = &mut self.changes;
            let noted = &mut members[place];
            if let Some(open) = noted.open.take() {
                let start = bytes.len();
                packed::pack(&open, bytes);
                let packed = Some(start..bytes.len());
                noted.packed.clone_from(&packed);
                let id = noted.id;
                self.write(&id, packed);
            }
        }
        let room = MemberChanges {
            members: Vec::with_capacity(self.changes.members.len()),
            bytes: Vec::with_capacity(self.changes.bytes.len()),
        };
        std::mem::replace(&mut self.changes, room)
    }

    /// The change of a member. The record says where it was noted first; that of an earlier batch
    /// names another's, or none.
    fn note(
        &mut self,
        id: &Reference,
        days_before: impl FnOnce() -> DueDays,
        days_after: DueDays,
    ) -> &mut MemberChange {
        let hash = self.hash(id);
        let record = self.shards[place(hash)].find_mut(hash, id);
        let record = record.unwrap_or_else(|| not_loaded(id));
        record.0[0] |= TOUCHED;
        let all = &mut self.changes.members;
        let place = record.change();
        if all.get(place).is_some_and(|noted| noted.id == *id) {
            all[place].days_after = days_after;
            return &mut all[place];
        }
        record.set_change(all.len());
        all.push(MemberChange {
            id: *id,
            days_before: days_before(),
            days_after,
            packed: None,
            open: None,
        });
        all.last_mut().expect("it was just added")
    }

    /// Writes bytes of a change into the member's record.
    fn write(&mut self, id: &Reference, packed: Option<Range<usize>>) {
        let hash = self.hash(id);
        let packed = packed.map(|range| &self.changes.bytes[range]);
        let shard = &mut self.shards[place(hash)];
        let record = shard.find_mut(hash, id);
        let record = record.unwrap_or_else(|| not_loaded(id));
        let before = record.0.len();
        record.replace(id, packed);
        let after = record.0.len();
        shard.bytes = shard.bytes.saturating_add(after).saturating_sub(before);
        self.bytes = self.bytes.saturating_add(after).saturating_sub(before);
    }

    fn record(&self, id: &Reference) -> &Record {
        let hash = self.hash(id);
        let shard = &self.shards[place(hash)];
        let record = shard
            .records
            .find(hash, |record| record.id() == id.as_bytes());
        record.unwrap_or_else(|| not_loaded(id))
    }

    fn open(&self, record: &Record, id: &Reference) -> Option<&Member> {
        let noted = self.changes.members.get(record.change());
        noted.filter(|noted| noted.id == *id)?.open.as_ref()
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
                let freed = shard.sweep(share.saturating_sub(share / SWEPT_PART));
                shard.swept_at = next_index;
                self.bytes = self.bytes.saturating_sub(freed);
            }
        }
    }

    fn hash(&self, id: &Reference) -> u64 {
        self.hasher.hash_one(id.as_bytes())
    }
}

fn not_loaded(id: &Reference) -> ! {
    panic!("a member was not prefetched: {id}");
}

/// Bits of a hash that a table does not use to choose a place.
fn place(hash: u64) -> usize {
    usize::from(hash.to_be_bytes()[2])
}

impl Shard {
    fn find_mut(&mut self, hash: u64, id: &Reference) -> Option<&mut Record> {
        self.records
            .find_mut(hash, |record| record.id() == id.as_bytes())
    }

    /// Lets go of what was not touched until so many bytes are left. Answers how many were freed.
    fn sweep(&mut self, bytes_max: usize) -> usize {
        let before = self.bytes;
        let mut left = before;
        self.records.retain(|record| {
            let head = record.0[0];
            record.0[0] = head & !TOUCHED;
            let goes = left > bytes_max && head & TOUCHED == 0;
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
        let bytes = HEAD_BYTES
            .saturating_add(id.len())
            .saturating_add(packed_bytes);
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
        self.0[2..6].copy_from_slice(&length.to_le_bytes());
        let at = HEAD_BYTES.saturating_add(usize::from(self.0[1]));
        self.0[at..][..packed.len()].copy_from_slice(packed);
    }

    fn replace(&mut self, id: &Reference, packed: Option<&[u8]>) {
        let room = self.0[HEAD_BYTES..].len().saturating_sub(self.id().len());
        let needed = packed.map_or(0, <[u8]>::len);
        if needed <= room && room.saturating_sub(needed) < 4 * STEP_BYTES {
            return self.fill(packed, TOUCHED);
        }
        let change = self.change();
        *self = Self::new(id, packed, TOUCHED);
        self.set_change(change);
    }

    /// Its place among the changes of the batch that changed it last.
    fn change(&self) -> usize {
        u32::from_le_bytes([self.0[6], self.0[7], self.0[8], self.0[9]]) as usize
    }

    fn set_change(&mut self, place: usize) {
        let place = u32::try_from(place).expect("a batch has fewer members");
        self.0[6..HEAD_BYTES].copy_from_slice(&place.to_le_bytes());
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
mod tests;
