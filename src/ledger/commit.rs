//! The commit thread: makes batches durable, publishes them, answers. And behind it the flush
//! thread, which brings the stored state after.
//!
//! Crash points: before `append` returns, nobody was answered, and recovery finds the batch whole
//! or not at all. After it, recovery finds the entries and folds them again where the state lags.

use super::core::{Declined, Sealed};
use super::fatal::Fatal;
use super::reader::StateReader;
use super::record;
use super::store::{Epoch, LogStore, Record};
use super::time_guard::ClockJump;
use super::view::View;
use crate::domain::effect::Effect;
use crate::domain::submission::Submission;
use crate::proof::merkle::Hash;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Where a submission's fate is awaited.
pub type Reply = oneshot::Sender<Result<Acknowledged, Unacknowledged>>;

/// A durable entry with what proves it.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Its index.
    pub index: u64,
    /// Its bytes and those of its effects.
    pub record: Record,
    /// The inclusion proof for the size of `view`.
    pub proof: Vec<Hash>,
    /// A view whose checkpoint covers it.
    pub view: Arc<View>,
    /// What its bytes say, where they were made just now; nothing where they were read.
    pub decided: Option<Decided>,
}

/// What the writer had in hand when it made an entry: to be told, without reading its bytes again.
#[derive(Debug, Clone)]
pub struct Decided {
    /// The submission.
    pub submission: Submission,
    /// What each of its ops did.
    pub effects: Vec<Effect>,
}

/// A submission that is durable.
#[derive(Debug, Clone)]
pub enum Acknowledged {
    /// It was accepted now.
    New(Box<Evidence>),
    /// The same bytes were accepted before, as this entry.
    Known(u64),
}

/// A submission that is not in the ledger, or not known to be.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unacknowledged {
    /// The writer declined it.
    #[error(transparent)]
    Declined(#[from] Declined),
    /// The queue is full.
    #[error("the queue is full; send the same bytes again shortly")]
    Busy,
    /// Writing is stopped until an operator acts.
    #[error(transparent)]
    ReadOnly(#[from] ClockJump),
    /// The ledger stopped; whether the submission became durable is unknown.
    #[error("the ledger stopped before it could answer; send the same bytes again later")]
    Stopped,
}

/// What became of a submission at the writer.
#[derive(Debug)]
pub enum Fate {
    /// It is this entry of the batch.
    New(u64, Box<Decided>),
    /// It is an earlier entry.
    Known(u64),
    /// It was declined.
    Declined(Declined),
    /// Writing is stopped.
    ReadOnly(ClockJump),
}

/// A fate, and who waits for it.
#[derive(Debug)]
pub struct Answer {
    /// The fate.
    pub fate: Fate,
    /// Who waits.
    pub reply: Reply,
}

/// What the writer hands on.
#[derive(Debug)]
pub enum Commit {
    /// A batch, if anything was accepted, and the answers that rest on it.
    Batch {
        /// What to make durable.
        sealed: Option<Box<Sealed>>,
        /// Whom to tell.
        answers: Vec<Answer>,
    },
    /// Say when everything handed on before is flushed to the state.
    Flush(Sender<()>),
}

/// What the commit thread tells the flush thread.
#[derive(Debug)]
pub enum Flush {
    /// A batch is published.
    Published {
        /// How many bytes of writes wait to be flushed.
        waiting_bytes: usize,
        /// The checkpoint of that size.
        checkpoint: String,
    },
    /// Say when everything published before is flushed.
    Barrier(Sender<()>),
}

/// Makes batches durable.
pub struct Committer {
    /// The log.
    pub log: Arc<dyn LogStore>,
    /// Our term of office.
    pub epoch: Epoch,
    /// Where state is published.
    pub reader: StateReader,
    /// What readers see.
    pub view: Arc<RwLock<Arc<View>>>,
    /// Its size.
    pub published: Arc<AtomicU64>,
    /// From the writer.
    pub commits: Receiver<Commit>,
    /// To the flush thread.
    pub flushes: Sender<Flush>,
    /// Set when nothing more can be promised.
    pub fatal: Arc<Fatal>,
}

impl Committer {
    /// Works until the writer ends.
    pub fn run(self) {
        let _drain = Drain(&self.commits);
        while let Ok(commit) = self.commits.recv() {
            match commit {
                Commit::Flush(done) => {
                    let _ = self.flushes.send(Flush::Barrier(done));
                }
                Commit::Batch { sealed, answers } => {
                    if !self.commit(sealed, answers) {
                        return;
                    }
                }
            }
        }
    }

    fn commit(&self, sealed: Option<Box<Sealed>>, answers: Vec<Answer>) -> bool {
        let mut fresh = None;
        if let Some(mut sealed) = sealed {
            // If we stop before this returns, nobody was answered: recovery decides from disk.
            if let Err(error) = self
                .log
                .append(sealed.expected_size, self.epoch, &sealed.batch)
            {
                self.fatal
                    .set(&format!("{error}: {:?}", std::error::Error::source(&error)));
                return false;
            }
            // If we stop here, recovery finds the entries and folds them into the state.
            self.publish(&sealed);
            fresh = Some((std::mem::take(&mut sealed.batch.records), sealed));
        }
        let (mut records, sealed) = match fresh {
            Some((records, sealed)) => (records, Some(sealed)),
            None => (Vec::new(), None),
        };
        for answer in answers {
            let told = match answer.fate {
                Fate::New(index, decided) => {
                    let sealed = sealed.as_ref().expect("a new entry is sealed in its batch");
                    let mut evidence = evidence(sealed, &mut records, index);
                    evidence.decided = Some(*decided);
                    Ok(Acknowledged::New(Box::new(evidence)))
                }
                Fate::Known(index) => Ok(Acknowledged::Known(index)),
                Fate::Declined(declined) => Err(declined.into()),
                Fate::ReadOnly(jump) => Err(jump.into()),
            };
            // The caller may have gone; the entry stays.
            let _ = answer.reply.send(told);
        }
        true
    }

    fn publish(&self, sealed: &Sealed) {
        let size = sealed.view.size;
        let first = sealed.expected_size;
        let room = self.reader.room();
        let writes = record::writes(room, first, &sealed.changes, &sealed.standing);
        let writes = Arc::new(writes);
        let waiting_bytes = self.reader.publish(size, &writes);
        *self.view.write().expect("no reader panics") = sealed.view.clone();
        self.published.store(size, Ordering::Release);
        let checkpoint = sealed.batch.checkpoint.clone();
        // If the flush thread is gone, fatal is set; the log has everything.
        let _ = self.flushes.send(Flush::Published {
            waiting_bytes,
            checkpoint,
        });
    }
}

fn evidence(sealed: &Sealed, records: &mut [Record], index: u64) -> Evidence {
    let place = usize::try_from(index - sealed.expected_size).expect("a batch fits memory");
    let record = std::mem::replace(
        &mut records[place],
        Record {
            entry: Vec::new(),
            effects: Vec::new(),
        },
    );
    let proof = sealed.appended.nodes.inclusion_proof(index);
    Evidence {
        index,
        record,
        proof,
        view: sealed.view.clone(),
        decided: None,
    }
}

/// Lets go of all that still comes through a channel, until its sender is gone. A bounded channel
/// keeps what nobody receives, and who waits for a flush would wait for ever.
struct Drain<'a, T>(&'a Receiver<T>);

