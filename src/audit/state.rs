//! The auditor's own saved state: a whole replay, from which a later audit goes on.
//!
//! It is trusted like the auditor's own memory: whoever can write the file can make the next audit
//! blind. The checksum finds damage and no malice; keep it where the house cannot reach it.
//! Must not: be taken from the house, or hold anything that cannot be read again to the same bytes.
//!
//! ```text
//! "tallyhouse audit state\n"   23 bytes
//! version                      u32, big-endian; another one is refused
//! body                         CBOR: the replay, with every leaf's hash
//! BLAKE3                       32 bytes, over everything before
//! ```
//!
//! In the body, members, ops and submissions are byte strings: each is what memory has of them, by
//! [`packed`] and `audit::archive`, in the order of their ids.

use super::archive::{self, Archive};
use super::clearing::Clearing;
use super::fold::Fold;
use super::history::History;
use super::keys::KeyRing;
use super::prepared::Terms;
use super::replay::Replay;
use super::statements::Bound;
use crate::domain::books::{Books, PartyBooks};
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::governance::Governance;
use crate::domain::ids::Party;
use crate::domain::line::{LineKey, LineTotal};
use crate::domain::member::packed;
use crate::domain::rejection::Rejection;
use crate::domain::tally::Tally;
use crate::domain::time::Micros;
use crate::domain::window::{Carried, Window, Windows};
use crate::domain::working_set::{self, WorkingSet};
use crate::proof::keys::PublicKey;
use crate::proof::merkle::Hash;
use crate::proof::note::VerifierKey;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const MAGIC: &[u8] = b"tallyhouse audit state\n";
const VERSION: u32 = 3;
const CHECKSUM_BYTES: usize = 32;

/// Why bytes are no state to go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// They are something else.
    #[error("this is no saved state of an audit; name another file")]
    Other,
    /// Another release wrote them.
    #[error("state version {0} is not that of this program; audit again without --state")]
    Version(u32),
    /// The checksum or what is under it does not hold.
    #[error("the saved state is damaged; audit again from the first entry, with another file")]
    Damaged,
}

/// The body. Tables are sorted, so that one replay has one state.
#[derive(Encode, Decode)]
struct Body {
    #[n(0)]
    governance: Governance,
    #[n(1)]
    window: u32,
    #[n(2)]
    parties: Vec<PartyBooks>,
    #[n(3)]
    lines: BTreeMap<LineKey, LineTotal>,
    #[n(4)]
    windows: Vec<Window>,
    #[n(5)]
    carried: Carried,
    #[cbor(n(6), with = "minicbor::bytes")]
    members: Vec<u8>,
    #[cbor(n(7), with = "minicbor::bytes")]
    ops: Vec<u8>,
    #[cbor(n(8), with = "minicbor::bytes")]
    submissions: Vec<u8>,
    #[n(9)]
    clearing: BTreeMap<ClearingKey, ClearingRecord>,
    #[n(10)]
    netted_lines: BTreeSet<LineKey>,
    #[n(11)]
    tally: Tally,
    #[n(12)]
    stated: BTreeMap<u32, Bound>,
    #[n(13)]
    outcomes: BTreeMap<u8, u64>,
    #[n(14)]
    last_time: Micros,
    #[cbor(n(15), with = "minicbor::bytes")]
    found_hash: Hash,
    #[cbor(n(16), with = "minicbor::bytes")]
    chain_hash: Hash,
    /// Every leaf's hash, one after the other.
    #[cbor(n(17), with = "minicbor::bytes")]
    leaves: Vec<u8>,
}

/// Writes a replay; nothing where it stopped at a finding or has no entry yet.
pub fn save(replay: &Replay) -> Option<Vec<u8>> {
    let governance = replay.governance()?.clone();
    if !replay.findings().is_empty() {
        return None;
    }
    let set = &replay.fold.set;
    let clearing = set.clearing.records();
    let clearing = clearing.map(|(key, record)| (*key, record.clone()));
    let body = Body {
        governance,
        window: set.books.window,
        parties: set.books.parties.clone(),
        lines: set.books.lines.clone(),
        windows: set.windows.iter().cloned().collect(),
        carried: set.windows.carried().clone(),
        members: members_of(set),
        ops: replay.fold.ops.records().concat(),
        submissions: replay.fold.submissions.records().concat(),
        clearing: clearing.collect(),
        netted_lines: replay.fold.lines.clone(),
        tally: replay.tally()?.clone(),
        stated: replay.clearing.stated.clone(),
        outcomes: replay.outcomes.clone(),
        last_time: replay.last_time?,
        found_hash: replay.found_hash,
        chain_hash: replay.chain_hash,
        leaves: replay.history.leaves().concat(),
    };
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&VERSION.to_be_bytes());
    minicbor::encode(&body, &mut bytes).expect("writing to memory cannot fail");
    let checksum = *blake3::hash(&bytes).as_bytes();
    bytes.extend_from_slice(&checksum);
    Some(bytes)
}

