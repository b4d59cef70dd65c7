//! Reads: what everyone sees, and what each caller does not.

use super::{Town, burn, issue};
use serde_json::{Value, json};
use tallyhouse::proof::base64url::decode;
use tallyhouse::proof::entry::EntryRef;

/// m1 has points of both partners; s-b1 and s-b2 are the bakery's, s-g1 and s-g2 the grocer's.
fn busy_town() -> Town {
    let town = Town::new();
    let hold = json!({"op": "hold", "id": "h1", "member": "m1", "points": 30, "ttl_s": 600});
    let pending = json!({"op": "issue", "id": "i2", "member": "m1", "points": 40,
        "activates_on": "2026-03-05"});
    town.send_applied(
        "bakery/till",
        "s-b1",
        &json!([issue("i1", "m1", 500), pending]),
    );
    town.send_applied("grocer/till", "s-g1", &json!([issue("i1", "m1", 200)]));
    town.send_applied("bakery/till", "s-b2", &json!([hold]));
    town.send_applied("grocer/till", "s-g2", &json!([burn("b1", "m1", 100)]));
    town
}

fn issuers(body: &Value, list: &str) -> Vec<String> {
    let lots = body[list].as_array().expect("a list").iter();
    let mut issuers: Vec<String> = lots
        .map(|lot| lot["issuer"].as_str().expect("an issuer").to_owned())
        .collect();
    issuers.dedup();
    issuers
}

#[test]
fn a_partner_sees_totals_and_its_own_lots_and_the_house_all() {
    let town = busy_town();
    let seen_by = |kid, scope| town.get_as(kid, scope, "/members/m1").json();
    let totals = |body: &Value| {
        ["available", "pending", "held", "debt"].map(|name| body[name].as_u64().expect("points"))
    };
    let (bakery, grocer) = (
        seen_by("bakery/till", "read"),
        seen_by("grocer/till", "read"),
    );
    assert_eq!(totals(&bakery), [570, 40, 30, 0]);
    assert_eq!(totals(&bakery), totals(&grocer));
    assert_eq!(issuers(&bakery, "lots"), ["bakery"]);
    assert_eq!(issuers(&grocer, "lots"), ["grocer"]);
    for (kid, scope) in [("house/audit-1", "audit"), ("house/operate-1", "operate")] {
        let all = seen_by(kid, scope);
        assert_eq!(totals(&all), totals(&bakery));
        let mut all = issuers(&all, "lots");
        all.sort_unstable();
        all.dedup();
        assert_eq!(all, ["bakery", "grocer"]);
    }
    let states: Vec<&str> = bakery["lots"]
        .as_array()
        .expect("lots")
        .iter()
        .map(|lot| lot["state"].as_str().expect("a state"))
        .collect();
    assert_eq!(states, ["available", "pending", "held"]);
    let soonest = &bakery["expiries"][0];
    assert_eq!(
        (&soonest["expires_on"], &soonest["points"]),
        (&json!("2028-02-29"), &json!(570))
    );
    let unknown = town.get_as("bakery/till", "read", "/members/nobody");
    assert_eq!(unknown.code(), "not_found");
}

#[test]
fn time_alone_changes_a_balance() {
    let town = busy_town();
    let operate = town.coalition.token("house/operate-1", "operate");
    let move_to = |now: &str| {
        let body = json!({"now": now}).to_string();
        let headers = [("content-type", "application/json")];
        let path = "/v1/demo/clock";
        town.server
            .ask("POST", path, Some(&operate), &headers, body.as_bytes())
    };
    let balance = || {
        let body = town.get_as("bakery/till", "read", "/members/m1").json();
        ["available", "pending", "held"].map(|name| body[name].as_u64().expect("points"))
    };
    let moved = move_to("2026-03-05T00:00:00Z");
    assert_eq!(
        moved.json(),
        json!({"clock": "simulated", "now": "2026-03-05T00:00:00.000000Z"})
    );
    assert_eq!(
        balance(),
        [640, 0, 0],
        "the hold lapsed, the pending lot is good"
    );
    assert_eq!(move_to("2026-03-04T00:00:00Z").code(), "clock_backwards");
    assert_eq!(move_to("yesterday").code(), "malformed");
    move_to("2028-06-01T00:00:00Z");
    assert_eq!(balance(), [0, 0, 0], "all have expired");
    let clock = town.server.get("/v1/demo/clock", None).json();
    assert_eq!(clock["now"], "2028-06-01T00:00:00.000000Z");
}

