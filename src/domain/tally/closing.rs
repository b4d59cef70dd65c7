//! A window as it was cut and netted: everything that its statements say.
//!
//! Must not: depend on anything accepted after the entry that netted it.

use super::issuer::{Issuer, Moved};
use super::period::Period;
use super::pool::PoolSums;
use crate::domain::dispute::Dispute;
use crate::domain::effect::Netted;
use crate::domain::ids::OpAt;
use crate::domain::line::{LineKey, LineTotal};
use crate::domain::money::{Money, Net};
use crate::domain::points::Points;
use crate::domain::programme::Netting;
use crate::domain::time::{Day, Micros};
use crate::domain::window::{Carried, Item, ItemKey, Step};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// What holds of a window as of its cut.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct CutFacts {
    /// Its number.
    #[n(0)]
    pub window: u32,
    /// Its first entry.
    #[n(1)]
    pub first_entry: u64,
    /// The first day that it covers.
    #[n(2)]
    pub first_day: Day,
    /// The last day that it covers.
    #[n(3)]
    pub last_day: Day,
    /// Its last entry.
    #[n(4)]
    pub cut: Step,
    /// That entry's chain hash.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub chain_hash: [u8; 32],
    /// The rules in force.
    #[n(6)]
    pub rules_version: u32,
    /// The price list in force.
    #[n(7)]
    pub price_version: u32,
    /// By party, the house first.
    #[n(8)]
    pub parties: Vec<PartyFacts>,
    /// The pool's money since founding.
    #[n(9)]
    pub pool: PoolSums,
    /// The same at the cut before.
    #[n(10)]
    pub pool_before: PoolSums,
}

/// What holds of a party as of a cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct PartyFacts {
    /// What it did in the window.
    #[n(0)]
    pub period: Period,
    /// Its points since founding.
    #[n(1)]
    pub moved: Moved,
    /// The same at the cut before.
    #[n(2)]
    pub moved_before: Moved,
    /// What members have of its points, by month of issue.
    #[n(3)]
    pub vintages: BTreeMap<u32, Points>,
    /// The same by the month of the last valid day.
    #[n(4)]
    pub by_expiry: BTreeMap<u32, Points>,
}

/// A netted window.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Closing {
    /// As of its cut.
    #[n(0)]
    pub cut: CutFacts,
    /// The entry that netted it.
    #[n(1)]
    pub netted: Step,
    /// How it was netted.
    #[n(2)]
    pub terms: NettedTerms,
    /// Its lines, in order of their keys.
    #[n(3)]
    pub lines: Vec<(LineKey, LineTotal)>,
    /// How many parties there were, the house counted.
    #[n(4)]
    pub parties: u16,
    /// What every party was owed when the window before was netted.
    #[n(5)]
    pub accounts: Vec<Net>,
    /// What was rolled forward to it.
    #[n(6)]
    pub carried: Carried,
    /// Payments of earlier windows that were still open.
    #[n(7)]
    pub items: BTreeMap<ItemKey, Item>,
    /// Payments confirmed and returned since the window before was netted.
    #[n(8)]
    pub movements: Vec<MovementFact>,
    /// Disputes that were open, or resolved since then.
    #[n(9)]
    pub disputes: BTreeMap<OpAt, Dispute>,
}

/// How a window was netted, as its entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct NettedTerms {
    /// Root over its priced lines.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub lines_root: [u8; 32],
    /// Root over its positions.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub positions_root: [u8; 32],
    /// Who pays whom.
    #[n(2)]
    pub netting: Netting,
    /// Amounts under this were rolled forward.
    #[n(3)]
    pub payment_minimum: Money,
    /// The day by which its payments are due.
    #[n(4)]
    pub due_on: Day,
}

impl From<&Netted> for NettedTerms {
    fn from(netted: &Netted) -> Self {
        Self {
            lines_root: netted.lines_root,
            positions_root: netted.positions_root,
            netting: netted.netting,
            payment_minimum: netted.payment_minimum,
            due_on: netted.due_on,
        }
    }
}

/// A payment that was confirmed or returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct MovementFact {
    /// The op that says so.
    #[n(0)]
    pub at: OpAt,
    /// When it was accepted.
    #[n(1)]
    pub accepted_at: Micros,
    /// What it says.
    #[n(2)]
    pub kind: MovementKind,
    /// Which payment.
    #[n(3)]
    pub key: ItemKey,
    /// How much.
    #[n(4)]
    pub amount: Money,
}

/// What happened to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum MovementKind {
    /// It was paid.
    #[n(0)]
    Confirmed,
    /// It came back.
    #[n(1)]
    Returned,
}

impl PartyFacts {
    /// The facts of an issuer, and what it did.
    pub fn of(period: Period, issuer: &Issuer) -> Self {
        let vintages = issuer.vintages.iter();
        let vintages = vintages.map(|(month, moved)| (*month, moved.outstanding()));
        Self {
            period,
            moved: issuer.moved,
            moved_before: issuer.at_cut,
            vintages: vintages.filter(|(_, points)| !points.is_zero()).collect(),
            by_expiry: issuer.by_expiry.clone(),
        }
    }

    /// What members have, summed by the months of issue and of expiry.
    pub fn outstanding_in_months(&self) -> (Option<Points>, Option<Points>) {
        (
            Points::sum(self.vintages.values().copied()),
            Points::sum(self.by_expiry.values().copied()),
        )
    }
}
