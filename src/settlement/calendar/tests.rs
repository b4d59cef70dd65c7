//! Cutoffs against an oracle that knows zones by their UTC offsets alone, and by known nights.

use super::*;
use chrono::{DateTime, Offset};
use proptest::prelude::*;
use std::sync::LazyLock;

const ZONES: [Tz; 10] = [
    Tz::UTC,
    Tz::Europe__Berlin,
    Tz::Europe__Dublin,
    Tz::America__New_York,
    Tz::America__St_Johns,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Pacific__Kwajalein,
    Tz::Africa__Casablanca,
    Tz::Asia__Kathmandu,
];
const DAY_S: i64 = 86_400;
/// 2105-01-01, past the end of the rules.
const DAYS_END: i32 = 49_308;

fn schedule(zone: Tz, hour: u32, minute: u32, cutoff_day: CutoffDay) -> Schedule {
    Schedule {
        cutoff: NaiveTime::from_hms_opt(hour, minute, 0).unwrap(),
        cutoff_day,
        zone,
    }
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn offset_at(zone: Tz, second: i64) -> i64 {
    let utc = DateTime::from_timestamp(second, 0).unwrap().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

/// A stretch of time with one offset: it begins at a second since 1970.
type Piece = (i64, i64);

/// The pieces of a zone from 1969 to 2106, found by looking at its offset every hour.
fn pieces_of(zone: Tz) -> Vec<Piece> {
    let (from, to) = (-400 * DAY_S, (i64::from(DAYS_END) + 400) * DAY_S);
    let mut pieces = vec![(from, offset_at(zone, from))];
    for hour in (from..to).step_by(3_600) {
        let before = pieces[pieces.len() - 1].1;
        if offset_at(zone, hour + 3_600) == before {
            continue;
        }
        let (mut same, mut other) = (hour, hour + 3_600);
        while other - same > 1 {
            let middle = i64::midpoint(same, other);
            if offset_at(zone, middle) == before {
                same = middle;
            } else {
                other = middle;
            }
        }
        pieces.push((other, offset_at(zone, other)));
    }
    pieces
}

static PIECES: LazyLock<Vec<Vec<Piece>>> =
    LazyLock::new(|| ZONES.iter().map(|zone| pieces_of(*zone)).collect());

/// The first instant whose local time is `local` or later: in each piece, it is where the piece
/// begins or where its offset says, if the piece lasts that long.
fn oracle(zone: usize, local: i64) -> Micros {
    let pieces = &PIECES[zone];
    let ends = pieces.iter().skip(1).map(|(begin, _)| *begin);
    let first = pieces
        .iter()
        .zip(ends.chain([i64::MAX]))
        .find_map(|((begin, offset), end)| {
            let at = (local - offset).max(*begin);
            (at < end).then_some(at)
        });
    Micros(u64::try_from(first.unwrap()).unwrap_or(0) * 1_000_000)
}

fn check(zone: usize, day: i32, minute: u16, cutoff_day: CutoffDay) {
    let minute = u32::from(minute);
    let schedule = schedule(ZONES[zone], minute / 60, minute % 60, cutoff_day);
    let date = i64::from(day) + i64::from(cutoff_day == CutoffDay::Next);
    let expected = oracle(zone, date * DAY_S + i64::from(minute) * 60);
    assert_eq!(
        schedule.cutoff_of(Day(day)),
        expected,
        "{schedule:?} {}",
        Day(day)
    );
}

#[test]
fn cutoffs_are_exact_around_every_change_of_an_offset() {
    for (zone, pieces) in PIECES.iter().enumerate() {
        for (begin, offset) in pieces.iter().skip(1) {
            let date = i32::try_from((begin + offset).div_euclid(DAY_S)).unwrap();
            for day in (date - 2..=date + 1).filter(|day| (0..DAYS_END).contains(day)) {
                for minute in (0..1_440).step_by(15) {
                    check(zone, day, minute, CutoffDay::Same);
                }
            }
        }
    }
}

#[test]
fn every_day_of_a_century_has_its_night() {
    for (zone, name) in ZONES.iter().enumerate() {
        let schedule = schedule(*name, 2, 0, CutoffDay::Next);
        let mut before = None;
        for number in 0..DAYS_END {
            check(zone, number, 120, CutoffDay::Next);
            let (day, cutoff) = (Day(number), schedule.cutoff_of(Day(number)));
            assert_eq!(schedule.last_closed(cutoff), Some(day), "{name}");
            assert_eq!(schedule.last_closed(Micros(cutoff.0 - 1)), before, "{name}");
            assert_eq!(
                schedule.next_cutoff(Micros(cutoff.0 - 1)),
                (day, cutoff),
                "{name}"
            );
            before = Some(day);
        }
    }
}

#[test]
fn a_skipped_cutoff_is_the_first_instant_after_the_gap() {
    let same = schedule(Tz::Europe__Berlin, 2, 30, CutoffDay::Same);
    let next = schedule(Tz::Europe__Berlin, 2, 30, CutoffDay::Next);
    let after_gap = Micros::parse("2026-03-29T01:00:00Z").unwrap();
    assert_eq!(same.cutoff_of(day("2026-03-29")), after_gap);
    assert_eq!(next.cutoff_of(day("2026-03-28")), after_gap);
    let before = Micros::parse("2026-03-28T01:30:00Z").unwrap();
    assert_eq!(same.cutoff_of(day("2026-03-28")), before);
    let after = Micros::parse("2026-03-30T00:30:00Z").unwrap();
    assert_eq!(same.next_cutoff(after_gap), (day("2026-03-30"), after));
}

#[test]
fn a_repeated_cutoff_is_the_first_of_the_two() {
    let same = schedule(Tz::Europe__Berlin, 2, 30, CutoffDay::Same);
    let first = Micros::parse("2026-10-25T00:30:00Z").unwrap();
    let second = Micros::parse("2026-10-25T01:30:00Z").unwrap();
    let sunday = day("2026-10-25");
    assert_eq!(same.cutoff_of(sunday), first);
    assert_eq!(same.last_closed(second), Some(sunday));
    // Between the two, the wall clock shows less than the cutoff again; the day stays closed.
    let between = Micros::parse("2026-10-25T01:10:00Z").unwrap();
    assert_eq!(same.last_closed(between), Some(sunday));
    assert_eq!(same.next_cutoff(between).0, day("2026-10-26"));
}

#[test]
fn a_skipped_day_closes_when_the_zone_has_passed_over_it() {
    let apia = schedule(Tz::Pacific__Apia, 2, 0, CutoffDay::Same);
    let over = Micros::parse("2011-12-30T10:00:00Z").unwrap();
    assert_eq!(apia.cutoff_of(day("2011-12-30")), over);
    let then = Micros::parse("2011-12-30T12:00:00Z").unwrap();
    assert_eq!(apia.cutoff_of(day("2011-12-31")), then);

    // At midnight both days are over at once.
    let apia = schedule(Tz::Pacific__Apia, 0, 0, CutoffDay::Same);
    assert_eq!(apia.cutoff_of(day("2011-12-30")), over);
    assert_eq!(apia.cutoff_of(day("2011-12-31")), over);
    let before = Micros(over.0 - 1);
    assert_eq!(apia.next_cutoff(before), (day("2011-12-30"), over));
    assert_eq!(apia.last_closed(over), Some(day("2011-12-31")));

    let kwajalein = schedule(Tz::Pacific__Kwajalein, 2, 0, CutoffDay::Same);
    let over = Micros::parse("1993-08-21T12:00:00Z").unwrap();
    assert_eq!(kwajalein.cutoff_of(day("1993-08-21")), over);
}

#[test]
fn cutoffs_stay_in_the_calendar() {
    for zone in ZONES {
        let schedule = schedule(zone, 23, 59, CutoffDay::Next);
        assert_eq!(schedule.cutoff_of(Day(i32::MIN)), Micros(0));
        assert_eq!(schedule.cutoff_of(Day(-3)), Micros(0));
        assert_eq!(schedule.cutoff_of(Day(i32::MAX)), Micros(u64::MAX));
        assert_eq!(schedule.last_closed(Micros(0)), None);
        assert_eq!(schedule.next_cutoff(Micros(0)).0, Day(0));
        let end = schedule.cutoff_of(Day::MAX);
        assert!(end < Micros(u64::MAX));
        assert_eq!(
            schedule.last_closed(Micros(end.0 - 1)),
            Some(Day(Day::MAX.0 - 1))
        );
        for late in [end, Micros(u64::MAX)] {
            assert_eq!(schedule.last_closed(late), Some(Day::MAX), "{zone}");
            assert_eq!(schedule.next_cutoff(late), (Day::MAX, Micros(u64::MAX)));
        }
    }
}

#[test]
fn settings_become_a_schedule() {
    let settings = Settlement::default();
    let expected = schedule(Tz::UTC, 2, 0, CutoffDay::Next);
    assert_eq!(Schedule::new(&settings), Ok(expected));
    let unknown = Settlement {
        zone: "Mars/Base".to_owned(),
        ..settings.clone()
    };
    let message = Schedule::new(&unknown).unwrap_err().to_string();
    assert!(message.contains("Mars/Base"), "{message}");
    let late = Settlement {
        cutoff_minute: 1_440,
        ..settings
    };
    assert_eq!(
        Schedule::new(&late),
        Err(ScheduleError::Cutoff { minute: 1_440 })
    );
}

fn cutoff_days() -> impl Strategy<Value = CutoffDay> {
    prop_oneof![Just(CutoffDay::Same), Just(CutoffDay::Next)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn cutoffs_are_those_of_the_oracle(
        zone in 0..ZONES.len(), day in 0..DAYS_END, minute in 0_u16..1_440, on in cutoff_days(),
    ) {
        check(zone, day, minute, on);
    }

    #[test]
    fn the_last_closed_day_and_the_next_cutoff_enclose_now(
        zone in 0..ZONES.len(),
        now in 0..u64::try_from(DAYS_END).unwrap() * 86_400_000_000,
        minute in 0_u32..1_440,
        on in cutoff_days(),
    ) {
        let (now, schedule) = (Micros(now), schedule(ZONES[zone], minute / 60, minute % 60, on));
        let last = schedule.last_closed(now);
        let (next, cutoff) = schedule.next_cutoff(now);
        prop_assert_eq!(next.0, last.map_or(0, |last| last.0 + 1));
        prop_assert_eq!(cutoff, schedule.cutoff_of(next));
        prop_assert!(cutoff > now);
        prop_assert!(last.is_none_or(|last| schedule.cutoff_of(last) <= now));
        prop_assert!(schedule.last_closed(cutoff) >= Some(next));
    }

    #[test]
    fn a_clock_set_back_never_closes_a_later_day(
        zone in 0..ZONES.len(),
        now in 0..u64::try_from(DAYS_END).unwrap() * 86_400_000_000,
        back in 0_u64..200_000_000_000,
    ) {
        let schedule = schedule(ZONES[zone], 2, 30, CutoffDay::Next);
        let earlier = Micros(now.saturating_sub(back));
        prop_assert!(schedule.last_closed(earlier) <= schedule.last_closed(Micros(now)));
    }
}
