//! The handover: one ledger key names the next, and both sign.
//!
//! Purpose: whoever knows one of the two keys learns from it that the other is the same ledger's.
//! The signature of the old key says that its owner hands over; that of the new one says that it is
//! at hand. Without the old key's word, anybody could write a ledger that begins with a well-known
//! key and goes on with another.
//!
//! Must not: say when the new key begins to sign. The entry that holds the handover does.
//!
//! Spec: C2SP signed-note; `schemas/README.md`, "Ledger keys". Its first line is never an origin,
//! so it cannot be taken for a checkpoint.
//!
//! ```text
//! tallyhouse-ledger-key-handover/1
//! points.example/coalition-0123abcd          origin
//! points.example/coalition-0123abcd+…+…      the key that hands over, as a verifier key
//! points.example/coalition-0123abcd+…+…      the new key
//!
//! — points.example/coalition-0123abcd …      signatures of both
//! — points.example/coalition-0123abcd …
//! ```

use super::note::{self, NoteError, NoteSigner, VerifierKey};

/// The first line.
pub const FORMAT: &str = "tallyhouse-ledger-key-handover/1";
/// Longest handover, in bytes.
pub const HANDOVER_BYTES_MAX: usize = 4096;

/// A handover that both keys have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The key that hands over.
    pub from: VerifierKey,
    /// The new key.
    pub to: VerifierKey,
}

/// Why a text is no handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// Not the four lines, or too long.
    #[error("a handover is a note of four lines: {FORMAT}, origin, old vkey, new vkey")]
    Form,
    /// The keys are the same, or not named after the origin.
    #[error("a handover names two different keys of one ledger")]
    Keys,
    /// One of the two has not signed.
    #[error("both keys sign a handover")]
    NotSigned,
    /// The note around it is not to be trusted, or a key in it is none.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Signs a handover with both keys, which are those of one ledger.
///
/// # Panics
/// If they are not.
#[must_use]
pub fn sign(from: &NoteSigner, to: &NoteSigner) -> String {
    let (old, new) = (from.verifier_key(), to.verifier_key());
    assert!(
        old.name() == new.name() && old != new,
        "two keys of one ledger"
    );
    note::sign(&text(old, new), &[from, to])
}

/// Opens a handover: its form, and the signatures of both keys.
///
/// # Errors
/// [`HandoverError`].
pub fn open(handover: &str) -> Result<Handover, HandoverError> {
    if handover.len() > HANDOVER_BYTES_MAX {
        return Err(HandoverError::Form);
    }
    let (text_read, _) = note::split(handover.as_bytes())?;
    let mut lines = text_read.split('\n');
    let mut line = || lines.next().ok_or(HandoverError::Form);
    let (format, origin, from, to) = (line()?, line()?, line()?, line()?);
    if format != FORMAT {
        return Err(HandoverError::Form);
    }
    let keys = [VerifierKey::parse(from)?, VerifierKey::parse(to)?];
    let is_named = keys.iter().all(|key| key.name() == origin);
    if !is_named || keys[0].public_key() == keys[1].public_key() {
        return Err(HandoverError::Keys);
    }
    if text(&keys[0], &keys[1]) != text_read {
        return Err(HandoverError::Form);
    }
    if note::open(handover.as_bytes(), &keys)?.signed_by.len() < keys.len() {
        return Err(HandoverError::NotSigned);
    }
    let [from, to] = keys;
    Ok(Handover { from, to })
}

impl Handover {
    /// The ledger's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.from.name()
    }
}

fn text(from: &VerifierKey, to: &VerifierKey) -> String {
    format!("{FORMAT}\n{}\n{from}\n{to}\n", from.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::checkpoint::{Checkpoint, Extensions};

    const ORIGIN: &str = "points.example/demo-01234567";

    fn signer(seed: u8) -> NoteSigner {
        NoteSigner::new(ORIGIN, &[seed; 32]).unwrap()
    }

    #[test]
    fn what_both_sign_opens_and_is_no_checkpoint() {
        let (old, new) = (signer(1), signer(2));
        let handover = sign(&old, &new);
        let opened = open(&handover).unwrap();
        assert_eq!(opened.origin(), ORIGIN);
        assert_eq!(&opened.from, old.verifier_key());
        assert_eq!(&opened.to, new.verifier_key());
        let (text, _) = note::split(handover.as_bytes()).unwrap();
        assert!(Checkpoint::parse(text, Extensions::Tolerated).is_err());
    }

    #[test]
    fn a_handover_without_one_of_the_two_is_refused() {
        let (old, new, stranger) = (signer(1), signer(2), signer(3));
        let text = text(old.verifier_key(), new.verifier_key());
        for signers in [[&old, &stranger], [&new, &stranger]] {
            let handover = note::sign(&text, &signers);
            assert_eq!(open(&handover), Err(HandoverError::NotSigned));
        }
        let forged = sign(&old, &new).replace(FORMAT, &FORMAT.replace('1', "2"));
        assert_eq!(open(&forged), Err(HandoverError::Form));
    }

    #[test]
    fn other_forms_are_refused() {
        let (old, new) = (signer(1), signer(2));
        let other = NoteSigner::new("points.example/other-01234567", &[2; 32]).unwrap();
        let write = |from: &NoteSigner, to: &NoteSigner, more: &str| {
            let text = text(from.verifier_key(), to.verifier_key()) + more;
            open(&note::sign(&text, &[from, to]))
        };
        assert!(write(&old, &new, "").is_ok());
        assert_eq!(write(&old, &old, ""), Err(HandoverError::Keys));
        assert_eq!(write(&old, &other, ""), Err(HandoverError::Keys));
        assert_eq!(write(&old, &new, "more\n"), Err(HandoverError::Form));
        assert!(open("").is_err());
        let handover = sign(&old, &new);
        let long = handover.clone() + &handover.lines().last().unwrap().repeat(60);
        assert_eq!(open(&long), Err(HandoverError::Form));
        let mut flipped = handover.clone().into_bytes();
        let last = flipped.len() - 10;
        flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
        assert!(open(&String::from_utf8(flipped).unwrap()).is_err());
    }
}
