//! Disputes: opened and answered in time, resolved by two keys, and never touching what is stated.

use crate::house::{ISSUER_PAYS, POOL, check};

/// A window with a burn and a fee, stated on Monday, 2026-03-02; one op stands after it.
const STATED: &str = "house: propose f1 price_set default=0.01/0.008/0/0.001
    house/g2: approve f2 f1
    bakery: issue i1 m1 1000
    cinema: burn b1 m1 100
    house: cut_window c0 0 2026-03-01
    cinema: burn b2 m1 10
    wait 1d
    house: net_window n0 0
    house: issue_statements s0 0\n";

fn after_stating(script: &str) {
    check(ISSUER_PAYS, &format!("{STATED}{script}"));
}

#[test]
fn a_dispute_is_about_a_line_of_the_author_or_an_op_of_a_stated_window() {
    after_stating(
        "bakery: dispute_open d1 9 line=bakery/cinema/burn/2 -> window_unknown
         bakery: dispute_open d1 1 line=bakery/cinema/burn/2 -> window_not_stated
         bakery: dispute_open d1 0 line=bakery/cinema/burn/1 -> disputed_unknown
         bakery: dispute_open d1 0 line=bakery/cinema/issue/2 -> disputed_unknown
         bakery: dispute_open d1 0 line=cinema/bakery/burn/2 -> disputed_unknown
         bakery: dispute_open d1 0 line=bakery/nobody/burn/2 -> disputed_unknown
         bakery: dispute_open d1 0 line=nobody/bakery/burn/2 -> disputed_unknown
         # others' lines are none of its business
         florist: dispute_open d1 0 line=bakery/cinema/burn/2 -> disputed_unknown
         bakery: dispute_open d1 0 line=cinema/house/burn_fee/2 -> disputed_unknown
         # an op of another window, and none at all
         bakery: dispute_open d1 0 target=cinema:b2 -> disputed_unknown
         bakery: dispute_open d1 0 target=4000/0 -> disputed_unknown
         bakery: dispute_open d1 0 line=bakery/cinema/burn/2
         given answer cinema 2026-03-12
         lines none
         dispute bakery:d1 open
         bakery: dispute_open d1 0 line=bakery/cinema/burn/2 -> duplicate
         bakery: dispute_open d1 0 line=bakery/cinema/burn/2 reason=points_wrong -> op_id_reused
         # the other party answers, whichever side it is on
         cinema: dispute_open d1 0 line=bakery/cinema/burn/2 reason=points_wrong
         given answer bakery 2026-03-12
         cinema: dispute_open d2 0 line=cinema/house/burn_fee/2 reason=amount_wrong
         given answer house 2026-03-12
         bakery: dispute_open d2 0 target=cinema:b1 reason=never_happened
         given answer house 2026-03-12
         # the cut itself is the window's last entry, the first is entry 0
         bakery: dispute_open d3 0 target=house:c0; dispute_open d4 0 target=0/0
         net bakery -0.88
         item 0 bakery house 0.80 open",
    );
}

/// What is not there yet must not be taken for absent ever after.
#[test]
fn a_line_that_was_asked_for_too_early_can_be_disputed_later() {
    check(
        ISSUER_PAYS,
        "bakery: dispute_open d1 0 line=bakery/cinema/burn/1 -> window_not_stated
         bakery: issue i1 m1 1000
         cinema: burn b1 m1 100
         bakery: dispute_open d1 0 line=bakery/cinema/burn/1 -> window_not_stated
         house: cut_window c0 0 2026-03-01
         bakery: dispute_open d1 0 line=bakery/cinema/burn/1 -> window_not_stated
         house: net_window n0 0
         bakery: dispute_open d1 0 line=bakery/cinema/burn/1 -> window_not_stated
         house: issue_statements s0 0
         bakery: dispute_open d1 0 line=bakery/cinema/burn/1",
    );
}

