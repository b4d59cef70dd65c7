//! Fields of the ops that close windows, track payments and settle disputes.
//!
//! Must not: decide anything.

use crate::domain::ids::{Name, OpAt, Reference};
use crate::domain::line::Reason;
use crate::domain::money::Money;
use crate::domain::time::Day;
use minicbor::{Decode, Encode};

/// Fields of `cut_window`: the entry that holds it is the last of its window.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct CutWindow {
    /// The open window's number.
    #[n(0)]
    pub window: u32,
    /// The last day that it covers; the first follows the last of the window before.
    #[n(1)]
    pub last_day: Day,
}

/// Fields of `net_window`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct NetWindow {
    /// Which window, the oldest that is cut and not netted.
    #[n(0)]
    pub window: u32,
    /// The root over its priced lines as the shadow summed them. If the ledger's own root is
    /// another, the window is held.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub lines_root: [u8; 32],
}

/// Fields of `issue_statements`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct IssueStatements {
    /// Which window, netted and not stated.
    #[n(0)]
    pub window: u32,
    /// How many statements: one for each partner.
    #[n(1)]
    pub count: u32,
    /// RFC 6962 root over the SHA-256 of each statement, in order of partner ids.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub root: [u8; 32],
    /// SHA-256 of the house's document of the window.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub document_sha256: [u8; 32],
}

/// Fields of `confirm_payment`; all of them must match the open item.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ConfirmPayment {
    /// The window whose payment it is.
    #[n(0)]
    pub window: u32,
    /// Who paid: `house` or a partner.
    #[n(1)]
    pub debtor: Name,
    /// Whom: `house` or a partner.
    #[n(2)]
    pub creditor: Name,
    /// ISO 4217.
    #[n(3)]
    pub currency: String,
    /// How much.
    #[n(4)]
    pub amount: Money,
    /// The item's creditor reference.
    #[n(5)]
    pub reference: Reference,
}

/// Fields of `dispute_open`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DisputeOpen {
    /// The stated window in dispute.
    #[n(0)]
    pub window: u32,
    /// What is disputed.
    #[n(1)]
    pub about: Disputed,
    /// Why.
    #[n(2)]
    pub reason: DisputeReason,
    /// SHA-256 of the evidence, which lives outside the ledger.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub evidence_sha256: [u8; 32],
}

/// What a dispute is about.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Disputed {
    /// A line of the window.
    #[n(0)]
    Line {
        /// Who owes: `house` or a partner.
        #[n(0)]
        debtor: Name,
        /// Whom: `house` or a partner.
        #[n(1)]
        creditor: Name,
        /// For what.
        #[n(2)]
        reason: Reason,
        /// At which price version.
        #[n(3)]
        price_version: u32,
    },
    /// An op of the window.
    #[n(1)]
    Op(#[n(0)] OpAt),
}

/// Why something is disputed. Numbers are never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum DisputeReason {
    /// The amount is not what the price list says.
    #[n(0)]
    AmountWrong,
    /// The number of points is not what happened.
    #[n(1)]
    PointsWrong,
    /// It never happened.
    #[n(2)]
    NeverHappened,
    /// It was counted twice.
    #[n(3)]
    CountedTwice,
    /// Anything else, explained in the evidence.
    #[n(4)]
    Other,
}

impl DisputeReason {
    /// Every reason, by number.
    pub const ALL: [Self; 5] = [
        Self::AmountWrong,
        Self::PointsWrong,
        Self::NeverHappened,
        Self::CountedTwice,
        Self::Other,
    ];

    /// The word used in submissions and statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AmountWrong => "amount_wrong",
            Self::PointsWrong => "points_wrong",
            Self::NeverHappened => "never_happened",
            Self::CountedTwice => "counted_twice",
            Self::Other => "other",
        }
    }
}

/// Fields of `dispute_answer`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DisputeAnswer {
    /// The op that opened the dispute.
    #[n(0)]
    pub dispute: OpAt,
    /// Whether the counterparty accepts it.
    #[n(1)]
    pub accepted: bool,
    /// SHA-256 of the counterparty's evidence, if it has any.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub evidence_sha256: Option<[u8; 32]>,
}

/// Fields of `dispute_resolve`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DisputeResolve {
    /// The op that opened the dispute.
    #[n(0)]
    pub dispute: OpAt,
    /// What makes it good, posted in the open window; a dismissed dispute has none.
    #[n(1)]
    pub upheld: Option<Remedy>,
}

/// An amount that one party owes another because a dispute was upheld.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Remedy {
    /// Who owes: `house` or a partner.
    #[n(0)]
    pub debtor: Name,
    /// Whom: `house` or a partner, another one.
    #[n(1)]
    pub creditor: Name,
    /// How much, above zero.
    #[n(2)]
    pub amount: Money,
}
