//! Holds: how long they last, and what becomes of their points.

use crate::house::{ISSUER_PAYS, POOL, check};

#[test]
fn a_hold_lapses_at_its_deadline_to_the_microsecond() {
    let script = "bakery: issue i1 m1 10
         cinema: hold h1 m1 10 60
         wait 59999998us
         cinema: capture c1 h1 10";
    check(ISSUER_PAYS, script);
    let script = "bakery: issue i1 m1 10
         cinema: hold h1 m1 10 60
         wait 59999999us
         cinema: capture c1 h1 10 -> hold_not_active
         cinema: release r1 h1 -> hold_not_active
         cinema: burn b1 m1 4
         moves lapsed bakery 10, burned bakery 4
         member m1 available 6";
    check(ISSUER_PAYS, script);
}

#[test]
fn holds_lapse_by_deadline_then_by_entry_and_op() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-04-01
         florist: issue i1 m1 10 expires_on=2026-04-02
         cinema: issue i1 m1 10 expires_on=2026-04-03
         cinema: hold h1 m1 10 120
         # two ops of one entry share a deadline
         cinema: hold h2 m1 10 60; hold h3 m1 10 60
         wait 200s
         florist: issue i2 m1 1
         moves lapsed florist 10, lapsed cinema 10, lapsed bakery 10, issued florist 1",
    );
}

#[test]
fn of_two_captures_of_one_hold_at_once_one_is_applied() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10
         cinema: hold h1 m1 10 60
         cinema: capture c1 h1 4; capture c2 h1 4 -> applied; hold_not_active
         member m1 available 6
         cinema: hold h2 m1 6 60
         cinema: capture c3 h2 6; release r1 h2 -> applied; hold_not_active
         member m1",
    );
}

#[test]
fn a_capture_burns_oldest_first_and_releases_the_rest_slice_by_slice() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-04-01
         florist: issue i1 m1 10 expires_on=2026-04-02
         cinema: issue i1 m1 10 expires_on=2026-04-03
         cinema: hold h1 m1 28 60
         moves held bakery 10, held florist 10, held cinema 8
         cinema: capture c1 h1 14
         moves captured bakery 10, captured florist 4, released florist 6, released cinema 8
         lines bakery cinema burn 1 10, florist cinema burn 1 4
         member m1 available 16",
    );
}

#[test]
fn a_capture_takes_the_prices_of_its_own_time_under_pool() {
    check(
        POOL,
        "bakery: issue i1 m1 10
         cinema: hold h1 m1 10 3600
         house: propose q1 price_set default=0.02/0.016/0/0.001
         house/g2: approve a1 q1
         cinema: capture c1 h1 10
         lines house cinema burn 2 10, cinema house burn_fee 2 10
         net cinema 0.15",
    );
}

#[test]
fn held_points_do_not_expire_and_are_never_taken_back() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-03-02
         cinema: hold h1 m1 6 2592000
         bakery: reverse v1 i1 10
         moves taken_back bakery 4
         wait 10d
         house/o1: expire e1 2026-03-05
         moves none
         member m1 held 6
         cinema: capture c1 h1 5
         moves captured bakery 5, released bakery 1
         # the released point has expired, and is swept
         member m1
         out bakery 1
         house/o1: expire e2 2026-03-05
         moves expired bakery 1
         out bakery 0",
    );
}

#[test]
fn points_given_back_pay_no_debt() {
    check(
        crate::house::ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 10
         cinema: hold h1 m1 10 60; hold h2 m1 1 60 -> applied; insufficient_points
         bakery: reverse v1 i1 10
         moves none
         member m1 held 10 debt 10
         cinema: release r1 h1
         moves released bakery 10
         member m1 available 10 debt 10
         cinema: hold h2 m1 10 60
         wait 61s
         bakery: issue i2 m1 1
         moves lapsed bakery 10, issued bakery 1, debt_repaid bakery 1
         member m1 available 10 debt 9",
    );
}
