//! `member_freeze`, `member_unfreeze`: stops a member's burns, holds and transfers, or lets them
//! go on. Either may be said twice.

use crate::domain::execute::{Draft, Request};
use crate::domain::ids::Reference;
use crate::domain::rejection::Rejection;

/// Decides a freeze or its end.
///
/// # Errors
/// [`Rejection::MemberUnknown`].
pub fn draft(request: &Request<'_>, id: &Reference, frozen: bool) -> Result<Draft, Rejection> {
    let member = request.member(id)?;
    let mut visit = request.visit(*id, true, member);
    visit.member.frozen = frozen;
    let mut draft = Draft::default();
    draft.close(visit)?;
    Ok(draft)
}
