//! The verdict: what an audit says of a whole ledger.
//!
//! Must not: leave out what was not compared.

use super::findings::Finding;
use crate::domain::governance::Governance;
use crate::proof::ledger_keys;
use serde::Serialize;
use std::collections::BTreeMap;

/// What an audit says of a ledger.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The ledger's origin.
    pub origin: String,
    /// Whether its time is set by hand: such a ledger is a simulation, whatever else holds.
    pub simulated: bool,
    /// Entries that hold.
    pub entries: u64,
    /// How many of them were judged in an earlier audit, whose saved state this one went on from.
    pub resumed_from: u64,
    /// Ops by what became of them.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Windows whose lines, positions and payments were worked out a second time.
    pub windows: u64,
    /// Statements that were written a second time, byte for byte.
    pub statements: u64,
    /// Chain hash of entry 0, in hex: what auditors pin.
    pub found_hash: String,
    /// Chain hash of the last entry that holds, in hex.
    pub chain_hash: String,
    /// Root of the tree over the entries that hold, in hex.
    pub root: String,
    /// The newest key that signs checkpoints.
    pub ledger_key: String,
    /// Every key that signs checkpoints or did, oldest first.
    pub ledger_keys: Vec<LedgerKeyVerdict>,
    /// Whether a checkpoint was compared.
    pub checkpoint_compared: bool,
    /// Whether a key that signs them was pinned, or all taken from the entries.
    pub ledger_key_pinned: bool,
    /// Whether entry 0 was pinned.
    pub found_pinned: bool,
    /// Where it does not hold.
    pub findings: Vec<Finding>,
}

/// A key that signs checkpoints, or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerKeyVerdict {
    /// As a verifier key.
    pub vkey: String,
    /// The entry that added it.
    pub added: u64,
    /// The entry that retired it, if one did.
    pub retired: Option<u64>,
}

impl LedgerKeyVerdict {
    /// Every ledger key, oldest first.
    pub(super) fn of(governance: &Governance) -> Vec<Self> {
        let vkeys = ledger_keys::all(governance);
        let keys = governance.ledger_keys().into_iter().zip(vkeys);
        let told = keys.map(|(key, vkey)| Self {
            vkey: vkey.to_string(),
            added: key.added.entry,
            retired: key.retired.map(|retired| retired.entry),
        });
        told.collect()
    }
}

impl Verdict {
    /// Whether everything held.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}
