//! Windows: cut, netted, held, released and stated, each once and in their order.

use crate::house::{House, ISSUER_PAYS, POOL, check};
use tallyhouse::domain::effect::{ControlTotals, Effect, Given};

#[test]
fn a_cut_is_the_last_entry_of_its_window() {
    let house = check(
        ISSUER_PAYS,
        "window 0 open
         house: cut_window c1 1 2026-03-01 -> window_not_open
         house: cut_window c1 0 2026-02-28 -> window_days_invalid
         house: cut_window c1 0 2026-03-02 -> window_days_invalid
         house: cut_window c1 0 2026-03-01
         given cut 2026-03-01 2026-03-01
         window 0 cut
         window 1 open
         house: cut_window c1 0 2026-03-01 -> duplicate
         house: cut_window c2 0 2026-03-01 -> window_not_open
         # no day is covered twice
         house: cut_window c2 1 2026-03-01 -> window_days_invalid
         wait 3d
         house: cut_window c1 1 2026-03-03 -> op_id_reused
         # one cut covers all days since the last
         house: cut_window c2 1 2026-03-03
         given cut 2026-03-02 2026-03-03
         house: cut_window c3 2 2026-03-04
         given cut 2026-03-04 2026-03-04",
    );
    let windows: Vec<_> = house.set.windows.iter().collect();
    assert_eq!(windows.len(), 4);
    for pair in windows.windows(2) {
        let cut = pair[0].cut.expect("it was cut");
        assert_eq!(pair[1].first_entry, cut.entry + 1);
        let last_day = pair[0].last_day.expect("it was cut");
        assert_eq!(Some(pair[1].first_day), last_day.plus_days(1));
    }
}

#[test]
fn days_of_windows_are_counted_at_the_programmes_offset() {
    let east = crate::house::Setup {
        utc_offset_min: 14 * 60,
        ..ISSUER_PAYS
    };
    check(
        east,
        "house: cut_window c1 0 2026-03-01 -> window_days_invalid
         house: cut_window c1 0 2026-03-03 -> window_days_invalid
         house: cut_window c1 0 2026-03-02
         given cut 2026-03-02 2026-03-02",
    );
}

#[test]
fn a_cut_states_the_points_of_every_party_since_founding() {
    let house = check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 100 expires_on=2026-03-01; issue i2 m1 50
         bakery: reverse v1 i2 20
         cinema: burn b1 m1 30; reverse v1 b1 10
         wait 1d
         house: expire e1 2026-03-01
         house: cut_window c1 0 2026-03-02",
    );
    let [Effect::Applied(applied)] = house.last() else {
        panic!("the cut was applied");
    };
    let Some(Given::Cut {
        control,
        rules_version,
        price_version,
        ..
    }) = &applied.given
    else {
        panic!("a cut gives what it ended");
    };
    assert_eq!((*rules_version, *price_version), (1, 1));
    let units = |totals: &ControlTotals| {
        let all = [
            totals.issued,
            totals.burned,
            totals.expired,
            totals.outstanding,
        ];
        all.map(tallyhouse::domain::points::Points::units)
    };
    let control: Vec<_> = control.iter().map(units).collect();
    let none = [0; 4];
    // 30 points of the older lot were burned, 10 of them restored with 30 days of grace.
    assert_eq!(control, [none, [130, 20, 70, 40], none, none]);
}

#[test]
fn windows_are_netted_in_their_order_once_they_are_cut() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 100
         cinema: burn b1 m1 50
         house: net_window n0 7 -> window_unknown
         house: net_window n0 0 -> window_not_cut
         house: cut_window c0 0 2026-03-01
         wait 1d
         cinema: burn b2 m1 10
         house: cut_window c1 1 2026-03-02
         house: net_window n1 1 -> window_out_of_order
         house: net_window n0 0
         given netted gross 0.40 net 0.40 payments 2
         window 0 netted
         window 1 cut
         house: net_window n00 0 -> window_not_cut
         house: net_window n1 1
         given netted gross 0.08 net 0.08 payments 2
         house: net_window n2 2 -> window_not_cut",
    );
}

