//! The house's document of a window: every line, position, payment and total.
//!
//! Must not: say of a partner what its own statement does not say.

use super::{Identity, Line, LogRange, Movement};
use crate::domain::ids::Name;
use crate::domain::money::{Money, Net};
use crate::domain::points::Points;
use crate::domain::time::Day;
use serde::{Deserialize, Serialize};

/// The house's document of one window: every line, position, payment and total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowDocument {
    /// [`WINDOW_FORMAT`](super::WINDOW_FORMAT).
    pub format: String,
    /// Programme and window.
    pub identity: Identity,
    /// Which entries it rests on.
    pub log: LogRange,
    /// All lines, in order of (debtor's party, creditor's party, reason, version).
    pub lines: Vec<Line>,
    /// One row for each party: the house first, then partners in order of registration.
    pub positions: Vec<PartyPosition>,
    /// What is to be paid for this window, in order of (debtor's party, creditor's party).
    pub payments: Vec<Payment>,
    /// Payments confirmed and returned since the window before was netted, in order.
    pub movements: Vec<Movement>,
    /// What was still unpaid before this window's payments, in order of (window, parties).
    pub open_items: Vec<Payment>,
    /// What netting saved.
    pub netting: Savings,
    /// Points by issuer, partners in order of registration.
    pub control: Vec<Control>,
    /// The pool's money; absent where issuers pay.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pool: Option<Pool>,
}

/// A payment, as the house sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// The window it is of.
    pub window: u32,
    /// Who pays.
    pub debtor: Name,
    /// Whom.
    pub creditor: Name,
    /// How much.
    pub amount: Money,
    /// The day by which it is due.
    pub due_on: Day,
    /// ISO 11649 creditor reference.
    pub reference: String,
    /// `open` or `overdue`, on the ledger day of netting.
    pub status: String,
}

/// What a window comes to for one party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyPosition {
    /// The party.
    pub party: Name,
    /// What it owes by the window's lines.
    pub debits: Money,
    /// What it is owed by them.
    pub credits: Money,
    /// credits − debits. All of them sum to zero.
    pub net: Net,
    /// What earlier windows rolled forward.
    pub rolled_in: Net,
    /// What this window rolls forward.
    pub rolled_out: Net,
    /// net + rolled_in − rolled_out.
    pub payable: Net,
}

/// What netting saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Savings {
    /// How many lines there are.
    pub lines: u64,
    /// How many payments these would take without netting: one for each debtor and creditor.
    pub pairs: u64,
    /// The sum of all lines' amounts.
    pub gross: Money,
    /// How many payments are made.
    pub payments: u64,
    /// What net debtors owe in all, which is what net creditors are owed.
    pub net: Money,
    /// (1 − net / gross) × 100 with two decimals; absent where gross is zero.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub efficiency_percent: Option<String>,
}

/// An issuer's control totals at the cut: all points since founding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// The issuer.
    pub issuer: Name,
    /// Points issued, less taken back.
    pub issued: Points,
    /// Points burned, less restored.
    pub burned: Points,
    /// Points expired.
    pub expired: Points,
    /// What members have.
    pub outstanding: Points,
}

/// The pool's money over a window, exact and rounded half even to the currency's decimals for each
/// number by itself: opening + issue − refunds − burns − breakage − spread + adjusted = closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Worth of the points out at the cut before, at their issue prices.
    pub opening: Net,
    /// Paid in for points issued.
    pub issue: Net,
    /// Paid back for points taken back, and for points that repaid a debt.
    pub refunds: Net,
    /// Paid out for points burned, less restored.
    pub burns: Net,
    /// Issue prices of points that expired: the house's.
    pub breakage: Net,
    /// Issue price less burn price of points burned, less restored: the house's.
    pub spread: Net,
    /// Issue prices of points made, less removed, by adjustments.
    pub adjusted: Net,
    /// Worth of the points out at the cut, at their issue prices.
    pub closing: Net,
}
