//! The entry: a submission as the ledger keeps it, byte for byte, for ever.
//!
//! Purpose: encode and decode the bytes that are chained, hashed into the tree and served. They
//! hold all that an auditor needs to judge the house: what was signed, by whom, when it was
//! accepted, after what, and with which outcome.
//!
//! Must not: judge. Whether the signature, the chain or the outcome is right is the audit's word.
//!
//! Spec: deterministic CBOR (RFC 8949 §4.2.1), `schemas/entry.cddl`:
//!
//! ```text
//! [ 1,                 version
//!   origin             text      the ledger's name
//!   index              uint      0 for the founding entry
//!   accepted_at_us     uint      the house's clock, microseconds since 1970, strictly increasing
//!   prev               32 bytes  chain hash of the entry before
//!   author             text
//!   author_seq         uint      0, 1, 2 … for each author
//!   protected          bytes     ┐
//!   payload            bytes     ├ the envelope's decoded parts
//!   signature          64 bytes  ┘
//!   outcome            [* uint]  a rejection number for each op; empty where all are 0
//!   effects_digest     32 bytes  BLAKE3 of the effects ]
//! ```
//!
//! An entry has at most 65,535 bytes, because tlog-tiles frames entries with a 16-bit length.

use super::cbor::{CborError, Major, Reader, write_bytes, write_head, write_text, write_uint};
use std::borrow::Cow;

/// The format's version, its first item.
pub const VERSION: u64 = 1;
/// Longest entry.
pub const ENTRY_BYTES_MAX: usize = 65_535;
/// Items of the array.
const FIELDS: u64 = 12;

/// Why bytes are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// More bytes than an entry may have.
    #[error("an entry of {0} bytes is longer than {ENTRY_BYTES_MAX}")]
    TooLong(usize),
    /// A field is not what the format says.
    #[error("{field} (at byte {offset}): {source}")]
    Field {
        /// The field's name in `schemas/entry.cddl`.
        field: &'static str,
        /// Bytes from the start of the entry.
        offset: usize,
        /// What is wrong with it.
        source: CborError,
    },
    /// A version of the format that this program does not know.
    #[error("entry version {0} is unknown; use a newer release to read this ledger")]
    Version(u64),
}

/// An entry that borrows its long fields from the bytes or buffers it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// The ledger's name.
    pub origin: &'a str,
    /// Place in the ledger, from 0.
    pub index: u64,
    /// When the house accepted it: microseconds since 1970, UTC.
    pub accepted_at_us: u64,
    /// Chain hash of the entry before; [`crate::proof::chain::GENESIS`] for entry 0.
    pub prev: &'a [u8; 32],
    /// Who signed.
    pub author: &'a str,
    /// Place among this author's entries, from 0.
    pub author_seq: u64,
    /// The envelope's header, decoded.
    pub protected: &'a [u8],
    /// The envelope's payload, decoded.
    pub payload: &'a [u8],
    /// The envelope's signature.
    pub signature: &'a [u8; 64],
    /// A rejection number for each op; empty where all are 0.
    pub outcome: Cow<'a, [u16]>,
    /// BLAKE3 of the effects' bytes.
    pub effects_digest: &'a [u8; 32],
}

