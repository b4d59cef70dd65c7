//! `issue`: makes a lot owed by the author.

use super::refuse_if;
use crate::domain::books::exposure;
use crate::domain::effect::MoveKind;
use crate::domain::execute::{Draft, Request};
use crate::domain::ids::Party;
use crate::domain::line::{LineMove, Reason};
use crate::domain::lot::{Lot, LotKey};
use crate::domain::points::Points;
use crate::domain::price::PriceRow;
use crate::domain::programme::SettlementModel;
use crate::domain::rejection::Rejection;
use crate::domain::submission::Issue;
use crate::domain::time::Day;
use crate::domain::working_set::{IssueRecord, Subject};

/// Decides an issue.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(request: &Request<'_>, op: &Issue) -> Result<Draft, Rejection> {
    request.check_not_suspended()?;
    let partner = request.governance.partner(request.author());
    refuse_if(
        !partner.is_some_and(|p| p.roles.issue),
        Rejection::OpNotAllowed,
    )?;
    let points = request.check_points(op.points)?;
    let (activates_on, expires_on) = lot_dates(request, op.activates_on, op.expires_on)?;
    let row = request.price_row()?;
    let lot = Lot {
        key: LotKey {
            issuer: request.author(),
            issued_on: request.stamp.today,
            activates_on,
            expires_on,
            price_version: request.governance.price_version(),
        },
        first: request.stamp.at,
        points,
    };
    let mut draft = Draft::default();
    lines(request, row, points, &mut draft);
    let member = request.set.members.get(&op.member).unwrap_or_default();
    let mut visit = request.visit(op.member, true, member);
    visit.note(MoveKind::Issued, lot);
    if activates_on > request.stamp.today {
        visit.member.pending.add(lot).ok_or(Rejection::Overflow)?;
    } else {
        visit.arrive(lot)?;
    }
    draft.subject = Subject::Issue(IssueRecord {
        member: op.member,
        lot,
        reversed: Points::ZERO,
    });
    check_exposure(request, row, points, &draft)?;
    draft.close(visit)?;
    Ok(draft)
}

/// The dates of a new lot: today ≤ activates_on ≤ expires_on ≤ 9999-12-31.
///
/// # Errors
/// [`Rejection::LotDatesInvalid`] if they do not run so.
pub fn lot_dates(
    request: &Request<'_>,
    activates_on: Option<Day>,
    expires_on: Option<Day>,
) -> Result<(Day, Day), Rejection> {
    let today = request.stamp.today;
    let activates_on = activates_on.unwrap_or(today);
    let by_default = || activates_on.plus_days(request.governance.settings.life_days);
    let expires_on = expires_on
        .or_else(by_default)
        .ok_or(Rejection::LotDatesInvalid)?;
    let run = today <= activates_on && activates_on <= expires_on && expires_on <= Day::MAX;
    refuse_if(!run, Rejection::LotDatesInvalid)?;
    Ok((activates_on, expires_on))
}

fn lines(request: &Request<'_>, row: &PriceRow, points: Points, draft: &mut Draft) {
    let version = request.governance.price_version();
    let to_house = (request.author(), Party::HOUSE);
    if request.governance.programme.settlement_model == SettlementModel::Pool {
        draft.line(to_house, Reason::Issue, version, points);
    }
    if !row.issue_fee.is_zero() {
        draft.line(to_house, Reason::IssueFee, version, points);
    }
}

/// Refuses an issue that would lift the issuer's exposure over its limit: its own lines count, and
/// the points themselves where issuers pay at the burn. What of them repays debts at once counts
/// too: the limit is about the issue, not about the member it goes to.
fn check_exposure(
    request: &Request<'_>,
    row: &PriceRow,
    points: Points,
    draft: &Draft,
) -> Result<(), Rejection> {
    let partner = request.governance.partner(request.author());
    let Some(limit) = partner.and_then(|partner| partner.limit.exposure) else {
        return Ok(());
    };
    let scale = request.governance.programme.point_scale;
    let limit = limit.to_exact(scale).ok_or(Rejection::ExposureLimit)?;
    let own_net = request.set.books.party(request.author()).net_exact;
    let debit_of = |line: &LineMove| {
        crate::domain::books::exact_amount(request.governance, line).unwrap_or(i128::MAX)
    };
    let fees = draft
        .applied
        .lines
        .iter()
        .map(debit_of)
        .fold(0, i128::saturating_add);
    let before = own_net.saturating_neg().max(0);
    let after = own_net.saturating_neg().saturating_add(fees).max(0);
    let worth = match request.governance.programme.settlement_model {
        SettlementModel::IssuerPays => row.burn_price.exact_worth(points),
        SettlementModel::Pool => 0,
    };
    let exposure = exposure(request.governance, &request.set.books, request.author())
        .saturating_add(after.saturating_sub(before))
        .saturating_add(worth);
    refuse_if(exposure > limit, Rejection::ExposureLimit)
}
