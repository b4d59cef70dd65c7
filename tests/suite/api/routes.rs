//! Every route answers, and the description names exactly the routes that there are.

use super::{Town, issue};
use crate::support::Answer;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One request to a route, and the status it gets.
type Case<'a> = (&'a str, &'a str, String, Option<&'a str>, u16);

fn ask(town: &Town, (method, _, path, token, _): &Case<'_>) -> Answer {
    match (*method, path.as_str()) {
        ("POST", "/v1/demo/clock") => {
            let body = br#"{"now":"2026-04-01T00:00:00Z"}"#;
            let headers = [("content-type", "application/json")];
            town.server.ask("POST", path, *token, &headers, body)
        }
        ("POST", "/v1/demo/settle") => {
            let headers = [("content-type", "application/json")];
            town.server.ask("POST", path, *token, &headers, b"{}")
        }
        ("POST", path) if path.ends_with("/acknowledge") => {
            let op = json!([{"op": "statement_acknowledge", "id": "ack", "window": 0}]);
            let compact = town.coalition.signed("bakery/finance", "ack", &op);
            let headers = [("content-type", "application/jose")];
            town.server
                .ask("POST", path, None, &headers, compact.as_bytes())
        }
        ("POST", _) => town.send("bakery/till", "s2", &json!([issue("i2", "m1", 5)])),
        _ => town.server.get(path, *token),
    }
}

/// One request to each route.
fn cases<'a>(
    index: u64,
    read: Option<&'a str>,
    audit: Option<&'a str>,
    operate: Option<&'a str>,
) -> Vec<Case<'a>> {
    let v1 = |path: &str| format!("/v1/demo{path}");
    vec![
        ("GET", "", v1(""), None, 200),
        ("GET", "/verify", v1("/verify"), None, 200),
        ("POST", "/submissions", v1("/submissions"), None, 201),
        (
            "GET",
            "/submissions/{author}/{submission}",
            v1("/submissions/bakery/s1"),
            read,
            200,
        ),
        ("GET", "/entries", v1("/entries"), audit, 200),
        (
            "GET",
            "/entries/{index}",
            v1(&format!("/entries/{index}")),
            read,
            200,
        ),
        ("GET", "/members/{member}", v1("/members/m1"), read, 200),
        (
            "GET",
            "/members/{member}/history",
            v1("/members/m1/history"),
            read,
            200,
        ),
        ("GET", "/partners", v1("/partners"), read, 200),
        (
            "GET",
            "/partners/{partner}",
            v1("/partners/bakery"),
            read,
            200,
        ),
        (
            "GET",
            "/partners/{partner}/lines",
            v1("/partners/bakery/lines"),
            read,
            200,
        ),
        ("GET", "/clock", v1("/clock"), None, 200),
        ("POST", "/clock", v1("/clock"), operate, 200),
        ("GET", "/healthz", "/healthz".into(), None, 200),
        ("GET", "/readyz", "/readyz".into(), None, 200),
        ("GET", "/metrics", "/metrics".into(), None, 200),
        ("GET", "/openapi.json", "/openapi.json".into(), None, 200),
    ]
}

/// One request to each route of receipts.
fn receipt_cases(index: u64, read: Option<&str>) -> Vec<Case<'_>> {
    let v1 = |path: &str| format!("/v1/demo{path}");
    vec![
        (
            "GET",
            "/receipts/{index}",
            v1(&format!("/receipts/{index}")),
            read,
            200,
        ),
        (
            "GET",
            "/receipts/{index}.tlog-proof",
            v1(&format!("/receipts/{index}.tlog-proof")),
            None,
            200,
        ),
        (
            "GET",
            "/receipts/{index}.entry",
            v1(&format!("/receipts/{index}.entry")),
            read,
            200,
        ),
        (
            "GET",
            "/receipts/{index}.effects",
            v1(&format!("/receipts/{index}.effects")),
            read,
            200,
        ),
    ]
}

/// One request to each route of the log.
fn log_cases(index: u64, audit: Option<&str>) -> Vec<Case<'_>> {
    let v1 = |path: &str| format!("/v1/demo{path}");
    vec![
        ("GET", "/log/checkpoint", v1("/log/checkpoint"), None, 200),
        (
            "GET",
            "/log/inclusion",
            v1(&format!("/log/inclusion?index={index}")),
            None,
            200,
        ),
        (
            "GET",
            "/log/consistency",
            v1("/log/consistency?from=1"),
            None,
            200,
        ),
        (
            "GET",
            "/log/tile/{level}/{tile}",
            v1("/log/tile/0/000.p/1"),
            None,
            200,
        ),
        (
            "GET",
            "/log/tile/entries/{tile}",
            v1("/log/tile/entries/000.p/1"),
            audit,
            200,
        ),
    ]
}

