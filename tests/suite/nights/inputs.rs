//! What nights meet that nobody planned: days missed, days empty, partners that come late, clocks
//! that go back, masters that were edited.

use super::crash::{begin, by_hand, day, settle};
use super::masters::{bind, master, put};
use super::month::recomputed;
use super::programme::{Programme, Terms, issuer_pays, key, pool};
use crate::support::signer;
use serde_json::{Value, json};
use std::fs;
use tallyhouse::domain::time::Micros;
use tallyhouse::proof::{hex, payload};
use tallyhouse::settlement::desk;

fn moved(settlement: &Programme, to: &str) {
    let to = Micros::parse(to).expect("an instant");
    settlement
        .ledger
        .clock()
        .advance_to(to.0)
        .expect("time goes on");
}

#[test]
fn after_three_missed_nights_one_window_covers_them_all() {
    let programme = begin(&by_hand(issuer_pays()));
    day(&programme, 1);
    day(&programme, 2);
    programme.move_to("2017-01-05T02:00:00Z");
    let settled = programme.settlement.settle(None).expect("it settles");
    assert_eq!(settled.len(), 1, "{settled:?}");
    let days = [settled[0].first_day, settled[0].last_day].map(|day| day.to_string());
    assert_eq!(days, ["2017-01-01", "2017-01-04"]);
    let statement = programme.json(0, "statements/cinema.json");
    assert_eq!(statement["identity"]["last_day"], "2017-01-04");
    assert_eq!(
        statement["lines"].as_array().map(Vec::len),
        Some(3),
        "{statement}"
    );
    assert!(
        !programme.windows().join("1").exists(),
        "no empty windows are made up"
    );
    programme.audit();
    recomputed(&programme);
}

