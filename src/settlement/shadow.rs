//! The shadow: follows the log on a thread of its own and keeps the tally.
//!
//! What it keeps is written to a file now and then, so that a start does not read the whole log. A
//! file that is damaged or not of this log is thrown away and the log is read from its beginning:
//!
//! ```text
//! file = the tally in CBOR ‖ BLAKE3 of it, 32 bytes
//! ```
//!
//! Must not: write to the ledger, or hold the writer up.

use crate::domain::governance::Governance;
use crate::domain::ids::Name;
use crate::domain::tally::{Seen, Tally};
use crate::domain::time::Micros;
use crate::ledger::Ledger;
use crate::ledger::store::{Record, StoreError};
use crate::proof::chain::ChainHasher;
use crate::proof::entry::EntryRef;
use crate::proof::{effects, payload};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Entries read at once.
const ENTRIES_READ: usize = 256;
/// How often an idle shadow looks for new entries.
const POLL_MS: u64 = 20;
/// Netted windows that are kept for their statements; an earlier one is read from the log again.
const CLOSINGS_KEPT: usize = 8;
/// How long a report waits for it.
const REPORT_PATIENCE: Duration = Duration::from_secs(2);
/// Entries after which the tally is written to its file.
const ENTRIES_A_SNAPSHOT: u64 = 200_000;

/// Why the shadow cannot follow.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ShadowError {
    /// It stopped at an entry.
    #[error("the shadow cannot follow the log: {0}")]
    Stopped(String),
    /// It did not reach an entry in time.
    #[error("the shadow stands at entry {stands} and did not reach {wanted} in time; try again")]
    Behind {
        /// Entries it has seen.
        stands: u64,
        /// Entries it should have seen.
        wanted: u64,
    },
}

/// A follower of one ledger.
pub struct Shadow {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    ledger: Ledger,
    file: Option<PathBuf>,
    state: Mutex<State>,
    /// Told when the tally moved on, when there may be something to read, and at the end.
    moved: Condvar,
}

struct State {
    tally: Arc<Tally>,
    stopped: Option<String>,
    ending: bool,
    saved_at: u64,
}

impl Shadow {
    /// Starts to follow a ledger, from what the file holds or from its beginning.
    ///
    /// # Errors
    /// The thread could not be had, or the ledger not be read.
    pub fn start(ledger: Ledger, file: Option<PathBuf>) -> std::io::Result<Self> {
        let currency = ledger.view().governance.programme.currency;
        let saved = file.as_deref().and_then(|file| load(file, &ledger));
        let tally = saved.unwrap_or_else(|| Tally::new(currency));
        let state = State {
            saved_at: tally.size,
            tally: Arc::new(tally),
            stopped: None,
            ending: false,
        };
        let shared = Arc::new(Shared {
            ledger,
            file,
            state: Mutex::new(state),
            moved: Condvar::new(),
        });
        let following = shared.clone();
        let thread = std::thread::Builder::new()
            .name("settlement-shadow".to_owned())
            .spawn(move || follow(&following))?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The tally as it stands.
    pub fn tally(&self) -> Arc<Tally> {
        self.shared.state.lock().expect(UNPOISONED).tally.clone()
    }

    /// The tally for reports: after every entry so far, if it gets there soon, else as it stands.
    pub fn reported(&self) -> Arc<Tally> {
        let size = self.shared.ledger.view().size;
        let caught_up = self.wait_for(size, REPORT_PATIENCE);
        caught_up.unwrap_or_else(|_| self.tally())
    }

    /// How many entries it is behind the log.
    pub fn lag(&self) -> u64 {
        let stands = self.shared.state.lock().expect(UNPOISONED).tally.size;
        self.shared.ledger.view().size.saturating_sub(stands)
    }

    /// Waits until the tally holds this many entries.
    ///
    /// # Errors
    /// [`ShadowError`].
    pub fn wait_for(&self, size: u64, patience: Duration) -> Result<Arc<Tally>, ShadowError> {
        let until = Instant::now() + patience;
        let mut state = self.shared.state.lock().expect(UNPOISONED);
        loop {
            if let Some(reason) = &state.stopped {
                return Err(ShadowError::Stopped(reason.clone()));
            }
            if state.tally.size >= size {
                return Ok(state.tally.clone());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ShadowError::Behind {
                    stands: state.tally.size,
                    wanted: size,
                });
            }
            // A follower that sleeps is woken by this.
            self.shared.moved.notify_all();
            let slice = left.min(Duration::from_millis(POLL_MS));
            state = self
                .shared
                .moved
                .wait_timeout(state, slice)
                .expect(UNPOISONED)
                .0;
        }
    }

