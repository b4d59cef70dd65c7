//! Exposure of issuers and velocity of burns.

use crate::house::{ISSUER_PAYS, ISSUER_PAYS_DEBT, POOL, check};
use tallyhouse::domain::time::Day;
use tallyhouse::domain::visit::SLICES_MAX;

#[test]
fn exposure_under_issuer_pays_is_debit_and_outstanding_worth() {
    check(
        ISSUER_PAYS,
        "house: propose q1 limit_set partner partner=bakery exposure=0.80
         house/g2: approve a1 q1
         bakery: issue i1 m1 101 -> exposure_limit
         bakery: issue i1 m1 100
         bakery: issue i2 m1 1 -> exposure_limit
         # a burn turns worth into debit, and is never refused for the issuer's limit
         cinema: burn b1 m1 50
         bakery: issue i2 m1 1 -> exposure_limit
         # burned at home they are gone
         bakery: burn b1 m1 1
         bakery: issue i2 m1 2 -> exposure_limit
         bakery: issue i2 m1 1
         # credits count against debits
         florist: issue i1 m2 100
         bakery: burn b2 m2 50
         net bakery 0
         bakery: issue i3 m1 50
         bakery: issue i4 m1 1 -> exposure_limit
         # but no further than nothing
         bakery: burn b3 m2 50
         bakery: issue i4 m1 1 -> exposure_limit
         bakery: reverse v1 i3 1
         bakery: issue i4 m1 1",
    );
}

#[test]
fn exposure_under_issuer_pays_takes_each_version_at_its_price() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 100
         house: propose q1 price_set default=0.02/0.016/0.004/0
         house/g2: approve a1 q1
         house: propose q2 limit_set partner partner=bakery exposure=1.80
         house/g2: approve a2 q2
         # 0.80 are out; 50 more are worth 0.80 and cost a fee of 0.20
         bakery: issue i2 m1 51 -> exposure_limit
         bakery: issue i2 m1 50
         net bakery -0.2",
    );
}

#[test]
fn exposure_under_pool_is_the_debit_alone() {
    check(
        POOL,
        "house: propose q1 limit_set partner partner=bakery exposure=1.00
         house/g2: approve a1 q1
         bakery: issue i1 m1 101 -> exposure_limit
         bakery: issue i1 m1 100
         bakery: issue i2 m1 1 -> exposure_limit
         cinema: burn b1 m1 100
         bakery: issue i2 m1 1 -> exposure_limit
         # what it is owed makes room
         florist: issue i1 m2 50
         bakery: burn b1 m2 50
         net bakery -0.6
         bakery: issue i2 m1 40
         bakery: issue i3 m1 1 -> exposure_limit
         house: propose q2 limit_set partner partner=bakery
         house/g2: approve a2 q2
         bakery: issue i3 m1 1000000",
    );
}

#[test]
fn exposure_counts_an_issue_though_it_pays_a_debt_at_once() {
    check(
        ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 100
         cinema: burn b1 m1 100
         bakery: reverse v1 i1 100
         house: propose q1 limit_set partner partner=bakery exposure=0.90
         house/g2: approve a1 q1
         # 0.80 is owed to the cinema
         bakery: issue i2 m1 13 -> exposure_limit
         bakery: issue i2 m1 12
         moves issued bakery 12, debt_repaid bakery 12
         bakery: issue i3 m1 12",
    );
}

#[test]
fn velocity_counts_burns_and_holds_of_one_utc_day() {
    check(
        ISSUER_PAYS,
        "house: propose q1 limit_set partner partner=cinema burn_points_per_day=10
         house/g2: approve a1 q1
         bakery: issue i1 m1 100; issue i2 m2 100
         cinema: burn b1 m1 4
         cinema: hold h1 m2 6 172800
         cinema: burn b2 m1 1 -> velocity_limit
         cinema: hold h2 m1 1 60 -> velocity_limit
         # neither a reversal nor a release counts back, and others have their own count
         cinema: reverse v1 b1 4
         cinema: burn b2 m1 1 -> velocity_limit
         florist: burn b1 m1 50
         # a transfer does not count
         cinema: transfer t1 m1 m2 1
         # the UTC day turns at midnight, 12 hours on; a capture does not count again
         wait 12h
         cinema: burn b2 m1 10
         cinema: capture c1 h1 6
         cinema: burn b3 m1 1 -> velocity_limit",
    );
}

#[test]
fn velocity_of_a_member_counts_all_partners() {
    check(
        ISSUER_PAYS,
        "house: propose q1 limit_set member burn_points_per_day=10
         house/g2: approve a1 q1
         bakery: issue i1 m1 100; issue i2 m2 100
         cinema: burn b1 m1 6
         florist: hold h1 m1 5 60 -> velocity_limit
         florist: hold h1 m1 4 60
         bakery: burn b1 m1 1 -> velocity_limit
         bakery: burn b1 m2 10
         # what is burned in part is what counts
         house: propose q2 limit_set member burn_points_per_day=200
         house/g2: approve a2 q2
         cinema: burn b2 m1 9007199254740991 allow_partial=true
         moves burned bakery 90
         house: propose q3 limit_set member burn_points_per_day=0
         house/g2: approve a3 q3
         cinema: burn b3 m2 1 -> velocity_limit
         house: propose q4 limit_set member
         house/g2: approve a4 q4
         cinema: burn b3 m2 1",
    );
}

#[test]
fn a_refused_op_does_not_count() {
    check(
        ISSUER_PAYS,
        "house: propose q1 limit_set partner partner=cinema burn_points_per_day=10
         house/g2: approve a1 q1
         bakery: issue i1 m1 100
         cinema: burn b1 m1 11 -> velocity_limit
         cinema: burn b2 m1 500 -> insufficient_points
         cinema atomic: burn b3 m1 10; burn b4 m1 500 -> batch_aborted; insufficient_points
         cinema: burn b5 m1 10",
    );
}

/// A submission that issues points in as many lots as one member may have.
fn as_many_lots_as_fit() -> String {
    let first = Day::parse("2030-01-01").expect("a day").0;
    let count = i32::try_from(SLICES_MAX).expect("a small number");
    let issue = |n: i32| format!("issue i{n} m1 1 expires_on={}", Day(first + n));
    let lots: Vec<String> = (0..count).map(issue).collect();
    let submissions = lots
        .chunks(500)
        .map(|ops| format!("bakery: {}\n", ops.join("; ")));
    submissions.collect()
}

#[test]
fn a_member_has_so_many_lots_and_no_more() {
    let lots = as_many_lots_as_fit();
    check(
        ISSUER_PAYS,
        &format!(
            "{lots}
             bakery: issue x1 m1 1 expires_on=2029-01-01 -> overflow
             bakery: issue x2 m1 1 expires_on=2030-01-01
             # a hold that takes half a lot makes two slices of it
             cinema: hold h1 m1 1 60 -> overflow
             cinema: burn b1 m1 2
             bakery: issue x1 m1 1 expires_on=2029-01-01"
        ),
    );
}

#[test]
fn a_submission_moves_so_many_slices_and_no_more() {
    let lots = as_many_lots_as_fit();
    check(
        ISSUER_PAYS,
        &format!(
            "{lots}
             bakery: burn b1 m1 5000; reverse v1 b1 5000; burn b2 m1 5000; reverse v2 b2 5000; \
             burn b3 m1 1; issue x1 m2 1 -> applied; applied; applied; applied; overflow; overflow
             bakery: burn b3 m1 1; issue x1 m2 1"
        ),
    );
}
