//! `ledger_key_add`, `ledger_key_retire`: one ledger key hands over to the next. Two govern keys
//! decide both.
//!
//! A key that was retired never comes back: whoever has stolen it could go on from where it ended.

use super::refuse_if;
use crate::domain::execute::{Draft, Request};
use crate::domain::governance::Governance;
use crate::domain::ledger_key::LEDGER_KEYS_MAX;
use crate::domain::rejection::Rejection;
use crate::domain::submission::{LedgerKeyAdd, LedgerKeyRetire};

/// Decides a key that signs checkpoints from this entry on, beside the one that hands over.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_add(
    request: &Request<'_>,
    mut governance: Governance,
    op: &LedgerKeyAdd,
) -> Result<Draft, Rejection> {
    let known = governance.ledger_keys();
    let is_known = known.iter().any(|key| key.public == op.public)
        || governance.keys.values().any(|key| key.public == op.public);
    refuse_if(is_known, Rejection::KeyExists)?;
    let in_force = governance.ledger_keys_in_force();
    let hands_over = in_force.iter().any(|key| key.public == op.from);
    refuse_if(!hands_over, Rejection::KeyNotActive)?;
    refuse_if(
        in_force.len() >= LEDGER_KEYS_MAX,
        Rejection::LedgerKeysInForce,
    )?;
    governance.add_ledger_key(op.public, request.stamp.at);
    Ok(Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    })
}

/// Decides the end of a ledger key: it signs no checkpoint that covers this entry.
///
/// # Errors
/// The first rule that refuses it.
pub fn draft_retire(
    request: &Request<'_>,
    mut governance: Governance,
    op: &LedgerKeyRetire,
) -> Result<Draft, Rejection> {
    let is_last = governance.ledger_keys_in_force().len() == 1;
    let retired = governance.retire_ledger_key(&op.public, request.stamp.at);
    refuse_if(!retired, Rejection::KeyNotActive)?;
    refuse_if(is_last, Rejection::KeysInsufficient)?;
    Ok(Draft {
        governance: Some(governance.into()),
        ..Draft::default()
    })
}
