//! Fields of `adjust`.
//!
//! Must not: decide anything.

use super::Asked;
use crate::domain::ids::{Name, Reference};
use crate::domain::money::Money;
use minicbor::{Decode, Encode};

/// Fields of `adjust`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Adjust {
    /// The entry that it corrects.
    #[n(0)]
    pub corrects_entry: u64,
    /// The op of that entry, from 0.
    #[n(1)]
    pub corrects_op: u16,
    /// What it changes.
    #[n(2)]
    pub change: Change,
}

/// What an adjustment changes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// Gives points to a member, owed by the issuer.
    #[n(0)]
    Credit(#[n(0)] PointsChange),
    /// Takes available points of that issuer from a member.
    #[n(1)]
    Debit(#[n(0)] PointsChange),
    /// Makes one party owe another an amount in the open window.
    #[n(2)]
    Amount {
        /// Who owes: `house` or a partner.
        #[n(0)]
        debtor: Name,
        /// Whom: `house` or a partner, another one.
        #[n(1)]
        creditor: Name,
        /// How much, above zero.
        #[n(2)]
        amount: Money,
    },
}

/// Points of one issuer given to or taken from a member.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PointsChange {
    /// Whose points.
    #[n(0)]
    pub member: Reference,
    /// Who owes for them.
    #[n(1)]
    pub issuer: Name,
    /// How many.
    #[n(2)]
    pub points: Asked,
}
