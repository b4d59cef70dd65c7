//! Reads exported entries one by one: NDJSON with a member `entry`, or a sequence of CBOR items.
//!
//! Which of the two it is follows from the first byte. Must not: judge an entry.

use crate::proof::base64url;
use crate::proof::entry::ENTRY_BYTES_MAX;
use std::io::{self, BufRead, Read};

/// Longest line of NDJSON: an entry and effects of the largest size in base64url, with room.
const LINE_BYTES_MAX: u64 = 32 << 20;

/// Bytes taken in at once.
const PENDING_BYTES: usize = 1 << 20;

/// Why the next entry could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The operating system says no.
    #[error("cannot read the entries")]
    Read(#[from] io::Error),
    /// A line is not of the form that the house exports.
    #[error("line {line}: {reason}")]
    Line {
        /// Counted from 1.
        line: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// The bytes at this place are no CBOR item of an entry's size.
    #[error("entry {place} is cut off or is no CBOR item; export again")]
    Item {
        /// Counted from 0.
        place: u64,
    },
}

/// The entries of an export, in order.
pub struct ExportReader<R> {
    input: R,
    format: Option<Format>,
    count: u64,
    pending: Vec<u8>,
    /// Where in `pending` the next item begins.
    start: usize,
}

#[derive(Clone, Copy)]
enum Format {
    Ndjson,
    Cbor,
}

impl<R: BufRead> ExportReader<R> {
    /// A reader of an export.
    pub fn new(input: R) -> Self {
        Self {
            input,
            format: None,
            count: 0,
            pending: Vec::new(),
            start: 0,
        }
    }

    /// The next entry's bytes; nothing at the end.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn next_entry(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        let format = match self.format {
            Some(format) => format,
            None => match self.input.fill_buf()?.first() {
                None => return Ok(None),
                Some(b'{') => *self.format.insert(Format::Ndjson),
                Some(_) => *self.format.insert(Format::Cbor),
            },
        };
        let entry = match format {
            Format::Ndjson => self.next_line()?,
            Format::Cbor => self.next_item()?,
        };
        self.count += u64::from(entry.is_some());
        Ok(entry)
    }

    fn next_line(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        let line = self.count + 1;
        let wrong = |reason| ExportError::Line { line, reason };
        let mut text = Vec::new();
        let mut limited = (&mut self.input).take(LINE_BYTES_MAX);
        if limited.read_until(b'\n', &mut text)? == 0 {
            return Ok(None);
        }
        let value: serde_json::Value = serde_json::from_slice(&text)
            .map_err(|_| wrong("not one JSON object; the export is cut off or damaged"))?;
        let entry = value.get("entry").and_then(serde_json::Value::as_str);
        let entry = entry.ok_or_else(|| wrong("no member `entry`; export the entries again"))?;
        let entry = base64url::decode(entry.as_bytes());
        entry
            .map(Some)
            .map_err(|_| wrong("`entry` is not base64url; export the entries again"))
    }

    fn next_item(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        let damaged = ExportError::Item { place: self.count };
        loop {
            let pending = &self.pending[self.start..];
            if let Some(length) = item_length(pending) {
                let item = pending[..length].to_vec();
                self.start += length;
                return Ok(Some(item));
            }
            if pending.len() > ENTRY_BYTES_MAX {
                return Err(damaged);
            }
            // What was read goes once for all items that it held.
            self.pending.drain(..self.start);
            self.start = 0;
            let more = self.input.fill_buf()?;
            let length = more.len().min(PENDING_BYTES);
            if length == 0 {
                return match self.pending.is_empty() {
                    true => Ok(None),
                    false => Err(damaged),
                };
            }
            self.pending.extend_from_slice(&more[..length]);
            self.input.consume(length);
        }
    }
}

/// The length of the CBOR item at the start, if all of it is there.
fn item_length(bytes: &[u8]) -> Option<usize> {
    if bytes.is_empty() {
        return None;
    }
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.skip().ok()?;
    Some(decoder.position())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(export: &[u8]) -> Result<Vec<Vec<u8>>, ExportError> {
        let mut reader = ExportReader::new(io::BufReader::with_capacity(3, export));
        let mut entries = Vec::new();
        while let Some(entry) = reader.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }

    #[test]
    fn both_formats_give_the_same_entries() {
        let items = [vec![0x82, 1, 2], vec![0x43, 7, 8, 9], vec![0x18, 200]];
        let lines: String = items
            .iter()
            .map(|item| {
                format!(
                    "{{\"index\":0,\"entry\":\"{}\"}}\n",
                    base64url::encode(item)
                )
            })
            .collect();
        assert_eq!(all(&items.concat()).unwrap(), items);
        assert_eq!(all(lines.as_bytes()).unwrap(), items);
        assert!(all(b"").unwrap().is_empty());
    }

    #[test]
    fn a_damaged_export_is_named_with_its_place() {
        let cut = all(&[0x82, 1, 2, 0x82, 1]).unwrap_err();
        assert!(cut.to_string().starts_with("entry 1 is cut off"), "{cut}");
        for text in ["{\"entry\":\"AA\"}\n{\"entry\"", "{\"entry\":\"AA\"}\n{}\n"] {
            let error = all(text.as_bytes()).unwrap_err();
            assert!(error.to_string().starts_with("line 2: "), "{error}");
        }
    }
}
