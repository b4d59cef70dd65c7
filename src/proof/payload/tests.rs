//! Every kind of op is read, and everything malformed is named.

mod malformed;

use super::*;
use crate::domain::partner::Status;
use crate::domain::points::Points;
use crate::domain::programme::SettlementModel;
use crate::domain::submission::LimitSet;
use crate::proof::base64url;
use proptest::prelude::*;

/// Three public keys of RFC 8032 §7.1, tests 1 to 3.
const KEYS: [&str; 3] = [
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
    "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU",
];

fn envelope(ops: &str) -> String {
    format!(
        r#"{{"ledger":"points.example/coalition-0123abcd","submission":"s-1",
            "valid_until":"2026-03-01T12:00:00Z","ops":[{ops}]}}"#
    )
}

fn one(op: &str) -> Result<Op, PayloadError> {
    let mut submission = parse(envelope(op).as_bytes(), Some(2))?;
    assert_eq!(submission.ops.len(), 1);
    Ok(submission.ops.remove(0))
}

/// The place and the reason of what is wrong with one op.
fn fault(op: &str) -> (String, String) {
    let error = one(op).expect_err(op);
    (error.path().to_owned(), error.reason().to_string())
}

fn check_fault(op: &str, path: &str, reason: &str) {
    let (found_path, found_reason) = fault(op);
    assert_eq!(found_path, path, "{op}: {found_reason}");
    assert!(found_reason.contains(reason), "{op}: {found_reason}");
}

fn found_keys() -> String {
    let key = |at: usize, scope| {
        let public = KEYS[at];
        format!(r#"{{"key":"k{at}","public_key":"{public}","scopes":["{scope}"]}}"#)
    };
    [key(0, "govern"), key(1, "govern"), key(2, "operate")].join(",")
}

fn found(keys: &str, more: &str) -> String {
    let ledger_key = KEYS[0];
    format!(
        r#"{{"op":"found","id":"f","programme":"coalition","currency":"EUR","point_scale":0,
            "settlement_model":"pool","clawback":"member_debt","utc_offset_min":-60,
            "clock":"simulated","ledger_key":"{ledger_key}","rules_version":1,
            "keys":[{keys}]{more}}}"#
    )
}

