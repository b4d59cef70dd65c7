//! What an author asks for: one submission and its ops, parsed and within their formats.
//!
//! Must not: decide anything. `proof::payload` makes these from signed bytes;
//! `schemas/submission.schema.json` describes the same for strangers.

mod adjust;
mod clearing;
mod ledger_key;
mod programme_set;

pub use adjust::{Adjust, Change, PointsChange};
pub use clearing::{
    ConfirmPayment, CutWindow, DisputeAnswer, DisputeOpen, DisputeReason, DisputeResolve, Disputed,
    IssueStatements, NetWindow, Remedy,
};
pub use ledger_key::{LedgerKeyAdd, LedgerKeyRetire};
pub use programme_set::ProgrammeSet;

use super::ids::{Name, Reference};
use super::money::Money;
use super::partner::{Roles, Status};
use super::points::Points;
use super::price::PriceRow;
use super::programme::{Programme, Settings};
use super::scope::Scopes;
use super::time::{Day, Micros};
use minicbor::{Decode, Encode};

/// The most ops that one submission may hold.
pub const OPS_MAX: usize = 1_000;
/// The longest life of a hold, 30 days in seconds.
pub const HOLD_TTL_S_MAX: u64 = 30 * 86_400;

/// A submission: the unit that is signed, logged, chained and receipted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The origin of the ledger it is meant for.
    pub ledger: String,
    /// Its author-scoped id.
    pub id: Reference,
    /// The last instant at which it may be accepted.
    pub valid_until: Micros,
    /// Whether ops stand or fall together.
    pub mode: Mode,
    /// What to do, 1 ..= [`OPS_MAX`].
    pub ops: Vec<Op>,
    /// The digest of each op, in their order, by [`digests`]: worked out by whoever reads the
    /// submission, which is done on many threads, and not by the one that executes it.
    pub digests: Vec<[u8; 16]>,
    /// A signed checkpoint that the author verified before.
    pub seen: Option<String>,
}

impl Submission {
    /// Each op with its digest.
    ///
    /// # Panics
    /// If ops were added behind the back of [`digests`].
    pub fn digested(&self) -> impl Iterator<Item = (&Op, &[u8; 16])> {
        let counts = (self.ops.len(), self.digests.len());
        assert_eq!(counts.0, counts.1, "every op has a digest");
        self.ops.iter().zip(&self.digests)
    }
}

/// Whether ops of one submission stand or fall together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Each op is applied or refused by itself.
    Independent,
    /// The first refused op refuses all.
    Atomic,
}

/// One movement asked for.
#[derive(Debug, Clone, PartialEq, Eq, Encode)]
pub struct Op {
    /// Its author-scoped id, used up once the op is applied.
    #[n(0)]
    pub id: Reference,
    /// When it happened in the shop; for reports, never for a rule but the two that bound it.
    #[n(1)]
    pub occurred_at: Option<Micros>,
    /// The author's own reference, such as a receipt number.
    #[n(2)]
    pub receipt_ref: Option<Reference>,
    /// What to do.
    #[n(3)]
    pub action: Action,
}

/// Digests of every field of each op, by which an op sent again is told from an id used again.
pub fn digests(ops: &[Op]) -> Vec<[u8; 16]> {
    let mut bytes = Vec::new();
    let digest = |op: &Op| {
        bytes.clear();
        minicbor::encode(op, &mut bytes).expect("writing to memory cannot fail");
        let mut digest = [0; 16];
        digest.copy_from_slice(&blake3::hash(&bytes).as_bytes()[..16]);
        digest
    };
    ops.iter().map(digest).collect()
}

/// Points asked for; nothing where the number was no integer from 1 to 2^53 − 1.
pub type Asked = Option<Points>;

