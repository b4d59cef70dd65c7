//! The replay: judges one entry after the other, and the whole at the end.
//!
//! What is checked at each entry: its one encoding; index, `prev`, time and origin; the envelope
//! and its signature under a key registered before; author and `author_seq`; the writer's decision
//! on key, scopes, validity and submission id; every outcome and the effects digest, by executing
//! the ops again; the checkpoint that the author saw; every netting and statement, computed a
//! second time. At the end: the sums, and the pins.
//! Must not: go on after a finding.

use super::clearing::Clearing;
use super::findings::{Check, Finding};
use super::fold::Fold;
use super::history::History;
use super::keys::KeyRing;
use super::pins::{Pins, Unchecked};
use super::prepared::{Prepared, Preparer, Terms};
use super::seen;
use super::statements::{Bound, Rebuilt, Wanted};
use super::verdict::{LedgerKeyVerdict, Verdict};
use crate::domain::admission;
use crate::domain::books::Books;
use crate::domain::effect::Effect;
use crate::domain::governance::Governance;
use crate::domain::rejection::Rejection;
use crate::domain::tally::{Seen, Tally};
use crate::domain::time::Micros;
use crate::domain::window::Window;
use crate::proof::chain::{ChainHasher, GENESIS};
use crate::proof::effects;
use crate::proof::entry::{EntryRef, effects_digest};
use crate::proof::envelope::{Envelope, EnvelopeError};
use crate::proof::hex::encode as hex;
use crate::proof::ledger_keys;
use crate::proof::merkle::{Hash, leaf_hash};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A ledger as far as it was replayed.
#[derive(Debug)]
pub struct Replay {
    pub(super) fold: Fold,
    pub(super) keys: KeyRing,
    pub(super) terms: Option<Arc<Terms>>,
    pub(super) chain: ChainHasher,
    pub(super) chain_hash: Hash,
    pub(super) found_hash: Hash,
    pub(super) last_time: Option<Micros>,
    pub(super) history: History,
    /// Ops by the number of their outcome.
    pub(super) outcomes: BTreeMap<u8, u64>,
    pub(super) clearing: Clearing,
    pub(super) resumed_from: u64,
    pub(super) stopped: Vec<Finding>,
    pub(super) contradiction: Option<String>,
    /// Room for the bytes of effects.
    pub(super) effects: Vec<u8>,
}

impl Replay {
    /// A replay before entry 0.
    pub fn new() -> Self {
        Self {
            fold: Fold::new(),
            keys: KeyRing::default(),
            terms: None,
            chain: ChainHasher::new(),
            chain_hash: GENESIS,
            found_hash: GENESIS,
            last_time: None,
            history: History::new(),
            outcomes: BTreeMap::new(),
            clearing: Clearing::default(),
            resumed_from: 0,
            stopped: Vec::new(),
            contradiction: None,
            effects: Vec::new(),
        }
    }

    /// How many entries hold so far.
    pub fn size(&self) -> u64 {
        self.history.size()
    }

    /// Programme, partners, keys and prices; nothing before entry 0.
    pub fn governance(&self) -> Option<&Governance> {
        self.fold.set.governance.as_deref()
    }

    /// Totals and lines.
    pub fn books(&self) -> &Books {
        &self.fold.set.books
    }

    /// The second computation, with lines, payments and reports; nothing before entry 0.
    pub fn tally(&self) -> Option<&Tally> {
        self.clearing.tally()
    }

    /// The hashes of all entries that hold.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Chain hash of the last entry that holds.
    pub fn chain_hash(&self) -> &Hash {
        &self.chain_hash
    }

    /// The signed checkpoint that an author saw and that this ledger contradicts, if the replay
    /// stopped at one: half of the evidence of a fork.
    pub fn contradiction(&self) -> Option<&str> {
        self.contradiction.as_deref()
    }

    /// Has the statement written that is asked for, when its window's statements are issued.
    pub fn want(&mut self, wanted: Wanted) {
        self.clearing.wanted = Some(wanted);
    }

    /// The statement that was asked for, once it was issued.
    pub fn rebuilt(&self) -> Option<&Rebuilt> {
        self.clearing.rebuilt.as_ref()
    }

    /// The windows whose statements were issued, with what binds them.
    pub fn stated(&self) -> &BTreeMap<u32, Bound> {
        &self.clearing.stated
    }

