//! Bad input, named: each gets its code and leaves the ledger as it was.

use super::{Town, issue};
use crate::support::{Answer, public_key, secret, sign, signer};
use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::scalar::Scalar;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};
use tallyhouse::proof::base64url::{decode, encode};
use tallyhouse::proof::jws::{self, Typ};

const TILL: &str = "bakery/till";

/// An envelope with any header and payload, signed over what is written.
fn envelope(kid: &str, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(payload.as_bytes())
    );
    let signature = signer(kid).sign(input.as_bytes());
    format!("{input}.{}", encode(&signature))
}

fn header(kid: &str) -> String {
    format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"tallyhouse+json"}}"#)
}

/// The same envelope under another signature.
fn with_signature(compact: &str, change: impl FnOnce(&[u8], [u8; 64]) -> [u8; 64]) -> String {
    let (input, signature) = compact.rsplit_once('.').expect("three parts");
    let signature = decode(signature.as_bytes()).expect("base64url");
    let changed = change(input.as_bytes(), signature.try_into().expect("64 bytes"));
    format!("{input}.{}", encode(&changed))
}

/// Sends each, expects its code, and expects the log to be as long as before.
fn check(town: &Town, cases: &[(&str, String, &str)]) {
    let size = town.coalition.size();
    for (name, compact, code) in cases {
        let answer: Answer = town.server.submit(&town.coalition, compact);
        assert_eq!(answer.code(), *code, "{name}: {}", answer.text());
        assert_eq!(town.coalition.size(), size, "{name} left a trace");
    }
    let metrics = town.server.get("/metrics", None).text();
    for (_, _, code) in cases {
        let counted = format!(r#"submissions_total{{programme="demo",result="{code}"}}"#);
        assert!(metrics.contains(&counted), "{counted}\n{metrics}");
    }
}

fn good_payload(town: &Town) -> String {
    let ops = json!([issue("i1", "m1", 5)]);
    town.coalition.payload("s1", &ops).to_string()
}

#[test]
fn headers_that_choose_their_own_key_or_algorithm_are_malformed() {
    let town = Town::new();
    let payload = good_payload(&town);
    let jwk = public_key(TILL);
    let headers = [
        r#"{"alg":"none","kid":"bakery/till","typ":"tallyhouse+json"}"#.to_owned(),
        r#"{"alg":"HS256","kid":"bakery/till","typ":"tallyhouse+json"}"#.to_owned(),
        r#"{"alg":"ES256","kid":"bakery/till","typ":"tallyhouse+json"}"#.to_owned(),
        r#"{"alg":"EdDSA","typ":"tallyhouse+json"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"bakery/till"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"bakery/till","typ":"JWT"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"bakery/till","typ":"tallyhouse+json","crit":["exp"]}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"bakery/till","typ":"tallyhouse+json","jku":"https://x"}"#.into(),
        r#"{"alg":"EdDSA","alg":"EdDSA","kid":"bakery/till","typ":"tallyhouse+json"}"#.to_owned(),
        format!(
            r#"{{"alg":"EdDSA","kid":"bakery/till","typ":"tallyhouse+json","jwk":{{"x":"{jwk}"}}}}"#
        ),
        "[]".to_owned(),
        String::new(),
    ];
    let mut cases: Vec<_> = headers
        .iter()
        .map(|header| {
            (
                header.as_str(),
                envelope(TILL, header, &payload),
                "malformed",
            )
        })
        .collect();
    let unsigned = envelope(TILL, &headers[0], &payload);
    let unsigned = unsigned.rsplit_once('.').expect("three parts").0;
    cases.push((
        "alg none without a signature",
        format!("{unsigned}."),
        "malformed",
    ));
    check(&town, &cases);
}

#[test]
fn forms_other_than_the_one_are_malformed() {
    let town = Town::new();
    let good = envelope(TILL, &header(TILL), &good_payload(&town));
    let parts: Vec<&str> = good.split('.').collect();
    let claims = json!({"aud": town.coalition.origin, "exp": 1, "scope": "read"}).to_string();
    let statement = jws::sign(
        Typ::Statement,
        good_payload(&town).as_bytes(),
        &signer(TILL),
    );
    let cases = [
        ("nothing", " ".to_owned(), "malformed"),
        ("not a JWS", "{}".to_owned(), "malformed"),
        (
            "two parts",
            format!("{}.{}", parts[0], parts[1]),
            "malformed",
        ),
        ("four parts", format!("{good}.x"), "malformed"),
        (
            "padding",
            format!("{}=.{}.{}", parts[0], parts[1], parts[2]),
            "malformed",
        ),
        ("a newline after it", format!("{good}\n"), "malformed"),
        (
            "a short signature",
            good[..good.len() - 4].to_owned(),
            "malformed",
        ),
        ("stray bits", stray_bits(&good), "malformed"),
        (
            "a read token",
            jws::sign(Typ::Token, claims.as_bytes(), &signer(TILL)),
            "malformed",
        ),
        ("a statement", statement, "malformed"),
    ];
    check(&town, &cases);
}

/// Sets a bit that no byte uses in the signature's last character.
fn stray_bits(compact: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = compact.split_at(compact.len() - 1);
    let value = ALPHABET.iter().position(|byte| *byte == last.as_bytes()[0]);
    let changed = ALPHABET[value.expect("base64url") | 1];
    format!("{rest}{}", char::from(changed))
}

/// Payloads that are nearly good, each with one mistake.
fn mistaken(payload: &str) -> Vec<(&'static str, String)> {
    let changed = |from: &str, to: &str| {
        assert!(payload.contains(from), "{from}");
        payload.replacen(from, to, 1)
    };
    let points = |value: &str| changed(r#""points":5"#, &format!(r#""points":{value}"#));
    let member = |value: &str| changed(r#""m1""#, value);
    let long = format!("\"{}\"", "m".repeat(65));
    let deep = format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000));
    vec![
        ("duplicate keys", points(r#"5,"points":5"#)),
        ("an unknown field", points(r#"5,"memo":"hi""#)),
        ("a float", points("5.0")),
        ("an exponent", points("5e0")),
        ("NaN", points("NaN")),
        ("points as text", points(r#""5""#)),
        ("null", points("null")),
        ("deep nesting", points(&deep)),
        ("a lone surrogate", member(r#""\ud800""#)),
        ("an escape that is none", member(r#""m\x31""#)),
        ("an over-long member", member(&long)),
        ("the member .", member(r#"".""#)),
        ("the member ..", member(r#""..""#)),
        ("the op id ..", changed(r#""i1""#, r#""..""#)),
        ("an over-long submission id", changed(r#""s1""#, &long)),
        ("an unknown op", changed(r#""issue""#, r#""mint""#)),
        ("a time without Z", changed(r#"Z","ops""#, r#"","ops""#)),
        ("bytes after it", format!("{payload} {{}}")),
    ]
}

/// Keys that no honest key generation makes.
fn unsound_keys() -> [(&'static str, [u8; 32]); 4] {
    let mut non_canonical = [0xff; 32];
    (non_canonical[0], non_canonical[31]) = (0xee, 0x7f);
    let mixed = EdwardsPoint::mul_base(&Scalar::from(5u64)) + EIGHT_TORSION[1];
    [
        ("a weak key", EIGHT_TORSION[0].compress().to_bytes()),
        ("a key with torsion", mixed.compress().to_bytes()),
        ("a key that is not canonical", non_canonical),
        ("a key that is no point", [2; 32]),
    ]
}

#[test]
fn payloads_outside_their_schema_are_malformed() {
    let town = Town::new();
    let mut bad = mistaken(&good_payload(&town));
    let with_ops = |ops: Value| town.coalition.payload("s1", &ops).to_string();
    bad.push(("no ops", with_ops(json!([]))));
    let release = |n: u32| json!({"op": "release", "id": n.to_string(), "hold": "h"});
    let many: Vec<Value> = (0..1_001).map(release).collect();
    bad.push(("too many ops", with_ops(json!(many))));
    for (name, key) in unsound_keys() {
        let op = json!({"op": "key_add", "id": "k", "key": "k2", "public_key": encode(&key),
            "scopes": ["read"]});
        bad.push((name, with_ops(json!([op]))));
    }
    let cases: Vec<_> = bad
        .iter()
        .map(|(name, payload)| (*name, envelope(TILL, &header(TILL), payload), "malformed"))
        .collect();
    check(&town, &cases);
}

#[test]
fn numbers_of_points_out_of_range_are_rejections_and_no_errors() {
    let town = Town::new();
    let payload = good_payload(&town);
    let size = town.coalition.size();
    for (nth, points) in ["0", "-1", "9007199254740992", "99999999999999999999"]
        .iter()
        .enumerate()
    {
        let payload = payload.replace(r#""points":5"#, &format!(r#""points":{points}"#));
        let payload = payload.replace(r#""s1""#, &format!(r#""s{nth}""#));
        let answer = town
            .server
            .submit(&town.coalition, &envelope(TILL, &header(TILL), &payload));
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["results"][0]["code"], "points_out_of_range");
    }
    assert_eq!(town.coalition.size(), size + 4, "a rejection is recorded");
}

/// The same signature with L, the order of the group, added to S.
fn plus_order(mut signature: [u8; 64]) -> [u8; 64] {
    const LOW: u128 = 27_742_317_777_372_353_535_851_937_790_883_648_493;
    let mut order = [0; 32];
    order[..16].copy_from_slice(&LOW.to_le_bytes());
    order[31] = 0x10;
    let mut carry = 0u16;
    for (byte, order) in signature[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(order);
        *byte = carry.to_le_bytes()[0];
        carry >>= 8;
    }
    signature
}

/// A signature whose R = nonce × B + `torsion` satisfies the equation with cofactor.
fn with_torsion(input: &[u8], nonce: u64, torsion: EdwardsPoint) -> [u8; 64] {
    let expanded = Sha512::digest(secret(TILL));
    let mut scalar: [u8; 32] = expanded[..32].try_into().expect("32 bytes");
    scalar[0] &= 248;
    scalar[31] = scalar[31] & 63 | 64;
    let secret = Scalar::from_bytes_mod_order(scalar);
    let nonce = Scalar::from(nonce);
    let r = (EdwardsPoint::mul_base(&nonce) + torsion).compress();
    let challenge = Sha512::new()
        .chain_update(r.as_bytes())
        .chain_update(signer(TILL).public_key().to_bytes())
        .chain_update(input);
    let challenge = Scalar::from_bytes_mod_order_wide(&challenge.finalize().into());
    let s = nonce + challenge * secret;
    [r.to_bytes(), s.to_bytes()]
        .concat()
        .try_into()
        .expect("64 bytes")
}

#[test]
fn signatures_that_strict_verification_refuses_are_invalid() {
    let town = Town::new();
    let payload = good_payload(&town);
    let good = envelope(TILL, &header(TILL), &payload);
    let torsion =
        |nonce, torsion| with_signature(&good, |input, _| with_torsion(input, nonce, torsion));
    let flipped = with_signature(&good, |_, mut signature| {
        signature[5] ^= 1;
        signature
    });
    let parts: Vec<&str> = good.split('.').collect();
    let changed = payload.replace(r#""points":5"#, r#""points":6"#);
    let changed = format!("{}.{}.{}", parts[0], encode(changed.as_bytes()), parts[2]);
    let anothers = envelope("grocer/till", &header(TILL), &payload);
    let mut bad = vec![
        (
            "S + L",
            with_signature(&good, |_, signature| plus_order(signature)),
        ),
        ("R of small order", torsion(0, EIGHT_TORSION[1])),
        ("R is the neutral point", torsion(0, EIGHT_TORSION[0])),
        ("a changed bit", flipped),
        ("a changed payload", changed),
        ("another partner's key under this name", anothers),
    ];
    for point in &EIGHT_TORSION[1..] {
        bad.push(("R with torsion", torsion(12_345, *point)));
    }
    let cases: Vec<_> = bad
        .into_iter()
        .map(|(name, compact)| (name, compact, "signature_invalid"))
        .collect();
    check(&town, &cases);
    // The same construction without torsion is accepted: the cases above fail for that alone.
    let sound = town
        .server
        .submit(&town.coalition, &torsion(12_345, EIGHT_TORSION[0]));
    assert_eq!(sound.status, 201, "{}", sound.text());
}

#[test]
fn ledgers_and_times_are_judged_in_their_order() {
    let town = Town::new();
    let ops = json!([issue("i1", "m1", 5)]);
    let with = |kid: &str, member: &str, value: &str| {
        let mut payload = town.coalition.payload("s1", &ops);
        payload[member] = json!(value);
        sign(kid, &payload)
    };
    let other = "points.example/other-0123abcd";
    let long = town.coalition.now().plus_seconds(24 * 3600 + 60);
    let long = long.to_rfc3339_seconds();
    let past = crate::support::PAST;
    let cases = [
        (
            "another ledger's",
            with(TILL, "ledger", other),
            "wrong_ledger",
        ),
        (
            "that, by an unknown key",
            with("nobody/x", "ledger", other),
            "wrong_ledger",
        ),
        (
            "expired",
            with(TILL, "valid_until", past),
            "envelope_expired",
        ),
        (
            "expired, by a revoked key",
            with("bakery/old", "valid_until", past),
            "key_not_valid",
        ),
        (
            "good for too long",
            with(TILL, "valid_until", &long),
            "envelope_valid_too_long",
        ),
    ];
    check(&town, &cases);
}

#[test]
fn keys_are_judged_in_their_order() {
    let town = Town::new();
    let ops = json!([issue("i1", "m1", 5)]);
    town.send_applied(TILL, "used", &ops);
    let signed = |kid: &str, ops: &Value| town.coalition.signed(kid, "s1", ops);
    let others = json!([issue("i2", "m1", 6)]);
    let reused = |kid: &str| town.coalition.signed(kid, "used", &others);
    let transfer = json!([{"op": "transfer", "id": "t", "from": "m1", "to": "m2", "points": 1}]);
    let partner_set = json!([{"op": "partner_set", "id": "p", "partner": "x", "roles": ["issue"],
        "status": "active"}]);
    let cases = [
        (
            "an unknown author",
            signed("nobody/till", &ops),
            "key_unknown",
        ),
        ("an unknown key", signed("bakery/none", &ops), "key_unknown"),
        ("an id used again", reused(TILL), "submission_id_reused"),
        (
            "that, by a revoked key",
            reused("bakery/old"),
            "submission_id_reused",
        ),
        ("a revoked key", signed("bakery/old", &ops), "key_not_valid"),
        (
            "a key that waits",
            signed("bakery/recovered", &ops),
            "key_not_valid",
        ),
        ("a read key", signed("bakery/reader", &ops), "scope_missing"),
        (
            "a key without transfer",
            signed("grocer/till", &transfer),
            "scope_missing",
        ),
        (
            "a house op by a partner",
            signed(TILL, &partner_set),
            "scope_missing",
        ),
        (
            "a member op by the house",
            signed("house/govern-1", &ops),
            "scope_missing",
        ),
    ];
    check(&town, &cases);
}

#[test]
fn media_types_and_sizes_are_judged_before_all_else() {
    let town = Town::new();
    let good = envelope(TILL, &header(TILL), &good_payload(&town));
    let size = town.coalition.size();
    let path = "/v1/demo/submissions";
    let jose = ("content-type", "application/jose");
    let ask = |headers: &[(&str, &str)], body: &[u8]| {
        town.server.ask("POST", path, None, headers, body).code()
    };
    let unsupported = "unsupported_media_type";
    assert_eq!(
        ask(&[("content-type", "application/json")], good.as_bytes()),
        unsupported
    );
    assert_eq!(
        ask(
            &[("content-type", "application/jose+json")],
            good.as_bytes()
        ),
        unsupported
    );
    for encoding in ["gzip", "br", "deflate", "gzip, gzip"] {
        let headers = [jose, ("content-encoding", encoding)];
        assert_eq!(
            ask(&headers, b"\x1f\x8b\x08bomb"),
            unsupported,
            "{encoding}"
        );
    }
    let huge = vec![b'a'; 98_305];
    assert_eq!(ask(&[jose], &huge), "too_large");
    assert_eq!(
        ask(&[("content-type", "text/plain")], &huge),
        "too_large",
        "size comes first"
    );
    let padded = |bytes: usize| {
        let mut payload = good_payload(&town);
        let missing = bytes - payload.len();
        payload.push_str(&" ".repeat(missing));
        envelope(TILL, &header(TILL), &payload)
    };
    for bytes in [60_001, 64 * 1024 + 1] {
        assert_eq!(
            ask(&[jose], padded(bytes).as_bytes()),
            "too_large",
            "{bytes}"
        );
    }
    let long_header = format!("{}{}", header(TILL), " ".repeat(512));
    let long_header = envelope(TILL, &long_header, &good_payload(&town));
    assert_eq!(ask(&[jose], long_header.as_bytes()), "too_large");
    assert_eq!(town.coalition.size(), size, "none left a trace");
    assert_eq!(
        ask(&[jose], padded(60_000).as_bytes()),
        "201",
        "the limit itself is good"
    );
    let headers = [
        ("content-type", "Application/JOSE; charset=us-ascii"),
        ("content-encoding", "identity"),
    ];
    assert_eq!(ask(&headers, padded(60_000).as_bytes()), "200");
}
