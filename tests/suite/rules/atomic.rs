//! Atomic submissions: all or nothing.

use crate::house::{House, ISSUER_PAYS, ISSUER_PAYS_DEBT, POOL_DEBT, check, op};
use tallyhouse::domain::ids::{Party, Reference};

#[test]
fn the_first_refused_op_keeps_its_code_and_all_others_are_aborted() {
    check(
        ISSUER_PAYS,
        "bakery atomic: issue i1 m1 10; issue i2 m1 10
         member m1 available 20
         cinema atomic: burn b1 m1 1; burn b2 m1 500; burn b3 m1 1; burn b4 m1 0 -> \
            batch_aborted; insufficient_points; batch_aborted; batch_aborted
         member m1 available 20
         # ids were not used up
         cinema atomic: burn b1 m1 1; burn b3 m1 1
         # a duplicate aborts too
         cinema atomic: burn b5 m1 1; burn b1 m1 1 -> batch_aborted; duplicate
         cinema atomic: burn b5 m1 1; burn b1 m1 2 -> batch_aborted; op_id_reused
         cinema: burn b5 m1 1
         member m1 available 17
         # each op sees those before it
         cinema atomic: hold h1 m1 5 60; capture c1 h1 5; reverse v1 c1 5; burn b6 m1 17
         member m1",
    );
}

/// Runs an atomic submission that fails at its last op, and compares every record.
fn check_undone(house: &mut House, author: &str, sentences: &str) {
    let ids: Vec<(Party, Reference)> = sentences
        .split(';')
        .map(|sentence| sentence.split_whitespace().nth(1).expect("an id"))
        .chain(["b0", "i0", "h0"])
        .flat_map(|id| (0..4).map(move |party| (Party(party), id)))
        .map(|(party, id)| (party, Reference::parse(id).expect("a reference")))
        .collect();
    for key in &ids {
        if !house.set.ops.touch(key) {
            house.set.ops.load(*key, None);
        }
    }
    let before = house.snapshot(&ids);
    let ops: Vec<_> = sentences.split(';').map(op).collect();
    let effects = house.submit(author, "atomic", &ops);
    let codes: Vec<_> = effects.iter().map(|e| e.outcome().code()).collect();
    let (last, others) = codes.split_last().expect("some ops");
    assert!(
        others.iter().all(|code| *code == "batch_aborted"),
        "{codes:?}"
    );
    assert!(!["applied", "batch_aborted"].contains(last), "{codes:?}");
    let after = house.snapshot(&ids);
    assert_eq!(
        before.len(),
        after.len(),
        "{sentences}: a record more or less"
    );
    assert!(before == after, "{sentences}");
}

#[test]
fn a_failed_atomic_submission_leaves_every_record_as_it_was() {
    for setup in [ISSUER_PAYS_DEBT, POOL_DEBT] {
        let mut house = check(
            setup,
            "bakery: issue i0 m1 100; issue i9 m4 10
             florist: issue i0 m1 50 activates_on=2026-03-02
             cinema: burn b0 m1 10; hold h0 m1 10 60; burn b9 m4 10
             bakery: reverse v9 i9 5
             wait 13h",
        );
        let fails = "burn zz m1 100000";
        for sentences in [
            "issue x1 m1 5; issue x2 new 5; issue x3 m4 20",
            "burn x1 m1 5; burn x2 m1 50; hold x3 m1 5 60; capture x4 x3 2",
            "transfer x1 m1 new 5; transfer x2 m1 m4 20; burn x3 new 5",
            "reverse x1 b0 5; reverse x2 b0 5; burn x3 m1 20",
        ] {
            check_undone(&mut house, "cinema", &format!("{sentences}; {fails}"));
        }
        check_undone(&mut house, "bakery", &format!("reverse x1 i0 100; {fails}"));
        let fails = "approve zz nothing";
        for sentences in [
            "partner_set x1 gallery; partner_set x2 bakery status=suspended",
            "propose x1 price_set default=1/1/1/1; member_freeze x2 m1",
            "key_revoke x1 k1 author=bakery; member_freeze x2 m4",
        ] {
            check_undone(&mut house, "house", &format!("{sentences}; {fails}"));
        }
        house.run(
            "house: propose q1 price_set default=0.5/0.5/0.5/0.5
             house: propose q2 adjust amount 0/0 debtor=bakery creditor=cinema amount=1.00
             house: propose q3 adjust credit 0/0 member=m1 issuer=bakery points=7
             house: propose q4 key_add k2 author=bakery public=bakery/k2 scopes=submit",
        );
        let all = "partner_set x0 gallery; approve x1 q1; approve x2 q2; approve x3 q3; \
                   approve x4 q4";
        check_undone(&mut house, "house/g2", &format!("{all}; {fails}"));
        house.run("house/g2 atomic: approve x1 q1; approve x2 q2; approve x3 q3; approve x4 q4");
    }
}

#[test]
fn a_partner_number_given_in_vain_is_given_again() {
    check(
        ISSUER_PAYS,
        "house atomic: partner_set x1 gallery; approve x2 nothing -> \
            batch_aborted; target_not_found
         house: partner_set x1 museum
         given party 4
         museum: issue i1 m1 5
         out museum 5",
    );
}
