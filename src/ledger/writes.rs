//! The writes of one batch, in one piece of memory: what is published and what is flushed share it,
//! so that a write costs no allocation of its own.
//!
//! Must not: know what keys and values mean.

use super::store::{Table, Write};

/// The writes of one batch, in order.
#[derive(Debug, Default)]
pub struct Writes {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    /// Where the key begins; the value follows it.
    start: u32,
    /// [`DELETED`] where there is none.
    value_bytes: u32,
    key_bytes: u16,
    table: Table,
    is_new: bool,
}

/// No value is as long.
const DELETED: u32 = u32::MAX;

impl Writes {
    /// Makes room for so many writes, whose keys and values are so long together.
    pub fn reserve(&mut self, writes: usize, bytes: usize) {
        self.bytes.reserve(bytes);
        self.places.reserve(writes);
    }

    /// The same memory, without writes; as much of it as they nearly needed.
    pub fn cleared(mut self) -> Self {
        let (bytes, places) = (self.bytes.len(), self.places.len());
        self.bytes.clear();
        self.places.clear();
        if self.bytes.capacity() / 2 > bytes {
            self.bytes.shrink_to(bytes);
        }
        if self.places.capacity() / 2 > places {
            self.places.shrink_to(places);
        }
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
        let place = self.key(table, false, key);
        self.places.push(place);
    }

    /// The writes, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Write<'_>> {
        self.places.iter().map(|place| self.write(place))
    }

    /// One of them, counted from 0.
    pub fn get(&self, place: usize) -> Write<'_> {
        self.write(&self.places[place])
    }

    /// Memory of all of them, with room that is not used.
    pub fn bytes(&self) -> usize {
        let places = self.places.capacity().saturating_mul(size_of::<Place>());
        self.bytes.capacity().saturating_add(places)
    }

    fn write_down(
        &mut self,
        table: Table,
        is_new: bool,
        key: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        let place = self.key(table, is_new, key);
        let start = self.bytes.len();
        value(&mut self.bytes);
        let value_bytes = length(self.bytes.len() - start);
        self.places.push(Place {
            value_bytes,
            ..place
        });
    }

    fn key(&mut self, table: Table, is_new: bool, key: impl FnOnce(&mut Vec<u8>)) -> Place {
        let start = self.bytes.len();
        key(&mut self.bytes);
        let key_bytes = u16::try_from(self.bytes.len() - start);
        Place {
            start: length(start),
            value_bytes: DELETED,
            key_bytes: key_bytes.expect("a key is below 64 KiB"),
            table,
            is_new,
        }
    }

    fn write(&self, place: &Place) -> Write<'_> {
        let (key, rest) = self.bytes[place.start as usize..].split_at(place.key_bytes.into());
        let value = place.value_bytes;
        Write {
            table: place.table,
            is_new: place.is_new,
            key,
            value: (value != DELETED).then(|| &rest[..value as usize]),
        }
    }
}

fn length(bytes: usize) -> u32 {
    let length = u32::try_from(bytes).ok();
    let length = length.filter(|length| *length != DELETED);
    length.expect("a batch's writes are below 4 GiB")
}

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
