//! Disputes, and the other records that clearing keeps by key.
//!
//! Must not: change a stated position. What a dispute comes to is posted in the open window.

use super::ids::{OpAt, Party};
use super::line::LineKey;
use super::submission::DisputeReason;
use super::time::Day;
use super::window::{Item, ItemKey};
use minicbor::{Decode, Encode};

/// A partner's word that something in a stated window is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Dispute {
    /// The window.
    #[n(0)]
    pub window: u32,
    /// Who opened it.
    #[n(1)]
    pub opened_by: Party,
    /// Who answers it.
    #[n(2)]
    pub counterparty: Party,
    /// Why.
    #[n(3)]
    pub reason: DisputeReason,
    /// SHA-256 of the evidence.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub evidence_sha256: [u8; 32],
    /// The last ledger day to answer.
    #[n(5)]
    pub answer_by: Day,
    /// Where it stands.
    #[n(6)]
    pub state: DisputeState,
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum DisputeState {
    /// The counterparty has not answered.
    #[n(0)]
    Open,
    /// The counterparty accepts it.
    #[n(1)]
    Accepted,
    /// The counterparty rejects it.
    #[n(2)]
    Rejected,
    /// The house decided for who opened it.
    #[n(3)]
    Upheld,
    /// The house decided against who opened it.
    #[n(4)]
    Dismissed,
}

impl DisputeState {
    /// The word used in answers and statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Upheld => "upheld",
            Self::Dismissed => "dismissed",
        }
    }

    /// Whether the house has decided.
    pub fn is_resolved(self) -> bool {
        matches!(self, Self::Upheld | Self::Dismissed)
    }
}

/// The key of a record of clearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum ClearingKey {
    /// A payment.
    #[n(0)]
    Item(#[n(0)] ItemKey),
    /// A dispute, by the op that opened it.
    #[n(1)]
    Dispute(#[n(0)] OpAt),
    /// A partner's acknowledgement of its statement of a window.
    #[n(2)]
    Acknowledgement(#[n(0)] u32, #[n(1)] Party),
    /// A line of a netted window, whose presence alone is asked for.
    #[n(3)]
    Line(#[n(0)] LineKey),
}

/// A record of clearing.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ClearingRecord {
    /// Under [`ClearingKey::Item`].
    #[n(0)]
    Item(#[n(0)] Item),
    /// Under [`ClearingKey::Dispute`].
    #[n(1)]
    Dispute(#[n(0)] Dispute),
    /// Under [`ClearingKey::Acknowledgement`]: the op that said so.
    #[n(2)]
    Acknowledgement(#[n(0)] OpAt),
    /// Under [`ClearingKey::Line`].
    #[n(3)]
    Line,
}
