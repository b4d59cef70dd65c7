//! Gossip: checkpoints that authors have seen, sent back to the house inside submissions.
//!
//! A note that no key of ours signed is a mistake of the sender. One that our key did sign and that
//! contradicts the ledger is evidence of a fork: the submission goes on into the log, which keeps
//! it, and operators are alarmed.

use super::house::{House, Programme};
use super::problem::{Code, Problem};
use super::verifier::blocking;
use crate::proof::ledger_keys;
use std::sync::Arc;

/// Compares what an author has seen with the ledger.
///
/// # Errors
/// `malformed` if it is no checkpoint that a key signed which was in force at its size.
pub async fn compare(
    house: &House,
    programme: &Arc<Programme>,
    seen: String,
) -> Result<(), Problem> {
    let at = programme.clone();
    let agrees = blocking(move || {
        let governance = &at.ledger.view().governance;
        let opened = ledger_keys::open(governance, &[], seen.as_bytes());
        let malformed = |error| Problem::new(Code::Malformed, format!("seen: {error}"));
        let checkpoint = opened.map_err(malformed)?;
        let root = at.ledger.root_at(checkpoint.size)?;
        Ok(root == Some(checkpoint.root))
    });
    if !agrees.await? {
        let programme = programme.id.as_str();
        tracing::error!(
            programme,
            "an author holds a checkpoint under our key that contradicts the ledger: a fork or a \
             rollback; the submission that carries it is the evidence"
        );
        house.metrics().fork_alarm(programme);
    }
    Ok(())
}
