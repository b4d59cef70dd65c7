//! Ledger keys: which keys sign the checkpoint of which size.
//!
//! The keys of a checkpoint follow from the entries that it covers: a key signs from the first
//! checkpoint that covers the entry which adds it, and no checkpoint that covers the entry which
//! retires it. A ledger begins with the key of entry 0; while one key hands over to another, both
//! sign.
//!
//! ```text
//! entry               0 ……… 7  add B …… 9  retire A ……
//! checkpoint of size  1 ……… 7│ 8 …… 9 │ 10 ……
//! signed by           A      │ A and B │ B
//! ```
//!
//! Must not: know signatures or vkeys; `proof::ledger_keys` writes these.

use super::governance::Governance;
use super::ids::OpAt;
use minicbor::{Decode, Encode};

/// The most ledger keys in force at once: one that goes and one that comes.
pub const LEDGER_KEYS_MAX: usize = 2;

/// A key that signs checkpoints, or did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct LedgerKey {
    /// The 32 bytes of RFC 8032.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub public: [u8; 32],
    /// The op that added it; entry 0 for the first.
    #[n(1)]
    pub added: OpAt,
    /// The op that retired it. It is never added again.
    #[n(2)]
    pub retired: Option<OpAt>,
}

impl LedgerKey {
    /// Whether it signs the checkpoint of this size.
    pub fn signs(&self, size: u64) -> bool {
        self.added.entry < size && self.retired.is_none_or(|retired| retired.entry >= size)
    }
}

impl Governance {
    /// Every ledger key that there ever was, in the order in which they were added.
    pub fn ledger_keys(&self) -> Vec<LedgerKey> {
        if !self.rotated_keys.is_empty() {
            return self.rotated_keys.clone();
        }
        vec![LedgerKey {
            public: self.programme.ledger_key,
            added: OpAt { entry: 0, op: 0 },
            retired: None,
        }]
    }

    /// The ledger keys in force now, the newest last. There is always one.
    pub fn ledger_keys_in_force(&self) -> Vec<LedgerKey> {
        let mut keys = self.ledger_keys();
        keys.retain(|key| key.retired.is_none());
        keys
    }

    /// Adds a ledger key that was never there.
    pub fn add_ledger_key(&mut self, public: [u8; 32], added: OpAt) {
        self.rotated_keys = self.ledger_keys();
        self.rotated_keys.push(LedgerKey {
            public,
            added,
            retired: None,
        });
    }

    /// Ends a ledger key; false if none like it is in force.
    pub fn retire_ledger_key(&mut self, public: &[u8; 32], at: OpAt) -> bool {
        let mut keys = self.ledger_keys();
        let good = |key: &&mut LedgerKey| key.retired.is_none() && key.public == *public;
        let found = keys.iter_mut().find(good);
        let is_found = found.map(|key| key.retired = Some(at)).is_some();
        if is_found {
            self.rotated_keys = keys;
        }
        is_found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_signs_what_covers_its_addition_and_not_its_end() {
        let key = LedgerKey {
            public: [1; 32],
            added: OpAt { entry: 7, op: 0 },
            retired: Some(OpAt { entry: 9, op: 0 }),
        };
        let signed: Vec<u64> = (0..12).filter(|size| key.signs(*size)).collect();
        assert_eq!(signed, [8, 9]);
        let first = LedgerKey {
            added: OpAt { entry: 0, op: 0 },
            retired: None,
            ..key
        };
        assert!(!first.signs(0) && first.signs(1) && first.signs(u64::MAX));
    }
}
