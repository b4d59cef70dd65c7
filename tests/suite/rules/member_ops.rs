//! Every member op: what it does, and each rejection in its order.

use crate::house::{ISSUER_PAYS, POOL, check};

#[test]
fn each_member_op_does_what_it_says() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 100 ref=till-7:1 occurred_at=2026-03-01T11:00:00Z
         moves issued bakery 100
         member m1 available 100
         cinema: burn b1 m1 30
         moves burned bakery 30
         member m1 available 70
         cinema: hold h1 m1 50 60
         moves held bakery 50
         member m1 available 20 held 50
         cinema: capture c1 h1 20
         moves captured bakery 20, released bakery 30
         member m1 available 50
         cinema: hold h2 m1 10 60
         cinema: release r1 h2
         moves released bakery 10
         cinema: transfer t1 m1 m2 15
         moves transferred_out bakery 15, transferred_in bakery 15
         member m1 available 35
         member m2 available 15
         cinema: reverse v1 b1 30
         moves restored bakery 30
         member m1 available 65
         bakery: reverse v2 i1 65
         moves taken_back bakery 65
         member m1
         out bakery 15",
    );
}

#[test]
fn a_burn_takes_what_is_there_only_if_it_may() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10
         cinema: burn b1 m1 11 -> insufficient_points
         cinema: burn b1 m1 11 allow_partial=true
         moves burned bakery 10
         cinema: burn b2 m1 1 allow_partial=true -> insufficient_points
         member m1",
    );
}

#[test]
fn an_applied_op_sent_again_is_a_duplicate_and_with_other_fields_reused() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10
         bakery: issue i1 m1 10 -> duplicate
         bakery: issue i1 m1 11 -> op_id_reused
         bakery: issue i1 m2 10 -> op_id_reused
         bakery: issue i1 m1 10 ref=x -> op_id_reused
         bakery: burn i1 m1 10 -> op_id_reused
         member m1 available 10
         # ids belong to their author
         cinema: issue i1 m1 10
         # absent members are their defaults
         cinema: burn b1 m1 1
         cinema: burn b1 m1 1 allow_partial=false -> duplicate
         # a refused op has not used up its id
         cinema: burn b2 m1 500 -> insufficient_points
         cinema: burn b2 m1 5
         member m1 available 14
         # within one submission too
         cinema: burn b3 m1 1; burn b3 m1 1; burn b3 m1 2 -> applied; duplicate; op_id_reused
         # a duplicate is one before any rule is asked again
         house: partner_set p1 cinema status=suspended
         cinema: burn b3 m1 1; burn b3 m1 2; burn b4 m1 1 -> \
            duplicate; op_id_reused; partner_suspended",
    );
}

#[test]
fn a_duplicate_names_the_op_that_was_applied() {
    use tallyhouse::domain::effect::Effect;
    let mut house = check(ISSUER_PAYS, "bakery: issue i0 m1 1; issue i1 m1 10");
    let entry = house.entry - 1;
    house.run("bakery: issue i1 m1 10 -> duplicate");
    let Effect::Duplicate(at) = house.last()[0] else {
        panic!("a duplicate");
    };
    assert_eq!((at.entry, at.op), (entry, 1));
}

