//! The keys of checkpoints: two govern keys let one hand over to the next.

use crate::house::{House, ISSUER_PAYS, check, op, public};
use tallyhouse::domain::ids::OpAt;

#[test]
fn a_ledger_key_takes_two_govern_keys() {
    check(
        ISSUER_PAYS,
        "house: ledger_key_add x1 house/ledger house/ledger-2 -> approval_required
         house: ledger_key_retire x1 public=house/ledger -> approval_required
         house: propose q1 ledger_key_add house/ledger house/ledger-2
         house: approve x1 q1 -> approver_not_other
         house/g2: approve x1 q1
         house: propose q2 ledger_key_retire public=house/ledger
         house: approve x2 q2 -> approver_not_other
         house/g2: approve x2 q2",
    );
}

#[test]
fn two_keys_at_most_are_in_force_and_none_comes_back() {
    let mut house = check(
        ISSUER_PAYS,
        "house: propose q1 ledger_key_add house/ledger house/ledger-2
         house: propose q2 ledger_key_add house/ledger house/ledger-3
         house: propose q3 ledger_key_retire public=house/ledger
         house: propose q4 ledger_key_retire public=house/ledger-2
         # a key that is not there hands nothing over and cannot end; the last one cannot end
         house: propose q5 ledger_key_add house/ledger-4 house/ledger-3
         house/g2: approve a5 q5 -> key_not_active
         house/g2: approve a4 q4 -> key_not_active
         house/g2: approve a3 q3 -> keys_insufficient
         # nor does a key that an author signs with
         house: propose q6 ledger_key_add house/ledger bakery/k1
         house/g2: approve a6 q6 -> key_exists
         house/g2: approve a1 q1
         house/g2: approve a2 q2 -> ledger_keys_in_force
         house/g2: approve a3 q3
         # once ended, a key hands nothing over and does not come back
         house/g2: approve a2 q2 -> key_not_active
         house: propose q7 ledger_key_add house/ledger-2 house/ledger
         house/g2: approve a7 q7 -> key_exists
         house: propose q8 ledger_key_retire public=house/ledger
         house/g2: approve a8 q8 -> key_not_active
         house/g2: approve a4 q4 -> keys_insufficient
         house: propose q9 ledger_key_add house/ledger-2 house/ledger-3
         house/g2: approve a9 q9
         house/g2: approve a4 q4",
    );
    let keys = house.set.governance().ledger_keys();
    let words: Vec<_> = keys.iter().map(|key| key.retired.is_none()).collect();
    assert_eq!(words, [false, false, true]);
    assert_eq!(keys[0].added, OpAt { entry: 0, op: 0 });
    assert_eq!(house.set.governance().ledger_keys_in_force().len(), 1);
    house.run("house: propose q10 ledger_key_add house/ledger-3 house/ledger-4");
}

#[test]
fn an_atomic_submission_takes_a_handover_back() {
    let mut house = check(
        ISSUER_PAYS,
        "house: propose q1 ledger_key_add house/ledger house/ledger-2
         house/g2 atomic: approve a1 q1; approve a2 nothing -> batch_aborted; target_not_found",
    );
    let before = house.set.governance().ledger_keys();
    assert_eq!(before.len(), 1);
    house.run(
        "house: propose q2 ledger_key_retire public=house/ledger
         house/g2 atomic: approve a1 q1; approve a2 q2",
    );
    let keys = house.set.governance().ledger_keys();
    // One entry adds and ends: no checkpoint is signed by both.
    let signing = |size: u64| keys.iter().filter(|key| key.signs(size)).count();
    assert!((1..=house.entry + 1).all(|size| signing(size) == 1));
}

#[test]
fn handovers_that_do_not_hold_are_malformed() {
    let house = House::open(&ISSUER_PAYS);
    let good = op("ledger_key_add x1 house/ledger house/ledger-2");
    let text = good["handover"].as_str().expect("a note").to_owned();
    let refused = |handover: &str, ledger: &str| {
        let mut op = good.clone();
        op["handover"] = serde_json::json!(handover);
        let until = house.now.plus_seconds(60);
        let payload = crate::house::submission("s", "independent", until, &[op]);
        let payload = String::from_utf8(payload).expect("text");
        let payload = payload.replace(crate::house::ORIGIN, ledger);
        tallyhouse::proof::payload::parse(payload.as_bytes(), Some(2)).is_err()
    };
    assert!(!refused(&text, crate::house::ORIGIN));
    let one_signature = text
        .trim_end()
        .rsplit_once('\n')
        .expect("lines")
        .0
        .to_owned()
        + "\n";
    assert!(refused(&one_signature, crate::house::ORIGIN));
    let own = public("house/ledger-2");
    assert!(refused(&own, crate::house::ORIGIN));
    assert!(refused("", crate::house::ORIGIN));
}