    /// Lets a window go whose statements are published, and writes the tally to its file.
    pub fn forget(&self, window: u32) {
        let mut state = self.shared.state.lock().expect(UNPOISONED);
        Arc::make_mut(&mut state.tally).forget(window);
        save(&self.shared, &mut state);
    }

    /// Reads the log from its beginning again, because what was summed may be wrong. What it was is
    /// kept beside its file, with the ending `held`, for whoever finds out why.
    pub fn begin_again(&self) {
        let mut state = self.shared.state.lock().expect(UNPOISONED);
        save(&self.shared, &mut state);
        let currency = self.shared.ledger.view().governance.programme.currency;
        state.tally = Arc::new(Tally::new(currency));
        state.saved_at = 0;
        if let Some(file) = &self.shared.file {
            let _ = std::fs::rename(file, file.with_extension("held"));
        }
        self.shared.moved.notify_all();
    }

    /// Ends the thread, and writes the tally to its file.
    pub fn close(&self) {
        self.shared.state.lock().expect(UNPOISONED).ending = true;
        self.shared.moved.notify_all();
        let thread = self.thread.lock().expect(UNPOISONED).take();
        if let Some(thread) = thread {
            let _ = thread.join();
            save(
                &self.shared,
                &mut self.shared.state.lock().expect(UNPOISONED),
            );
        }
    }
}

impl Drop for Shadow {
    fn drop(&mut self) {
        self.close();
    }
}

const UNPOISONED: &str = "nothing panics while it holds the tally";

fn follow(shared: &Shared) {
    let followed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read_on(shared)));
    let reason = match followed {
        Ok(Ok(())) => return,
        Ok(Err(reason)) => reason,
        Err(_) => "an assertion of ours failed; see the log".to_owned(),
    };
    tracing::error!(%reason, "the shadow stopped; no window is netted any more");
    let mut state = match shared.state.lock() {
        Ok(state) => state,
        Err(poisoned) => poisoned.into_inner(),
    };
    state.stopped = Some(reason);
    shared.moved.notify_all();
}

/// Adds entries until told to end.
fn read_on(shared: &Shared) -> Result<(), String> {
    loop {
        let from = {
            let state = shared.state.lock().expect(UNPOISONED);
            if state.ending {
                return Ok(());
            }
            state.tally.size
        };
        let records = shared.ledger.entries(from, ENTRIES_READ);
        let records = records.map_err(|error| error.to_string())?;
        if records.is_empty() {
            let state = shared.state.lock().expect(UNPOISONED);
            let pause = Duration::from_millis(POLL_MS);
            drop(shared.moved.wait_timeout(state, pause).expect(UNPOISONED));
            continue;
        }
        add(shared, from, &records)?;
    }
}

fn add(shared: &Shared, from: u64, records: &[Record]) -> Result<(), String> {
    // Taken after the entries were read: it holds everything that they name.
    let governance = shared.ledger.view().governance.clone();
    let mut state = shared.state.lock().expect(UNPOISONED);
    let tally = Arc::make_mut(&mut state.tally);
    if tally.size != from {
        // It was told to begin again meanwhile.
        return Ok(());
    }
    add_all(tally, &governance, from, records)?;
    tally.forget_all_but(CLOSINGS_KEPT);
    if state.tally.size.saturating_sub(state.saved_at) >= ENTRIES_A_SNAPSHOT {
        save(shared, &mut state);
    }
    shared.moved.notify_all();
    Ok(())
}

