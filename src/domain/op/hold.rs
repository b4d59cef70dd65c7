//! `hold`: sets a member's available points aside until captured, released or lapsed.

use super::refuse_if;
use crate::domain::effect::MoveKind;
use crate::domain::execute::{Draft, Request};
use crate::domain::member;
use crate::domain::rejection::Rejection;
use crate::domain::submission::Hold;
use crate::domain::working_set::Subject;

/// Decides a hold. It counts against the day's velocity limits now, so that a capture, for which
/// goods may be gone already, never has to be refused for them.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(request: &Request<'_>, op: &Hold) -> Result<Draft, Rejection> {
    request.check_not_suspended()?;
    request.check_may_burn()?;
    let member = request.spender(&op.member)?;
    let points = request.check_points(op.points)?;
    request.price_row()?;
    let mut visit = request.visit(op.member, true, member);
    refuse_if(points > visit.available(), Rejection::InsufficientPoints)?;
    let (of_partner, of_member) = request.check_velocity(&visit.member, points)?;
    let slices = visit
        .spend(MoveKind::Held, points)
        .expect("no more is taken than is available");
    visit.member.burned = of_member;
    visit.member.add_hold(member::Hold {
        at: request.stamp.at,
        deadline: request.stamp.accepted_at.plus_seconds(op.ttl_s),
        slices,
    });
    let mut draft = Draft {
        burned: Some(of_partner),
        ..Draft::default()
    };
    draft.subject = Subject::Hold(op.member);
    draft.close(visit)?;
    Ok(draft)
}
