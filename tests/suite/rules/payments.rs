//! Payments: items confirmed exactly, returned, and due on business days.

use crate::house::{ISSUER_PAYS, check};

/// A window with 0.80 from bakery to cinema, netted on Monday, 2026-03-02.
const NETTED: &str = "bakery: issue i1 m1 1000
    cinema: burn b1 m1 100
    house: cut_window c0 0 2026-03-01
    wait 1d
    house: net_window n0 0
    item 0 bakery house 0.80 open
    item 0 house cinema 0.80 open
    uncollected 0 1\n";

fn after_netting(script: &str) {
    check(ISSUER_PAYS, &format!("{NETTED}{script}"));
}

#[test]
fn a_payment_matches_its_item_exactly_or_is_refused() {
    after_netting(
        "house: confirm_payment p1 0 nobody house 0.80 -> partner_unknown
         house: confirm_payment p1 0 bakery nobody 0.80 -> partner_unknown
         house: confirm_payment p1 9 bakery house 0.80 -> window_unknown
         house: confirm_payment p1 1 bakery house 0.80 -> payment_unknown
         house: confirm_payment p1 0 florist house 0.80 -> payment_unknown
         house: confirm_payment p1 0 house bakery 0.80 -> payment_unknown
         house: confirm_payment p1 0 bakery cinema 0.80 -> payment_unknown
         house: confirm_payment p1 0 bakery bakery 0.80 -> payment_unknown
         house: confirm_payment p1 0 bakery house 0.79 -> payment_mismatch
         house: confirm_payment p1 0 bakery house 0.81 -> payment_mismatch
         house: confirm_payment p1 0 bakery house 0.00 -> payment_mismatch
         house: confirm_payment p1 0 bakery house 0.80 currency=USD -> payment_mismatch
         house: confirm_payment p1 0 bakery house 0.80 reference=RF00 -> payment_mismatch
         # the reference of the other payment
         house: confirm_payment p1 0 bakery house 0.80 reference=RF190123ABCD000000000002 \
            -> payment_mismatch
         item 0 bakery house 0.80 open
         net bakery -0.8
         house: confirm_payment p1 0 bakery house 0.80 reference=RF680123ABCD000000010000
         given payment 0 bakery house
         item 0 bakery house 0.80 paid
         uncollected 0 0
         net bakery 0
         net house -0.8
         house: confirm_payment p2 0 house cinema 0.80
         net cinema 0
         net house 0",
    );
}

#[test]
fn an_item_is_paid_once_and_returned_once_by_each_confirmation() {
    after_netting(
        "house: payment_returned r1 p1 -> target_not_found
         # an op that confirmed nothing
         house: payment_returned r1 n0 -> target_not_found
         house: confirm_payment p1 0 bakery house 0.80
         house: confirm_payment p1 0 bakery house 0.80 -> duplicate
         house: confirm_payment p1 0 house cinema 0.80 -> op_id_reused
         house: confirm_payment p2 0 bakery house 0.80 -> payment_not_open
         # another amount of a paid item is no longer asked about
         house: confirm_payment p2 0 bakery house 0.79 -> payment_not_open
         house: payment_returned r1 p1
         given payment 0 bakery house
         item 0 bakery house 0.80 open
         due 0 bakery house 2026-03-04
         uncollected 0 1
         net bakery -0.8
         house: payment_returned r1 p1 -> duplicate
         house: payment_returned r2 p1 -> payment_not_confirmed
         house: confirm_payment p1 0 bakery house 0.80 -> duplicate
         house: confirm_payment p2 0 bakery house 0.80
         # the first confirmation is not what it is paid by
         house: payment_returned r2 p1 -> payment_not_confirmed
         house: payment_returned r2 p2
         item 0 bakery house 0.80 open
         house: confirm_payment p3 0 bakery house 0.80
         item 0 bakery house 0.80 paid
         # only its author's own confirmations are found
         cinema: payment_returned r9 p3 -> target_not_found",
    );
}

#[test]
fn what_is_rolled_back_leaves_items_windows_and_nets_as_they_were() {
    after_netting(
        "house atomic: confirm_payment p1 0 bakery house 0.80; \
            confirm_payment p2 0 bakery house 0.80 -> batch_aborted; payment_not_open
         item 0 bakery house 0.80 open
         uncollected 0 1
         net bakery -0.8
         net house 0
         # its ids were not used up, and each op sees those before it
         house atomic: confirm_payment p1 0 bakery house 0.80; payment_returned r1 p1
         item 0 bakery house 0.80 open
         uncollected 0 1
         house atomic: confirm_payment p2 0 bakery house 0.80; \
            confirm_payment p3 0 house cinema 0.80
         house atomic: payment_returned r2 p2; payment_returned r3 p3; \
            payment_returned r4 p9 -> batch_aborted; batch_aborted; target_not_found
         item 0 bakery house 0.80 paid
         item 0 house cinema 0.80 paid
         uncollected 0 0
         net bakery 0
         net cinema 0
         house: payment_returned r2 p2; payment_returned r3 p3
         net bakery -0.8
         net cinema 0.8",
    );
}

