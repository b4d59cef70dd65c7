//! The schemas say what the code does: examples pass both, and generated files are not stale.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tallyhouse::domain::rejection::Rejection;
use tallyhouse::domain::submission::Action;
use tallyhouse::proof::payload;

/// Set to write generated files anew.
const UPDATE: &str = "TALLYHOUSE_UPDATE_SCHEMAS";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

fn read(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn validator(name: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(&read(name)).expect("a schema is JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("a schema follows its draft");
    jsonschema::draft202012::new(&schema).expect("a schema can be compiled")
}

const EXAMPLES: [&str; 10] = [
    "examples/found.json",
    "examples/house-ops.json",
    "examples/proposals.json",
    "examples/member-ops.json",
    "examples/expire.json",
    "examples/cut-window.json",
    "examples/net-window.json",
    "examples/issue-statements.json",
    "examples/payments.json",
    "examples/disputes.json",
];

#[test]
fn examples_pass_the_schema_and_the_reader_and_show_every_kind_of_op() {
    let schema = validator("submission.schema.json");
    let mut kinds = BTreeSet::new();
    let mut proposed = BTreeSet::new();
    for name in EXAMPLES {
        let text = read(name);
        let value: Value = serde_json::from_str(&text).expect("an example is JSON");
        if let Err(error) = schema.validate(&value) {
            panic!("{name}: {error} at {}", error.instance_path());
        }
        let submission = payload::parse(text.as_bytes(), Some(2));
        for op in submission
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .ops
        {
            kinds.insert(op.action.kind());
            if let Action::Propose(action) = &op.action {
                proposed.insert(action.kind());
            }
        }
    }
    kinds.extend(proposed);
    let schema: Value = serde_json::from_str(&read("submission.schema.json")).expect("JSON");
    let defs = schema["$defs"].as_object().expect("definitions");
    let ops = defs.iter().filter(|(name, _)| name.starts_with("op_"));
    let all: BTreeSet<_> = ops
        .map(|(_, op)| op["properties"]["op"]["const"].as_str().expect("a kind"))
        .collect();
    assert_eq!(kinds, all);
    assert_eq!(all.len(), 33);
    // Each definition is one that a submission, or a proposal, leads to.
    let led_to = |of: &Value, prefix: &str| {
        let refs = of["oneOf"].as_array().expect("a choice").iter();
        let refs = refs.map(|item| item["$ref"].as_str().expect("a reference"));
        let name = |text: &str| text.replace("#/$defs/", "");
        let refs: BTreeSet<String> = refs.map(name).collect();
        let names = defs.keys().filter(|name| name.starts_with(prefix)).cloned();
        assert_eq!(refs, names.collect());
    };
    led_to(&schema["properties"]["ops"]["items"], "op_");
    led_to(&defs["op_propose"]["properties"]["action"], "action_");
}

/// The schema and the reader refuse the same, wherever a schema can say it.
#[test]
fn what_the_reader_calls_malformed_the_schema_refuses() {
    let example = example();
    let op = |op: Value| with_op(&example, op);
    let top = |member: &str, value: Value| {
        let mut changed = example.clone();
        changed[member] = value;
        changed
    };
    let burn = |member: &str| op(json!({"op": "burn", "id": "x", "member": member, "points": 1}));
    let cases = [
        top("ledger", json!("points.example")),
        top("ledger", json!("points.example/Coalition-0123abcd")),
        top("submission", json!("")),
        top("valid_until", json!("2026-03-01T12:00:00+00:00")),
        top("mode", json!("all")),
        top("ops", json!([])),
        top("extra", json!(1)),
        top("seen", json!("x".repeat(4097))),
        burn("."),
        burn(".."),
        burn(&"m".repeat(65)),
        burn("a b"),
        op(json!({"op": "burn", "id": "x", "member": "m", "points": 1, "memo": "hi"})),
        op(json!({"op": "burn", "id": "x", "points": 1})),
        op(json!({"op": "burn", "id": "x", "member": "m", "points": 1.5})),
        op(json!({"op": "burn", "id": "x", "member": "m", "points": null})),
        op(json!({"op": "mint", "id": "x"})),
        op(json!({"op": "hold", "id": "x", "member": "m", "points": 1, "ttl_s": 2_592_001})),
        op(json!({"op": "expire", "id": "x", "up_to": "2026-02-01", "ref": "r"})),
        op(json!({"op": "programme_set", "id": "x"})),
        op(json!({"op": "programme_set", "id": "x", "life_days": 0})),
        op(json!({"op": "price_set", "id": "x", "rows": []})),
        op(json!({"op": "limit_set", "id": "x", "subject": "member", "partner": "p"})),
        op(json!({"op": "limit_set", "id": "x", "subject": "partner", "partner": "house"})),
        op(json!({"op": "propose", "id": "x", "action": {"op": "approve", "proposal": "p"}})),
        op(
            json!({"op": "adjust", "id": "x", "corrects": {"entry": 1, "op": 0}, "kind": "debit",
            "debtor": "p", "member": "m", "issuer": "p", "points": 1}),
        ),
        top(
            "ops",
            json!([{"op": "expire", "id": "x", "up_to": "2026-02-01"},
            {"op": "release", "id": "y", "hold": "h"}]),
        ),
    ];
    assert_malformed(&cases);
}

#[test]
fn what_the_reader_calls_malformed_of_settings_of_clearing_the_schema_refuses() {
    let set = |name: &str, value: Value| {
        let mut op = json!({"op": "programme_set", "id": "x"});
        op[name] = value;
        with_op(&example(), op)
    };
    assert_malformed(&[
        set("netting", json!("gross")),
        set("payout", json!("never")),
        set("silence", json!("gold")),
        set("payment_days", json!(367)),
        set("payment_minimum", json!("-1.00")),
        set("dispute_days", json!(36_526)),
        set("answer_days", json!(-1)),
        set("holidays", json!(["2026-12-25", "2026-12-25"])),
        set("holidays", json!("2026-12-25")),
    ]);
}

#[test]
fn what_the_reader_calls_malformed_of_windows_and_payments_the_schema_refuses() {
    let ops = [
        json!({"op": "cut_window", "id": "x", "window": 0}),
        json!({"op": "cut_window", "id": "x", "window": -1, "last_day": "2026-03-01"}),
        json!({"op": "net_window", "id": "x", "window": 0, "lines_root": "AB".repeat(32)}),
        json!({"op": "window_release", "id": "x", "window": 4_294_967_296_u64}),
        json!({"op": "issue_statements", "id": "x", "window": 0, "count": 1,
            "root": "ab".repeat(32)}),
        json!({"op": "confirm_payment", "id": "x", "window": 0, "debtor": "p",
            "creditor": "house", "currency": "eur", "amount": "1.00", "reference": "R"}),
        json!({"op": "payment_returned", "id": "x", "window": 0}),
        json!({"op": "payment_returned", "id": "x", "confirmation": "y", "ref": "r"}),
    ];
    let example = example();
    let mut cases: Vec<Value> = ops.into_iter().map(|op| with_op(&example, op)).collect();
    for alone in [
        json!({"op": "cut_window", "id": "x", "window": 0, "last_day": "2026-03-01"}),
        json!({"op": "net_window", "id": "x", "window": 0, "lines_root": "ab".repeat(32)}),
        json!({"op": "issue_statements", "id": "x", "window": 0, "count": 1,
            "root": "ab".repeat(32), "document_sha256": "ab".repeat(32)}),
    ] {
        let mut with_other = with_op(&example, alone);
        let other = json!({"op": "release", "id": "y", "hold": "h"});
        with_other["ops"].as_array_mut().expect("ops").push(other);
        cases.push(with_other);
    }
    assert_malformed(&cases);
}

#[test]
fn what_the_reader_calls_malformed_of_disputes_the_schema_refuses() {
    let line = |reason: &str| {
        let mut line = json!({"debtor": "p", "creditor": "q", "price_version": 1});
        line["reason"] = json!(reason);
        line
    };
    let open = |about: &Value| {
        let mut op = json!({"op": "dispute_open", "id": "x", "window": 0, "reason": "other",
            "evidence_sha256": "ab".repeat(32)});
        let about = about.as_object().expect("what it is about").clone();
        op.as_object_mut().expect("an op").extend(about);
        op
    };
    let place = json!({"entry": 1, "op": 0});
    let ops = [
        open(&json!({})),
        open(&json!({"target": {"entry": 1, "op": 1000}})),
        open(&json!({"target": place, "line": line("burn")})),
        open(&json!({"line": line("theft")})),
        open(&json!({"target": place, "reason": "spite"})),
        json!({"op": "dispute_answer", "id": "x", "dispute": place}),
        json!({"op": "dispute_resolve", "id": "x", "dispute": place}),
        json!({"op": "dispute_resolve", "id": "x", "dispute": place, "upheld": true}),
        json!({"op": "dispute_resolve", "id": "x", "dispute": place, "upheld": false,
            "debtor": "p", "creditor": "house", "amount": "1.00"}),
        json!({"op": "statement_acknowledge", "id": "x"}),
    ];
    let example = example();
    let cases: Vec<Value> = ops.into_iter().map(|op| with_op(&example, op)).collect();
    assert_malformed(&cases);
}

fn example() -> Value {
    serde_json::from_str(&read("examples/member-ops.json")).expect("JSON")
}

/// A submission with this op alone.
fn with_op(example: &Value, op: Value) -> Value {
    let mut changed = example.clone();
    changed["ops"] = Value::Array(vec![op]);
    changed
}

fn assert_malformed(cases: &[Value]) {
    let schema = validator("submission.schema.json");
    for case in cases {
        let text = case.to_string();
        assert!(!schema.is_valid(case), "the schema takes {}", case["ops"]);
        assert!(
            payload::parse(text.as_bytes(), Some(2)).is_err(),
            "the reader takes {text}"
        );
    }
}

#[test]
fn the_example_receipt_passes_its_schema() {
    let value: Value = serde_json::from_str(&read("examples/receipt.json")).expect("JSON");
    if let Err(error) = validator("receipt.schema.json").validate(&value) {
        panic!("{error} at {}", error.instance_path());
    }
}

#[test]
fn rejections_are_listed_as_the_code_has_them() {
    let rejection = |rejection: Rejection| {
        json!({
            "number": rejection.number(),
            "code": rejection.code(),
            "advice": rejection.advice(),
        })
    };
    let all: Vec<Value> = Rejection::all().map(rejection).collect();
    let listed = json!({ "rejections": all });
    let text = serde_json::to_string_pretty(&listed).expect("plain JSON") + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(folder().join("rejections.json"), &text).expect("the folder is there");
    }
    assert!(
        read("rejections.json") == text,
        "schemas/rejections.json is stale; run the tests once with {UPDATE}=1"
    );
}

#[test]
fn examples_of_statements_pass_their_schemas() {
    for name in ["statement", "window", "stated"] {
        let schema = validator(&format!("{name}.schema.json"));
        let example = read(&format!("examples/{name}.json"));
        let example: Value = serde_json::from_str(&example).expect("an example is JSON");
        if let Err(error) = schema.validate(&example) {
            panic!("{name}: {error} at {}", error.instance_path());
        }
    }
}