/// Reads a replay.
///
/// # Errors
/// [`StateError`].
pub fn load(bytes: &[u8]) -> Result<Replay, StateError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(StateError::Other)?;
    let (version, rest) = rest.split_first_chunk().ok_or(StateError::Damaged)?;
    let body_bytes = rest.len().checked_sub(CHECKSUM_BYTES);
    let (body, checksum) = rest.split_at(body_bytes.ok_or(StateError::Damaged)?);
    let covered = &bytes[..bytes.len() - CHECKSUM_BYTES];
    if blake3::hash(covered).as_bytes() != checksum {
        return Err(StateError::Damaged);
    }
    let version = u32::from_be_bytes(*version);
    if version != VERSION {
        return Err(StateError::Version(version));
    }
    let mut decoder = minicbor::Decoder::new(body);
    let read: Body = decoder.decode().map_err(|_| StateError::Damaged)?;
    if decoder.position() != body.len() {
        return Err(StateError::Damaged);
    }
    read.into_replay().ok_or(StateError::Damaged)
}

impl Body {
    fn into_replay(self) -> Option<Replay> {
        let (leaves, rest) = self.leaves.as_chunks::<32>();
        let history = History::of_leaves(leaves);
        let size = history.size();
        let known = |number: &u8| Rejection::from_number(*number).is_some();
        let is_whole = rest.is_empty()
            && size > 0
            && self.tally.size == size
            && self.tally.chain_hash == self.chain_hash
            && self.parties.len() == self.governance.party_count()
            && self.outcomes.keys().all(known)
            && keys_are_good(&self.governance);
        if !is_whole {
            return None;
        }
        let mut keys = KeyRing::default();
        keys.extend(&self.governance);
        let terms = Terms::of(&self.governance.programme);
        let windows = self.windows.into_iter().map(|w| (w.number, w)).collect();
        let mut set = WorkingSet::load(
            Some(Arc::new(self.governance)),
            Books::load(self.window, self.parties, self.lines),
            Windows::load(windows, self.carried),
        );
        load_members(&self.members, &mut set)?;
        let is_op = |value: &[u8]| working_set::packed::unpack(value).is_some();
        let ops = Archive::of_records(&self.ops, is_op)?;
        let is_entry = |value: &[u8]| value.len() == size_of::<u64>();
        let submissions = Archive::of_records(&self.submissions, is_entry)?;
        for (key, record) in self.clearing {
            set.clearing.load(key, Some(record));
        }
        Some(Replay {
            fold: Fold::load(set, ops, submissions, self.netted_lines),
            keys,
            terms: Some(Arc::new(terms)),
            chain_hash: self.chain_hash,
            found_hash: self.found_hash,
            last_time: Some(self.last_time),
            history,
            outcomes: self.outcomes,
            clearing: Clearing {
                tally: Some(self.tally),
                stated: self.stated,
                ..Clearing::default()
            },
            resumed_from: size,
            ..Replay::new()
        })
    }
}

/// Whether every key in it can be registered, as in any governance that entries made.
fn keys_are_good(governance: &Governance) -> bool {
    let is_good = |bytes: &[u8; 32]| PublicKey::register(bytes).is_ok();
    let programme = &governance.programme;
    let ledger_keys = governance.ledger_keys();
    let is_note_key = |bytes: &[u8; 32]| {
        let key = PublicKey::register(bytes).ok();
        key.is_some_and(|key| VerifierKey::new(&programme.origin, key).is_ok())
    };
    governance.keys.values().all(|key| is_good(&key.public))
        && ledger_keys.iter().all(|key| is_note_key(&key.public))
        && ledger_keys.iter().any(|key| key.retired.is_none())
}

/// Every member, packed: records as of an archive, with the house for an author.
fn members_of(set: &WorkingSet) -> Vec<u8> {
    let mut members = Archive::default();
    for (id, _) in set.members.records() {
        let packed = set.members.packed(&id).expect("it is one of them");
        members.put(&(Party::HOUSE, id), &packed);
    }
    members.list();
    members.records().concat()
}

/// Takes members in as [`members_of`] gave them; nothing if they are not such.
fn load_members(bytes: &[u8], set: &mut WorkingSet) -> Option<()> {
    archive::read(bytes, |(author, id), value| {
        let is_one = author.is_house() && packed::unpack(value).is_some();
        is_one.then(|| set.members.load(id, Some(value)))
    })
}
