//! A month of real purchases, and every balance, total and line worked out a second time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use crate::model::Model;
use crate::process::{Founded, Server, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const MONTH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/purchases-2017-01.csv"
);

#[test]
fn a_month_of_purchases_is_in_the_ledger_to_the_last_point() {
    let csv = std::fs::read_to_string(MONTH).unwrap();
    let model = Model::of(&csv);
    let founded = Founded::in_memory();
    let server = founded.serve("127.0.0.1:0");
    let partners: Vec<&str> = model.partners.iter().map(String::as_str).collect();
    server.register(&founded, &partners);
    let rejects = founded.path("rejects.csv");
    let mut import = server.import(&founded, Path::new(MONTH));
    let output = import.arg("--rejects").arg(&rejects).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["rows"], 31_616);
    assert_eq!(report["rows_rejected"], 0);
    assert!(!rejects.exists());
    assert_eq!(report["rows_without_points"], model.rows_without_points);
    assert_eq!(report["issues"], model.issues);
    assert_eq!(report["burns"], model.burns);
    assert_eq!(report["issued_points"], model.issued.values().sum::<u64>());
    assert_eq!(report["burned_points"], model.burned.values().sum::<u64>());
    check(&server, &founded, &model);
    let verdict = server.export_and_verify(&founded);
    assert_eq!(verdict["entries"], server.entries());
    assert_eq!(verdict["findings"], serde_json::json!([]));
}

/// Compares every member, every partner and every line with the model.
pub fn check(server: &Server, founded: &Founded, model: &Model) {
    let auditor = server.token(&founded.house_key("audit-1"));
    for member in model.members() {
        let found = server.get(&format!("/members/{member}"), Some(&auditor));
        assert_eq!(found["available"], model.balance(member), "{member}");
    }
    for partner in &model.partners {
        let found = server.get(&format!("/partners/{partner}"), Some(&auditor));
        let of = |points: &BTreeMap<String, u64>| points.get(partner).copied().unwrap_or_default();
        let outstanding = of(&model.issued) - of(&model.burned);
        assert_eq!(found["outstanding_points"], outstanding, "{partner}");
    }
    let lines = server.get("/partners/house/lines", Some(&auditor));
    let mut found = BTreeMap::new();
    for line in lines["lines"].as_array().unwrap() {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let key = (text("debtor"), text("creditor"), text("reason"));
        let before = found.insert(key, line["points"].as_u64().unwrap());
        assert!(before.is_none(), "{line}");
    }
    let mut wanted = BTreeMap::new();
    for ((issuer, partner), points) in &model.owed {
        let key = (issuer.clone(), partner.clone(), "burn".to_owned());
        wanted.insert(key, *points);
    }
    for (points, reason) in [(&model.issued, "issue_fee"), (&model.burned_at, "burn_fee")] {
        for (partner, points) in points {
            let key = (partner.clone(), "house".to_owned(), reason.to_owned());
            wanted.insert(key, *points);
        }
    }
    assert_eq!(found, wanted);
}
