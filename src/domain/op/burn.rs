//! `burn`: consumes a member's available lots in burn order.

use super::refuse_if;
use crate::domain::effect::MoveKind;
use crate::domain::execute::{Draft, Request};
use crate::domain::ids::Party;
use crate::domain::line::Reason;
use crate::domain::lot::Lot;
use crate::domain::points::Points;
use crate::domain::price::PriceRow;
use crate::domain::programme::SettlementModel;
use crate::domain::rejection::Rejection;
use crate::domain::submission::Burn;
use crate::domain::working_set::{SpendRecord, Subject};

/// Decides a burn.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(request: &Request<'_>, op: &Burn) -> Result<Draft, Rejection> {
    request.check_not_suspended()?;
    request.check_may_burn()?;
    let member = request.spender(&op.member)?;
    let asked = request.check_points(op.points)?;
    let row = request.price_row()?;
    let mut visit = request.visit(op.member, true, member);
    let available = visit.available();
    let points = if op.allow_partial {
        asked.min(available)
    } else {
        asked
    };
    refuse_if(
        points > available || points.is_zero(),
        Rejection::InsufficientPoints,
    )?;
    let (of_partner, of_member) = request.check_velocity(&visit.member, points)?;
    let slices = visit
        .spend(MoveKind::Burned, points)
        .expect("no more is taken than is available");
    visit.member.burned = of_member;
    let mut draft = Draft {
        burned: Some(of_partner),
        ..Draft::default()
    };
    lines(request, row, &slices, &mut draft);
    draft.subject = Subject::Spend(SpendRecord {
        member: op.member,
        slices,
        price_version: request.governance.price_version(),
        reversed: Points::ZERO,
    });
    draft.close(visit)?;
    Ok(draft)
}

/// The lines of consumed slices: `issuer_pays`, each issuer but the burner itself owes the burner
/// at the version fixed at issue; `pool`, the house owes the burner at the version in force.
pub fn lines(request: &Request<'_>, row: &PriceRow, slices: &[Lot], draft: &mut Draft) {
    let burner = request.author();
    let in_force = request.governance.price_version();
    for slice in slices {
        let (debtor, version) = match request.governance.programme.settlement_model {
            SettlementModel::IssuerPays => (slice.key.issuer, slice.key.price_version),
            SettlementModel::Pool => (Party::HOUSE, in_force),
        };
        draft.line((debtor, burner), Reason::Burn, version, slice.points);
        if !row.burn_fee.is_zero() {
            draft.line(
                (burner, Party::HOUSE),
                Reason::BurnFee,
                in_force,
                slice.points,
            );
        }
    }
}
