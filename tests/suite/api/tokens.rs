//! Read tokens: strict, short-lived, and no wider than their key.

use super::{Town, issue};
use crate::support::{real_now_s, sign, sign_token, signer};
use serde_json::{Value, json};
use tallyhouse::proof::base64url::encode;

const PATH: &str = "/v1/demo/partners";

fn check(town: &Town, cases: &[(&str, String, &str)]) {
    for (name, token, code) in cases {
        let answer = town.server.get(PATH, Some(token));
        assert_eq!(answer.code(), *code, "{name}: {}", answer.text());
    }
    let metrics = town.server.get("/metrics", None).text();
    for (_, _, code) in cases {
        let counted = format!(r#"tokens_refused_total{{programme="demo",code="{code}"}}"#);
        assert!(metrics.contains(&counted), "{counted}\n{metrics}");
    }
}

fn claims(town: &Town) -> Value {
    json!({"aud": town.coalition.origin, "exp": real_now_s() + 300, "scope": "read"})
}

/// A token of the bakery's till with one claim changed.
fn with(town: &Town, claim: &str, value: Value) -> String {
    let mut claims = claims(town);
    claims[claim] = value;
    sign_token("bakery/till", &claims)
}

#[test]
fn tokens_outside_their_form_are_invalid() {
    let town = Town::new();
    let good = sign_token("bakery/till", &claims(&town));
    assert_eq!(town.server.get(PATH, Some(&good)).status, 200);
    let header = r#"{"alg":"none","kid":"bakery/till","typ":"tallyhouse-token+jwt"}"#;
    let payload = encode(claims(&town).to_string().as_bytes());
    let none = format!("{}.{payload}.", encode(header.as_bytes()));
    let (input, _) = good.rsplit_once('.').expect("three parts");
    let signature = signer("grocer/till").sign(input.as_bytes());
    let forged = format!("{input}.{}", encode(&signature));
    let ops = json!([issue("i1", "m1", 5)]);
    let submission = town.coalition.signed("bakery/till", "s1", &ops);
    let origin = &town.coalition.origin;
    let now = real_now_s();
    let bad = [
        ("not a JWS", "nonsense".to_owned()),
        ("too long", "x".repeat(5_000)),
        ("alg none", none),
        ("signed by another", forged),
        ("a submission", submission),
        (
            "claims in a submission",
            sign("bakery/till", &claims(&town)),
        ),
        (
            "another ledger's",
            with(&town, "aud", json!("points.example/other-0123abcd")),
        ),
        ("a list of ledgers", with(&town, "aud", json!([origin]))),
        ("good for too long", with(&town, "exp", json!(now + 3_600))),
        ("not good yet", with(&town, "nbf", json!(now + 200))),
        ("an unknown claim", with(&town, "admin", json!(1))),
        ("an unknown scope", with(&town, "scope", json!("root"))),
    ];
    check(
        &town,
        &bad.map(|(name, token)| (name, token, "token_invalid")),
    );
    let basic = [("authorization", "Basic YTpi")];
    let basic = town.server.ask("GET", PATH, None, &basic, b"");
    assert_eq!(basic.code(), "token_invalid");
    assert_eq!(town.server.get(PATH, None).code(), "token_missing");
}

#[test]
fn tokens_are_no_better_than_their_keys() {
    let town = Town::new();
    let by = |kid: &str| sign_token(kid, &claims(&town));
    let cases = [
        (
            "expired",
            with(&town, "exp", json!(real_now_s() - 1)),
            "token_expired",
        ),
        ("an unknown key", by("bakery/none"), "key_unknown"),
        ("a revoked key", by("bakery/old"), "key_not_valid"),
        ("a key that waits", by("bakery/recovered"), "key_not_valid"),
        (
            "wider than its key",
            with(&town, "scope", json!("read manage")),
            "scope_missing",
        ),
        (
            "a scope of the house",
            with(&town, "scope", json!("audit")),
            "scope_missing",
        ),
        (
            "no right to read",
            with(&town, "scope", json!("submit")),
            "scope_missing",
        ),
        ("a key without read", by("grocer/writer"), "scope_missing"),
    ];
    check(&town, &cases);
}

#[test]
fn a_token_may_claim_less_than_its_key_and_what_the_time_is() {
    let town = Town::new();
    let now = real_now_s();
    let claims = json!({"aud": town.coalition.origin, "exp": now + 600, "scope": "submit read",
        "iat": now, "nbf": now - 5, "iss": "till", "sub": "report", "jti": "1"});
    let token = sign_token("bakery/till", &claims);
    assert_eq!(town.server.get(PATH, Some(&token)).status, 200);
}
