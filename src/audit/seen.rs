//! Checkpoints that authors saw and put into their submissions: each has to be one of this ledger.
//!
//! Must not: take a checkpoint that nobody signed for more than noise. One that the ledger's own
//! key signed, and that this ledger contradicts, is half of the evidence of a fork.

use super::findings::{Check, Finding};
use super::history::History;
use crate::domain::governance::Governance;
use crate::proof::hex::encode as hex;
use crate::proof::ledger_keys;

/// A checkpoint that does not hold.
pub struct Wrong {
    /// Why.
    pub finding: Finding,
    /// Whether the ledger's own key signed it.
    pub contradicts: bool,
}

/// Compares a checkpoint in the entry behind this history with the entries before.
/// A key has to have signed it that was in force at its size, as far as those entries tell.
pub fn check(note: &str, governance: &Governance, history: &History) -> Option<Wrong> {
    let index = history.size();
    let checkpoint = match ledger_keys::open(governance, &[], note.as_bytes()) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            let expected = "a signed checkpoint of this ledger";
            return Some(Wrong {
                finding: Finding::new(index, Check::Seen, expected, error),
                contradicts: false,
            });
        }
    };
    let root = history.root_at(checkpoint.size);
    if root == Some(checkpoint.root) {
        return None;
    }
    let expected = root.map_or_else(|| format!("at most size {index}"), |root| hex(&root));
    let found = format!("size {}, root {}", checkpoint.size, hex(&checkpoint.root));
    Some(Wrong {
        finding: Finding::new(index, Check::Seen, expected, found),
        contradicts: true,
    })
}
