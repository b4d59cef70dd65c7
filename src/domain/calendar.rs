//! Business days: when money that a window came to is due.
//!
//! Weekends are Saturday and Sunday; holidays are the programme's, from the ledger, so that every
//! replay finds the same due day. Must not: read a clock or a time zone, or decide when a window is
//! cut; that is the schedule's, in `settlement`.

use super::time::Day;
use std::collections::BTreeSet;

/// The most holidays that a programme may name.
pub const HOLIDAYS_MAX: usize = 1_000;

/// Whether banks work: Monday to Friday, and no holiday.
pub fn is_business_day(day: Day, holidays: &BTreeSet<Day>) -> bool {
    !is_weekend(day) && !holidays.contains(&day)
}

/// The day on which something is due that was decided on `from`: the `business_days`-th business
/// day after it. With 0, the first business day on or after `from`.
///
/// It saturates at [`Day::MAX`], business day or not, and takes time in proportion to the days that
/// it passes over.
pub fn due_day(from: Day, business_days: u32, holidays: &BTreeSet<Day>) -> Day {
    let (mut day, mut missing) = match business_days {
        0 => (Some(from), 1),
        more => (from.plus_days(1), more),
    };
    while let Some(candidate) = day.filter(|day| *day < Day::MAX) {
        if is_business_day(candidate, holidays) {
            missing = missing.saturating_sub(1);
        }
        if missing == 0 {
            return candidate;
        }
        day = candidate.plus_days(1);
    }
    Day::MAX
}

/// 1970-01-01, day 0, was a Thursday: so 2 is a Saturday and 3 a Sunday.
fn is_weekend(day: Day) -> bool {
    matches!(day.0.rem_euclid(7), 2 | 3)
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "the numbers of these tests are small"
)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate, Weekday};
    use proptest::prelude::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn days(texts: &[&str]) -> BTreeSet<Day> {
        texts.iter().map(|text| day(text)).collect()
    }

    #[test]
    fn weekends_and_holidays_are_no_business_days() {
        let holidays = days(&["2026-12-25"]);
        for (text, expected) in [
            ("1970-01-01", true),  // Thursday
            ("1970-01-03", false), // Saturday
            ("1970-01-04", false), // Sunday
            ("2000-02-29", true),  // Tuesday
            ("2026-11-20", true),  // Friday
            ("2026-11-21", false), // Saturday
            ("2026-11-22", false), // Sunday
            ("2026-11-23", true),  // Monday
            ("2026-12-25", false), // a Friday, and a holiday
            ("9999-12-31", true),  // Friday
        ] {
            assert_eq!(is_business_day(day(text), &holidays), expected, "{text}");
        }
    }

    #[test]
    fn a_due_day_is_counted_in_business_days() {
        let holidays = days(&["2026-12-25", "2026-12-28"]);
        for (from, business_days, expected) in [
            ("2026-11-20", 0, "2026-11-20"),
            ("2026-11-21", 0, "2026-11-23"),
            ("2026-11-20", 1, "2026-11-23"),
            ("2026-11-21", 1, "2026-11-23"),
            ("2026-11-22", 2, "2026-11-24"),
            ("2026-11-20", 5, "2026-11-27"),
            ("2026-12-25", 0, "2026-12-29"),
            ("2026-12-24", 1, "2026-12-29"),
            ("2026-12-24", 4, "2027-01-01"),
        ] {
            let due = due_day(day(from), business_days, &holidays);
            assert_eq!(due, day(expected), "{from} + {business_days}");
        }
    }

    #[test]
    fn a_due_day_stays_in_the_calendar() {
        let none = BTreeSet::new();
        assert_eq!(due_day(day("9999-12-30"), 1, &none), Day::MAX);
        assert_eq!(due_day(day("9999-12-30"), 2, &none), Day::MAX);
        assert_eq!(due_day(Day::MAX, 0, &none), Day::MAX);
        assert_eq!(due_day(Day::MAX, u32::MAX, &none), Day::MAX);
        assert_eq!(due_day(Day(i32::MAX), 1, &none), Day::MAX);
        assert_eq!(due_day(day("9990-01-01"), u32::MAX, &none), Day::MAX);
        // 1969-12-31 was a Wednesday.
        assert_eq!(due_day(Day(-1), 0, &none), Day(-1));
    }

    proptest! {
        #[test]
        fn weekends_are_those_of_chrono(number in 0..=Day::MAX.0) {
            let date = NaiveDate::from_num_days_from_ce_opt(number + 719_163).unwrap();
            let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
            prop_assert_eq!(is_business_day(Day(number), &BTreeSet::new()), !weekend);
        }

        #[test]
        fn a_due_day_has_exactly_the_business_days_before_it(
            from in 0_i32..100_000,
            business_days in 0_u32..60,
            holidays in prop::collection::btree_set(0_i32..400, 0..40),
        ) {
            let holidays: BTreeSet<Day> = holidays.iter().map(|at| Day(from + at)).collect();
            let due = due_day(Day(from), business_days, &holidays);
            prop_assert!(is_business_day(due, &holidays));
            let first = if business_days == 0 { from } else { from + 1 };
            let passed = (first..due.0).filter(|at| is_business_day(Day(*at), &holidays)).count();
            prop_assert_eq!(passed, business_days.saturating_sub(1) as usize);
        }
    }
}
