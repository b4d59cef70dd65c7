//! Lines: what one party owes another in a window, for one reason, at one price version.
//!
//! Must not: hold rounded money; priced lines sum points, and netting rounds once.

use super::ids::Party;
use super::money::Money;
use super::points::Points;
use minicbor::{Decode, Encode};
use std::ops::Bound;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct LineKey {
    /// The window, counted from 0.
    #[n(0)]
    pub window: u32,
    /// Who owes.
    #[n(1)]
    pub debtor: Party,
    /// Whom.
    #[n(2)]
    pub creditor: Party,
    /// For what.
    #[n(3)]
    pub reason: Reason,
    /// At which price list version; 0 for adjustments, which are plain amounts.
    #[n(4)]
    pub price_version: u32,
}

impl LineKey {
    /// The least key that a line of a window can have.
    pub fn first(window: u32) -> Self {
        Self {
            window,
            debtor: Party::HOUSE,
            creditor: Party::HOUSE,
            reason: Reason::Issue,
            price_version: 0,
        }
    }

    /// The range of the keys of a window's lines.
    pub fn of_window(window: u32) -> (Bound<Self>, Bound<Self>) {
        let end = window.checked_add(1).map(Self::first);
        (
            Bound::Included(Self::first(window)),
            end.map_or(Bound::Unbounded, Bound::Excluded),
        )
    }
}

/// What a line is for. Numbers are never given again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Reason {
    /// Points issued (`pool`: issuer owes house).
    #[n(0)]
    Issue,
    /// An issue reversed.
    #[n(1)]
    IssueReversal,
    /// Points burned.
    #[n(2)]
    Burn,
    /// A burn or capture reversed.
    #[n(3)]
    BurnReversal,
    /// The house's fee per point issued.
    #[n(4)]
    IssueFee,
    /// That fee given back.
    #[n(5)]
    IssueFeeReversal,
    /// The house's fee per point burned.
    #[n(6)]
    BurnFee,
    /// That fee given back.
    #[n(7)]
    BurnFeeReversal,
    /// Points that paid a member's debt.
    #[n(8)]
    DebtRepaid,
    /// An amount posted by two govern keys.
    #[n(9)]
    Adjustment,
}

impl Reason {
    /// Every reason, by number.
    pub const ALL: [Self; 10] = [
        Self::Issue,
        Self::IssueReversal,
        Self::Burn,
        Self::BurnReversal,
        Self::IssueFee,
        Self::IssueFeeReversal,
        Self::BurnFee,
        Self::BurnFeeReversal,
        Self::DebtRepaid,
        Self::Adjustment,
    ];

    /// The word used in answers and statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::IssueReversal => "issue_reversal",
            Self::Burn => "burn",
            Self::BurnReversal => "burn_reversal",
            Self::IssueFee => "issue_fee",
            Self::IssueFeeReversal => "issue_fee_reversal",
            Self::BurnFee => "burn_fee",
            Self::BurnFeeReversal => "burn_fee_reversal",
            Self::DebtRepaid => "debt_repaid",
            Self::Adjustment => "adjustment",
        }
    }

    /// The number written in effects.
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// The running total of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum LineTotal {
    /// Points, priced when the window is netted.
    #[n(0)]
    Priced(#[n(0)] Points),
    /// An amount.
    #[n(1)]
    Amount(#[n(0)] Money),
}

impl LineTotal {
    /// The sum of two totals of one kind, unless it passes its range.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::Priced(a), Self::Priced(b)) => a.checked_add(b).map(Self::Priced),
            (Self::Amount(a), Self::Amount(b)) => a.checked_add(b).map(Self::Amount),
            _ => unreachable!("the reason in a line's key decides its kind"),
        }
    }
}

/// What one op adds to a line of the open window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineMove {
    /// Who owes.
    pub debtor: Party,
    /// Whom.
    pub creditor: Party,
    /// For what.
    pub reason: Reason,
    /// At which price version; 0 for adjustments.
    pub price_version: u32,
    /// How much.
    pub total: LineTotal,
}

impl LineMove {
    /// A move of points.
    pub fn priced(
        (debtor, creditor): (Party, Party),
        reason: Reason,
        price_version: u32,
        points: Points,
    ) -> Self {
        Self {
            debtor,
            creditor,
            reason,
            price_version,
            total: LineTotal::Priced(points),
        }
    }

    /// The line it belongs to in a window.
    pub fn key(&self, window: u32) -> LineKey {
        LineKey {
            window,
            debtor: self.debtor,
            creditor: self.creditor,
            reason: self.reason,
            price_version: self.price_version,
        }
    }
}
