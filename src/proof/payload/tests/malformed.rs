//! Malformed members of ops, each with its place and what to do.

use super::check_fault;

#[test]
fn every_malformed_value_is_named_with_its_place() {
    let long = "m".repeat(65);
    let burn = |member: &str| format!(r#"{{"op":"burn","id":"x","member":"{member}","points":1}}"#);
    for member in [
        "",
        ".",
        "..",
        "-a",
        "a b",
        "a/b",
        "é",
        long.as_str(),
        "\\u0000",
    ] {
        check_fault(&burn(member), "ops[0].member", "1 to 64 characters");
    }
    check_fault(&burn("\\ud800"), "ops[0].member", "lone surrogate");
    check_fault(&burn("\\udc00\\ud800"), "ops[0].member", "lone surrogate");
    let cases = [
        (
            r#"{"op":"burn","id":"x","member":"m","points":1,"memo":"hi"}"#,
            "ops[0].memo",
            "unknown",
        ),
        (
            r#"{"op":"burn","id":"x","member":"m","member":"m","points":1}"#,
            "ops[0].member",
            "twice",
        ),
        (
            r#"{"op":"burn","id":"x","points":1}"#,
            "ops[0]",
            "\"member\" is missing",
        ),
        (
            r#"{"op":"burn","id":"x","member":"m","points":1.5}"#,
            "ops[0].points",
            "whole number",
        ),
        (
            r#"{"op":"burn","id":"x","member":"m","points":1,"allow_partial":1}"#,
            "ops[0].allow_partial",
            "true or false",
        ),
        (r#"{"op":"mint","id":"x"}"#, "ops[0]", "unknown kind"),
        (r#"{"op":7,"id":"x"}"#, "ops[0].op", "expected a string"),
        (
            r#"{"op":"hold","id":"x","member":"m","points":1,"ttl_s":0}"#,
            "ops[0].ttl_s",
            "2592000",
        ),
        (
            r#"{"op":"hold","id":"x","member":"m","points":1,"ttl_s":2592001}"#,
            "ops[0].ttl_s",
            "2592000",
        ),
        (
            r#"{"op":"transfer","id":"x","from":"m","to":"m","points":1}"#,
            "ops[0]",
            "one member",
        ),
        (
            r#"{"op":"issue","id":"x","member":"m","points":1,"expires_on":"2026-02-30"}"#,
            "ops[0].expires_on",
            "YYYY-MM-DD",
        ),
        (
            r#"{"op":"issue","id":"x","member":"m","points":1,
                "occurred_at":"2026-02-03T10:00:00.0Z"}"#,
            "ops[0].occurred_at",
            "whole seconds",
        ),
        (
            r#"{"op":"expire","id":"x","up_to":"2026-02-01","ref":"r"}"#,
            "ops[0].ref",
            "unknown",
        ),
        (
            r#"{"op":"propose","id":"x","action":{"op":"expire","id":"y","up_to":"2026-02-01"}}"#,
            "ops[0].action.id",
            "unknown",
        ),
        (
            r#"{"op":"propose","id":"x","action":{"op":"propose","action":{}}}"#,
            "ops[0].action",
            "cannot be proposed",
        ),
        (
            r#"{"op":"programme_set","id":"x"}"#,
            "ops[0]",
            "at least one setting",
        ),
        (
            r#"{"op":"programme_set","id":"x","life_days":0}"#,
            "ops[0].life_days",
            "1 to 36525",
        ),
        (
            r#"{"op":"programme_set","id":"x","grace_days":36526}"#,
            "ops[0].grace_days",
            "36525",
        ),
        (
            r#"{"op":"programme_set","id":"x","occurred_ahead_s":86401}"#,
            "ops[0].occurred_ahead_s",
            "86400",
        ),
        (
            r#"{"op":"partner_set","id":"x","partner":"house","roles":[],"status":"active"}"#,
            "ops[0].partner",
            "not house",
        ),
        (
            r#"{"op":"partner_set","id":"x","partner":"p","status":"active",
                "roles":["burn","burn"]}"#,
            "ops[0].roles[1]",
            "each once",
        ),
        (
            r#"{"op":"partner_set","id":"x","partner":"p","roles":[],"status":"gone"}"#,
            "ops[0].status",
            "active or suspended",
        ),
        (
            r#"{"op":"partner_set","id":"x","partner":"p","roles":[],"status":"active",
            "master_sha256":"AB"}"#,
            "ops[0].master_sha256",
            "64 hex digits",
        ),
        (
            r#"{"op":"limit_set","id":"x","subject":"member","partner":"p"}"#,
            "ops[0]",
            "remove",
        ),
        (
            r#"{"op":"limit_set","id":"x","subject":"partner"}"#,
            "ops[0]",
            "\"partner\" is missing",
        ),
        (
            r#"{"op":"limit_set","id":"x","subject":"partner","partner":"p","exposure":"1.0"}"#,
            "ops[0].exposure",
            "exactly the currency's decimals",
        ),
        (
            r#"{"op":"limit_set","id":"x","subject":"partner","partner":"p","exposure":1}"#,
            "ops[0].exposure",
            "expected a string",
        ),
        (
            r#"{"op":"limit_set","id":"x","subject":"member","burn_points_per_day":-1}"#,
            "ops[0].burn_points_per_day",
            "from 0 to",
        ),
        (
            r#"{"op":"adjust","id":"x","corrects":{"entry":1,"op":0},"kind":"amount",
            "debtor":"p","creditor":"p","amount":"1.00"}"#,
            "ops[0]",
            "one party",
        ),
        (
            r#"{"op":"adjust","id":"x","corrects":{"entry":1,"op":0},"kind":"amount",
            "debtor":"p","creditor":"q","amount":"0.00"}"#,
            "ops[0]",
            "above zero",
        ),
        (
            r#"{"op":"adjust","id":"x","corrects":{"entry":1,"op":0},"kind":"debit",
            "debtor":"p","member":"m","issuer":"p","points":1}"#,
            "ops[0]",
            "remove the others",
        ),
        (
            r#"{"op":"adjust","id":"x","corrects":{"entry":1,"op":1000},"kind":"debit"}"#,
            "ops[0].corrects.op",
            "0 to 999",
        ),
        (
            r#"{"op":"price_set","id":"x","rows":[]}"#,
            "ops[0]",
            "at least one row",
        ),
        (
            r#"{"op":"ledger_key_add","id":"x","handover":"tallyhouse"}"#,
            "ops[0].handover",
            "tallyhouse key handover",
        ),
        (
            r#"{"op":"ledger_key_retire","id":"x","public_key":"AAAA"}"#,
            "ops[0].public_key",
            "43 characters",
        ),
        (
            r#"{"op":"rules_upgrade","id":"x","version":0}"#,
            "ops[0].version",
            "from 1",
        ),
    ];
    for (op, path, reason) in cases {
        check_fault(op, path, reason);
    }
}
