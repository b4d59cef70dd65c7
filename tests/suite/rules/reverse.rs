//! Reversals: what comes back, from where, until when, and under which clawback.

use crate::house::{ISSUER_PAYS, ISSUER_PAYS_DEBT, check};

#[test]
fn rejections_of_a_reversal_come_in_their_order() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10
         cinema: burn b1 m1 4
         bakery: reverse v1 nothing 0 occurred_at=2027-01-01T00:00:00Z -> points_out_of_range
         bakery: reverse v1 nothing 9 occurred_at=2027-01-01T00:00:00Z -> occurred_in_future
         bakery: reverse v1 nothing 9 occurred_at=2024-01-01T00:00:00Z -> occurred_too_long_ago
         bakery: reverse v1 nothing 9 -> target_not_found
         # another partner's op
         bakery: reverse v1 b1 4 -> target_not_found
         cinema: reverse v1 i1 4 -> target_not_found
         bakery: reverse v1 i1 11 -> exceeds_remaining
         bakery: reverse v1 i1 6
         bakery: reverse v2 i1 5 -> exceeds_remaining
         # the rest of the issue was burned
         bakery: reverse v2 i1 4 -> insufficient_points
         # a reversal, a hold, a release and a transfer cannot be reversed
         bakery: reverse v3 v1 1 -> target_not_reversible
         cinema: reverse v1 b1 4
         cinema: reverse v2 v1 4 -> target_not_reversible
         cinema: hold h1 m1 4 60
         cinema: reverse v2 h1 4 -> target_not_reversible
         cinema: release r1 h1
         cinema: reverse v2 r1 4 -> target_not_reversible
         cinema: transfer t1 m1 m2 4
         cinema: reverse v2 t1 4 -> target_not_reversible",
    );
}

#[test]
fn an_op_is_reversible_for_its_days_to_the_microsecond() {
    // Two submissions pass until the reversal: 2 µs, of which one is its own.
    let script = "house: propose q1 programme_set reversible_days=2
         house/g2: approve a1 q1
         bakery: issue i1 m1 10
         wait 172799999999us
         bakery: reverse v1 i1 1
         bakery: reverse v2 i1 1 -> target_not_reversible";
    check(ISSUER_PAYS, script);
}

#[test]
fn a_burn_is_restored_newest_slice_first() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-04-15
         florist: issue i1 m1 10 expires_on=2026-04-16
         cinema: burn b1 m1 20
         cinema: reverse v1 b1 4
         moves restored florist 4
         lines cinema florist burn_reversal 1 4
         cinema: reverse v2 b1 10
         moves restored florist 6, restored bakery 4
         cinema: reverse v3 b1 7 -> exceeds_remaining
         cinema: reverse v3 b1 6
         moves restored bakery 6
         cinema: reverse v4 b1 1 -> exceeds_remaining
         net cinema 0
         # they are as they were
         cinema: burn b2 m1 20
         moves burned bakery 10, burned florist 10",
    );
}

#[test]
fn a_capture_is_restored_like_a_burn_but_for_what_was_released() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-04-15
         florist: issue i1 m1 10 expires_on=2026-04-16
         cinema: hold h1 m1 20 60
         cinema: capture c1 h1 12
         cinema: reverse v1 c1 13 -> exceeds_remaining
         cinema: reverse v1 c1 12
         moves restored florist 2, restored bakery 10
         member m1 available 20",
    );
}

#[test]
fn restored_points_live_at_least_the_grace_days() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-03-05
         florist: issue i1 m1 10 expires_on=2026-06-01
         cinema: burn b1 m1 20
         wait 30d
         # 31 March; grace until 30 April
         cinema: reverse v1 b1 20
         moves restored florist 10, restored bakery 10
         member m1 available 20
         wait 30d
         member m1 available 20
         wait 1d
         member m1 available 10
         # a later expiry makes another lot, which the issue's reversal does not find
         bakery: reverse v1 i1 10 -> insufficient_points",
    );
}

