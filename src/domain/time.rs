//! Ledger time: microseconds of acceptance, whole-second value dates, and days at a fixed offset.
//!
//! Must not: read a clock or a time zone. A day follows from `accepted_at` and the programme's
//! fixed UTC offset alone, so every replay agrees.

use chrono::{DateTime, Datelike, NaiveDate};
use minicbor::{Decode, Encode};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Micros(#[n(0)] pub u64);

const MICROS_PER_SECOND: u64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// The last second that RFC 3339 can write with a four-digit year, 9999-12-31T23:59:59Z.
pub const SECONDS_MAX: u64 = 253_402_300_799;

impl Micros {
    /// The instant at a whole second.
    pub fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// Whole seconds, rounded down.
    pub fn seconds(self) -> u64 {
        self.0 / MICROS_PER_SECOND
    }

    /// This instant plus a number of seconds.
    #[must_use]
    pub fn plus_seconds(self, seconds: u64) -> Self {
        Self(
            self.0
                .saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)),
        )
    }

    /// The calendar day at a UTC offset in minutes.
    pub fn day(self, utc_offset_min: i16) -> Day {
        let seconds = i64::try_from(self.seconds()).unwrap_or(i64::MAX);
        let local = seconds.saturating_add(i64::from(utc_offset_min).saturating_mul(60));
        let day = local.div_euclid(SECONDS_PER_DAY);
        Day(i32::try_from(day).unwrap_or(i32::MAX))
    }

    /// Parses RFC 3339 in UTC with whole seconds, exactly `YYYY-MM-DDThh:mm:ssZ`, from 1970 on.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 20 || bytes[10] != b'T' || bytes[19] != b'Z' {
            return None;
        }
        let day = Day::parse(text.get(..10)?)?;
        let clock = text.get(11..19)?.as_bytes();
        if clock[2] != b':' || clock[5] != b':' {
            return None;
        }
        let hours = two_digits(&clock[0..2]).filter(|h| *h < 24)?;
        let minutes = two_digits(&clock[3..5]).filter(|m| *m < 60)?;
        let seconds = two_digits(&clock[6..8]).filter(|s| *s < 60)?;
        let days = u64::try_from(day.0).ok()?;
        let of_day = hours
            .checked_mul(3600)?
            .checked_add(minutes.checked_mul(60)?)?;
        let total = days
            .checked_mul(86_400)?
            .checked_add(of_day)?
            .checked_add(seconds)?;
        Some(Self::from_seconds(total))
    }

    /// RFC 3339 in UTC with whole seconds.
    pub fn to_rfc3339_seconds(self) -> String {
        self.format("%Y-%m-%dT%H:%M:%SZ")
    }

    /// RFC 3339 in UTC with microseconds.
    pub fn to_rfc3339(self) -> String {
        match self.day(0).text() {
            Some(day) => {
                let (seconds, micros) = (self.seconds() % 86_400, self.0 % MICROS_PER_SECOND);
                let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
                let day = day.as_str();
                format!("{day}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
            }
            None => self.format("%Y-%m-%dT%H:%M:%S%.6fZ"),
        }
    }

    fn format(self, pattern: &str) -> String {
        let micros = i64::try_from(self.0).unwrap_or(i64::MAX);
        DateTime::from_timestamp_micros(micros)
            .map_or_else(|| self.0.to_string(), |at| at.format(pattern).to_string())
    }
}

fn two_digits(digits: &[u8]) -> Option<u64> {
    match digits {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => u64::from(a.wrapping_sub(b'0'))
            .checked_mul(10)?
            .checked_add(u64::from(b.wrapping_sub(b'0'))),
        _ => None,
    }
}

/// A calendar day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Day(#[n(0)] pub i32);

impl Day {
    /// The last day that `YYYY-MM-DD` can write, 9999-12-31.
    pub const MAX: Self = Self(2_932_896);

