//! The ledger: one durable writer per programme, log first, state behind.
//!
//! [`Ledger`] is the handle that everyone else uses: submit a verified envelope, read what is
//! durable. Must not: know HTTP, or decide business rules (`domain` does).
//! Commit order and crash points: [`commit`]; duties of stores: [`store`]; start: [`recovery`].

pub mod clearing;
pub mod commit;
pub mod core;
pub mod fatal;
pub mod filter;
pub mod keys;
pub mod memory;
pub mod prefetch;
pub mod prove;
pub mod reader;
pub mod record;
pub mod recovery;
pub mod rocks;
pub mod roots;
pub mod store;
pub mod threads;
pub mod tiles;
pub mod time_guard;
pub mod unflushed;
pub mod view;
pub mod writer;
pub mod writes;

use self::commit::{Acknowledged, Evidence, Unacknowledged};
use self::core::Core;
use self::fatal::Fatal;
use self::reader::StateReader;
use self::recovery::RecoveryError;
use self::store::{LogStore, Record, StateStore, StoreError, Table};
use self::threads::Stopped;
use self::time_guard::{ClockJump, TimeGuard};
use self::view::View;
use self::writer::{Job, WriterMemory};
use crate::domain::books::PartyBooks;
use crate::domain::ids::{Party, Reference};
use crate::domain::line::{LineKey, LineTotal};
use crate::domain::member::Member;
use crate::domain::programme::ClockKind;
use crate::domain::time::Micros;
use crate::domain::working_set::{OpRecord, SubmissionRecord, WorkingSet};
use crate::platform::clock::Clock;
use crate::platform::config::Writer as Settings;
use crate::proof::envelope::{Envelope, EnvelopeError};
use crate::proof::merkle::Hash;
use crate::proof::note::{NoteSigner, VerifierKey};
use crate::proof::tile::{Edge, TileCoordinate, TileError};
use crossbeam_channel::Sender;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, RwLock};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Where a ledger lives and how it runs.
pub struct Setup {
    /// The log.
    pub log: Arc<dyn LogStore>,
    /// The state.
    pub state: Arc<dyn StateStore>,
    /// The ledger keys that this house holds, named after the ledger's origin: every one in force,
    /// and the next one while the ledger is handed over.
    pub signers: Vec<NoteSigner>,
    /// Where time comes from.
    pub clock: Arc<Clock>,
    /// Queue, batch and cache limits.
    pub settings: Settings,
    /// Where a copy of the checkpoint is kept outside the database.
    pub checkpoint_file: Option<PathBuf>,
    /// An operator's word that the clock is right, however far it is beyond the last entry.
    pub accept_clock: bool,
}

