//! The receipt: what the house answers to a submission, in JSON that anybody can check offline.
//!
//! Purpose: the entry and its effects byte for byte, the proof that they are in the ledger, and
//! the same once more in words: `results` says for each op what became of it. [`verify()`] trusts
//! none of the words: it makes them again from the proved bytes and compares.
//!
//! Must not: be shown to anybody but its author; it holds the author's whole submission.
//!
//! Spec: `schemas/receipt.schema.json`.
//!
//! ```text
//! checkpoint ──signs──▶ tree root ◀──proof── leaf_hash ◀─ entry ──effects_digest──▶ effects
//!                                                         │                          │
//!                          ledger, index, author, submission                     results
//! ```
//!
//! Effects hold numbers of parties and amounts in smallest units. `parties` and `currency` say
//! what those mean; they are facts of earlier entries, which this receipt does not prove.

mod results;
mod verify;

pub use verify::{RECEIPT_BYTES_MAX, ReceiptError, Verified, verify};

use super::base64url;
use super::chain::ChainHasher;
use super::entry::EntryRef;
use super::merkle::{Hash, leaf_hash};
use crate::domain::effect::Effect;
use crate::domain::ids::{Name, Party, Reference};
use crate::domain::money::Currency;
use crate::domain::submission::Submission;
use crate::domain::time::Micros;
use results::OpResult;
use serde::Serialize;

/// The format's version, its first member.
pub const VERSION: u64 = 1;

/// Everything that a receipt is made of.
pub struct Evidence<'a> {
    /// The entry, decoded.
    pub entry: &'a EntryRef<'a>,
    /// The entry's bytes.
    pub entry_bytes: &'a [u8],
    /// The submission that the entry's payload holds.
    pub submission: &'a Submission,
    /// The entry's effects, one for each op.
    pub effects: &'a [Effect],
    /// The effects' bytes.
    pub effects_bytes: &'a [u8],
    /// The inclusion proof, from the leaf's sibling up.
    pub proof: &'a [Hash],
    /// The signed checkpoint that it leads to.
    pub checkpoint: &'a str,
    /// The ledger's currency.
    pub currency: &'a Currency,
    /// The author names of parties.
    pub name: &'a dyn Fn(Party) -> Name,
}

/// Writes a receipt.
///
/// # Panics
/// If there is not one effect for each op.
#[must_use]
pub fn write(evidence: &Evidence<'_>) -> Vec<u8> {
    serde_json::to_vec(&receipt(evidence)).expect("writing to memory cannot fail")
}

/// A receipt as it is written.
#[derive(Serialize)]
struct Receipt<'a> {
    receipt: u64,
    ledger: &'a str,
    index: u64,
    accepted_at: String,
    author: &'a str,
    author_seq: u64,
    submission: Reference,
    results: Vec<OpResult>,
    parties: Vec<PartyName>,
    currency: &'a str,
    entry: String,
    effects: String,
    leaf_hash: String,
    chain_hash: String,
    proof: Vec<String>,
    checkpoint: &'a str,
}

/// What a party's number in the effects stands for.
#[derive(Serialize)]
struct PartyName {
    party: u16,
    id: Name,
}

fn receipt<'a>(evidence: &Evidence<'a>) -> Receipt<'a> {
    let entry = evidence.entry;
    let named = |party: Party| PartyName {
        party: party.0,
        id: (evidence.name)(party),
    };
    let chain_hash = ChainHasher::new().hash(evidence.entry_bytes);
    Receipt {
        receipt: VERSION,
        ledger: entry.origin,
        index: entry.index,
        accepted_at: Micros(entry.accepted_at_us).to_rfc3339(),
        author: entry.author,
        author_seq: entry.author_seq,
        submission: evidence.submission.id,
        results: results::all(&evidence.submission.ops, evidence.effects, evidence.name),
        parties: results::parties(evidence.effects)
            .into_iter()
            .map(named)
            .collect(),
        currency: evidence.currency.code(),
        entry: base64url::encode(evidence.entry_bytes),
        effects: base64url::encode(evidence.effects_bytes),
        leaf_hash: base64url::encode_standard(&leaf_hash(evidence.entry_bytes)),
        chain_hash: chain_hash
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
        proof: evidence
            .proof
            .iter()
            .map(|hash| base64url::encode_standard(hash))
            .collect(),
        checkpoint: evidence.checkpoint,
    }
}

#[cfg(test)]
mod tests;