impl<'a> EntryRef<'a> {
    /// Writes the entry into `out`, which is emptied first so that it can be used again.
    ///
    /// # Panics
    /// If the entry is above [`ENTRY_BYTES_MAX`]: the limits of an envelope forbid it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.clear();
        write_head(Major::Array, FIELDS, out);
        write_uint(VERSION, out);
        write_text(self.origin, out);
        write_uint(self.index, out);
        write_uint(self.accepted_at_us, out);
        write_bytes(self.prev, out);
        write_text(self.author, out);
        write_uint(self.author_seq, out);
        write_bytes(self.protected, out);
        write_bytes(self.payload, out);
        write_bytes(self.signature, out);
        write_head(Major::Array, self.outcome.len() as u64, out);
        for rejection in &*self.outcome {
            write_uint((*rejection).into(), out);
        }
        write_bytes(self.effects_digest, out);
        assert!(
            out.len() <= ENTRY_BYTES_MAX,
            "an entry of {} bytes cannot be framed",
            out.len()
        );
    }

    /// Reads an entry. Only the bytes that [`EntryRef::encode`] writes are accepted.
    ///
    /// # Errors
    /// [`EntryError`], which names the field that is wrong.
    pub fn decode(bytes: &'a [u8]) -> Result<EntryRef<'a>, EntryError> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(EntryError::TooLong(bytes.len()));
        }
        let mut fields = FieldReader {
            reader: Reader::new(bytes),
        };
        let found = fields.read("entry", Reader::array)? as u64;
        if found != FIELDS {
            let source = CborError::WrongLength {
                expected: FIELDS,
                found,
            };
            return Err(EntryError::Field {
                field: "entry",
                offset: 0,
                source,
            });
        }
        let version = fields.read("version", Reader::uint)?;
        if version != VERSION {
            return Err(EntryError::Version(version));
        }
        let entry = EntryRef {
            origin: fields.read("origin", Reader::text)?,
            index: fields.read("index", Reader::uint)?,
            accepted_at_us: fields.read("accepted_at_us", Reader::uint)?,
            prev: fields.read("prev", Reader::bytes_array)?,
            author: fields.read("author", Reader::text)?,
            author_seq: fields.read("author_seq", Reader::uint)?,
            protected: fields.read("protected", Reader::bytes)?,
            payload: fields.read("payload", Reader::bytes)?,
            signature: fields.read("signature", Reader::bytes_array)?,
            outcome: Cow::Owned(fields.read("outcome", outcome)?),
            effects_digest: fields.read("effects_digest", Reader::bytes_array)?,
        };
        fields.read("end of the entry", |reader| reader.clone().finish())?;
        Ok(entry)
    }

    /// The entry with all its bytes copied.
    #[must_use]
    pub fn to_entry(&self) -> Entry {
        Entry {
            origin: self.origin.to_owned(),
            index: self.index,
            accepted_at_us: self.accepted_at_us,
            prev: *self.prev,
            author: self.author.to_owned(),
            author_seq: self.author_seq,
            protected: self.protected.to_vec(),
            payload: self.payload.to_vec(),
            signature: *self.signature,
            outcome: self.outcome.to_vec(),
            effects_digest: *self.effects_digest,
        }
    }
}

/// An entry that owns its fields; they are those of [`EntryRef`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are documented once, at EntryRef")]
pub struct Entry {
    pub origin: String,
    pub index: u64,
    pub accepted_at_us: u64,
    pub prev: [u8; 32],
    pub author: String,
    pub author_seq: u64,
    pub protected: Vec<u8>,
    pub payload: Vec<u8>,
    pub signature: [u8; 64],
    pub outcome: Vec<u16>,
    pub effects_digest: [u8; 32],
}

impl Entry {
    /// The same entry, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> EntryRef<'_> {
        EntryRef {
            origin: &self.origin,
            index: self.index,
            accepted_at_us: self.accepted_at_us,
            prev: &self.prev,
            author: &self.author,
            author_seq: self.author_seq,
            protected: &self.protected,
            payload: &self.payload,
            signature: &self.signature,
            outcome: Cow::Borrowed(&self.outcome),
            effects_digest: &self.effects_digest,
        }
    }

    /// As [`EntryRef::encode`].
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.as_ref().encode(out);
    }

    /// As [`EntryRef::decode`].
    ///
    /// # Errors
    /// [`EntryError`], which names the field that is wrong.
    pub fn decode(bytes: &[u8]) -> Result<Entry, EntryError> {
        EntryRef::decode(bytes).map(|entry| entry.to_entry())
    }
}

/// The digest of an entry's effects: BLAKE3 of their exact bytes.
#[must_use]
pub fn effects_digest(effects: &[u8]) -> [u8; 32] {
    *blake3::hash(effects).as_bytes()
}

fn outcome(reader: &mut Reader<'_>) -> Result<Vec<u16>, CborError> {
    let rejections = reader.array()?;
    (0..rejections).map(|_| reader.uint16()).collect()
}

struct FieldReader<'a> {
    reader: Reader<'a>,
}

impl<'a> FieldReader<'a> {
    fn read<T>(
        &mut self,
        field: &'static str,
        item: impl FnOnce(&mut Reader<'a>) -> Result<T, CborError>,
    ) -> Result<T, EntryError> {
        let item = item(&mut self.reader);
        item.map_err(|source| EntryError::Field {
            field,
            offset: self.reader.offset(),
            source,
        })
    }
}

#[cfg(test)]
mod tests;
