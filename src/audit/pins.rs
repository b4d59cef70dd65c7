//! Pins: what an auditor knows from elsewhere, to which the replayed entries have to lead.
//!
//! Must not: take anything from the entries on trust that a pin says.

use super::findings::{Check, Finding};
use super::history::History;
use crate::domain::programme::Programme;
use crate::proof::checkpoint::{Checkpoint, Extensions};
use crate::proof::hex::encode as hex;
use crate::proof::keys::PublicKey;
use crate::proof::merkle::Hash;
use crate::proof::note::VerifierKey;

/// What is known beside the entries. What is absent is not compared, and the verdict says so.
#[derive(Debug, Clone, Default)]
pub struct Pins {
    /// A signed checkpoint.
    pub checkpoint: Option<String>,
    /// Signed checkpoints of earlier sizes, from wherever: receipts, partners, witnesses.
    pub earlier: Vec<String>,
    /// The key that signs checkpoints; that of entry 0 if absent.
    pub ledger_key: Option<VerifierKey>,
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
        programme: &Programme,
        found_hash: &Hash,
        history: &History,
    ) -> Result<Vec<Finding>, Unchecked> {
        let mut findings = Vec::new();
        if let Some(pinned) = self.found_hash.filter(|pinned| pinned != found_hash) {
            let (expected, found) = (hex(&pinned), hex(found_hash));
            findings.push(Finding::new(0, Check::Found, expected, found));
        }
        let named = ledger_key(programme);
        let key = self.ledger_key.as_ref().unwrap_or(&named);
        if *key != named {
            findings.push(Finding::new(0, Check::LedgerKey, key, &named));
        }
        for note in self.checkpoint.iter().chain(&self.earlier) {
            let finding = check_checkpoint(note, &programme.origin, key, history)?;
            findings.extend(finding);
        }
        Ok(findings)
    }
}

/// The key that entry 0 says checkpoints are signed with.
pub fn ledger_key(programme: &Programme) -> VerifierKey {
    let key = PublicKey::register(&programme.ledger_key);
    let key = key.expect("payloads hold checked keys only");
    VerifierKey::new(&programme.origin, key).expect("an origin is the name of a note key")
}

fn check_checkpoint(
    note: &str,
    origin: &str,
    key: &VerifierKey,
    history: &History,
) -> Result<Option<Finding>, Unchecked> {
    let size = history.size();
    let keys = std::slice::from_ref(key);
    let opened = Checkpoint::open(note.as_bytes(), origin, keys, Extensions::Refused);
    let checkpoint = match opened {
        Ok((checkpoint, _)) => checkpoint,
        Err(error) => {
            let expected = format!("a checkpoint of {origin} signed by {key}");
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
