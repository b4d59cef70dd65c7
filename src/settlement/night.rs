//! The night watch: settles by itself whenever a day has closed.
//!
//! It looks at the ledger's clock now and then, so a clock that was set, or moved by hand, is
//! followed; what was cut stays cut. Must not: give up. A run that failed is tried again later.

use super::Settlement;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it looks.
const LOOK_MS: u64 = 500;
/// How long it waits after a run that failed.
const RETRY_S: u64 = 60;

/// A thread that settles by itself.
pub struct Watch {
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to watch over a settlement.
    ///
    /// # Errors
    /// The thread could not be had.
    pub fn start(settlement: Arc<Settlement>) -> std::io::Result<Self> {
        let ending = Arc::new(AtomicBool::new(false));
        let told = ending.clone();
        let thread = std::thread::Builder::new()
            .name("settlement-night".to_owned())
            .spawn(move || watch(&settlement, &told))?;
        Ok(Self {
            ending,
            thread: Some(thread),
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn watch(settlement: &Settlement, ending: &AtomicBool) {
    let mut not_before = Instant::now();
    while !ending.load(Ordering::Acquire) {
        if Instant::now() >= not_before
            && settlement.is_due()
            && let Err(error) = settlement.settle(None)
        {
            tracing::error!(%error, "the nightly run ended early; it is tried again");
            not_before = Instant::now() + Duration::from_secs(RETRY_S);
        }
        std::thread::park_timeout(Duration::from_millis(LOOK_MS));
    }
}
