//! Adjustments of points and amounts.

use crate::house::{ISSUER_PAYS, ISSUER_PAYS_DEBT, check};

#[test]
fn a_credit_makes_a_lot_and_a_debit_takes_available_ones_without_lines() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10 expires_on=2026-04-01
         florist: issue i1 m1 10
         house: propose q1 adjust credit 0/0 member=m1 issuer=bakery points=5
         lines none
         member m1 available 20
         house/g2: approve a1 q1
         moves adjusted_in bakery 5
         lines none
         member m1 available 25
         out bakery 15
         house: propose q2 adjust debit 0/0 member=m1 issuer=bakery points=12
         house/g2: approve a2 q2
         moves adjusted_out bakery 10, adjusted_out bakery 2
         lines none
         out bakery 3
         member m1 available 13
         net bakery 0",
    );
}

#[test]
fn rejections_of_an_adjustment_come_in_their_order() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10
         house: adjust x1 credit 0/0 member=m1 issuer=bakery points=5 -> approval_required
         house: propose q1 adjust credit 999/0 member=nobody issuer=nobody points=0
         house/g2: approve a1 q1 -> member_unknown
         house: propose q2 adjust credit 999/0 member=m1 issuer=nobody points=0
         house/g2: approve a1 q2 -> points_out_of_range
         house: propose q3 adjust credit 999/0 member=m1 issuer=nobody points=5
         house/g2: approve a1 q3 -> target_not_found
         house: propose q4 adjust credit 0/0 member=m1 issuer=nobody points=5
         house/g2: approve a1 q4 -> partner_unknown
         house: propose q5 adjust credit 0/0 member=m1 issuer=bakery points=9007199254740991
         house/g2: approve a1 q5 -> overflow
         house: propose q6 adjust debit 999/0 member=nobody issuer=nobody points=0
         house/g2: approve a1 q6 -> member_unknown
         house: propose q7 adjust debit 999/0 member=m1 issuer=nobody points=0
         house/g2: approve a1 q7 -> points_out_of_range
         house: propose q8 adjust debit 999/0 member=m1 issuer=nobody points=50
         house/g2: approve a1 q8 -> target_not_found
         house: propose q9 adjust debit 0/0 member=m1 issuer=bakery points=50
         house/g2: approve a1 q9 -> insufficient_points
         house: propose q10 adjust debit 0/0 member=m1 issuer=nobody points=5
         house/g2: approve a1 q10 -> partner_unknown
         house: propose q11 adjust amount 999/0 debtor=nobody creditor=house amount=1.00
         house/g2: approve a1 q11 -> target_not_found
         house: propose q12 adjust amount 0/0 debtor=nobody creditor=house amount=1.00
         house/g2: approve a1 q12 -> partner_unknown
         house: propose q13 adjust amount 0/0 debtor=house creditor=nobody amount=1.00
         house/g2: approve a1 q13 -> partner_unknown
         house: propose q14 price_set cinema=1/1/0/0
         house/g2: approve a2 q14
         house: propose q15 adjust credit 999/0 member=m1 issuer=bakery points=5
         house/g2: approve a1 q15 -> no_price
         member m1 available 10",
    );
}

#[test]
fn an_adjustment_takes_no_points_that_are_held_pending_expired_or_of_another() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 5 expires_on=2026-03-01
         bakery: issue i2 m1 5 activates_on=2026-04-01
         bakery: issue i3 m1 5 expires_on=2026-05-01
         florist: issue i1 m1 50
         wait 1d
         cinema: hold h1 m1 2 3600
         house: propose q1 adjust debit 0/0 member=m1 issuer=bakery points=4
         house/g2: approve a1 q1 -> insufficient_points
         house: propose q2 adjust debit 0/0 member=m1 issuer=bakery points=3
         house/g2: approve a2 q2
         moves adjusted_out bakery 3
         # a frozen member can be corrected
         house: member_freeze f1 m1
         house: propose q3 adjust credit 0/0 member=m1 issuer=bakery points=3
         house/g2: approve a3 q3
         # the proposal that was refused is still open
         house: member_unfreeze f2 m1
         house: propose q4 adjust credit 0/0 member=m1 issuer=bakery points=1
         house/g2: approve a4 q4
         house/g2: approve a1 q1
         moves adjusted_out bakery 4
         house/g2: approve a5 q1 -> proposal_not_open",
    );
}

#[test]
fn a_credit_pays_debt_as_an_issue_would() {
    check(
        ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 10
         cinema: burn b1 m1 10
         bakery: reverse v1 i1 10
         house: propose q1 adjust credit 0/0 member=m1 issuer=florist points=15
         house/g2: approve a1 q1
         moves adjusted_in florist 15, debt_repaid florist 10
         lines florist bakery debt_repaid 1 10
         member m1 available 5",
    );
}
