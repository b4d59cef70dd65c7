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
    WindowNotOpen = 70,
    WindowDaysInvalid = 71,
    WindowUnknown = 72,
    WindowHeld = 73,
    WindowNotCut = 74,
    WindowOutOfOrder = 75,
    WindowNotHeld = 76,
    WindowNotNetted = 77,
    StatementsMismatch = 78,
    WindowNotStated = 79,
    PaymentUnknown = 80,
    PaymentNotOpen = 81,
    PaymentMismatch = 82,
    CollectionOpen = 83,
    PaymentNotConfirmed = 84,
    DisputeTooLate = 85,
    DisputedUnknown = 86,
    DisputeUnknown = 87,
    DisputeNotOpen = 88,
    AnswerTooLate = 89,
    AnswerPending = 90,
    AlreadyAcknowledged = 91,
    DisputeAccepted = 92,
    LedgerKeysInForce = 93,
}

/// Every outcome with its code and advice, in the order of the numbers and of the checks.
const TABLE: &[(Rejection, &str, &str)] = &[
    (Rejection::Applied, "applied", "The op took effect."),
    (
        Rejection::OpIdReused,
        "op_id_reused",
        "This author used the op id before with other fields; send the op under a new id.",
    ),
    (
        Rejection::Duplicate,
        "duplicate",
        "This author's op with this id and the same fields was applied before; nothing to \
         do.",
    ),
    (
        Rejection::BatchAborted,
        "batch_aborted",
        "Another op of this atomic submission was refused; mend that one and send all \
         again.",
    ),
    (
        Rejection::PartnerSuspended,
        "partner_suspended",
        "The partner is suspended: only capture, release and reverse are open; call the \
         house.",
    ),
    (
        Rejection::OpNotAllowed,
        "op_not_allowed",
        "The author may not send this op: the partner lacks the role, or it is not its to \
         send.",
    ),
    (
        Rejection::MemberFrozen,
        "member_frozen",
        "The member is frozen: no burn, hold or transfer; call the house.",
    ),
    (
        Rejection::MemberUnknown,
        "member_unknown",
        "No points were ever issued or transferred to this member; check the reference.",
    ),
    (
        Rejection::TransferNotAllowed,
        "transfer_not_allowed",
        "The programme does not permit transfers between members.",
    ),
    (
        Rejection::PointsOutOfRange,
        "points_out_of_range",
        "Points must be an integer from 1 to 9007199254740991.",
    ),
    (
        Rejection::OccurredInFuture,
        "occurred_in_future",
        "occurred_at lies in the future; check the clock of the sender.",
    ),
    (
        Rejection::OccurredTooLongAgo,
        "occurred_too_long_ago",
        "occurred_at lies further back than the programme accepts; call the house.",
    ),
    (
        Rejection::LotDatesInvalid,
        "lot_dates_invalid",
        "The dates must run: today ≤ activates_on ≤ expires_on ≤ 9999-12-31.",
    ),
    (
        Rejection::NoPrice,
        "no_price",
        "The price list in force has no row for this partner and no default; call the \
         house.",
    ),
    (
        Rejection::TargetNotFound,
        "target_not_found",
        "This author has no applied op with that id; check the id.",
    ),
    (
        Rejection::TargetNotReversible,
        "target_not_reversible",
        "Only an issue, burn or capture can be reversed, within the programme's \
         reversible days.",
    ),
    (
        Rejection::ExceedsRemaining,
        "exceeds_remaining",
        "More points than are left to reverse of the target; ask for fewer.",
    ),
    (
        Rejection::HoldNotActive,
        "hold_not_active",
        "The hold was captured or released, or its deadline passed.",
    ),
    (
        Rejection::ExceedsHold,
        "exceeds_hold",
        "More points than the hold sets aside; capture at most that many.",
    ),
    (
        Rejection::InsufficientPoints,
        "insufficient_points",
        "The member has too few available points; ask for fewer or set allow_partial.",
    ),
    (
        Rejection::ExposureLimit,
        "exposure_limit",
        "The issue would lift the issuer's exposure over its limit; settle, or call the \
         house.",
    ),
    (
        Rejection::VelocityLimit,
        "velocity_limit",
        "The day's limit of burned points would be passed; try tomorrow, or call the \
         house.",
    ),
    (
        Rejection::Overflow,
        "overflow",
        "A total would pass 9007199254740991, a member 5,000 lots, or the submission 20,000 moved \
         slices; send fewer ops at once, or call the house.",
    ),
    (
        Rejection::ApprovalRequired,
        "approval_required",
        "This op takes two govern keys: send it inside propose, and approve with another \
         key.",
    ),
    (
        Rejection::PartnerUnknown,
        "partner_unknown",
        "No such partner is registered in this ledger; register it with partner_set.",
    ),
    (
        Rejection::KeyExists,
        "key_exists",
        "The key id or the public key was registered before; make a new key under a new \
         id.",
    ),
    (
        Rejection::KeyNotActive,
        "key_not_active",
        "No such key, or it is revoked already.",
    ),
    (
        Rejection::KeysInsufficient,
        "keys_insufficient",
        "The house must keep two govern keys, one operate key and one ledger key; add another one \
         first.",
    ),
    (
        Rejection::ScopesNotAllowed,
        "scopes_not_allowed",
        "A partner key holds partner scopes, a house key house scopes, and each at least \
         one.",
    ),
    (
        Rejection::ProposalNotOpen,
        "proposal_not_open",
        "The proposal was approved already or is older than 30 days; propose again.",
    ),
    (
        Rejection::ApproverNotOther,
        "approver_not_other",
        "The key that proposed cannot approve; sign with another govern key.",
    ),
    (
        Rejection::RulesVersionUnknown,
        "rules_version_unknown",
        "rules_upgrade names a version that is not later, or not released in this \
         software.",
    ),
    (
        Rejection::ExpireNotDue,
        "expire_not_due",
        "up_to must lie before today: a lot is good through its expires_on day.",
    ),
    (
        Rejection::WindowNotOpen,
        "window_not_open",
        "The window is not the open one; GET /windows says which one is.",
    ),
    (
        Rejection::WindowDaysInvalid,
        "window_days_invalid",
        "last_day must not lie before the window's first day, nor after today.",
    ),
    (
        Rejection::WindowUnknown,
        "window_unknown",
        "There is no such window; GET /windows lists them.",
    ),
    (
        Rejection::WindowHeld,
        "window_held",
        "The window is held because two computations of its lines differ; find out why, then \
         release it with window_release.",
    ),
    (
        Rejection::WindowNotCut,
        "window_not_cut",
        "The window is still open, or was netted already; only a window that is cut can be netted.",
    ),
    (
        Rejection::WindowOutOfOrder,
        "window_out_of_order",
        "An earlier window is not netted yet; net windows in their order.",
    ),
    (
        Rejection::WindowNotHeld,
        "window_not_held",
        "The window is not held; there is nothing to release.",
    ),
    (
        Rejection::WindowNotNetted,
        "window_not_netted",
        "The window is not netted yet, or was stated already; only a netted window can be stated.",
    ),
    (
        Rejection::StatementsMismatch,
        "statements_mismatch",
        "count must be the number of partners at netting; write the statements again.",
    ),
    (
        Rejection::WindowNotStated,
        "window_not_stated",
        "The statements of this window are not issued yet.",
    ),
    (
        Rejection::PaymentUnknown,
        "payment_unknown",
        "No payment between these parties belongs to this window; check window, debtor and \
         creditor.",
    ),
    (
        Rejection::PaymentNotOpen,
        "payment_not_open",
        "The payment was confirmed already.",
    ),
    (
        Rejection::PaymentMismatch,
        "payment_mismatch",
        "Currency, amount or reference differs from the payment asked for; confirm exactly what \
         the statement says.",
    ),
    (
        Rejection::CollectionOpen,
        "collection_open",
        "The programme pays when collected, and not everything was collected for this window yet.",
    ),
    (
        Rejection::PaymentNotConfirmed,
        "payment_not_confirmed",
        "The payment is open: it was returned already.",
    ),
    (
        Rejection::DisputeTooLate,
        "dispute_too_late",
        "The programme's days to dispute a statement have passed; call the house.",
    ),
    (
        Rejection::DisputedUnknown,
        "disputed_unknown",
        "The window holds no such line with this partner, or no such entry; check the statement.",
    ),
    (
        Rejection::DisputeUnknown,
        "dispute_unknown",
        "There is no such dispute with this partner; name the entry and op that opened it.",
    ),
    (
        Rejection::DisputeNotOpen,
        "dispute_not_open",
        "The dispute was answered or resolved already.",
    ),
    (
        Rejection::AnswerTooLate,
        "answer_too_late",
        "The programme's days to answer a dispute have passed; the house resolves it.",
    ),
    (
        Rejection::AnswerPending,
        "answer_pending",
        "The counterparty still has time to answer this dispute; resolve it after that.",
    ),
    (
        Rejection::AlreadyAcknowledged,
        "already_acknowledged",
        "This partner acknowledged its statement of this window before; nothing to do.",
    ),
    (
        Rejection::DisputeAccepted,
        "dispute_accepted",
        "The counterparty accepted the dispute, or its silence counts as that: it can only be \
         upheld.",
    ),
    (
        Rejection::LedgerKeysInForce,
        "ledger_keys_in_force",
        "Two ledger keys are in force already; retire one of them first.",
    ),
];

impl Rejection {
    /// Every outcome, in the order of the checks.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(rejection, ..)| *rejection)
    }

    /// The stable name that the API, docs and logs use.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// What it means and what the caller should do.
    pub fn advice(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> &'static (Self, &'static str, &'static str) {
        let row = TABLE.iter().find(|(rejection, ..)| *rejection == self);
        row.expect("the table holds every outcome")
    }

    /// The outcome with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::all().find(|rejection| rejection.number() == number)
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
        let all: Vec<Rejection> = Rejection::all().collect();
        assert!(
            all.windows(2)
                .all(|pair| pair[0].number() < pair[1].number())
        );
        for rejection in all {
            assert_eq!(Rejection::from_number(rejection.number()), Some(rejection));
        }
    }
}
