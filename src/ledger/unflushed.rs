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
    hasher: foldhash::fast::RandomState,
}

/// Where a write is: in which batch, and where in it.
#[derive(Debug, Clone, Copy)]
struct Place {
    batch: u32,
    write: u32,
}

impl Unflushed {
    /// Empty, with room for as many keys as another has: a table that grows moves all it has.
    pub fn like(other: &Self) -> Self {
        let mut empty = Self::default();
        for (table, of_other) in empty.tables.iter_mut().zip(&other.tables) {
            table.reserve(of_other.len(), |_| unreachable!("it is empty"));
        }
        empty
    }

    /// The size of the log that the writes bring the state to.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Memory of all writes.
    pub fn bytes(&self) -> usize {
        self.bytes
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

    /// What the writes of all batches come to, by table: in order of the keys, each key once. What
    /// was new and changed since is new.
    pub fn merged(&self) -> [Vec<Write<'_>>; Table::ALL.len()] {
        let mut all = [const { Vec::new() }; Table::ALL.len()];
        for write in self.batches.iter().flat_map(|batch| batch.iter()) {
            all[write.table as usize].push((head(write.key), write));
        }
        all.map(|mut writes| {
            // Stable, so that of one key the last write stays the last; and quick where writes come
            // in order already, as those of ids that rise do.
            writes.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.key.cmp(y.key)));
            let mut merged: Vec<Write<'_>> = Vec::with_capacity(writes.len());
            for (_, write) in writes {
                match merged.last_mut() {
                    Some(last) if last.key == write.key => last.value = write.value,
                    _ => merged.push(write),
                }
            }
            merged
        })
    }
}

/// A key's first bytes as a number, which sorts as the key does: most keys differ there.
fn head(key: &[u8]) -> u64 {
    let mut head = [0; 8];
    let length = key.len().min(8);
    head[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(head)
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
