//! The threads of an open ledger, and the channels between them.
//!
//! ```text
//! submit ──jobs──▶ writer ──commits──▶ commit ──flushes──▶ flush
//!                    ▲                   │ answers
//!                    └── stored keys ── keys, once, after a start
//! ```
//!
//! Must not: decide anything.

use super::commit::{Committer, Flusher};
use super::core::Core;
use super::fatal::{self, Fatal};
use super::filter::{Filter, KeyScan};
use super::reader::StateReader;
use super::store::{Epoch, LogStore};
use super::time_guard::TimeGuard;
use super::view::View;
use super::writer::{Job, Writer, WriterMemory};
use crate::platform::clock::Clock;
use crate::platform::config::Writer as Settings;
use crossbeam_channel::Sender;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;

/// How many durable batches may wait for the state to be brought after them.
const UNFLUSHED_BATCHES_MAX: usize = 64;
/// The part of the cache's memory that the filter over keys gets.
const FILTER_SHARE: usize = 8;

/// A recovered ledger whose threads do not run yet.
pub struct Stopped {
    /// What the writer holds in memory.
    pub core: Core,
    /// Reads published state.
    pub reader: StateReader,
    /// The log.
    pub log: Arc<dyn LogStore>,
    /// Our term of office.
    pub epoch: Epoch,
    /// Where time comes from.
    pub clock: Arc<Clock>,
    /// Guards against a clock gone wrong.
    pub guard: TimeGuard,
    /// What readers see.
    pub view: Arc<RwLock<Arc<View>>>,
    /// Queue, batch and cache limits.
    pub settings: Settings,
    /// Where the copy of the checkpoint goes, if anywhere.
    pub checkpoint_file: Option<PathBuf>,
}

/// What is left to hold of threads that run.
pub struct Running {
    /// To the writer.
    pub jobs: Sender<Job>,
    /// Set when they had to stop.
    pub fatal: Arc<Fatal>,
    /// What the writer keeps in memory.
    pub memory: Arc<WriterMemory>,
    /// All of them, in the order in which they end.
    pub threads: Vec<JoinHandle<()>>,
}

impl Stopped {
    /// Starts the threads.
    ///
    /// # Errors
    /// A thread could not be had.
    pub fn start(self) -> std::io::Result<Running> {
        let fatal = Arc::new(Fatal::default());
        let (jobs, queue) = crossbeam_channel::bounded(self.settings.queue_submissions_max);
        let (to_commit, commits) = crossbeam_channel::bounded(1);
        let (to_flush, flushes) = crossbeam_channel::bounded(UNFLUSHED_BATCHES_MAX);
        let published = Arc::new(AtomicU64::new(self.core.next_index()));
        let cache_bytes_max = self.settings.cache_bytes_max;
        let filter_bytes = cache_bytes_max / FILTER_SHARE;
        let (filter, scan) = Filter::new(filter_bytes);
        let memory = Arc::<WriterMemory>::default();
        let writer = Writer {
            core: self.core,
            reader: self.reader.clone(),
            jobs: queue,
            commits: to_commit,
            clock: self.clock,
            guard: self.guard,
            settings: self.settings,
            published: published.clone(),
            fatal: fatal.clone(),
            memory: memory.clone(),
            filter,
            members_bytes_max: cache_bytes_max - filter_bytes,
            rotated_at: 0,
        };
        let committer = Committer {
            log: self.log,
            epoch: self.epoch,
            reader: self.reader.clone(),
            view: self.view,
            published,
            commits,
            flushes: to_flush,
            fatal: fatal.clone(),
        };
        let flusher = Flusher {
            reader: self.reader.clone(),
            flushes,
            checkpoint_file: self.checkpoint_file,
            fatal: fatal.clone(),
        };
        let reader = self.reader;
        let scan = move || scan_keys(scan, &reader);
        let threads = vec![
            fatal::spawn("ledger-writer", &fatal, || writer.run(), |_| ())?,
            fatal::spawn("ledger-commit", &fatal, || committer.run(), Fatal::end)?,
            fatal::spawn("ledger-flush", &fatal, || flusher.run(), |_| ())?,
            fatal::spawn("ledger-keys", &fatal, scan, |_| ())?,
        ];
        Ok(Running {
            jobs,
            fatal,
            memory,
            threads,
        })
    }
}

/// Tells the filter what is stored. Without it all is right, and slower.
fn scan_keys(scan: KeyScan, reader: &StateReader) {
    if let Err(error) = scan.run(reader) {
        tracing::warn!(%error, "the stored keys cannot be read; new ids are looked up one by one");
    }
}
