//! The programme: what founding fixes for ever, and the settings that two govern keys may change.
//!
//! Must not: hold anything that depends on where or when the software runs.

use super::ids::Name;
use super::money::{Currency, Money};
use super::points::Points;
use minicbor::{Decode, Encode};

/// What entry 0 fixes for the life of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Programme {
    /// The origin: a host, a slash, and the programme's name ending in 8 random hex digits.
    #[n(0)]
    pub origin: String,
    /// The programme's id in URLs.
    #[n(1)]
    pub id: Name,
    /// The currency that partners settle in.
    #[n(2)]
    pub currency: Currency,
    /// Decimals of a displayed point, 0 ..= 4.
    #[n(3)]
    pub point_scale: u8,
    /// Who pays for a burned point.
    #[n(4)]
    pub settlement_model: SettlementModel,
    /// What a reversal does when points are gone.
    #[n(5)]
    pub clawback: Clawback,
    /// The fixed offset of ledger days from UTC, in minutes, −840 ..= 840.
    #[n(6)]
    pub utc_offset_min: i16,
    /// Where time comes from.
    #[n(7)]
    pub clock: ClockKind,
    /// Ed25519 key that signs checkpoints.
    #[cbor(n(8), with = "minicbor::bytes")]
    pub ledger_key: [u8; 32],
}

/// Who pays for a burned point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SettlementModel {
    /// A burned slice makes its issuer owe the burning partner, at the price fixed at issue.
    #[n(0)]
    IssuerPays,
    /// An issue makes the issuer owe the house; a burn makes the house owe the burning partner.
    #[n(1)]
    Pool,
}

/// What a reversal of an issue does with points that the member no longer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Clawback {
    /// Only points taken back count as reversed.
    #[n(0)]
    IssuerBears,
    /// The shortage becomes the member's debt to the issuer.
    #[n(1)]
    MemberDebt,
}

/// Where the ledger's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum ClockKind {
    /// The house's clock.
    #[n(0)]
    Real,
    /// Set by hand and moved forward only; every verdict about such a ledger says so.
    #[n(1)]
    Simulated,
}

impl SettlementModel {
    /// The word used in submissions and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IssuerPays => "issuer_pays",
            Self::Pool => "pool",
        }
    }
}

impl Clawback {
    /// The word used in submissions and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IssuerBears => "issuer_bears",
            Self::MemberDebt => "member_debt",
        }
    }
}

impl ClockKind {
    /// The word used in submissions and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Simulated => "simulated",
        }
    }
}

/// What `programme_set` may change, from the next op on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Settings {
    /// Days from activation to the last valid day of a lot that names no `expires_on`.
    #[n(0)]
    pub life_days: u32,
    /// Days that restored points live at least.
    #[n(1)]
    pub grace_days: u32,
    /// Days in which an issue, burn or capture can be reversed.
    #[n(2)]
    pub reversible_days: u32,
    /// Days that `occurred_at` may lie back.
    #[n(3)]
    pub occurred_past_days: u32,
    /// Seconds that `occurred_at` may lie ahead, for clocks that disagree.
    #[n(4)]
    pub occurred_ahead_s: u32,
    /// Whether members may be given each other's points.
    #[n(5)]
    pub transfer_allowed: bool,
    /// Greatest number of one member's points burned or held in one UTC day.
    #[n(6)]
    pub member_burn_points_per_day: Option<Points>,
    /// Who pays whom once a window is netted.
    #[n(7)]
    pub netting: Netting,
    /// When the house pays.
    #[n(8)]
    pub payout: Payout,
    /// Amounts under this roll forward to the next window. Zero: none do.
    #[n(9)]
    pub payment_minimum: Money,
    /// Business days from netting to the due day of a payment, 0 ..= 366.
    #[n(10)]
    pub payment_days: u32,
    /// Days after stating in which a window can be disputed.
    #[n(11)]
    pub dispute_days: u32,
    /// Days that the counterparty has to answer a dispute.
    #[n(12)]
    pub answer_days: u32,
    /// What silence until then means.
    #[n(13)]
    pub silence: Silence,
}

/// Who pays whom once a window is netted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Netting {
    /// Everyone pays the house or is paid by it: at most one payment for each partner.
    #[n(0)]
    Multilateral,
    /// One payment for each pair of parties.
    #[n(1)]
    Bilateral,
}

/// When the house pays what it owes for a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Payout {
    /// On the due day, whoever has paid: the house bears a default.
    #[n(0)]
    Guaranteed,
    /// Once everything that the house collects for the window was paid.
    #[n(1)]
    WhenCollected,
}

/// What a counterparty's silence about a dispute means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Silence {
    /// It accepts the dispute.
    #[n(0)]
    Accepts,
    /// It rejects the dispute.
    #[n(1)]
    Rejects,
}

impl Netting {
    /// The word used in submissions and statements.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Multilateral => "multilateral",
            Self::Bilateral => "bilateral",
        }
    }
}

impl Payout {
    /// The word used in submissions and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guaranteed => "guaranteed",
            Self::WhenCollected => "when_collected",
        }
    }
}

impl Silence {
    /// Whether a dispute that nobody answered can only be upheld.
    pub fn accepts(self) -> bool {
        self == Self::Accepts
    }

    /// The word used in submissions and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepts => "accepts",
            Self::Rejects => "rejects",
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            life_days: 730,
            grace_days: 30,
            reversible_days: 400,
            occurred_past_days: 400,
            occurred_ahead_s: 600,
            transfer_allowed: false,
            member_burn_points_per_day: None,
            netting: Netting::Multilateral,
            payout: Payout::Guaranteed,
            payment_minimum: Money::default(),
            payment_days: 2,
            dispute_days: 30,
            answer_days: 10,
            silence: Silence::Accepts,
        }
    }
}

/// The greatest number of days any setting may name: a hundred years.
pub const DAYS_MAX: u32 = 36_525;
/// The greatest number of business days from netting to payment.
pub const PAYMENT_DAYS_MAX: u32 = 366;