/// One request to each route about witnesses, where there are none.
fn cosigned_cases() -> [Case<'static>; 3] {
    let cosigned = "/log/checkpoint/cosigned";
    let (policy, vkey) = ("/log/policy", "/log/vkey");
    [
        ("GET", cosigned, format!("/v1/demo{cosigned}"), None, 404),
        ("GET", policy, format!("/v1/demo{policy}"), None, 200),
        ("GET", vkey, format!("/v1/demo{vkey}"), None, 200),
    ]
}

/// One request to each route of windows and reports.
fn window_cases<'a>(audit: Option<&'a str>, operate: Option<&'a str>) -> Vec<Case<'a>> {
    let v1 = |path: &str| format!("/v1/demo{path}");
    vec![
        ("GET", "/windows", v1("/windows"), audit, 200),
        ("GET", "/windows/{window}", v1("/windows/0"), audit, 200),
        (
            "GET",
            "/windows/{window}/{file}",
            v1("/windows/0/matrix.json"),
            audit,
            200,
        ),
        (
            "GET",
            "/windows/{window}/statements",
            v1("/windows/0/statements"),
            audit,
            200,
        ),
        (
            "GET",
            "/windows/{window}/statements/{file}",
            v1("/windows/0/statements/bakery.json"),
            audit,
            200,
        ),
        (
            "POST",
            "/windows/{window}/statements/{partner}/acknowledge",
            v1("/windows/0/statements/bakery/acknowledge"),
            None,
            201,
        ),
        ("POST", "/settle", v1("/settle"), operate, 200),
        (
            "GET",
            "/reports/{report}",
            v1("/reports/redemption"),
            audit,
            200,
        ),
    ]
}

/// Compares JSON with a form of the description.
fn check_form(description: &Value, form: &Value, found: &Value, of: &str) {
    let mut schema = form.clone();
    schema["components"] = description["components"].clone();
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    if let Err(error) = validator.validate(found) {
        panic!("{of}: {error} at {}", error.instance_path());
    }
}

#[test]
fn examples_have_the_form_that_they_show() {
    let description = serde_json::to_value(tallyhouse::http::openapi()).expect("JSON");
    let forms = description["components"]["schemas"].as_object();
    let mut shown = 0;
    for (name, form) in forms.expect("forms") {
        if let Some(example) = form.get("example") {
            check_form(&description, form, example, name);
            shown += 1;
        }
    }
    assert!(shown >= 12, "{shown} forms have an example");
}

#[test]
fn every_route_of_the_description_answers_and_none_is_left_out() {
    let town = Town::new();
    let receipt = town.send_applied("bakery/till", "s1", &json!([issue("i1", "m1", 5)]));
    let index = receipt["index"].clone();
    super::windows::finance_keys(&town.coalition);
    let first = town.coalition.settlement();
    let day = tallyhouse::domain::time::Day::parse("2026-03-01");
    first.settle(day).expect("it settles");
    first.close();
    let read = town.coalition.token("bakery/till", "read");
    let audit = town.coalition.audit_token();
    let operate = town.coalition.token("house/operate-1", "operate");
    let (read, audit, operate) = (Some(read.as_str()), Some(audit.as_str()), Some(&*operate));
    let index = index.as_u64().expect("a number");
    let mut cases = cases(index, read, audit, operate);
    cases.extend(receipt_cases(index, read));
    cases.extend(log_cases(index, audit));
    cases.extend(cosigned_cases());
    cases.extend(window_cases(audit, operate));
    let description = town.server.get("/openapi.json", None).json();
    let mut asked = BTreeSet::new();
    for case in &cases {
        let (method, template, path, token, status) = case;
        let answer = ask(&town, case);
        assert_eq!(answer.status, *status, "{method} {path}: {}", answer.text());
        assert!(answer.header("x-request-id").len() == 26, "{path}");
        if token.is_some() {
            let bare = town.server.ask(method, path, None, &[], b"");
            assert_eq!(bare.code(), "token_missing", "{method} {path}");
        }
        let in_v1 = path.starts_with("/v1");
        let route = format!("{}{template}", if in_v1 { "/v1/{programme}" } else { "" });
        let operation = &description["paths"][&route][method.to_lowercase()];
        let is_secured = operation.get("security").is_some();
        assert_eq!(is_secured, token.is_some(), "{method} {route}");
        let status = answer.status.to_string();
        let form = &operation["responses"][&status]["content"]["application/json"]["schema"];
        if !form.is_null() {
            check_form(&description, form, &answer.json(), &route);
        }
        asked.insert(format!("{method} {route}"));
    }
    let mut described = BTreeSet::new();
    let mut operations = BTreeSet::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            assert!(
                operations.insert(operation["operationId"].to_string()),
                "{operation}"
            );
            described.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert_eq!(asked, described);
}

