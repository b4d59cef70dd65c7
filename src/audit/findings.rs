//! Findings: where a ledger is not what its own rules make of it.
//!
//! Must not: judge how bad a finding is. Every one means that the ledger does not hold.

use serde::Serialize;
use std::fmt;

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The bytes are one entry in its only encoding.
    Encoding,
    /// The index is the entry's place.
    Index,
    /// `prev` is the chain hash of the entry before.
    Prev,
    /// `accepted_at_us` rises strictly.
    Time,
    /// The entry belongs to this ledger.
    Origin,
    /// Header and payload are of our form.
    Envelope,
    /// The entry's author is the one whose key signed.
    Author,
    /// The signature holds under a key registered before this entry.
    Signature,
    /// The author's entries are counted without a gap.
    AuthorSeq,
    /// The author used this submission id for the first time.
    SubmissionId,
    /// Key, scopes and validity at the entry's time.
    Admission,
    /// One rejection number per op, as executing the ops again gives them.
    Outcome,
    /// The digest of the effects that executing the ops again gives.
    Effects,
    /// The checkpoint that the author saw is one of this ledger.
    Seen,
    /// The totals of issuers follow from their members' lots and from their movements.
    Sums,
    /// The tally, which sums stored effects with code of its own, agrees with the ledger's books.
    Tally,
    /// The root over a netted window's priced lines.
    Lines,
    /// The count, root and document of a window's statements, written again.
    Statements,
    /// The pinned hash of entry 0.
    Found,
    /// The key that signs checkpoints is the one that entry 0 names.
    LedgerKey,
    /// The checkpoint is signed, of this ledger and of our form.
    Checkpoint,
    /// The tree's root at the checkpoint's size.
    Root,
    /// A tile of hashes holds those of the entries.
    Tile,
    /// The entry is the one that an earlier audit judged.
    Saved,
}

impl Check {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Index => "index",
            Self::Prev => "prev",
            Self::Time => "time",
            Self::Origin => "origin",
            Self::Envelope => "envelope",
            Self::Author => "author",
            Self::Signature => "signature",
            Self::AuthorSeq => "author_seq",
            Self::SubmissionId => "submission_id",
            Self::Admission => "admission",
            Self::Outcome => "outcome",
            Self::Effects => "effects",
            Self::Seen => "seen",
            Self::Sums => "sums",
            Self::Tally => "tally",
            Self::Lines => "lines",
            Self::Statements => "statements",
            Self::Found => "found",
            Self::LedgerKey => "ledger_key",
            Self::Checkpoint => "checkpoint",
            Self::Root => "root",
            Self::Tile => "tile",
            Self::Saved => "saved",
        }
    }
}

/// One place where the ledger does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Index of the entry; the ledger's size where the finding is about the whole.
    pub entry: u64,
    /// What was checked.
    pub check: Check,
    /// What it has to be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl Finding {
    /// A finding from two values that should be equal.
    pub fn new(
        entry: u64,
        check: Check,
        expected: impl fmt::Display,
        found: impl fmt::Display,
    ) -> Self {
        Self {
            entry,
            check,
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            entry,
            check,
            expected,
            found,
        } = self;
        let check = check.as_str();
        write!(
            f,
            "entry {entry}: {check}: expected {expected}, found {found}"
        )
    }
}
