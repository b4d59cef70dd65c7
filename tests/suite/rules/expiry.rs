//! The sweep: what is due, in which order, and how much at once.

use crate::house::{House, ISSUER_PAYS, Setup, check, op};
use tallyhouse::domain::effect::Effect;

#[test]
fn a_sweep_takes_what_has_passed_and_nothing_else() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-03-02
         florist: issue i1 m1 20 expires_on=2026-03-03
         cinema: issue i1 m2 30 expires_on=2026-03-01
         wait 2d
         house/o1: expire e1 2026-03-03 -> expire_not_due
         house/o1: expire e1 2026-03-04 -> expire_not_due
         house/o1: expire e1 2026-03-02
         # by day, then by member
         moves expired cinema 30, expired bakery 10
         given more false
         lines none
         member m1 available 20
         member m2
         house/o1: expire e1 2026-03-02 -> duplicate
         house/o1: expire e2 2026-03-02
         moves none
         given more false
         out bakery 0
         out florist 20",
    );
}

#[test]
fn a_member_is_visited_once_and_days_come_in_order() {
    let house = check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 1 expires_on=2026-03-01
         bakery: issue i2 m2 2 expires_on=2026-03-02
         bakery: issue i3 m1 3 expires_on=2026-03-03
         cinema: issue i3 m1 4 expires_on=2026-03-03
         wait 9d
         house/o1: expire e1 2026-03-08
         moves expired bakery 1, expired bakery 3, expired cinema 4, expired bakery 2",
    );
    let Effect::Applied(applied) = &house.last()[0] else {
        panic!("applied");
    };
    let order: Vec<_> = applied.touches.iter().map(|t| t.member.as_str()).collect();
    assert_eq!(order, ["m1", "m2"]);
}

#[test]
fn a_sweep_lapses_holds_whose_deadline_day_has_passed() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-03-01
         # until 3 March, 12:00
         cinema: hold h1 m1 10 172800
         wait 2d
         house/o1: expire e1 2026-03-02
         moves none
         wait 13h
         house/o1: expire e2 2026-03-02
         # the deadline's day is not swept yet, so nobody looks
         moves none
         house/o1: expire e3 2026-03-03
         moves lapsed bakery 10, expired bakery 10
         out bakery 0
         member m1",
    );
}

#[test]
fn a_deadlines_day_is_counted_at_the_programmes_offset() {
    // The deadline at 23:30 UTC falls on the next day at +01:00.
    let setup = Setup {
        utc_offset_min: 60,
        ..ISSUER_PAYS
    };
    check(
        setup,
        "bakery: issue i1 m1 10 expires_on=2026-03-01
         cinema: hold h1 m1 10 41400
         wait 36h
         house/o1: expire e1 2026-03-01
         moves none
         house/o1: expire e2 2026-03-02
         moves lapsed bakery 10, expired bakery 10",
    );
}

#[test]
fn pending_points_arrive_before_they_are_swept() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 activates_on=2026-03-03 expires_on=2026-03-04
         wait 5d
         house/o1: expire e1 2026-03-04
         moves expired bakery 10
         member m1",
    );
}

#[test]
fn a_sweep_ends_at_5000_lots_and_says_that_there_are_more() {
    let mut house = House::open(&ISSUER_PAYS);
    for batch in 0..6 {
        let issue = |n: usize| {
            // Twice as many lots as members: two expiry days each.
            let (member, day) = (n / 2, 1 + n % 2);
            op(&format!(
                "issue i{batch}-{n} m{batch}-{member:04} 1 expires_on=2026-03-0{day}"
            ))
        };
        let ops: Vec<_> = (0..1000).map(issue).collect();
        house.submit("bakery", "independent", &ops);
    }
    house.run(
        "wait 9d
         house/o1: expire e1 2026-03-05
         given more true
         out bakery 1000
         house/o1: expire e2 2026-03-05
         given more false
         out bakery 0",
    );
}

#[test]
fn a_sweep_of_exactly_all_that_is_due_says_so() {
    let mut house = House::open(&ISSUER_PAYS);
    for batch in 0..5 {
        let issue = |n: usize| {
            op(&format!(
                "issue i{batch}-{n} m{batch}-{n} 1 expires_on=2026-03-01"
            ))
        };
        let ops: Vec<_> = (0..1000).map(issue).collect();
        house.submit("bakery", "independent", &ops);
    }
    house.run(
        "wait 9d
         house/o1: expire e1 2026-03-05
         given more false
         out bakery 0",
    );
}

#[test]
fn lots_of_one_day_beyond_the_room_stay_and_are_swept_next() {
    let mut house = House::open(&ISSUER_PAYS);
    // Two members with many lots of one expiry day: their keys differ by activation day.
    let all = ["bakery", "cinema", "florist"].map(|partner| (partner, "m1", 800));
    for (partner, member, count) in all.into_iter().chain([("bakery", "m2", 300)]) {
        for batch in 0..2 {
            let issue = |n: usize| {
                let (day, month, year) =
                    (1 + n % 28, 1 + n / 28 % 12, 2027 + (n / 336) + 4 * batch);
                op(&format!(
                    "issue i{batch}-{n}-{member} {member} 1 \
                     activates_on={year}-{month:02}-{day:02} \
                     expires_on=2040-01-01"
                ))
            };
            let ops: Vec<_> = (0..count).map(issue).collect();
            let effects = house.submit(partner, "independent", &ops);
            assert!(
                effects.iter().all(|e| e.outcome().is_applied()),
                "{partner}"
            );
        }
    }
    house.run(
        "member m1 pending 4800
         member m2 pending 600
         wait 5500d
         house/o1: expire e1 2040-01-01
         given more true
         out cinema 0
         out florist 0
         out bakery 400
         house/o1: expire e2 2040-01-01
         given more false
         out bakery 0",
    );
}
