//! The state that a batch of submissions works on: governance, books, and the records it touches.
//!
//! Must not: fetch. [`Needs`] says what to load before [`super::execute::execute`] may run; all
//! records together are a fold over the entries.

pub mod packed;

use self::packed::PackedOp;
use super::books::Books;
use super::dispute::{ClearingKey, ClearingRecord};
use super::governance::Governance;
use super::ids::{OpAt, Party, Reference};
use super::line::{LineKey, LineTotal};
use super::lot::Lot;
use super::members::{MemberChange, MemberChanges, Members};
use super::op::dispute::disputed_line;
use super::points::Points;
use super::submission::{Action, Submission};
use super::table::Table;
use super::time::Micros;
use super::visit::Revision;
use super::window::{Carried, ItemKey, Window, Windows};
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// An op id with the author whose it is.
pub type OpKey = (Party, Reference);
/// A submission id with the author whose it is.
pub type SubmissionKey = (Party, Reference);

/// What the ledger keeps of an applied op.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct OpRecord {
    /// Where it stands.
    #[n(0)]
    pub at: OpAt,
    /// [`super::submission::digests`].
    #[cbor(n(1), with = "minicbor::bytes")]
    pub digest: [u8; 16],
    /// When it was applied.
    #[n(2)]
    pub accepted_at: Micros,
    /// What a later op may need of it.
    #[n(3)]
    pub subject: Subject,
}

/// What a later op may need of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Subject {
    /// Nothing.
    #[n(0)]
    Other,
    /// A hold can be captured or released.
    #[n(1)]
    Hold(#[n(0)] Reference),
    /// An issue can be reversed.
    #[n(2)]
    Issue(#[n(0)] IssueRecord),
    /// A burn or capture can be reversed.
    #[n(3)]
    Spend(#[n(0)] SpendRecord),
    /// A confirmed payment can be returned.
    #[n(4)]
    Payment(#[n(0)] ItemKey),
}

/// What a reversal of an issue needs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct IssueRecord {
    /// Who got the points.
    #[n(0)]
    pub member: Reference,
    /// What it made.
    #[n(1)]
    pub lot: Lot,
    /// How many of its points are reversed.
    #[n(2)]
    pub reversed: Points,
}

/// What a reversal of a burn or capture needs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct SpendRecord {
    /// Whose points they were.
    #[n(0)]
    pub member: Reference,
    /// What was consumed, in order.
    #[n(1)]
    pub slices: Vec<Lot>,
    /// The price version in force when they were.
    #[n(2)]
    pub price_version: u32,
    /// How many of its points are reversed, from the last slice on.
    #[n(3)]
    pub reversed: Points,
}

/// What the ledger keeps of an accepted submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct SubmissionRecord {
    /// Its entry.
    #[n(0)]
    pub entry: u64,
    /// BLAKE3 of the envelope's compact form.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub digest: [u8; 32],
}

/// Everything in memory that decides the next entry.
#[derive(Debug)]
pub struct WorkingSet {
    /// Programme, partners, keys, prices. Nothing before entry 0.
    pub governance: Option<Arc<Governance>>,
    /// Totals and lines.
    pub books: Books,
    /// Members by reference.
    pub members: Members,
    /// Applied ops by author and id.
    pub ops: Table<OpKey, PackedOp>,
    /// Accepted submissions by author and id.
    pub submissions: Table<SubmissionKey, SubmissionRecord>,
    /// Windows, and what is rolled forward.
    pub windows: Windows,
    /// Payments, disputes and acknowledgements.
    pub clearing: Table<ClearingKey, ClearingRecord>,
    changed: Changed,
}

#[derive(Debug, Default)]
struct Changed {
    ops: OpChanges,
    submissions: Vec<(SubmissionKey, SubmissionRecord)>,
    clearing: BTreeSet<ClearingKey>,
    governance: bool,
}

/// An op that was applied, or changed by a later one.
#[derive(Debug)]
pub struct OpChange {
    /// Whose id.
    pub key: OpKey,
    /// The entry that applied it.
    pub entry: u64,
    /// Where its bytes are among those of all changes.
    pub packed: Range<usize>,
}

/// Ops that were applied or changed, in order; of one key, the last counts.
#[derive(Debug, Default)]
pub struct OpChanges {
    /// Each of them.
    pub ops: Vec<OpChange>,
    /// Their bytes, by [`packed::pack`].
    pub bytes: Vec<u8>,
}

impl OpChanges {
    fn clear(&mut self) {
        self.ops.clear();
        self.bytes.clear();
    }
}

