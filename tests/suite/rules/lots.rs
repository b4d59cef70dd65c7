//! Lots: which are taken first, when they can be spent, and what stays together.

use crate::house::{ISSUER_PAYS, Setup, check};

#[test]
fn lots_burn_by_expiry_then_by_the_keys_first_op() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-05-01
         florist: issue i1 m1 10 expires_on=2026-04-01
         cinema: issue i1 m1 10 expires_on=2026-04-01
         florist: issue i2 m1 10 expires_on=2026-04-01
         cinema: burn b1 m1 25
         moves burned florist 20, burned cinema 5
         cinema: burn b2 m1 10
         moves burned cinema 5, burned bakery 5
         lines bakery cinema burn 1 5",
    );
}

#[test]
fn a_lot_keeps_the_place_of_its_first_points_when_more_join_it() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 1
         florist: issue i1 m1 10
         bakery: issue i2 m1 9
         cinema: burn b1 m1 10
         moves burned bakery 10
         # once a lot is gone, its key begins anew
         bakery: issue i3 m1 5
         cinema: burn b2 m1 12
         moves burned florist 10, burned bakery 2",
    );
}

#[test]
fn lots_of_another_day_or_price_are_other_lots() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-06-01
         house: propose q1 price_set default=0.02/0.016/0/0
         house/g2: approve a1 q1
         bakery: issue i2 m1 10 expires_on=2026-06-01
         wait 1d
         bakery: issue i3 m1 10 expires_on=2026-06-01
         cinema: burn b1 m1 30
         moves burned bakery 10, burned bakery 10, burned bakery 10
         lines bakery cinema burn 1 10, bakery cinema burn 2 20
         net cinema 0.4",
    );
}

#[test]
fn pending_lots_are_not_available_until_their_day() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 activates_on=2026-03-02
         moves issued bakery 10
         member m1 pending 10
         cinema: burn b1 m1 1 -> insufficient_points
         cinema: transfer t1 m1 m2 1 -> insufficient_points
         cinema: hold h1 m1 1 60 -> insufficient_points
         wait 12h
         member m1 available 10
         cinema: burn b1 m1 10
         member m1",
    );
}

#[test]
fn days_turn_at_the_programmes_offset() {
    // 12:00 UTC on 1 March is 01:00 on 2 March at +13:00.
    let setup = Setup {
        utc_offset_min: 780,
        ..ISSUER_PAYS
    };
    check(
        setup,
        "bakery: issue i1 m1 5 expires_on=2026-03-01 -> lot_dates_invalid
         bakery: issue i1 m1 5 expires_on=2026-03-02
         bakery: issue i2 m1 7 activates_on=2026-03-03
         wait 22h
         member m1 available 5 pending 7
         wait 1h
         member m1 available 7
         cinema: burn b1 m1 8 -> insufficient_points
         cinema: burn b1 m1 7",
    );
}

#[test]
fn a_transfer_moves_slices_whole() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-04-01
         florist: issue i1 m1 10 expires_on=2026-05-01
         florist: issue i2 m2 5 expires_on=2026-04-15
         wait 1d
         house: propose q1 price_set default=0.02/0.016/0/0
         house/g2: approve a1 q1
         cinema: transfer t1 m1 m2 15
         moves transferred_out bakery 10, transferred_out florist 5, \
            transferred_in bakery 10, transferred_in florist 5
         lines none
         cinema: burn b1 m2 18
         moves burned bakery 10, burned florist 5, burned florist 3
         # the version fixed at issue
         lines bakery cinema burn 1 10, florist cinema burn 1 8",
    );
}

#[test]
fn a_lot_lives_through_its_last_day() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-03-02
         wait 35h
         cinema: burn b1 m1 4
         wait 1h
         member m1
         cinema: burn b2 m1 1 -> insufficient_points
         out bakery 6",
    );
}

#[test]
fn points_end_at_two_to_the_53() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 9007199254740991
         bakery: issue i2 m1 1 -> overflow
         bakery: issue i2 m2 1 -> overflow
         # a member's own total counts all issuers, pending lots and holds
         cinema: issue i1 m1 1 -> overflow
         cinema: issue i1 m1 1 activates_on=2026-04-01 -> overflow
         cinema: issue i1 m2 1
         cinema: hold h1 m1 5 60
         cinema: issue i2 m1 1 -> overflow
         cinema: transfer t1 m2 m1 1 -> overflow
         # what was refused left nothing
         out bakery 9007199254740991
         out cinema 1
         member m1 available 9007199254740986 held 5
         cinema: burn b1 m1 9007199254740986
         # issued is a total for ever
         bakery: issue i3 m2 1 -> overflow
         florist: issue i3 m1 1",
    );
}

#[test]
fn a_count_of_the_day_past_its_range_is_no_matter_of_a_limit() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 9007199254740991
         florist: issue i1 m2 1
         cinema: burn b1 m1 9007199254740991
         cinema: burn b2 m2 1 -> overflow
         cinema: hold h1 m2 1 60 -> overflow
         wait 1d
         cinema: burn b2 m2 1",
    );
}
