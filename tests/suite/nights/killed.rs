//! A real house, killed while nights of an import come.

use super::month::recompute;
use crate::model::Model;
use crate::process::{Founded, Server, text};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const MONTH: &str = include_str!("../../data/purchases-2017-01.csv");
const LAST_DAY: &str = "2017-01-05";
const NIGHTS: u32 = 4;

fn published(windows: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    super::programme::read_all(windows, "", &mut files);
    files
}

/// Kills the house as soon as it begins to publish a window, or has just done so.
fn kill_in_night(server: Server, windows: &Path, window: u32) -> String {
    let (hidden, whole) = (
        windows.join(format!(".{window}.new")),
        windows.join(window.to_string()),
    );
    for _ in 0..10_000_000 {
        if hidden.exists() || whole.exists() {
            return server.kill();
        }
        std::thread::yield_now();
    }
    panic!("the night of window {window} does not come");
}

#[test]
fn nights_survive_kill_9_and_what_they_publish_follows_from_the_ledger_alone() {
    let mut csv = String::new();
    for line in MONTH
        .lines()
        .take_while(|line| *line < LAST_DAY || !line.starts_with('2'))
    {
        writeln!(csv, "{line}").unwrap();
    }
    writeln!(
        csv,
        "2017-01-05T12:00:00Z,deli,330,31198570044,hh-0900,10.00,0.00"
    )
    .unwrap();
    let model = Model::of(&csv);
    let founded = Founded::with_nights();
    let file = founded.path("purchases.csv");
    std::fs::write(&file, &csv).unwrap();
    let mut server = founded.serve("127.0.0.1:0");
    let partners: Vec<&str> = model.partners.iter().map(String::as_str).collect();
    server.register(&founded, &partners);
    let windows = founded.path("house/data/demo/windows");
    let import = server.import(&founded, &file).spawn().unwrap();
    for window in 0..NIGHTS - 1 {
        let address = kill_in_night(server, &windows, window);
        server = founded.serve(&address);
    }
    let output = import.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    server.export_and_verify(&founded);

    // Another house over the same ledger, without the shadow's file and what was published.
    let before = published(&windows);
    assert!(
        before.keys().all(|name| !name.starts_with('.')),
        "{:?}",
        before.keys()
    );
    assert!(
        before.contains_key(&format!("{}/pack.zip", NIGHTS - 1)),
        "{:?}",
        before.keys()
    );
    let said = recompute(&founded.path("entries.ndjson"), &windows);
    assert!(said.status.success(), "{}", text(&said));
    let address = server.kill();
    std::fs::rename(&windows, founded.path("aside")).unwrap();
    std::fs::remove_file(founded.path("house/data/demo/shadow")).unwrap();
    let server = founded.serve(&address);
    // Nights come with the clock: the next one brings what is missing.
    writeln!(
        csv,
        "2017-01-06T12:00:00Z,deli,330,31198570044,hh-0900,10.00,0.00"
    )
    .unwrap();
    std::fs::write(&file, &csv).unwrap();
    let output = server.import(&founded, &file).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let again = published(&windows);
    for (name, bytes) in &before {
        let found = again
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not there again"));
        super::crash::check_bytes(name, found, bytes);
    }
}
