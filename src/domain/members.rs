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

/// Tables of members.
const SHARDS: usize = 256;
/// Values of the bits of a hash that choose a table.
const SLOTS: usize = 1 << 13;
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
#[derive(Debug, Clone)]
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
    open: Option<Box<Member>>,
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
    /// The table of each slot.
    places: Vec<u8>,
    hasher: foldhash::fast::RandomState,
    bytes: usize,
    changes: MemberChanges,
}

#[derive(Debug, Default)]
struct Shard {
    /// How many slots are its.
    slots: usize,
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
        let mut places = Vec::with_capacity(SLOTS);
        for (place, shard) in (0..=u8::MAX).zip(&mut shards) {
            let left = SLOTS.saturating_sub(places.len());
            let slots = if place == u8::MAX {
                left
            } else {
                slots_of(place)
            };
            shard.slots = slots;
            places.resize(places.len().saturating_add(slots), place);
        }
        Self {
            shards,
            places,
            hasher: foldhash::fast::RandomState::default(),
            bytes: 0,
            changes: MemberChanges::default(),
        }
    }
}

impl Members {
    /// Of these, the members that are not in memory, nor is their absence; keeps the others there.
    ///
    /// All are looked for at once, because each lies somewhere else, and waiting for one after the
    /// other takes longer than all the rest.
    pub fn missing(&mut self, ids: Vec<Reference>) -> Vec<Reference> {
        let hashes: Vec<u64> = ids.iter().map(|id| self.hash(id)).collect();
        let near = hashes.iter().map(|hash| {
            // The first whose hash looks alike is nearly always the one.
            let found = self.shards[self.place(*hash)].records.find(*hash, |_| true);
            found.map_or(0, |record| u64::from(record.0[0]))
        });
        std::hint::black_box(near.fold(0, u64::wrapping_add));
        let pairs = ids.into_iter().zip(hashes);
        let unknown = pairs.filter(|(id, hash)| {
            let place = self.place(*hash);
            let found = self.shards[place].find_mut(*hash, id);
            found.map(|record| record.0[0] |= TOUCHED).is_none()
        });
        unknown.map(|(id, _)| id).collect()
    }

    /// Takes in what the store holds under an id that was not in memory: a packed member.
    pub fn load(&mut self, id: &Reference, stored: Option<&[u8]>) {
        let hash = self.hash(id);
        let (place, hasher) = (self.place(hash), &self.hasher);
        let shard = &mut self.shards[place];
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

    /// The member under an id that was kept or loaded for this batch.
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

    /// Replaces a member that was kept or loaded for this batch.
    pub fn put(&mut self, revision: Revision, utc_offset_min: i16) {
        let Revision { id, before, member } = revision;
        let change = MemberChange {
            id,
            days_before: before.due_days,
            days_after: member.due_days(utc_offset_min),
            packed: None,
            open: None,
        };
        if member.lots.iter().len() > OPEN_LOTS {
            let open = Some(Box::new(member));
            return self.note(MemberChange { open, ..change });
        }
        let start = self.changes.bytes.len();
        packed::pack(&member, &mut self.changes.bytes);
        let packed = Some(start..self.changes.bytes.len());
        self.note(MemberChange { packed, ..change });
    }

    /// Puts a member back as it was before a [`Members::put`]: its bytes, or nothing.
    pub fn restore(&mut self, id: &Reference, bytes: Option<&[u8]>, utc_offset_min: i16) {
        let start = self.changes.bytes.len();
        self.changes
            .bytes
            .extend_from_slice(bytes.unwrap_or_default());
        let member = bytes.and_then(packed::unpack);
        let days_after = member.map(|member| member.due_days(utc_offset_min));
        self.note(MemberChange {
            id: *id,
            days_before: DueDays::new(),
            days_after: days_after.unwrap_or_default(),
            packed: bytes.map(|_| start..self.changes.bytes.len()),
            open: None,
        });
    }

    /// Members that were changed since this was last asked.
    pub fn take_changes(&mut self) -> MemberChanges {
        for at in 0..self.changes.members.len() {
            let MemberChanges { members, bytes } = &mut self.changes;
            let noted = &mut members[at];
            if let Some(open) = noted.open.take() {
                let start = bytes.len();
                packed::pack(&open, bytes);
                noted.packed = Some(start..bytes.len());
                let change = noted.clone();
                self.note(change);
            }
        }
        let room = MemberChanges {
            members: Vec::with_capacity(self.changes.members.len()),
            bytes: Vec::with_capacity(self.changes.bytes.len()),
        };
        std::mem::replace(&mut self.changes, room)
    }

    /// Notes a change, which takes the place of an earlier one of the batch, and writes its bytes
    /// into the record unless the member stays open. The record says where the earlier one is; that
    /// of an earlier batch names another's, or none.
    fn note(&mut self, mut change: MemberChange) {
        let hash = self.hash(&change.id);
        let place = self.place(hash);
        let shard = &mut self.shards[place];
        let is_same = |record: &Record| record.id() == change.id.as_bytes();
        let record = shard.records.find_mut(hash, is_same);
        let record = record.unwrap_or_else(|| not_loaded(&change.id));
        record.0[0] |= TOUCHED;
        let MemberChanges { members, bytes } = &mut self.changes;
        if change.open.is_none() {
            let packed = change.packed.clone().map(|range| &bytes[range]);
            let (before, after) = record.replace(&change.id, packed);
            shard.bytes = shard.bytes.saturating_add(after).saturating_sub(before);
            self.bytes = self.bytes.saturating_add(after).saturating_sub(before);
        }
        match members.get_mut(record.change()) {
            Some(earlier) if earlier.id == change.id => {
                change.days_before = std::mem::take(&mut earlier.days_before);
                *earlier = change;
            }
            _ => {
                record.set_change(members.len());
                members.push(change);
            }
        }
    }

    fn record(&self, id: &Reference) -> &Record {
        let hash = self.hash(id);
        let shard = &self.shards[self.place(hash)];
        let record = shard
            .records
            .find(hash, |record| record.id() == id.as_bytes());
        record.unwrap_or_else(|| not_loaded(id))
    }

    fn open(&self, record: &Record, id: &Reference) -> Option<&Member> {
        let noted = self.changes.members.get(record.change());
        noted.filter(|noted| noted.id == *id)?.open.as_deref()
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
        for shard in &mut self.shards {
            let share = (bytes_max / SLOTS).saturating_mul(shard.slots);
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

    /// The table of a hash: by bits that a table does not use to choose a place.
    fn place(&self, hash: u64) -> usize {
        self.places[(hash >> 40) as usize % SLOTS].into()
    }
}

fn not_loaded(id: &Reference) -> ! {
    panic!("a member was not prefetched: {id}");
}

/// How many slots a table has: from 22 to 42, so that tables do not all grow at the same time.
fn slots_of(place: u8) -> usize {
    usize::from(place)
        .saturating_mul(21)
        .wrapping_shr(8)
        .saturating_add(22)
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

    /// Answers its memory before and after.
    fn replace(&mut self, id: &Reference, packed: Option<&[u8]>) -> (usize, usize) {
        let before = self.0.len();
        let room = self.0[HEAD_BYTES..].len().saturating_sub(self.id().len());
        let needed = packed.map_or(0, <[u8]>::len);
        if needed <= room && room.saturating_sub(needed) < 4 * STEP_BYTES {
            self.fill(packed, TOUCHED);
            return (before, before);
        }
        let change = self.change();
        *self = Self::new(id, packed, TOUCHED);
        self.set_change(change);
        (before, self.0.len())
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
