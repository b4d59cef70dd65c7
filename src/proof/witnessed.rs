//! A witness's decision: may this checkpoint follow the one that was cosigned last?
//!
//! Purpose: every rule of a witness in one pure function. Whoever calls it keeps the record durable
//! before the cosignature goes out, and lets nobody else decide about the same log meanwhile.
//!
//! Must not: let a log become shorter, or change what it had. The order of the checks is that of
//! the specification.
//!
//! Spec: C2SP tlog-witness, `add-checkpoint`.

use super::add_checkpoint::AddCheckpoint;
use super::checkpoint::{Checkpoint, CheckpointError, Extensions};
use super::merkle::{EMPTY_ROOT, Hash, verify_consistency};
use super::note::{self, NoteError, VerifierKey};

/// What a witness keeps of a log: its last cosigned checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over these entries.
    pub root: Hash,
}

impl Standing {
    /// Of a log that was never cosigned.
    pub const NONE: Self = Self {
        size: 0,
        root: EMPTY_ROOT,
    };
}

/// Why a checkpoint is not cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The checkpoint has not the form of one.
    #[error("{0}")]
    Malformed(CheckpointError),
    /// No key of the log signed it, or one of its signatures is wrong.
    #[error("{0}")]
    Signature(NoteError),
    /// The checkpoint is smaller than the one that it claims to follow.
    #[error("the old size is above the checkpoint's")]
    Backward,
    /// Another checkpoint was cosigned last.
    #[error("the last cosigned checkpoint has {0} entries")]
    OtherSize(u64),
    /// The same size as the last cosigned checkpoint with another root: a fork.
    #[error(
        "a checkpoint of {0} entries with another root was cosigned before: the log has forked"
    )]
    OtherRoot(u64),
    /// The proof does not lead from the last cosigned checkpoint to this one.
    #[error("the proof does not lead from the last cosigned checkpoint to this one")]
    Inconsistent,
}

/// The origin that a checkpoint claims, before anything is known of its log.
///
/// # Errors
/// [`Refusal::Malformed`].
pub fn claimed_origin(checkpoint: &str) -> Result<&str, Refusal> {
    let malformed = |_| Refusal::Malformed(CheckpointError::Lines);
    let (text, _) = note::split(checkpoint.as_bytes()).map_err(malformed)?;
    text.split('\n')
        .next()
        .ok_or(Refusal::Malformed(CheckpointError::Lines))
}

/// Decides about a checkpoint of the log `origin`, whose keys are `known`; gives its text, to be
/// cosigned, and what the witness then has to keep.
///
/// # Errors
/// [`Refusal`].
pub fn judge<'r>(
    request: &'r AddCheckpoint,
    origin: &str,
    known: &[VerifierKey],
    last: Standing,
) -> Result<(&'r str, Standing), Refusal> {
    let note = request.checkpoint.as_bytes();
    let opened = Checkpoint::open(note, origin, known, Extensions::Tolerated);
    let (checkpoint, _) = opened.map_err(|error| match error {
        CheckpointError::Note(error @ (NoteError::NotSigned | NoteError::BadSignature)) => {
            Refusal::Signature(error)
        }
        error => Refusal::Malformed(error),
    })?;
    if request.old_size > checkpoint.size {
        return Err(Refusal::Backward);
    }
    if request.old_size != last.size {
        return Err(Refusal::OtherSize(last.size));
    }
    let Checkpoint { size, root, .. } = checkpoint;
    if size == last.size && root != last.root && size > 0 {
        return Err(Refusal::OtherRoot(size));
    }
    if !verify_consistency(last.size, &last.root, size, &root, &request.proof) {
        return Err(Refusal::Inconsistent);
    }
    let (text, _) = note::split(note).map_err(|error| Refusal::Malformed(error.into()))?;
    Ok((text, Standing { size, root }))
}

#[cfg(test)]
mod tests;