/// The kinds of op and their own fields.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Action {
    /// A lot owed by the author.
    #[n(0)]
    Issue(#[n(0)] Issue),
    /// Consumes available lots.
    #[n(1)]
    Burn(#[n(0)] Burn),
    /// Sets points aside.
    #[n(2)]
    Hold(#[n(0)] Hold),
    /// Burns held points and releases the rest.
    #[n(3)]
    Capture(#[n(0)] Capture),
    /// Gives held points back.
    #[n(4)]
    Release(#[n(0)] Release),
    /// Takes back an issue, or restores a burn or capture.
    #[n(5)]
    Reverse(#[n(0)] Reverse),
    /// Moves points to another member.
    #[n(6)]
    Transfer(#[n(0)] Transfer),
    /// Registers a key.
    #[n(7)]
    KeyAdd(#[n(0)] KeyAdd),
    /// Ends a key.
    #[n(8)]
    KeyRevoke(#[n(0)] KeyRevoke),
    /// Founds the ledger; entry 0 alone.
    #[n(9)]
    Found(#[n(0)] Box<Found>),
    /// Registers or changes a partner.
    #[n(10)]
    PartnerSet(#[n(0)] PartnerSet),
    /// Releases a new price list version.
    #[n(11)]
    PriceSet(#[n(0)] PriceSet),
    /// Replaces limits.
    #[n(12)]
    LimitSet(#[n(0)] LimitSet),
    /// Changes settings.
    #[n(13)]
    ProgrammeSet(#[n(0)] ProgrammeSet),
    /// Switches to a later rules version.
    #[n(14)]
    RulesUpgrade(#[n(0)] u32),
    /// Freezes a member.
    #[n(15)]
    MemberFreeze(#[n(0)] Reference),
    /// Ends a freeze.
    #[n(16)]
    MemberUnfreeze(#[n(0)] Reference),
    /// Corrects points or an amount.
    #[n(17)]
    Adjust(#[n(0)] Adjust),
    /// Puts an action before a second govern key.
    #[n(18)]
    Propose(#[n(0)] Box<Action>),
    /// Lets a proposed action take effect.
    #[n(19)]
    Approve(#[n(0)] Reference),
    /// Sweeps lots whose last valid day has passed.
    #[n(20)]
    Expire(#[n(0)] Day),
    /// Ends the open window and begins the next.
    #[n(21)]
    CutWindow(#[n(0)] CutWindow),
    /// Nets a window that was cut.
    #[n(22)]
    NetWindow(#[n(0)] NetWindow),
    /// Sends a held window back to be netted again.
    #[n(23)]
    WindowRelease(#[n(0)] u32),
    /// Binds the statements of a netted window.
    #[n(24)]
    IssueStatements(#[n(0)] IssueStatements),
    /// Says that an item was paid.
    #[n(25)]
    ConfirmPayment(#[n(0)] ConfirmPayment),
    /// Says that a confirmed payment came back; names the op that confirmed it.
    #[n(26)]
    PaymentReturned(#[n(0)] Reference),
    /// Disputes a line or op of a stated window.
    #[n(27)]
    DisputeOpen(#[n(0)] DisputeOpen),
    /// Says what the counterparty makes of a dispute.
    #[n(28)]
    DisputeAnswer(#[n(0)] DisputeAnswer),
    /// Ends a dispute.
    #[n(29)]
    DisputeResolve(#[n(0)] DisputeResolve),
    /// Says that a partner has seen its statement of a window.
    #[n(30)]
    StatementAcknowledge(#[n(0)] u32),
    /// Adds a key that signs checkpoints.
    #[n(31)]
    LedgerKeyAdd(#[n(0)] Box<LedgerKeyAdd>),
    /// Ends a key that signs checkpoints.
    #[n(32)]
    LedgerKeyRetire(#[n(0)] LedgerKeyRetire),
}

/// Fields of `issue`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Issue {
    /// Who gets the points.
    #[n(0)]
    pub member: Reference,
    /// How many.
    #[n(1)]
    pub points: Asked,
    /// First day they can be spent; today if absent.
    #[n(2)]
    pub activates_on: Option<Day>,
    /// Last day they can be spent; the programme's life if absent.
    #[n(3)]
    pub expires_on: Option<Day>,
}

/// Fields of `burn`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Burn {
    /// Whose points.
    #[n(0)]
    pub member: Reference,
    /// How many.
    #[n(1)]
    pub points: Asked,
    /// Burn what is there if there are fewer.
    #[n(2)]
    pub allow_partial: bool,
}

/// Fields of `hold`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hold {
    /// Whose points.
    #[n(0)]
    pub member: Reference,
    /// How many.
    #[n(1)]
    pub points: Asked,
    /// Seconds until it lapses, 1 ..= [`HOLD_TTL_S_MAX`].
    #[n(2)]
    pub ttl_s: u64,
}

/// Fields of `capture`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Capture {
    /// Op id of the author's hold.
    #[n(0)]
    pub hold: Reference,
    /// How many of the held points to burn.
    #[n(1)]
    pub points: Asked,
}

/// Fields of `release`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Release {
    /// Op id of the author's hold.
    #[n(0)]
    pub hold: Reference,
}

/// Fields of `reverse`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Reverse {
    /// Op id of the author's issue, burn or capture.
    #[n(0)]
    pub target: Reference,
    /// How many of its points.
    #[n(1)]
    pub points: Asked,
}

/// Fields of `transfer`; `from` and `to` differ.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Transfer {
    /// Who gives.
    #[n(0)]
    pub from: Reference,
    /// Who gets.
    #[n(1)]
    pub to: Reference,
    /// How many.
    #[n(2)]
    pub points: Asked,
}

/// Fields of `key_add`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KeyAdd {
    /// Whose key: `house` or a partner; the author's own if absent.
    #[n(0)]
    pub author: Option<Name>,
    /// The key's id, unique for its author for ever.
    #[n(1)]
    pub key: Name,
    /// The 32 bytes of RFC 8032, checked: canonical, not weak, free of torsion.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub public: [u8; 32],
    /// What it may sign for.
    #[n(3)]
    pub scopes: Scopes,
}

/// Fields of `key_revoke`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KeyRevoke {
    /// Whose key: `house` or a partner; the author's own if absent.
    #[n(0)]
    pub author: Option<Name>,
    /// The key's id.
    #[n(1)]
    pub key: Name,
}

/// Fields of `found`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Found {
    /// What is fixed for ever.
    #[n(0)]
    pub programme: Programme,
    /// What may change later.
    #[n(1)]
    pub settings: Settings,
    /// The rules version in force from entry 0.
    #[n(2)]
    pub rules_version: u32,
    /// At least three house keys; `author` is absent in each.
    #[n(3)]
    pub keys: Vec<KeyAdd>,
    /// Days on which no payment is due, beside Saturdays and Sundays.
    #[n(4)]
    pub holidays: Vec<Day>,
}

/// Fields of `partner_set`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PartnerSet {
    /// The partner's id.
    #[n(0)]
    pub partner: Name,
    /// What it may do.
    #[n(1)]
    pub roles: Roles,
    /// Whether it may do it now.
    #[n(2)]
    pub status: Status,
    /// Salted SHA-256 of its master record.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub master_sha256: Option<[u8; 32]>,
}

/// Fields of `price_set`: all rows of the new version.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PriceSet {
    /// The row of every partner that has none of its own.
    #[n(0)]
    pub default: Option<PriceRow>,
    /// Rows by partner, in order of their ids, none twice.
    #[n(1)]
    pub rows: Vec<(Name, PriceRow)>,
}

/// Fields of `limit_set`: replaces all limits of its subject.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum LimitSet {
    /// Limits of one partner.
    #[n(0)]
    Partner {
        /// Which one.
        #[n(0)]
        partner: Name,
        /// Greatest exposure as issuer; none is no limit.
        #[n(1)]
        exposure: Option<Money>,
        /// Greatest number of points burned or held a UTC day; none is no limit.
        #[n(2)]
        burn_points_per_day: Option<Points>,
    },
    /// The limit of every member.
    #[n(1)]
    Member {
        /// Greatest number of points burned or held a UTC day; none is no limit.
        #[n(0)]
        burn_points_per_day: Option<Points>,
    },
}

impl Action {
    /// The word in `op` of the JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Issue(_) => "issue",
            Self::Burn(_) => "burn",
            Self::Hold(_) => "hold",
            Self::Capture(_) => "capture",
            Self::Release(_) => "release",
            Self::Reverse(_) => "reverse",
            Self::Transfer(_) => "transfer",
            Self::KeyAdd(_) => "key_add",
            Self::KeyRevoke(_) => "key_revoke",
            Self::Found(_) => "found",
            Self::PartnerSet(_) => "partner_set",
            Self::PriceSet(_) => "price_set",
            Self::LimitSet(_) => "limit_set",
            Self::ProgrammeSet(_) => "programme_set",
            Self::RulesUpgrade(_) => "rules_upgrade",
            Self::MemberFreeze(_) => "member_freeze",
            Self::MemberUnfreeze(_) => "member_unfreeze",
            Self::Adjust(_) => "adjust",
            Self::Propose(_) => "propose",
            Self::Approve(_) => "approve",
            Self::Expire(_) => "expire",
            Self::CutWindow(_) => "cut_window",
            Self::NetWindow(_) => "net_window",
            Self::WindowRelease(_) => "window_release",
            Self::IssueStatements(_) => "issue_statements",
            Self::ConfirmPayment(_) => "confirm_payment",
            Self::PaymentReturned(_) => "payment_returned",
            Self::DisputeOpen(_) => "dispute_open",
            Self::DisputeAnswer(_) => "dispute_answer",
            Self::DisputeResolve(_) => "dispute_resolve",
            Self::StatementAcknowledge(_) => "statement_acknowledge",
            Self::LedgerKeyAdd(_) => "ledger_key_add",
            Self::LedgerKeyRetire(_) => "ledger_key_retire",
        }
    }

    /// The author's earlier op that this one names. Whatever an op looks up must be named here:
    /// it is loaded before the op is executed.
    pub fn target(&self) -> Option<&Reference> {
        match self {
            Self::Capture(capture) => Some(&capture.hold),
            Self::Release(release) => Some(&release.hold),
            Self::Reverse(reverse) => Some(&reverse.target),
            Self::Approve(proposal) => Some(proposal),
            Self::PaymentReturned(confirmation) => Some(confirmation),
            _ => None,
        }
    }

    /// The members that this op names, in the order in which it touches them.
    pub fn members(&self) -> [Option<&Reference>; 2] {
        match self {
            Self::Issue(issue) => [Some(&issue.member), None],
            Self::Burn(burn) => [Some(&burn.member), None],
            Self::Hold(hold) => [Some(&hold.member), None],
            Self::Transfer(transfer) => [Some(&transfer.from), Some(&transfer.to)],
            Self::MemberFreeze(member) | Self::MemberUnfreeze(member) => [Some(member), None],
            Self::Adjust(Adjust {
                change: Change::Credit(change) | Change::Debit(change),
                ..
            }) => [Some(&change.member), None],
            _ => [None, None],
        }
    }

    /// Whether it must stand alone in its submission: found, and ops that sweep or close windows.
    pub fn stands_alone(&self) -> bool {
        matches!(
            self,
            Self::Found(_)
                | Self::Expire(_)
                | Self::CutWindow(_)
                | Self::NetWindow(_)
                | Self::IssueStatements(_)
        )
    }
}
