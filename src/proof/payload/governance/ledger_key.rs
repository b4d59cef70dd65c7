//! `ledger_key_add`, `ledger_key_retire`.
//!
//! Must not: ask which ledger keys are in force; that is the domain's.

use super::super::values::{self, refuse, text};
use super::super::{Head, JsonError, Reader};
use super::only;
use crate::domain::submission::{Action, LedgerKeyAdd, LedgerKeyRetire, Submission};
use crate::proof::handover;

const WANTED: &str = "handover is the note that `tallyhouse key handover` writes: the old and the \
                      new ledger key, signed by both";

/// Reads `ledger_key_add`.
pub fn add(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let add = only(reader, head, "handover", |reader| {
        text(reader, WANTED, |note| {
            let handover = handover::open(note).ok()?;
            Some(LedgerKeyAdd {
                from: handover.from.public_key().to_bytes(),
                public: handover.to.public_key().to_bytes(),
                handover: note.to_owned(),
            })
        })
    })?;
    Ok(Action::LedgerKeyAdd(Box::new(add)))
}

/// Reads `ledger_key_retire`.
pub fn retire(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let public = only(reader, head, "public_key", values::public_key)?;
    Ok(Action::LedgerKeyRetire(LedgerKeyRetire { public }))
}

/// Refuses a handover between keys of another ledger than the submission's, which may be named
/// behind it.
pub fn check_handovers(submission: &Submission, reader: &Reader<'_>) -> Result<(), JsonError> {
    for op in &submission.ops {
        let action = match &op.action {
            Action::Propose(action) => action,
            action => action,
        };
        if let Action::LedgerKeyAdd(add) = action {
            let handover = handover::open(&add.handover);
            let is_ours = handover.is_ok_and(|handover| handover.origin() == submission.ledger);
            if !is_ours {
                let wanted = "handover names keys of another ledger; write it for this one";
                return Err(refuse(reader, wanted));
            }
        }
    }
    Ok(())
}
