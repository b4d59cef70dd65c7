//! `reverse`: takes an issue back, or restores what a burn or capture consumed.

use super::refuse_if;
use crate::domain::effect::MoveKind;
use crate::domain::execute::{Draft, Request};
use crate::domain::ids::Party;
use crate::domain::line::Reason;
use crate::domain::lot::{Lot, LotKey};
use crate::domain::member::Debt;
use crate::domain::points::Points;
use crate::domain::programme::{Clawback, SettlementModel};
use crate::domain::rejection::Rejection;
use crate::domain::submission::Reverse;
use crate::domain::time::Day;
use crate::domain::working_set::{IssueRecord, OpRecord, SpendRecord, Subject};

/// Decides a reversal.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(request: &Request<'_>, op: &Reverse) -> Result<Draft, Rejection> {
    let points = request.check_points(op.points)?;
    let record = request.target(&op.target)?;
    let days = u64::from(request.governance.settings.reversible_days);
    let until = record.accepted_at.plus_seconds(days.saturating_mul(86_400));
    refuse_if(
        request.stamp.accepted_at > until,
        Rejection::TargetNotReversible,
    )?;
    let (mut draft, subject) = match &record.subject {
        Subject::Issue(issue) => take_back(request, issue, points)?,
        Subject::Spend(spend) => restore(request, spend, points)?,
        Subject::Hold(_) | Subject::Payment(_) | Subject::Other => {
            return Err(Rejection::TargetNotReversible);
        }
    };
    draft.target = Some((op.target, Box::new(OpRecord { subject, ..record })));
    Ok(draft)
}

fn check_remaining(all: Points, reversed: Points, asked: Points) -> Result<Points, Rejection> {
    refuse_if(
        asked > all.saturating_sub(reversed),
        Rejection::ExceedsRemaining,
    )?;
    reversed.checked_add(asked).ok_or(Rejection::Overflow)
}

/// Takes back what is left of the lot; the shortage follows the programme's clawback.
fn take_back(
    request: &Request<'_>,
    issue: &IssueRecord,
    asked: Points,
) -> Result<(Draft, Subject), Rejection> {
    let mut reversed = check_remaining(issue.lot.points, issue.reversed, asked)?;
    let member = request.member(&issue.member)?;
    let mut visit = request.visit(issue.member, false, member);
    let of_key = |lot: &Lot| lot.key == issue.lot.key;
    // A slice carries the first op of the lot that it is taken from, which others may have begun.
    let mut slices = Vec::new();
    let mut shortage = asked;
    for lots in [&mut visit.member.lots, &mut visit.member.pending] {
        shortage = lots.take(shortage, of_key, |slice| slices.push(slice));
    }
    let taken = asked.saturating_sub(shortage);
    for slice in slices {
        visit.note(MoveKind::TakenBack, slice);
    }
    match request.governance.programme.clawback {
        Clawback::IssuerBears => {
            // What cannot be taken now stays reversible: a later restore may bring it back.
            refuse_if(taken.is_zero(), Rejection::InsufficientPoints)?;
            reversed = reversed.saturating_sub(shortage);
        }
        Clawback::MemberDebt if shortage.is_zero() => {}
        Clawback::MemberDebt => visit.owe(Debt {
            issuer: issue.lot.key.issuer,
            price_version: issue.lot.key.price_version,
            points: shortage,
        })?,
    }
    let mut draft = Draft::default();
    take_back_lines(request, &issue.lot.key, taken, &mut draft);
    draft.close(visit)?;
    Ok((
        draft,
        Subject::Issue(IssueRecord {
            reversed,
            ..issue.clone()
        }),
    ))
}

fn take_back_lines(request: &Request<'_>, key: &LotKey, taken: Points, draft: &mut Draft) {
    let from_house = (Party::HOUSE, key.issuer);
    if request.governance.programme.settlement_model == SettlementModel::Pool {
        draft.line(from_house, Reason::IssueReversal, key.price_version, taken);
    }
    let row = request.governance.price_row(key.price_version, key.issuer);
    if row.is_some_and(|row| !row.issue_fee.is_zero()) {
        draft.line(
            from_house,
            Reason::IssueFeeReversal,
            key.price_version,
            taken,
        );
    }
}

/// Restores the same slices, newest first, with the later of their expiry and the grace period.
fn restore(
    request: &Request<'_>,
    spend: &SpendRecord,
    asked: Points,
) -> Result<(Draft, Subject), Rejection> {
    let all = Points::sum(spend.slices.iter().map(|slice| slice.points))
        .expect("one op's points are within range");
    let reversed = check_remaining(all, spend.reversed, asked)?;
    let grace_days = request.governance.settings.grace_days;
    let graced = request
        .stamp
        .today
        .plus_days(grace_days)
        .unwrap_or(Day::MAX);
    let member = request.member(&spend.member)?;
    let mut visit = request.visit(spend.member, false, member);
    let mut draft = Draft::default();
    for slice in newest_first(spend, asked) {
        let expires_on = slice.key.expires_on.max(graced);
        // A later expiry makes a new key, whose first op is this one.
        let first = match expires_on == slice.key.expires_on {
            true => slice.first,
            false => request.stamp.at,
        };
        let lot = Lot {
            key: LotKey {
                expires_on,
                ..slice.key
            },
            first,
            points: slice.points,
        };
        visit.note(MoveKind::Restored, lot);
        visit.arrive(lot)?;
        restore_lines(request, spend, &slice, &mut draft);
    }
    draft.close(visit)?;
    Ok((
        draft,
        Subject::Spend(SpendRecord {
            reversed,
            ..spend.clone()
        }),
    ))
}

/// The slices that a reversal of this many points restores: from the last one back, after those
/// that were restored before.
fn newest_first(spend: &SpendRecord, asked: Points) -> Vec<Lot> {
    let mut skip = spend.reversed;
    let mut left = asked;
    let mut slices = Vec::new();
    for slice in spend.slices.iter().rev() {
        let skipped = slice.points.min(skip);
        skip = skip.saturating_sub(skipped);
        let points = slice.points.saturating_sub(skipped).min(left);
        left = left.saturating_sub(points);
        if !points.is_zero() {
            slices.push(Lot { points, ..*slice });
        }
    }
    slices
}

fn restore_lines(request: &Request<'_>, spend: &SpendRecord, slice: &Lot, draft: &mut Draft) {
    let burner = request.author();
    let (creditor, version) = match request.governance.programme.settlement_model {
        SettlementModel::IssuerPays => (slice.key.issuer, slice.key.price_version),
        SettlementModel::Pool => (Party::HOUSE, spend.price_version),
    };
    draft.line(
        (burner, creditor),
        Reason::BurnReversal,
        version,
        slice.points,
    );
    let row = request.governance.price_row(spend.price_version, burner);
    if row.is_some_and(|row| !row.burn_fee.is_zero()) {
        let from_house = (Party::HOUSE, burner);
        draft.line(
            from_house,
            Reason::BurnFeeReversal,
            spend.price_version,
            slice.points,
        );
    }
}
