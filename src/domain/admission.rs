//! Admission: what the writer decides about a whole submission, at its time and index.
//!
//! Must not: look at ops beyond the scopes they need. An audit decides the same again.

use super::execute::Signer;
use super::governance::Governance;
use super::ids::Party;
use super::scope::Scope;
use super::submission::{Action, Submission};
use super::time::Micros;

/// How long ahead `valid_until` may lie: 24 hours.
pub const VALIDITY_S_MAX: u64 = 24 * 3600;

/// Why a submission is not accepted. These are errors: nothing enters the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The key was revoked, or its waiting time is not over.
    #[error("the key is not valid now: it was revoked, or it is not good yet; sign with another")]
    KeyNotValid,
    /// The key lacks a scope that an op needs, or no key of this author may ever send it.
    #[error("the key lacks the scope {}, which {op} needs; sign with another", scope.as_str())]
    ScopeMissing {
        /// The op's kind.
        op: &'static str,
        /// The scope it needs.
        scope: Scope,
    },
    /// `valid_until` has passed.
    #[error("valid_until has passed; sign the submission again with a later one")]
    EnvelopeExpired,
    /// `valid_until` is more than 24 hours ahead.
    #[error("valid_until lies more than 24 hours ahead; sign again with an earlier one")]
    EnvelopeValidTooLong,
}

/// Decides whether a submission of a known author, not seen before, may be executed now.
///
/// # Errors
/// The first [`Refusal`] in their order.
pub fn admit(
    governance: &Governance,
    signer: &Signer,
    submission: &Submission,
    accepted_at: Micros,
) -> Result<(), Refusal> {
    let key = governance.key(signer.party, &signer.key);
    let key = key
        .filter(|key| key.is_valid_at(accepted_at))
        .ok_or(Refusal::KeyNotValid)?;
    for op in &submission.ops {
        let scope = scope_needed(&op.action, signer.party);
        if !key.scopes.contains(scope) {
            return Err(Refusal::ScopeMissing {
                op: op.action.kind(),
                scope,
            });
        }
    }
    if submission.valid_until < accepted_at {
        return Err(Refusal::EnvelopeExpired);
    }
    if submission.valid_until > accepted_at.plus_seconds(VALIDITY_S_MAX) {
        return Err(Refusal::EnvelopeValidTooLong);
    }
    Ok(())
}

/// The scope that an op needs of its author's key. A scope of the other side is one that no key of
/// the author can hold.
pub fn scope_needed(action: &Action, author: Party) -> Scope {
    match action {
        Action::Issue(_)
        | Action::Burn(_)
        | Action::Hold(_)
        | Action::Capture(_)
        | Action::Release(_)
        | Action::Reverse(_) => Scope::Submit,
        Action::Transfer(_) => Scope::Transfer,
        Action::KeyAdd(_) | Action::KeyRevoke(_) if !author.is_house() => Scope::Manage,
        Action::DisputeOpen(_) | Action::StatementAcknowledge(_) => Scope::Statements,
        Action::DisputeAnswer(_) if !author.is_house() => Scope::Statements,
        Action::MemberFreeze(_)
        | Action::MemberUnfreeze(_)
        | Action::Expire(_)
        | Action::CutWindow(_)
        | Action::NetWindow(_)
        | Action::IssueStatements(_)
        | Action::DisputeAnswer(_) => Scope::Operate,
        Action::ConfirmPayment(_) | Action::PaymentReturned(_) => Scope::Pay,
        Action::KeyAdd(_)
        | Action::KeyRevoke(_)
        | Action::Found(_)
        | Action::PartnerSet(_)
        | Action::PriceSet(_)
        | Action::LimitSet(_)
        | Action::ProgrammeSet(_)
        | Action::RulesUpgrade(_)
        | Action::Adjust(_)
        | Action::WindowRelease(_)
        | Action::DisputeResolve(_)
        | Action::LedgerKeyAdd(_)
        | Action::LedgerKeyRetire(_)
        | Action::Propose(_)
        | Action::Approve(_) => Scope::Govern,
    }
}