/// Each line breaks one more rule of the op than the line below it, so the order shows.
#[test]
fn rejections_of_an_issue_come_in_their_order() {
    check(
        ISSUER_PAYS,
        "house: partner_set p1 florist roles=burn status=suspended
         florist: issue i1 m1 0 occurred_at=2027-01-01T00:00:00Z -> partner_suspended
         house: partner_set p2 florist roles=burn
         florist: issue i1 m1 0 occurred_at=2027-01-01T00:00:00Z -> op_not_allowed
         bakery: issue i1 m1 0 occurred_at=2027-01-01T00:00:00Z -> points_out_of_range
         bakery: issue i1 m1 9007199254740992 -> points_out_of_range
         bakery: issue i1 m1 -1 -> points_out_of_range
         bakery: issue i1 m1 5 occurred_at=2027-01-01T00:00:00Z expires_on=2025-01-01 \
            -> occurred_in_future
         bakery: issue i1 m1 5 occurred_at=2024-01-01T00:00:00Z expires_on=2025-01-01 \
            -> occurred_too_long_ago
         house: propose q1 price_set cinema=0.01/0.008/0/0
         house/g2: approve a1 q1
         bakery: issue i1 m1 5 expires_on=2025-01-01 -> lot_dates_invalid
         bakery: issue i1 m1 5 activates_on=2026-02-28 -> lot_dates_invalid
         bakery: issue i1 m1 5 activates_on=2026-03-09 expires_on=2026-03-08 -> lot_dates_invalid
         bakery: issue i1 m1 5 activates_on=9999-12-31 -> lot_dates_invalid
         bakery: issue i1 m1 5 -> no_price
         house: propose q2 price_set default=0.01/0.008/0/0
         house/g2: approve a2 q2
         house: propose q3 limit_set partner partner=bakery exposure=0.03
         house/g2: approve a3 q3
         bakery: issue i1 m1 5 -> exposure_limit
         bakery: issue i1 m1 9007199254740991 -> exposure_limit
         bakery: issue i1 m1 3",
    );
}

#[test]
fn rejections_of_a_burn_and_of_a_hold_come_in_their_order() {
    for (verb, tail) in [("burn", ""), ("hold", " 60")] {
        let script = "house: partner_set p1 florist roles=issue status=suspended
         house: propose q0 price_set bakery=0.01/0.008/0/0
         bakery: issue i1 m1 20
         house: member_freeze f1 m1
         house/g2: approve a0 q0
         florist: OP x1 nobody 0 TAIL -> partner_suspended
         house: partner_set p2 florist roles=issue
         florist: OP x1 nobody 0 TAIL -> op_not_allowed
         cinema: OP x1 m1 0 TAIL -> member_frozen
         cinema: OP x1 nobody 0 TAIL -> member_unknown
         house: member_unfreeze f2 m1
         cinema: OP x1 m1 0 TAIL occurred_at=2027-01-01T00:00:00Z -> points_out_of_range
         cinema: OP x1 m1 500 TAIL occurred_at=2027-01-01T00:00:00Z -> occurred_in_future
         cinema: OP x1 m1 500 TAIL occurred_at=2024-01-01T00:00:00Z -> occurred_too_long_ago
         cinema: OP x1 m1 500 TAIL -> no_price
         house: propose q1 price_set default=0.01/0.008/0/0
         house/g2: approve a1 q1
         house: propose q2 limit_set partner partner=cinema burn_points_per_day=5
         house/g2: approve a2 q2
         cinema: OP x1 m1 500 TAIL -> insufficient_points
         cinema: OP x1 m1 6 TAIL -> velocity_limit
         cinema: OP x1 m1 5 TAIL";
        let script = script.replace("OP", verb).replace(" TAIL", tail);
        check(ISSUER_PAYS, &script);
    }
}

#[test]
fn rejections_of_a_capture_and_of_a_release_come_in_their_order() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 20
         cinema: hold h1 m1 10 60
         house: propose q1 price_set bakery=0.01/0.008/0/0
         house/g2: approve a1 q1
         cinema: capture c1 nothing 0 occurred_at=2027-01-01T00:00:00Z -> points_out_of_range
         cinema: capture c1 nothing 9 occurred_at=2027-01-01T00:00:00Z -> occurred_in_future
         cinema: capture c1 nothing 9 occurred_at=2024-01-01T00:00:00Z -> occurred_too_long_ago
         cinema: capture c1 nothing 9 -> no_price
         house: propose q2 price_set default=0.01/0.008/0/0
         house/g2: approve a2 q2
         cinema: capture c1 nothing 9 -> target_not_found
         # another partner's hold, and an op that is no hold
         florist: capture c1 h1 9 -> target_not_found
         bakery: capture c1 i1 9 -> target_not_found
         cinema: capture c1 h1 11 -> exceeds_hold
         cinema: capture c1 h1 10
         cinema: capture c2 h1 11 -> hold_not_active
         cinema: release r1 nothing occurred_at=2027-01-01T00:00:00Z -> occurred_in_future
         cinema: release r1 nothing -> target_not_found
         florist: release r1 h1 -> target_not_found
         cinema: release r1 h1 -> hold_not_active",
    );
}

