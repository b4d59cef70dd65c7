//! The fatal flag: set once when durability can no longer be promised. The server then aborts, and
//! recovery decides from disk.
//!
//! Must not: be cleared. What was not answered by then has an unknown outcome.

use tokio::sync::watch;

/// Whether and why a ledger had to stop.
#[derive(Debug)]
pub struct Fatal {
    reason: watch::Sender<Option<String>>,
}

impl Default for Fatal {
    fn default() -> Self {
        Self {
            reason: watch::Sender::new(None),
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
}
