//! The verdict: what an audit says of a whole ledger.
//!
//! Must not: leave out what was not compared.

use super::findings::Finding;
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
    /// The key that signs checkpoints, as entry 0 names it.
    pub ledger_key: String,
    /// Whether a checkpoint was compared.
    pub checkpoint_compared: bool,
    /// Whether the key that signs it was pinned, or taken from entry 0.
    pub ledger_key_pinned: bool,
    /// Whether entry 0 was pinned.
    pub found_pinned: bool,
    /// Where it does not hold.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether everything held.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}
