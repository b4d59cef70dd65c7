//! Rejections: numbered business refusals, recorded in the entry. Never renumbered.
//!
//! Must not: describe a failure of ours; those are errors and never enter the ledger.
//! `schemas/rejections.json` is generated from here; the order of the numbers is the order of the
//! checks.

/// The outcome of an op: applied, or the first rule that refuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "`Rejection::advice` says what each one means")]
pub enum Rejection {
    Applied = 0,
    OpIdReused = 1,
    Duplicate = 2,
    BatchAborted = 3,
    PartnerSuspended = 10,
    OpNotAllowed = 11,
    MemberFrozen = 12,
    MemberUnknown = 13,
    TransferNotAllowed = 14,
    PointsOutOfRange = 20,
    OccurredInFuture = 21,
    OccurredTooLongAgo = 22,
    LotDatesInvalid = 23,
    NoPrice = 24,
    TargetNotFound = 30,
    TargetNotReversible = 32,
    ExceedsRemaining = 33,
    HoldNotActive = 34,
    ExceedsHold = 35,
    InsufficientPoints = 40,
    ExposureLimit = 41,
    VelocityLimit = 42,
    Overflow = 50,
    ApprovalRequired = 60,
    PartnerUnknown = 61,
    KeyExists = 62,
    KeyNotActive = 63,
    KeysInsufficient = 64,
    ScopesNotAllowed = 65,
    ProposalNotOpen = 66,
    ApproverNotOther = 67,
    RulesVersionUnknown = 68,
    ExpireNotDue = 69,
}

