//! House ops: two keys for what moves money, keys and their waiting time, partners and settings.

use crate::house::{House, ISSUER_PAYS, check, op, submission};
use tallyhouse::domain::admission::{Refusal, admit};
use tallyhouse::domain::execute::Signer;
use tallyhouse::domain::ids::Name;
use tallyhouse::domain::scope::Scope;
use tallyhouse::domain::time::Micros;
use tallyhouse::proof::payload;

#[test]
fn what_moves_money_takes_two_keys() {
    check(
        ISSUER_PAYS,
        "house: price_set x1 default=1/1/0/0 -> approval_required
         house: limit_set x1 member burn_points_per_day=5 -> approval_required
         house: programme_set x1 grace_days=1 -> approval_required
         house: rules_upgrade x1 2 -> approval_required
         house: adjust x1 amount 0/0 debtor=house creditor=bakery amount=1.00 -> approval_required
         house: key_add x1 g9 public=house/g9 scopes=govern -> approval_required
         house: key_add x1 k9 author=bakery public=bakery/k9 scopes=submit -> approval_required
         house: propose q1 price_set default=1/1/0/0
         given none
         house: approve x1 q1 -> approver_not_other
         house/g2: approve x1 q1
         given version 2
         house/g2: approve x2 q1 -> proposal_not_open
         house: approve x2 q1 -> proposal_not_open
         house/g2: approve x2 nothing -> target_not_found
         # an op that is no proposal
         house: partner_set p1 bakery
         house/g2: approve x2 p1 -> proposal_not_open
         # the other way round, and one submission does not make two keys of one
         house/g2: propose q2 price_set default=1/1/0/0
         house/g2: approve x2 q2 -> approver_not_other
         house/g1: approve x2 q2
         house: propose q3 price_set default=1/1/0/0; approve x3 q3 -> applied; approver_not_other",
    );
}

#[test]
fn what_needs_no_second_key_cannot_be_proposed() {
    for action in [
        "partner_set gallery",
        "member_freeze member=m1",
        "member_unfreeze member=m1",
        "key_revoke key=g2",
        "expire up_to=2026-01-01",
        "issue member=m1 points=5",
        "burn member=m1 points=5",
        "transfer from=m1 to=m2 points=5",
    ] {
        check(
            ISSUER_PAYS,
            &format!("house: propose q1 {action} -> op_not_allowed"),
        );
    }
}

#[test]
fn a_proposal_lapses_after_30_days_to_the_microsecond() {
    let script = "house: propose q1 price_set default=1/1/0/0; propose q2 price_set default=1/1/0/0
         wait 2591999999999us
         house/g2: approve a1 q1
         house/g2: approve a2 q2 -> proposal_not_open
         # also after another proposal cleared it away
         house: propose q3 price_set default=1/1/0/0
         house/g2: approve a2 q2 -> proposal_not_open
         # its id is used up
         house: propose q2 price_set default=1/1/0/0 -> duplicate";
    check(ISSUER_PAYS, script);
}

#[test]
fn a_refused_action_leaves_its_proposal_open() {
    check(
        ISSUER_PAYS,
        "house: propose q1 limit_set partner partner=gallery burn_points_per_day=5
         house/g2: approve a1 q1 -> partner_unknown
         house: propose q2 price_set gallery=1/1/0/0
         house/g2: approve a2 q2 -> partner_unknown
         house: partner_set p1 gallery
         given party 4
         house/g2: approve a1 q1
         house/g2: approve a2 q2
         given version 2",
    );
}

#[test]
fn keys_of_partners_are_their_own_to_add_and_revoke() {
    check(
        ISSUER_PAYS,
        "bakery: key_add x1 k2 public=bakery/k2 scopes=submit
         bakery: key_add x2 k2 public=bakery/k3 scopes=submit -> key_exists
         bakery: key_add x2 k3 public=bakery/k2 scopes=submit -> key_exists
         cinema: key_add x2 k3 public=bakery/k2 scopes=submit -> key_exists
         bakery: key_add x2 k3 public=bakery/k3 scopes=govern -> scopes_not_allowed
         bakery: key_add x2 k3 public=bakery/k3 scopes=submit,audit -> scopes_not_allowed
         bakery: key_add x2 k3 public=bakery/k3 scopes= -> scopes_not_allowed
         bakery: key_add x2 k2 public=bakery/k2 scopes=govern -> key_exists
         bakery: key_add x2 k3 author=cinema public=bakery/k3 scopes=submit -> op_not_allowed
         bakery: key_add x2 k3 author=house public=bakery/k3 scopes=submit -> op_not_allowed
         bakery: key_add x2 k3 author=nobody public=bakery/k3 scopes=submit -> op_not_allowed
         bakery: key_add x2 k3 author=bakery public=bakery/k3 scopes=submit
         bakery: key_revoke x3 k2
         bakery: key_revoke x4 k2 -> key_not_active
         bakery: key_revoke x4 nothing -> key_not_active
         bakery: key_revoke x4 k1 author=cinema -> op_not_allowed
         cinema: key_revoke x4 k3 -> key_not_active
         # a key id and a public key are given once, also after their end
         bakery: key_add x4 k2 public=bakery/k4 scopes=submit -> key_exists
         bakery: key_add x4 k4 public=bakery/k2 scopes=submit -> key_exists
         # a partner may be left without keys
         bakery: key_revoke x5 k1; key_revoke x6 k3",
    );
}