#[test]
fn a_day_without_entries_and_a_partner_without_lines_have_statements() {
    let programme = begin(&by_hand(pool()));
    programme.register("idle", &["idle"]);
    day(&programme, 1);
    settle(&programme);
    let idle = programme.json(0, "statements/idle.json");
    assert_eq!(
        (&idle["lines"], &idle["activity"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(idle["position"]["payable"], "0.00");
    assert_eq!(
        idle["author_seq"],
        json!({"entries": 0, "first": null, "last": null})
    );

    // Nothing happens on the second day, not even a night's own sweep of the first.
    let from = programme.ledger.view().size;
    moved(&programme, "2017-01-03T02:00:00Z");
    settle(&programme);
    let document = programme.json(1, "window.json");
    assert_eq!(
        document["log"]["first_entry"],
        json!(from - 2),
        "after the first night's cut"
    );
    assert_eq!(
        (&document["lines"], &document["payments"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(document["netting"]["gross"], "0.00");
    assert_eq!(document["netting"].get("efficiency_percent"), None);
    assert_eq!(
        programme.json(1, "statements/bakery.json")["position"]["net"],
        "0.00"
    );
    programme.audit();
    recomputed(&programme);
}

#[test]
fn a_partner_registered_in_a_window_is_stated_in_it() {
    let programme = begin(&by_hand(issuer_pays()));
    programme.move_to("2017-01-01T09:00:00Z");
    programme.register("late", &["late"]);
    let issue = json!({"op": "issue", "id": "first", "member": "m-new", "points": 90});
    programme.accept("late/till", "first", &[issue]);
    day(&programme, 1);
    settle(&programme);
    let statement = programme.json(0, "statements/late.json");
    assert_eq!(statement["liability"]["closing"], 90);
    assert_eq!(statement["notices"][0]["kind"], "registered");
    programme.audit();
    recomputed(&programme);
}

/// Between cut and netting the partner is new: it has a statement of this window, in which it did
/// nothing, and what it does now belongs to the next.
#[test]
fn a_partner_registered_between_cut_and_netting_has_an_empty_statement() {
    for terms in [issuer_pays(), pool()] {
        let programme = begin(&by_hand(terms));
        day(&programme, 1);
        let by = signer("house/operate-1");
        let cut = json!({"op": "cut_window", "window": 0, "last_day": "2017-01-01"});
        desk::submit(&programme.ledger, &by, "cut-0", cut).expect("it is cut");
        programme.register("late", &["late"]);
        let issue = json!({"op": "issue", "id": "first", "member": "m-new", "points": 90});
        programme.accept("late/till", "first", &[issue]);
        settle(&programme);
        let statement = programme.json(0, "statements/late.json");
        assert_eq!(
            (&statement["lines"], &statement["notices"]),
            (&json!([]), &json!([]))
        );
        assert_eq!(statement["liability"]["closing"], 0);
        assert_eq!(statement["account"]["closing"], "0.00");
        day(&programme, 2);
        settle(&programme);
        let statement = programme.json(1, "statements/late.json");
        assert_eq!(statement["notices"][0]["kind"], "registered");
        assert_eq!(statement["liability"]["closing"], 90);
        assert_eq!(
            statement["lines"][0]["reason"],
            programme_reason(&programme)
        );
        programme.audit();
        recomputed(&programme);
    }
}

fn programme_reason(programme: &Programme) -> &'static str {
    match programme.terms.model {
        "pool" => "issue",
        _ => "issue_fee",
    }
}

#[test]
fn a_clock_set_back_cuts_nothing() {
    let programme = begin(&by_hand(issuer_pays()));
    day(&programme, 1);
    settle(&programme);
    let size = programme.ledger.view().size;
    let back = Micros::parse("2017-01-01T00:00:00Z").expect("an instant");
    assert!(
        programme.settlement.move_clock(back).is_err(),
        "a simulated clock goes on only"
    );
    assert_eq!(programme.settlement.settle(None).expect("it settles"), []);
    assert_eq!(programme.ledger.view().size, size);
    programme.stop();

    // A real clock: the ledger's last entry is later than what the clock says now.
    let ahead = Terms {
        clock: "real",
        ..by_hand(issuer_pays())
    };
    let programme = Programme::found_ahead(&ahead, 5 * 86_400);
    assert!(!programme.settlement.is_due());
    assert_eq!(programme.settlement.settle(None).expect("it settles"), []);
    assert_eq!(programme.ledger.view().size, 1, "nothing was written");
}

// --- masters ----------------------------------------------------------------------------------

/// A day of trade among partners whose masters the ledger vouches for.
fn with_masters() -> Programme {
    let programme = begin(&by_hand(issuer_pays()));
    for (number, party) in (1..).zip(["house", "bakery", "grocer", "cinema"]) {
        let master = master(party, number);
        put(&programme, &master);
        if party != "house" {
            bind(&programme, &master);
        }
    }
    day(&programme, 1);
    programme
}

#[test]
fn payment_files_refuse_an_edited_account_and_are_made_once_it_is_put_right() {
    let undisturbed = with_masters();
    settle(&undisturbed);
    let wanted = undisturbed.published();
    assert!(
        wanted.contains_key("0/payments.pain001.xml"),
        "{:?}",
        wanted.keys()
    );
    assert!(wanted.contains_key("0/payments.pain008.xml"));
    assert!(!wanted.contains_key("0/problems.json"));

    let programme = with_masters();
    let bound = master("cinema", 4);
    let mut edited = bound.clone();
    edited.iban = master("cinema", 666).iban;
    put(&programme, &edited);
    let settled = programme.settlement.settle(None).expect("it settles");
    assert_eq!(settled.len(), 1);
    let problems = serde_json::to_string(&settled[0].problems).expect("JSON");
    for hash in [bound.sha256(), edited.sha256()] {
        assert!(problems.contains(&hex::encode(&hash)), "{problems}");
    }
    let found = programme.published();
    assert!(
        !found.contains_key("0/payments.pain001.xml"),
        "nobody is paid elsewhere"
    );
    let text = String::from_utf8_lossy(&found["0/problems.json"]).into_owned();
    assert_eq!(text, problems);
    for file in [
        "0/window.json",
        "0/statements/cinema.json",
        "0/statements/cinema.jws",
    ] {
        assert_eq!(
            found[file], wanted[file],
            "a statement does not wait for masters"
        );
    }
    // Still wrong: it stays noted. Put right: the files are made, and all is as undisturbed.
    assert_eq!(programme.settlement.settle(None).expect("it settles"), []);
    assert!(programme.published().contains_key("0/problems.json"));
    put(&programme, &bound);
    assert_eq!(programme.settlement.settle(None).expect("it settles"), []);
    let found = programme.published();
    assert!(found.keys().eq(wanted.keys()));
    for file in ["0/payments.pain001.xml", "0/payments.pain008.xml"] {
        assert_eq!(found[file], wanted[file], "{file}");
    }

    // If the run is killed before the note is taken away, the next one does the same again.
    fs::write(programme.windows().join("0/problems.json"), "[]").unwrap();
    assert_eq!(programme.settlement.settle(None).expect("it settles"), []);
    assert!(programme.published() == found);
}

// --- prices -----------------------------------------------------------------------------------

/// Every op that writes a line, or makes points that a later line is priced by, needs the row
/// first, and a version never changes: so a line cannot be without a price. A partner that a new
/// list leaves out can neither issue nor burn, and its points are still settled at the old price.
#[test]
fn a_line_cannot_be_without_a_price() {
    for terms in [issuer_pays(), pool()] {
        let programme = Programme::found(&by_hand(terms));
        programme.register("all", &["bakery", "grocer"]);
        let issue = |id: &str| json!({"op": "issue", "id": id, "member": "m", "points": 100});
        let no_price = 24;
        let send =
            |kid: &str, id: &str, op: Value| programme.send(kid, id, "independent", &[op]).1[0];
        assert_eq!(send("bakery/till", "early", issue("early")), no_price);
        programme.price("first", "0.0085");
        assert_eq!(send("bakery/till", "issue", issue("issue")), 0);
        let row = json!({"partner": "grocer", "issue_price": "0.02", "burn_price": "0.02",
            "issue_fee": "0", "burn_fee": "0", "tax_code": "none"});
        programme.approve("second", &[json!({"op": "price_set", "rows": [row]})]);
        assert_eq!(send("bakery/till", "late", issue("late")), no_price);
        let burn = |id: &str| json!({"op": "burn", "id": id, "member": "m", "points": 60});
        assert_eq!(send("bakery/till", "own", burn("own")), no_price);
        assert_eq!(send("grocer/till", "burn", burn("burn")), 0);
        let credit = json!({"op": "adjust", "corrects": {"entry": 1, "op": 0}, "kind": "credit",
            "member": "m", "issuer": "bakery", "points": 5});
        let propose = json!({"op": "propose", "id": "credit", "action": credit});
        programme.accept("house/govern-1", "credit", &[propose]);
        let approve = json!({"op": "approve", "id": "ok", "proposal": "credit"});
        assert_eq!(send("house/govern-2", "ok", approve), no_price);
        let reverse = json!({"op": "reverse", "id": "back", "target": "issue", "points": 40});
        assert_eq!(send("bakery/till", "back", reverse), 0);
        programme.move_to("2017-01-02T02:00:00Z");
        settle(&programme);
        programme.audit();
        recomputed(&programme);
    }
}

#[test]
fn a_price_of_ten_decimals_is_refused() {
    let payload = |price: &str| {
        let action = json!({"op": "price_set", "default": {"issue_price": "0.01",
            "burn_price": price, "issue_fee": "0", "burn_fee": "0", "tax_code": "none"}});
        let propose = json!({"op": "propose", "id": "p", "action": action});
        json!({"ledger": "points.example/nights-0123abcd", "submission": "s",
            "valid_until": "2017-01-01T00:00:00Z", "ops": [propose]})
    };
    let parse = |price| payload::parse(payload(price).to_string().as_bytes(), Some(2));
    assert!(parse("0.00000001").is_ok());
    for price in ["0.0000000001", "0.0100000000", "0.000000000"] {
        let error = parse(price).expect_err(price).to_string();
        assert!(error.contains("at most 8 decimals"), "{error}");
    }
}

/// A second key of a partner, added by the house, is told to its finance team.
#[test]
fn a_recovered_key_is_printed_on_the_statement() {
    let programme = begin(&by_hand(issuer_pays()));
    programme.approve("recovered", &[key("bakery", "again")]);
    day(&programme, 1);
    settle(&programme);
    let notices = programme.json(0, "statements/bakery.json")["notices"].to_string();
    assert!(
        notices.contains("key_recovered") && notices.contains("again"),
        "{notices}"
    );
}
