//! `dispute_open`, `dispute_answer`, `dispute_resolve`, `statement_acknowledge`: what partners make
//! of their statements.
//!
//! Must not: change a stated position. An upheld dispute posts its remedy in the open window.

use super::refuse_if;
use crate::domain::dispute::{ClearingKey, ClearingRecord, Dispute, DisputeState};
use crate::domain::effect::Given;
use crate::domain::execute::{Draft, Request};
use crate::domain::governance::Governance;
use crate::domain::ids::{OpAt, Party};
use crate::domain::line::{LineKey, LineMove, LineTotal, Reason};
use crate::domain::rejection::Rejection;
use crate::domain::submission::{DisputeAnswer, DisputeOpen, DisputeResolve, Disputed, Remedy};
use crate::domain::time::Day;
use crate::domain::window::{Window, WindowState};

/// The line that an opening names; nothing if it names parties that are not known.
pub fn disputed_line(governance: &Governance, op: &DisputeOpen) -> Option<LineKey> {
    let Disputed::Line {
        debtor,
        creditor,
        reason,
        price_version,
    } = &op.about
    else {
        return None;
    };
    Some(LineKey {
        window: op.window,
        debtor: governance.party(debtor)?,
        creditor: governance.party(creditor)?,
        reason: *reason,
        price_version: *price_version,
    })
}

/// Decides an opening.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_open(request: &Request<'_>, op: &DisputeOpen) -> Result<Draft, Rejection> {
    let window = stated(request, op.window)?;
    let today = request.stamp.today;
    let late = window.dispute_until.is_some_and(|until| today > until);
    refuse_if(late, Rejection::DisputeTooLate)?;
    let counterparty = counterparty(request, op, window).ok_or(Rejection::DisputedUnknown)?;
    let days = request.governance.settings.answer_days;
    let answer_by = today.plus_days(days).unwrap_or(Day::MAX);
    let dispute = Dispute {
        window: op.window,
        opened_by: request.author(),
        counterparty,
        reason: op.reason,
        evidence_sha256: op.evidence_sha256,
        answer_by,
        state: DisputeState::Open,
    };
    let mut draft = keep(request.stamp.at, dispute);
    draft.applied.given = Some(Given::AnswerBy(counterparty, answer_by));
    Ok(draft)
}

/// Who is on the other side of what is disputed: of a line its other party, of an op the house.
fn counterparty(request: &Request<'_>, op: &DisputeOpen, window: &Window) -> Option<Party> {
    let author = request.author();
    if !window.concerns(author) {
        return None;
    }
    if let Disputed::Op(at) = &op.about {
        let last = window.cut.map(|cut| cut.entry)?;
        let within = at.entry >= window.first_entry && at.entry <= last;
        return within.then_some(Party::HOUSE);
    }
    let line = disputed_line(request.governance, op)?;
    if !window.concerns(line.debtor) || !window.concerns(line.creditor) {
        return None;
    }
    request.set.clearing.get(&ClearingKey::Line(line))?;
    match (line.debtor == author, line.creditor == author) {
        (true, _) => Some(line.creditor),
        (_, true) => Some(line.debtor),
        _ => None,
    }
}

/// Decides an answer of the counterparty.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_answer(request: &Request<'_>, op: &DisputeAnswer) -> Result<Draft, Rejection> {
    let mut dispute = dispute(request, op.dispute)?;
    let is_asked = dispute.counterparty == request.author();
    refuse_if(!is_asked, Rejection::DisputeUnknown)?;
    refuse_if(
        dispute.state != DisputeState::Open,
        Rejection::DisputeNotOpen,
    )?;
    let late = request.stamp.today > dispute.answer_by;
    refuse_if(late, Rejection::AnswerTooLate)?;
    dispute.state = match op.accepted {
        true => DisputeState::Accepted,
        false => DisputeState::Rejected,
    };
    Ok(keep(op.dispute, dispute))
}

/// Decides an approved resolution. Without an answer it has to wait until the time to answer is
/// over.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_resolve(
    request: &Request<'_>,
    governance: Governance,
    op: &DisputeResolve,
) -> Result<Draft, Rejection> {
    let remedy = op.upheld.as_ref();
    let line = remedy.map(|r| remedy_line(&governance, r)).transpose()?;
    let mut dispute = dispute(request, op.dispute)?;
    refuse_if(dispute.state.is_resolved(), Rejection::DisputeNotOpen)?;
    let waits = dispute.state == DisputeState::Open && request.stamp.today <= dispute.answer_by;
    refuse_if(waits, Rejection::AnswerPending)?;
    let silent = dispute.state == DisputeState::Open && governance.settings.silence.accepts();
    let accepted = silent || dispute.state == DisputeState::Accepted;
    refuse_if(accepted && remedy.is_none(), Rejection::DisputeAccepted)?;
    dispute.state = match remedy {
        Some(_) => DisputeState::Upheld,
        None => DisputeState::Dismissed,
    };
    let mut draft = keep(op.dispute, dispute);
    draft.applied.lines.extend(line);
    draft.governance = Some(governance.into());
    Ok(draft)
}

fn remedy_line(governance: &Governance, remedy: &Remedy) -> Result<LineMove, Rejection> {
    let party = |name| governance.party(name).ok_or(Rejection::PartnerUnknown);
    Ok(LineMove {
        debtor: party(&remedy.debtor)?,
        creditor: party(&remedy.creditor)?,
        reason: Reason::Adjustment,
        price_version: 0,
        total: LineTotal::Amount(remedy.amount),
    })
}

/// Decides an acknowledgement.
///
/// # Errors
/// [`Rejection::WindowUnknown`], [`Rejection::WindowNotStated`],
/// [`Rejection::AlreadyAcknowledged`].
pub fn draft_acknowledge(request: &Request<'_>, number: u32) -> Result<Draft, Rejection> {
    let window = stated(request, number)?;
    refuse_if(
        !window.concerns(request.author()),
        Rejection::WindowNotStated,
    )?;
    let key = ClearingKey::Acknowledgement(number, request.author());
    let before = request.set.clearing.get(&key).is_some();
    refuse_if(before, Rejection::AlreadyAcknowledged)?;
    let mut draft = Draft::default();
    let record = ClearingRecord::Acknowledgement(request.stamp.at);
    draft.clearing().records.push((key, record));
    Ok(draft)
}

fn stated<'a>(request: &Request<'a>, number: u32) -> Result<&'a Window, Rejection> {
    let window = request.set.windows.get(number);
    let window = window.ok_or(Rejection::WindowUnknown)?;
    let stated = window.state == WindowState::Stated;
    refuse_if(!stated, Rejection::WindowNotStated)?;
    Ok(window)
}

fn dispute(request: &Request<'_>, at: OpAt) -> Result<Dispute, Rejection> {
    match request.set.clearing.get(&ClearingKey::Dispute(at)) {
        Some(ClearingRecord::Dispute(dispute)) => Ok(dispute.clone()),
        _ => Err(Rejection::DisputeUnknown),
    }
}

fn keep(at: OpAt, dispute: Dispute) -> Draft {
    let mut draft = Draft::default();
    let record = (ClearingKey::Dispute(at), ClearingRecord::Dispute(dispute));
    draft.clearing().records.push(record);
    draft
}