#[test]
fn the_house_pays_when_it_has_collected_if_the_programme_says_so() {
    after_netting(
        "house: propose q1 programme_set payout=when_collected
         house/g2: approve a1 q1
         house: confirm_payment p1 0 house cinema 0.79 -> payment_mismatch
         house: confirm_payment p1 0 house cinema 0.80 -> collection_open
         house: confirm_payment p2 0 bakery house 0.80
         house: payment_returned r2 p2
         house: confirm_payment p1 0 house cinema 0.80 -> collection_open
         house: confirm_payment p3 0 bakery house 0.80
         house: confirm_payment p1 0 house cinema 0.80
         # what comes back later does not undo what the house paid
         house: payment_returned r3 p3
         item 0 house cinema 0.80 paid
         house: propose q2 programme_set payout=guaranteed
         house/g2: approve a2 q2
         house: payment_returned r1 p1
         house: confirm_payment p4 0 house cinema 0.80",
    );
}

#[test]
fn partners_who_pay_each_other_wait_for_nobody() {
    check(
        ISSUER_PAYS,
        "house: propose q1 programme_set payout=when_collected netting=bilateral
         house/g2: approve a1 q1
         house: propose f1 price_set default=0.01/0.008/0.01/0
         house/g2: approve f2 f1
         bakery: issue i1 m1 1000
         cinema: burn b1 m1 100
         house: propose q2 adjust amount 0/0 debtor=house creditor=florist amount=1.00
         house/g2: approve a2 q2
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         uncollected 0 1
         house: confirm_payment p1 0 bakery cinema 0.80
         uncollected 0 1
         net bakery -10
         house: confirm_payment p2 0 house florist 1.00 -> collection_open
         house: confirm_payment p2 0 bakery house 10.00
         house: confirm_payment p3 0 house florist 1.00
         # each window is collected by itself
         bakery: issue i2 m1 1000
         wait 1d
         house: cut_window c1 1 2026-03-02
         house: net_window n1 1
         house: payment_returned r3 p3
         house: confirm_payment p4 0 house florist 1.00",
    );
}

#[test]
fn payments_are_due_on_business_days() {
    for (wait, settings, due) in [
        // From Sunday, 2026-03-01.
        ("0d", "payment_days=0", "2026-03-02"),
        ("0d", "payment_days=0 holidays=2026-03-02", "2026-03-03"),
        ("0d", "payment_days=1", "2026-03-02"),
        ("0d", "grace_days=1", "2026-03-03"),
        ("1d", "payment_days=0", "2026-03-02"),
        ("1d", "payment_days=1", "2026-03-03"),
        (
            "1d",
            "payment_days=1 holidays=2026-03-03,2026-03-04",
            "2026-03-05",
        ),
        // From Friday and Saturday, over the weekend.
        ("5d", "payment_days=0", "2026-03-06"),
        ("5d", "payment_days=1", "2026-03-09"),
        ("5d", "payment_days=2 holidays=2026-03-09", "2026-03-11"),
        ("6d", "payment_days=0", "2026-03-09"),
        ("6d", "payment_days=5", "2026-03-13"),
        ("6d", "payment_days=6", "2026-03-16"),
        // A holiday on a weekend takes nothing away.
        ("5d", "payment_days=1 holidays=2026-03-07", "2026-03-09"),
        ("5d", "payment_days=366", "2027-08-02"),
    ] {
        let script = format!(
            "bakery: issue i1 m1 1000
             cinema: burn b1 m1 100
             house: propose q1 programme_set {settings}
             house/g2: approve a1 q1
             house: cut_window c0 0 2026-03-01
             wait {wait}
             house: net_window n0 0
             due 0 bakery house {due}
             due 0 house cinema {due}
             # later settings do not move it
             house: propose q2 programme_set payment_days=9 holidays={due}
             house/g2: approve a2 q2
             due 0 bakery house {due}"
        );
        check(ISSUER_PAYS, &script);
    }
}

#[test]
fn who_comes_after_netting_has_nothing_to_pay() {
    after_netting(
        "house: partner_set g1 gallery
         house: confirm_payment p1 0 gallery house 0.80 -> payment_unknown
         house: confirm_payment p1 0 house gallery 0.80 -> payment_unknown
         house: confirm_payment p1 0 bakery gallery 0.80 -> payment_unknown
         # nor has who comes in the same submission
         house: partner_set g2 garage; confirm_payment p1 0 garage house 0.80 \
            -> applied; payment_unknown",
    );
}

#[test]
fn a_suspended_partner_still_pays_and_is_paid() {
    after_netting(
        "house: partner_set s1 bakery status=suspended; partner_set s2 cinema status=suspended
         house: confirm_payment p1 0 bakery house 0.80
         house: confirm_payment p2 0 house cinema 0.80
         house: payment_returned r1 p1",
    );
}
