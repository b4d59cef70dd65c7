//! The core of the writer: executes, encodes, chains and seals. Normal running and recovery both go
//! through it.
//!
//! Must not: read a clock, wait, or write to a store.

use super::keys::KeyRing;
use super::prefetch;
use super::reader::StateReader;
use super::record::Standing;
use super::roots;
use super::store::{Batch, Record, StoreError};
use super::view::View;
use crate::domain::admission::{self, Refusal};
use crate::domain::effect::Effect;
use crate::domain::execute::{self, Due, Signer, Stamp};
use crate::domain::governance::Governance;
use crate::domain::ids::{Party, Reference};
use crate::domain::invariants;
use crate::domain::op::net_window::nettable;
use crate::domain::submission::{Action, Submission};
use crate::domain::time::Micros;
use crate::domain::window::Windows;
use crate::domain::working_set::{Changes, SubmissionRecord, WorkingSet};
use crate::proof::chain::ChainHasher;
use crate::proof::checkpoint::Checkpoint;
use crate::proof::entry::{EntryRef, effects_digest};
use crate::proof::envelope::Envelope;
use crate::proof::merkle::{self, Hash};
use crate::proof::note::NoteSigner;
use crate::proof::tile::{Edge, EdgeAppended};
use crate::proof::{effects, jws, netting};
use std::borrow::Cow;
use std::sync::Arc;

/// What the writer holds in memory.
pub struct Core {
    /// The state that decides the next entry.
    pub set: WorkingSet,
    /// Sign checkpoints, each while it is in force: at least every key that is.
    pub signers: Vec<NoteSigner>,
    /// The last entry's time.
    pub last_time: Micros,
    /// Chain hash of the last entry.
    pub chain_hash: Hash,
    /// The right edge of the tree, without the entries not sealed yet.
    pub edge: Edge,
    chain: ChainHasher,
    keys: Arc<KeyRing>,
    /// Made anew when one changes.
    windows: Option<Arc<Windows>>,
    records: Vec<Record>,
    leaf_hashes: Vec<Hash>,
}

/// What became of an envelope at the writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is this new entry, with these effects.
    New(u64, Vec<Effect>),
    /// The same bytes are this entry already.
    Known(u64),
}

/// Why the writer did not accept an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// The submission id was used for other bytes.
    #[error("this submission id was used before for other bytes; send it under a new id")]
    SubmissionIdReused,
    /// An approved key could not sign the next checkpoint.
    #[error(
        "this house does not hold the new ledger key; name its file as next_ledger_key_file in \
         the settings, start again, and send the same bytes again"
    )]
    LedgerKeyMissing,
    /// The writer's decision about key, scopes and validity.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// A batch ready to be committed.
#[derive(Debug)]
pub struct Sealed {
    /// The log's size before it.
    pub expected_size: u64,
    /// What the log gets.
    pub batch: Batch,
    /// What the state gets, behind the log.
    pub changes: Changes,
    /// The fold's standing after it.
    pub standing: Standing,
    /// The tree's new nodes, for the proofs of its entries.
    pub appended: EdgeAppended,
    /// What readers see once it is durable.
    pub view: Arc<View>,
}

/// What was accepted or replayed, before anything is signed.
#[derive(Debug)]
pub struct Folded {
    /// How many entries there were before it.
    pub expected_size: u64,
    /// How many there are after it.
    pub size: u64,
    /// The entries.
    pub records: Vec<Record>,
    /// What the state gets.
    pub changes: Changes,
    /// The fold's standing after it.
    pub standing: Standing,
    /// The tree's new nodes.
    pub appended: EdgeAppended,
}

/// Room for the usual effect of an op.
const EFFECT_BYTES: usize = 96;
/// Room for all of an entry but its payload; one outcome an op may come to it.
const ENTRY_BYTES: usize = 640;

impl Core {
    /// A core that stands at the given place.
    pub fn new(
        set: WorkingSet,
        signers: Vec<NoteSigner>,
        last_time: Micros,
        chain_hash: Hash,
        edge: Edge,
    ) -> Self {
        let keys = Arc::new(
            set.governance
                .as_deref()
                .map(|governance| KeyRing::new(governance, &KeyRing::default()))
                .unwrap_or_default(),
        );
        Self {
            windows: None,
            set,
            signers,
            last_time,
            chain_hash,
            edge,
            chain: ChainHasher::new(),
            keys,
            records: Vec::new(),
            leaf_hashes: Vec::new(),
        }
    }

    /// The index of the next entry.
    pub fn next_index(&self) -> u64 {
        self.edge.size() + self.leaf_hashes.len() as u64
    }