#[test]
fn the_clock_is_moved_by_operators_of_simulated_ledgers_alone() {
    use crate::support::{Coalition, Server};
    let town = Town::new();
    let body = br#"{"now":"2026-03-05T00:00:00Z"}"#;
    let json_type = ("content-type", "application/json");
    let post = |token: Option<&str>, headers: &[(&str, &str)]| {
        town.server
            .ask("POST", "/v1/demo/clock", token, headers, body)
            .code()
    };
    let before = town.coalition.now();
    let token = |kid, scope| town.coalition.token(kid, scope);
    assert_eq!(post(None, &[json_type]), "token_missing");
    assert_eq!(
        post(Some(&token("house/audit-1", "audit")), &[json_type]),
        "scope_missing"
    );
    assert_eq!(
        post(Some(&token("bakery/till", "read")), &[json_type]),
        "scope_missing"
    );
    let operate = token("house/operate-1", "operate");
    let text = ("content-type", "text/plain");
    assert_eq!(post(Some(&operate), &[text]), "unsupported_media_type");
    assert_eq!(town.coalition.now(), before);

    let real = Coalition::real("real");
    let server = Server::of(&real);
    let operate = real.token("house/operate-1", "operate");
    let asked = server.ask("POST", "/v1/real/clock", Some(&operate), &[json_type], body);
    assert_eq!(asked.code(), "not_found");
    assert_eq!(server.get("/v1/real/clock", None).json()["clock"], "real");
}

#[test]
fn a_history_is_paged_and_shows_a_partner_its_own_ops() {
    let town = busy_town();
    let page =
        |kid, scope, query: &str| town.get_as(kid, scope, &format!("/members/m1/history{query}"));
    let ids = |body: &Value| -> Vec<String> {
        let ops = body["ops"].as_array().expect("ops").iter();
        ops.map(|op| {
            format!(
                "{}:{}",
                op["author"].as_str().unwrap(),
                op["id"].as_str().unwrap()
            )
        })
        .collect()
    };
    let all = page("house/audit-1", "audit", "").json();
    let newest_first = [
        "grocer:b1",
        "bakery:h1",
        "grocer:i1",
        "bakery:i2",
        "bakery:i1",
    ];
    assert_eq!(ids(&all), newest_first);
    assert_eq!(all.get("next_before"), None);
    assert_eq!(all["ops"][0]["balance"]["available"], 570);
    assert_eq!(all["ops"][0]["moves"][0]["kind"], "burned");
    assert_eq!(
        ids(&page("bakery/till", "read", "").json()),
        ["bakery:h1", "bakery:i2", "bakery:i1"]
    );
    assert_eq!(
        ids(&page("grocer/till", "read", "").json()),
        ["grocer:b1", "grocer:i1"]
    );

    let (mut collected, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let body = page("house/audit-1", "audit", &query).json();
        collected.extend(ids(&body));
        let Some(next) = body["next_before"].as_str() else {
            break;
        };
        query = format!("?limit=2&before={next}");
    }
    assert_eq!(collected, newest_first);
    let bad = [
        "?before=0.0",
        "?before=1",
        "?before=x.y",
        "?before=999999.0",
        "?limit=0",
        "?limit=201",
        "?limit=x",
        "?page=2",
    ];
    for query in bad {
        assert_eq!(
            page("house/audit-1", "audit", query).code(),
            "malformed",
            "{query}"
        );
    }
    let unknown = town.get_as("bakery/till", "read", "/members/nobody/history");
    assert_eq!(unknown.code(), "not_found");
}

