//! The way into the ledger: receipts, retries, rejections, gossip.

use super::{Town, burn, issue};
use crate::support::sign;
use serde_json::{Value, json};
use tallyhouse::proof::checkpoint::Checkpoint;
use tallyhouse::proof::note::{NoteSigner, VerifierKey};
use tallyhouse::proof::receipt;

#[test]
fn a_submission_gets_a_receipt_that_verifies_and_a_retry_gets_the_same_entry() {
    let town = Town::new();
    let ops = json!([issue("i1", "m1", 500), burn("b1", "m1", 120)]);
    let compact = town.coalition.signed("bakery/till", "s1", &ops);
    let first = town.server.submit(&town.coalition, &compact);
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(first.header("content-type"), "application/json");
    let index = &first.json()["index"];
    assert_eq!(
        first.header("location"),
        format!("/v1/demo/receipts/{index}")
    );
    town.send_applied("grocer/till", "between", &json!([issue("i1", "m1", 7)]));
    let size = town.coalition.size();
    let again = town.server.submit(&town.coalition, &compact);
    assert_eq!(again.status, 200);
    assert_eq!(town.coalition.size(), size, "a retry is no entry");

    let vkey = town.server.get("/v1/demo", None).json()["ledger_key"].clone();
    let vkey = VerifierKey::parse(vkey.as_str().expect("text")).expect("a verifier key");
    for answer in [&first, &again] {
        receipt::verify(&answer.body, std::slice::from_ref(&vkey)).expect("it holds");
    }
    let without_proof = |answer: &crate::support::Answer| {
        let mut receipt = answer.json();
        for member in ["proof", "checkpoint"] {
            receipt.as_object_mut().expect("an object").remove(member);
        }
        receipt
    };
    assert_eq!(without_proof(&first), without_proof(&again));

    let results = &first.json()["results"];
    assert_eq!(results[0]["members"][0]["balance"]["available"], 500);
    assert_eq!(results[1]["members"][0]["balance"]["available"], 380);
    for path in [
        format!("/receipts/{index}"),
        "/submissions/bakery/s1".to_owned(),
    ] {
        let read = town.get_as("bakery/reader", "read", &path);
        assert_eq!(without_proof(&read), without_proof(&first), "{path}");
    }
}

#[test]
fn what_is_known_is_answered_though_key_and_time_have_passed_since() {
    let town = Town::new();
    let compact = town
        .coalition
        .signed("bakery/till", "s1", &json!([issue("i1", "m1", 5)]));
    assert_eq!(town.server.submit(&town.coalition, &compact).status, 201);
    let revoke = json!([{"op": "key_revoke", "id": "r1", "key": "till"}]);
    town.send_applied("bakery/manage", "revoke", &revoke);
    let later = town.coalition.now().plus_seconds(48 * 3600);
    let moved = town.coalition.ledger.clock().advance_to(later.0);
    moved.expect("it moves forward");
    assert_eq!(town.server.submit(&town.coalition, &compact).status, 200);
}

#[test]
fn a_rejected_op_is_recorded_and_answered_with_its_number() {
    let town = Town::new();
    let size = town.coalition.size();
    let ops = json!([
        burn("b1", "nobody", 5),
        issue("i1", "m1", 5),
        burn("b2", "m1", 6)
    ]);
    let receipt = town.send("bakery/till", "s1", &ops);
    assert_eq!(receipt.status, 201);
    let receipt = receipt.json();
    let codes: Vec<_> = (0..3)
        .map(|op| receipt["results"][op]["code"].clone())
        .collect();
    assert_eq!(codes, ["member_unknown", "applied", "insufficient_points"]);
    assert_eq!(town.coalition.size(), size + 1);
    let metrics = town.server.get("/metrics", None).text();
    let counted =
        r#"tallyhouse_ops_total{programme="demo",kind="burn",outcome="member_unknown"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[test]
fn of_two_captures_at_once_one_is_applied() {
    let town = Town::new();
    let hold = json!({"op": "hold", "id": "h1", "member": "m1", "points": 50, "ttl_s": 600});
    town.send_applied("bakery/till", "hold", &json!([issue("i1", "m1", 50), hold]));
    let capture = |id: &str| json!([{"op": "capture", "id": id, "hold": "h1", "points": 40}]);
    let outcomes = std::thread::scope(|scope| {
        let send = |id: &'static str| {
            let town = &town;
            scope.spawn(move || town.send("bakery/till", id, &capture(id)).json())
        };
        let both = [send("c1"), send("c2")];
        both.map(|sent| sent.join().expect("it is answered")["results"][0]["code"].clone())
    });
    let mut outcomes: Vec<Value> = outcomes.into();
    outcomes.sort_by_key(Value::to_string);
    assert_eq!(outcomes, ["applied", "hold_not_active"]);
    let member = town.get_as("bakery/till", "read", "/members/m1").json();
    assert_eq!(
        (&member["available"], &member["held"]),
        (&json!(10), &json!(0))
    );
}

