//! Generated files are what the code would write now.

use serde_json::{Value, json};
use std::path::Path;
use tallyhouse::http::openapi;
use tallyhouse::http::problem::Code;

/// Set to write generated files anew.
const UPDATE: &str = "TALLYHOUSE_UPDATE_SCHEMAS";

fn check(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("schemas")
        .join(name);
    let text = serde_json::to_string_pretty(value).expect("plain JSON") + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &text).expect("the folder is there");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "schemas/{name} is stale; run the tests once with {UPDATE}=1"
    );
}

#[test]
fn the_description_of_the_api_is_kept() {
    check(
        "openapi.json",
        &serde_json::to_value(openapi()).expect("JSON"),
    );
}

#[test]
fn errors_are_listed_as_the_code_has_them() {
    let errors: Vec<Value> = Code::ALL
        .into_iter()
        .map(|code| {
            json!({
                "code": code.as_str(),
                "status": code.status().as_u16(),
                "retryable": code.is_retryable(),
                "advice": code.advice(),
            })
        })
        .collect();
    check("errors.json", &json!({ "errors": errors }));
}
