//! Every outcome is met by some case of these tables, by a list compared with the code's own.

use std::path::Path;
use tallyhouse::domain::rejection::Rejection;

#[test]
fn every_outcome_is_expected_by_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/rules");
    let mut sources = String::new();
    for file in std::fs::read_dir(folder).expect("the tests are here") {
        let path = file.expect("a file").path();
        sources.push_str(&std::fs::read_to_string(path).expect("it can be read"));
    }
    let split = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    let words: std::collections::BTreeSet<&str> = sources.split(split).collect();
    let missing: Vec<&str> = Rejection::all()
        .map(Rejection::code)
        .filter(|code| !words.contains(code))
        .collect();
    assert!(missing.is_empty(), "met by no case: {missing:?}");
}
