//! The bench from end to end at a tiny size: that it runs, checks and reports; never how fast.

use crate::process::{TALLYHOUSE, run, text};
use serde_json::Value;
use std::path::Path;
use std::process::Output;

fn bench(more: &[&str]) -> Output {
    let memory = Path::new("/dev/shm");
    let dir = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    let dir = dir.unwrap();
    let mut words = vec![
        "bench",
        "--json",
        "--quick",
        "--members",
        "1000",
        "--partners",
        "8",
    ];
    words.extend(["--seconds", "0.2", "--ops", "2000"]);
    words.extend(["--dir", dir.path().to_str().unwrap()]);
    words.extend(more);
    let output = run(TALLYHOUSE, words);
    let left = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 0, "the house's folder was left: {}", text(&output));
    output
}

fn check_scenarios(scenarios: &[Value]) {
    let names: Vec<&str> = scenarios
        .iter()
        .map(|s| s["scenario"].as_str().unwrap())
        .collect();
    let expected = [
        "single-1",
        "single-8",
        "single-64",
        "single-256",
        "batch-10",
        "batch-100",
        "batch-400",
        "fill",
        "mix-wide",
        "mix-hot",
        "reads",
        "reads",
        "reads",
        "reads",
        "overload",
        "audit",
        "audit",
        "window",
        "window",
        "restart",
    ];
    assert_eq!(names, expected);
    for scenario in scenarios {
        assert!(scenario["achieved"].as_f64().unwrap() > 0.0, "{scenario}");
        let is_load = ["single", "batch", "fill", "mix"]
            .iter()
            .any(|name| scenario["scenario"].as_str().unwrap().starts_with(name));
        if is_load {
            assert!(scenario["ratio"].as_f64().unwrap() > 0.0, "{scenario}");
            assert!(
                scenario["latency"]["p99_ms"].as_f64().unwrap() > 0.0,
                "{scenario}"
            );
            assert!(scenario["checked"]["ops"].as_u64() >= scenario["ops"].as_u64());
        }
    }
    let mix = &scenarios[8]["kinds"];
    for kind in ["issue", "burn", "hold", "capture", "reverse"] {
        assert!(mix[kind].as_u64().unwrap() > 0, "{mix}");
    }
}

#[test]
fn the_bench_runs_every_scenario_and_checks_what_it_measured() {
    let results = tempfile::tempdir().unwrap();
    let output = bench(&["--report", results.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["holds"], true);
    for limit in [
        "verify_strict_per_s",
        "verify_with_table_per_s",
        "blake3_per_s",
        "sha256_per_s",
        "synced_appends_per_s",
        "synced_bytes_per_s",
        "rocksdb_puts_per_s",
    ] {
        assert!(report["limits"][limit].as_f64().unwrap() > 0.0, "{limit}");
    }
    check_scenarios(report["scenarios"].as_array().unwrap());
    let page = std::fs::read_to_string(results.path().join("results.md")).unwrap();
    assert!(
        page.contains("## Budgets") && page.contains("results.svg"),
        "{page}"
    );
    let plot = std::fs::read_to_string(results.path().join("results.svg")).unwrap();
    let mut reader = quick_xml::Reader::from_str(&plot);
    while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    let kept = std::fs::read(results.path().join("results.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&kept).unwrap(), report);
}

#[test]
fn the_bench_fails_when_a_balance_is_not_what_it_expects() {
    let output = bench(&["--scenario", "batch-10", "--expect-off-by", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["holds"], false);
    let findings = report["findings"].to_string();
    assert!(findings.contains("points together"), "{findings}");
    assert!(findings.contains("m-0 should have"), "{findings}");
    assert_eq!(bench(&["--scenario", "fly"]).status.code(), Some(2));
}
