//! The statement as PDF: a whole file, the same bytes each time, that names what it is of.
//!
//! How it looks on its pages is tested in `src/render/pdf`.

use tallyhouse::domain::statement::{Stated, Statement};
use tallyhouse::render::master::{Master, Masters};
use tallyhouse::render::{Sheet, pdf};

fn masters() -> Masters {
    let list: toml::Table = toml::from_str(include_str!("masters.toml")).expect("masters");
    let list: Vec<Master> = list["master"].clone().try_into().expect("masters");
    list.into_iter()
        .map(|master| (master.party, master))
        .collect()
}

fn file(change: impl FnOnce(&mut Statement, &mut Stated, &mut Masters)) -> Vec<u8> {
    let mut statement = serde_json::from_str(include_str!("statement.json")).expect("a statement");
    let mut stated = serde_json::from_str(include_str!("stated.json")).expect("what binds it");
    let mut masters = masters();
    change(&mut statement, &mut stated, &mut masters);
    pdf::statement(&Sheet {
        statement: &statement,
        stated: &stated,
        masters: &masters,
        address: "https://points.example/v1/demo",
    })
}

fn holds(file: &[u8], text: &str) -> bool {
    file.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn the_same_statement_gives_the_same_bytes() {
    let first = file(|_, _, _| ());
    assert_eq!(first, file(|_, _, _| ()));
    assert!(first.starts_with(b"%PDF-1."));
    assert!(first.trim_ascii_end().ends_with(b"%%EOF"));
    assert_ne!(first, file(|_, stated, _| stated.entry += 1));
}

#[test]
fn a_file_says_what_it_is_of_and_that_it_is_archival() {
    let file = file(|_, _, _| ());
    for text in [
        "Statement, window 7, Grocery &amp; Co. Handels AG",
        "Tallyhouse Clearing GmbH",
        "sha256:f563cf5cc38cd0b563c7f28b4ee7f8a5ce352d478217a6c75ab5e0bb9d4addca",
        "<xmp:CreateDate>2026-03-03T02:00:01+00:00</xmp:CreateDate>",
        "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>",
        "https://points.example/v1/demo/windows/7/statements/grocery.json#sha256=f563cf5c",
    ] {
        assert!(holds(&file, text), "{text}");
    }
}

#[test]
fn a_partner_without_a_master_and_an_address_past_any_qr_code_still_have_a_file() {
    let bare = file(|statement, _, masters| {
        masters.clear();
        statement.identity.simulated = true;
    });
    assert!(holds(
        &bare,
        "Statement, window 7, grocery (simulated ledger)"
    ));

    let long = "x".repeat(4000);
    let statement = serde_json::from_str(include_str!("statement.json")).expect("a statement");
    let stated = serde_json::from_str(include_str!("stated.json")).expect("what binds it");
    let masters = masters();
    let file = pdf::statement(&Sheet {
        statement: &statement,
        stated: &stated,
        masters: &masters,
        address: &format!("https://points.example/{long}"),
    });
    assert!(file.starts_with(b"%PDF-1."));
}
