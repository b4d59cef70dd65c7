//! The page that checks files in a browser. What it finds, `tests/conformance/browser.sh` tests.

use super::Town;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tallyhouse::proof::base64url;

/// What stands between two texts.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = page.split_once(from).expect(from);
    rest.split_once(to).expect(to).0
}

#[test]
fn the_page_holds_all_that_it_needs_and_may_load_nothing() {
    let town = Town::new();
    let answer = town.server.get("/v1/demo/verify", None);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let page = answer.text();
    let facts = between(&page, "id=\"facts\">", "</script>");
    let facts: Value = serde_json::from_str(facts).expect("JSON");
    let programme = town.server.get("/v1/demo", None).json();
    for name in [
        "programme",
        "origin",
        "currency",
        "ledger_keys",
        "house_keys",
    ] {
        assert_eq!(facts[name], programme[name], "{name}");
    }
    let policy = answer.header("content-security-policy");
    let hash = |text: &str| base64url::encode_standard(&Sha256::digest(text));
    let script = hash(between(&page, "</script>\n<script>", "</script>"));
    let style = hash(between(&page, "<style>", "</style>"));
    let allowed = format!(
        "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; \
         base-uri 'none'; form-action 'none'"
    );
    assert_eq!(policy, format!("{allowed}; frame-ancestors 'none'"));
    let own = between(
        &page,
        "http-equiv=\"Content-Security-Policy\" content=\"",
        "\"",
    );
    assert_eq!(own, allowed);
    for absent in [
        "{{",
        " src=",
        " href=",
        " style=",
        "fetch(",
        "innerHTML",
        "eval(",
    ] {
        assert!(!page.contains(absent), "{absent}");
    }
}

#[test]
fn a_page_that_did_not_change_is_not_sent_again() {
    let town = Town::new();
    let first = town.server.get("/v1/demo/verify", None);
    assert_eq!(first.header("cache-control"), "no-cache");
    let tag = first.header("etag");
    let ask = |tags: &str| {
        let headers = [("if-none-match", tags)];
        town.server
            .ask("GET", "/v1/demo/verify", None, &headers, b"")
    };
    let known = ask(&format!("\"other\", {tag}"));
    assert_eq!((known.status, known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), tag);
    assert_eq!(ask("\"other\"").status, 200);
    assert_eq!(town.server.get("/v1/none/verify", None).code(), "not_found");
}