#[test]
fn the_first_op_of_a_restored_lot_is_kept_unless_its_expiry_moves() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 5 expires_on=2026-03-31
         cinema: burn b1 m1 5
         florist: issue i1 m1 5 expires_on=2026-03-31
         cinema: reverse v1 b1 5
         # 31 March is 30 days on: the same key, and before the florist's again
         cinema: burn b2 m1 10
         moves burned bakery 5, burned florist 5",
    );
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 5 expires_on=2026-03-20
         cinema: burn b1 m1 5
         florist: issue i1 m1 5 expires_on=2026-03-31
         cinema: reverse v1 b1 5
         cinema: burn b2 m1 10
         moves burned florist 5, burned bakery 5",
    );
}

#[test]
fn a_reversed_issue_takes_back_only_its_own_key() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-04-01
         bakery: issue i2 m1 10 expires_on=2026-04-02
         florist: issue i1 m1 10 expires_on=2026-04-01
         cinema: burn b1 m1 6
         bakery: reverse v1 i1 10
         moves taken_back bakery 4
         member m1 available 20
         # what could not be taken stays reversible
         cinema: reverse v1 b1 6
         member m1 available 26
         bakery: reverse v2 i1 7 -> exceeds_remaining
         bakery: reverse v2 i1 6
         moves taken_back bakery 6
         bakery: reverse v3 i1 1 -> exceeds_remaining
         member m1 available 20",
    );
}

#[test]
fn a_pending_or_expired_lot_can_be_taken_back() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 activates_on=2026-03-05
         bakery: issue i2 m1 10 expires_on=2026-03-02
         bakery: reverse v1 i1 4
         moves taken_back bakery 4
         member m1 available 10 pending 6
         wait 3d
         bakery: reverse v2 i2 10
         moves taken_back bakery 10
         member m1 pending 6
         out bakery 6",
    );
}

#[test]
fn a_slice_taken_back_carries_the_first_op_of_its_lot() {
    use tallyhouse::domain::effect::Effect;
    let mut house = check(ISSUER_PAYS, "bakery: issue i1 m1 10");
    let first = house.entry - 1;
    house.run(
        "bakery: issue i2 m1 10
         bakery: reverse v1 i2 10
         moves taken_back bakery 10",
    );
    let Effect::Applied(applied) = &house.last()[0] else {
        panic!("applied");
    };
    assert_eq!(applied.touches[0].moves[0].slice.first.entry, first);
}

#[test]
fn under_issuer_bears_nothing_to_take_is_insufficient() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10
         cinema: hold h1 m1 10 60
         bakery: reverse v1 i1 10 -> insufficient_points
         wait 60s
         bakery: reverse v1 i1 10
         moves lapsed bakery 10, taken_back bakery 10
         member m1",
    );
}

#[test]
fn under_member_debt_all_that_was_asked_counts_as_reversed() {
    check(
        ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 10
         cinema: burn b1 m1 10
         bakery: reverse v1 i1 4
         moves none
         debts rose bakery 1 4
         member m1 debt 4
         bakery: reverse v2 i1 7 -> exceeds_remaining
         bakery: reverse v2 i1 6
         debts rose bakery 1 6
         member m1 debt 10
         # the restore pays it
         cinema: reverse v1 b1 10
         moves restored bakery 10, debt_repaid bakery 10
         debts fell bakery 1 10
         member m1
         net bakery 0
         out bakery 0",
    );
}

#[test]
fn a_restore_never_lives_past_the_last_day_there_is() {
    let script = "house: propose q1 programme_set grace_days=36525 life_days=1
         house/g2: approve a1 q1
         bakery: issue i1 m1 10 expires_on=9999-12-31
         cinema: burn b1 m1 10
         cinema: reverse v1 b1 10
         member m1 available 10
         wait 2879000d
         bakery: issue i2 m2 10
         cinema: burn b2 m2 10
         cinema: reverse v2 b2 10
         moves restored bakery 10
         member m2 available 10";
    check(ISSUER_PAYS, script);
}
