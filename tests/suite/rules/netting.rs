//! Netting: lines priced once, who pays whom, and what rolls forward.

use crate::house::{ISSUER_PAYS, POOL, POOL_DEBT, check};

/// Issue 0.01, burn 0.008, issue fee 0.0005, burn fee 0.0003.
const FEES: &str = "house: propose f1 price_set default=0.01/0.008/0.0005/0.0003
    house/g2: approve f2 f1\n";

/// Changes settings; the ids end in a letter.
fn settings(letter: char, settings: &str) -> String {
    format!(
        "house: propose p{letter} programme_set {settings}
         house/g2: approve a{letter} p{letter}\n"
    )
}

#[test]
fn all_pay_the_house_or_are_paid_by_it() {
    let script = format!(
        "{FEES}
         bakery: issue i1 m1 1000
         cinema: burn b1 m1 100
         house: propose q1 adjust amount 0/0 debtor=florist creditor=cinema amount=2.50
         house/g2: approve a1 q1
         net bakery -1.3
         net cinema 3.27
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         given netted gross 3.83 net 3.80 payments 3
         item 0 bakery house 1.30 open
         item 0 florist house 2.50 open
         item 0 house cinema 3.27 open
         item 0 cinema house none
         item 0 bakery cinema none
         uncollected 0 2
         net bakery -1.3
         net house 0.53"
    );
    check(ISSUER_PAYS, &script);
}

#[test]
fn each_pair_pays_once() {
    let bilateral = settings('x', "netting=bilateral");
    let script = format!(
        "{FEES}{bilateral}
         bakery: issue i1 m1 1000
         cinema: issue i1 m2 1000; burn b1 m1 100
         bakery: burn b1 m2 50
         house: propose q1 adjust amount 0/0 debtor=florist creditor=cinema amount=2.50
         house/g2: approve a1 q1
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         # 0.80 and 0.40 between them, 0.50 + 0.015 and 0.50 + 0.03 to the house, rounded per line
         given netted gross 4.75 net 3.42 payments 4
         item 0 bakery cinema 0.40 open
         item 0 cinema bakery none
         item 0 bakery house 0.52 open
         item 0 cinema house 0.53 open
         item 0 florist cinema 2.50 open
         uncollected 0 2"
    );
    check(ISSUER_PAYS, &script);
}

#[test]
fn under_pool_all_lines_are_with_the_house_in_both_modes() {
    for mode in ["multilateral", "bilateral"] {
        let mode = settings('x', &format!("netting={mode}"));
        let script = format!(
            "{FEES}{mode}
             bakery: issue i1 m1 1000
             cinema: burn b1 m1 100
             bakery: burn b1 m1 10
             house: cut_window c0 0 2026-03-01
             house: net_window n0 0
             # 10.00 + 0.50 issued, 0.08 burned with a fee of 0.003; 0.80 burned with one of 0.03
             given netted gross 11.41 net 10.42 payments 2
             item 0 bakery house 10.42 open
             item 0 house cinema 0.77 open
             net bakery -10.42
             net house 9.65"
        );
        check(POOL, &script);
    }
}

#[test]
fn debts_repaid_are_netted_like_any_line() {
    check(
        POOL_DEBT,
        "bakery: issue i1 m1 100
         cinema: burn b1 m1 100
         bakery: reverse v1 i1 100
         florist: issue i1 m1 40
         debts fell bakery 1 40
         lines florist house issue 1 40, house bakery debt_repaid 1 40
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         item 0 bakery house 0.60 open
         item 0 florist house 0.40 open
         item 0 house cinema 0.80 open",
    );
}

#[test]
fn money_is_rounded_once_per_line_half_to_even_and_sums_to_zero() {
    check(
        ISSUER_PAYS,
        "house: propose f1 price_set default=0.01/0.005/0/0
         house/g2: approve f2 f1
         bakery: issue i1 m1 100
         florist: issue i1 m2 100
         # 0.005 rounds to 0.00, and leaves nothing to pay
         cinema: burn b1 m1 1
         # 0.015 rounds to 0.02
         cinema: burn b2 m2 3
         net bakery -0.005
         net florist -0.015
         net cinema 0.02
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         given netted gross 0.02 net 0.02 payments 2
         net bakery 0
         net florist -0.02
         item 0 bakery house none
         # points of a line are summed first: 2 × 0.005 is 0.01
         cinema: burn b3 m1 1
         cinema: burn b4 m1 1
         house: cut_window c1 1 2026-03-02 -> window_days_invalid
         wait 1d
         house: cut_window c1 1 2026-03-02
         house: net_window n1 1
         item 1 bakery house 0.01 open",
    );
}

#[test]
fn each_price_version_is_a_line_of_its_own() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 1 expires_on=2026-04-01
         house: propose f1 price_set default=0.02/0.009/0/0
         house/g2: approve f2 f1
         bakery: issue i2 m1 1
         # the price that held at the issue, whatever holds at burn and netting
         house: propose f3 price_set default=9/9/0/0
         house/g2: approve f4 f3
         cinema: burn b1 m1 2
         lines bakery cinema burn 1 1, bakery cinema burn 2 1
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         # 0.008 and 0.009, each 0.01
         given netted gross 0.02 net 0.02 payments 2
         net bakery -0.02",
    );
}