#[test]
fn rejections_of_a_transfer_come_in_their_order() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 20; issue i2 m2 20
         house: propose q1 programme_set transfer_allowed=false
         house/g2: approve a1 q1
         house: partner_set p1 florist roles=issue status=suspended
         florist: transfer t1 m1 nobody 0 -> partner_suspended
         house: partner_set p2 florist roles=issue
         florist: transfer t1 m1 nobody 0 -> op_not_allowed
         house: member_freeze f1 m1
         cinema: transfer t1 m1 m2 0 -> member_frozen
         cinema: transfer t1 m2 m1 0 -> member_frozen
         cinema: transfer t1 nobody m1 0 -> member_frozen
         house: member_unfreeze f2 m1
         cinema: transfer t1 nobody m1 0 -> member_unknown
         cinema: transfer t1 m1 m2 0 -> transfer_not_allowed
         house: propose q2 programme_set transfer_allowed=true
         house/g2: approve a2 q2
         cinema: transfer t1 m1 m2 0 -> points_out_of_range
         cinema: transfer t1 m1 m2 21 occurred_at=2027-01-01T00:00:00Z -> occurred_in_future
         cinema: transfer t1 m1 m2 21 -> insufficient_points
         cinema: transfer t1 m1 m2 20
         member m1
         member m2 available 40
         # a taker need not exist
         cinema: transfer t2 m2 m3 40
         member m3 available 40",
    );
}

#[test]
fn occurred_at_is_bounded_to_the_second_at_both_ends() {
    // 12:00:00 and some microseconds; 600 s ahead and 400 days back are the defaults.
    check(
        POOL,
        "bakery: issue i1 m1 1 occurred_at=2026-03-01T12:10:00Z
         bakery: issue i2 m1 1 occurred_at=2026-03-01T12:10:01Z -> occurred_in_future
         bakery: issue i3 m1 1 occurred_at=2025-01-25T12:00:01Z
         bakery: issue i4 m1 1 occurred_at=2025-01-25T12:00:00Z -> occurred_too_long_ago",
    );
}

#[test]
fn a_frozen_member_is_issued_to_and_a_suspended_partners_lots_stay_spendable() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 20
         cinema: hold h1 m1 5 60; hold h2 m1 5 60
         house/o1: member_freeze f1 m1
         house/o1: member_freeze f2 m1
         bakery: issue i2 m1 5
         house: partner_set p1 cinema status=suspended
         house: partner_set p2 bakery status=suspended
         cinema: capture c1 h1 5
         cinema: release r1 h2
         cinema: reverse v1 c1 2
         bakery: reverse v2 i2 5
         cinema: burn b1 m1 1; hold h3 m1 1 60; issue i3 m1 1; transfer t1 m1 m2 1 -> \
            partner_suspended; partner_suspended; partner_suspended; partner_suspended
         florist: burn b1 m1 1; hold h3 m1 1 60; transfer t1 m1 m2 1 -> \
            member_frozen; member_frozen; member_frozen
         house/o1: member_unfreeze f3 m1
         house/o1: member_unfreeze f4 m1
         florist: burn b1 m1 17
         lines bakery florist burn 1 17
         member m1
         house/o1: member_freeze f5 nobody; member_unfreeze f6 nobody -> \
            member_unknown; member_unknown",
    );
}