#[test]
fn the_pages_of_the_description_are_served_offline() {
    let town = Town::new();
    let moved = town.server.get("/docs", None);
    assert_eq!(
        (moved.status, moved.header("location").as_str()),
        (303, "/docs/")
    );
    let page = town.server.get("/docs/", None);
    assert_eq!(page.status, 200);
    for asset in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-initializer.js",
    ] {
        let answer = town.server.get(&format!("/docs/{asset}"), None);
        assert_eq!(answer.status, 200, "{asset}");
    }
    let initializer = town.server.get("/docs/swagger-initializer.js", None).text();
    assert!(initializer.contains("/openapi.json"), "{initializer}");
    for line in page.text().lines() {
        assert!(
            !line.contains("src=\"http") && !line.contains("href=\"http"),
            "{line}"
        );
    }
}

#[test]
fn other_addresses_and_methods_are_problems_too() {
    let town = Town::new();
    for path in [
        "/",
        "/v1",
        "/v2/demo",
        "/v1/none",
        "/v1/none/log/checkpoint",
        "/v1/DEMO",
        "/v1/demo/",
        "/v1/demo/members",
        "/v1/demo/nothing",
    ] {
        assert_eq!(town.server.get(path, None).code(), "not_found", "{path}");
    }
    let put = town
        .server
        .ask("PUT", "/v1/demo/submissions", None, &[], b"x");
    assert_eq!(put.code(), "method_not_allowed");
    assert_eq!(put.header("allow"), "POST");
    let head = town.server.ask("HEAD", "/healthz", None, &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn a_request_id_goes_with_the_answer() {
    let town = Town::new();
    let with = |id: &str| {
        let answer = town
            .server
            .ask("GET", "/v1/none", None, &[("x-request-id", id)], b"");
        answer.code();
        answer.header("x-request-id")
    };
    assert_eq!(with("till-7.118"), "till-7.118");
    assert_ne!(with("a b"), "a b");
}

#[test]
fn what_is_counted_is_shown() {
    let town = Town::new();
    town.send_applied("bakery/till", "s1", &json!([issue("i1", "m1", 5)]));
    town.send("bakery/reader", "s2", &json!([issue("i2", "m1", 5)]));
    let metrics = town.server.get("/metrics", None);
    assert!(
        metrics
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let text = metrics.text();
    let size = town.coalition.size();
    for line in [
        r#"tallyhouse_submissions_total{programme="demo",result="accepted"} 1"#.to_owned(),
        r#"tallyhouse_submissions_total{programme="demo",result="scope_missing"} 1"#.to_owned(),
        r#"tallyhouse_ops_total{programme="demo",kind="issue",outcome="applied"} 1"#.to_owned(),
        format!(r#"tallyhouse_entries{{programme="demo"}} {size}"#),
        r#"tallyhouse_queue_submissions{programme="demo"} 0"#.to_owned(),
        r#"tallyhouse_ledger_stopped{programme="demo"} 0"#.to_owned(),
        "tallyhouse_verifier_queue 0".to_owned(),
        r#"route="/v1/{programme}/submissions",method="POST",status="201"} 1"#.to_owned(),
        "# EOF".to_owned(),
    ] {
        assert!(text.contains(&line), "{line}\n{text}");
    }
    for part in ["members", "filter", "unflushed"] {
        let name = format!(r#"tallyhouse_memory_bytes{{programme="demo",part="{part}"}} "#);
        let (_, value) = text.split_once(&name).expect("every part is told");
        let bytes: u64 = value.split('\n').next().unwrap().parse().expect("bytes");
        assert!(bytes > 0, "{part}");
    }
    let healthy: Value = town.server.get("/healthz", None).json();
    assert_eq!(healthy, json!({"status": "ok"}));
}