    /// Decides an envelope at a time, and executes it if it is accepted. Its records must have been
    /// prefetched.
    ///
    /// # Errors
    /// [`Declined`], with nothing changed.
    pub fn accept(
        &mut self,
        envelope: &Envelope,
        now: Micros,
        due: &Due,
    ) -> Result<Accepted, Declined> {
        let key = (envelope.signer.party, envelope.submission.id);
        if let Some(known) = self.set.submissions.get(&key) {
            return match known.digest == envelope.digest {
                true => Ok(Accepted::Known(known.entry)),
                false => Err(Declined::SubmissionIdReused),
            };
        }
        let accepted_at = now.max(Micros(self.last_time.0 + 1));
        let governance = self.set.governance();
        admission::admit(
            governance,
            &envelope.signer,
            &envelope.submission,
            accepted_at,
        )?;
        self.check_ledger_keys(governance, &envelope.submission)?;
        let index = self.next_index();
        let effects = self.execute(&envelope.signer, &envelope.submission, accepted_at, due);
        let record = self.encode(envelope, index, accepted_at, &effects);
        self.push(record, key, envelope.digest);
        Ok(Accepted::New(index, effects))
    }

    /// Executes the founding envelope as entry 0.
    pub fn found(&mut self, envelope: &Envelope, now: Micros) {
        assert_eq!(self.next_index(), 0, "a ledger is founded once");
        let effects = self.execute(&envelope.signer, &envelope.submission, now, &Due::default());
        let record = self.encode(envelope, 0, now, &effects);
        self.push(
            record,
            (Party::HOUSE, envelope.submission.id),
            envelope.digest,
        );
    }

