//! The nightly run over a ledger in memory: what it publishes, and that an audit finds it right.

use crate::support::Coalition;
use serde_json::{Value, json};
use tallyhouse::audit::{Pins, Replay};
use tallyhouse::domain::time::Day;
use tallyhouse::settlement::Settlement;

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

fn trade(coalition: &Coalition, n: u64) {
    let member = format!("m-{n}");
    let issue =
        json!([{"op": "issue", "id": format!("i-{n}"), "member": member, "points": 700 + n}]);
    coalition.accept("bakery/till", &format!("si-{n}"), &issue);
    let burn = json!([{"op": "burn", "id": format!("b-{n}"), "member": member, "points": 300}]);
    coalition.accept("grocer/till", &format!("sb-{n}"), &burn);
}

fn file(settlement: &Settlement, window: u32, name: &str) -> Vec<u8> {
    let path = settlement
        .settings()
        .windows_dir
        .join(window.to_string())
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json_of(settlement: &Settlement, window: u32, name: &str) -> Value {
    serde_json::from_slice(&file(settlement, window, name)).expect("JSON")
}

fn audit(coalition: &Coalition) {
    let mut replay = Replay::new();
    for record in coalition.ledger.entries(0, usize::MAX).expect("entries") {
        if let Err(findings) = replay.push(&record.entry) {
            panic!("{findings:?}");
        }
    }
    let verdict = replay
        .finish(&Pins::default())
        .expect("judged")
        .expect("entries");
    assert!(verdict.holds(), "{:?}", verdict.findings);
}

#[test]
fn a_day_is_swept_cut_netted_stated_and_published_and_an_audit_agrees() {
    let coalition = Coalition::simulated("nights");
    let settlement = coalition.settlement();
    trade(&coalition, 1);
    let settled = settlement
        .settle(Some(day("2026-03-01")))
        .expect("it settles");
    assert_eq!(settled.len(), 1);
    assert_eq!((settled[0].window, settled[0].statements), (0, 2));
    let statement = json_of(&settlement, 0, "statements/bakery.json");
    assert_eq!(statement["position"]["payable"], "-2.75", "{statement}");
    assert_eq!(statement["liability"]["closing"], 401);
    assert_eq!(statement["lines"][1]["units"], 300);
    let again = settlement
        .settle(Some(day("2026-03-01")))
        .expect("it settles");
    assert!(again.is_empty(), "running it again changes nothing");
    audit(&coalition);
    settlement.close();
}
