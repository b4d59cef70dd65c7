//! Members in memory, packed: millions of them in less than a hundred bytes each.
//!
//! A record that was not loaded is our bug, not absence. [`Members::sweep`] lets go of those that
//! were not touched lately. They lie in many small tables, because a table that grows or is moved
//! together stands still.
//! Must not: know where records are stored, or let go of what is not stored yet.

use super::ids::Reference;
use super::member::{DueDays, Member, packed};
use super::visit::Revision;
use shard::Shard;
use std::hash::BuildHasher;
use std::ops::Range;

mod index;
mod shard;

/// Tables of members.
const SHARDS: u16 = 1 << 10;
/// Values of the bits of a hash that choose a table.
const SLOTS: usize = 1 << 14;
/// Members with more lots than these are kept open while they are changed.
const OPEN_LOTS: usize = 12;
/// A sweep makes a table smaller by this part of what it may have.
const SWEPT_PART: usize = 8;

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
    tables: Vec<Table>,
    /// The table of each slot.
    places: Vec<u16>,
    hasher: foldhash::fast::RandomState,
    bytes: usize,
    changes: MemberChanges,
}

#[derive(Debug, Default)]
struct Table {
    /// How many slots are its.
    slots: usize,
    shard: Shard,
    swept_at: u64,
}