    /// Every window, by number.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        self.fold.set.windows.iter()
    }

    /// Prepares entries at this place and behind it, on any thread.
    pub fn preparer(&self) -> Preparer {
        Preparer {
            chain: self.chain.clone(),
            ledger: self.terms.clone(),
            keys: self.keys.keys().clone(),
            size: self.size(),
        }
    }

    /// How often the keys changed: a [`Preparer`] made before still serves, more slowly.
    pub fn key_changes(&self) -> u64 {
        self.keys.changes()
    }

    /// Judges the next entry. After a finding, nothing further is judged.
    ///
    /// # Errors
    /// Everything about this entry that does not hold.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), &[Finding]> {
        self.push_prepared(self.preparer().prepare(bytes.to_vec()))
    }

    /// Judges the next entry, which was prepared by a [`Preparer`] of this replay.
    ///
    /// # Errors
    /// Everything about this entry that does not hold.
    pub fn push_prepared(&mut self, prepared: Prepared) -> Result<(), &[Finding]> {
        if self.stopped.is_empty() {
            let mut findings = Vec::new();
            self.judge(prepared, &mut findings);
            self.stopped = findings;
        }
        if self.stopped.is_empty() {
            return Ok(());
        }
        Err(&self.stopped)
    }

    /// Compares an entry with the one that an earlier audit judged at this place.
    ///
    /// # Errors
    /// It is another one; or there is no such place, which is the caller's mistake and told alike.
    pub fn compare(&mut self, index: u64, bytes: &[u8]) -> Result<(), &[Finding]> {
        let known = usize::try_from(index).ok();
        let known = known.and_then(|index| self.history.leaves().get(index));
        let found = leaf_hash(bytes);
        if known != Some(&found) && self.stopped.is_empty() {
            let expected = known.map_or_else(|| "no entry".to_owned(), |known| hex(known));
            let finding = Finding::new(index, Check::Saved, expected, hex(&found));
            self.stopped.push(finding);
        }
        match self.stopped.is_empty() {
            true => Ok(()),
            false => Err(&self.stopped),
        }
    }

    /// Judges the whole, and compares it with what is known from elsewhere.
    ///
    /// # Errors
    /// [`Unchecked`] if a pin could not be compared; nothing if there was no entry to judge.
    pub fn finish(&self, pins: &Pins) -> Result<Option<Verdict>, Unchecked> {
        let Some(governance) = self.governance() else {
            return Ok(None);
        };
        let programme = &governance.programme;
        let mut findings = self.stopped.clone();
        if findings.is_empty() {
            findings.extend(super::sums::check(&self.fold, self.size()));
            findings.extend(pins.check(governance, &self.found_hash, &self.history)?);
        }
        let netted = self.windows().filter(|window| window.netted.is_some());
        let stated = self.windows().filter(|window| window.stated.is_some());
        let stated = stated.map(|window| u64::from(window.statements));
        Ok(Some(Verdict {
            origin: programme.origin.clone(),
            simulated: programme.clock == crate::domain::programme::ClockKind::Simulated,
            entries: self.size(),
            resumed_from: self.resumed_from,
            outcomes: self.outcomes_by_code(),
            windows: netted.count() as u64,
            statements: stated.sum(),
            found_hash: hex(&self.found_hash),
            chain_hash: hex(&self.chain_hash),
            root: hex(&self.history.root()),
            ledger_key: ledger_keys::newest(governance).to_string(),
            ledger_keys: LedgerKeyVerdict::of(governance),
            checkpoint_compared: pins.checkpoint.is_some() && self.stopped.is_empty(),
            ledger_key_pinned: !pins.ledger_keys.is_empty(),
            found_pinned: pins.found_hash.is_some(),
            findings,
        }))
    }

    /// The findings of the entry at which the replay stopped.
    pub fn findings(&self) -> &[Finding] {
        &self.stopped
    }

    fn judge(&mut self, mut prepared: Prepared, findings: &mut Vec<Finding>) {
        let index = self.size();
        let opened = prepared.take_opened(index, self.terms.as_ref());
        let entry = match prepared.entry() {
            Ok(entry) => entry,
            Err(error) => {
                let expected = "one entry in deterministic CBOR";
                findings.push(Finding::new(index, Check::Encoding, expected, error));
                return;
            }
        };
        if !prepared.canonical {
            let expected = "the one encoding of this entry";
            let found = "another encoding of the same values";
            findings.push(Finding::new(index, Check::Encoding, expected, found));
        }
        self.judge_place(&entry, findings);
        let opened = opened.unwrap_or_else(|| self.preparer().open(&entry));
        let Some(envelope) = self.judge_envelope(&entry, opened, findings) else {
            return;
        };
        self.judge_decision(&entry, &envelope, findings);
        if findings.is_empty() {
            self.keys.count(entry.author, &envelope.signer);
            let effects = self.judge_effects(&entry, &envelope, findings);
            if findings.is_empty() {
                let chain_hash = prepared.chain_hash;
                self.judge_clearing(&entry, &envelope, &effects, chain_hash, findings);
            }
            if findings.is_empty() {
                self.append(&entry, prepared.chain_hash, prepared.leaf_hash);
            }
        }
    }

    /// Index, chain, time and ledger.
    fn judge_place(&self, entry: &EntryRef<'_>, findings: &mut Vec<Finding>) {
        let index = self.size();
        if entry.index != index {
            findings.push(Finding::new(index, Check::Index, index, entry.index));
        }
        if *entry.prev != self.chain_hash {
            let (expected, found) = (hex(&self.chain_hash), hex(entry.prev));
            findings.push(Finding::new(index, Check::Prev, expected, found));
        }
        let time = Micros(entry.accepted_at_us);
        if self.last_time.is_some_and(|last| time <= last) {
            let last = self.last_time.unwrap_or_default().to_rfc3339();
            let expected = format!("later than {last}");
            findings.push(Finding::new(
                index,
                Check::Time,
                expected,
                time.to_rfc3339(),
            ));
        }
        if time.seconds() > crate::domain::time::SECONDS_MAX {
            let found = format!("{} µs", entry.accepted_at_us);
            findings.push(Finding::new(
                index,
                Check::Time,
                "before the year 10000",
                found,
            ));
        }
        if let Some(governance) = self.governance() {
            let origin = &governance.programme.origin;
            if entry.origin != origin {
                findings.push(Finding::new(index, Check::Origin, origin, entry.origin));
            }
        }
    }

    /// Compares the opened envelope's author and ledger with the entry's.
    fn judge_envelope(
        &self,
        entry: &EntryRef<'_>,
        opened: Result<Envelope, EnvelopeError>,
        findings: &mut Vec<Finding>,
    ) -> Option<Envelope> {
        let index = self.size();
        let envelope = match opened {
            Ok(envelope) => envelope,
            Err(error) => {
                findings.push(not_opened(index, &error));
                return None;
            }
        };
        if envelope.author.as_str() != entry.author {
            let (expected, found) = (envelope.author, entry.author);
            findings.push(Finding::new(index, Check::Author, expected, found));
        }
        if index == 0 && envelope.submission.ledger != entry.origin {
            let (expected, found) = (&envelope.submission.ledger, entry.origin);
            findings.push(Finding::new(index, Check::Origin, expected, found));
        }
        Some(envelope)
    }

    /// What the writer decided about the submission as a whole.
    fn judge_decision(
        &mut self,
        entry: &EntryRef<'_>,
        envelope: &Envelope,
        findings: &mut Vec<Finding>,
    ) {
        let index = self.size();
        let party = envelope.signer.party;
        let author_seq = match self.governance() {
            None => 0,
            Some(_) => self.books().party(party).next_author_seq,
        };
        if entry.author_seq != author_seq {
            let (expected, found) = (author_seq, entry.author_seq);
            findings.push(Finding::new(index, Check::AuthorSeq, expected, found));
        }
        let submission = &envelope.submission;
        if let Some(before) = self.fold.submission(&(party, submission.id)) {
            let found = format!("{} again, used in entry {before}", submission.id);
            let expected = "a submission id not used before";
            findings.push(Finding::new(index, Check::SubmissionId, expected, found));
        }
        let accepted_at = Micros(entry.accepted_at_us);
        if let Some(governance) = self.governance() {
            let signer = &envelope.signer;
            if let Err(refusal) = admission::admit(governance, signer, submission, accepted_at) {
                let expected = "a submission that may be accepted at this time";
                findings.push(Finding::new(index, Check::Admission, expected, refusal));
            }
        }
        if let (Some(note), Some(_)) = (submission.seen.as_deref(), &self.terms) {
            let governance = self.fold.set.governance();
            if let Some(wrong) = seen::check(note, governance, &self.history) {
                if wrong.contradicts {
                    self.contradiction = Some(note.to_owned());
                }
                findings.push(wrong.finding);
            }
        }
    }

    /// Every outcome and the digest of the effects, by executing the ops again.
    fn judge_effects(
        &mut self,
        entry: &EntryRef<'_>,
        envelope: &Envelope,
        findings: &mut Vec<Finding>,
    ) -> Vec<Effect> {
        let index = self.size();
        let accepted_at = Micros(entry.accepted_at_us);
        let results = self
            .fold
            .execute(index, accepted_at, &envelope.signer, &envelope.submission);
        let governance = self.fold.set.governance();
        self.keys.extend(governance);
        if index == 0 {
            self.terms = Some(Arc::new(Terms::of(&governance.programme)));
        }
        let outcome = outcome_of(&results);
        if outcome != *entry.outcome {
            let (expected, found) = (format!("{outcome:?}"), format!("{:?}", entry.outcome));
            findings.push(Finding::new(index, Check::Outcome, expected, found));
        }
        effects::encode(index, &results, &mut self.effects);
        let digest = effects_digest(&self.effects);
        if digest != *entry.effects_digest {
            let (expected, found) = (hex(&digest), hex(entry.effects_digest));
            findings.push(Finding::new(index, Check::Effects, expected, found));
        }
        for effect in &results {
            *self.outcomes.entry(effect.outcome().number()).or_default() += 1;
        }
        results
    }

    /// Lines, points and statements, computed a second time.
    fn judge_clearing(
        &mut self,
        entry: &EntryRef<'_>,
        envelope: &Envelope,
        effects: &[Effect],
        chain_hash: Hash,
        findings: &mut Vec<Finding>,
    ) {
        let seen = Seen {
            index: self.size(),
            accepted_at: Micros(entry.accepted_at_us),
            author: envelope.signer.party,
            author_seq: entry.author_seq,
            chain_hash,
            submission: &envelope.submission,
            effects,
        };
        let history = &self.history;
        let root_at = |index: u64| history.root_at(index.checked_add(1)?);
        let governance = self.fold.set.governance();
        findings.extend(self.clearing.check(governance, &seen, root_at));
    }

    fn append(&mut self, entry: &EntryRef<'_>, chain_hash: Hash, leaf_hash: Hash) {
        self.chain_hash = chain_hash;
        if self.size() == 0 {
            self.found_hash = chain_hash;
        }
        self.last_time = Some(Micros(entry.accepted_at_us));
        self.history.push(leaf_hash);
    }

    fn outcomes_by_code(&self) -> BTreeMap<&'static str, u64> {
        let named = self.outcomes.iter().map(|(number, ops)| {
            let rejection = Rejection::from_number(*number);
            (
                rejection.expect("it was counted by its number").code(),
                *ops,
            )
        });
        named.collect()
    }
}

/// What an envelope that cannot be opened is a finding of.
fn not_opened(index: u64, error: &EnvelopeError) -> Finding {
    let (check, expected) = match error {
        EnvelopeError::WrongLedger { .. } => (Check::Origin, "a submission to this ledger"),
        EnvelopeError::KeyUnknown(_) | EnvelopeError::SignatureInvalid(_) => (
            Check::Signature,
            "a signature by a key registered before this entry",
        ),
        _ => (Check::Envelope, "an envelope of the ledger's form"),
    };
    let found = match error {
        EnvelopeError::KeyUnknown(kid) => format!("no key {kid} was registered"),
        EnvelopeError::SignatureInvalid(kid) => format!("one that {kid} did not make"),
        error => error.to_string(),
    };
    Finding::new(index, check, expected, found)
}

impl Default for Replay {
    fn default() -> Self {
        Self::new()
    }
}

/// The outcome as an entry writes it: empty where every op was applied.
fn outcome_of(results: &[Effect]) -> Vec<u16> {
    if results
        .iter()
        .all(|effect| effect.outcome() == Rejection::Applied)
    {
        return Vec::new();
    }
    let numbers = results
        .iter()
        .map(|effect| effect.outcome().number().into());
    numbers.collect()
}