    /// Parses `YYYY-MM-DD`, from 1970-01-01 on.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        let digits = |at: &[u8]| at.iter().all(u8::is_ascii_digit);
        if !shape || !digits(&bytes[..4]) || !digits(&bytes[5..7]) || !digits(&bytes[8..]) {
            return None;
        }
        let date = NaiveDate::from_ymd_opt(
            text.get(..4)?.parse().ok()?,
            text.get(5..7)?.parse().ok()?,
            text.get(8..)?.parse().ok()?,
        )?;
        let days = date.num_days_from_ce().checked_sub(EPOCH_FROM_CE)?;
        (days >= 0).then_some(Self(days))
    }

    /// The month that it is in, counted from January of the year 0.
    pub fn month(self) -> u32 {
        let months = self.date().and_then(|date| {
            let year = u32::try_from(date.year()).ok()?;
            year.checked_mul(12)?.checked_add(date.month0())
        });
        months.unwrap_or_default()
    }

    /// A month of [`Day::month`] as `YYYY-MM`.
    pub fn month_text(month: u32) -> String {
        format!("{:04}-{:02}", month / 12, (month % 12).saturating_add(1))
    }

    /// The last day of a month of [`Day::month`], at most 9999-12-31.
    pub fn last_of_month(month: u32) -> Self {
        let next = Self::month_text(month.saturating_add(1));
        let first_of_next = Self::parse(&format!("{next}-01"));
        first_of_next.map_or(Self::MAX, |day| Self(day.0.saturating_sub(1)))
    }

    /// The day this many days later, none past 9999-12-31.
    pub fn plus_days(self, days: u32) -> Option<Self> {
        let day = self.0.checked_add(i32::try_from(days).ok()?)?;
        (day <= Self::MAX.0).then_some(Self(day))
    }

    /// `YYYY-MM-DD`; nothing for days outside the years 0 to 9999.
    pub fn text(self) -> Option<DayText> {
        let date = self.date()?;
        let year = usize::try_from(date.year())
            .ok()
            .filter(|year| *year <= 9999)?;
        let [a, b] = TWO_DIGITS[year / 100];
        let [c, d] = TWO_DIGITS[year % 100];
        let [e, f] = TWO_DIGITS[date.month() as usize];
        let [g, h] = TWO_DIGITS[date.day() as usize];
        Some(DayText([a, b, c, d, b'-', e, f, b'-', g, h]))
    }

    fn date(self) -> Option<NaiveDate> {
        NaiveDate::from_num_days_from_ce_opt(self.0.checked_add(EPOCH_FROM_CE)?)
    }
}

/// The text of a [`Day`], `YYYY-MM-DD`, held inline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayText([u8; 10]);

impl DayText {
    /// The text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits and dashes are ASCII")
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 10] {
        &self.0
    }
}

/// The numbers 00 to 99 in digits.
const TWO_DIGITS: [[u8; 2]; 100] = {
    let mut all = [[b'0'; 2]; 100];
    let (mut tens, mut at) = (b'0', 0);
    while tens <= b'9' {
        let mut ones = b'0';
        while ones <= b'9' {
            all[at] = [tens, ones];
            ones += 1;
            at += 1;
        }
        tens += 1;
    }
    all
};

/// Days from 0001-01-01 (day 1 of the common era) to 1970-01-01.
const EPOCH_FROM_CE: i32 = 719_163;

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.text(), self.date()) {
            (Some(text), _) => f.write_str(text.as_str()),
            (None, Some(date)) => write!(f, "{date}"),
            (None, None) => write!(f, "day {}", self.0),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a day is YYYY-MM-DD"))
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_one_form_only() {
        let at = Micros::parse("2017-01-01T11:53:26Z");
        assert_eq!(at.map(Micros::seconds), Some(1_483_271_606));
        assert_eq!(
            at.map(Micros::to_rfc3339_seconds).as_deref(),
            Some("2017-01-01T11:53:26Z")
        );
        for bad in [
            "2017-01-01T11:53:26.0Z",
            "2017-01-01T11:53:26+00:00",
            "2017-01-01 11:53:26Z",
            "2017-02-29T11:53:26Z",
            "2017-01-01T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "1969-12-31T23:59:59Z",
            "2017-01-01T11:53:26z",
            "2017-01-01T1é:53:26Z",
        ] {
            assert_eq!(Micros::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_day_follows_from_the_fixed_offset() {
        let midnight = Micros::from_seconds(86_400);
        assert_eq!(midnight.day(0), Day(1));
        assert_eq!(midnight.day(-1), Day(0));
        assert_eq!(Micros(0).day(-60), Day(-1));
        assert_eq!(
            Day::parse("2017-01-01").map(|d| d.to_string()).as_deref(),
            Some("2017-01-01")
        );
        assert_eq!(Day::parse("9999-12-31"), Some(Day::MAX));
        assert_eq!(Day::MAX.plus_days(1), None);
        assert_eq!(Day::parse("+017-01-01"), None);
    }

    #[test]
    fn days_and_instants_are_written_as_chrono_writes_them() {
        for day in (0..Day::MAX.0)
            .step_by(991)
            .chain([59, 60, 789, 790, Day::MAX.0])
        {
            let date = Day(day).date().unwrap();
            assert_eq!(Day(day).to_string(), date.to_string());
            let of_day = u64::try_from(day).unwrap() * 86_400_000_000;
            let at = Micros(of_day + u64::try_from(day).unwrap() * 29_457 % 86_400_000_000);
            assert_eq!(at.to_rfc3339(), at.format("%Y-%m-%dT%H:%M:%S%.6fZ"));
        }
        assert_eq!(Day(Day::MAX.0 + 1).text(), None);
        assert_eq!(Day(i32::MAX).to_string(), "day 2147483647");
    }
}
