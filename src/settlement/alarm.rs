//! The alarm: why the last run ended early, and how often runs did.
//!
//! Must not: end a run, or remember anything over a restart.

use std::fmt::Display;
use std::sync::RwLock;

/// Runs that ended early since the start.
#[derive(Debug, Default)]
pub struct Alarm {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    reason: Option<String>,
    count: u64,
}

impl Alarm {
    /// Why the last run ended early, if it did.
    pub fn reason(&self) -> Option<String> {
        self.state.read().expect(UNPOISONED).reason.clone()
    }

    /// How many runs ended early.
    pub fn count(&self) -> u64 {
        self.state.read().expect(UNPOISONED).count
    }

    /// Notes how a run ended: early with an error, or well.
    pub(super) fn note(&self, error: Option<&impl Display>) {
        let mut state = self.state.write().expect(UNPOISONED);
        state.reason = error.map(ToString::to_string);
        state.count = state.count.saturating_add(u64::from(error.is_some()));
    }
}

const UNPOISONED: &str = "nothing panics while it holds the alarm";
