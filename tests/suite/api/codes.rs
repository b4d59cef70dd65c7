//! Every code of a problem is answered by some test, by a list compared with the code's own.

use std::collections::BTreeSet;
use std::path::Path;
use tallyhouse::http::problem::Code;

/// Codes that no request can bring about in a test, and where they are tested instead.
const NOT_ASKED_FOR: [&str; 2] = [
    // Needs a system clock that jumps: `http::problem` tests what it is answered.
    "read_only",
    // Comes with the replicated log; until then nobody answers it.
    "not_leader",
];

#[test]
fn every_code_is_expected_by_a_test_of_the_api() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/api");
    let mut sources = String::new();
    for file in std::fs::read_dir(folder).expect("the tests are here") {
        let path = file.expect("a file").path();
        if !path.ends_with("codes.rs") {
            sources.push_str(&std::fs::read_to_string(path).expect("it can be read"));
        }
    }
    let unasked: BTreeSet<&str> = Code::ALL
        .into_iter()
        .map(Code::as_str)
        .filter(|code| !sources.contains(&format!("\"{code}\"")))
        .filter(|code| !sources.contains(&format!("problem:{code}\"")))
        .collect();
    assert_eq!(unasked, BTreeSet::from(NOT_ASKED_FOR));
}

#[test]
fn the_description_lists_every_code() {
    let description = serde_json::to_value(tallyhouse::http::openapi()).expect("JSON");
    let listed = &description["components"]["schemas"]["Code"]["enum"];
    let all: Vec<&str> = Code::ALL.into_iter().map(Code::as_str).collect();
    assert_eq!(*listed, serde_json::json!(all));
}
