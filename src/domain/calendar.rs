//! Business days: Monday to Friday, without the programme's holidays.
//!
//! Must not: decide membership of a window; a calendar sets due days only.

use super::time::Day;
use std::collections::BTreeSet;

/// The most holidays of a programme.
pub const HOLIDAYS_MAX: usize = 1_000;

/// Whether payments can be due on a day.
pub fn is_business_day(day: Day, holidays: &BTreeSet<Day>) -> bool {
    // 1970-01-01 was a Thursday: 0 is Monday.
    let weekday = i64::from(day.0).saturating_add(3).rem_euclid(7);
    weekday < 5 && !holidays.contains(&day)
}

/// The n-th business day after a day; for 0 the first on or after it.
pub fn due_day(from: Day, business_days: u32, holidays: &BTreeSet<Day>) -> Day {
    let mut day = from;
    let mut left = business_days;
    while left > 0 || !is_business_day(day, holidays) {
        let Some(next) = day.plus_days(1) else {
            return Day::MAX;
        };
        day = next;
        if is_business_day(day, holidays) {
            left = left.saturating_sub(1);
        }
    }
    day
}
