//! Read tokens: strict, short-lived, and no wider than their key.

use super::{Town, issue};
use crate::support::{real_now_s, sign, sign_token, signer};
use serde_json::{Value, json};
use tallyhouse::proof::base64url::encode;

const PATH: &str = "/v1/demo/partners";

#[test]
fn tokens_outside_their_form_are_refused_and_counted() {
    let town = Town::new();
    let origin = town.coalition.origin.clone();
    let now = real_now_s();
    let claims = |exp: u64| json!({"aud": origin, "exp": exp, "scope": "read"});
    let good = sign_token("bakery/till", &claims(now + 300));
    assert_eq!(town.server.get(PATH, Some(&good)).status, 200);
    let with = |member: &str, value: Value| {
        let mut claims = claims(now + 300);
        claims[member] = value;
        sign_token("bakery/till", &claims)
    };
    let none = {
        let header = r#"{"alg":"none","kid":"bakery/till","typ":"tallyhouse-token+jwt"}"#;
        let payload = claims(now + 300).to_string();
        format!(
            "{}.{}.",
            encode(header.as_bytes()),
            encode(payload.as_bytes())
        )
    };
    let forged = {
        let (input, _) = good.rsplit_once('.').expect("three parts");
        let signature = signer("grocer/till").sign(input.as_bytes());
        format!("{input}.{}", encode(&signature))
    };
    let submission = town
        .coalition
        .signed("bakery/till", "s1", &json!([issue("i1", "m1", 5)]));
    let cases = [
        ("not a JWS", "nonsense".to_owned(), "token_invalid"),
        ("alg none", none, "token_invalid"),
        ("signed by another", forged, "token_invalid"),
        ("a submission", submission, "token_invalid"),
        (
            "claims in a submission",
            sign("bakery/till", &claims(now + 300)),
            "token_invalid",
        ),
        (
            "another ledger's",
            with("aud", json!("points.example/other-0123abcd")),
            "token_invalid",
        ),
        (
            "a list of ledgers",
            with("aud", json!([origin])),
            "token_invalid",
        ),
        (
            "good for too long",
            sign_token("bakery/till", &claims(now + 3_600)),
            "token_invalid",
        ),
        (
            "not good yet",
            with("nbf", json!(now + 200)),
            "token_invalid",
        ),
        ("an unknown claim", with("admin", json!(1)), "token_invalid"),
        (
            "an unknown scope",
            with("scope", json!("root")),
            "token_invalid",
        ),
        (
            "expired",
            sign_token("bakery/till", &claims(now - 1)),
            "token_expired",
        ),
        (
            "an unknown key",
            sign_token("bakery/none", &claims(now + 300)),
            "key_unknown",
        ),
        (
            "a revoked key",
            sign_token("bakery/old", &claims(now + 300)),
            "key_not_valid",
        ),
        (
            "a key that waits",
            sign_token("bakery/recovered", &claims(now + 300)),
            "key_not_valid",
        ),
        (
            "wider than its key",
            with("scope", json!("read manage")),
            "scope_missing",
        ),
        (
            "a scope of the house",
            with("scope", json!("audit")),
            "scope_missing",
        ),
        (
            "no right to read",
            with("scope", json!("submit")),
            "scope_missing",
        ),
        (
            "a key without read",
            sign_token("grocer/writer", &claims(now + 300)),
            "scope_missing",
        ),
    ];
    for (name, token, code) in &cases {
        let answer = town.server.get(PATH, Some(token));
        assert_eq!(answer.code(), *code, "{name}: {}", answer.text());
    }
    assert_eq!(town.server.get(PATH, None).code(), "token_missing");
    let basic = [("authorization", "Basic YTpi")];
    assert_eq!(
        town.server.ask("GET", PATH, None, &basic, b"").code(),
        "token_invalid"
    );
    let long = "x".repeat(5_000);
    assert_eq!(town.server.get(PATH, Some(&long)).code(), "token_invalid");
    let metrics = town.server.get("/metrics", None).text();
    let counted = r#"tokens_refused_total{programme="demo",code="token_expired"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
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
