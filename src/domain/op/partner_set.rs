//! `partner_set`: registers a partner, or changes its roles, status or master hash.

use crate::domain::effect::Given;
use crate::domain::execute::{Draft, Request};
use crate::domain::rejection::Rejection;
use crate::domain::submission::PartnerSet;

/// Decides a registration or change. An absent master hash leaves the one before.
///
/// # Errors
/// [`Rejection::Overflow`] past the greatest number of partners.
pub fn draft(request: &Request<'_>, op: &PartnerSet) -> Result<Draft, Rejection> {
    let mut governance = request.governance.clone();
    let party = governance.set_partner(op).ok_or(Rejection::Overflow)?;
    let mut draft = Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    };
    draft.applied.given = Some(Given::Party(party));
    Ok(draft)
}