#[test]
fn a_dispute_is_opened_within_its_days() {
    after_stating(
        "wait 30d
         bakery: dispute_open d1 0 target=cinema:b1
         given answer house 2026-04-11
         wait 1d
         bakery: dispute_open d2 0 target=cinema:b1 -> dispute_too_late
         bakery: dispute_open d2 0 line=bakery/cinema/burn/9 -> dispute_too_late
         # what was opened in time goes on
         house: dispute_answer a1 bakery:d1 true",
    );
    check(
        ISSUER_PAYS,
        "house: propose q1 programme_set dispute_days=0 answer_days=0
         house/g2: approve a1 q1
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         house: issue_statements s0 0
         # longer days come too late for what is stated
         house: propose q2 programme_set dispute_days=90
         house/g2: approve a2 q2
         bakery: dispute_open d1 0 target=0/0
         given answer house 2026-03-01
         wait 1d
         bakery: dispute_open d2 0 target=0/0 -> dispute_too_late
         house: dispute_answer y1 bakery:d1 true -> answer_too_late",
    );
}

#[test]
fn the_counterparty_answers_once_and_in_time() {
    after_stating(
        "bakery: dispute_open d1 0 line=bakery/cinema/burn/2; dispute_open d2 0 target=cinema:b1; \
            dispute_open d3 0 line=bakery/cinema/burn/2
         cinema: dispute_answer a1 4000/0 true -> dispute_unknown
         # neither who opened it nor a third answers
         bakery: dispute_answer a1 bakery:d1 true -> dispute_unknown
         florist: dispute_answer a1 bakery:d1 true -> dispute_unknown
         house: dispute_answer a1 bakery:d1 true -> dispute_unknown
         cinema: dispute_answer a1 bakery:d2 true -> dispute_unknown
         # an op that opened no dispute
         cinema: dispute_answer a1 cinema:b1 true -> dispute_unknown
         cinema: dispute_answer a1 bakery:d1 true
         given none
         dispute bakery:d1 accepted
         cinema: dispute_answer a1 bakery:d1 true -> duplicate
         cinema: dispute_answer a1 bakery:d1 false -> op_id_reused
         cinema: dispute_answer a2 bakery:d1 false -> dispute_not_open
         house: dispute_answer a2 bakery:d2 false
         dispute bakery:d2 rejected
         # the last day is still good
         wait 10d
         cinema: dispute_answer a3 bakery:d3 false
         dispute bakery:d3 rejected",
    );
    after_stating(
        "bakery: dispute_open d1 0 line=bakery/cinema/burn/2
         wait 11d
         cinema: dispute_answer a1 bakery:d1 true -> answer_too_late
         dispute bakery:d1 open",
    );
}

#[test]
fn two_keys_resolve_and_the_remedy_is_posted_in_the_open_window() {
    after_stating(
        "bakery: dispute_open d1 0 line=bakery/cinema/burn/2; dispute_open d2 0 target=cinema:b1
         house: dispute_resolve x bakery:d1 false -> approval_required
         house: propose q1 dispute_resolve bakery:d1 true debtor=cinema creditor=bakery \
            amount=0.40
         house: approve a1 q1 -> approver_not_other
         # the counterparty still has time
         house/g2: approve a1 q1 -> answer_pending
         wait 10d
         house/g2: approve a1 q1 -> answer_pending
         cinema: dispute_answer y1 bakery:d1 false
         # a rejected dispute is for the house to decide
         house/g2: approve a1 q1
         lines cinema bakery adjustment 0 0.40
         dispute bakery:d1 upheld
         item 0 bakery house 0.80 open
         net bakery -0.48
         cinema: dispute_answer y2 bakery:d1 true -> dispute_not_open
         house: propose q2 dispute_resolve bakery:d1 false
         house/g2: approve a2 q2 -> dispute_not_open
         # silence ends on the next day
         house: propose q3 dispute_resolve bakery:d2 false
         house/g2: approve a3 q3 -> answer_pending
         wait 1d
         # silence accepts, until the programme says that it rejects
         house/g2: approve a3 q3 -> dispute_accepted
         house: propose s1 programme_set silence=rejects
         house/g2: approve s2 s1
         house/g2: approve a3 q3
         lines none
         dispute bakery:d2 dismissed
         house: dispute_answer y3 bakery:d2 true -> dispute_not_open
         house: cut_window c1 1 2026-03-13
         house: net_window n1 1
         # 0.08 and a fee of 0.01 for the later burn, 0.40 of remedy
         item 1 cinema house 0.33 open
         item 1 house bakery 0.32 open",
    );
}