    /// Executes a stored entry again. Its records must have been prefetched.
    ///
    /// # Errors
    /// What differs from the entry as stored.
    pub fn replay(
        &mut self,
        record: Record,
        entry: &EntryRef<'_>,
        submission: &Submission,
        signer: &Signer,
        due: &Due,
    ) -> Result<(), &'static str> {
        if entry.index != self.next_index() {
            return Err("its index is not its place");
        }
        if *entry.prev != self.chain_hash {
            return Err("it does not chain to the entry before");
        }
        let accepted_at = Micros(entry.accepted_at_us);
        let results = self.execute(signer, submission, accepted_at, due);
        let mut bytes = Vec::new();
        effects::encode(entry.index, &results, &mut bytes);
        if effects_digest(&bytes) != *entry.effects_digest || bytes != record.effects {
            return Err("executing it again gives other effects");
        }
        self.windows = None;
        let compact = jws::compact_from_parts(entry.protected, entry.payload, entry.signature);
        let digest = *blake3::hash(compact.as_bytes()).as_bytes();
        self.push(record, (signer.party, submission.id), digest);
        Ok(())
    }

    /// Loads what an envelope's sweep has to do, or works its netting out, if it is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn due(
        &mut self,
        reader: &StateReader,
        submission: &Submission,
    ) -> Result<Due, StoreError> {
        match submission.ops.first().map(|op| &op.action) {
            Some(Action::Expire(up_to)) => prefetch::prefetch_due(&mut self.set, reader, *up_to),
            Some(Action::NetWindow(op)) if nettable(&self.set, op.window).is_ok() => Ok(Due {
                netting: Some(Arc::new(netting::prepare_with(
                    &self.set,
                    op.window,
                    roots::lines_root,
                ))),
                ..Due::default()
            }),
            _ => Ok(Due::default()),
        }
    }

    /// The registered keys, as verifiers see them.
    pub fn keys(&self) -> Arc<KeyRing> {
        self.keys.clone()
    }

    /// Every window, as readers see them.
    pub fn windows(&mut self) -> Arc<Windows> {
        let windows = &self.set.windows;
        let shared = self
            .windows
            .get_or_insert_with(|| Arc::new(windows.clone()));
        shared.clone()
    }

    /// Brings the tree after what was accepted or replayed since the last time; nothing if nothing
    /// was. Recovery needs no more: it signs nothing, least of all with keys retired since.
    pub fn fold(&mut self) -> Option<Folded> {
        if self.records.is_empty() {
            return None;
        }
        let expected_size = self.edge.size();
        let appended = self.edge.append(&std::mem::take(&mut self.leaf_hashes));
        let changes = self.set.take_changes();
        invariants::assert_books(
            &self.set.books,
            changes.parties.iter().map(|(party, _)| *party),
        );
        if changes.governance.is_some() {
            self.keys = Arc::new(KeyRing::new(self.set.governance(), &self.keys));
        }
        if !changes.windows.is_empty() {
            self.windows = None;
        }
        let standing = Standing {
            window: self.set.books.window,
            last_time: self.last_time,
        };
        Some(Folded {
            expected_size,
            size: self.edge.size(),
            records: std::mem::take(&mut self.records),
            changes,
            standing,
            appended,
        })
    }

    /// Seals what was accepted since the last seal; nothing if nothing was.
    pub fn seal(&mut self) -> Option<Sealed> {
        let mut folded = self.fold()?;
        let governance = self.set.governance().clone();
        let windows = self.windows();
        let origin = governance.programme.origin.clone();
        let checkpoint = Checkpoint {
            origin,
            size: self.edge.size(),
            root: self.edge.root(),
        };
        let checkpoint = checkpoint.sign(&self.signers_at(&governance, self.edge.size()));
        let view = View {
            size: self.edge.size(),
            chain_hash: self.chain_hash,
            last_time: self.last_time,
            edge: self.edge.clone(),
            checkpoint: checkpoint.clone(),
            governance,
            keys: self.keys.clone(),
            window: self.set.books.window,
            windows,
        };
        let batch = Batch {
            records: folded.records,
            tiles: std::mem::take(&mut folded.appended.tiles),
            checkpoint,
            chain_hash: self.chain_hash,
        };
        Some(Sealed {
            expected_size: folded.expected_size,
            batch,
            changes: folded.changes,
            standing: folded.standing,
            appended: folded.appended,
            view: Arc::new(view),
        })
    }

    /// Declines what would put a key in force that cannot sign here: the checkpoint of that very
    /// entry needs it.
    fn check_ledger_keys(
        &self,
        governance: &Governance,
        submission: &Submission,
    ) -> Result<(), Declined> {
        let wanted = submission.ops.iter().filter_map(|op| match &op.action {
            Action::Propose(action) => Some(action.as_ref()),
            Action::Approve(id) => Some(&governance.proposals.get(id)?.action),
            _ => None,
        });
        let missing = wanted.into_iter().any(|action| match action {
            Action::LedgerKeyAdd(add) => self.signer(&add.public).is_none(),
            _ => false,
        });
        match missing {
            true => Err(Declined::LedgerKeyMissing),
            false => Ok(()),
        }
    }

    fn signer(&self, public: &[u8; 32]) -> Option<&NoteSigner> {
        let is_of = |signer: &&NoteSigner| signer.public() == *public;
        self.signers.iter().find(is_of)
    }

    /// The signers of the checkpoint of a size, oldest key first.
    fn signers_at(&self, governance: &Governance, size: u64) -> Vec<&NoteSigner> {
        let keys = governance.ledger_keys();
        let signing = keys.iter().filter(|key| key.signs(size));
        let signers = signing.map(|key| {
            let signer = self.signer(&key.public);
            signer.expect("the start and the writer's decision saw every key in force")
        });
        signers.collect()
    }

    fn execute(
        &mut self,
        signer: &Signer,
        submission: &Submission,
        accepted_at: Micros,
        due: &Due,
    ) -> Vec<Effect> {
        self.last_time = accepted_at;
        if self.next_index() == 0 {
            return execute::found(&mut self.set, accepted_at, &submission.ops[0]);
        }
        let offset = self.set.governance().programme.utc_offset_min;
        let stamp = Stamp::new(self.next_index(), accepted_at, offset);
        execute::execute(&mut self.set, &stamp, signer, submission, due)
    }

    fn encode(
        &self,
        envelope: &Envelope,
        index: u64,
        accepted_at: Micros,
        results: &[Effect],
    ) -> Record {
        let mut effects = Vec::with_capacity(results.len() * EFFECT_BYTES);
        effects::encode(index, results, &mut effects);
        let outcome: Vec<u16> = results
            .iter()
            .map(|effect| u16::from(effect.outcome().number()))
            .collect();
        let all_applied = outcome.iter().all(|number| *number == 0);
        let mut entry = Vec::with_capacity(envelope.payload.len() + ENTRY_BYTES);
        EntryRef {
            origin: &self.set.governance().programme.origin,
            index,
            accepted_at_us: accepted_at.0,
            prev: &self.chain_hash,
            author: envelope.author.as_str(),
            author_seq: self.set.books.party(envelope.signer.party).next_author_seq,
            protected: &envelope.protected,
            payload: &envelope.payload,
            signature: &envelope.signature,
            outcome: Cow::Owned(if all_applied { Vec::new() } else { outcome }),
            effects_digest: &effects_digest(&effects),
        }
        .encode(&mut entry);
        Record { entry, effects }
    }

    fn push(&mut self, record: Record, key: (Party, Reference), digest: [u8; 32]) {
        let entry = self.next_index();
        self.chain_hash = self.chain.hash(&record.entry);
        self.leaf_hashes.push(merkle::leaf_hash(&record.entry));
        self.records.push(record);
        self.set.books.party_mut(key.0).next_author_seq += 1;
        self.set
            .put_submission(key, SubmissionRecord { entry, digest });
    }
}