/// What a batch changed, to be stored behind the log.
#[derive(Debug, Default)]
pub struct Changes {
    /// Members.
    pub members: MemberChanges,
    /// Applied ops and those that were changed by one.
    pub ops: OpChanges,
    /// Accepted submissions.
    pub submissions: Vec<(SubmissionKey, SubmissionRecord)>,
    /// Lines; `None` is a line that is gone.
    pub lines: Vec<(LineKey, Option<LineTotal>)>,
    /// Totals of parties.
    pub parties: Vec<(Party, super::books::PartyBooks)>,
    /// Governance, if it changed.
    pub governance: Option<Arc<Governance>>,
    /// Windows.
    pub windows: Vec<Window>,
    /// What is rolled forward, if it changed.
    pub carried: Option<Carried>,
    /// Payments, disputes and acknowledgements.
    pub clearing: Vec<(ClearingKey, ClearingRecord)>,
}

impl WorkingSet {
    /// The state of an empty ledger.
    pub fn empty() -> Self {
        Self::load(None, Books::default(), Windows::default())
    }

    /// The state as it was stored; members, ops and submissions are loaded on demand.
    pub fn load(governance: Option<Arc<Governance>>, books: Books, windows: Windows) -> Self {
        Self {
            governance,
            books,
            members: Members::default(),
            ops: Table::default(),
            submissions: Table::default(),
            windows,
            clearing: Table::default(),
            changed: Changed::default(),
        }
    }

    /// The governance in force.
    ///
    /// # Panics
    /// Before entry 0, which nothing but founding may ask about.
    pub fn governance(&self) -> &Arc<Governance> {
        self.governance.as_ref().expect("the ledger is founded")
    }

    /// Replaces all governance: at founding, and when an atomic submission is undone.
    pub fn set_governance(&mut self, governance: Arc<Governance>) {
        self.changed.governance = true;
        self.books.resize_to(governance.party_count());
        self.governance = Some(governance);
    }

    /// Puts a member in place; may take it out of the revision.
    pub fn put_member(&mut self, revision: &mut Revision) {
        let offset = self.governance().programme.utc_offset_min;
        self.members.put(revision, offset);
    }

    /// Puts a member back as it was before an op of this batch: its bytes, or nothing.
    pub fn restore_member(&mut self, id: &Reference, packed: Option<&[u8]>) {
        let offset = self.governance().programme.utc_offset_min;
        self.members.restore(id, packed, offset);
    }

    /// The record of an op that was touched or loaded for this batch.
    pub fn op(&self, key: &OpKey) -> Option<OpRecord> {
        self.ops.get(key).map(PackedOp::record)
    }

    /// Replaces the record of an op. Returns the one before.
    pub fn put_op(&mut self, key: OpKey, record: &OpRecord) -> Option<PackedOp> {
        let OpChanges { ops, bytes } = &mut self.changed.ops;
        let start = bytes.len();
        packed::pack(record, bytes);
        let packed = PackedOp::packed(&bytes[start..]);
        ops.push(OpChange {
            key,
            entry: record.at.entry,
            packed: start..bytes.len(),
        });
        self.ops.put(key, Some(packed))
    }

    /// Puts the record of an op back that the last [`WorkingSet::put_op`] not taken back replaced.
    pub fn restore_op(&mut self, key: OpKey, before: Option<PackedOp>) {
        let OpChanges { ops, bytes } = &mut self.changed.ops;
        let last = ops.pop().filter(|last| last.key == key);
        bytes.truncate(last.expect("ops are taken back in order").packed.start);
        self.ops.put(key, before);
    }

    /// Replaces a record of clearing.
    pub fn put_clearing(
        &mut self,
        key: ClearingKey,
        record: Option<ClearingRecord>,
    ) -> Option<ClearingRecord> {
        self.changed.clearing.insert(key);
        self.clearing.put(key, record)
    }

    /// Whether a record of clearing is to be looked up before an op that names it. A line is so
    /// only once its window is netted: earlier, what is absent may still come, and be taken for
    /// absent ever after.
    pub fn may_need(&self, key: &ClearingKey) -> bool {
        match key {
            ClearingKey::Line(line) => self.windows.is_netted(line.window),
            _ => true,
        }
    }

    /// Remembers an accepted submission.
    pub fn put_submission(&mut self, key: SubmissionKey, record: SubmissionRecord) {
        self.changed.submissions.push((key, record));
        self.submissions.put(key, Some(record));
    }

    /// Forgets what changed, for whoever keeps every record in memory. Says which members did.
    pub fn forget_changes(&mut self) -> Vec<MemberChange> {
        drop(self.books.take_changed());
        drop(self.windows.take_changed());
        self.changed.ops.clear();
        self.changed.submissions.clear();
        self.changed.clearing.clear();
        self.changed.governance = false;
        self.members.take_changes().members
    }