#[test]
fn a_remedy_names_known_parties_and_a_known_dispute() {
    after_stating(
        "bakery: dispute_open d1 0 target=cinema:b1
         house: dispute_answer y1 bakery:d1 true
         house: propose q1 dispute_resolve 4000/0 true debtor=cinema creditor=house amount=1.00
         house: propose q2 dispute_resolve 4000/0 true debtor=nobody creditor=house amount=1.00
         house: propose q3 dispute_resolve bakery:d1 true debtor=house creditor=nobody amount=1.00
         house: propose q4 dispute_resolve cinema:b1 false
         # checks run in the order of their numbers
         house/g2: approve a1 q1 -> dispute_unknown
         house/g2: approve a2 q2 -> partner_unknown
         house/g2: approve a3 q3 -> partner_unknown
         house/g2: approve a4 q4 -> dispute_unknown
         dispute bakery:d1 accepted
         # the house may owe, and so may a third
         house: propose q5 dispute_resolve bakery:d1 true debtor=house creditor=florist amount=1.00
         house/g2: approve a5 q5
         lines house florist adjustment 0 1.00",
    );
}

#[test]
fn what_is_rolled_back_leaves_the_dispute_as_it_was() {
    after_stating(
        "bakery atomic: dispute_open d1 0 target=cinema:b1; statement_acknowledge k1 0; \
            statement_acknowledge k2 9 -> batch_aborted; batch_aborted; window_unknown
         bakery: dispute_open d1 0 target=cinema:b1
         house atomic: dispute_answer y1 bakery:d1 true; dispute_answer y2 bakery:d1 true \
            -> batch_aborted; dispute_not_open
         dispute bakery:d1 open
         house: dispute_answer y1 bakery:d1 false
         house: propose q1 dispute_resolve bakery:d1 true debtor=house creditor=bakery amount=0.40
         net bakery -0.88
         house/g2 atomic: approve a1 q1; approve a2 q1 -> batch_aborted; proposal_not_open
         dispute bakery:d1 rejected
         net bakery -0.88
         house/g2: approve a1 q1
         dispute bakery:d1 upheld
         net bakery -0.48
         bakery: statement_acknowledge k1 0",
    );
}

#[test]
fn a_statement_is_acknowledged_once_by_who_has_one() {
    after_stating(
        "bakery: statement_acknowledge k1 9 -> window_unknown
         bakery: statement_acknowledge k1 1 -> window_not_stated
         house: partner_set g1 gallery
         # who came later has no statement of it, and nothing to dispute in it
         gallery: statement_acknowledge k1 0 -> window_not_stated
         gallery: dispute_open d1 0 target=cinema:b1 -> disputed_unknown
         gallery: dispute_open d1 0 line=gallery/house/burn/2 -> disputed_unknown
         bakery: dispute_open d1 0 line=gallery/bakery/burn/2 -> disputed_unknown
         bakery: statement_acknowledge k1 0
         given none
         bakery: statement_acknowledge k1 0 -> duplicate
         bakery: statement_acknowledge k2 0 -> already_acknowledged
         # without a line there is a statement all the same
         florist: statement_acknowledge k1 0
         # it is no waiver
         bakery: dispute_open d1 0 target=cinema:b1",
    );
}

#[test]
fn a_suspended_partner_still_acknowledges_disputes_and_answers() {
    after_stating(
        "house: partner_set x1 bakery status=suspended; partner_set x2 cinema status=suspended
         bakery: statement_acknowledge k1 0
         bakery: dispute_open d1 0 line=bakery/cinema/burn/2
         cinema: dispute_answer y1 bakery:d1 true
         dispute bakery:d1 accepted",
    );
}

#[test]
fn under_pool_all_lines_are_disputed_with_the_house() {
    check(
        POOL,
        "bakery: issue i1 m1 1000
         cinema: burn b1 m1 100
         house: cut_window c0 0 2026-03-01
         house: net_window n0 0
         house: issue_statements s0 0
         bakery: dispute_open d1 0 line=bakery/house/issue/1
         given answer house 2026-03-11
         cinema: dispute_open d1 0 line=house/cinema/burn/1
         given answer house 2026-03-11
         bakery: dispute_open d2 0 line=house/cinema/burn/1 -> disputed_unknown",
    );
}
