//! `release`: gives the points of the author's hold back.

use crate::domain::effect::MoveKind;
use crate::domain::execute::{Draft, Request};
use crate::domain::rejection::Rejection;
use crate::domain::submission::Release;

/// Decides a release.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft(request: &Request<'_>, op: &Release) -> Result<Draft, Rejection> {
    request.check_occurred()?;
    let (at, mut visit) = request.held(&op.hold)?;
    let place = visit.member.holds.iter().position(|hold| hold.at == at);
    let place = place.ok_or(Rejection::HoldNotActive)?;
    for slice in visit.member.holds.remove(place).slices {
        visit.give_back(MoveKind::Released, slice);
    }
    let mut draft = Draft::default();
    draft.close(visit)?;
    Ok(draft)
}
