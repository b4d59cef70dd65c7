//! The house clock: the system's time, or a simulated one.
//!
//! A simulated clock stands still until it is moved, and moves forward only. It exists for ledgers
//! that were founded as simulated; this module does not check that, and it does not make stamps
//! strictly increasing: both are the writer's duty.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The last microsecond of the year 9999, beyond which RFC 3339 has no date.
pub const TIME_US_MAX: u64 = 253_402_300_799_999_999;

/// Where the present time comes from.
#[derive(Debug)]
pub enum Clock {
    /// The system's clock.
    Real,
    /// A clock that is moved by hand; holds microseconds since 1970-01-01T00:00:00Z.
    Simulated(AtomicU64),
}

/// Why a clock was not moved.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClockError {
    /// The system's clock is nobody's to move.
    #[error("this ledger runs on the real clock, which cannot be moved")]
    NotSimulated,
    /// A simulated clock never moves back.
    #[error("the clock stands at {now_us} µs and cannot go back to {asked_us} µs")]
    Backwards {
        /// Where the clock stands, in microseconds since 1970.
        now_us: u64,
        /// Where it was to go.
        asked_us: u64,
    },
    /// The time asked for has no RFC 3339 date.
    #[error("{asked_us} µs is beyond the year 9999")]
    OutOfRange {
        /// Where the clock was to go, in microseconds since 1970.
        asked_us: u64,
    },
}

impl Clock {
    /// A simulated clock that stands at `start_us` (microseconds since 1970).
    #[must_use]
    pub fn simulated(start_us: u64) -> Self {
        Self::Simulated(AtomicU64::new(start_us))
    }

    /// Whether this clock is moved by hand.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        matches!(self, Self::Simulated(_))
    }

    /// Microseconds since 1970-01-01T00:00:00Z. A system clock set before 1970 reads 0, which no
    /// ledger takes, because it is behind its last entry.
    #[must_use]
    pub fn now_us(&self) -> u64 {
        match self {
            Self::Real => {
                let since_1970 = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX)
            }
            Self::Simulated(now_us) => now_us.load(Ordering::SeqCst),
        }
    }

    /// Moves a simulated clock to `asked_us`; to stay where it stands is allowed.
    ///
    /// # Errors
    /// The clock is real, stands later already, or would leave the year 9999. It did not move then.
    pub fn advance_to(&self, asked_us: u64) -> Result<(), ClockError> {
        let Self::Simulated(clock_us) = self else {
            return Err(ClockError::NotSimulated);
        };
        if asked_us > TIME_US_MAX {
            return Err(ClockError::OutOfRange { asked_us });
        }
        let now_us = clock_us.fetch_max(asked_us, Ordering::SeqCst);
        if now_us > asked_us {
            return Err(ClockError::Backwards { now_us, asked_us });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_clock_moves_forward_only() {
        let clock = Clock::simulated(1_000);
        assert_eq!(clock.now_us(), 1_000);
        clock.advance_to(1_000).unwrap();
        clock.advance_to(2_000).unwrap();
        let back = clock.advance_to(1_999);
        assert_eq!(
            back,
            Err(ClockError::Backwards {
                now_us: 2_000,
                asked_us: 1_999
            })
        );
        assert_eq!(clock.now_us(), 2_000);
    }

    #[test]
    fn a_simulated_clock_stays_within_the_year_9999() {
        let clock = Clock::simulated(0);
        clock.advance_to(TIME_US_MAX).unwrap();
        let asked_us = TIME_US_MAX + 1;
        assert_eq!(
            clock.advance_to(asked_us),
            Err(ClockError::OutOfRange { asked_us })
        );
    }

    #[test]
    fn a_real_clock_tells_the_present_and_cannot_be_moved() {
        let clock = Clock::Real;
        assert!(
            clock.now_us() > 1_700_000_000_000_000,
            "after November 2023"
        );
        assert!(!clock.is_simulated());
        assert_eq!(clock.advance_to(TIME_US_MAX), Err(ClockError::NotSimulated));
    }
}
