//! Reports against numbers worked out by hand, and who sees which rows.

use super::{Town, burn, issue};
use crate::support::Answer;
use serde_json::{Value, json};
use tallyhouse::domain::time::{Day, Micros};

const AUDIT: (&str, &str) = ("house/audit-1", "audit");
const OPERATE: (&str, &str) = ("house/operate-1", "operate");
const BAKERY: (&str, &str) = ("bakery/till", "read");
const GROCER: (&str, &str) = ("grocer/till", "read");

/// Of the bakery's points 1,100 were issued and 100 taken back; 100 expire on 20 March. The grocer
/// burned 250 and restored 50 of them, and 40 of its own 400.
fn busy_town() -> Town {
    let town = Town::new();
    let reverse = |id: &str, target: &str, n: u64| {
        json!({"op": "reverse", "id": id,
        "target": target, "points": n})
    };
    let soon = json!({"op": "issue", "id": "i2", "member": "m3", "points": 100,
        "expires_on": "2026-03-20"});
    let ops = json!([issue("i1", "m1", 1_000), reverse("r1", "i1", 100), soon]);
    town.send_applied("bakery/till", "s-b", &ops);
    let ops = json!([
        issue("i1", "m2", 400),
        burn("b1", "m1", 250),
        reverse("r1", "b1", 50),
        burn("b2", "m2", 40)
    ]);
    town.send_applied("grocer/till", "s-g", &ops);
    town
}

fn get(town: &Town, (kid, scope): (&str, &str), report: &str) -> Answer {
    town.get_as(kid, scope, &format!("/reports/{report}"))
}

/// The rows of a report, each with its cells in the order of the columns.
fn rows(town: &Town, caller: (&str, &str), report: &str) -> Value {
    let answer = get(town, caller, report);
    assert_eq!(answer.status, 200, "{report}: {}", answer.text());
    let body = answer.json();
    let columns = body["columns"].as_array().expect("columns");
    let cells = |row: &Value| -> Vec<Value> {
        assert_eq!(
            row.as_object().map(serde_json::Map::len),
            Some(columns.len())
        );
        let cells = columns
            .iter()
            .map(|column| &row[column.as_str().expect("text")]);
        cells.cloned().collect()
    };
    let rows = body["rows"].as_array().expect("rows");
    json!(rows.iter().map(cells).collect::<Vec<_>>())
}

fn settle(town: &Town, until: &str) {
    let settlement = town.coalition.settlement();
    let until = Day::parse(until).expect("a day");
    settlement.settle(Some(until)).expect("it settles");
    settlement.close();
}

fn move_clock(town: &Town, to: &str) {
    let to = Micros::parse(to).expect("an instant");
    let moved = town.coalition.ledger.clock().advance_to(to.0);
    moved.expect("it moves forward");
}

#[test]
fn reports_of_points_are_what_was_issued_burned_and_is_left() {
    let town = busy_town();
    assert_eq!(
        rows(&town, AUDIT, "liability"),
        json!([
            ["bakery", "total", "", 800],
            ["bakery", "issue_month", "2026-03", 800],
            ["bakery", "expiry_month", "2026-03", 100],
            ["bakery", "expiry_month", "2028-02", 700],
            ["bakery", "days_left", "to_30", 100],
            ["bakery", "days_left", "over_365", 700],
            ["grocer", "total", "", 360],
            ["grocer", "issue_month", "2026-03", 360],
            ["grocer", "expiry_month", "2028-02", 360],
            ["grocer", "days_left", "over_365", 360]
        ])
    );
    assert_eq!(
        rows(&town, AUDIT, "redemption"),
        json!([
            ["bakery", 1_000, 200, "20.00"],
            ["grocer", 400, 40, "10.00"]
        ])
    );
    assert_eq!(
        rows(&town, AUDIT, "flow"),
        json!([
            ["bakery", "grocer", 250, 50, 200],
            ["grocer", "grocer", 40, 0, 40]
        ])
    );
    assert_eq!(
        rows(&town, AUDIT, "breakage"),
        json!([
            ["bakery", "2026-03", 1_000, 200, 0, 800, "0.00"],
            ["grocer", "2026-03", 400, 40, 0, 360, "0.00"]
        ])
    );
    assert_eq!(
        rows(&town, AUDIT, "activity"),
        json!([
            ["2026-03-01", "bakery", 1_100, 100, 250, 50, 0],
            ["2026-03-01", "grocer", 400, 0, 40, 0, 0]
        ])
    );
}

