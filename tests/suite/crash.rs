//! kill -9 at any moment: what was acknowledged stays, and nothing is there twice.

use crate::model::Model;
use crate::month;
use crate::process::{Founded, Server, text};
use serde_json::Value;
use std::fmt::Write;

const MONTH: &str = include_str!("../data/purchases-2017-01.csv");
const ROWS: usize = 900;

/// Waits until the ledger has this many entries; each question gives the house time to go on.
fn wait_for(server: &Server, entries: u64) {
    for _ in 0..1_000_000 {
        if server.entries() >= entries {
            return;
        }
    }
    panic!("the import does not get on");
}

#[test]
fn an_import_survives_kill_9_on_both_sides_without_loss_or_double() {
    let mut csv = String::new();
    for line in MONTH.lines().take(ROWS + 1) {
        writeln!(csv, "{line}").unwrap();
    }
    let model = Model::of(&csv);
    let founded = Founded::new();
    let file = founded.path("purchases.csv");
    std::fs::write(&file, &csv).unwrap();
    let mut server = founded.serve("127.0.0.1:0");
    let partners: Vec<&str> = model.partners.iter().map(String::as_str).collect();
    server.register(&founded, &partners);
    let registered = server.entries();

    // The house dies and comes back; the import goes on by itself.
    let mut import = server.import(&founded, &file).spawn().unwrap();
    for round in 1..=3 {
        wait_for(&server, registered + 100 * round);
        let address = server.kill();
        server = founded.serve(&address);
    }

    // Now both die.
    wait_for(&server, registered + 450);
    import.kill().unwrap();
    import.wait().unwrap();
    let address = server.kill();
    server = founded.serve(&address);
    let before = server.entries();
    assert!(before >= registered + 450, "an acknowledged entry is gone");

    // The same command again brings the rest, and then nothing more.
    let output = server.import(&founded, &file).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["rows"], ROWS);
    assert_eq!(report["duplicates"], 0);
    assert_eq!(report["submissions_before"], before - registered);
    assert_eq!(report["issued_points"], model.issued.values().sum::<u64>());
    assert_eq!(report["burned_points"], model.burned.values().sum::<u64>());
    let after = server.entries();
    let output = server.import(&founded, &file).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(server.entries(), after);

    month::check(&server, &founded, &model);
    let verdict = server.export_and_verify(&founded);
    assert_eq!(verdict["entries"], after);
}
