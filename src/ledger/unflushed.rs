//! What is published and not flushed yet: the newest write of each key, over many batches.
//!
//! Writes of one key replace each other here, so that the store gets one of them. Must not: know
//! which part of it the store has.

use super::store::{Table, Write};
use super::writes::Writes;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use std::hash::BuildHasher;
use std::sync::Arc;

/// The writes of consecutive batches.
#[derive(Debug, Default)]
pub struct Unflushed {
    size: u64,
    bytes: usize,
    batches: Vec<Arc<Writes>>,
    tables: [HashTable<Place>; Table::ALL.len()],
    /// How many writes each table has, those that others followed too.
    counts: [usize; Table::ALL.len()],
    hasher: foldhash::fast::RandomState,
}

/// Where a write is: in which batch, and where in it.
#[derive(Debug, Clone, Copy)]
struct Place {
    batch: u32,
    write: u32,
}

impl Unflushed {
    /// Empties it for the next batches, and gives back the memory of its writes: memory that is had
    /// anew costs more than all else that is done with it.
    pub fn clear(&mut self) -> impl Iterator<Item = Writes> {
        (self.size, self.bytes, self.counts) = (0, 0, Default::default());
        self.tables.iter_mut().for_each(HashTable::clear);
        self.batches.drain(..).filter_map(Arc::into_inner)
    }

    /// The size of the log that the writes bring the state to.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Memory of all writes and their places, with room that is not used.
    pub fn bytes(&self) -> usize {
        let places = self.tables.iter().map(HashTable::allocation_size);
        self.bytes + places.sum::<usize>()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Adds the writes of the next batch, which brings the state to a size.
    pub fn add(&mut self, size: u64, writes: &Arc<Writes>) {
        let batch = u32::try_from(self.batches.len()).expect("batches are flushed before that");
        self.size = size;
        self.bytes += writes.bytes();
        self.batches.push(writes.clone());
        let batches = &self.batches;
        let hasher = &self.hasher;
        for (at, write) in (0_u32..).zip(writes.iter()) {
            let place = Place { batch, write: at };
            let is_same = |known: &Place| known.write_of(batches).key == write.key;
            let rehash = |known: &Place| hasher.hash_one(known.write_of(batches).key);
            self.counts[write.table as usize] += 1;
            let table = &mut self.tables[write.table as usize];
            match table.entry(hasher.hash_one(write.key), is_same, rehash) {
                Entry::Occupied(mut known) => *known.get_mut() = place,
                Entry::Vacant(vacant) => drop(vacant.insert(place)),
            }
        }
    }

    /// The newest write of a key.
    pub fn get(&self, table: Table, key: &[u8]) -> Option<Write<'_>> {
        let places = &self.tables[table as usize];
        if places.is_empty() {
            return None;
        }
        let is_same = |known: &Place| known.write_of(&self.batches).key == key;
        let found = places.find(self.hasher.hash_one(key), is_same)?;
        Some(found.write_of(&self.batches))
    }

    /// The newest write of each key of a table, in no order.
    pub fn writes(&self, table: Table) -> impl Iterator<Item = Write<'_>> {
        let places = self.tables[table as usize].iter();
        places.map(|place| place.write_of(&self.batches))
    }

    /// What the writes of a table come to, in the memory given: in order of the keys, each key
    /// once. What was new and changed since is new.
    pub fn merged<'a>(&'a self, table: Table, scratch: &mut Scratch) -> Vec<Write<'a>> {
        let mut merged = scratch.writes();
        if self.counts[table as usize] == 0 {
            return merged;
        }
        self.put_by_key(table, &mut scratch.sorted);
        let key = |place: &Place| place.write_of(&self.batches).key;
        // Stable, so that of one key the last write stays the last; and quick where writes come in
        // order already, as those of ids that rise do.
        let sorted = &mut scratch.sorted;
        sorted.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| key(x).cmp(key(y))));
        merged.reserve(self.tables[table as usize].len());
        for (_, place) in sorted {
            let write = place.write_of(&self.batches);
            match merged.last_mut() {
                Some(last) if last.key == write.key => last.value = write.value,
                _ => merged.push(write),
            }
        }
        merged
    }

    /// Every write of a table, with eight bytes of its key as a number that sorts as the key does:
    /// those behind what all keys begin with, for there they differ.
    fn put_by_key(&self, table: Table, all: &mut Vec<(u64, Place)>) {
        all.clear();
        all.reserve(self.counts[table as usize]);
        let mut first: Option<(&[u8], usize)> = None;
        for (batch, writes) in (0_u32..).zip(&self.batches) {
            for (at, write) in (0_u32..).zip(writes.iter()) {
                if write.table == table {
                    let (first, alike) = first.get_or_insert((write.key, write.key.len()));
                    let same = first[..*alike].iter().zip(write.key);
                    *alike = same.take_while(|(a, b)| a == b).count();
                    all.push((0, Place { batch, write: at }));
                }
            }
        }
        let alike = first.map_or(0, |(_, alike)| alike);
        for (head, place) in all {
            *head = number(&place.write_of(&self.batches).key[alike..]);
        }
    }
}