#[test]
fn another_root_holds_the_window_until_two_keys_release_it() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 100
         cinema: burn b1 m1 50
         house: cut_window c0 0 2026-03-01
         wait 1d
         cinema: burn b2 m1 3
         house: cut_window c1 1 2026-03-02
         house: net_window n1 0 lines_root=wrong
         given held gross 0.40 net 0.40 payments 2
         window 0 held
         # nothing was settled
         item 0 bakery house none
         carried none
         net bakery -0.424
         house: net_window n1 0 lines_root=wrong -> duplicate
         house: net_window n2 0 -> window_held
         house: net_window n2 0 lines_root=wrong -> window_held
         house: net_window n2 1 -> window_out_of_order
         house: issue_statements s1 0 -> window_not_netted
         house: confirm_payment p1 0 bakery house 0.40 -> payment_unknown
         # cutting never waits
         wait 1d
         house: cut_window c2 2 2026-03-03
         house: window_release r1 0 -> approval_required
         house: propose q1 window_release 0
         house: approve a1 q1 -> approver_not_other
         house/g2: approve a1 q1
         given none
         window 0 cut
         house: propose q2 window_release 0; propose q3 window_release 9
         house/g2: approve a2 q2; approve a3 q3 -> window_not_held; window_unknown
         # it can be held again
         house: net_window n2 0 lines_root=wrong
         window 0 held
         house/g2: approve a2 q2
         house: net_window n3 0
         given netted gross 0.40 net 0.40 payments 2
         item 0 bakery house 0.40 open
         house: net_window n4 1
         house: net_window n5 2",
    );
}

#[test]
fn a_release_that_is_rolled_back_leaves_the_window_held() {
    check(
        ISSUER_PAYS,
        "house: cut_window c0 0 2026-03-01
         house: net_window n0 0 lines_root=wrong
         house: propose q1 window_release 0
         house/g2 atomic: approve a1 q1; approve a2 q1 -> batch_aborted; proposal_not_open
         window 0 held
         house: net_window n1 0 -> window_held
         house/g2: approve a1 q1
         house: net_window n1 0",
    );
}

#[test]
fn an_empty_window_nets_and_states_like_any_other() {
    for setup in [ISSUER_PAYS, POOL] {
        check(
            setup,
            "house: cut_window c0 0 2026-03-01
             house: net_window n0 0 lines_root=wrong
             given held gross 0.00 net 0.00 payments 0
             house: propose q1 window_release 0
             house/g2: approve a1 q1
             house: net_window n1 0
             given netted gross 0.00 net 0.00 payments 0
             house: net_window n1 0 -> duplicate
             carried none
             house: issue_statements s0 0
             window 0 stated",
        );
    }
}

#[test]
fn statements_are_as_many_as_partners_at_netting() {
    check(
        ISSUER_PAYS,
        "house: issue_statements s0 1 -> window_unknown
         house: issue_statements s0 0 -> window_not_netted
         house: cut_window c0 0 2026-03-01
         house: issue_statements s0 0 -> window_not_netted
         house: partner_set g1 gallery
         house: net_window n0 0
         house: partner_set g2 garage
         house: issue_statements s0 0 count=3 -> statements_mismatch
         house: issue_statements s0 0 count=5 -> statements_mismatch
         house: issue_statements s0 0 count=4
         given none
         window 0 stated
         house: issue_statements s0 0 count=4 -> duplicate
         house: issue_statements s0 0 count=5 -> op_id_reused
         house: issue_statements s1 0 count=4 -> window_not_netted",
    );
}

#[test]
fn what_is_accepted_after_the_cut_belongs_to_the_next_window_whenever_it_happened() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 100
         cinema: burn b1 m1 50
         house: cut_window c0 0 2026-03-01
         cinema: burn b2 m1 10 occurred_at=2026-02-28T10:00:00Z
         wait 1d
         cinema: reverse v1 b1 50
         lines cinema bakery burn_reversal 1 50
         house: cut_window c1 1 2026-03-02
         wait 1d
         cinema: burn b3 m1 3
         house: cut_window c2 2 2026-03-03
         net bakery -0.104
         house: net_window n0 0
         given netted gross 0.40 net 0.40 payments 2
         house: net_window n1 1
         given netted gross 0.48 net 0.32 payments 2
         item 1 cinema house 0.32 open
         house: net_window n2 2
         given netted gross 0.02 net 0.02 payments 2
         net bakery -0.1",
    );
}

#[test]
fn only_what_is_netted_lets_its_lines_go() {
    let house: House = check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 100
         cinema: burn b1 m1 50
         house: cut_window c0 0 2026-03-01
         cinema: burn b2 m1 10
         house: net_window n0 0",
    );
    assert_eq!(house.set.books.lines_of(0).count(), 0);
    assert_eq!(house.set.books.lines_of(1).count(), 1);
    assert_eq!(house.set.books.window, 1);
}
