//! When the night comes: the instant at which each day's window may be cut.
//!
//! A day's window closes at the first instant whose local wall time has reached the cutoff on that
//! day ([`CutoffDay::Same`]) or on the day after ([`CutoffDay::Next`]). So, where clocks are set:
//!
//! ```text
//! forward, 02:00 → 03:00   cutoff 02:30 is skipped     03:00, the first instant after the gap
//! back,    03:00 → 02:00   02:30 comes twice           the first of the two
//! a whole day is skipped   (Apia 2011-12-30, …)        the first instant after the gap
//! ```
//!
//! Cutoffs never run backwards. Two days share one instant where a zone skips a whole day and the
//! cutoff is 00:00: both are over then, and one cut covers both.
//!
//! Must not: read a clock, or remember what was cut. The ledger does, and the caller only ever asks
//! for days after the last one that a cut covers. So two bad inputs do no harm:
//!
//! * *A clock set back.* [`Schedule::last_closed`] names an earlier day, which is covered already:
//!   nothing is cut until the clock has caught up. What was cut stays cut.
//! * *Zone rules that change*, with a new release or new settings. Cutoffs to come move, and past
//!   ones are not looked at again: a day is cut once. If the cutoff of a day moves, its window ends
//!   earlier or later than announced, and the cut's place in the ledger is what counts.
//!
//! Rules of zones come with the program (crate `chrono-tz`), and reach to the year 2099; later
//! years keep the last offset.

use crate::domain::time::{Day, Micros};
use crate::platform::config::{self, Settlement};
use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::{GapInfo, Tz};

pub use crate::platform::config::CutoffDay;

/// When days' windows close.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Schedule {
    /// Local wall time, to the second.
    pub cutoff: NaiveTime,
    /// The date on which that time is meant.
    pub cutoff_day: CutoffDay,
    /// Where it is the local time.
    pub zone: Tz,
}

/// Settings that make no schedule; those that were read from a file are checked already.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ScheduleError {
    /// A day has 1,440 minutes.
    #[error("the cutoff is minute {minute} of the day: set it to one from 0 to 1439")]
    Cutoff {
        /// What it is set to.
        minute: u16,
    },
    /// Nobody knows this zone.
    #[error("no time zone is called \"{zone}\": {advice}", advice = config::ZONE_ADVICE)]
    Zone {
        /// What it is set to.
        zone: String,
    },
}

impl Schedule {
    /// The schedule that a programme's settings ask for.
    ///
    /// # Errors
    /// The settings did not come from a file, and are out of range or name no zone.
    pub fn new(settings: &Settlement) -> Result<Self, ScheduleError> {
        let minute = settings.cutoff_minute;
        let cutoff = NaiveTime::from_num_seconds_from_midnight_opt(u32::from(minute) * 60, 0);
        let zone = settings.zone.parse();
        Ok(Self {
            cutoff: cutoff.ok_or(ScheduleError::Cutoff { minute })?,
            cutoff_day: settings.cutoff_day,
            zone: zone.map_err(|_| ScheduleError::Zone {
                zone: settings.zone.clone(),
            })?,
        })
    }

    /// The instant (UTC) at which a day's window may be cut; it never falls as days go on.
    ///
    /// An instant before 1970 is given as 0, and one that no calendar can write as `u64::MAX`.
    #[must_use]
    pub fn cutoff_of(&self, day: Day) -> Micros {
        let beyond = if day.0 < 0 { 0 } else { u64::MAX };
        let local = date_of(day).and_then(|date| match self.cutoff_day {
            CutoffDay::Same => Some(date),
            CutoffDay::Next => date.checked_add_days(Days::new(1)),
        });
        let local = local.map(|date| date.and_time(self.cutoff));
        let instant_us = local.and_then(|local| self.first_instant_us(local));
        let instant_us = instant_us.map(|us| u64::try_from(us).unwrap_or(0));
        Micros(instant_us.unwrap_or(beyond))
    }

    /// The last day, from 1970-01-01 on, whose cutoff is at or before `now`; none while there is
    /// none.
    #[must_use]
    pub fn last_closed(&self, now: Micros) -> Option<Day> {
        // No zone is a whole day ahead of UTC, and none was set back by as much.
        let mut day = Day(now.day(0).0.min(Day::MAX.0).saturating_add(2)).min(Day::MAX);
        while day.0 >= 0 {
            if self.cutoff_of(day) <= now {
                return Some(day);
            }
            day = Day(day.0 - 1);
        }
        None
    }

    /// The first cutoff after `now`, and its day. If two days share that instant, the earlier day;
    /// [`Schedule::last_closed`] names the later one once it has come.
    ///
    /// Past the cutoff of 9999-12-31 there is none: that day is given, with `u64::MAX`.
    #[must_use]
    pub fn next_cutoff(&self, now: Micros) -> (Day, Micros) {
        let next = match self.last_closed(now) {
            Some(Day::MAX) => return (Day::MAX, Micros(u64::MAX)),
            Some(last) => Day(last.0 + 1),
            None => Day(0),
        };
        (next, self.cutoff_of(next))
    }

    /// The first instant whose local wall time is `local` or later, in microseconds since 1970.
    fn first_instant_us(&self, local: NaiveDateTime) -> Option<i64> {
        let instant = match self.zone.from_local_datetime(&local).earliest() {
            Some(instant) => instant,
            None => GapInfo::new(&local, &self.zone)?.end?,
        };
        Some(instant.timestamp_micros())
    }
}

fn date_of(day: Day) -> Option<NaiveDate> {
    let since_1970 = Days::new(u64::from(day.0.unsigned_abs()));
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
    match day.0 {
        0.. => epoch.checked_add_days(since_1970),
        _ => epoch.checked_sub_days(since_1970),
    }
}

#[cfg(test)]
mod tests;
