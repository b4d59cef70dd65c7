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

mod out;
mod results;
mod verify;

pub use verify::{RECEIPT_BYTES_MAX, ReceiptError, Verified, verify};

use super::base64url;
use super::chain::ChainHasher;
use super::entry::EntryRef;
use super::hex;
use super::merkle::{Hash, leaf_hash};
use crate::domain::effect::Effect;
use crate::domain::ids::{Name, Party};
use crate::domain::money::Currency;
use crate::domain::submission::Submission;
use crate::domain::time::Micros;
use out::Out;
use results::Words;

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

/// Bytes of a receipt beside its entry, effects and results, about.
const FRAME_BYTES: usize = 2_048;
/// Bytes of the result of an op, about.
const RESULT_BYTES: usize = 640;

/// Writes a receipt.
///
/// # Panics
/// If there is not one effect for each op.
#[must_use]
pub fn write(evidence: &Evidence<'_>) -> Vec<u8> {
    let entry = evidence.entry;
    let coded = (evidence.entry_bytes.len() + evidence.effects_bytes.len()).div_ceil(3) * 4;
    let results_bytes = evidence.effects.len() * RESULT_BYTES;
    let mut out = Out::with_capacity(FRAME_BYTES + coded + results_bytes);
    out.raw("{\"receipt\":");
    out.number(VERSION);
    out.raw(",\"ledger\":");
    out.value(entry.origin);
    out.raw(",\"index\":");
    out.number(entry.index);
    out.raw(",\"accepted_at\":");
    out.quoted(Micros(entry.accepted_at_us).to_rfc3339().as_bytes());
    out.raw(",\"author\":");
    out.value(entry.author);
    out.raw(",\"author_seq\":");
    out.number(entry.author_seq);
    out.raw(",\"submission\":");
    out.quoted(evidence.submission.id.as_bytes());
    out.raw(",\"results\":");
    let words = Words {
        name: evidence.name,
    };
    words.results(&evidence.submission.ops, evidence.effects, &mut out);
    out.raw(",\"parties\":");
    out.list(results::parties(evidence.effects), |out, party| {
        out.raw("{\"party\":");
        out.number(party.0);
        out.raw(",\"id\":");
        out.quoted((evidence.name)(party).as_bytes());
        out.raw("}");
    });
    out.raw(",\"currency\":");
    out.value(evidence.currency.code());
    proof(evidence, &mut out);
    out.into_bytes()
}

/// What proves the words: the rest of a receipt.
fn proof(evidence: &Evidence<'_>, out: &mut Out) {
    out.raw(",\"entry\":\"");
    base64url::encode_onto(evidence.entry_bytes, out.bytes());
    out.raw("\",\"effects\":\"");
    base64url::encode_onto(evidence.effects_bytes, out.bytes());
    out.raw("\",\"leaf_hash\":\"");
    base64url::encode_standard_onto(&leaf_hash(evidence.entry_bytes), out.bytes());
    out.raw("\",\"chain_hash\":");
    let chain_hash = ChainHasher::new().hash(evidence.entry_bytes);
    out.quoted(hex::encode(&chain_hash).as_bytes());
    out.raw(",\"proof\":");
    out.list(evidence.proof, |out, hash| {
        out.raw("\"");
        base64url::encode_standard_onto(hash, out.bytes());
        out.raw("\"");
    });
    out.raw(",\"checkpoint\":");
    out.value(evidence.checkpoint);
    out.raw("}");
}

#[cfg(test)]
mod tests;
