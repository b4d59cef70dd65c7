//! The writer thread: takes batches from the queue, decides and executes them in order, seals them.
//!
//! While batch *k* syncs on the commit thread, batch *k* + 1 is executed here. The channel between
//! them holds one batch, so commit groups size themselves without a timer.
//! Must not: answer anyone; answers go out once what they rest on is durable.

use super::commit::{Answer, Commit, Decided, Fate, Reply};
use super::core::{Accepted, Core};
use super::fatal::Fatal;
use super::filter::Filter;
use super::prefetch;
use super::reader::StateReader;
use super::store::StoreError;
use super::time_guard::TimeGuard;
use crate::domain::execute::Due;
use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use crate::platform::config::Writer as Settings;
use crate::proof::envelope::Envelope;
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What the queue holds.
pub enum Job {
    /// A verified envelope, and where its fate is awaited.
    Submit(Box<Envelope>, Reply),
    /// Say when the state is flushed as of what is queued before this.
    Flush(Sender<()>),
    /// Finish what is queued before this, and end.
    Stop,
}

/// Ids in memory before those not named since are let go.
const CACHED_IDS: usize = 1 << 13;

/// How much memory the writer keeps, as of its last batch.
#[derive(Debug, Default)]
pub struct WriterMemory {
    /// Of members.
    pub members: AtomicUsize,
    /// Of the filter over keys.
    pub filter: AtomicUsize,
}

/// The writer of one ledger.
pub struct Writer {
    /// State, chain and tree.
    pub core: Core,
    /// Reads published state.
    pub reader: StateReader,
    /// The queue.
    pub jobs: Receiver<Job>,
    /// To the commit thread.
    pub commits: Sender<Commit>,
    /// Where time comes from.
    pub clock: Arc<Clock>,
    /// Guards against a clock gone wrong.
    pub guard: TimeGuard,
    /// Batch and cache limits.
    pub settings: Settings,
    /// The size that readers see; the commit thread raises it.
    pub published: Arc<AtomicU64>,
    /// Set when nothing more can be promised.
    pub fatal: Arc<Fatal>,
    /// Where its memory is told.
    pub memory: Arc<WriterMemory>,
    /// Tells what was never written.
    pub filter: Filter,
    /// Memory for members.
    pub members_bytes_max: usize,
    /// The next index when ids were last let go.
    pub rotated_at: u64,
}

impl Writer {
    /// Works until told to stop.
    pub fn run(mut self) {
        let mut put_off = None;
        loop {
            let first = match put_off.take() {
                Some(job) => job,
                None => match self.jobs.recv() {
                    Ok(job) => job,
                    Err(_) => return,
                },
            };
            let (batch, next) = self.gather(first);
            if !batch.is_empty() {
                match self.work(batch) {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        self.fatal
                            .set(&format!("the state cannot be read: {error}"));
                        return;
                    }
                }
            }
            match next {
                Some(Job::Stop) => return,
                // If the commit thread is gone, who waits is told by the reply that is dropped.
                Some(Job::Flush(done)) => drop(self.commits.send(Commit::Flush(done))),
                next => put_off = next,
            }
        }
    }

    /// Takes what is queued, up to the batch limits. What must be alone ends the batch.
    fn gather(&self, first: Job) -> (Vec<(Box<Envelope>, Reply)>, Option<Job>) {
        let mut batch = Vec::new();
        let mut ops = 0;
        let mut next = Some(first);
        while let Some(job) = next.take() {
            let Job::Submit(envelope, reply) = job else {
                return (batch, Some(job));
            };
            let alone = envelope
                .submission
                .ops
                .iter()
                .any(|op| op.action.stands_alone());
            if alone && !batch.is_empty() {
                return (batch, Some(Job::Submit(envelope, reply)));
            }
            ops += envelope.submission.ops.len();
            batch.push((envelope, reply));
            let full = batch.len() >= self.settings.batch_submissions_max
                || ops >= self.settings.batch_ops_max;
            if alone || full {
                return (batch, None);
            }
            next = self.jobs.try_recv().ok();
        }
        (batch, None)
    }

    /// Executes a batch and hands it on. Answers whether to go on: not once the commit thread is
    /// gone, for then what is in memory may never become durable.
    fn work(&mut self, batch: Vec<(Box<Envelope>, Reply)>) -> Result<bool, StoreError> {
        self.rotate_cache();
        let named = batch.iter().map(|(e, _)| (e.signer.party, &e.submission));
        self.filter.take_stored();
        let (next_index, filter) = (self.core.next_index(), Some(&mut self.filter));
        let set = &mut self.core.set;
        prefetch::prefetch(set, &self.reader, next_index, filter, named)?;
        let due = self.due(&batch[0].0)?;
        let mut answers = Vec::with_capacity(batch.len());
        for (envelope, reply) in batch {
            let fate = match self.guard.check(&self.clock, self.core.last_time) {
                Err(jump) => Fate::ReadOnly(jump),
                Ok(now) => self.decide(*envelope, Micros(now), &due),
            };
            answers.push(Answer { fate, reply });
        }
        let sealed = self.core.seal().map(Box::new);
        Ok(self.commits.send(Commit::Batch { sealed, answers }).is_ok())
    }

    fn decide(&mut self, envelope: Envelope, now: Micros, due: &Due) -> Fate {
        match self.core.accept(&envelope, now, due) {
            Ok(Accepted::New(index, effects)) => {
                let submission = envelope.submission;
                let decided = Decided {
                    submission,
                    effects,
                };
                Fate::New(index, Box::new(decided))
            }
            Ok(Accepted::Known(index)) => Fate::Known(index),
            Err(declined) => Fate::Declined(declined),
        }
    }

    /// A sweep reads the expiry table, so what is under way is flushed first.
    fn due(&mut self, envelope: &Envelope) -> Result<Due, StoreError> {
        let alone = envelope
            .submission
            .ops
            .iter()
            .any(|op| op.action.stands_alone());
        if !alone {
            return Ok(Due::default());
        }
        let (done, flushed) = crossbeam_channel::bounded(1);
        if self.commits.send(Commit::Flush(done)).is_ok() {
            let _ = flushed.recv();
        }
        self.core.due(&self.reader, &envelope.submission)
    }

    /// Lets records go that were not touched since the last rotation, once all of that time is
    /// published: then the store or its overlay has them. Ids are let go early: nearly all of them
    /// are never named again.
    fn rotate_cache(&mut self) {
        let published = self.published.load(Ordering::Acquire);
        let set = &mut self.core.set;
        let ids = set.ops.hot_len() + set.submissions.hot_len() + set.clearing.hot_len();
        if ids >= CACHED_IDS && published >= self.rotated_at {
            set.ops.rotate();
            set.submissions.rotate();
            set.clearing.rotate();
            self.rotated_at = self.core.next_index();
        }
        let next_index = self.core.next_index();
        let members = &mut self.core.set.members;
        members.sweep(self.members_bytes_max, published, next_index);
        let tell = |of: &AtomicUsize, bytes| of.store(bytes, Ordering::Relaxed);
        tell(&self.memory.members, members.bytes());
        tell(&self.memory.filter, self.filter.bytes());
    }
}
