//! The writes of one batch, in one piece of memory: what is published and what is flushed share it,
//! so that a write costs no allocation of its own.
//!
//! Must not: know what keys and values mean.

use super::store::{Table, Write};
use std::ops::Range;

/// The writes of one batch, in order.
#[derive(Debug, Default)]
pub struct Writes {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    table: Table,
    is_new: bool,
    key: Range<u32>,
    value: Option<Range<u32>>,
}

impl Writes {
    /// Makes room for so many writes of the usual size.
    pub fn reserve(&mut self, writes: usize) {
        self.bytes.reserve(writes * USUAL_BYTES);
        self.places.reserve(writes);
    }

    /// The same memory, without writes.
    pub fn cleared(mut self) -> Self {
        self.bytes.clear();
        self.places.clear();
        self
    }

    /// Adds a write: `key` appends the key's bytes.
    pub fn put(
        &mut self,
        table: Table,
        key: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        self.write_down(table, false, key, value);
    }

    /// Adds a write of a record that nothing before this batch wrote.
    pub fn put_new(
        &mut self,
        table: Table,
        key: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        self.write_down(table, true, key, value);
    }

    /// Adds a write that deletes a key.
    pub fn delete(&mut self, table: Table, key: impl FnOnce(&mut Vec<u8>)) {
        let key = self.append(key);
        self.places.push(Place {
            table,
            is_new: false,
            key,
            value: None,
        });
    }

    /// The writes, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Write<'_>> {
        self.places.iter().map(|place| self.write(place))
    }

    /// One of them, counted from 0.
    pub fn get(&self, place: usize) -> Write<'_> {
        self.write(&self.places[place])
    }

    /// Memory of all of them.
    pub fn bytes(&self) -> usize {
        let places = self.places.len().saturating_mul(size_of::<Place>());
        self.bytes.len().saturating_add(places)
    }

    fn write_down(
        &mut self,
        table: Table,
        is_new: bool,
        key: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        let key = self.append(key);
        let value = Some(self.append(value));
        self.places.push(Place {
            table,
            is_new,
            key,
            value,
        });
    }

    fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Range<u32> {
        let start = self.bytes.len();
        write(&mut self.bytes);
        let end = |at: usize| u32::try_from(at).expect("a batch's writes are below 4 GiB");
        end(start)..end(self.bytes.len())
    }

    fn part(&self, range: &Range<u32>) -> &[u8] {
        &self.bytes[range.start as usize..range.end as usize]
    }

    fn write(&self, place: &Place) -> Write<'_> {
        Write {
            table: place.table,
            is_new: place.is_new,
            key: self.part(&place.key),
            value: place.value.as_ref().map(|range| self.part(range)),
        }
    }
}

/// Of key and value together, for most records.
const USUAL_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_read_as_they_were_added() {
        let mut writes = Writes::default();
        let text = |text: &'static str| move |bytes: &mut Vec<u8>| bytes.extend(text.as_bytes());
        writes.put(Table::Members, text("a"), text("one"));
        writes.put_new(Table::OpIds, text("empty"), text(""));
        writes.delete(Table::Lines, text("b"));
        let write = |table, is_new, key: &'static str, value: Option<&'static str>| Write {
            table,
            is_new,
            key: key.as_bytes(),
            value: value.map(str::as_bytes),
        };
        let expected = [
            write(Table::Members, false, "a", Some("one")),
            write(Table::OpIds, true, "empty", Some("")),
            write(Table::Lines, false, "b", None),
        ];
        assert_eq!(writes.iter().collect::<Vec<_>>(), expected);
        assert_eq!(writes.get(1), expected[1]);
        assert!(writes.bytes() > 10);
    }
}
