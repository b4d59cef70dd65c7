//! Windows and their files, for the house and for each partner's finance staff; settling by hand;
//! acknowledgements; a window that is held.

use super::{Town, burn, issue};
use crate::support::{Answer, Coalition, Server, public_key};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use tallyhouse::domain::line::LineTotal;
use tallyhouse::domain::points::Points;
use tallyhouse::domain::tally::Tally;
use tallyhouse::proof::hex;
use tallyhouse::proof::jws::{Jws, Typ};
use tallyhouse::settlement::shadow;

const DAY: &str = "2026-03-01";
const OPERATE: (&str, &str) = ("house/operate-1", "operate");
const AUDIT: (&str, &str) = ("house/audit-1", "audit");
const BAKERY: (&str, &str) = ("bakery/finance", "statements");
const GROCER: (&str, &str) = ("grocer/finance", "statements");

/// The bakery issues 701 points and the grocer burns 300 of them.
fn trade(coalition: &Coalition) {
    let issued = json!([issue("i1", "m1", 701)]);
    coalition.accept("bakery/till", "si-1", &issued);
    let burned = json!([burn("b1", "m1", 300)]);
    coalition.accept("grocer/till", "sb-1", &burned);
}

/// Gives each partner a key for its finance staff.
pub fn finance_keys(coalition: &Coalition) {
    for author in ["bakery", "grocer"] {
        let key = public_key(&format!("{author}/finance"));
        let add = json!([{"op": "key_add", "id": "finance", "key": "finance", "public_key": key,
            "scopes": ["statements"]}]);
        coalition.accept(&format!("{author}/manage"), "finance", &add);
    }
}

/// A town with finance keys, in which that trade happened.
fn trading_town() -> Town {
    let town = Town::new();
    finance_keys(&town.coalition);
    trade(&town.coalition);
    town
}