#[test]
fn partners_know_each_other_but_not_each_others_business() {
    let town = busy_town();
    let list = town.get_as("bakery/till", "read", "/partners").json();
    let roles = json!(["issue", "burn"]);
    assert_eq!(
        list["partners"],
        json!([
            {"partner": "bakery", "roles": roles, "status": "active"},
            {"partner": "grocer", "roles": roles, "status": "active"},
        ])
    );
    let own = town
        .get_as("bakery/till", "read", "/partners/bakery")
        .json();
    let key = |id: &str| {
        let keys = own["keys"].as_array().expect("keys");
        keys.iter()
            .find(|key| key["key"] == id)
            .expect("the key")
            .clone()
    };
    assert_eq!(key("till")["valid"], true);
    assert_eq!(key("old")["valid"], false);
    assert!(key("old")["revoked_by_entry"].is_u64());
    assert_eq!(key("recovered")["valid"], false);
    assert_eq!(key("recovered")["recovered"], true);
    assert_eq!(own["prices"]["burn_price"], "0.008");
    assert_eq!(own["exposure_limit"], "1000.00");
    // 540 points outstanding less 100 burned in burn order, all of the bakery's, at 0.008; fees of
    // 540 × 0.0005; and the grocer's claim of 100 × 0.008.
    assert_eq!(own["outstanding_points"], 440);
    assert_eq!(own["exposure"], "4.59");
    assert_eq!(own["burned_points_today"], 30);
    for path in [
        "/partners/grocer",
        "/partners/grocer/lines",
        "/partners/nobody",
        "/partners/house",
        "/partners/house/lines",
    ] {
        assert_eq!(
            town.get_as("bakery/till", "read", path).code(),
            "not_found",
            "{path}"
        );
    }
    assert_eq!(
        town.get_as("bakery/till", "read", "/partners/GROCER")
            .code(),
        "malformed"
    );
    let theirs = town.get_as("house/operate-1", "operate", "/partners/grocer");
    assert_eq!(theirs.json()["partner"], "grocer");
}

#[test]
fn lines_are_summed_and_priced() {
    let town = busy_town();
    let lines = town
        .get_as("bakery/till", "read", "/partners/bakery/lines")
        .json();
    assert_eq!(lines["currency"], "EUR");
    assert_eq!(
        lines["lines"],
        json!([
            {"debtor": "bakery", "creditor": "house", "reason": "issue_fee", "price_version": 1,
                "points": 540, "price": "0.0005", "amount": "0.27"},
            {"debtor": "bakery", "creditor": "grocer", "reason": "burn", "price_version": 1,
                "points": 100, "price": "0.008", "amount": "0.80"},
        ])
    );
    let all = town
        .get_as("house/audit-1", "audit", "/partners/house/lines")
        .json();
    assert_eq!(all["lines"].as_array().expect("lines").len(), 4);
}