#[test]
fn points_that_expire_move_from_liability_to_breakage() {
    let town = busy_town();
    move_clock(&town, "2026-04-02T12:00:00Z");
    let before = rows(&town, AUDIT, "liability");
    let expired = json!(["bakery", "days_left", "expired", 100]);
    assert!(
        before.as_array().expect("rows").contains(&expired),
        "{before}"
    );
    settle(&town, "2026-04-01");
    let after = rows(&town, AUDIT, "liability");
    assert_eq!(after[0], json!(["bakery", "total", "", 700]));
    assert!(
        !after.as_array().expect("rows").contains(&expired),
        "{after}"
    );
    assert_eq!(
        rows(&town, AUDIT, "breakage")[0],
        json!(["bakery", "2026-03", 1_000, 200, 100, 700, "10.00"])
    );
    let swept = json!([["2026-04-02", "bakery", 0, 0, 0, 0, 100]]);
    assert_eq!(rows(&town, AUDIT, "activity?from=2026-03-02"), swept);
    assert_eq!(
        rows(&town, AUDIT, "activity?from=2026-04-02&to=2026-04-02"),
        swept
    );
    assert_eq!(rows(&town, AUDIT, "activity?to=2026-02-28"), json!([]));
    let march = rows(&town, AUDIT, "activity?from=2026-03-01&to=2026-04-01");
    assert_eq!(march.as_array().map(Vec::len), Some(2));
    assert_eq!(
        rows(&town, AUDIT, "activity"),
        swept,
        "30 days back begin on 3 March"
    );
}

#[test]
fn exposure_is_the_unpaid_net_and_what_members_could_burn() {
    let town = busy_town();
    // bakery: 1,000 × 0.0005 + 200 × 0.008 owed, 800 × 0.008 out.
    // grocer: its credit is more than it owes; 360 × 0.008 out.
    assert_eq!(
        rows(&town, OPERATE, "exposure"),
        json!([
            ["bakery", "8.50", "1000.00", "0.85", 800],
            ["grocer", "2.88", null, null, 360]
        ])
    );
    assert_eq!(
        rows(&town, GROCER, "exposure"),
        json!([["grocer", "2.88", null, null, 360]])
    );
}

#[test]
fn payments_are_open_until_their_day_and_overdue_after_it() {
    let town = busy_town();
    assert_eq!(rows(&town, AUDIT, "payments"), json!([]));
    settle(&town, "2026-03-01");
    let open = rows(&town, AUDIT, "payments");
    let due_on = open[0][4].as_str().expect("a day").to_owned();
    let reference = |row: usize| open[row][7].as_str().expect("a reference").to_owned();
    assert!(reference(0).starts_with("RF") && reference(0) != reference(1));
    // house → grocer: 2.00 − 0.40 − 0.20 − 0.03, and 0.005 given back is 0.00;
    // bakery → house: 1.60 + 0.50.
    assert_eq!(
        open,
        json!([
            [
                0,
                "house",
                "grocer",
                "1.37",
                due_on,
                "open",
                0,
                reference(0)
            ],
            [
                0,
                "bakery",
                "house",
                "2.10",
                due_on,
                "open",
                0,
                reference(1)
            ]
        ])
    );
    move_clock(&town, &format!("{due_on}T23:59:59Z"));
    assert_eq!(rows(&town, AUDIT, "payments")[1][5], "open");
    let late = Day(Day::parse(&due_on).expect("a day").0 + 3);
    move_clock(&town, &format!("{late}T00:00:00Z"));
    let own = rows(&town, BAKERY, "payments");
    let overdue = json!([[
        0,
        "bakery",
        "house",
        "2.10",
        due_on,
        "overdue",
        3,
        reference(1)
    ]]);
    assert_eq!(own, overdue);
    assert_eq!(rows(&town, AUDIT, "payments?partner=bakery"), overdue);
}

