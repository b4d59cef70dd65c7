//! The lines of every reason, in both settlement models, with what they come to.

use crate::house::{ISSUER_PAYS, POOL, check};

/// Issue 0.01, burn 0.008, issue fee 0.0005, burn fee 0.0003; the cinema's own: 0.02, 0.016,
/// 0.001, 0.0007.
const PRICES: &str = "house: propose q1 price_set default=0.01/0.008/0.0005/0.0003 \
    cinema=0.02/0.016/0.001/0.0007
    house/g2: approve a1 q1
    given version 2\n";
/// All four twice as high.
const DEARER: &str = "house: propose q2 price_set default=0.02/0.016/0.001/0.0006 \
    cinema=0.04/0.032/0.002/0.0014
    house/g2: approve a2 q2
    given version 3\n";

#[test]
fn lines_under_issuer_pays() {
    let script = format!(
        "{PRICES}
         bakery: issue i1 m1 1000
         lines bakery house issue_fee 2 1000
         net bakery -0.5
         {DEARER}
         cinema: burn b1 m1 100
         # the issuer's price of its own version; the burner's fee in force
         lines bakery cinema burn 2 100, cinema house burn_fee 3 100
         net bakery -1.3
         net cinema 0.66
         cinema: reverse v1 b1 100
         lines cinema bakery burn_reversal 2 100, house cinema burn_fee_reversal 3 100
         net cinema 0
         net bakery -0.5
         bakery: reverse v1 i1 600
         lines house bakery issue_fee_reversal 2 600
         net bakery -0.2
         bakery: burn b1 m1 100
         # its own points: reported, not netted, but for the fee
         lines bakery house burn_fee 3 100
         net bakery -0.26
         bakery: reverse v2 b1 50
         lines house bakery burn_fee_reversal 3 50
         net bakery -0.23
         cinema: hold h1 m1 10 60
         lines none
         cinema: capture c1 h1 6
         lines bakery cinema burn 2 6, cinema house burn_fee 3 6
         cinema: hold h2 m1 10 60
         cinema: release r1 h2
         lines none"
    );
    check(ISSUER_PAYS, &script);
}

#[test]
fn lines_under_pool() {
    let script = format!(
        "{PRICES}
         bakery: issue i1 m1 1000
         lines bakery house issue 2 1000, bakery house issue_fee 2 1000
         net bakery -10.5
         {DEARER}
         cinema: burn b1 m1 100
         # the burner's own price in force
         lines house cinema burn 3 100, cinema house burn_fee 3 100
         net cinema 3.06
         house: propose q3 price_set default=0.5/0.5/0.5/0.5
         house/g2: approve a3 q3
         cinema: reverse v1 b1 100
         # the version of the burn
         lines cinema house burn_reversal 3 100, house cinema burn_fee_reversal 3 100
         net cinema 0
         bakery: reverse v1 i1 600
         lines house bakery issue_reversal 2 600, house bakery issue_fee_reversal 2 600
         net bakery -4.2
         house: propose q4 price_set default=0.02/0.016/0.001/0.0006
         house/g2: approve a4 q4
         bakery: burn b1 m1 100
         # own burns are netted like any other
         lines house bakery burn 5 100, bakery house burn_fee 5 100
         net bakery -2.66
         cinema: hold h1 m1 10 60
         cinema: capture c1 h1 6
         lines house cinema burn 5 6, cinema house burn_fee 5 6"
    );
    check(POOL, &script);
}

#[test]
fn slices_of_one_debtor_and_version_are_one_line() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-04-01
         florist: issue i1 m1 10 expires_on=2026-04-02
         bakery: issue i2 m1 10 expires_on=2026-04-03
         cinema: issue i1 m1 10 expires_on=2026-04-04
         cinema: burn b1 m1 40
         moves burned bakery 10, burned florist 10, burned bakery 10, burned cinema 10
         lines bakery cinema burn 1 20, florist cinema burn 1 10
         cinema: reverse v1 b1 35
         moves restored cinema 10, restored bakery 10, restored florist 10, restored bakery 5
         lines cinema bakery burn_reversal 1 15, cinema florist burn_reversal 1 10",
    );
}

#[test]
fn a_price_version_holds_from_the_next_op_on() {
    check(
        POOL,
        "bakery: issue i1 m1 10
         house: propose q1 price_set default=0.02/0.016/0/0
         bakery: issue i2 m1 10
         lines bakery house issue 1 10
         house/g2: approve a1 q1
         bakery: issue i3 m1 10
         lines bakery house issue 2 10
         # a new list replaces the old one as a whole
         house: propose q2 price_set cinema=0.02/0.016/0/0
         house/g2: approve a2 q2
         bakery: issue i4 m1 10 -> no_price
         cinema: issue i4 m1 10
         lines cinema house issue 3 10
         # what was issued before stays reversible at its own version
         bakery: reverse v1 i1 10
         lines house bakery issue_reversal 1 10",
    );
}

#[test]
fn adjustments_of_an_amount_are_lines_without_a_version() {
    for setup in [ISSUER_PAYS, POOL] {
        check(
            setup,
            "house: propose q1 adjust amount 0/0 debtor=bakery creditor=cinema amount=12.50
             house/g2: approve a1 q1
             lines bakery cinema adjustment 0 12.50
             net cinema 12.5
             house: propose q2 adjust amount 0/0 debtor=house creditor=bakery amount=0.01
             house/g2: approve a2 q2
             lines house bakery adjustment 0 0.01
             net house -0.01",
        );
    }
}
