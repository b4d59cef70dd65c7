//! Guards the ledger's time: a clock gone wrong must not poison the entries with a future stamp,
//! from which strictly increasing time could never come back.
//!
//! While running, wall time is compared with monotonic time: 10 minutes of difference stop writing
//! until an operator restarts with their word. At start, 7 days beyond the last entry do.

use crate::domain::time::Micros;
use crate::platform::clock::Clock;
use std::time::Instant;

const MINUTE_US: u64 = 60_000_000;
/// How far wall time may run ahead of monotonic time while running.
pub const RUNNING_JUMP_US_MAX: u64 = 10 * MINUTE_US;
/// How far the clock may be beyond the last entry at start.
pub const START_JUMP_US_MAX: u64 = 7 * 24 * 60 * MINUTE_US;

/// The clock shows a time that needs an operator's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock shows {}, which is too far beyond {}; check it, then restart with --accept-clock",
    Micros(*.shown_us).to_rfc3339_seconds(),
    Micros(*.expected_us).to_rfc3339_seconds()
)]
pub struct ClockJump {
    /// What the clock shows.
    pub shown_us: u64,
    /// What was expected at most, before tolerance.
    pub expected_us: u64,
}

/// Compares wall time with monotonic time.
#[derive(Debug)]
pub struct TimeGuard {
    wall_us: u64,
    since: Instant,
}

impl TimeGuard {
    /// Begins to guard.
    ///
    /// # Errors
    /// [`ClockJump`] if the clock is more than 7 days beyond the last entry and `accept` is false.
    pub fn start(clock: &Clock, last: Micros, accept: bool) -> Result<Self, ClockJump> {
        let wall_us = clock.now_us();
        let jump = last.0 > 0 && wall_us > last.0.saturating_add(START_JUMP_US_MAX);
        if jump && !accept && !clock.is_simulated() {
            return Err(ClockJump {
                shown_us: wall_us,
                expected_us: last.0,
            });
        }
        Ok(Self {
            wall_us,
            since: Instant::now(),
        })
    }

    /// The time for the next entry.
    ///
    /// # Errors
    /// [`ClockJump`] if wall time ran more than 10 minutes ahead of monotonic time.
    pub fn check(&self, clock: &Clock, last: Micros) -> Result<u64, ClockJump> {
        let shown_us = clock.now_us();
        if clock.is_simulated() {
            return Ok(shown_us);
        }
        let elapsed = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        let expected_us = self.wall_us.max(last.0).saturating_add(elapsed);
        if shown_us > expected_us.saturating_add(RUNNING_JUMP_US_MAX) {
            return Err(ClockJump {
                shown_us,
                expected_us,
            });
        }
        Ok(shown_us)
    }
}
