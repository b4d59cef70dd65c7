//! Replays entries with every core: read, prepared on many threads, judged in order on one.
//!
//! Batches go to the threads in turn, through bounded channels, and are taken back in the same
//! turn: so order needs no sorting, and memory has a bound.
//! Must not: decide anything. What a thread cannot know is judged by [`Replay`] itself.
//!
//! ```text
//!            ┌─▶ batch 0, 2, 4 … ─▶ prepare ─┐
//! read ──────┤                               ├──▶ judge in order
//!            └─▶ batch 1, 3, 5 … ─▶ prepare ─┘
//! ```

use crate::audit::{Prepared, Preparer, Replay};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Entries of a batch at most.
const BATCH_ENTRIES: usize = 64;
/// Bytes of a batch at most, beyond its last entry: what is made of them stays near the processor.
const BATCH_BYTES: usize = 1 << 17;
/// Batches that wait at each end of a thread.
const BATCHES_WAITING: usize = 2;

/// As many threads as there are cores.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Replays the entries that `next` gives, up to their end or the first finding. `moved` hears
/// after every batch how many hold so far.
///
/// # Errors
/// What `next` says, unless a finding came first.
pub fn replay(
    replay: &mut Replay,
    mut next: impl FnMut() -> anyhow::Result<Option<Vec<u8>>> + Send,
    jobs: usize,
    moved: impl Fn(u64),
) -> anyhow::Result<()> {
    if replay.size() == 0 {
        // Entry 0 says what the others are opened with.
        match next()? {
            Some(entry) if replay.push(&entry).is_ok() => moved(1),
            _ => return Ok(()),
        }
    }
    if jobs <= 1 {
        while let Some(entry) = next()? {
            if replay.push(&entry).is_err() {
                break;
            }
            moved(replay.size());
        }
        return Ok(());
    }
    let preparer = Mutex::new(replay.preparer());
    thread::scope(|scope| {
        let mut to_threads = Vec::with_capacity(jobs);
        let mut from_threads = Vec::with_capacity(jobs);
        for _ in 0..jobs {
            let (to_thread, batches) = sync_channel(BATCHES_WAITING);
            let (done, from_thread) = sync_channel(BATCHES_WAITING);
            let preparer = &preparer;
            scope.spawn(move || prepare(preparer, &batches, &done));
            to_threads.push(to_thread);
            from_threads.push(from_thread);
        }
        let reader = scope.spawn(move || read(&mut next, &to_threads));
        judge(replay, &preparer, &from_threads, moved);
        drop(from_threads);
        let read = match reader.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        match replay.findings().is_empty() {
            true => read,
            false => Ok(()),
        }
    })
}

/// Reads batches and hands them out in turn, until there are no more or nobody wants them.
fn read(
    next: &mut impl FnMut() -> anyhow::Result<Option<Vec<u8>>>,
    to_threads: &[SyncSender<Vec<Vec<u8>>>],
) -> anyhow::Result<()> {
    // The first batches are small: with a ledger's first entries come the keys of the others, and
    // what was prepared without them is prepared again.
    for (place, to_thread) in to_threads.iter().cycle().enumerate() {
        let batch_entries = BATCH_ENTRIES.min(1 + place / 2);
        let mut batch = Vec::with_capacity(batch_entries);
        let mut bytes = 0;
        let mut ended = Ok(false);
        while batch.len() < batch_entries && bytes < BATCH_BYTES {
            match next() {
                Ok(Some(entry)) => {
                    bytes += entry.len();
                    batch.push(entry);
                }
                Ok(None) => ended = Ok(true),
                Err(error) => ended = Err(error),
            }
            if !matches!(ended, Ok(false)) {
                break;
            }
        }
        if to_thread.send(batch).is_err() || ended? {
            break;
        }
    }
    Ok(())
}

/// Prepares batch after batch with the newest keys.
fn prepare(
    preparer: &Mutex<Preparer>,
    batches: &Receiver<Vec<Vec<u8>>>,
    done: &SyncSender<Vec<Prepared>>,
) {
    for batch in batches {
        // Copied, so that nobody waits for the lock while this batch is worked on and handed over.
        let newest: Preparer = preparer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let batch = batch.into_iter().map(|entry| newest.prepare(entry));
        if done.send(batch.collect()).is_err() {
            break;
        }
    }
}

fn judge(
    replay: &mut Replay,
    preparer: &Mutex<Preparer>,
    from_threads: &[Receiver<Vec<Prepared>>],
    moved: impl Fn(u64),
) {
    for from_thread in from_threads.iter().cycle() {
        // The first thread that has no more ends it: batches were handed out in turn.
        let Ok(batch) = from_thread.recv() else {
            return;
        };
        let changes = replay.key_changes();
        for prepared in batch {
            if replay.push_prepared(prepared).is_err() {
                return;
            }
        }
        moved(replay.size());
        if replay.key_changes() != changes {
            let mut newest = preparer.lock().unwrap_or_else(PoisonError::into_inner);
            *newest = replay.preparer();
        }
    }
}