/// Why a ledger cannot be opened or founded.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Recovery refused the log.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The clock needs an operator's word.
    #[error(transparent)]
    Clock(#[from] ClockJump),
    /// Entry 0 says where time comes from, and it is not this clock.
    #[error("the ledger's time comes from another clock: only a simulated ledger is moved by hand")]
    OtherClock,
    /// The log has entries already.
    #[error("a ledger is founded here already; choose another folder")]
    Founded,
    /// The founding envelope does not hold.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The founding entry could not be appended.
    #[error(transparent)]
    Append(#[from] store::AppendError),
    /// A file or thread could not be had.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl From<StoreError> for OpenError {
    fn from(error: StoreError) -> Self {
        Self::Recovery(error.into())
    }
}

/// The handle of an open ledger. Cloning it is cheap.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    jobs: Sender<Job>,
    log: Arc<dyn LogStore>,
    reader: StateReader,
    view: Arc<RwLock<Arc<View>>>,
    clock: Arc<Clock>,
    fatal: Arc<Fatal>,
    memory: Arc<WriterMemory>,
    held_keys: Vec<VerifierKey>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// Founds a ledger: makes entry 0 of a founding envelope, durably.
///
/// # Errors
/// [`OpenError`], with nothing written.
pub fn found(
    log: &dyn LogStore,
    signer: NoteSigner,
    compact: &[u8],
    now: Micros,
) -> Result<Evidence, OpenError> {
    let epoch = log.take_epoch()?;
    if log.head()?.size > 0 {
        return Err(OpenError::Founded);
    }
    let envelope = crate::proof::envelope::open_founding(compact)?;
    recovery::check_signer(&signer, &envelope.submission)?;
    let genesis = crate::proof::chain::GENESIS;
    let signers = vec![signer];
    let mut core = Core::new(
        WorkingSet::empty(),
        signers,
        Micros(0),
        genesis,
        Edge::new(),
    );
    core.found(&envelope, now);
    let mut sealed = core.seal().expect("the founding entry was just made");
    log.append(0, epoch, &sealed.batch)?;
    let record = sealed.batch.records.remove(0);
    Ok(Evidence {
        index: 0,
        record,
        proof: Vec::new(),
        view: sealed.view,
        decided: None,
    })
}

impl Ledger {
    /// Opens a founded ledger: recovers it and starts its threads.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is served then.
    pub fn open(setup: Setup) -> Result<Self, OpenError> {
        let reader = StateReader::new(setup.state);
        let epoch = setup.log.take_epoch()?;
        let outside = setup.checkpoint_file.as_ref().filter(|file| file.exists());
        let outside = outside.map(std::fs::read_to_string).transpose()?;
        let core = recovery::recover(
            setup.log.as_ref(),
            &reader,
            setup.signers,
            outside.as_deref(),
        )?;
        let held_keys = verifier_keys(&core.signers);
        set_clock(&setup.clock, &core)?;
        let guard = TimeGuard::start(&setup.clock, core.last_time, setup.accept_clock)?;
        let view = Arc::new(RwLock::new(recovery::view(&core, setup.log.as_ref())?));
        let stopped = Stopped {
            core,
            reader: reader.clone(),
            log: setup.log.clone(),
            epoch,
            clock: setup.clock.clone(),
            guard,
            view: view.clone(),
            settings: setup.settings,
            checkpoint_file: setup.checkpoint_file,
        };
        let running = stopped.start()?;
        let inner = Inner {
            jobs: running.jobs,
            log: setup.log,
            reader,
            view,
            clock: setup.clock,
            fatal: running.fatal,
            memory: running.memory,
            held_keys,
            threads: Mutex::new(running.threads),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Hands a verified envelope to the writer and waits until its fate is durable.
    ///
    /// # Errors
    /// [`Unacknowledged`]. After `Stopped` the outcome is unknown: the same bytes, sent again after
    /// a restart, get the one true answer.
    pub async fn submit(&self, envelope: Envelope) -> Result<Acknowledged, Unacknowledged> {
        use crossbeam_channel::TrySendError;
        let (reply, mut fate) = oneshot::channel();
        match self
            .inner
            .jobs
            .try_send(Job::Submit(Box::new(envelope), reply))
        {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(Unacknowledged::Busy),
            Err(TrySendError::Disconnected(_)) => return Err(Unacknowledged::Stopped),
        }
        tokio::select! {
            biased;
            told = &mut fate => told.unwrap_or(Err(Unacknowledged::Stopped)),
            // The last answers were sent before the end was.
            () = self.inner.fatal.ended() => {
                fate.try_recv().unwrap_or(Err(Unacknowledged::Stopped))
            }
        }
    }

    /// Like [`Ledger::submit`], for threads that may block.
    ///
    /// # Errors
    /// See [`Ledger::submit`].
    ///
    /// # Panics
    /// Within an asynchronous task, which must not block.
    pub fn submit_blocking(&self, envelope: Envelope) -> Result<Acknowledged, Unacknowledged> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime
            .expect("a runtime without input and output")
            .block_on(self.submit(envelope))
    }

    /// The ledger as of its last durable batch.
    pub fn view(&self) -> Arc<View> {
        self.inner
            .view
            .read()
            .expect("no writer of the view panics")
            .clone()
    }

    /// The ledger keys that this house holds, whether in force or not.
    pub fn held_keys(&self) -> &[VerifierKey] {
        &self.inner.held_keys
    }

    /// How many submissions wait for the writer.
    pub fn queue_len(&self) -> usize {
        self.inner.jobs.len()
    }

    /// Bytes of memory that it keeps, by part.
    pub fn memory(&self) -> Vec<(&'static str, usize)> {
        let writer = &self.inner.memory;
        let mut parts = self.inner.reader.store_memory();
        parts.push(("members", writer.members.load(Ordering::Relaxed)));
        parts.push(("filter", writer.filter.load(Ordering::Relaxed)));
        parts.push(("unflushed", self.inner.reader.bytes()));
        parts
    }

    /// The ledger's clock.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Waits until the ledger had to stop, and says why.
    pub async fn stopped(&self) -> String {
        self.inner.fatal.wait().await
    }

    /// Why the ledger had to stop, if it had.
    pub fn stop_reason(&self) -> Option<String> {
        self.inner.fatal.reason()
    }

    /// Waits until the stored state is brought after everything queued so far; at once if the
    /// ledger has stopped. Nobody needs to: it is done in the background all the time.
    pub fn flush(&self) {
        let (done, flushed) = crossbeam_channel::bounded(1);
        if self.inner.jobs.send(Job::Flush(done)).is_ok() {
            let _ = flushed.recv();
        }
    }

    /// Ends the threads after all that is queued is done.
    pub fn close(&self) {
        let _ = self.inner.jobs.send(Job::Stop);
        let threads = std::mem::take(&mut *self.inner.threads.lock().expect("no closer panics"));
        for thread in threads {
            let _ = thread.join();
        }
    }

    /// A member, as of the last durable batch and before what time alone has changed since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn member(&self, member: &Reference) -> Result<Option<Member>, StoreError> {
        let value = self
            .inner
            .reader
            .get(Table::Members, member.as_bytes().to_vec())?;
        value.as_deref().map(record::unpack_member).transpose()
    }

    /// An applied op.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn op(&self, author: Party, id: &Reference) -> Result<Option<OpRecord>, StoreError> {
        let value = self
            .inner
            .reader
            .get(Table::OpIds, record::authored_key(&(author, *id)))?;
        let packed = value.as_deref().map(record::unpack_op).transpose()?;
        Ok(packed.map(|packed| packed.record()))
    }

    /// An accepted submission.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submission(
        &self,
        author: Party,
        id: &Reference,
    ) -> Result<Option<SubmissionRecord>, StoreError> {
        let key = record::authored_key(&(author, *id));
        let value = self.inner.reader.get(Table::Submissions, key)?;
        value.as_deref().map(record::decode).transpose()
    }

    /// The totals of a party.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn party(&self, party: Party) -> Result<PartyBooks, StoreError> {
        let value = self
            .inner
            .reader
            .get(Table::Governance, record::party_key(party))?;
        value
            .as_deref()
            .map_or_else(|| Ok(PartyBooks::default()), record::decode)
    }

    /// The lines of a window in which a party owes or is owed, in order of their keys; all lines
    /// for the house.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lines(
        &self,
        window: u32,
        party: Party,
    ) -> Result<Vec<(LineKey, LineTotal)>, StoreError> {
        let from = window.to_be_bytes();
        let to = window.saturating_add(1).to_be_bytes();
        let pairs = self
            .inner
            .reader
            .scan(Table::Lines, &from, &to, usize::MAX)?;
        let read = |(key, total): &store::Pair| -> Result<_, StoreError> {
            Ok((record::parse_line_key(key)?, record::decode(total)?))
        };
        let mut lines = pairs.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        lines.retain(|(key, _): &(LineKey, _)| {
            party.is_house() || key.debtor == party || key.creditor == party
        });
        Ok(lines)
    }

    /// Up to `limit` durable entries from an index on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn entries(&self, from: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let left = self.view().size.saturating_sub(from);
        let limit = limit.min(usize::try_from(left).unwrap_or(usize::MAX));
        match limit {
            0 => Ok(Vec::new()),
            limit => self.inner.log.read_from(from, limit),
        }
    }

    /// A durable entry with its proof under the current checkpoint; nothing past the end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn evidence(&self, index: u64) -> Result<Option<Evidence>, StoreError> {
        let view = self.view();
        if index >= view.size {
            return Ok(None);
        }
        let missing = || StoreError::Corrupt(format!("entry {index} is missing"));
        let record = self
            .inner
            .log
            .read_from(index, 1)?
            .pop()
            .ok_or_else(missing)?;
        let proof = view
            .edge
            .inclusion_proof(index, view.size, |tile| self.tile(tile));
        let proof = proof.map_err(tile_error)?;
        Ok(Some(Evidence {
            index,
            record,
            proof,
            view,
            decided: None,
        }))
    }

    /// The root of the tree when it had a size; nothing past the end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn root_at(&self, size: u64) -> Result<Option<Hash>, StoreError> {
        let view = self.view();
        if size > view.size {
            return Ok(None);
        }
        view.edge
            .root_at(size, |tile| self.tile(tile))
            .map(Some)
            .map_err(tile_error)
    }

    fn tile(&self, coordinate: TileCoordinate) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.log.tile(coordinate)
    }
}

/// Lets a simulated clock stand where the ledger stands, from where it moves forward only.
fn set_clock(clock: &Clock, core: &Core) -> Result<(), OpenError> {
    let of_ledger = core.set.governance().programme.clock;
    if clock.is_simulated() != (of_ledger == ClockKind::Simulated) {
        return Err(OpenError::OtherClock);
    }
    if clock.is_simulated() {
        let _ = clock.advance_to(core.last_time.0);
    }
    Ok(())
}

fn tile_error(error: TileError<StoreError>) -> StoreError {
    match error {
        TileError::Read(error) => error,
        other => StoreError::Corrupt(format!("a hash tile cannot be used: {other:?}")),
    }
}

fn verifier_keys(signers: &[NoteSigner]) -> Vec<VerifierKey> {
    let keys = signers.iter().map(|signer| signer.verifier_key().clone());
    keys.collect()
}
