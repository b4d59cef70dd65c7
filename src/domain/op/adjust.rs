//! `adjust`: corrects a member's points or an amount between parties, approved by two govern keys.
//!
//! A correction of points writes no line by itself; where money follows, the same submission
//! carries an adjustment of the amount too.

use super::refuse_if;
use crate::domain::effect::MoveKind;
use crate::domain::execute::{Draft, Request};
use crate::domain::governance::Governance;
use crate::domain::line::{LineMove, LineTotal, Reason};
use crate::domain::lot::{Lot, LotKey};
use crate::domain::rejection::Rejection;
use crate::domain::submission::{Adjust, Change, PointsChange};

/// Decides an approved adjustment.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(
    request: &Request<'_>,
    governance: Governance,
    op: &Adjust,
) -> Result<Draft, Rejection> {
    let mut draft = match &op.change {
        Change::Credit(change) => credit(request, op, change)?,
        Change::Debit(change) => debit(request, op, change)?,
        Change::Amount {
            debtor,
            creditor,
            amount,
        } => {
            check_corrected(request, op)?;
            let debtor = governance.party(debtor).ok_or(Rejection::PartnerUnknown)?;
            let creditor = governance
                .party(creditor)
                .ok_or(Rejection::PartnerUnknown)?;
            let mut draft = Draft::default();
            draft.applied.lines.push(LineMove {
                debtor,
                creditor,
                reason: Reason::Adjustment,
                price_version: 0,
                total: LineTotal::Amount(*amount),
            });
            draft
        }
    };
    draft.governance = Some(governance.into());
    Ok(draft)
}

fn check_corrected(request: &Request<'_>, op: &Adjust) -> Result<(), Rejection> {
    refuse_if(
        op.corrects_entry >= request.stamp.at.entry,
        Rejection::TargetNotFound,
    )
}

fn credit(request: &Request<'_>, op: &Adjust, change: &PointsChange) -> Result<Draft, Rejection> {
    let member = request.member(&change.member)?;
    let points = request.check_points(change.points)?;
    let (activates_on, expires_on) = super::issue::lot_dates(request, None, None)?;
    let issuer = request.governance.parties.get(&change.issuer).copied();
    let price_version = request.governance.price_version();
    let unpriced = |party| request.governance.price_row(price_version, party).is_none();
    refuse_if(issuer.is_some_and(unpriced), Rejection::NoPrice)?;
    check_corrected(request, op)?;
    let issuer = issuer.ok_or(Rejection::PartnerUnknown)?;
    let lot = Lot {
        key: LotKey {
            issuer,
            issued_on: request.stamp.today,
            activates_on,
            expires_on,
            price_version,
        },
        first: request.stamp.at,
        points,
    };
    let mut visit = request.visit(change.member, false, member);
    visit.note(MoveKind::AdjustedIn, lot);
    visit.arrive(lot)?;
    let mut draft = Draft::default();
    draft.close(visit)?;
    Ok(draft)
}

fn debit(request: &Request<'_>, op: &Adjust, change: &PointsChange) -> Result<Draft, Rejection> {
    let member = request.member(&change.member)?;
    let points = request.check_points(change.points)?;
    check_corrected(request, op)?;
    let issuer = request.governance.parties.get(&change.issuer).copied();
    let mut visit = request.visit(change.member, false, member);
    let today = request.stamp.today;
    let passes = |lot: &Lot| Some(lot.key.issuer) == issuer && lot.key.expires_on >= today;
    let taken = visit.take(MoveKind::AdjustedOut, points, passes);
    refuse_if(
        issuer.is_some() && taken.is_none(),
        Rejection::InsufficientPoints,
    )?;
    refuse_if(issuer.is_none(), Rejection::PartnerUnknown)?;
    let mut draft = Draft::default();
    draft.close(visit)?;
    Ok(draft)
}