#[test]
fn what_is_under_the_minimum_rolls_forward_through_windows_and_modes() {
    let minimum = settings('m', "payment_minimum=1.00");
    let bilateral = settings('b', "netting=bilateral");
    let lower = settings('l', "payment_minimum=0.50");
    let none = settings('n', "payment_minimum=0.00 netting=multilateral");
    let script = format!(
        "{minimum}
         bakery: issue i1 m1 1000
         cinema: burn b0 m1 75
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         given netted gross 0.60 net 0.60 payments 0
         item 0 bakery house none
         carried house bakery -0.60, house cinema 0.60
         net bakery -0.6
         wait 1d
         cinema: burn b1 m1 75
         house: cut_window c1 1 2026-03-02
         house: net_window n1 1
         given netted gross 0.60 net 0.60 payments 2
         item 1 bakery house 1.20 open
         item 1 house cinema 1.20 open
         carried none
         wait 1d
         cinema: burn b2 m1 75
         house: cut_window c2 2 2026-03-03
         house: net_window n2 2
         carried house bakery -0.60, house cinema 0.60
         {bilateral}
         wait 1d
         cinema: burn b3 m1 25
         house: cut_window c3 3 2026-03-04
         house: net_window n3 3
         given netted gross 0.20 net 0.20 payments 0
         carried house bakery -0.60, house cinema 0.60, bakery cinema 0.20
         {lower}
         wait 1d
         house: cut_window c4 4 2026-03-05
         house: net_window n4 4
         # an empty window pays what was rolled into it
         given netted gross 0.00 net 0.00 payments 2
         item 4 bakery house 0.60 open
         item 4 house cinema 0.60 open
         carried bakery cinema 0.20
         {none}
         wait 1d
         house: cut_window c5 5 2026-03-06
         house: net_window n5 5
         item 5 bakery house 0.20 open
         item 5 house cinema 0.20 open
         carried none
         net bakery -2"
    );
    check(ISSUER_PAYS, &script);
}

#[test]
fn the_minimum_itself_is_paid_and_what_cancels_is_not() {
    let minimum = settings('m', "payment_minimum=0.60 netting=bilateral");
    let script = format!(
        "{minimum}
         bakery: issue i1 m1 1000
         cinema: issue i1 m2 1000; burn b0 m1 75
         florist: burn b0 m1 74
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         item 0 bakery cinema 0.60 open
         carried bakery florist 0.59
         wait 1d
         florist: reverse v0 b0 74
         house: cut_window c1 1 2026-03-02
         house: net_window n1 1
         given netted gross 0.59 net 0.59 payments 0
         carried none
         net florist 0"
    );
    check(ISSUER_PAYS, &script);
}

#[test]
fn a_minimum_set_between_cut_and_netting_counts() {
    let minimum = settings('m', "payment_minimum=1.00");
    let script = format!(
        "bakery: issue i1 m1 1000
         cinema: burn b0 m1 75
         house: cut_window c0 0 2026-03-01
         {minimum}
         house: net_window n0 0
         carried house bakery -0.60, house cinema 0.60"
    );
    check(ISSUER_PAYS, &script);
}

#[test]
fn a_partner_that_comes_between_cut_and_netting_has_a_position_of_nothing() {
    check(
        POOL,
        "bakery: issue i1 m1 100
         house: cut_window c0 0 2026-03-01
         house: partner_set g1 gallery
         gallery: issue i1 m1 100
         house: net_window n0 0
         given netted gross 1.00 net 1.00 payments 1
         item 0 bakery house 1.00 open
         item 0 gallery house none
         net gallery -1
         house: issue_statements s0 0 count=4",
    );
}

#[test]
fn exposure_counts_what_is_unpaid_before_and_after_netting() {
    let limit = "house: propose q1 limit_set partner partner=bakery exposure=10.00
        house/g2: approve a1 q1\n";
    let script = format!(
        "{limit}
         bakery: issue i1 m1 1000
         exposure bakery 10
         bakery: issue i2 m1 1 -> exposure_limit
         house: cut_window c0 0 2026-03-01
         bakery: issue i2 m1 1 -> exposure_limit
         house: net_window n0 0
         exposure bakery 10
         bakery: issue i2 m1 1 -> exposure_limit
         house: confirm_payment p1 0 bakery house 10.00
         exposure bakery 0
         bakery: issue i2 m1 1
         exposure bakery 0.01
         house: payment_returned r1 p1
         exposure bakery 10.01
         bakery: issue i3 m1 1 -> exposure_limit"
    );
    check(POOL, &script);
    // Rounding is part of what is unpaid.
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 103
         cinema: burn b1 m1 3
         exposure bakery 0.824
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         exposure bakery 0.82
         house: confirm_payment p1 0 bakery house 0.02
         exposure bakery 0.8
         exposure cinema 0",
    );
}
