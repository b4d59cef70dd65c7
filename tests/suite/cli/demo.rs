//! The demo from end to end: a week, seven nights, and everything checked.

use crate::process::{TALLYHOUSE, run, text};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::Path;

#[test]
fn the_demo_closes_a_week_and_finds_it_right() {
    let memory = Path::new("/dev/shm");
    let dir = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    let dir = dir.unwrap();
    let words: [&OsStr; 4] = [
        "demo".as_ref(),
        "--json".as_ref(),
        "--dir".as_ref(),
        dir.path().as_ref(),
    ];
    let output = run(TALLYHOUSE, words);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["windows"], 7, "{report}");
    assert_eq!(report["statements"], 154);
    let verdict = &report["verdict"];
    assert_eq!(verdict["windows"], 7);
    assert_eq!(verdict["statements"], 154);
    assert_eq!(verdict["findings"], json!([]));
    assert_eq!(report["import"]["rows_rejected"], 0);
    let windows = dir.path().join("windows");
    let index = std::fs::read_to_string(windows.join("index.html")).unwrap();
    for window in 0..7 {
        let folder = windows.join(window.to_string());
        for file in [
            "window.json",
            "window.jws",
            "matrix.xlsx",
            "journal.hledger",
            "payments.pain001.xml",
            "payments.pain008.xml",
            "pack.zip",
            "statements/grocery.pdf",
            "statements/grocery.camt053.xml",
            "statements/grocery.stated.json",
        ] {
            assert!(folder.join(file).is_file(), "{window}/{file}");
            assert!(index.contains(&format!("\"{window}/{file}\"")), "{file}");
        }
        assert!(!folder.join("problems.json").exists(), "{window}");
        let document = std::fs::read(folder.join("window.json")).unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        let day = format!("2017-01-{:02}", window + 1);
        assert_eq!(document["identity"]["first_day"], day);
        assert_eq!(document["identity"]["last_day"], day);
        assert_eq!(document["identity"]["currency"], "EUR");
    }
    assert!(!windows.join("7").exists());
}
