//! Statements: what one partner, and the house, are told of a window.
//!
//! Must not: hold anything but ledger facts as of the entry that netted the window, so that anyone
//! with the ledger writes the same bytes again. Names, addresses and bank details are none.
//! `schemas/statement.schema.json` and `schemas/window.schema.json` say the same for strangers;
//! the bytes are canonical JSON (RFC 8785).

mod house;

pub use house::{Control, PartyPosition, Payment, Pool, Savings, WindowDocument};

use super::ids::{Name, Reference};
use super::money::{Money, Net};
use super::points::Points;
use super::price::Price;
use super::time::Day;
use serde::{Deserialize, Serialize};

/// The format of a partner's statement.
pub const STATEMENT_FORMAT: &str = "tallyhouse-statement/1";
/// The format of the house's document of a window.
pub const WINDOW_FORMAT: &str = "tallyhouse-window/1";

/// One partner's statement of one window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// [`STATEMENT_FORMAT`].
    pub format: String,
    /// Whose statement it is.
    pub partner: Name,
    /// Programme and window.
    pub identity: Identity,
    /// Which entries it rests on.
    pub log: LogRange,
    /// The partner's entries: their numbers by author, without a gap.
    pub author_seq: AuthorRange,
    /// What the partner sent in the window, by kind of op, in order of the kinds.
    pub activity: Vec<Activity>,
    /// Its lines of the window, in order of (debtor's party, creditor's party, reason, version).
    pub lines: Vec<Line>,
    /// What happened, by the author's own `occurred_at`, before the window's first day, in order
    /// of (day, op).
    pub prior_period: Vec<PriorPeriod>,
    /// Adjustments posted in the window that concern it, in order of their entries.
    pub adjustments: Vec<Adjustment>,
    /// Its disputes that are open, or were resolved since the last statement, in order.
    pub disputes: Vec<Dispute>,
    /// What the window comes to.
    pub position: Position,
    /// What was still unpaid before this window's payments, in order of (window, counterparty).
    pub open_items: Vec<OpenItem>,
    /// Its account: what it was owed, what changed that, what it is owed now.
    pub account: Account,
    /// Its points: how many members had, what changed that, how many they have now.
    pub liability: Liability,
    /// Keys added, recovered and revoked, and changes of status, in the window.
    pub notices: Vec<Notice>,
}

/// Programme and window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The programme's id.
    pub programme: Name,
    /// The ledger's origin.
    pub origin: String,
    /// ISO 4217.
    pub currency: String,
    /// Decimals of a displayed point, 0 to 4.
    pub point_scale: u8,
    /// `issuer_pays` or `pool`.
    pub settlement_model: String,
    /// `multilateral` or `bilateral`.
    pub netting: String,
    /// Whether the ledger's time is set by hand.
    pub simulated: bool,
    /// The window's number.
    pub window: u32,
    /// The first day it covers.
    pub first_day: Day,
    /// The last day it covers.
    pub last_day: Day,
}

/// Which entries a statement rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRange {
    /// The window's first entry.
    pub first_entry: u64,
    /// The window's last entry: its cut.
    pub last_entry: u64,
    /// The tree's size at the cut.
    pub size: u64,
    /// The tree's root at that size, 64 hex digits.
    pub root: String,
    /// Chain hash of the cut, 64 hex digits.
    pub chain_hash: String,
    /// When the cut was accepted, RFC 3339 with microseconds.
    pub cut_at: String,
    /// The entry that netted the window.
    pub netted_in: u64,
    /// When that was accepted, RFC 3339 with microseconds.
    pub netted_at: String,
    /// RFC 6962 root over the window's priced lines, 64 hex digits.
    pub lines_root: String,
    /// RFC 6962 root over the window's positions, 64 hex digits.
    pub positions_root: String,
    /// The rules in force at the cut.
    pub rules_version: u32,
    /// The price list in force at the cut; 0 before the first.
    pub price_version: u32,
}

/// A partner's entries in a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorRange {
    /// How many entries it made in the window.
    pub entries: u64,
    /// The `author_seq` of the first of them; none if there are none.
    pub first: Option<u64>,
    /// The `author_seq` of the last of them; none if there are none.
    pub last: Option<u64>,
}

/// What a partner sent in the window, of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// The kind of op.
    pub op: String,
    /// How many were applied.
    pub applied: u64,
    /// How many were refused, duplicates included.
    pub refused: u64,
    /// Points moved by those applied.
    pub points: Points,
}

/// What one party owes another in the window, for one reason at one price version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Who owes.
    pub debtor: Name,
    /// Whom.
    pub creditor: Name,
    /// The reason's word.
    pub reason: String,
    /// The price list version; 0 for adjustments.
    pub price_version: u32,
    /// How many points, in the smallest unit; none for adjustments.
    pub units: Option<Points>,
    /// Per displayed point; none for adjustments.
    pub price: Option<Price>,
    /// units × price / 10^point_scale, rounded half even once.
    pub amount: Money,
    /// The tax code of the price row; none for adjustments.
    pub tax_code: Option<Name>,
}

/// What happened on one day before the window began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriorPeriod {
    /// The ledger day of `occurred_at`.
    pub occurred_on: Day,
    /// The kind of op.
    pub op: String,
    /// How many were applied.
    pub applied: u64,
    /// Points they moved.
    pub points: Points,
}

