//! What can be worked out about an entry before the entries in front of it are judged.
//!
//! That is nearly all the work of an audit: hashes, form, and the signature. So entries are
//! prepared on many threads, by whoever has threads, and judged in order on one.
//! Must not: have the last word where an earlier entry could change it. A [`Preparer`] knows the
//! keys of one place of the ledger. Keys are only ever added, so what it verifies is verified, and
//! what names a key that it does not know is opened again at the entry's own place.

use super::keys::Keys;
use crate::domain::programme::Programme;
use crate::proof::chain::ChainHasher;
use crate::proof::entry::{EntryError, EntryRef};
use crate::proof::envelope::{self, Envelope, EnvelopeError};
use crate::proof::merkle::{Hash, leaf_hash};
use std::sync::Arc;

/// Prepares entries with the keys of one place of one ledger.
#[derive(Debug, Clone)]
pub struct Preparer {
    pub(super) chain: ChainHasher,
    pub(super) ledger: Option<Arc<Terms>>,
    pub(super) keys: Keys,
    /// Entries that were judged when it was made.
    pub(super) size: u64,
}

/// What entry 0 fixed that opening an envelope needs.
#[derive(Debug, PartialEq, Eq)]
pub struct Terms {
    pub(super) origin: String,
    pub(super) decimals: u8,
}

/// An entry with everything that could be worked out about it.
#[derive(Debug)]
pub struct Prepared {
    pub(super) bytes: Vec<u8>,
    pub(super) chain_hash: Hash,
    pub(super) leaf_hash: Hash,
    pub(super) canonical: bool,
    pub(super) opened: Option<Result<Envelope, EnvelopeError>>,
    pub(super) ledger: Option<Arc<Terms>>,
    pub(super) size: u64,
}

impl Terms {
    /// Those of a founded programme.
    pub(super) fn of(programme: &Programme) -> Self {
        Self {
            origin: programme.origin.clone(),
            decimals: programme.currency.decimals(),
        }
    }
}

impl Preparer {
    /// Works out what can be about an entry at this place or behind it.
    pub fn prepare(&self, bytes: Vec<u8>) -> Prepared {
        let (canonical, opened) = match EntryRef::decode(&bytes) {
            Ok(entry) => (is_canonical(&entry, &bytes), Some(self.open(&entry))),
            Err(_) => (false, None),
        };
        Prepared {
            chain_hash: self.chain.hash(&bytes),
            leaf_hash: leaf_hash(&bytes),
            canonical,
            opened,
            ledger: self.ledger.clone(),
            size: self.size,
            bytes,
        }
    }

    /// Opens the envelope that an entry holds.
    pub(super) fn open(&self, entry: &EntryRef<'_>) -> Result<Envelope, EnvelopeError> {
        let parts = (entry.protected, entry.payload, entry.signature);
        match self.ledger.as_deref() {
            None => envelope::open_founding_parts(parts),
            Some(Terms { origin, decimals }) => {
                envelope::open_parts(parts, origin, *decimals, &self.keys)
            }
        }
    }
}

impl Prepared {
    /// The entry's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The entry, decoded.
    pub(super) fn entry(&self) -> Result<EntryRef<'_>, EntryError> {
        EntryRef::decode(&self.bytes)
    }

    /// The opened envelope, if it is what opening it at this place gives too.
    pub(super) fn take_opened(
        &mut self,
        size: u64,
        ledger: Option<&Arc<Terms>>,
    ) -> Option<Result<Envelope, EnvelopeError>> {
        assert!(
            self.size <= size,
            "an entry was prepared with keys registered behind it"
        );
        if self.ledger.as_ref() != ledger {
            return None;
        }
        let unknown = |opened: &_| matches!(opened, Err(EnvelopeError::KeyUnknown(_)));
        self.opened.take().filter(|opened| !unknown(opened))
    }
}

/// Whether these are the bytes in which the entry is always written.
fn is_canonical(entry: &EntryRef<'_>, bytes: &[u8]) -> bool {
    let mut again = Vec::with_capacity(bytes.len());
    entry.encode(&mut again);
    again == bytes
}
