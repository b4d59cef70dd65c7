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
    let earlier = op.corrects_entry < request.stamp.at.entry;
    let mut draft = match &op.change {
        Change::Credit(change) => {
            request.member(&change.member)?;
            check_corrected(earlier)?;
            credit(request, change)?
        }
        Change::Debit(change) => {
            request.member(&change.member)?;
            check_corrected(earlier)?;
            debit(request, change)?
        }
        Change::Amount {
            debtor,
            creditor,
            amount,
        } => {
            check_corrected(earlier)?;
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
    draft.governance = Some(governance);
    Ok(draft)
}

fn check_corrected(earlier: bool) -> Result<(), Rejection> {
    refuse_if(!earlier, Rejection::TargetNotFound)
}

fn credit(request: &Request<'_>, change: &PointsChange) -> Result<Draft, Rejection> {
    let points = request.check_points(change.points)?;
    let (activates_on, expires_on) = super::issue::lot_dates(request, None, None)?;
    let issuer = request.governance.parties.get(&change.issuer);
    let issuer = *issuer.ok_or(Rejection::PartnerUnknown)?;
    let price_version = request.governance.price_version();
    let row = request.governance.price_row(price_version, issuer);
    refuse_if(row.is_none(), Rejection::NoPrice)?;
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
    let member = request.member(&change.member)?.clone();
    let mut visit = request.visit(change.member, false, member);
    visit.note(MoveKind::AdjustedIn, lot);
    visit.arrive(lot)?;
    let mut draft = Draft::default();
    draft.close(visit)?;
    Ok(draft)
}

fn debit(request: &Request<'_>, change: &PointsChange) -> Result<Draft, Rejection> {
    let points = request.check_points(change.points)?;
    let issuer = request.governance.parties.get(&change.issuer);
    let issuer = *issuer.ok_or(Rejection::PartnerUnknown)?;
    let member = request.member(&change.member)?.clone();
    let mut visit = request.visit(change.member, false, member);
    let today = request.stamp.today;
    let passes = |lot: &Lot| lot.key.issuer == issuer && lot.key.expires_on >= today;
    let taken = visit.take(MoveKind::AdjustedOut, points, passes);
    refuse_if(taken.is_none(), Rejection::InsufficientPoints)?;
    let mut draft = Draft::default();
    draft.close(visit)?;
    Ok(draft)
}
