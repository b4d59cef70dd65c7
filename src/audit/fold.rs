//! The fold: the state that follows from the entries so far, all of it in memory.
//!
//! Must not: load anything. What was never written is absent.

use super::expiry::Expiry;
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::effect::Effect;
use crate::domain::execute::{self, Due, Signer, Stamp};
use crate::domain::ids::{Party, Reference};
use crate::domain::line::LineKey;
use crate::domain::op::expire::SWEEP_LOTS_MAX;
use crate::domain::op::net_window::nettable;
use crate::domain::submission::{Action, Submission};
use crate::domain::time::Micros;
use crate::domain::working_set::{Needs, SubmissionRecord, WorkingSet};
use crate::proof::netting;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Everything that the entries so far decide.
#[derive(Debug)]
pub struct Fold {
    /// Governance, books and records.
    pub set: WorkingSet,
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
            expiry: Expiry::default(),
            lines: BTreeSet::new(),
        }
    }

    /// The entry in which this author used the submission id before.
    pub fn submission(&mut self, author: Party, id: Reference) -> Option<u64> {
        let key = (author, id);
        if !self.set.submissions.touch(&key) {
            self.set.submissions.load(key, None);
        }
        self.set.submissions.get(&key).map(|record| record.entry)
    }

    /// Executes a submission as the entry at this index. `digest` is that of its envelope.
    pub fn execute(
        &mut self,
        index: u64,
        accepted_at: Micros,
        signer: &Signer,
        submission: &Submission,
        digest: [u8; 32],
    ) -> Vec<Effect> {
        let effects = if index == 0 {
            execute::found(&mut self.set, accepted_at, &submission.ops[0])
        } else {
            self.touch(signer.party, submission);
            let due = self.due(submission);
            let offset = self.set.governance().programme.utc_offset_min;
            let stamp = Stamp::new(index, accepted_at, offset);
            execute::execute(&mut self.set, &stamp, signer, submission, &due)
        };
        let books = self.set.books.party_mut(signer.party);
        books.next_author_seq = books.next_author_seq.saturating_add(1);
        let record = SubmissionRecord {
            entry: index,
            digest,
        };
        self.set
            .put_submission((signer.party, submission.id), record);
        self.note_changes();
        effects
    }

    /// Makes known as absent what the submission may touch and no entry has written.
    fn touch(&mut self, author: Party, submission: &Submission) {
        let mut needs = Needs::default();
        let governance = self.set.governance().clone();
        needs.add(&governance, author, submission);
        needs.add_proposals(&governance);
        for op in &needs.ops {
            if !self.set.ops.touch(op) {
                self.set.ops.load(*op, None);
            }
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
        let (pairs, more) = self.expiry.due(*up_to, SWEEP_LOTS_MAX);
        Due {
            pairs,
            more,
            netting: None,
        }
    }

    fn note_changes(&mut self) {
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