#[test]
fn a_reverse_of_a_reverse_and_of_anothers_op_are_rejections() {
    let town = Town::new();
    let reverse =
        |id: &str, target: &str| json!({"op": "reverse", "id": id, "target": target, "points": 1});
    let ops = json!([
        issue("i1", "m1", 50),
        reverse("r1", "i1"),
        reverse("r2", "r1")
    ]);
    let results = town.send("bakery/till", "s1", &ops).json();
    assert_eq!(results["results"][2]["code"], "target_not_reversible");
    let theirs = town
        .send("grocer/till", "s1", &json!([reverse("r1", "i1")]))
        .json();
    assert_eq!(theirs["results"][0]["code"], "target_not_found");
}

#[test]
fn a_seen_checkpoint_is_compared_with_the_ledger() {
    let town = Town::new();
    let alarms = || {
        let metrics = town.server.get("/metrics", None).text();
        metrics.contains("tallyhouse_fork_alarms_total{programme=\"demo\"} 1")
    };
    let send = |submission: &str, seen: &str| {
        let ops = json!([issue(submission, "m1", 1)]);
        let mut payload = town.coalition.payload(submission, &ops);
        payload["seen"] = json!(seen);
        town.server
            .submit(&town.coalition, &sign("bakery/till", &payload))
    };
    let ours = town.server.get("/v1/demo/log/checkpoint", None).text();
    assert_eq!(send("good", &ours).status, 201);

    let size = town.coalition.size();
    for bad in [
        "",
        "nonsense",
        &ours.replace("\n\n", "\n"),
        &ours.replacen('\n', "\n1", 1),
    ] {
        assert_eq!(send("bad", bad).code(), "malformed", "{bad:?}");
    }
    assert_eq!(town.coalition.size(), size, "a bad note is no entry");
    assert!(!alarms());

    let origin = &town.coalition.origin;
    let key = NoteSigner::new(origin, &crate::support::secret(origin)).expect("an origin");
    let fork = |size, root| {
        let origin = origin.clone();
        Checkpoint { origin, size, root }.sign(&[&key])
    };
    assert_eq!(
        send("forked", &fork(1, [7; 32])).status,
        201,
        "it is evidence, and is kept"
    );
    assert!(alarms(), "another root for a size that we had");
    let ahead = fork(size + 1_000, [7; 32]);
    assert_eq!(send("ahead", &ahead).status, 201);
    let metrics = town.server.get("/metrics", None).text();
    assert!(metrics.contains("tallyhouse_fork_alarms_total{programme=\"demo\"} 2"));
}

#[test]
fn several_programmes_are_served_by_one_house() {
    use crate::support::{Coalition, Server};
    use tallyhouse::platform::config::Config;
    let (one, two) = (Coalition::simulated("one"), Coalition::simulated("two"));
    let server = Server::start(&Config::default(), &[&one, &two]);
    for coalition in [&one, &two] {
        let compact = coalition.signed("bakery/till", "s1", &json!([issue("i1", "m1", 5)]));
        assert_eq!(server.submit(coalition, &compact).status, 201);
        let path = format!("/v1/{}", coalition.id);
        assert_eq!(server.get(&path, None).json()["origin"], coalition.origin);
    }
    let compact = one.signed("bakery/till", "s2", &json!([issue("i2", "m1", 5)]));
    assert_eq!(server.submit(&two, &compact).code(), "wrong_ledger");
    let token = one.token("bakery/till", "read");
    assert_eq!(
        server.get("/v1/two/partners", Some(&token)).code(),
        "token_invalid"
    );
}