    /// Gives every op record that was put in place, packed and in order, to whoever keeps them
    /// elsewhere, and lets all of them go from memory.
    pub fn release_ops(&mut self, mut keep: impl FnMut(&OpKey, &[u8])) {
        let OpChanges { ops, bytes } = &self.changed.ops;
        for op in ops {
            keep(&op.key, &bytes[op.packed.clone()]);
        }
        self.changed.ops.clear();
        self.ops.clear();
    }

    /// What changed since this was last asked, each record once.
    pub fn take_changes(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed);
        self.changed.ops = OpChanges {
            ops: Vec::with_capacity(changed.ops.ops.len()),
            bytes: Vec::with_capacity(changed.ops.bytes.len()),
        };
        let (parties, lines) = self.books.take_changed();
        let (windows, carried) = self.windows.take_changed();
        let clearing = changed.clearing.into_iter();
        let clearing = clearing.filter_map(|key| Some((key, self.clearing.get(&key)?.clone())));
        Changes {
            members: self.members.take_changes(),
            ops: changed.ops,
            submissions: changed.submissions,
            lines: lines
                .into_iter()
                .map(|k| (k, self.books.lines.get(&k).copied()))
                .collect(),
            parties: parties
                .into_iter()
                .map(|p| (p, self.books.party(p).clone()))
                .collect(),
            governance: changed.governance.then(|| self.governance().clone()),
            windows,
            carried,
            clearing: clearing.collect(),
        }
    }
}

/// The keys of the records that a submission may touch, as far as it names them itself.
///
/// Ops that name an earlier op also touch what that op was about: [`Needs::add_targets`].
#[derive(Debug, Default)]
pub struct Needs {
    /// Members named.
    pub members: Vec<Reference>,
    /// Op ids used or named.
    pub ops: Vec<OpKey>,
    /// Op ids named: of these, the records lead to further records.
    pub targets: Vec<OpKey>,
    /// Payments, disputes, acknowledgements and lines named.
    pub clearing: Vec<ClearingKey>,
}

impl Needs {
    /// Adds what a submission names.
    pub fn add(&mut self, governance: &Governance, author: Party, submission: &Submission) {
        self.ops.reserve(submission.ops.len());
        self.members.reserve(submission.ops.len());
        for op in &submission.ops {
            self.ops.push((author, op.id));
            let target = op.action.target().map(|target| (author, *target));
            self.ops.extend(target);
            self.targets.extend(target);
            self.add_action(governance, author, &op.action);
            if let Action::Propose(action) = &op.action {
                self.add_action(governance, author, action);
            }
        }
    }

    /// Adds what earlier ops that are named were about: once the records of ops are loaded.
    pub fn add_targets(&mut self, ops: &Table<OpKey, PackedOp>) {
        for record in self.targets.iter().filter_map(|key| ops.get(key)) {
            let record = record.record();
            self.members.extend(record.member());
            self.clearing.extend(record.clearing());
        }
    }

    /// Adds what actions name that wait for approval, which an `approve` may touch.
    pub fn add_proposals(&mut self, governance: &Governance) {
        for proposal in governance.proposals.values() {
            self.add_action(governance, Party::HOUSE, &proposal.action);
        }
    }

    fn add_action(&mut self, governance: &Governance, author: Party, action: &Action) {
        self.members.extend(action.members().into_iter().flatten());
        let key = match action {
            Action::ConfirmPayment(op) => {
                let parties = governance
                    .party(&op.debtor)
                    .zip(governance.party(&op.creditor));
                parties.map(|(debtor, creditor)| {
                    ClearingKey::Item(ItemKey {
                        window: op.window,
                        debtor,
                        creditor,
                    })
                })
            }
            Action::DisputeOpen(op) => disputed_line(governance, op).map(ClearingKey::Line),
            Action::DisputeAnswer(op) => Some(ClearingKey::Dispute(op.dispute)),
            Action::DisputeResolve(op) => Some(ClearingKey::Dispute(op.dispute)),
            Action::StatementAcknowledge(window) => {
                Some(ClearingKey::Acknowledgement(*window, author))
            }
            _ => None,
        };
        self.clearing.extend(key);
    }
}

impl OpRecord {
    /// The member that a later op which names this one will touch.
    pub fn member(&self) -> Option<Reference> {
        match &self.subject {
            Subject::Other | Subject::Payment(_) => None,
            Subject::Hold(member) => Some(*member),
            Subject::Issue(issue) => Some(issue.member),
            Subject::Spend(spend) => Some(spend.member),
        }
    }

    /// The payment that a later op which names this one will touch.
    pub fn clearing(&self) -> Option<ClearingKey> {
        match &self.subject {
            Subject::Payment(item) => Some(ClearingKey::Item(*item)),
            _ => None,
        }
    }
}