impl Default for Members {
    fn default() -> Self {
        let mut tables = Vec::new();
        let mut places = Vec::with_capacity(SLOTS);
        for place in 0..SHARDS {
            let left = SLOTS.saturating_sub(places.len());
            let is_last = place.saturating_add(1) == SHARDS;
            let slots = if is_last { left } else { slots_of(place) };
            tables.push(Table {
                slots,
                ..Table::default()
            });
            places.resize(places.len().saturating_add(slots), place);
        }
        Self {
            tables,
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
        let hashes: Vec<u64> = ids.iter().map(|id| self.hash(id.as_bytes())).collect();
        self.look_at(&hashes);
        let pairs = ids.into_iter().zip(hashes);
        let unknown = pairs.filter(|(id, hash)| {
            let place = self.place(*hash);
            let shard = &mut self.tables[place].shard;
            let found = shard.find(*hash, id.as_bytes());
            found.map(|at| shard.touch(at)).is_none()
        });
        unknown.map(|(id, _)| id).collect()
    }

    /// Looks at the records of members that are about to be used, all at once.
    pub fn near(&self, ids: impl Iterator<Item = Reference>) {
        let hashes: Vec<u64> = ids.map(|id| self.hash(id.as_bytes())).collect();
        self.look_at(&hashes);
    }

    fn look_at(&self, hashes: &[u64]) {
        let shard = |hash: &u64| &self.tables[self.place(*hash)].shard;
        let index = hashes.iter().map(|hash| shard(hash).near_index(*hash));
        std::hint::black_box(index.fold(0, |near, slot| near ^ slot));
        let records = hashes.iter().map(|hash| shard(hash).near_record(*hash));
        std::hint::black_box(records.fold(0, |near, record| near ^ record));
    }

    /// Takes in what the store holds under an id that was not in memory: a packed member.
    pub fn load(&mut self, id: &Reference, stored: Option<&[u8]>) {
        let id = id.as_bytes();
        let hash = self.hash(id);
        let place = self.place(hash);
        let shard = &mut self.tables[place].shard;
        if shard.find(hash, id).is_none() {
            let (before, hasher) = (shard.memory(), &self.hasher);
            shard.insert(hash, id, stored, |id| hasher.hash_one(id));
            let after = shard.memory();
            self.bytes = self.bytes.saturating_add(after).saturating_sub(before);
        }
    }

    /// The member under an id that was kept or loaded for this batch.
    pub fn get(&self, id: &Reference) -> Option<Member> {
        let (shard, at) = self.record(id);
        if let Some(open) = self.open(shard.note(at), id) {
            return Some(open.clone());
        }
        let packed = shard.value(at)?;
        Some(packed::unpack(packed).expect("what is kept was packed here or checked"))
    }

    /// A member's bytes, by [`packed::pack`].
    pub fn packed(&self, id: &Reference) -> Option<Box<[u8]>> {
        let (shard, at) = self.record(id);
        match self.open(shard.note(at), id) {
            Some(open) => {
                let mut bytes = Vec::new();
                packed::pack(open, &mut bytes);
                Some(bytes.into())
            }
            None => shard.value(at).map(Into::into),
        }
    }

    /// Replaces a member that was kept or loaded for this batch; may take it out of the revision.
    pub fn put(&mut self, revision: &mut Revision, utc_offset_min: i16) {
        let Revision { id, before, member } = revision;
        let change = MemberChange {
            id: *id,
            days_before: std::mem::take(&mut before.due_days),
            days_after: member.due_days(utc_offset_min),
            packed: None,
            open: None,
        };
        if member.lots.iter().len() > OPEN_LOTS {
            let open = Some(Box::new(std::mem::take(member)));
            return self.note(MemberChange { open, ..change });
        }
        let start = self.changes.bytes.len();
        packed::pack(member, &mut self.changes.bytes);
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
        let id = change.id.as_bytes();
        let hash = self.hash(id);
        let place = self.place(hash);
        let shard = &mut self.tables[place].shard;
        let mut at = shard.find(hash, id);
        let at = at.get_or_insert_with(|| not_loaded(&change.id));
        let MemberChanges { members, bytes } = &mut self.changes;
        if change.open.is_none() {
            let packed = change.packed.clone().map(|range| &bytes[range]);
            let (before, hasher) = (shard.memory(), &self.hasher);
            *at = shard.put((hash, *at), packed, |id| hasher.hash_one(id));
            let after = shard.memory();
            self.bytes = self.bytes.saturating_add(after).saturating_sub(before);
        }
        match members.get_mut(shard.note(*at)) {
            Some(earlier) if earlier.id == change.id => {
                change.days_before = std::mem::take(&mut earlier.days_before);
                *earlier = change;
            }
            _ => {
                shard.set_note(*at, members.len());
                members.push(change);
            }
        }
    }

    fn record(&self, id: &Reference) -> (&Shard, usize) {
        let hash = self.hash(id.as_bytes());
        let shard = &self.tables[self.place(hash)].shard;
        let at = shard.find(hash, id.as_bytes());
        (shard, at.unwrap_or_else(|| not_loaded(id)))
    }

    /// A member that stays open, if it is the one noted there.
    fn open(&self, note: usize, id: &Reference) -> Option<&Member> {
        let noted = self.changes.members.get(note);
        noted.filter(|noted| noted.id == *id)?.open.as_deref()
    }

    /// Every member in memory, in no order.
    pub fn records(&self) -> impl Iterator<Item = (Reference, Member)> {
        let all = self.tables.iter().flat_map(|table| table.shard.iter());
        all.filter_map(|(id, value)| {
            let member = packed::unpack(value?)?;
            let id = std::str::from_utf8(id).ok()?;
            Some((Reference::parse(id).ok()?, member))
        })
    }

    /// Memory of all records, with what is free for more.
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
        for table in &mut self.tables {
            let share = (bytes_max / SLOTS).saturating_mul(table.slots);
            let before = table.shard.memory();
            if before > share && published >= table.swept_at {
                let hasher = |id: &[u8]| self.hasher.hash_one(id);
                let part = share / SWEPT_PART;
                table.shard.sweep(share.saturating_sub(part), hasher);
                table.swept_at = next_index;
                let after = table.shard.memory();
                self.bytes = self.bytes.saturating_add(after).saturating_sub(before);
            }
        }
    }

    fn hash(&self, id: &[u8]) -> u64 {
        self.hasher.hash_one(id)
    }

    /// The table of a hash: by bits that a table does not use to choose a place.
    fn place(&self, hash: u64) -> usize {
        self.places[(hash >> 40) as usize % SLOTS].into()
    }
}

fn not_loaded(id: &Reference) -> ! {
    panic!("a member was not prefetched: {id}");
}

/// How many slots a table has: from 11 to 21, so that tables do not all grow at the same time.
fn slots_of(place: u16) -> usize {
    usize::from(place)
        .saturating_mul(11)
        .wrapping_shr(10)
        .saturating_add(11)
}

#[cfg(test)]
mod tests;
