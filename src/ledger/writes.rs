//! The writes of one batch, in one piece of memory: what is published, flushed and merged shares
//! it, so that a write costs no allocation of its own.
//!
//! Must not: know what keys and values mean.

use super::store::{Table, Write};
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// The writes of one batch, in order.
#[derive(Debug, Default)]
pub struct Writes {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    table: Table,
    key: Range<usize>,
    value: Option<Range<usize>>,
}

impl Writes {
    /// Room for so many writes of the usual size.
    pub fn with_capacity(writes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(writes * USUAL_BYTES),
            places: Vec::with_capacity(writes),
        }
    }

    /// Adds a write: `key` appends the key's bytes.
    pub fn put(
        &mut self,
        table: Table,
        key: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        let key = self.append(key);
        let value = Some(self.append(value));
        self.places.push(Place { table, key, value });
    }

    /// Adds a write that deletes a key.
    pub fn delete(&mut self, table: Table, key: impl FnOnce(&mut Vec<u8>)) {
        let key = self.append(key);
        let value = None;
        self.places.push(Place { table, key, value });
    }

    /// The writes, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Write<'_>> {
        self.places.iter().map(|place| self.write(place))
    }

    /// The keys under which the writes are published.
    pub fn keys(self: &Arc<Self>) -> impl Iterator<Item = Key> + '_ {
        (0..self.places.len()).map(|place| Key {
            writes: self.clone(),
            place,
        })
    }

    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.bytes.len();
        write(&mut self.bytes);
        start..self.bytes.len()
    }

    fn write(&self, place: &Place) -> Write<'_> {
        Write {
            table: place.table,
            key: &self.bytes[place.key.clone()],
            value: place.value.clone().map(|range| &self.bytes[range]),
        }
    }
}

/// Of key and value together, for most records.
const USUAL_BYTES: usize = 128;

/// The key of one write, which leads to its value. It is equal to its bytes.
#[derive(Debug, Clone)]
pub struct Key {
    writes: Arc<Writes>,
    place: usize,
}

impl Key {
    /// The write.
    pub fn write(&self) -> Write<'_> {
        self.writes.write(&self.writes.places[self.place])
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.write().key
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.write().key.hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.write().key == other.write().key
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn writes_are_read_as_they_were_added_and_keys_are_their_bytes() {
        let mut writes = Writes::with_capacity(2);
        let text = |text: &'static str| move |bytes: &mut Vec<u8>| bytes.extend(text.as_bytes());
        writes.put(Table::Members, text("a"), text("one"));
        writes.put(Table::Members, text("empty"), text(""));
        writes.delete(Table::Lines, text("b"));
        let seen: Vec<_> = writes.iter().map(|w| (w.table, w.key, w.value)).collect();
        let one: &[u8] = b"one";
        let expected = [
            (Table::Members, b"a".as_slice(), Some(one)),
            (Table::Members, b"empty".as_slice(), Some(b"".as_slice())),
            (Table::Lines, b"b".as_slice(), None),
        ];
        assert_eq!(seen, expected);
        let keys: HashSet<Key> = Arc::new(writes).keys().collect();
        let found = keys.get(b"a".as_slice()).expect("it is there");
        assert_eq!(found.write().value, Some(one));
        assert!(!keys.contains(b"c".as_slice()));
    }
}
