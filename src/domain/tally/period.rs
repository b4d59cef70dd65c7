//! What parties did in one window: counts of ops, late ops, adjustments, notices.
//!
//! Must not: hold names or texts; a statement is written from these.

use super::issuer::sum;
use crate::domain::ids::{Name, OpAt, Party};
use crate::domain::money::Money;
use crate::domain::points::Points;
use crate::domain::time::Day;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// The kinds of op that a partner sends, in the order of statements. Places are never given again.
pub const KINDS: [&str; 12] = [
    "issue",
    "burn",
    "hold",
    "capture",
    "release",
    "reverse",
    "transfer",
    "key_add",
    "key_revoke",
    "dispute_open",
    "dispute_answer",
    "statement_acknowledge",
];

/// The place of a kind in [`KINDS`]; nothing for an op that only the house sends.
pub fn kind_place(kind: &str) -> Option<u8> {
    let place = KINDS.iter().position(|known| *known == kind)?;
    u8::try_from(place).ok()
}

/// One party's window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Period {
    /// How many entries it made.
    #[n(0)]
    pub entries: u64,
    /// The `author_seq` of the first.
    #[n(1)]
    pub first_seq: Option<u64>,
    /// The `author_seq` of the last.
    #[n(2)]
    pub last_seq: Option<u64>,
    /// What it sent, by kind.
    #[n(3)]
    pub activity: BTreeMap<u8, Count>,
    /// What happened before the window's first day, by day and kind.
    #[n(4)]
    pub prior: BTreeMap<(Day, u8), Count>,
    /// Adjustments that concern it.
    #[n(5)]
    pub adjustments: Vec<AdjustmentFact>,
    /// What its finance team should know.
    #[n(6)]
    pub notices: Vec<NoticeFact>,
}

/// Ops of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Count {
    /// Applied.
    #[n(0)]
    pub applied: u64,
    /// Refused.
    #[n(1)]
    pub refused: u64,
    /// Points that those applied moved.
    #[n(2)]
    pub points: Points,
}

impl Count {
    /// Counts an op: what it moved, or nothing if it was refused.
    pub fn add(&mut self, moved: Option<Points>) {
        match moved {
            Some(points) => {
                self.applied = self.applied.saturating_add(1);
                self.points = sum(self.points, points);
            }
            None => self.refused = self.refused.saturating_add(1),
        }
    }
}

/// An adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct AdjustmentFact {
    /// The op that posted it.
    #[n(0)]
    pub at: OpAt,
    /// What it corrects or settles.
    #[n(1)]
    pub corrects: OpAt,
    /// What it changed.
    #[n(2)]
    pub change: AdjustmentChange,
}

/// What an adjustment changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum AdjustmentChange {
    /// Points of an issuer made.
    #[n(0)]
    Credit(#[n(0)] Party, #[n(1)] Points),
    /// Points of an issuer removed.
    #[n(1)]
    Debit(#[n(0)] Party, #[n(1)] Points),
    /// An amount that the first owes the second.
    #[n(2)]
    Amount(#[n(0)] Party, #[n(1)] Party, #[n(2)] Money),
}

/// A notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct NoticeFact {
    /// The op that says so.
    #[n(0)]
    pub at: OpAt,
    /// What it says.
    #[n(1)]
    pub kind: NoticeKind,
    /// About which key.
    #[n(2)]
    pub key: Option<Name>,
}

/// What a notice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum NoticeKind {
    /// The partner was registered.
    #[n(0)]
    Registered,
    /// A key was added.
    #[n(1)]
    KeyAdded,
    /// A key was added by the house for a partner that had keys before.
    #[n(2)]
    KeyRecovered,
    /// A key was revoked.
    #[n(3)]
    KeyRevoked,
    /// The partner is active again.
    #[n(4)]
    Active,
    /// The partner is suspended.
    #[n(5)]
    Suspended,
    /// The hash of its master is another one.
    #[n(6)]
    MasterChanged,
}

impl NoticeKind {
    /// The word used in statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::KeyAdded => "key_added",
            Self::KeyRecovered => "key_recovered",
            Self::KeyRevoked => "key_revoked",
            Self::Active => "status_active",
            Self::Suspended => "status_suspended",
            Self::MasterChanged => "master_changed",
        }
    }
}
