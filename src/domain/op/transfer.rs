//! `transfer`: moves points to another member, slices whole.

use super::refuse_if;
use crate::domain::effect::MoveKind;
use crate::domain::execute::{Draft, Request};
use crate::domain::rejection::Rejection;
use crate::domain::submission::Transfer;

/// Decides a transfer. Each slice keeps issuer, dates and price version.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(request: &Request<'_>, op: &Transfer) -> Result<Draft, Rejection> {
    request.check_not_suspended()?;
    request.check_may_burn()?;
    let to = request.set.members.get(&op.to);
    refuse_if(
        to.as_ref().is_some_and(|member| member.frozen),
        Rejection::MemberFrozen,
    )?;
    let from = request.spender(&op.from)?;
    let allowed = request.governance.settings.transfer_allowed;
    refuse_if(!allowed, Rejection::TransferNotAllowed)?;
    let points = request.check_points(op.points)?;
    let mut giver = request.visit(op.from, true, from.clone());
    let mut taker = request.visit(op.to, true, to.unwrap_or_default());
    let slices = giver.spend(MoveKind::TransferredOut, points);
    for slice in slices.ok_or(Rejection::InsufficientPoints)? {
        taker.note(MoveKind::TransferredIn, slice);
        taker.arrive(slice)?;
    }
    let mut draft = Draft::default();
    draft.close(giver)?;
    draft.close(taker)?;
    Ok(draft)
}
