//! The house: what all requests share, and the programmes that one server serves.

use super::limits::RateLimits;
use super::metrics::Metrics;
use super::problem::Problem;
use super::verifier::Verifiers;
use crate::domain::ids::Name;
use crate::domain::time::Micros;
use crate::ledger::Ledger;
use crate::platform::config::{Config, Server};
use crate::settlement::Settlement;
use crate::witness::Witnessing;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What all requests share. Cloning it is cheap.
#[derive(Clone)]
pub struct House {
    inner: Arc<Inner>,
}

struct Inner {
    server: Server,
    queue_submissions_max: usize,
    programmes: BTreeMap<Name, Arc<Programme>>,
    verifiers: Verifiers,
    metrics: Metrics,
    requests: Arc<Semaphore>,
    exports: Arc<Semaphore>,
    files: Arc<Semaphore>,
    bundles: Arc<Semaphore>,
}

/// Pages of entries that are made or sent at once; more wait.
const EXPORTS_MAX: usize = 8;
/// The same for bundles of entries, which may be public and must not stand in an auditor's way.
const BUNDLES_MAX: usize = 8;

/// What is signed in fewer bytes than this may be checked where it is read.
const CHECKED_AT_ONCE_BYTES_MAX: usize = 4 * 1024;

/// MiB of published files that are in memory at once; more wait.
pub const FILES_MIB_MAX: u32 = 512;

/// One programme of the house.
pub struct Programme {
    /// Its id in addresses.
    pub id: Name,
    /// Its ledger.
    pub ledger: Ledger,
    /// What closes its windows.
    pub settlement: Arc<Settlement>,
    /// Those who cosign them, if anybody is asked.
    pub witnessing: Option<Arc<Witnessing>>,
    /// How fast each author may ask.
    pub rates: RateLimits,
    /// Whether anybody may read the log's bundles of entries.
    pub public_entries: bool,
}

impl Programme {
    /// The ledger's present: its clock, but never before its last entry.
    pub fn now(&self) -> Micros {
        let last = self.ledger.view().last_time;
        Micros(self.ledger.clock().now_us()).max(last)
    }
}

impl House {
    /// A house that serves these settlements and their ledgers under their programmes' ids.
    ///
    /// # Errors
    /// A verifier thread could not be had.
    ///
    /// # Panics
    /// If a ledger's founding entry names a ledger key that founding would have refused.
    pub fn new(
        config: &Config,
        settlements: impl IntoIterator<Item = Arc<Settlement>>,
    ) -> std::io::Result<Self> {
        let witnessed = settlements.into_iter().map(|settlement| (settlement, None));
        Self::with_witnesses(config, witnessed)
    }

    /// The same, for settlements whose checkpoints are cosigned.
    ///
    /// # Errors
    /// A verifier thread could not be had.
    ///
    /// # Panics
    /// As [`House::new`].
    pub fn with_witnesses(
        config: &Config,
        settlements: impl IntoIterator<Item = (Arc<Settlement>, Option<Arc<Witnessing>>)>,
    ) -> std::io::Result<Self> {
        let server = config.server.clone();
        let programmes = settlements.into_iter().map(|(settlement, witnessing)| {
            let programme = open(settlement, witnessing, config);
            (programme.id, Arc::new(programme))
        });
        let inner = Inner {
            queue_submissions_max: config.writer.queue_submissions_max,
            programmes: programmes.collect(),
            verifiers: Verifiers::start(config.verifier_threads)?,
            metrics: Metrics::new(),
            requests: Arc::new(Semaphore::new(server.concurrent_requests_max)),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            files: Arc::new(Semaphore::new(FILES_MIB_MAX as usize)),
            bundles: Arc::new(Semaphore::new(BUNDLES_MAX)),
            server,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The settings of requests.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.inner.server
    }

    /// The programmes, by id.
    pub fn programmes(&self) -> impl Iterator<Item = &Arc<Programme>> {
        self.inner.programmes.values()
    }

    /// The programme with this id.
    ///
    /// # Errors
    /// `not_found`.
    pub fn programme(&self, id: &str) -> Result<&Arc<Programme>, Problem> {
        let id = Name::parse(id).map_err(|_| Problem::not_found())?;
        let found = self.inner.programmes.get(&id);
        found.ok_or_else(Problem::not_found)
    }

    /// The threads that check signatures.
    #[must_use]
    pub fn verifiers(&self) -> &Verifiers {
        &self.inner.verifiers
    }

    /// Checks and parses so many signed bytes: here if they are few, else on a verifier thread. To
    /// hand few bytes over and to be woken takes about as long as to check them.
    ///
    /// # Errors
    /// `busy` when too much waits for verifiers, `internal` when one panicked.
    ///
    /// # Panics
    /// If the work does, and is done here.
    pub async fn check<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        match bytes < CHECKED_AT_ONCE_BYTES_MAX {
            true => Ok(work()),
            false => self.verifiers().run(work).await,
        }
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.inner.metrics
    }

    /// Places for requests in work.
    #[must_use]
    pub fn requests(&self) -> &Arc<Semaphore> {
        &self.inner.requests
    }

    /// Places for pages of entries.
    #[must_use]
    pub fn exports(&self) -> &Arc<Semaphore> {
        &self.inner.exports
    }

    /// Places for published files, each of a MiB.
    #[must_use]
    pub fn files(&self) -> &Arc<Semaphore> {
        &self.inner.files
    }

    /// Places for bundles of entries.
    #[must_use]
    pub fn bundles(&self) -> &Arc<Semaphore> {
        &self.inner.bundles
    }

    /// Why the house is not ready for submissions, if it is not.
    #[must_use]
    pub fn unready(&self) -> Option<String> {
        self.programmes().find_map(|programme| {
            let ledger = &programme.ledger;
            if ledger.stop_reason().is_some() {
                return Some(format!("the ledger of {} has stopped", programme.id));
            }
            let is_full = ledger.queue_len() >= self.inner.queue_submissions_max;
            is_full.then(|| format!("the queue of {} is full", programme.id))
        })
    }
}

fn open(
    settlement: Arc<Settlement>,
    witnessing: Option<Arc<Witnessing>>,
    config: &Config,
) -> Programme {
    let server = &config.server;
    let ledger = settlement.ledger().clone();
    let id = ledger.view().governance.programme.id;
    let mut configured = config.programmes.iter();
    let configured = configured.find(|configured| configured.id == id.as_str());
    Programme {
        public_entries: configured.is_some_and(|configured| configured.public_entries),
        id,
        witnessing,
        rates: RateLimits::new(
            server.author_requests_per_second_max,
            server.author_burst_requests_max,
        ),
        ledger,
        settlement,
    }
}
