//! Reports about points: what members have, what moved, what was burned where, what expired.
//!
//! Must not: follow single lots. Months are what the tally keeps, so ageing goes by the last day of
//! a month.

use super::{Cell, Source, Table};
use crate::domain::ids::Party;
use crate::domain::points::Points;
use crate::domain::tally::{Issuer, Moved};
use crate::domain::time::Day;

/// Buckets of remaining days: the most that belong to each, and its word.
const BUCKETS: [(i32, &str); 6] = [
    (-1, "expired"),
    (30, "to_30"),
    (90, "to_90"),
    (180, "to_180"),
    (365, "to_365"),
    (i32::MAX, "over_365"),
];

/// What members have of each issuer's points, three ways: by the month of issue, by the month of
/// expiry, and by remaining days until the last day of the month of expiry. `expired` are points of
/// past months that the next sweep takes. The rows of each way come to the row `total`.
pub fn liability(source: &Source<'_>) -> Table {
    let mut rows = Vec::new();
    for (party, issuer) in issuers(source) {
        let mut row = |by: &str, key: String, points: Points| {
            if !points.is_zero() {
                let cells = [Cell::text(by), Cell::Text(key), points.into()];
                rows.push([vec![source.name(party)], cells.into()].concat());
            }
        };
        row("total", String::new(), issuer.moved.outstanding());
        for (month, moved) in &issuer.vintages {
            row("issue_month", Day::month_text(*month), moved.outstanding());
        }
        let mut buckets = [Points::ZERO; BUCKETS.len()];
        for (month, points) in &issuer.by_expiry {
            row("expiry_month", Day::month_text(*month), *points);
            let bucket = &mut buckets[bucket_of(*month, source.today)];
            *bucket = bucket.checked_add(*points).unwrap_or(Points::MAX);
        }
        for ((_, word), points) in BUCKETS.iter().zip(buckets) {
            row("days_left", (*word).to_owned(), points);
        }
    }
    let columns = &["issuer", "by", "key", "points"];
    Table { columns, rows }
}

/// The place in [`BUCKETS`] of points that expire in a month.
fn bucket_of(month: u32, today: Day) -> usize {
    let left = Day::last_of_month(month).0.saturating_sub(today.0);
    let place = BUCKETS.iter().position(|(most, _)| left <= *most);
    place.expect("the last bucket holds every number of days")
}

/// What moved of each issuer's points on each day, both days included. `issued` counts points made
/// by adjustments, `taken_back` those removed by them, `burned` those that repaid debts.
pub fn activity(source: &Source<'_>, from: Day, to: Day) -> Table {
    let days = &source.tally.report.days;
    let within = days.range((from, Party::HOUSE)..);
    let within = within.take_while(|((day, _), _)| *day <= to);
    let shown = within.filter(|((_, issuer), _)| source.shows(&[*issuer]));
    let rows = shown.map(|((day, issuer), moved)| {
        vec![
            Cell::text(day),
            source.name(*issuer),
            moved.issued.into(),
            moved.taken_back.into(),
            moved.burned.into(),
            moved.restored.into(),
            moved.expired.into(),
        ]
    });
    Table {
        columns: &[
            "day",
            "issuer",
            "issued",
            "taken_back",
            "burned",
            "restored",
            "expired",
        ],
        rows: rows.collect(),
    }
}

/// How many of each issuer's points were burned, less restored, of those issued, less taken back,
/// since founding.
pub fn redemption(source: &Source<'_>) -> Table {
    let rows = issuers(source).map(|(party, issuer)| {
        let (issued, burned) = issued_and_burned(&issuer.moved);
        let rate = Cell::percent(burned.units().into(), issued.units().into());
        vec![source.name(party), issued.into(), burned.into(), rate]
    });
    Table {
        columns: &["issuer", "issued", "burned", "redemption_percent"],
        rows: rows.collect(),
    }
}

/// Where each issuer's points were burned since founding: burned, restored, and what that leaves.
pub fn flow(source: &Source<'_>) -> Table {
    let flows = source.tally.report.flows.iter();
    let shown = flows.filter(|((issuer, burner), _)| source.shows(&[*issuer, *burner]));
    let rows = shown.map(|((issuer, burner), (burned, restored))| {
        vec![
            source.name(*issuer),
            source.name(*burner),
            (*burned).into(),
            (*restored).into(),
            burned.saturating_sub(*restored).into(),
        ]
    });
    Table {
        columns: &["issuer", "burned_at", "burned", "restored", "points"],
        rows: rows.collect(),
    }
}

/// What became of each issuer's points by the month of their issue, and how many of them expired.
pub fn breakage(source: &Source<'_>) -> Table {
    let mut rows = Vec::new();
    for (party, issuer) in issuers(source) {
        for (month, moved) in &issuer.vintages {
            let (issued, burned) = issued_and_burned(moved);
            let expired = moved.expired;
            rows.push(vec![
                source.name(party),
                Cell::Text(Day::month_text(*month)),
                issued.into(),
                burned.into(),
                expired.into(),
                moved.outstanding().into(),
                Cell::percent(expired.units().into(), issued.units().into()),
            ]);
        }
    }
    Table {
        columns: &[
            "issuer",
            "issue_month",
            "issued",
            "burned",
            "expired",
            "outstanding",
            "breakage_percent",
        ],
        rows,
    }
}

/// Issuers of which something moved, in order of their registration.
fn issuers<'a>(source: &'a Source<'_>) -> impl Iterator<Item = (Party, &'a Issuer)> {
    let all = (0_u16..).map(Party).zip(&source.tally.issuers);
    let moved = all.filter(|(_, issuer)| issuer.moved != Moved::default());
    moved.filter(|(party, _)| source.shows(&[*party]))
}

fn issued_and_burned(moved: &Moved) -> (Points, Points) {
    (
        moved.issued.saturating_sub(moved.taken_back),
        moved.burned.saturating_sub(moved.restored),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_age_by_the_last_day_of_their_month() {
        let today = Day::parse("2026-03-01").unwrap();
        let bucket = |text: &str| {
            let month = Day::parse(&format!("{text}-01")).unwrap().month();
            BUCKETS[bucket_of(month, today)].1
        };
        assert_eq!(bucket("2026-02"), "expired");
        assert_eq!(bucket("2026-03"), "to_30", "30 days until the 31st");
        assert_eq!(bucket("2026-04"), "to_90", "60 days until the 30th");
        assert_eq!(bucket("2026-05"), "to_180", "91 days");
        assert_eq!(bucket("2026-08"), "to_365", "183 days");
        assert_eq!(bucket("2027-02"), "to_365", "364 days until the 28th");
        assert_eq!(bucket("2027-03"), "over_365");
        assert_eq!(bucket("9999-12"), "over_365");
    }
}
