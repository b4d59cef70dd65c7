//! An archive: what earlier entries left under an author's ids, packed, by the ten million.
//!
//! Records lie one behind the other in chunks that never move; a record that changes is written
//! again behind them. What finds them takes eight bytes each, in many small tables, because a table
//! that grows stands still.
//! Must not: know what a record means.
//!
//! ```text
//! record   author u16 ‖ length of the id u8 ‖ length of the value u24 ‖ id ‖ value
//! place    chunk, 20 bits ‖ offset in it, 20 bits ‖ of the id's hash, 24 bits
//! ```

use crate::domain::ids::{Party, Reference};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher;

/// Tables: one for each value of a byte.
const TABLES: usize = 256;
const CHUNK_BYTES: usize = 1 << 20;
const HEAD_BYTES: usize = 6;
const TAG_BITS: u32 = 24;
const OFFSET_BITS: u32 = 20;

/// An id with the author whose it is.
pub type Key = (Party, Reference);

/// Records by author and id.
#[derive(Debug)]
pub struct Archive {
    tables: Vec<HashTable<Place>>,
    chunks: Vec<Vec<u8>>,
    /// The table of each record that lies in a chunk and cannot be found yet.
    unlisted: Vec<(usize, Place)>,
    hasher: foldhash::fast::RandomState,
}

/// Where a record lies, and enough of its id's hash to find it again.
#[derive(Debug, Clone, Copy)]
struct Place(u64);

/// What a table is asked for.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    author: Party,
    id: &'a [u8],
    table: usize,
    tag: u64,
}

impl Default for Archive {
    fn default() -> Self {
        let mut tables = Vec::new();
        tables.resize_with(TABLES, HashTable::new);
        Self {
            tables,
            chunks: Vec::new(),
            unlisted: Vec::new(),
            hasher: foldhash::fast::RandomState::default(),
        }
    }
}

impl Archive {
    /// The value under an author's id.
    pub fn get(&self, (author, id): &Key) -> Option<&[u8]> {
        let wanted = self.wanted(*author, id.as_bytes());
        let table = &self.tables[wanted.table];
        let is_it = |place: &Place| {
            place.tag() == wanted.tag && key_of(self.record(*place)) == (wanted.author, wanted.id)
        };
        let place = table.find(spread(wanted.tag), is_it)?;
        Some(value_of(self.record(*place)))
    }

    /// Puts a value under an author's id, in place of the one before, to be found once it is
    /// [listed](Archive::list).
    ///
    /// # Panics
    /// If it has 16 MiB or there are more than a tebibyte: entries are far smaller and fewer.
    pub fn put(&mut self, (author, id): &Key, value: &[u8]) {
        let wanted = self.wanted(*author, id.as_bytes());
        let place = self.append(&wanted, value);
        self.unlisted.push((wanted.table, place));
    }

    /// Has what was put be found. All are listed together: waits for memory then run together.
    pub fn list(&mut self) {
        let mut unlisted = std::mem::take(&mut self.unlisted);
        for (number, place) in unlisted.drain(..) {
            let mut table = std::mem::take(&mut self.tables[number]);
            let (tag, key) = (place.tag(), key_of(self.record(place)));
            let is_same = |known: &Place| known.tag() == tag && key_of(self.record(*known)) == key;
            match table.entry(spread(tag), is_same, |place| spread(place.tag())) {
                Entry::Occupied(mut known) => *known.get_mut() = place,
                Entry::Vacant(vacant) => drop(vacant.insert(place)),
            }
            self.tables[number] = table;
        }
        // Its room is used again.
        self.unlisted = unlisted;
    }

    /// Every record, in order of author and id.
    pub fn records(&self) -> Vec<&[u8]> {
        let places = self.tables.iter().flat_map(HashTable::iter);
        let mut all: Vec<&[u8]> = places.map(|place| self.record(*place)).collect();
        all.sort_unstable_by(|a, b| key_of(a).cmp(&key_of(b)));
        all
    }

    /// Takes records in as [`Archive::records`] gave them, one behind the other; nothing if they
    /// are not such, or if a value is not `good`.
    pub fn of_records(bytes: &[u8], good: impl Fn(&[u8]) -> bool) -> Option<Self> {
        let mut archive = Self::default();
        read(bytes, |key, value| {
            archive.put(key, value);
            archive.list();
            good(value).then_some(())
        })?;
        Some(archive)
    }