/// The same, with its first day settled.
fn settled_town() -> Town {
    let town = trading_town();
    let answer = settle(&town, OPERATE, &json!({"until": DAY}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    town
}

fn settle(town: &Town, (kid, scope): (&str, &str), body: &Value) -> Answer {
    let token = town.coalition.token(kid, scope);
    let headers = [("content-type", "application/json")];
    let body = body.to_string();
    let path = "/v1/demo/settle";
    town.server
        .ask("POST", path, Some(&token), &headers, body.as_bytes())
}

fn get(town: &Town, (kid, scope): (&str, &str), path: &str) -> Answer {
    town.get_as(kid, scope, path)
}

fn folder(town: &Town, window: u32) -> PathBuf {
    let windows = town.coalition.folder.path().join("windows");
    windows.join(window.to_string())
}

#[test]
fn settling_by_hand_closes_days_once() {
    let town = trading_town();
    let first = settle(&town, OPERATE, &json!({"until": DAY})).json();
    let settled = &first["settled"][0];
    assert_eq!(
        (&settled["window"], &settled["statements"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(
        (&settled["first_day"], &settled["last_day"]),
        (&json!(DAY), &json!(DAY))
    );
    assert_eq!(settled["problems"][0]["file"], "payments.pain001.xml");
    assert_eq!(first["open_window"], 1);
    let size = town.coalition.size();
    for body in [json!({}), json!({"until": DAY})] {
        let again = settle(&town, OPERATE, &body).json();
        assert_eq!(
            (&again["settled"], &again["open_window"]),
            (&json!([]), &json!(1))
        );
    }
    assert_eq!(town.coalition.size(), size, "nothing was due");
}

#[test]
fn calls_to_settle_wait_for_each_other() {
    let town = trading_town();
    let both = std::thread::scope(|scope| {
        let calls = [(); 2].map(|()| {
            let town = &town;
            scope.spawn(move || settle(town, OPERATE, &json!({"until": DAY})))
        });
        calls.map(|call| call.join().expect("it is answered"))
    });
    let settled = both.map(|answer| answer.json()["settled"].as_array().expect("a list").len());
    assert_eq!(
        settled.iter().sum::<usize>(),
        1,
        "one of them settles the window"
    );
}

#[test]
fn only_operators_settle_and_only_what_is_over() {
    let town = trading_town();
    for (caller, body, code) in [
        (("bakery/till", "read"), json!({}), "scope_missing"),
        (BAKERY, json!({}), "scope_missing"),
        (AUDIT, json!({}), "scope_missing"),
        (OPERATE, json!({"until": "2026-03-02"}), "malformed"),
        (OPERATE, json!({"until": "tomorrow"}), "malformed"),
        (OPERATE, json!({"since": DAY}), "malformed"),
        (OPERATE, json!([]), "malformed"),
    ] {
        let answer = settle(&town, caller, &body);
        assert_eq!(answer.code(), code, "{caller:?} {body}: {}", answer.text());
    }
    let future = settle(&town, OPERATE, &json!({"until": "2026-03-02"})).json();
    assert_eq!(
        future["detail"],
        "until lies in the future: the ledger's day is 2026-03-01"
    );
    let text = town.coalition.token(OPERATE.0, OPERATE.1);
    let plain = [("content-type", "text/plain")];
    let answer = town
        .server
        .ask("POST", "/v1/demo/settle", Some(&text), &plain, b"{}");
    assert_eq!(answer.code(), "unsupported_media_type");
    assert_eq!(town.coalition.ledger.view().window, 0, "nothing was cut");
}

#[test]
fn a_house_without_its_key_says_so() {
    let coalition = Coalition::simulated("demo");
    let server = Server::with_settlements(vec![coalition.settlement_with(None)]);
    let town = Town { server, coalition };
    let answer = settle(&town, OPERATE, &json!({}));
    assert_eq!(answer.code(), "not_available");
    let problem = answer.json();
    let detail = problem["detail"].as_str().expect("text");
    assert!(detail.starts_with("no operate key"), "{detail}");
    let metrics = town.server.get("/metrics", None).text();
    for line in [
        r#"tallyhouse_settlement_alarms_total{programme="demo"} 1"#,
        r#"tallyhouse_settlement_alarm{programme="demo"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[test]
fn windows_are_listed_newest_first_with_totals_for_the_house() {
    let town = settled_town();
    for house in [OPERATE, AUDIT] {
        let list = get(&town, house, "/windows").json();
        assert_eq!(list["currency"], "EUR");
        let [open, stated] = list["windows"].as_array().expect("a list").as_slice() else {
            panic!("{list}");
        };
        assert_eq!(
            (&open["window"], &open["state"]),
            (&json!(1), &json!("open"))
        );
        assert_eq!(open["published"], false);
        assert_eq!(open["first_day"], "2026-03-02");
        assert_eq!(
            (&stated["window"], &stated["state"]),
            (&json!(0), &json!("stated"))
        );
        assert_eq!(
            (&stated["published"], &stated["statements"]),
            (&json!(true), &json!(2))
        );
        assert_eq!(
            (&stated["first_day"], &stated["last_day"]),
            (&json!(DAY), &json!(DAY))
        );
        assert_eq!(
            open["first_entry"].as_u64(),
            stated["last_entry"].as_u64().map(|n| n + 1)
        );
        // 701 × 0.0005 = 0.35, 300 × 0.008 = 2.40, 300 × 0.0001 = 0.03.
        let netting = &stated["netting"];
        assert_eq!(
            (&netting["gross"], &netting["net"]),
            (&json!("2.78"), &json!("2.75"))
        );
        assert_eq!(
            (&netting["lines"], &netting["payments"]),
            (&json!(3), &json!(2))
        );
        assert_eq!(netting["efficiency_percent"], "1.08");
        assert_eq!(stated["problems"][0]["file"], "payments.pain001.xml");
    }
    let own = get(&town, BAKERY, "/windows").json();
    let stated = &own["windows"][1];
    assert_eq!(stated["published"], true);
    assert_eq!(
        (stated.get("netting"), stated.get("problems")),
        (None, None)
    );
}

#[test]
fn windows_come_in_pages() {
    let town = settled_town();
    let first = get(&town, AUDIT, "/windows?limit=1");
    assert_eq!(first.json()["windows"][0]["window"], 1);
    let link = "</v1/demo/windows?before=1&limit=1>; rel=\"next\"";
    assert_eq!(first.header("link"), link);
    let second = get(&town, AUDIT, "/windows?before=1&limit=1");
    assert_eq!(second.json()["windows"][0]["window"], 0);
    assert_eq!(second.header("link"), "");
    for bad in ["limit=0", "limit=201", "limit=x", "before=-1", "page=1"] {
        let answer = get(&town, AUDIT, &format!("/windows?{bad}"));
        assert_eq!(answer.code(), "malformed", "{bad}");
    }
    let statements = get(&town, AUDIT, "/windows/0/statements?limit=1");
    assert_eq!(statements.json()["statements"][0]["partner"], "bakery");
    let link = "</v1/demo/windows/0/statements?after=bakery&limit=1>; rel=\"next\"";
    assert_eq!(statements.header("link"), link);
    let rest = get(&town, AUDIT, "/windows/0/statements?after=bakery&limit=1");
    assert_eq!(rest.json()["statements"][0]["partner"], "grocer");
    assert_eq!(rest.header("link"), "");
    for bad in ["limit=0", "limit=1001", "after=..", "page=1"] {
        let answer = get(&town, AUDIT, &format!("/windows/0/statements?{bad}"));
        assert_eq!(answer.code(), "malformed", "{bad}");
    }
}

#[test]
fn a_window_says_its_steps_and_what_is_still_to_be_paid() {
    let town = settled_town();
    let window = get(&town, OPERATE, "/windows/0").json();
    let entry = |step: &str| window[step]["entry"].as_u64().expect("an entry");
    assert_eq!(window["last_entry"], entry("cut"));
    assert_eq!(
        (entry("netted"), entry("stated")),
        (entry("cut") + 1, entry("cut") + 2)
    );
    let at = window["cut"]["at"].as_str().expect("a time");
    assert!(at.starts_with("2026-03-01T12:00:00."), "{at}");
    // The bakery pays the house, and the house the grocer.
    assert_eq!(
        (&window["open_payments"], &window["uncollected"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(window["netting"]["net"], "2.75");
    assert!(window["dispute_until"].is_string());
    let own = get(&town, BAKERY, "/windows/0").json();
    assert_eq!(
        (&own["open_payments"], own.get("uncollected")),
        (&json!(1), None)
    );
    let open = get(&town, OPERATE, "/windows/1").json();
    assert_eq!((&open["state"], open.get("cut")), (&json!("open"), None));
}

#[test]
fn the_scope_of_statements_is_needed_and_is_enough() {
    let town = settled_town();
    let paths = [
        "/windows",
        "/windows/0",
        "/windows/0/statements",
        "/windows/0/statements/bakery.json",
    ];
    for path in paths {
        assert_eq!(get(&town, BAKERY, path).status, 200, "{path}");
        let till = get(&town, ("bakery/till", "read submit"), path);
        assert_eq!(till.code(), "scope_missing", "{path}");
        let govern = get(&town, ("house/govern-1", "govern"), path);
        assert_eq!(govern.code(), "scope_missing", "{path}");
    }
    let sent = town.send("bakery/finance", "s9", &json!([issue("i9", "m9", 1)]));
    assert_eq!(
        sent.code(),
        "scope_missing",
        "finance staff issue no points"
    );
}

#[test]
fn a_partner_gets_its_own_files_and_no_others() {
    let town = settled_town();
    let all = get(&town, AUDIT, "/windows/0/statements").json();
    let of = |list: &Value| -> Vec<Value> {
        let lines = list["statements"].as_array().expect("a list").iter();
        lines.map(|line| line["partner"].clone()).collect()
    };
    assert_eq!(of(&all), ["bakery", "grocer"]);
    let own = get(&town, GROCER, "/windows/0/statements").json();
    assert_eq!(of(&own), ["grocer"]);
    let files = own["statements"][0]["files"].as_array().expect("a list");
    assert!(files.len() >= 6, "{own}");
    for file in files {
        let path = format!("/windows/0/statements/{}", file.as_str().expect("text"));
        assert_eq!(get(&town, GROCER, &path).status, 200, "{path}");
        assert_eq!(get(&town, OPERATE, &path).status, 200, "{path}");
        assert_eq!(get(&town, BAKERY, &path).code(), "not_found", "{path}");
    }
    // Another's statement and one of nobody are told apart by nobody.
    let others = get(&town, BAKERY, "/windows/0/statements/grocer.json").json();
    let nobodys = get(&town, BAKERY, "/windows/0/statements/nobody.json").json();
    assert_eq!(
        (&others["title"], &others["detail"]),
        (&nobodys["title"], &nobodys["detail"])
    );
    for house in [
        "window.json",
        "matrix.csv",
        "journal.hledger",
        "payments.pain001.xml",
        "pack.zip",
    ] {
        let path = format!("/windows/0/{house}");
        assert_eq!(get(&town, BAKERY, &path).code(), "not_found", "{path}");
    }
}

/// Path below the window, media type, and the end of the name under which it is saved.
const FILES: &str = "
    statements/bakery.json         application/json           -bakery.json
    statements/bakery.jws          application/jose           -bakery.jws
    statements/bakery.stated.json  application/json           -bakery.stated.json
    statements/bakery.csv          text/csv;charset=utf-8     -bakery.csv
    statements/bakery.xlsx         xlsx                       -bakery.xlsx
    statements/bakery.pdf          application/pdf            -bakery.pdf
    statements/bakery.camt053.xml  application/xml            -bakery.camt053.xml
    window.json                    application/json           .json
    matrix.json                    application/json           -matrix.json
    window.jws                     application/jose           .jws
    matrix.csv                     text/csv;charset=utf-8     -matrix.csv
    matrix.xlsx                    xlsx                       -matrix.xlsx
    journal.hledger                text/plain;charset=utf-8   -journal.hledger
    journal.beancount              text/plain;charset=utf-8   -journal.beancount
    pack.zip                       application/zip            -pack.zip";

#[test]
fn files_are_what_was_published_under_their_media_type_and_name() {
    let town = settled_town();
    for row in FILES.trim().lines() {
        let [path, media_type, saved_as] = row.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        let media_type = media_type.replace(';', "; ").replace("xlsx", xlsx);
        let answer = get(&town, AUDIT, &format!("/windows/0/{path}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let file = folder(&town, 0).join(path.replace("matrix.json", "window.json"));
        let bytes = std::fs::read(file).expect("it was published");
        assert!(answer.body == bytes, "{path}");
        assert_eq!(answer.header("content-type"), media_type, "{path}");
        let disposition = format!("attachment; filename=\"demo-window-0{saved_as}\"");
        assert_eq!(answer.header("content-disposition"), disposition);
        let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)));
        assert_eq!(answer.header("etag"), tag, "{path}");
        let kept = match path {
            // The files for the bank are still to come, and belong into the pack.
            "pack.zip" => "private, no-cache",
            _ => "private, max-age=31536000, immutable",
        };
        assert_eq!(answer.header("cache-control"), kept, "{path}");
        check_tag(&town, path, &tag);
    }
    let signed = get(&town, BAKERY, "/windows/0/statements/bakery.jws");
    let jws = Jws::parse(&signed.body, Typ::Statement).expect("a signed statement");
    let statement = get(&town, BAKERY, "/windows/0/statements/bakery.json");
    assert_eq!(jws.payload, statement.body);
    assert_eq!(statement.json()["position"]["payable"], "-2.75");
}

#[test]
fn files_for_the_bank_are_kept_for_good_once_nothing_more_can_come() {
    let town = settled_town();
    let path = "/windows/0/payments.pain001.xml";
    assert_eq!(get(&town, OPERATE, path).code(), "not_available");
    std::fs::write(folder(&town, 0).join("payments.pain001.xml"), "<a/>").expect("written");
    let first = get(&town, OPERATE, path);
    assert_eq!(first.header("cache-control"), "private, no-cache");
    std::fs::remove_file(folder(&town, 0).join("problems.json")).expect("it is there");
    for path in [path, "/windows/0/pack.zip"] {
        let kept = get(&town, OPERATE, path).header("cache-control");
        assert_eq!(kept, "private, max-age=31536000, immutable", "{path}");
    }
    assert_eq!(first.header("content-type"), "application/xml");
    assert_eq!(first.text(), "<a/>");
    let none = get(&town, OPERATE, "/windows/0/payments.pain008.xml");
    assert_eq!(none.code(), "not_available");
    let detail = "window 0 has no payment for payments.pain008.xml";
    assert_eq!(none.json()["detail"], detail);
}

fn check_tag(town: &Town, path: &str, tag: &str) {
    let token = town.coalition.token(AUDIT.0, AUDIT.1);
    let path = format!("/v1/demo/windows/0/{path}");
    let ask = |value: &str| {
        let headers = [("if-none-match", value)];
        town.server.ask("GET", &path, Some(&token), &headers, b"")
    };
    for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
        let answer = ask(&known);
        assert_eq!(
            (answer.status, answer.body.len()),
            (304, 0),
            "{path} {known}"
        );
        assert_eq!(answer.header("etag"), tag);
        assert!(answer.header("cache-control").starts_with("private"));
    }
    assert_eq!(ask("\"x\"").status, 200, "{path}");
}

#[test]
fn what_is_not_there_is_told_apart_by_its_code() {
    let town = settled_town();
    for path in [
        "/windows/7",
        "/windows/7/statements",
        "/windows/7/statements/bakery.json",
        "/windows/7/matrix.csv",
        "/windows/00",
        "/windows/+0",
        "/windows/-1",
        "/windows/x",
        "/windows/4294967296",
        "/windows/0/statements/nobody.json",
        "/windows/0/statements/house.json",
        "/windows/0/statements/bakery",
        "/windows/0/statements/bakery.exe",
        "/windows/0/statements/bakery.json.bak",
        "/windows/0/matrix.pdf",
        "/windows/0/problems.json",
        "/windows/0/summary.json",
        "/windows/0/statements/..%2fwindow.json",
        "/windows/0/statements/..%2f..%2f..%2fshadow",
        "/windows/0/statements/%2e%2e%2fwindow.json",
        "/windows/0/statements/bakery%00.json",
        "/windows/0/statements/bakery.json%00",
        "/windows/0/..%2f1%2fwindow.json",
        "/windows/0/%2fetc%2fpasswd",
        "/windows/..%2f0/window.json",
        "/windows/0%2f..%2f0/window.json",
        "/windows/0%00/window.json",
        "/windows/0/statements/bakery%5c.json",
    ] {
        let answer = get(&town, AUDIT, path);
        assert_eq!(answer.code(), "not_found", "{path}: {}", answer.text());
    }
    let not_text = get(&town, AUDIT, "/windows/0/statements/%ff.json");
    assert_eq!(not_text.code(), "malformed");
    for path in [
        "/windows/1/statements",
        "/windows/1/statements/bakery.pdf",
        "/windows/1/pack.zip",
    ] {
        let answer = get(&town, AUDIT, path);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (409, "not_stated"),
            "{path}"
        );
        assert_eq!(answer.json()["retryable"], true);
        let detail = "the statements of window 1 are not issued yet; it is open";
        assert_eq!(answer.json()["detail"], detail);
    }
    let problems: Value = {
        let file = std::fs::read(folder(&town, 0).join("problems.json")).expect("it is there");
        serde_json::from_slice(&file).expect("JSON")
    };
    let money = get(&town, OPERATE, "/windows/0/payments.pain001.xml");
    assert_eq!(
        (money.status, money.code().as_str()),
        (409, "not_available")
    );
    assert_eq!(problems[0]["file"], "payments.pain001.xml");
    assert_eq!(money.json()["detail"], problems[0]["problem"]);
}

#[test]
fn a_partner_registered_later_has_no_statement() {
    let town = settled_town();
    let cinema = json!([{"op": "partner_set", "id": "p3", "partner": "cinema", "roles": ["burn"],
        "status": "active"}]);
    town.coalition.accept("house/govern-1", "p3", &cinema);
    let own = get(&town, AUDIT, "/windows/0/statements/cinema.json");
    assert_eq!(own.code(), "not_found");
    let list = get(&town, AUDIT, "/windows/0/statements").json();
    assert_eq!(list["statements"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_file_that_was_not_made_is_not_available() {
    let town = settled_town();
    std::fs::remove_file(folder(&town, 0).join("statements/bakery.csv")).expect("it is there");
    let answer = get(&town, BAKERY, "/windows/0/statements/bakery.csv");
    assert_eq!(answer.code(), "not_available");
    assert_eq!(
        answer.json()["detail"],
        "bakery.csv was not made for window 0"
    );
    let list = get(&town, BAKERY, "/windows/0/statements").json();
    let files = list["statements"][0]["files"].as_array().expect("a list");
    assert!(!files.contains(&json!("bakery.csv")), "{list}");
}

fn acknowledge(town: &Town, path: &str, kid: &str, submission: &str, ops: &Value) -> Answer {
    let compact = town.coalition.signed(kid, submission, ops);
    let jose = [("content-type", "application/jose")];
    let path = format!("/v1/demo/windows/{path}/acknowledge");
    town.server
        .ask("POST", &path, None, &jose, compact.as_bytes())
}

fn seen(id: &str, window: u32) -> Value {
    json!({"op": "statement_acknowledge", "id": id, "window": window})
}

#[test]
fn nothing_but_ones_own_acknowledgement_of_this_window_is_taken() {
    let town = settled_town();
    let size = town.coalition.size();
    for (path, kid, ops) in [
        (
            "0/statements/bakery",
            "bakery/finance",
            json!([seen("a", 1)]),
        ),
        (
            "0/statements/grocer",
            "bakery/finance",
            json!([seen("a", 0)]),
        ),
        (
            "0/statements/nobody",
            "bakery/finance",
            json!([seen("a", 0)]),
        ),
        (
            "0/statements/..%2fbakery",
            "bakery/finance",
            json!([seen("a", 0)]),
        ),
        (
            "00/statements/bakery",
            "bakery/finance",
            json!([seen("a", 0)]),
        ),
        (
            "0/statements/bakery",
            "bakery/finance",
            json!([seen("a", 0), seen("b", 0)]),
        ),
        (
            "0/statements/bakery",
            "bakery/till",
            json!([issue("a", "m1", 1)]),
        ),
    ] {
        let answer = acknowledge(&town, path, kid, "a1", &ops);
        assert_eq!(
            answer.code(),
            "malformed",
            "{path} {ops}: {}",
            answer.text()
        );
        let problem = answer.json();
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains("exactly one op"), "{path} {ops}: {detail}");
    }
    assert_eq!(town.coalition.size(), size, "nothing of that is kept");
}

#[test]
fn a_statement_is_acknowledged_once_by_its_partner() {
    let town = settled_town();
    let to = "0/statements/bakery";
    let first = acknowledge(&town, to, "bakery/finance", "a1", &json!([seen("a", 0)]));
    assert_eq!(first.status, 201, "{}", first.text());
    let receipt = first.json();
    assert_eq!(receipt["results"][0]["code"], "applied");
    let index = &receipt["index"];
    assert_eq!(
        first.header("location"),
        format!("/v1/demo/receipts/{index}")
    );
    let same = acknowledge(&town, to, "bakery/finance", "a1", &json!([seen("a", 0)]));
    assert_eq!((same.status, &same.json()["index"]), (200, index));
    let twice = acknowledge(&town, to, "bakery/finance", "a2", &json!([seen("b", 0)]));
    assert_eq!(twice.status, 201);
    assert_eq!(twice.json()["results"][0]["code"], "already_acknowledged");
    let till = acknowledge(&town, to, "bakery/till", "a3", &json!([seen("c", 0)]));
    assert_eq!(till.code(), "scope_missing");
    let list = get(&town, AUDIT, "/windows/0/statements").json();
    assert_eq!(&list["statements"][0]["acknowledged_by_entry"], index);
    assert_eq!(list["statements"][1].get("acknowledged_by_entry"), None);
    let early = acknowledge(
        &town,
        "1/statements/bakery",
        "bakery/finance",
        "a4",
        &json!([seen("d", 1)]),
    );
    assert_eq!(early.json()["results"][0]["code"], "window_not_stated");
}

/// Plants a tally in which one line has a point more than in the ledger.
fn plant_wrong_line(coalition: &Coalition) {
    let settlement = coalition.settlement();
    let size = coalition.size();
    let tally = settlement.shadow().reported();
    settlement.close();
    let mut wrong = Tally::clone(&tally);
    assert_eq!(wrong.size, size);
    let line = wrong.lines.values_mut().next().expect("a line");
    let LineTotal::Priced(points) = *line else {
        panic!("{line:?}");
    };
    *line = LineTotal::Priced(
        points
            .checked_add(Points::new(1).expect("one"))
            .expect("few"),
    );
    let file = coalition.folder.path().join("shadow");
    std::fs::write(file, shadow::encode(&wrong)).expect("the folder is there");
}

#[test]
fn a_window_is_held_if_two_computations_differ_until_it_is_released() {
    let coalition = Coalition::simulated("demo");
    finance_keys(&coalition);
    trade(&coalition);
    plant_wrong_line(&coalition);
    let server = Server::of(&coalition);
    let town = Town { server, coalition };
    for _ in 0..2 {
        let held = settle(&town, OPERATE, &json!({"until": DAY}));
        assert_eq!((held.status, held.code().as_str()), (409, "window_held"));
        let problem = held.json();
        assert_eq!(problem["retryable"], false);
        let detail = problem["detail"].as_str().expect("text");
        assert!(detail.contains("window 0 is held"), "{detail}");
        assert!(detail.contains("window_release"), "{detail}");
    }
    let windows = get(&town, OPERATE, "/windows").json();
    let window = &windows["windows"][1];
    assert_eq!(
        (&window["state"], &window["published"]),
        (&json!("held"), &json!(false))
    );
    let statement = get(&town, BAKERY, "/windows/0/statements/bakery.json");
    assert_eq!(statement.code(), "not_stated");
    assert!(!folder(&town, 0).exists(), "nothing is published");
    check_metrics(&town, &[("window_held", 1), ("last_settled_window", -1)]);
    let metrics = town.server.get("/metrics", None).text();
    let held = r#"windows_unpublished{programme="demo",state="held"} 1"#;
    assert!(metrics.contains(held), "{metrics}");
    assert_eq!(
        town.server.get("/readyz", None).status,
        200,
        "the house goes on"
    );
    town.send_applied("bakery/till", "s2", &json!([issue("i2", "m1", 5)]));

    let release = json!({"op": "window_release", "window": 0});
    town.coalition.approve(&[("release", release)]);
    // The second computation began again by itself.
    let settled = settle(&town, OPERATE, &json!({})).json();
    assert_eq!(settled["settled"][0]["window"], 0, "{settled}");
    let statement = get(&town, BAKERY, "/windows/0/statements/bakery.json").json();
    assert_eq!(statement["position"]["payable"], "-2.75");
    check_metrics(
        &town,
        &[
            ("window_held", 0),
            ("last_settled_window", 0),
            ("settlement_alarm", 0),
        ],
    );
}

fn check_metrics(town: &Town, expected: &[(&str, i64)]) {
    let metrics = town.server.get("/metrics", None).text();
    for (name, value) in expected {
        let line = format!("tallyhouse_{name}{{programme=\"demo\"}} {value}");
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
}