#[test]
fn keys_of_the_house_are_kept_at_two_that_govern_and_one_that_operates() {
    check(
        ISSUER_PAYS,
        "house: key_revoke x1 g1 -> keys_insufficient
         house: key_revoke x1 o1 -> keys_insufficient
         house: key_revoke x1 nothing -> key_not_active
         house: propose q1 key_add g3 public=house/g3 scopes=govern,operate
         house/g2: approve a1 q1
         house: key_revoke x1 g1
         house/g2: key_revoke x2 g2 -> keys_insufficient
         house/g2: key_revoke x2 g1 -> key_not_active
         house/g2: key_revoke x2 o1
         house/g2: key_revoke x3 g3 -> keys_insufficient
         house/g2: propose q2 key_add g1 public=house/g4 scopes=govern
         house/g3: approve a2 q2 -> key_exists
         house/g2: propose q3 key_add g5 public=house/g1 scopes=govern
         house/g3: approve a3 q3 -> key_exists
         house/g2: propose q4 key_add g5 public=house/g5 scopes=submit
         house/g3: approve a4 q4 -> scopes_not_allowed
         house/g2: propose q5 key_add k9 author=nobody public=house/g5 scopes=submit
         house/g3: approve a5 q5 -> partner_unknown
         house/g2: key_revoke x4 k1 author=nobody -> partner_unknown
         house/g2: key_revoke x4 k1 author=bakery
         house/g2: key_revoke x5 k1 author=bakery -> key_not_active",
    );
}

/// What admission says to a sentence of this key, at the house's present time.
fn admitted(house: &House, kid: &str, sentence: &str, valid_for_s: u64) -> Result<(), Refusal> {
    let until = house.now.plus_seconds(valid_for_s);
    let payload = submission("s", "independent", until, &[op(sentence)]);
    let submission = payload::parse(&payload, Some(2)).expect("a payload");
    let (author, key) = kid.split_once('/').expect("a kid");
    let signer = Signer {
        party: house.party(author),
        key: Name::parse(key).expect("a name"),
    };
    admit(house.set.governance(), &signer, &submission, house.now)
}

#[test]
fn a_first_key_is_good_at_once_and_a_recovered_one_after_24_hours() {
    let mut house = check(
        ISSUER_PAYS,
        "house: partner_set p1 gallery
         house: propose q1 key_add k1 author=gallery public=gallery/k1 scopes=submit
         house/g2: approve a1 q1
         house: propose q2 key_add k2 author=gallery public=gallery/k2 scopes=submit
         house/g2: approve a2 q2
         house: propose q3 key_add g9 public=house/g9 scopes=govern
         house/g2: approve a3 q3",
    );
    let burn = "burn b1 m1 1";
    assert_eq!(admitted(&house, "gallery/k1", burn, 60), Ok(()));
    assert_eq!(admitted(&house, "house/g9", "approve a9 q9", 60), Ok(()));
    let waiting = Err(Refusal::KeyNotValid);
    assert_eq!(admitted(&house, "gallery/k2", burn, 60), waiting);
    // Two submissions passed since, of a microsecond each.
    house.run("wait 86399999997us");
    assert_eq!(admitted(&house, "gallery/k2", burn, 60), waiting);
    house.run("wait 1us");
    assert_eq!(admitted(&house, "gallery/k2", burn, 60), Ok(()));
    let key = |id| {
        let name = Name::parse(id).expect("a name");
        house
            .set
            .governance()
            .key(house.party("gallery"), &name)
            .cloned()
    };
    assert_eq!(key("k1").map(|key| key.recovered), Some(false));
    assert_eq!(key("k2").map(|key| key.recovered), Some(true));
    house.run("house: key_revoke x1 k1 author=gallery");
    assert_eq!(admitted(&house, "gallery/k1", burn, 60), waiting);
    assert_eq!(admitted(&house, "gallery/nothing", burn, 60), waiting);
}

