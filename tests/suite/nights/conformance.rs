//! Writes windows for programs that others wrote: `.ci/conformance` has them read.

use super::masters::{bind, master, put};
use super::programme::{Programme, Terms, issuer_pays, pool};
use crate::support::public_key;
use serde_json::{Value, json};
use std::path::Path;

const PARTNERS: [&str; 5] = ["bakery", "cinema", "florist", "grocer", "kiosk"];
const DAYS: u32 = 3;

fn day(programme: &Programme, day: u32) {
    programme.move_to(&format!("2017-01-{day:02}T12:00:00Z"));
    if day > 1 {
        pay(programme, day);
    }
    for (place, partner) in (1..).zip(PARTNERS).take(4) {
        let mut ops = Vec::new();
        for number in 0..3_u64 {
            let id = format!("i-{day}-{number}");
            let points = 4_000 * place + 100 * number + u64::from(day);
            let member = format!("m-{number}");
            ops.push(json!({"op": "issue", "id": id, "member": member, "points": points}));
        }
        programme.accept(
            &format!("{partner}/till"),
            &format!("i-{day}-{partner}"),
            &ops,
        );
    }
    for (place, partner) in (1..).zip(PARTNERS).skip(1) {
        let mut ops = Vec::new();
        for number in 0..3_u64 {
            let points = 1_000 * place + 37 * number;
            ops.push(json!({"op": "burn", "id": format!("b-{day}-{number}"),
                "member": format!("m-{number}"), "points": points}));
        }
        let back = json!({"op": "reverse", "id": format!("v-{day}"), "target": format!("b-{day}-0"),
            "points": 111});
        ops.push(back);
        programme.accept(
            &format!("{partner}/till"),
            &format!("b-{day}-{partner}"),
            &ops,
        );
    }
    let amount = json!({"op": "adjust", "corrects": {"entry": 6, "op": 0}, "kind": "amount",
        "debtor": "grocer", "creditor": "bakery", "amount": "12.34"});
    programme.approve(&format!("adjust-{day}"), &[amount]);
    programme.move_to(&format!("2017-01-{:02}T02:00:00Z", day + 1));
}

/// Some payments of the night before are confirmed.
fn pay(programme: &Programme, day: u32) {
    let document = programme.json(day - 2, "window.json");
    let payments = document["payments"].as_array().expect("payments");
    let confirm = |payment: &Value| {
        json!({"op": "confirm_payment", "id": format!("p-{}", payment["reference"]
                .as_str().expect("a reference")),
            "window": payment["window"], "debtor": payment["debtor"],
            "creditor": payment["creditor"], "currency": "EUR", "amount": payment["amount"],
            "reference": payment["reference"]})
    };
    let ops: Vec<Value> = payments.iter().step_by(2).map(confirm).collect();
    programme.accept("house/pay-1", &format!("pay-{day}"), &ops);
}

fn write(terms: &Terms, folder: &Path) {
    let programme = Programme::found(terms);
    programme.register("all", &PARTNERS);
    programme.price("prices", "0.0085");
    let mut names = json!({});
    for (number, party) in (1..).zip(["house"].iter().chain(&PARTNERS)) {
        let master = master(party, number);
        put(&programme, &master);
        if *party != "house" {
            bind(&programme, &master);
        }
        names[*party] = json!(master.legal_name);
    }
    for number in 1..=DAYS {
        day(&programme, number);
    }
    let files = programme.published();
    for (name, bytes) in &files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
    }
    let keys = json!({"house/operate-1": public_key("house/operate-1")});
    let parties = json!({"keys": keys, "names": names});
    std::fs::write(folder.join("parties.json"), parties.to_string()).expect("a file");
    for window in 0..DAYS {
        for file in ["payments.pain001.xml", "payments.pain008.xml", "pack.zip"] {
            assert!(
                files.contains_key(&format!("{window}/{file}")),
                "{window}: no {file}"
            );
        }
        assert!(!files.contains_key(&format!("{window}/problems.json")));
    }
}

#[test]
fn windows_are_written_for_the_programs_of_others() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
    for terms in [issuer_pays(), pool()] {
        let terms = Terms {
            settings: json!({"transfer_allowed": true, "payment_minimum": "0.05"}),
            ..terms
        };
        let folder = target.join(terms.model);
        std::fs::create_dir_all(&folder).expect("a folder");
        write(&terms, &folder);
    }
}