impl<T> Drop for Drain<'_, T> {
    fn drop(&mut self) {
        while self.0.recv().is_ok() {}
    }
}

/// Brings the stored state after the log, and keeps a copy of the checkpoint outside the database.
pub struct Flusher {
    /// Where the state is stored.
    pub reader: StateReader,
    /// From the commit thread.
    pub flushes: Receiver<Flush>,
    /// Where the copy of the checkpoint goes, if anywhere.
    pub checkpoint_file: Option<PathBuf>,
    /// Set when nothing more can be promised.
    pub fatal: Arc<Fatal>,
}

/// The copy of the checkpoint is at most this old while writing goes on.
const COPY_EVERY: Duration = Duration::from_secs(1);
/// State is flushed at the latest when this much of it waits, so that memory is bounded and a start
/// has little to fold again. The more waits, the more writes of one key become one.
const FLUSH_BYTES: usize = 64 << 20;
/// And at the latest after this time: small files of it cost as much to bring together as large
/// ones.
const FLUSH_EVERY: Duration = Duration::from_secs(3);

impl Flusher {
    /// Works until the commit thread ends.
    pub fn run(self) {
        let _drain = Drain(&self.flushes);
        let (mut flush_due, mut copy_due) = (None, None);
        let mut last_checkpoint = None;
        loop {
            let told = match [flush_due, copy_due].into_iter().flatten().min() {
                None => self
                    .flushes
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => self.flushes.recv_deadline(due),
            };
            let is_last = matches!(told, Err(RecvTimeoutError::Disconnected));
            let (mut barrier, mut is_full) = (None, false);
            let now = Instant::now();
            match told {
                Ok(Flush::Published {
                    waiting_bytes,
                    checkpoint,
                }) => {
                    last_checkpoint = Some(checkpoint);
                    is_full = waiting_bytes >= FLUSH_BYTES;
                    flush_due.get_or_insert(now + FLUSH_EVERY);
                    copy_due.get_or_insert(now + COPY_EVERY);
                }
                Ok(Flush::Barrier(done)) => barrier = Some(done),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            let is_due = |due: Option<Instant>| is_last || due.is_some_and(|due| now >= due);
            if is_full || barrier.is_some() || is_due(flush_due) {
                if let Err(error) = self.reader.flush() {
                    self.fatal
                        .set(&format!("the state cannot be flushed: {error}"));
                    return;
                }
                flush_due = None;
            }
            if let Some(done) = barrier {
                // Who waited may have gone.
                let _ = done.send(());
            }
            if is_due(copy_due) {
                self.copy_checkpoint(last_checkpoint.take());
                copy_due = None;
            }
            if is_last {
                return;
            }
        }
    }

    fn copy_checkpoint(&self, checkpoint: Option<String>) {
        let (Some(file), Some(checkpoint)) = (&self.checkpoint_file, checkpoint) else {
            return;
        };
        let new = file.with_extension("new");
        let written = std::fs::write(&new, checkpoint).and_then(|()| std::fs::rename(&new, file));
        if let Err(error) = written {
            // The copy is a second witness, not the log: going on without it is safe.
            tracing::warn!(%error, file = %file.display(), "the checkpoint cannot be copied");
        }
    }
}