/// Memory of a flush, to be used again by the next one: memory that is had anew has to be cleared.
#[derive(Debug, Default)]
pub struct Scratch {
    sorted: Vec<(u64, Place)>,
    writes: Vec<Vec<Write<'static>>>,
}

impl Scratch {
    /// Room for writes.
    pub fn writes<'a>(&mut self) -> Vec<Write<'a>> {
        self.writes.pop().unwrap_or_default()
    }

    /// Takes room back.
    pub fn take(&mut self, mut writes: Vec<Write<'_>>) {
        writes.clear();
        // None is left; the same memory, for writes of any lifetime.
        let empty = writes.into_iter().map(|_| unreachable!("it is empty"));
        self.writes.push(empty.collect());
    }
}

/// The first eight bytes of a text, as a number that sorts as they do.
fn number(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(8);
    bytes[..length].copy_from_slice(&text[..length]);
    u64::from_be_bytes(bytes)
}

impl Place {
    fn write_of<'a>(&self, batches: &'a [Arc<Writes>]) -> Write<'a> {
        batches[self.batch as usize].get(self.write as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_batches_come_to_is_in_order_and_new_where_it_was_new() {
        let batch = |pairs: &[(bool, &str, Option<&str>)]| {
            let mut writes = Writes::default();
            for (is_new, key, value) in pairs {
                let key = |to: &mut Vec<u8>| to.extend_from_slice(key.as_bytes());
                let text = value.unwrap_or_default();
                let value = |to: &mut Vec<u8>| to.extend_from_slice(text.as_bytes());
                match (is_new, text) {
                    (_, "") => writes.delete(Table::OpIds, key),
                    (true, _) => writes.put_new(Table::OpIds, key, value),
                    (false, _) => writes.put(Table::OpIds, key, value),
                }
            }
            writes.put(Table::Lines, |to| to.push(7), |_| ());
            Arc::new(writes)
        };
        let mut unflushed = Unflushed::default();
        let first = [(true, "id-22", Some("1")), (true, "id-1", Some("1"))];
        unflushed.add(1, &batch(&first));
        let second = [
            (false, "id-22", Some("2")),
            (true, "id-2222222222", Some("2")),
            (false, "id-0", Some("2")),
            (true, "id-3", Some("2")),
            (false, "id-0", None),
        ];
        unflushed.add(2, &batch(&second));
        let scratch = &mut Scratch::default();
        let merged = unflushed.merged(Table::OpIds, scratch);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let told = merged.iter().map(|write| {
            let new = if write.is_new { "new " } else { "" };
            let value = write.value.map_or("-".to_owned(), text);
            format!("{new}{}={value}", text(write.key))
        });
        let told: Vec<String> = told.collect();
        assert_eq!(
            told.join(" "),
            "id-0=- new id-1=1 new id-22=2 new id-2222222222=2 new id-3=2"
        );
        scratch.take(merged);
        let room = scratch.writes[0].capacity();
        assert!(room >= 4, "the memory is kept");
        let lines = unflushed.merged(Table::Lines, scratch);
        assert_eq!((lines.len(), lines.capacity()), (1, room));
        assert_eq!(unflushed.merged(Table::Members, scratch), []);
        assert_eq!(unflushed.clear().count(), 2, "nobody else has them");
        assert!(unflushed.is_empty() && unflushed.get(Table::Lines, &[7]).is_none());
    }

    #[test]
    fn the_newest_write_of_a_key_is_the_one_that_counts() {
        let batch = |pairs: &[(Table, u8, Option<u8>)]| {
            let mut writes = Writes::default();
            for (table, key, value) in pairs {
                match value {
                    Some(value) => writes.put(*table, |to| to.push(*key), |to| to.push(*value)),
                    None => writes.delete(*table, |to| to.push(*key)),
                }
            }
            Arc::new(writes)
        };
        let mut unflushed = Unflushed::default();
        assert!(unflushed.is_empty());
        let (members, lines) = (Table::Members, Table::Lines);
        unflushed.add(3, &batch(&[(members, 1, Some(1)), (members, 2, Some(2))]));
        unflushed.add(
            5,
            &batch(&[
                (members, 1, Some(3)),
                (members, 1, Some(4)),
                (lines, 1, None),
            ]),
        );
        assert_eq!((unflushed.size(), unflushed.is_empty()), (5, false));
        let value = |table, key: u8| {
            unflushed
                .get(table, &[key])
                .map(|w| w.value.map(<[u8]>::to_vec))
        };
        assert_eq!(value(members, 1), Some(Some(vec![4])));
        assert_eq!(value(members, 2), Some(Some(vec![2])));
        assert_eq!(value(lines, 1), Some(None), "a deletion is a write");
        assert_eq!(value(lines, 2), None);
        let mut all: Vec<_> = unflushed
            .writes(members)
            .map(|w| (w.key, w.value))
            .collect();
        all.sort_unstable();
        assert_eq!(all, [(&[1_u8][..], Some(&[4_u8][..])), (&[2], Some(&[2]))]);
    }
}