    fn wanted<'a>(&self, author: Party, id: &'a [u8]) -> Wanted<'a> {
        let hash = self.hasher.hash_one((author, id));
        Wanted {
            author,
            id,
            table: usize::from(hash.to_le_bytes()[7]),
            tag: hash & ((1 << TAG_BITS) - 1),
        }
    }

    fn append(&mut self, wanted: &Wanted<'_>, value: &[u8]) -> Place {
        let length = HEAD_BYTES + wanted.id.len() + value.len();
        let has_room = |chunk: &Vec<u8>| chunk.len() + length <= CHUNK_BYTES;
        if !self.chunks.last().is_some_and(has_room) {
            self.chunks.push(Vec::with_capacity(CHUNK_BYTES));
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        let offset = chunk.len();
        let id_length = u8::try_from(wanted.id.len()).expect("a reference has 64 bytes at most");
        let value_length = u32::try_from(value.len()).expect("values are short");
        let [b0, b1, b2, 0] = value_length.to_le_bytes() else {
            panic!("a value has less than 16 MiB");
        };
        let [a0, a1] = wanted.author.0.to_le_bytes();
        chunk.extend_from_slice(&[a0, a1, id_length, b0, b1, b2]);
        chunk.extend_from_slice(wanted.id);
        chunk.extend_from_slice(value);
        Place::new(number, offset, wanted.tag)
    }

    fn record(&self, place: Place) -> &[u8] {
        let (chunk, offset) = place.at();
        let bytes = &self.chunks[chunk][offset..];
        &bytes[..length_of(bytes)]
    }
}

impl Place {
    fn new(chunk: usize, offset: usize, tag: u64) -> Self {
        let at = (chunk << OFFSET_BITS | offset) as u64;
        assert!(at >> (64 - TAG_BITS) == 0, "an archive has a tebibyte");
        Self(at << TAG_BITS | tag)
    }

    fn tag(self) -> u64 {
        self.0 & ((1 << TAG_BITS) - 1)
    }

    fn at(self) -> (usize, usize) {
        let at = usize::try_from(self.0 >> TAG_BITS).expect("it was one");
        (at >> OFFSET_BITS, at & ((1 << OFFSET_BITS) - 1))
    }
}

/// Gives every record of [`Archive::records`], one behind the other, to `take`; nothing if they are
/// not such, or once `take` answers so.
pub fn read(mut bytes: &[u8], mut take: impl FnMut(&Key, &[u8]) -> Option<()>) -> Option<()> {
    let mut last = None;
    while !bytes.is_empty() {
        let length = length_of(bytes.get(..HEAD_BYTES)?);
        let (record, rest) = bytes.split_at_checked(length)?;
        let (author, id) = key_of(record);
        let key = (
            author,
            Reference::parse(std::str::from_utf8(id).ok()?).ok()?,
        );
        if last.is_some_and(|last| last >= key) {
            return None;
        }
        take(&key, value_of(record))?;
        (last, bytes) = (Some(key), rest);
    }
    Some(())
}

/// A hash with the few bits of a tag in all that a table looks at.
fn spread(tag: u64) -> u64 {
    tag.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn length_of(head: &[u8]) -> usize {
    HEAD_BYTES + usize::from(head[2]) + value_length(head)
}

fn value_length(head: &[u8]) -> usize {
    usize::from(head[3]) | usize::from(head[4]) << 8 | usize::from(head[5]) << 16
}

fn key_of(record: &[u8]) -> (Party, &[u8]) {
    let author = Party(u16::from_le_bytes([record[0], record[1]]));
    (author, &record[HEAD_BYTES..][..usize::from(record[2])])
}

fn value_of(record: &[u8]) -> &[u8] {
    &record[HEAD_BYTES + usize::from(record[2])..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(author: u16, id: &str) -> Key {
        (Party(author), Reference::parse(id).unwrap())
    }

    #[test]
    fn what_was_put_last_is_found_and_nothing_else() {
        let mut archive = Archive::default();
        let value = |n: u32, round: u8| vec![round; (n % 300) as usize];
        for round in 1..3 {
            for n in 0..20_000 {
                archive.put(&key(1, &format!("o{n}")), &value(n, round));
            }
            archive.list();
        }
        let large = vec![7; 3 * CHUNK_BYTES];
        archive.put(&key(2, "o1"), &large);
        archive.put(&key(1, "behind"), b"x");
        archive.list();
        for n in 0..20_000 {
            assert_eq!(archive.get(&key(1, &format!("o{n}"))), Some(&*value(n, 2)));
        }
        assert_eq!(archive.get(&key(2, "o1")), Some(&*large));
        assert_eq!(archive.get(&key(1, "behind")), Some(&b"x"[..]));
        assert_eq!(archive.get(&key(2, "o2")), None);
        assert_eq!(archive.get(&key(1, "o20000")), None);
        assert_eq!(archive.records().len(), 20_002);
    }

    #[test]
    fn records_are_taken_in_again_in_their_one_order() {
        let mut archive = Archive::default();
        for id in ["b", "aa", "a", "c"] {
            archive.put(&key(300, id), id.as_bytes());
            archive.put(&key(2, id), b"");
        }
        archive.list();
        let bytes = archive.records().concat();
        let again = Archive::of_records(&bytes, |_| true).unwrap();
        assert_eq!(again.records().concat(), bytes);
        assert_eq!(again.get(&key(300, "aa")), Some(&b"aa"[..]));
        assert!(Archive::of_records(&bytes, |value| value.len() < 2).is_none());
        assert!(Archive::of_records(&bytes[..bytes.len() - 1], |_| true).is_none());
        let twice = [&bytes[..], &bytes[..]].concat();
        assert!(Archive::of_records(&twice, |_| true).is_none());
        assert!(Archive::of_records(&[0, 0, 1, 0, 0, 0, b' '], |_| true).is_none());
    }
}
