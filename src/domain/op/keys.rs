//! `key_add`, `key_revoke`: keys of partners and of the house.
//!
//! A partner's `manage` key adds and revokes its own. House keys, and a partner's first or
//! recovered key, take two govern keys. Revoking is the safe direction: one key suffices.

use super::refuse_if;
use crate::domain::execute::{Draft, Request};
use crate::domain::governance::Governance;
use crate::domain::ids::{Name, Party};
use crate::domain::rejection::Rejection;
use crate::domain::submission::{KeyAdd, KeyRevoke};

/// Decides a key that its author adds for itself.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_add(request: &Request<'_>, op: &KeyAdd) -> Result<Draft, Rejection> {
    refuse_if(request.author().is_house(), Rejection::ApprovalRequired)?;
    let party = subject(request, op.author.as_ref())?;
    register(request, request.governance.clone(), party, op, false)
}

/// Decides a key that two govern keys add: a house key, or a partner's first or recovered one.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_approved(
    request: &Request<'_>,
    governance: Governance,
    op: &KeyAdd,
) -> Result<Draft, Rejection> {
    let party = subject(request, op.author.as_ref())?;
    let recovered = !party.is_house() && governance.keys_of(party).next().is_some();
    register(request, governance, party, op, recovered)
}

fn register(
    request: &Request<'_>,
    mut governance: Governance,
    party: Party,
    op: &KeyAdd,
    recovered: bool,
) -> Result<Draft, Rejection> {
    refuse_if(governance.key_is_known(party, op), Rejection::KeyExists)?;
    refuse_if(
        !op.scopes.fit(party.is_house()),
        Rejection::ScopesNotAllowed,
    )?;
    governance.add_key(
        party,
        op,
        request.stamp.at,
        request.stamp.accepted_at,
        recovered,
    );
    Ok(Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    })
}

/// Decides the end of a key.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_revoke(request: &Request<'_>, op: &KeyRevoke) -> Result<Draft, Rejection> {
    let party = subject(request, op.author.as_ref())?;
    let mut governance = request.governance.clone();
    let spared = !party.is_house() || governance.house_can_spare(&op.key);
    let key = governance
        .keys
        .get_mut(&(party, op.key))
        .filter(|key| key.revoked.is_none());
    let key = key.ok_or(Rejection::KeyNotActive)?;
    refuse_if(!spared, Rejection::KeysInsufficient)?;
    key.revoked = Some(request.stamp.at);
    Ok(Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    })
}

/// Whose key it is: the author's own, or for the house anyone's.
fn subject(request: &Request<'_>, author: Option<&Name>) -> Result<Party, Rejection> {
    let Some(author) = author else {
        return Ok(request.author());
    };
    let party = request
        .governance
        .party(author)
        .filter(|party| request.author().is_house() || *party == request.author());
    party.ok_or(match request.author().is_house() {
        true => Rejection::PartnerUnknown,
        false => Rejection::OpNotAllowed,
    })
}