impl Rejection {
    /// Every outcome, in the order of the checks.
    pub const ALL: &'static [Self] = &[
        Self::Applied,
        Self::OpIdReused,
        Self::Duplicate,
        Self::BatchAborted,
        Self::PartnerSuspended,
        Self::OpNotAllowed,
        Self::MemberFrozen,
        Self::MemberUnknown,
        Self::TransferNotAllowed,
        Self::PointsOutOfRange,
        Self::OccurredInFuture,
        Self::OccurredTooLongAgo,
        Self::LotDatesInvalid,
        Self::NoPrice,
        Self::TargetNotFound,
        Self::TargetNotReversible,
        Self::ExceedsRemaining,
        Self::HoldNotActive,
        Self::ExceedsHold,
        Self::InsufficientPoints,
        Self::ExposureLimit,
        Self::VelocityLimit,
        Self::Overflow,
        Self::ApprovalRequired,
        Self::PartnerUnknown,
        Self::KeyExists,
        Self::KeyNotActive,
        Self::KeysInsufficient,
        Self::ScopesNotAllowed,
        Self::ProposalNotOpen,
        Self::ApproverNotOther,
        Self::RulesVersionUnknown,
        Self::ExpireNotDue,
    ];

    /// The stable name that the API, docs and logs use.
    pub fn code(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::OpIdReused => "op_id_reused",
            Self::Duplicate => "duplicate",
            Self::BatchAborted => "batch_aborted",
            Self::PartnerSuspended => "partner_suspended",
            Self::OpNotAllowed => "op_not_allowed",
            Self::MemberFrozen => "member_frozen",
            Self::MemberUnknown => "member_unknown",
            Self::TransferNotAllowed => "transfer_not_allowed",
            Self::PointsOutOfRange => "points_out_of_range",
            Self::OccurredInFuture => "occurred_in_future",
            Self::OccurredTooLongAgo => "occurred_too_long_ago",
            Self::LotDatesInvalid => "lot_dates_invalid",
            Self::NoPrice => "no_price",
            Self::TargetNotFound => "target_not_found",
            Self::TargetNotReversible => "target_not_reversible",
            Self::ExceedsRemaining => "exceeds_remaining",
            Self::HoldNotActive => "hold_not_active",
            Self::ExceedsHold => "exceeds_hold",
            Self::InsufficientPoints => "insufficient_points",
            Self::ExposureLimit => "exposure_limit",
            Self::VelocityLimit => "velocity_limit",
            Self::Overflow => "overflow",
            Self::ApprovalRequired => "approval_required",
            Self::PartnerUnknown => "partner_unknown",
            Self::KeyExists => "key_exists",
            Self::KeyNotActive => "key_not_active",
            Self::KeysInsufficient => "keys_insufficient",
            Self::ScopesNotAllowed => "scopes_not_allowed",
            Self::ProposalNotOpen => "proposal_not_open",
            Self::ApproverNotOther => "approver_not_other",
            Self::RulesVersionUnknown => "rules_version_unknown",
            Self::ExpireNotDue => "expire_not_due",
        }
    }

    /// What it means and what the caller should do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Applied => "The op took effect.",
            Self::OpIdReused => {
                "This author used the op id before with other fields; send the op under a new id."
            }
            Self::Duplicate => {
                "This author's op with this id and the same fields was applied before; nothing to do."
            }
            Self::BatchAborted => {
                "Another op of this atomic submission was refused; mend that one and send all again."
            }
            Self::PartnerSuspended => {
                "The partner is suspended: only capture, release and reverse are open; call the house."
            }
            Self::OpNotAllowed => {
                "The author may not send this op: the partner lacks the role, or it is not its to send."
            }
            Self::MemberFrozen => {
                "The member is frozen: no burn, hold or transfer; call the house."
            }
            Self::MemberUnknown => {
                "No points were ever issued or transferred to this member; check the reference."
            }
            Self::TransferNotAllowed => "The programme does not permit transfers between members.",
            Self::PointsOutOfRange => "Points must be an integer from 1 to 9007199254740991.",
            Self::OccurredInFuture => {
                "occurred_at lies in the future; check the clock of the sender."
            }
            Self::OccurredTooLongAgo => {
                "occurred_at lies further back than the programme accepts; call the house."
            }
            Self::LotDatesInvalid => {
                "The dates must run: today ≤ activates_on ≤ expires_on ≤ 9999-12-31."
            }
            Self::NoPrice => {
                "The price list in force has no row for this partner and no default; call the house."
            }
            Self::TargetNotFound => "This author has no applied op with that id; check the id.",
            Self::TargetNotReversible => {
                "Only an issue, burn or capture can be reversed, within the programme's reversible days."
            }
            Self::ExceedsRemaining => {
                "More points than are left to reverse of the target; ask for fewer."
            }
            Self::HoldNotActive => "The hold was captured or released, or its deadline passed.",
            Self::ExceedsHold => "More points than the hold sets aside; capture at most that many.",
            Self::InsufficientPoints => {
                "The member has too few available points; ask for fewer or set allow_partial."
            }
            Self::ExposureLimit => {
                "The issue would lift the issuer's exposure over its limit; settle, or call the house."
            }
            Self::VelocityLimit => {
                "The day's limit of burned points would be passed; try tomorrow, or call the house."
            }
            Self::Overflow => "A total would pass 9007199254740991; call the house.",
            Self::ApprovalRequired => {
                "This op takes two govern keys: send it inside propose, and approve with another key."
            }
            Self::PartnerUnknown => {
                "No such partner is registered in this ledger; register it with partner_set."
            }
            Self::KeyExists => {
                "The key id or the public key was registered before; make a new key under a new id."
            }
            Self::KeyNotActive => "No such key, or it is revoked already.",
            Self::KeysInsufficient => {
                "The house must keep two govern keys and one operate key; add another one first."
            }
            Self::ScopesNotAllowed => {
                "A partner key holds partner scopes, a house key house scopes, and each at least one."
            }
            Self::ProposalNotOpen => {
                "The proposal was approved already or is older than 30 days; propose again."
            }
            Self::ApproverNotOther => {
                "The key that proposed cannot approve; sign with another govern key."
            }
            Self::RulesVersionUnknown => {
                "rules_upgrade names a version that is not later, or not released in this software."
            }
            Self::ExpireNotDue => {
                "up_to must lie before today: a lot is good through its expires_on day."
            }
        }
    }

    /// The outcome with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|rejection| rejection.number() == number)
    }

    /// The number written in the entry.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// Whether the op took effect.
    pub fn is_applied(self) -> bool {
        self == Self::Applied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_rise_and_lead_back_to_their_rejection() {
        assert!(
            Rejection::ALL
                .windows(2)
                .all(|w| w[0].number() < w[1].number())
        );
        for rejection in Rejection::ALL {
            assert_eq!(Rejection::from_number(rejection.number()), Some(*rejection));
        }
    }
}