#[test]
fn member_ops_are_read_with_all_their_members() {
    let issue = one(
        r#"{"op":"issue","id":"i1","occurred_at":"2026-02-01T08:00:00Z","ref":"till-7:1",
            "member":"m1","points":5,"activates_on":"2026-03-02","expires_on":"2027-03-02"}"#,
    )
    .unwrap();
    assert!(issue.occurred_at.is_some() && issue.receipt_ref.is_some());
    let Action::Issue(fields) = issue.action else {
        panic!("an issue");
    };
    assert_eq!(fields.points.map(Points::units), Some(5));
    assert!(fields.activates_on < fields.expires_on);
    for (kind, members) in [
        ("burn", r#""member":"m1","points":5,"allow_partial":true"#),
        ("hold", r#""member":"m1","points":5,"ttl_s":2592000"#),
        ("capture", r#""hold":"h1","points":5"#),
        ("release", r#""hold":"h1""#),
        ("reverse", r#""target":"i1","points":5"#),
        ("transfer", r#""from":"m1","to":"m2","points":5"#),
    ] {
        let shop = r#""occurred_at":"2026-02-01T08:00:00Z","ref":"till-7:1""#;
        let op = one(&format!(r#"{{"op":"{kind}","id":"x",{members},{shop}}}"#)).unwrap();
        assert_eq!(op.action.kind(), kind);
        assert!(op.occurred_at.is_some() && op.receipt_ref.is_some());
        check_fault(
            &format!(r#"{{"op":"{kind}",{members}}}"#),
            "ops[0]",
            "\"id\" is missing",
        );
    }
}

#[test]
fn house_ops_are_read_with_all_their_members() {
    let public = KEYS[1];
    let row = r#""issue_price":"0.01","burn_price":"0.008","issue_fee":"0","burn_fee":"0.0001",
                 "tax_code":"vat-20""#;
    let sha = "ab".repeat(32);
    let bodies = [
        (
            "key_add",
            format!(
                r#""author":"p1","key":"k1","public_key":"{public}",
            "scopes":["submit","read"]"#
            ),
        ),
        ("key_revoke", r#""author":"house","key":"k1""#.into()),
        (
            "partner_set",
            format!(
                r#""partner":"p1","roles":["issue","burn"],"status":"active",
            "master_sha256":"{sha}""#
            ),
        ),
        (
            "price_set",
            format!(
                r#""default":{{{row}}},"rows":[{{"partner":"p2",{row}}},
            {{{row},"partner":"p1"}}]"#
            ),
        ),
        (
            "limit_set",
            r#""subject":"partner","partner":"p1","exposure":"100.00",
            "burn_points_per_day":5000"#
                .into(),
        ),
        (
            "limit_set",
            r#""subject":"member","burn_points_per_day":0"#.into(),
        ),
        (
            "programme_set",
            r#""life_days":365,"grace_days":0,"reversible_days":36525,
            "occurred_past_days":1,"occurred_ahead_s":86400,"transfer_allowed":true"#
                .into(),
        ),
        ("rules_upgrade", r#""version":2"#.into()),
        (
            "ledger_key_retire",
            format!(r#""public_key":"{}""#, KEYS[0]),
        ),
        ("member_freeze", r#""member":"m1""#.into()),
        ("member_unfreeze", r#""member":"m1""#.into()),
        (
            "adjust",
            r#""corrects":{"entry":7,"op":0},"kind":"credit","member":"m1","issuer":"p1",
            "points":3"#
                .into(),
        ),
        (
            "adjust",
            r#""corrects":{"entry":7,"op":999},"kind":"debit","member":"m1",
            "issuer":"p1","points":3"#
                .into(),
        ),
        (
            "adjust",
            r#""corrects":{"entry":7,"op":0},"kind":"amount","debtor":"house",
            "creditor":"p1","amount":"12.50""#
                .into(),
        ),
        ("approve", r#""proposal":"prop-1""#.into()),
        ("expire", r#""up_to":"2026-02-28""#.into()),
    ];
    for (kind, body) in bodies {
        let op = one(&format!(r#"{{"op":"{kind}","id":"x",{body}}}"#)).unwrap();
        assert_eq!(op.action.kind(), kind);
        let proposed = one(&format!(
            r#"{{"op":"propose","id":"x","action":{{"op":"{kind}",{body}}}}}"#
        ));
        if kind == "approve" {
            proposed.unwrap_err();
        } else {
            assert_eq!(
                proposed.unwrap().action,
                Action::Propose(Box::new(op.action.clone()))
            );
        }
        match op.action {
            Action::PriceSet(set) => {
                let partners: Vec<_> = set
                    .rows
                    .iter()
                    .map(|(partner, _)| partner.as_str())
                    .collect();
                assert_eq!(
                    partners,
                    ["p1", "p2"],
                    "rows stand in order of their partners"
                );
            }
            Action::PartnerSet(set) => {
                assert_eq!(
                    (set.master_sha256, set.status),
                    (Some([0xab; 32]), Status::Active)
                );
                assert!(set.roles.issue && set.roles.burn);
            }
            Action::LimitSet(LimitSet::Partner { exposure, .. }) => {
                assert_eq!(
                    exposure.map(|money| money.to_string()).as_deref(),
                    Some("100.00")
                );
            }
            Action::KeyAdd(add) => assert_eq!(base64url::encode(&add.public), public),
            _ => {}
        }
    }
}

#[test]
fn found_takes_its_origin_from_the_envelope_wherever_that_stands() {
    let op = found(&found_keys(), r#","settings":{"life_days":365}"#);
    let text = format!(
        r#"{{"ops":[{op}],"valid_until":"2026-03-01T12:00:00Z","submission":"s-1",
            "ledger":"points.example:8443/coalition-0123abcd","mode":"atomic"}}"#
    );
    let submission = parse(text.as_bytes(), None).unwrap();
    let Action::Found(found) = &submission.ops[0].action else {
        panic!("found");
    };
    assert_eq!(
        found.programme.origin,
        "points.example:8443/coalition-0123abcd"
    );
    assert_eq!(found.programme.settlement_model, SettlementModel::Pool);
    assert_eq!(
        (found.settings.life_days, found.settings.grace_days),
        (365, 30)
    );
    assert_eq!(found.keys.len(), 3);
    assert_eq!(submission.mode, Mode::Atomic);
}

#[test]
fn founding_needs_three_different_house_keys_of_the_right_scopes() {
    let keys = found_keys();
    let cases = [
        (keys.replacen("govern", "audit", 1), "2 govern"),
        (keys.replace("operate", "pay"), "1 operates"),
        (keys.replace("operate", "submit"), "house key has scopes"),
        (keys.replace("k2", "k1"), "twice"),
        (keys.replace(KEYS[2], KEYS[1]), "twice"),
        (keys.replace(r#"["operate"]"#, "[]"), "at least one"),
        (keys.rsplit_once(",{").unwrap().0.to_owned(), "at least 3"),
    ];
    for (keys, reason) in cases {
        let (path, found) = fault(&found(&keys, ""));
        assert!(
            path.starts_with("ops[0].keys") && found.contains(reason),
            "{path}: {found}"
        );
    }
    let later = found(&found_keys(), "").replace("\"rules_version\":1", "\"rules_version\":2");
    check_fault(&later, "ops[0].rules_version", "no such rules version");
    let inner = found(&found_keys(), "").replace(r#""id":"f","#, "");
    let inner = format!(r#"{{"op":"propose","id":"x","action":{inner}}}"#);
    check_fault(&inner, "ops[0].action", "cannot be proposed");
}

#[test]
fn op_may_stand_anywhere() {
    let first = one(r#"{"op":"release","id":"x","hold":"h1"}"#).unwrap();
    for op in [
        r#"{"id":"x","op":"release","hold":"h1"}"#,
        r#"{ "hold" : "h1" , "id":"x","op":"release"}"#,
        r#"{"\u006fp":"release","id":"x","hold":"h1"}"#,
    ] {
        assert_eq!(one(op).unwrap(), first, "{op}");
    }
    let sorted = r#"{"action":{"corrects":{"entry":7,"op":0},"issuer":"p1","kind":"debit",
        "member":"m1","op":"adjust","points":3},"id":"x","op":"propose"}"#;
    assert_eq!(one(sorted).unwrap().action.kind(), "propose");
    check_fault(r#"{"id":"x","hold":"h1"}"#, "ops[0]", "\"op\" is missing");
    check_fault(
        r#"{"op":"release","op":"release","id":"x"}"#,
        "ops[0].op",
        "appears twice",
    );
    check_fault(
        r#"{"id":"x","op":"release","op":"burn"}"#,
        "ops[0].op",
        "appears twice",
    );
    check_fault(
        r#"{"id":null,"op":"release"}"#,
        "ops[0].id",
        "expected a string",
    );
}

#[test]
fn points_out_of_range_are_the_domains_to_refuse() {
    let points = |number: &str| {
        let op = one(&format!(
            r#"{{"op":"capture","id":"x","hold":"h","points":{number}}}"#
        ));
        op.map(|op| match op.action {
            Action::Capture(capture) => capture.points.map(Points::units),
            _ => panic!("a capture"),
        })
    };
    for number in [
        "0",
        "-1",
        "9007199254740992",
        "99999999999999999999999",
        "-9223372036854775809",
    ] {
        assert_eq!(points(number), Ok(None), "{number}");
    }
    assert_eq!(points("9007199254740991"), Ok(Some((1 << 53) - 1)));
    for number in [
        "1.0", "1e3", "-0", "01", "NaN", "Infinity", "\"1\"", "null", "true", "+1", "",
    ] {
        assert!(points(number).is_err(), "{number}");
    }
}

#[test]
fn prices_are_decimal_texts_above_zero_and_partners_stand_once() {
    let row = |issue: &str| {
        format!(
            r#"{{"partner":"p1","issue_price":"{issue}","burn_price":"1","issue_fee":"0",
                "burn_fee":"0","tax_code":"v"}}"#
        )
    };
    let set = |rows: &str| format!(r#"{{"op":"price_set","id":"x","rows":[{rows}]}}"#);
    assert!(one(&set(&row("0.00000001"))).is_ok());
    for bad in ["0", "0.000000001", "10000", "-1", "1e2", ".5"] {
        check_fault(
            &set(&row(bad)),
            "ops[0].rows[0].issue_price",
            "decimal text",
        );
    }
    let twice = format!("{},{}", row("1"), row("2"));
    check_fault(&set(&twice), "ops[0].rows", "two rows");
}

#[test]
fn keys_that_no_honest_maker_made_are_refused() {
    let add = |public: &str| {
        format!(r#"{{"op":"key_add","id":"x","key":"k","public_key":"{public}","scopes":[]}}"#)
    };
    assert!(one(&add(KEYS[0])).is_ok());
    let encode = |bytes: [u8; 32]| base64url::encode(&bytes);
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut above_p = [0xff; 32];
    (above_p[0], above_p[31]) = (0xee, 0x7f);
    let cases = [
        (encode(identity), "weak"),
        (encode(above_p), "canonically"),
        (encode([2; 32]), "no Ed25519 public key"),
        (KEYS[0][..42].to_owned(), "43 characters"),
        (format!("{}=", KEYS[0]), "43 characters"),
    ];
    for (public, reason) in cases {
        check_fault(&add(&public), "ops[0].public_key", reason);
    }
    let scoped = add(KEYS[0]).replace("[]", r#"["read","root"]"#);
    check_fault(&scoped, "ops[0].scopes[1]", "each once");
}

#[test]
fn the_envelopes_own_members_are_checked() {
    let good = envelope(r#"{"op":"release","id":"x","hold":"h1"}"#);
    let parsed = parse(good.as_bytes(), Some(2)).unwrap();
    assert_eq!((parsed.mode, parsed.seen), (Mode::Independent, None));
    let long = format!(r#""seen":"{}","ops""#, "x".repeat(SEEN_BYTES_MAX + 1));
    let deep = format!(r#""id":{}1{}"#, "[".repeat(9), "]".repeat(9));
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from));
        let text = good.replacen(from, to, 1);
        let error = parse(text.as_bytes(), Some(2)).unwrap_err();
        format!("{}|{}", error.path(), error.reason())
    };
    for (from, to, expected) in [
        ("points.example/", "points.example", "ledger|an origin"),
        ("0123abcd", "0123abcg", "ledger|an origin"),
        ("\"s-1\"", "\"\"", "submission|write 1 to 64"),
        (":00Z", ":00+00:00", "valid_until|write an instant"),
        (
            "\"ops\"",
            "\"mode\":\"all\",\"ops\"",
            "mode|mode is independent",
        ),
        ("\"ops\"", "\"ops\":[],\"ops\"", "ops|no ops"),
        ("\"ops\"", long.as_str(), "seen|seen has at most"),
        ("\"ops\"", "\"extra\":1,\"ops\"", "extra|unknown"),
        (
            "\"submission\":\"s-1\",",
            "",
            "|member \"submission\" is missing",
        ),
        ("\"ops\":[", "\"ops\":[1,", "ops[0]|expected an object"),
        ("\"id\":\"x\"", deep.as_str(), "ops[0].id|expected a string"),
        ("}]}", "}]} {", "|bytes after the end"),
    ] {
        let found = replaced(from, to);
        assert!(found.starts_with(expected), "{to}: {found}");
    }
    let deep_first = format!(r#"{{{deep},"op":"release"}}"#);
    assert!(fault(&deep_first).1.contains("nested too deeply"));
    assert!(parse(b"\xff", Some(2)).is_err());
    let money = r#"{"op":"limit_set","id":"x","subject":"partner","partner":"p","exposure":"1"}"#;
    let error = parse(envelope(money).as_bytes(), None).unwrap_err();
    assert!(error.to_string().contains("not founded"), "{error}");
}

#[test]
fn ops_are_bounded_and_some_stand_alone() {
    let release = r#"{"op":"release","id":"x","hold":"h"}"#;
    let many = |count: usize| envelope(&vec![release; count].join(","));
    assert_eq!(
        parse(many(OPS_MAX).as_bytes(), None).unwrap().ops.len(),
        OPS_MAX
    );
    let error = parse(many(OPS_MAX + 1).as_bytes(), None).unwrap_err();
    assert!(
        error.to_string().contains("more than 1000 items"),
        "{error}"
    );
    let expire = r#"{"op":"expire","id":"y","up_to":"2026-02-01"}"#;
    let both = envelope(&[release, expire].join(","));
    let error = parse(both.as_bytes(), None).unwrap_err();
    assert!(
        error.path() == "ops" && error.to_string().contains("stand alone"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn garbage_never_panics(
        bytes: Vec<u8>,
        text in r#"(\{|\}|\[|\]|,|:|"op"|"id"|"burn"|"member"|"points"|1|"x"| )*"#,
    ) {
        let _ = parse(&bytes, Some(2));
        let _ = parse(envelope(&text).as_bytes(), Some(2));
    }
}
