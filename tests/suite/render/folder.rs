//! The series as folders on the disk, for `tests/conformance` to look at with tools of others.

use super::cases;
use std::fs;
use std::path::Path;
use tallyhouse::render::{WindowSheet, csv, html, journal, xlsx};

/// Writes `DIR/<series>/<window>/…` below the folder that cargo gives tests, and says where.
#[test]
fn every_series_is_written_as_a_folder() {
    let top = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sheets");
    let series = [
        ("issuer-pays", cases::issuer_pays()),
        ("pool", cases::pool()),
        ("bilateral", cases::bilateral()),
    ];
    for (name, cases) in series {
        let top = top.join(name);
        let _ = fs::remove_dir_all(&top);
        let mut windows: Vec<WindowSheet> = Vec::new();
        let mut files = Vec::new();
        for case in &cases {
            files.push(write_window(&top, case));
            windows.push(case.window());
        }
        fs::write(top.join("index.html"), html::index(&windows, &files)).expect("the disk writes");
    }
}

/// Writes one window and gives the links of its files.
fn write_window(top: &Path, case: &cases::Case) -> Vec<String> {
    let window = case.window();
    let number = window.document.identity.window.to_string();
    fs::create_dir_all(top.join(&number).join("statements")).expect("the disk has room");
    let mut links = Vec::new();
    let mut write = |name: &str, bytes: &[u8]| {
        let link = format!("{number}/{name}");
        fs::write(top.join(&link), bytes).expect("the disk writes");
        links.push(link);
    };
    let canonical = serde_json_canonicalizer::to_vec(window.document).expect("JSON");
    write("window.json", &canonical);
    write("matrix.csv", &csv::matrix(&window));
    write("matrix.xlsx", &xlsx::matrix(&window).expect("it fits"));
    write(
        "journal.hledger",
        journal::hledger(&window, true).as_bytes(),
    );
    write(
        "journal.beancount",
        journal::beancount(&window, true).as_bytes(),
    );
    for sheet in case.sheets() {
        let partner = sheet.statement.partner;
        let canonical = serde_json_canonicalizer::to_vec(sheet.statement).expect("JSON");
        write(&format!("statements/{partner}.json"), &canonical);
        write(
            &format!("statements/{partner}.csv"),
            &csv::statement(&sheet),
        );
        let workbook = xlsx::statement(&sheet).expect("it fits");
        write(&format!("statements/{partner}.xlsx"), &workbook);
    }
    links
}