/// An adjustment posted in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// The entry that posted it.
    pub entry: u64,
    /// The op in it.
    pub op: u16,
    /// The entry that it corrects, or in which the dispute was opened that it settles.
    pub corrects_entry: u64,
    /// The op there.
    pub corrects_op: u16,
    /// `credit` or `debit` of points of the issuer, or `amount`.
    pub change: String,
    /// Whose points, for a credit or debit.
    pub issuer: Option<Name>,
    /// How many, for a credit or debit.
    pub points: Option<Points>,
    /// Who owes, for an amount.
    pub debtor: Option<Name>,
    /// Whom, for an amount.
    pub creditor: Option<Name>,
    /// How much, for an amount.
    pub amount: Option<Money>,
}

/// A dispute about a window that was stated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The entry that opened it.
    pub entry: u64,
    /// The op in it.
    pub op: u16,
    /// The window in dispute.
    pub window: u32,
    /// Who opened it.
    pub opened_by: Name,
    /// Who answers it.
    pub counterparty: Name,
    /// The code of its reason.
    pub reason: String,
    /// SHA-256 of the evidence, 64 hex digits.
    pub evidence_sha256: String,
    /// The last day to answer.
    pub answer_by: Day,
    /// `open`, `accepted`, `rejected`, `unanswered`, `upheld` or `dismissed`.
    pub status: String,
}

/// What a window comes to for one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// What it owes by the window's lines.
    pub debits: Money,
    /// What it is owed by them.
    pub credits: Money,
    /// credits − debits.
    pub net: Net,
    /// What earlier windows rolled forward, because it was under the payment minimum.
    pub rolled_in: Net,
    /// What this window rolls forward.
    pub rolled_out: Net,
    /// net + rolled_in − rolled_out: what this window's payments come to.
    pub payable: Net,
    /// Those payments, in order of the counterparty's party.
    pub payments: Vec<OpenItem>,
}

/// An amount that one partner pays or receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenItem {
    /// The window it is of.
    pub window: u32,
    /// `pay` or `receive`, as this partner sees it.
    pub direction: String,
    /// With whom: `house` or a partner.
    pub counterparty: Name,
    /// How much.
    pub amount: Money,
    /// The day by which it is due.
    pub due_on: Day,
    /// ISO 11649 creditor reference, to be named in the payment.
    pub reference: String,
    /// `open` or `overdue`, on the ledger day of netting.
    pub status: String,
}

/// A payment that was confirmed, or returned after that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Movement {
    /// The entry that says so.
    pub entry: u64,
    /// The op in it.
    pub op: u16,
    /// When that was accepted, RFC 3339 with microseconds.
    pub at: String,
    /// `confirmed` or `returned`.
    pub kind: String,
    /// The window whose payment it is.
    pub window: u32,
    /// Who paid.
    pub debtor: Name,
    /// Whom.
    pub creditor: Name,
    /// How much.
    pub amount: Money,
    /// ISO 11649 creditor reference.
    pub reference: String,
}

/// A partner's account: opening + net − received + paid = closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What it was owed when the window before was netted: unpaid items and what was rolled
    /// forward.
    pub opening: Net,
    /// Payments confirmed and returned since then, in order.
    pub movements: Vec<Movement>,
    /// This window's net.
    pub net: Net,
    /// What it is owed now.
    pub closing: Net,
}

/// An issuer's points: opening + issued − taken_back − burned + restored − expired − debt_repaid +
/// adjusted_in − adjusted_out = closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Liability {
    /// What members had of its points at the cut before.
    pub opening: Points,
    /// Points issued.
    pub issued: Points,
    /// Points taken back by reversals of issues.
    pub taken_back: Points,
    /// Its points burned or captured, by whomever.
    pub burned: Points,
    /// Its points restored by reversals of burns.
    pub restored: Points,
    /// Its points swept after expiry.
    pub expired: Points,
    /// Its points used up by members' debts.
    pub debt_repaid: Points,
    /// Its points made by adjustments.
    pub adjusted_in: Points,
    /// Its points removed by adjustments.
    pub adjusted_out: Points,
    /// What members have of its points at the cut.
    pub closing: Points,
    /// `closing` by the month of issue, earliest first.
    pub by_issue_month: Vec<Month>,
    /// `closing` by the month of the last valid day, earliest first.
    pub by_expiry_month: Vec<Month>,
}

/// Points of one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Month {
    /// `YYYY-MM`.
    pub month: String,
    /// How many points.
    pub points: Points,
}

/// Something about a partner's keys or standing that its finance team should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// The entry that says so.
    pub entry: u64,
    /// The op in it.
    pub op: u16,
    /// `key_added`, `key_recovered`, `key_revoked`, `registered`, `status_active`,
    /// `status_suspended` or `master_changed`.
    pub kind: String,
    /// The key, where it is about one.
    pub key: Option<Name>,
}

/// What a partner's statement is bound by in the ledger, and where that can be checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stated {
    /// The window.
    pub window: u32,
    /// Whose statement.
    pub partner: Name,
    /// SHA-256 of the statement's canonical JSON, 64 hex digits.
    pub sha256: String,
    /// The entry of `issue_statements`.
    pub entry: u64,
    /// The id of that submission.
    pub submission: Reference,
    /// The place of this statement among all, by partner id.
    pub place: u64,
    /// How many statements there are.
    pub count: u64,
    /// RFC 6962 root over the SHA-256 of all statements, 64 hex digits.
    pub root: String,
    /// RFC 6962 inclusion proof of this statement, each 64 hex digits.
    pub proof: Vec<String>,
}
