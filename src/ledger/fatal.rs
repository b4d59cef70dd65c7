//! The fatal flag: set once when durability can no longer be promised. The server then aborts, and
//! recovery decides from disk. And the end: set once when no answer will come any more.
//!
//! Must not: be cleared. What was not answered by then has an unknown outcome. A channel that is
//! dropped cannot say so in its stead: a bounded one keeps what it holds for as long as anybody may
//! send.

use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::watch;

/// Whether and why a ledger had to stop.
#[derive(Debug)]
pub struct Fatal {
    reason: watch::Sender<Option<String>>,
    ended: watch::Sender<bool>,
}

impl Default for Fatal {
    fn default() -> Self {
        Self {
            reason: watch::Sender::new(None),
            ended: watch::Sender::new(false),
        }
    }
}

impl Fatal {
    /// Sets the flag; the first reason stays.
    pub fn set(&self, reason: &str) {
        self.reason.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                tracing::error!(reason, "the ledger stops: durability cannot be promised");
                *known = Some(reason.to_owned());
            }
            first
        });
    }

    /// Why the ledger had to stop, if it had.
    pub fn reason(&self) -> Option<String> {
        self.reason.borrow().clone()
    }

    /// Waits until the ledger has to stop.
    pub async fn wait(&self) -> String {
        let mut reason = self.reason.subscribe();
        let set = reason.wait_for(Option::is_some).await;
        let set = set.expect("the sender lives as long as self");
        set.clone().expect("it was waited for")
    }

    /// Says that no answer will come any more.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Waits until no answer will come any more.
    pub async fn ended(&self) {
        let mut ended = self.ended.subscribe();
        let waited = ended.wait_for(|ended| *ended).await;
        waited.expect("the sender lives as long as self");
    }
}

/// Starts a thread that sets the fatal flag if it panics: an assertion of ours stops the house.
/// When it ends in any way, `afterwards` is done.
///
/// # Errors
/// The thread could not be had.
pub fn spawn(
    name: &str,
    fatal: &Arc<Fatal>,
    work: impl FnOnce() + Send + 'static,
    afterwards: fn(&Fatal),
) -> std::io::Result<JoinHandle<()>> {
    let fatal = fatal.clone();
    let label = name.to_owned();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err() {
                fatal.set(&format!("the thread {label} panicked"));
            }
            afterwards(&fatal);
        })
}
