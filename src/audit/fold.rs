//! The fold: the state that follows from the entries so far, all of it in memory.
//!
//! Records of ops and submissions, of which there are the most and few are ever asked for again,
//! lie packed in archives; the working set has only those of the entry at hand.
//! Must not: load anything. What was never written is absent.

use super::archive::{Archive, Key};
use super::expiry::Expiry;
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::effect::Effect;
use crate::domain::execute::{self, Due, Signer, Stamp};
use crate::domain::ids::Reference;
use crate::domain::line::LineKey;
use crate::domain::op::expire::SWEEP_LOTS_MAX;
use crate::domain::op::net_window::nettable;
use crate::domain::submission::{Action, Submission};
use crate::domain::time::{Day, Micros};
use crate::domain::working_set::packed::PackedOp;
use crate::domain::working_set::{Needs, WorkingSet};
use crate::proof::netting;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything that the entries so far decide.
#[derive(Debug)]
pub struct Fold {
    /// Governance, books and records; of ops and submissions, none between entries.
    pub set: WorkingSet,
    /// Applied ops, by [`crate::domain::working_set::packed::pack`].
    pub(super) ops: Archive,
    /// Entries of accepted submissions, as u64, big-endian.
    pub(super) submissions: Archive,
    /// What a sweep has to look at, in its order.
    pub(super) expiry: Expiry,
    /// Every line of a window that was netted, for disputes.
    pub(super) lines: BTreeSet<LineKey>,
}

impl Fold {
    /// The state before entry 0.
    pub fn new() -> Self {
        Self {
            set: WorkingSet::empty(),
            ops: Archive::default(),
            submissions: Archive::default(),
            expiry: Expiry::default(),
            lines: BTreeSet::new(),
        }
    }

    /// The state as it was saved.
    pub fn load(
        set: WorkingSet,
        ops: Archive,
        submissions: Archive,
        lines: BTreeSet<LineKey>,
    ) -> Self {
        let mut fold = Self {
            set,
            ops,
            submissions,
            lines,
            ..Self::new()
        };
        let offset = fold.utc_offset_min();
        for (id, member) in fold.set.members.records() {
            for day in member.due_days(offset) {
                fold.expiry.insert(day, id);
            }
        }
        fold
    }

    /// The entry in which this author used the submission id before.
    pub fn submission(&self, submission: &Key) -> Option<u64> {
        let entry = self.submissions.get(submission)?.try_into();
        Some(u64::from_be_bytes(entry.expect("it was put so")))
    }

    /// Executes a submission as the entry at this index.
    pub fn execute(
        &mut self,
        index: u64,
        accepted_at: Micros,
        signer: &Signer,
        submission: &Submission,
    ) -> Vec<Effect> {
        let effects = if index == 0 {
            execute::found(&mut self.set, accepted_at, &submission.ops[0])
        } else {
            self.touch(signer, submission);
            let due = self.due(submission);
            let offset = self.utc_offset_min();
            let stamp = Stamp::new(index, accepted_at, offset);
            execute::execute(&mut self.set, &stamp, signer, submission, &due)
        };
        let books = self.set.books.party_mut(signer.party);
        books.next_author_seq = books.next_author_seq.saturating_add(1);
        let key = (signer.party, submission.id);
        self.submissions.put(&key, &index.to_be_bytes());
        self.note_changes();
        effects
    }

    /// Has the working set know what the submission may touch: as absent, what no entry wrote.
    fn touch(&mut self, signer: &Signer, submission: &Submission) {
        let mut needs = Needs::default();
        let governance = self.set.governance().clone();
        needs.add(&governance, signer.party, submission);
        needs.add_proposals(&governance);
        // All are looked for before any is used: waits for memory then run together.
        let kept = needs.ops.iter().map(|op| self.ops.get(op));
        let kept: Vec<Option<&[u8]>> = kept.collect();
        for (op, bytes) in needs.ops.iter().zip(kept) {
            let record = bytes.map(|bytes| {
                let record = PackedOp::new(bytes);
                record.expect("what is kept was packed here or checked")
            });
            self.set.ops.load(*op, record);
        }
        needs.add_targets(&self.set.ops);
        for key in needs.clearing {
            if self.set.may_need(&key) && !self.set.clearing.touch(&key) {
                let record = match key {
                    ClearingKey::Line(line) if self.lines.contains(&line) => {
                        Some(ClearingRecord::Line)
                    }
                    _ => None,
                };
                self.set.clearing.load(key, record);
            }
        }
        for member in self.set.members.missing(needs.members) {
            self.set.members.load(&member, None);
        }
    }

    fn due(&mut self, submission: &Submission) -> Due {
        let up_to = match submission.ops.first().map(|op| &op.action) {
            Some(Action::Expire(up_to)) => up_to,
            Some(Action::NetWindow(op)) if nettable(&self.set, op.window).is_ok() => {
                let lines = self.set.books.lines_of(op.window).map(|(key, _)| *key);
                self.lines.extend(lines);
                let prepared = netting::prepare(&self.set, op.window);
                return Due {
                    netting: Some(Arc::new(prepared)),
                    ..Due::default()
                };
            }
            _ => return Due::default(),
        };
        let (members, offset) = (&self.set.members, self.utc_offset_min());
        let has_work = |day: Day, id: &Reference| {
            let member = members.get(id);
            member.is_some_and(|member| member.due_days(offset).contains(&day))
        };
        let (pairs, more) = self.expiry.due(*up_to, SWEEP_LOTS_MAX, has_work);
        Due {
            pairs,
            more,
            netting: None,
        }
    }

    fn utc_offset_min(&self) -> i16 {
        self.set.governance().programme.utc_offset_min
    }

    fn note_changes(&mut self) {
        let ops = &mut self.ops;
        self.set.release_ops(|key, packed| ops.put(key, packed));
        self.ops.list();
        self.submissions.list();
        let changes = self.set.forget_changes();
        for change in changes.into_iter().filter(|change| change.packed.is_some()) {
            let id = change.id;
            if change.days_after == change.days_before {
                continue;
            }
            for day in change.days_before {
                self.expiry.remove(day, &id);
            }
            for day in change.days_after {
                self.expiry.insert(day, id);
            }
        }
    }
}
