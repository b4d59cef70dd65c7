//! `capture`: burns points of the author's hold, oldest first, and releases the rest.

use super::refuse_if;
use crate::domain::effect::MoveKind;
use crate::domain::execute::{Draft, Request};
use crate::domain::lot::Lot;
use crate::domain::points::Points;
use crate::domain::rejection::Rejection;
use crate::domain::submission::Capture;
use crate::domain::working_set::{SpendRecord, Subject};

/// Decides a capture. It is open to a suspended partner and for a frozen member: the goods may be
/// gone already.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(request: &Request<'_>, op: &Capture) -> Result<Draft, Rejection> {
    let points = request.check_points(op.points)?;
    let row = request.price_row()?;
    let (at, mut visit) = request.held(&op.hold)?;
    let place = visit.member.holds.iter().position(|hold| hold.at == at);
    let place = place.ok_or(Rejection::HoldNotActive)?;
    let held = Points::sum(
        visit.member.holds[place]
            .slices
            .iter()
            .map(|slice| slice.points),
    )
    .expect("a member's points are within range");
    refuse_if(points > held, Rejection::ExceedsHold)?;
    let hold = visit.member.holds.remove(place);
    let mut left = points;
    let mut burned = Vec::with_capacity(hold.slices.len());
    for slice in hold.slices {
        let part = slice.points.min(left);
        left = left.saturating_sub(part);
        if !part.is_zero() {
            let slice = Lot {
                points: part,
                ..slice
            };
            visit.note(MoveKind::Captured, slice);
            burned.push(slice);
        }
        let rest = slice.points.saturating_sub(part);
        if !rest.is_zero() {
            visit.give_back(
                MoveKind::Released,
                Lot {
                    points: rest,
                    ..slice
                },
            );
        }
    }
    let mut draft = Draft::default();
    super::burn::lines(request, row, &burned, &mut draft);
    draft.subject = Subject::Spend(SpendRecord {
        member: visit.id,
        slices: burned,
        price_version: request.governance.price_version(),
        reversed: Points::ZERO,
    });
    draft.close(visit)?;
    Ok(draft)
}
