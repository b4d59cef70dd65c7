//! The ledger's keys as verifier keys: which of them have to be known for which checkpoint.
//!
//! Must not: decide when a key is in force; `domain::ledger_key` does.

use super::checkpoint::{Checkpoint, CheckpointError, Extensions};
use super::keys::PublicKey;
use super::note::{NoteError, VerifierKey};
use crate::domain::governance::Governance;
use crate::domain::ledger_key::LedgerKey;

/// A ledger key as the verifier key of its notes.
///
/// # Panics
/// If the key or the origin is one that no payload can hold.
#[must_use]
pub fn verifier_key(origin: &str, public: &[u8; 32]) -> VerifierKey {
    let key = PublicKey::register(public).expect("payloads hold checked keys only");
    VerifierKey::new(origin, key).expect("an origin is the name of a note key")
}

/// The keys that sign the checkpoint of a size, oldest first.
#[must_use]
pub fn at(governance: &Governance, size: u64) -> Vec<VerifierKey> {
    some(governance, |key| key.signs(size))
}

/// The keys in force now, the newest last.
#[must_use]
pub fn in_force(governance: &Governance) -> Vec<VerifierKey> {
    some(governance, |key| key.retired.is_none())
}

/// Every key that there ever was, oldest first.
#[must_use]
pub fn all(governance: &Governance) -> Vec<VerifierKey> {
    some(governance, |_| true)
}

/// The newest key in force.
#[must_use]
pub fn newest(governance: &Governance) -> VerifierKey {
    let newest = in_force(governance).pop();
    newest.expect("the last key cannot be retired")
}

fn some(governance: &Governance, wanted: impl Fn(&LedgerKey) -> bool) -> Vec<VerifierKey> {
    let origin = &governance.programme.origin;
    let keys = governance.ledger_keys();
    let keys = keys.iter().filter(|key| wanted(key));
    keys.map(|key| verifier_key(origin, &key.public)).collect()
}

/// Opens a checkpoint of this ledger that a key signed which was in force at its size. What is
/// known of the ledger's keys is `governance`; `others` may sign too, whatever the size.
///
/// # Errors
/// [`CheckpointError`]; `NotSigned` where only keys signed that were not in force.
pub fn open(
    governance: &Governance,
    others: &[VerifierKey],
    note: &[u8],
) -> Result<Checkpoint, CheckpointError> {
    let keys = governance.ledger_keys();
    let mut known = all(governance);
    let more = others.iter().filter(|key| !known.contains(key));
    let more: Vec<VerifierKey> = more.cloned().collect();
    known.extend(more);
    let origin = &governance.programme.origin;
    let (checkpoint, signed_by) = Checkpoint::open(note, origin, &known, Extensions::Refused)?;
    let is_good = |(place, key): (usize, &VerifierKey)| {
        let of_ledger = keys.get(place);
        of_ledger.is_none_or(|of_ledger| of_ledger.signs(checkpoint.size))
            && signed_by.contains(&key)
    };
    match known.iter().enumerate().any(is_good) {
        true => Ok(checkpoint),
        false => Err(NoteError::NotSigned.into()),
    }
}
