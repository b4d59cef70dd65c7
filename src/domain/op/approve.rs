//! `propose`, `approve`: what moves money takes two different govern keys.
//!
//! Must not: decide what a proposal does; that is its action's own file.

use super::{adjust, dispute, keys, ledger_key, price_set, refuse_if, settings, window};
use crate::domain::execute::{Draft, Request};
use crate::domain::governance::{PROPOSAL_LIFE_S, Proposal};
use crate::domain::ids::Reference;
use crate::domain::rejection::Rejection;
use crate::domain::submission::Action;
use crate::domain::working_set::Subject;

/// Decides a proposal: it is kept under the op's id until another key approves it.
///
/// # Errors
/// [`Rejection::OpNotAllowed`] for an action that needs no second key.
pub fn draft_propose(request: &Request<'_>, action: &Action) -> Result<Draft, Rejection> {
    let needs_two = matches!(
        action,
        Action::KeyAdd(_)
            | Action::PriceSet(_)
            | Action::LimitSet(_)
            | Action::ProgrammeSet(_)
            | Action::RulesUpgrade(_)
            | Action::Adjust(_)
            | Action::WindowRelease(_)
            | Action::DisputeResolve(_)
            | Action::LedgerKeyAdd(_)
            | Action::LedgerKeyRetire(_)
    );
    refuse_if(!needs_two, Rejection::OpNotAllowed)?;
    let mut governance = request.governance.clone();
    let at = request.stamp.accepted_at;
    governance
        .proposals
        .retain(|_, proposal| is_open(proposal, request));
    let proposal = Proposal {
        action: action.clone(),
        proposer: request.signer.key,
        at,
    };
    governance.proposals.insert(request.op.id, proposal);
    Ok(Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    })
}

/// Decides an approval: the proposed action takes effect now, checked as of now. If it is refused,
/// the proposal stays open.
///
/// # Errors
/// The first rule that refuses the approval or the action.
pub fn draft_approve(request: &Request<'_>, proposal: &Reference) -> Result<Draft, Rejection> {
    let Some(found) = request.governance.proposals.get(proposal) else {
        let record = request.target(proposal)?;
        return Err(match record.subject {
            Subject::Other => Rejection::ProposalNotOpen,
            _ => Rejection::TargetNotFound,
        });
    };
    refuse_if(!is_open(found, request), Rejection::ProposalNotOpen)?;
    refuse_if(
        found.proposer == request.signer.key,
        Rejection::ApproverNotOther,
    )?;
    let mut governance = request.governance.clone();
    governance.proposals.remove(proposal);
    match &found.action {
        Action::KeyAdd(op) => keys::draft_approved(request, governance, op),
        Action::PriceSet(op) => price_set::draft(governance, op),
        Action::LimitSet(op) => settings::draft_limits(governance, op),
        Action::ProgrammeSet(op) => settings::draft_programme(governance, op),
        Action::RulesUpgrade(version) => settings::draft_rules(governance, *version),
        Action::Adjust(op) => adjust::draft(request, governance, op),
        Action::WindowRelease(number) => window::draft_release(request, governance, *number),
        Action::DisputeResolve(op) => dispute::draft_resolve(request, governance, op),
        Action::LedgerKeyAdd(op) => ledger_key::draft_add(request, governance, op),
        Action::LedgerKeyRetire(op) => ledger_key::draft_retire(request, governance, op),
        _ => unreachable!("nothing else is kept as a proposal"),
    }
}

fn is_open(proposal: &Proposal, request: &Request<'_>) -> bool {
    request.stamp.accepted_at <= proposal.at.plus_seconds(PROPOSAL_LIFE_S)
}