#[test]
fn entries_are_for_auditors_and_single_ones_for_their_authors() {
    let town = busy_town();
    let size = town.coalition.size();
    let lines = town.get_as("house/audit-1", "audit", "/entries?from=0&limit=10000");
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    assert_eq!(lines.header("link"), "");
    let parsed: Vec<Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON on each line"))
        .collect();
    assert_eq!(parsed.len() as u64, size);
    let mut sequence = Vec::new();
    for (index, line) in parsed.iter().enumerate() {
        assert_eq!(line["index"], index);
        let entry = decode(line["entry"].as_str().expect("text").as_bytes()).expect("base64url");
        assert_eq!(
            EntryRef::decode(&entry).expect("an entry").index,
            index as u64
        );
        sequence.extend_from_slice(&entry);
    }
    let audit = town.coalition.audit_token();
    let cbor = [("accept", "application/cbor-seq")];
    let items = town.server.ask(
        "GET",
        "/v1/demo/entries?limit=10000",
        Some(&audit),
        &cbor,
        b"",
    );
    assert_eq!(items.header("content-type"), "application/cbor-seq");
    assert_eq!(items.body, sequence, "the same entries one after the other");

    let page = town.get_as("house/audit-1", "audit", "/entries?from=2&limit=3");
    assert_eq!(page.text().lines().count(), 3);
    let next = "</v1/demo/entries?from=5&limit=3>; rel=\"next\"";
    assert_eq!(page.header("link"), next);
    let past = town.get_as("house/audit-1", "audit", &format!("/entries?from={size}"));
    assert_eq!((past.status, past.body.len()), (200, 0));
    for query in ["?limit=0", "?limit=10001", "?from=-1", "?from=x", "?to=3"] {
        let answer = town.get_as("house/audit-1", "audit", &format!("/entries{query}"));
        assert_eq!(answer.code(), "malformed", "{query}");
    }
    for (kid, scope) in [("bakery/till", "read"), ("house/operate-1", "operate")] {
        assert_eq!(
            town.get_as(kid, scope, "/entries").code(),
            "scope_missing",
            "{kid}"
        );
    }
}

#[test]
fn anothers_submission_is_as_if_there_were_none() {
    let town = busy_town();
    let theirs = town.coalition.size() - 1;
    let beyond = town.coalition.size();
    let paths = |index: u64| [format!("/entries/{index}"), format!("/receipts/{index}")];
    for path in paths(theirs).iter().chain(&paths(beyond)) {
        assert_eq!(
            town.get_as("bakery/till", "read", path).code(),
            "not_found",
            "{path}"
        );
    }
    for path in [
        "/submissions/grocer/s-g2",
        "/submissions/grocer/none",
        "/submissions/bakery/none",
        "/submissions/nobody/none",
    ] {
        assert_eq!(
            town.get_as("bakery/till", "read", path).code(),
            "not_found",
            "{path}"
        );
    }
    for path in paths(theirs)
        .iter()
        .chain(&["/submissions/grocer/s-g2".to_owned()])
    {
        assert_eq!(
            town.get_as("grocer/till", "read", path).status,
            200,
            "{path}"
        );
        assert_eq!(
            town.get_as("house/audit-1", "audit", path).status,
            200,
            "{path}"
        );
        let operate = town.get_as("house/operate-1", "operate", path);
        assert_eq!(operate.code(), "scope_missing", "{path}");
    }
    assert_eq!(
        town.get_as("house/operate-1", "operate", "/receipts/0")
            .status,
        200
    );
    for path in [
        "/entries/x",
        "/receipts/-1",
        "/submissions/BAKERY/s",
        "/submissions/bakery/%20",
        "/members/%2e%2e",
        "/members/%ff",
    ] {
        assert_eq!(
            town.get_as("house/audit-1", "audit", path).code(),
            "malformed",
            "{path}"
        );
    }
}

#[test]
fn a_single_entry_shows_what_was_signed() {
    let town = busy_town();
    let index = town.coalition.size() - 1;
    let path = format!("/entries/{index}");
    let entry = town.get_as("grocer/till", "read", &path).json();
    assert_eq!(entry["header"]["kid"], "grocer/till");
    assert_eq!(entry["payload"]["submission"], "s-g2");
    assert_eq!(entry["payload"]["ops"][0], burn("b1", "m1", 100));
    let token = town.coalition.token("grocer/till", "read");
    let cbor = [("accept", "application/cbor")];
    let path = format!("/v1/demo{path}");
    let bare = town.server.ask("GET", &path, Some(&token), &cbor, b"");
    assert_eq!(bare.header("content-type"), "application/cbor");
    let written = decode(entry["entry"].as_str().expect("text").as_bytes());
    assert_eq!(bare.body, written.expect("base64url"));
}
