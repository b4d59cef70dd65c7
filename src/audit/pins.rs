//! Pins: what an auditor knows from elsewhere, to which the replayed entries have to lead.
//!
//! Must not: take anything from the entries on trust that a pin says.

use super::findings::{Check, Finding};
use super::history::History;
use crate::domain::governance::Governance;
use crate::proof::hex::encode as hex;
use crate::proof::ledger_keys;
use crate::proof::merkle::Hash;
use crate::proof::note::VerifierKey;

/// What is known beside the entries. What is absent is not compared, and the verdict says so.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    /// A signed checkpoint.
    pub checkpoint: Option<String>,
    /// Signed checkpoints of earlier sizes, from wherever: receipts, partners, witnesses.
    pub earlier: Vec<String>,
    /// Keys that sign checkpoints, or did: the ledger tells by whom one was followed, and both have
    /// signed that. What the entries say alone, if there are none.
    pub ledger_keys: Vec<VerifierKey>,
    /// The chain hash of entry 0.
    pub found_hash: Option<Hash>,
}

/// Why a pin could not be compared: neither a finding nor a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unchecked {
    /// The checkpoint covers more entries than were replayed.
    #[error("the checkpoint covers {covered} entries and only {replayed} were given; export again")]
    EntriesMissing {
        /// Entries that the checkpoint covers.
        covered: u64,
        /// Entries that were replayed.
        replayed: u64,
    },
}

impl Pins {
    /// Compares pins with what was replayed; `history` is that of all entries.
    ///
    /// # Errors
    /// [`Unchecked`] if entries are missing.
    pub(super) fn check(
        &self,
        governance: &Governance,
        found_hash: &Hash,
        history: &History,
    ) -> Result<Vec<Finding>, Unchecked> {
        let mut findings = Vec::new();
        if let Some(pinned) = self.found_hash.filter(|pinned| pinned != found_hash) {
            let (expected, found) = (hex(&pinned), hex(found_hash));
            findings.push(Finding::new(0, Check::Found, expected, found));
        }
        let named = ledger_keys::all(governance);
        for key in self.ledger_keys.iter().filter(|key| !named.contains(key)) {
            findings.push(Finding::new(0, Check::LedgerKey, key, words(&named)));
        }
        for note in self.checkpoint.iter().chain(&self.earlier) {
            findings.extend(check_checkpoint(note, governance, history)?);
        }
        Ok(findings)
    }
}

fn words(keys: &[VerifierKey]) -> String {
    let words: Vec<String> = keys.iter().map(ToString::to_string).collect();
    words.join(", ")
}

/// Compares a checkpoint, which a key has to have signed that was in force at its size.
fn check_checkpoint(
    note: &str,
    governance: &Governance,
    history: &History,
) -> Result<Option<Finding>, Unchecked> {
    let size = history.size();
    let checkpoint = match ledger_keys::open(governance, &[], note.as_bytes()) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            let origin = &governance.programme.origin;
            let keys = words(&ledger_keys::in_force(governance));
            let expected = format!(
                "a checkpoint of {origin} signed by a key in force at its size (now {keys})"
            );
            return Ok(Some(Finding::new(size, Check::Checkpoint, expected, error)));
        }
    };
    let (covered, replayed) = (checkpoint.size, size);
    if covered == 0 {
        let expected = "a checkpoint that covers entry 0";
        return Ok(Some(Finding::new(
            size,
            Check::Checkpoint,
            expected,
            "size 0",
        )));
    }
    let root = history.root_at(covered);
    let root = root.ok_or(Unchecked::EntriesMissing { covered, replayed })?;
    let differs = root != checkpoint.root;
    Ok(differs.then(|| Finding::new(covered, Check::Root, hex(&checkpoint.root), hex(&root))))
}
