//! Writing JSON straight into bytes: for texts of many small members, where a serialiser's care for
//! every kind of value costs more than the writing.
//!
//! Must not: know what it writes. Commas, braces and the names of members are the caller's.

use crate::domain::time::Day;
use serde::Serialize;

/// JSON text that grows at its end.
#[derive(Debug, Default)]
pub struct Out(Vec<u8>);

impl Out {
    /// An empty text with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Appends text as it is.
    #[inline]
    pub fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Appends bytes that need no escape, such as those of an id, between quotes.
    #[inline]
    pub fn quoted(&mut self, plain: &[u8]) {
        self.0.push(b'"');
        self.0.extend_from_slice(plain);
        self.0.push(b'"');
    }

    /// Appends a whole number.
    #[inline]
    pub fn number(&mut self, number: impl Into<u64>) {
        let mut digits = itoa::Buffer::new();
        self.raw(digits.format(number.into()));
    }

    /// Appends a day, between quotes.
    #[inline]
    pub fn day(&mut self, day: Day) {
        match day.text() {
            Some(text) => self.quoted(text.as_bytes()),
            None => self.value(&day),
        }
    }

    /// Appends any value as `serde` writes it.
    ///
    /// # Panics
    /// If the value is none of JSON.
    pub fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        serde_json::to_writer(&mut self.0, value).expect("writing to memory cannot fail");
    }

    /// Appends each item of a list, between brackets and with commas.
    #[inline]
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T),
    ) {
        self.0.push(b'[');
        for (nth, one) in items.into_iter().enumerate() {
            if nth > 0 {
                self.0.push(b',');
            }
            item(self, one);
        }
        self.0.push(b']');
    }

    /// The bytes so far, to append to.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The text's bytes.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_serde_writes() {
        let mut out = Out::with_capacity(16);
        out.list([0, 7, u64::MAX], |out, number: u64| out.number(number));
        out.raw(",");
        out.list([Day(0), Day::MAX, Day(Day::MAX.0 + 1)], Out::day);
        out.raw(",");
        out.list(["a", "b.c"], |out, text| out.quoted(text.as_bytes()));
        out.raw(",");
        out.value("a \"quote\"\n");
        let values = (
            [0, 7, u64::MAX],
            [Day(0), Day::MAX, Day(Day::MAX.0 + 1)],
            ["a", "b.c"],
            "a \"quote\"\n",
        );
        let expected = serde_json::to_string(&values).unwrap();
        let found = String::from_utf8(out.into_bytes()).unwrap();
        assert_eq!(format!("[{found}]"), expected);
    }
}
