//! Checkpoints that authors saw and put into their submissions: each has to be one of this ledger.
//!
//! Must not: take a checkpoint that nobody signed for more than noise. One that the ledger's own
//! key signed, and that this ledger contradicts, is half of the evidence of a fork.

use super::findings::{Check, Finding};
use super::history::History;
use crate::proof::checkpoint::{Checkpoint, Extensions};
use crate::proof::hex::encode as hex;
use crate::proof::note::VerifierKey;

/// A checkpoint that does not hold.
pub struct Wrong {
    /// Why.
    pub finding: Finding,
    /// Whether the ledger's own key signed it.
    pub contradicts: bool,
}

/// Compares a checkpoint in the entry behind this history with the entries before.
pub fn check(note: &str, origin: &str, key: &VerifierKey, history: &History) -> Option<Wrong> {
    let index = history.size();
    let keys = std::slice::from_ref(key);
    let opened = Checkpoint::open(note.as_bytes(), origin, keys, Extensions::Refused);
    let checkpoint = match opened {
        Ok((checkpoint, _)) => checkpoint,
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