#[test]
fn a_key_signs_only_what_its_scopes_cover() {
    let house = check(
        ISSUER_PAYS,
        "bakery: key_add x1 k2 public=bakery/k2 scopes=submit
         bakery: key_add x2 k3 public=bakery/k3 scopes=transfer
         bakery: key_add x3 k4 public=bakery/k4 scopes=manage,read,statements
         house: propose q1 key_add a1 public=house/a1 scopes=audit,pay
         house/g2: approve a1 q1",
    );
    let of_submit = [
        "issue a m 1",
        "burn a m 1",
        "hold a m 1 1",
        "capture a h 1",
        "release a h",
    ];
    let of_govern = [
        "partner_set a p",
        "price_set a default=1/1/0/0",
        "approve a p",
    ];
    let of_operate = [
        "member_freeze a m",
        "member_unfreeze a m",
        "expire a 2026-01-01",
    ];
    let cases: [(&[&str], Scope, &str); 5] = [
        (&of_submit, Scope::Submit, "bakery/k2"),
        (&["transfer a m n 1"], Scope::Transfer, "bakery/k3"),
        (&["key_revoke a k"], Scope::Manage, "bakery/k4"),
        (&of_govern, Scope::Govern, "house/g1"),
        (&of_operate, Scope::Operate, "house/o1"),
    ];
    for (sentences, scope, able) in cases {
        for sentence in sentences {
            for (_, _, kid) in cases.iter().chain([&(&[][..], scope, "house/a1")]) {
                let house_signs = kid.starts_with("house/");
                // A key op needs `manage` of a partner and `govern` of the house.
                let may = *kid == able || (scope == Scope::Manage && *kid == "house/g1");
                let verdict = admitted(&house, kid, sentence, 60);
                assert_eq!(verdict.is_ok(), may, "{kid}: {sentence}");
                if let Err(refusal) = verdict {
                    let needed = match scope {
                        Scope::Manage if house_signs => Scope::Govern,
                        scope => scope,
                    };
                    let op = sentence.split(' ').next().expect("a kind");
                    assert!(
                        matches!(refusal, Refusal::ScopeMissing { op: named, scope }
                            if named == op && scope == needed),
                        "{kid}: {sentence}: {refusal}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_envelope_is_good_for_a_day_at_most_and_scope_comes_before_time() {
    let mut house = House::open(&ISSUER_PAYS);
    let burn = "burn b1 m1 1";
    // Instants in payloads are whole seconds: stand on one.
    house.now = Micros::from_seconds(house.now.seconds() + 1);
    assert_eq!(admitted(&house, "bakery/k1", burn, 0), Ok(()));
    assert_eq!(admitted(&house, "bakery/k1", burn, 86_400), Ok(()));
    let too_long = Err(Refusal::EnvelopeValidTooLong);
    assert_eq!(admitted(&house, "bakery/k1", burn, 86_401), too_long);
    house.now = Micros(house.now.0 + 1);
    let expired = Err(Refusal::EnvelopeExpired);
    assert_eq!(admitted(&house, "bakery/k1", burn, 0), expired);
    let verdict = admitted(&house, "house/g1", burn, 0);
    assert!(
        matches!(verdict, Err(Refusal::ScopeMissing { .. })),
        "{verdict:?}"
    );
}

#[test]
fn settings_change_what_comes_after() {
    check(
        ISSUER_PAYS,
        "bakery: issue i1 m1 10
         house: propose q1 programme_set life_days=1 occurred_ahead_s=0 occurred_past_days=1
         house/g2: approve a1 q1
         bakery: issue i2 m1 10
         bakery: issue i3 m1 1 occurred_at=2026-03-01T12:00:02Z -> occurred_in_future
         bakery: issue i3 m1 1 occurred_at=2026-02-28T12:00:00Z -> occurred_too_long_ago
         # what the change did not name stays
         cinema: transfer t1 m1 m2 1
         wait 2d
         member m1 available 10
         house: propose q2 rules_upgrade 2
         house/g2: approve a2 q2 -> rules_version_unknown
         house: propose q3 rules_upgrade 1
         house/g2: approve a3 q3 -> rules_version_unknown",
    );
}

#[test]
fn a_partner_is_registered_once_and_changed_afterwards() {
    let mut house = check(ISSUER_PAYS, "house: partner_set p1 gallery roles=burn");
    let sha = "ab".repeat(32);
    house.run(&format!(
        "given party 4
         house: partner_set p2 gallery master_sha256={sha}
         given party 4
         house: partner_set p3 gallery roles= status=suspended
         given party 4"
    ));
    let partner = house.set.governance().partner(house.party("gallery"));
    let partner = partner.expect("registered");
    assert_eq!(
        partner.master_sha256,
        Some([0xab; 32]),
        "an absent hash leaves the one before"
    );
    assert!(!partner.roles.burn && !partner.roles.issue);
}

#[test]
fn found_a_second_time_is_not_allowed() {
    let mut house = House::open(&ISSUER_PAYS);
    let again = crate::house::found(&ISSUER_PAYS);
    // The id of the first was used up by the first.
    let mut other = again.clone();
    other["id"] = serde_json::json!("found-2");
    let outcome = |house: &mut House, op: &serde_json::Value| {
        let effects = house.submit("house", "independent", std::slice::from_ref(op));
        effects[0].outcome().code()
    };
    assert_eq!(outcome(&mut house, &again), "duplicate");
    assert_eq!(outcome(&mut house, &other), "op_not_allowed");
}
