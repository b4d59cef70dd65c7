//! Member debt: how it rises, what pays it, and who owes whom for that, in both models.

use crate::house::{ISSUER_PAYS_DEBT, POOL_DEBT, check};

#[test]
fn arrivals_pay_the_oldest_debt_first() {
    check(
        ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 10
         florist: issue i1 m1 10
         cinema: burn b1 m1 20
         bakery: reverse v1 i1 10
         florist: reverse v1 i1 10
         member m1 debt 20
         cinema: issue i1 m1 12
         moves issued cinema 12, debt_repaid cinema 10, debt_repaid cinema 2
         debts fell bakery 1 10, fell florist 1 2
         lines cinema bakery debt_repaid 1 10, cinema florist debt_repaid 1 2
         member m1 debt 8
         out cinema 0
         # an issuer's own points cancel its own debt without a line
         florist: issue i2 m1 10
         moves issued florist 10, debt_repaid florist 8
         debts fell florist 1 8
         lines none
         member m1 available 2",
    );
}

#[test]
fn debts_alike_are_joined_only_with_the_latest() {
    let house = check(
        ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 10
         florist: issue i1 m1 10
         cinema: burn b1 m1 20
         bakery: reverse v1 i1 1
         bakery: reverse v2 i1 1
         florist: reverse v1 i1 1
         bakery: reverse v3 i1 1
         member m1 debt 4",
    );
    let (_, member) = house.accounts().next().expect("one member");
    let debts: Vec<_> = member
        .debts
        .iter()
        .map(|debt| (debt.issuer.0, debt.points.units()))
        .collect();
    assert_eq!(debts, [(1, 2), (3, 1), (1, 1)]);
}

#[test]
fn under_issuer_pays_another_issuers_points_owe_at_their_own_price() {
    check(
        ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 100
         cinema: burn b1 m1 100
         bakery: reverse v1 i1 100
         lines none
         net bakery -0.8
         house: propose q1 price_set default=0.02/0.016/0/0
         house/g2: approve a1 q1
         florist: issue i1 m1 100
         lines florist bakery debt_repaid 2 100
         net bakery 0.8
         net florist -1.6
         net cinema 0.8",
    );
}

#[test]
fn under_pool_the_house_owes_the_issue_price_also_for_own_points() {
    check(
        POOL_DEBT,
        "bakery: issue i1 m1 100
         lines bakery house issue 1 100
         cinema: burn b1 m1 100
         bakery: reverse v1 i1 100
         # nothing was taken back, so nothing is refunded yet
         lines none
         debts rose bakery 1 100
         net bakery -1
         house: propose q1 price_set default=0.02/0.016/0/0
         house/g2: approve a1 q1
         bakery: issue i2 m1 40
         moves issued bakery 40, debt_repaid bakery 40
         # at the version of the reversed issue
         lines bakery house issue 2 40, house bakery debt_repaid 1 40
         net bakery -1.4
         florist: issue i1 m1 100
         lines florist house issue 2 100, house bakery debt_repaid 1 60
         net bakery -0.8
         member m1 available 40",
    );
}

#[test]
fn pending_points_pay_when_they_arrive_and_not_before() {
    check(
        ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 10
         cinema: burn b1 m1 10
         bakery: reverse v1 i1 10
         florist: issue i1 m1 10 activates_on=2026-03-03
         member m1 pending 10 debt 10
         wait 2d
         member m1
         house/o1: member_freeze f1 m1
         moves debt_repaid florist 10
         lines florist bakery debt_repaid 1 10",
    );
}

#[test]
fn a_transfer_in_pays_debt_too() {
    check(
        ISSUER_PAYS_DEBT,
        "bakery: issue i1 m1 10
         cinema: burn b1 m1 10
         bakery: reverse v1 i1 10
         florist: issue i1 m2 15
         cinema: transfer t1 m2 m1 15
         moves transferred_out florist 15, transferred_in florist 15, debt_repaid florist 10
         debts fell bakery 1 10
         lines florist bakery debt_repaid 1 10
         member m1 available 5
         member m2
         out florist 5",
    );
}

#[test]
fn a_shortage_of_several_ops_is_what_was_not_there() {
    check(
        POOL_DEBT,
        "bakery: issue i1 m1 10
         cinema: hold h1 m1 3 60
         cinema: burn b1 m1 2
         bakery: reverse v1 i1 10
         moves taken_back bakery 5
         debts rose bakery 1 5
         lines house bakery issue_reversal 1 5
         member m1 held 3 debt 5
         net bakery -0.05",
    );
}

#[test]
fn a_debt_line_stands_behind_the_ops_own_lines_and_is_not_joined() {
    check(
        POOL_DEBT,
        "bakery: issue i1 m1 10
         cinema: burn b1 m1 10
         bakery: reverse v1 i1 5
         florist: issue i1 m2 1
         bakery: reverse v2 i1 5
         house: propose q1 price_set default=0.02/0.016/0.001/0.002
         house/g2: approve a1 q1
         cinema: reverse v1 b1 10
         lines cinema house burn_reversal 1 10, house bakery debt_repaid 1 10
         member m1",
    );
}