#[test]
fn a_partner_sees_rows_about_itself_and_the_house_those_it_asks_for() {
    let town = busy_town();
    for report in ["liability", "activity", "redemption", "breakage"] {
        for (caller, name) in [(BAKERY, "bakery"), (GROCER, "grocer")] {
            let own = rows(&town, caller, report);
            let column = usize::from(report == "activity");
            let own = own.as_array().expect("rows");
            assert!(
                !own.is_empty() && own.iter().all(|row| row[column] == name),
                "{report}"
            );
            let asked = rows(&town, AUDIT, &format!("{report}?partner={name}"));
            assert_eq!(&asked, &json!(own), "{report}");
        }
    }
    let flows = rows(&town, BAKERY, "flow");
    assert_eq!(flows, json!([["bakery", "grocer", 250, 50, 200]]));
    assert_eq!(
        rows(&town, GROCER, "flow").as_array().map(Vec::len),
        Some(2)
    );
    let others = get(&town, BAKERY, "flow?partner=grocer");
    let nobodys = get(&town, BAKERY, "flow?partner=nobody");
    assert_eq!(
        (others.code(), nobodys.code()),
        ("not_found".into(), "not_found".into())
    );
    assert_eq!(others.json()["detail"], nobodys.json()["detail"]);
    let writer = get(&town, ("grocer/writer", "submit"), "flow");
    assert_eq!(writer.code(), "scope_missing");
    let govern = get(&town, ("house/govern-1", "govern"), "flow");
    assert_eq!(govern.code(), "scope_missing");
}

#[test]
fn a_report_says_as_of_when_it_is_and_comes_as_a_table_too() {
    let town = busy_town();
    let last = town.coalition.size() - 1;
    let answer = get(&town, AUDIT, "redemption.json");
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    let at = body["as_of"]["at"].as_str().expect("a time");
    assert!(at.starts_with("2026-03-01T12:00:00."), "{at}");
    assert_eq!(
        body["as_of"],
        json!({"entry": last, "at": at, "day": "2026-03-01"})
    );
    assert_eq!(body["report"], "redemption");
    assert_eq!(
        (&body["currency"], &body["point_scale"]),
        (&json!("EUR"), &json!(0))
    );
    assert_eq!(
        body["rows"][0],
        json!({"issuer": "bakery", "issued": 1_000, "burned": 200, "redemption_percent": "20.00"})
    );
    let table = get(&town, AUDIT, "redemption.csv");
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    let disposition = "attachment; filename=\"demo-redemption-2026-03-01.csv\"";
    assert_eq!(table.header("content-disposition"), disposition);
    let expected = format!(
        "issuer,issued,burned,redemption_percent,as_of_entry,as_of_time\r\n\
         bakery,1000,200,20.00,{last},{at}\r\ngrocer,400,40,10.00,{last},{at}\r\n"
    );
    assert_eq!(table.text(), expected);
    let token = town.coalition.token(AUDIT.0, AUDIT.1);
    let accept = |accept: &str| {
        let headers = [("accept", accept)];
        let path = "/v1/demo/reports/redemption";
        let answer = town.server.ask("GET", path, Some(&token), &headers, b"");
        answer.header("content-type")
    };
    assert_eq!(accept("text/csv"), "text/csv; charset=utf-8");
    assert_eq!(accept("*/*"), "application/json");
    let exposure = get(&town, AUDIT, "exposure.csv").text();
    assert!(exposure.contains("grocer,2.88,,,360,"), "{exposure}");
}

#[test]
fn reports_that_there_are_not_and_bad_queries_are_problems() {
    let town = busy_town();
    for name in [
        "nothing",
        "flow.pdf",
        "flow.",
        "flow.csv.json",
        "..%2fflow",
        "FLOW",
        "flow%00",
    ] {
        assert_eq!(get(&town, AUDIT, name).code(), "not_found", "{name}");
    }
    for name in [
        "flow?from=2026-03-01",
        "flow?day=2026-03-01",
        "flow?partner=..",
        "activity?from=yesterday",
        "activity?from=2026-03-02&to=2026-03-01",
    ] {
        assert_eq!(get(&town, AUDIT, name).code(), "malformed", "{name}");
    }
}
