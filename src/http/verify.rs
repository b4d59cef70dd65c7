//! The page that checks a receipt or a statement in the browser alone, for people without a
//! terminal. One document holds everything: what it needs of the programme, its style, its script.
//! It can be saved and used offline; nothing that is dropped on it leaves the browser.
//!
//! Must not: load or send anything. The policy in its header and in itself allows one script and
//! one style by their hashes, and no connection at all.

use super::extract::At;
use super::house::Programme;
use super::problem::ProblemBody;
use crate::domain::ids::Party;
use crate::domain::rejection::Rejection;
use crate::proof::{base64url, hex, ledger_keys};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("verify/page.html");
const STYLE: &str = include_str!("verify/page.css");
/// One script, in the order in which its parts build on each other.
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("verify/bytes.js"),
    include_str!("verify/json.js"),
    include_str!("verify/cbor.js"),
    include_str!("verify/blake3.js"),
    include_str!("verify/proof.js"),
    include_str!("verify/effects.js"),
    include_str!("verify/receipt.js"),
    include_str!("verify/statement.js"),
    include_str!("verify/page.js"),
);

/// Get the page that checks files
///
/// A page for people: a receipt or a statement that is dropped on it is checked in the browser
/// alone. It holds the keys that the house names as its own. Public.
#[utoipa::path(
    get,
    path = "/v1/{programme}/verify",
    operation_id = "getVerifyPage",
    tag = "programme",
    params(("programme" = String, Path, description = "The programme's id", example = "demo")),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html",
            headers(("etag" = String, description = "SHA-256 of the bytes"))),
        (status = 304, description = "It is the one of `If-None-Match`"),
        (status = "default", description = "Refused", body = ProblemBody,
            content_type = "application/problem+json"),
    )
)]
pub async fn get(At(programme): At, asked: HeaderMap) -> Response {
    let policy = policy();
    let page = page(&programme, &policy);
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&page)));
    let known = asked.get(header::IF_NONE_MATCH);
    let known = known.and_then(|tags| tags.to_str().ok()).unwrap_or("");
    let is_known = known.split(',').any(|known| known.trim() == tag);
    let headers: [(HeaderName, String); 6] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        // The house's keys are in it, and a key may be added any time.
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::ETAG, tag),
        (
            header::CONTENT_SECURITY_POLICY,
            format!("{policy}; frame-ancestors 'none'"),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, page).into_response(),
    }
}

/// What the page may do: run its script and wear its style.
fn policy() -> String {
    let hash = |text: &str| base64url::encode_standard(&Sha256::digest(text));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    )
}

fn page(programme: &Programme, policy: &str) -> String {
    // In a script element only "<" could end the text before its end.
    let facts = facts(programme).to_string().replace('<', "\\u003c");
    PAGE.replace("{{ policy }}", policy)
        .replace("{{ style }}", STYLE)
        .replace("{{ facts }}", &facts)
        .replace("{{ script }}", SCRIPT)
}

/// What the script has to know, and knows only by the word of the house.
fn facts(programme: &Programme) -> Value {
    let view = programme.ledger.view();
    let governance = &view.governance;
    let fixed = &governance.programme;
    let keys = governance.keys_of(Party::HOUSE).map(
        |(id, key)| json!({"key": id.to_string(), "public_key": base64url::encode(&key.public)}),
    );
    let ledger_keys = governance.ledger_keys().into_iter().map(|key| {
        let vkey = ledger_keys::verifier_key(&fixed.origin, &key.public).to_string();
        let retired = key.retired.map(|at| at.entry);
        json!({"vkey": vkey, "added": key.added.entry, "retired": retired})
    });
    let rejections = (0..=u8::MAX).filter_map(Rejection::from_number);
    let rejections = rejections.map(|rejection| {
        let (number, code) = (rejection.number(), rejection.code());
        json!({"number": number, "code": code, "advice": rejection.advice()})
    });
    json!({
        "programme": fixed.id.to_string(),
        "origin": fixed.origin,
        "currency": fixed.currency.code(),
        "currency_decimals": fixed.currency.decimals(),
        "point_scale": fixed.point_scale,
        "ledger_keys": ledger_keys.collect::<Vec<_>>(),
        "house_keys": keys.collect::<Vec<_>>(),
        "rejections": rejections.collect::<Vec<_>>(),
    })
}