/// A tally of the log's first entries, read once more.
///
/// # Errors
/// [`ShadowError::Stopped`] where the log cannot be read.
pub fn read_again(ledger: &Ledger, size: u64) -> Result<Tally, ShadowError> {
    let stopped = |error: &dyn std::fmt::Display| ShadowError::Stopped(error.to_string());
    let mut tally = Tally::new(ledger.view().governance.programme.currency);
    while tally.size < size {
        let left = usize::try_from(size - tally.size).unwrap_or(usize::MAX);
        let records = ledger.entries(tally.size, left.min(ENTRIES_READ));
        let records = records.map_err(|error| stopped(&error))?;
        if records.is_empty() {
            return Err(stopped(&"the log ends early"));
        }
        let governance = ledger.view().governance.clone();
        let from = tally.size;
        add_all(&mut tally, &governance, from, &records).map_err(|error| stopped(&error))?;
    }
    Ok(tally)
}

fn add_all(
    tally: &mut Tally,
    governance: &Governance,
    from: u64,
    records: &[Record],
) -> Result<(), String> {
    let currency = governance.programme.currency;
    let chain = ChainHasher::new();
    for (index, record) in (from..).zip(records) {
        let wrong = |what: &dyn std::fmt::Display| format!("entry {index}: {what}");
        let entry = EntryRef::decode(&record.entry).map_err(|error| wrong(&error))?;
        let decimals = (index > 0).then(|| currency.decimals());
        let submission = payload::parse(entry.payload, decimals).map_err(|error| wrong(&error))?;
        let effects = effects::decode(&record.effects, index, &submission.ops, &currency);
        let effects = effects.map_err(|error| wrong(&error))?;
        let author = Name::parse(entry.author).map_err(|error| wrong(&error))?;
        let author = governance.party(&author);
        let seen = Seen {
            index,
            accepted_at: Micros(entry.accepted_at_us),
            author: author.ok_or_else(|| wrong(&"its author is not registered"))?,
            author_seq: entry.author_seq,
            chain_hash: chain.hash(&record.entry),
            submission: &submission,
            effects: &effects,
        };
        tally.add(governance, &seen);
    }
    Ok(())
}

/// The tally of a file, if it is one of this log.
fn load(file: &Path, ledger: &Ledger) -> Option<Tally> {
    let bytes = std::fs::read(file).ok()?;
    let tally = decode(&bytes).filter(|tally| is_of(tally, ledger).unwrap_or(false));
    if tally.is_none() {
        let file = file.display();
        tracing::warn!(
            %file,
            "the shadow's file is damaged, or not of this log; the log is read again"
        );
    }
    tally
}

/// A tally as its file holds it.
pub fn encode(tally: &Tally) -> Vec<u8> {
    let mut bytes = minicbor::to_vec(tally).expect("writing to memory cannot fail");
    let digest = blake3::hash(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    bytes
}

/// The tally of a file's bytes; nothing if they are damaged.
pub fn decode(bytes: &[u8]) -> Option<Tally> {
    let (tally, digest) = bytes.split_last_chunk::<32>()?;
    let intact = blake3::hash(tally) == *digest;
    intact.then(|| minicbor::decode(tally).ok()).flatten()
}

fn is_of(tally: &Tally, ledger: &Ledger) -> Result<bool, StoreError> {
    if tally.size == 0 || tally.size > ledger.view().size || tally.difference.is_some() {
        return Ok(false);
    }
    let last = ledger.entries(tally.size - 1, 1)?.pop();
    Ok(last.is_some_and(|last| ChainHasher::new().hash(&last.entry) == tally.chain_hash))
}

/// Writes the tally to its file. It is a copy of what the log says: a failure is logged and no
/// more.
fn save(shared: &Shared, state: &mut State) {
    let Some(file) = &shared.file else {
        return;
    };
    match super::files::write(file, &encode(&state.tally)) {
        Ok(()) => state.saved_at = state.tally.size,
        Err(error) => tracing::warn!(%error, "the shadow's file could not be written"),
    }
}
