//! Closing, checking, paying and disputing a window, as an operator and a partner do it.

use super::{PURCHASES, house};
use crate::process::{Founded, Server, TALLYHOUSE, run, text};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Output;

/// A house with purchases of one day.
struct Coalition {
    founded: Founded,
    server: Server,
}

impl Coalition {
    fn new() -> Self {
        let (founded, server) = house();
        let file = founded.path("purchases.csv");
        std::fs::write(&file, PURCHASES).unwrap();
        server.import(&founded, &file).output().unwrap();
        Self { founded, server }
    }

    /// The same, with its day closed.
    fn settled() -> Self {
        let coalition = Self::new();
        coalition.does(
            0,
            &["settle", "--until", "2017-01-01", "--json"],
            "operate-1",
        );
        coalition
    }

    /// The file of a key: of the house by its id, of a partner by its name.
    fn key(&self, key: &str) -> PathBuf {
        match key {
            "bakery" | "cinema" => self.founded.partner_key(key),
            key => self.founded.house_key(key),
        }
    }

    fn output(&self, words: &[&str], key: &str) -> Output {
        let key = self.key(key);
        let words = words.iter().map(AsRef::<std::ffi::OsStr>::as_ref);
        let key = ["--key".as_ref(), key.as_os_str()];
        self.server.client(words.chain(key))
    }

    /// Runs a command that ends with this code, and answers everything that it said.
    fn does(&self, code: i32, words: &[&str], key: &str) -> String {
        let output = self.output(words, key);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?}: {}",
            text(&output)
        );
        text(&output)
    }

    /// The JSON of a command that ends well.
    fn json(&self, words: &[&str], key: &str) -> Value {
        let output = self.output(&[words, &["--json"]].concat(), key);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{words:?}: {}",
            text(&output)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.founded.path(name).to_str().unwrap().to_owned()
    }
}

#[test]
fn an_operator_settles_and_looks_at_windows() {
    let coalition = Coalition::new();
    assert!(
        coalition
            .does(0, &["settle"], "operate-1")
            .contains("nothing is due")
    );
    let settled = coalition.json(&["settle", "--until", "2017-01-01"], "operate-1");
    assert_eq!(settled["settled"][0]["window"], 0);
    assert_eq!(settled["settled"][0]["statements"], 2);
    assert_eq!(settled["open_window"], 1);
    let again = coalition.json(&["settle", "--until", "2017-01-01"], "operate-1");
    assert_eq!(again["settled"], json!([]));
    for (until, said) in [("2017-01-09", "future"), ("tomorrow", "YYYY-MM-DD")] {
        let refused = coalition.does(2, &["settle", "--until", until], "operate-1");
        assert!(refused.contains(said), "{refused}");
    }
    coalition.does(2, &["settle"], "audit-1");
    coalition.does(2, &["settle"], "bakery");

    for key in ["audit-1", "operate-1"] {
        let windows = coalition.json(&["windows"], key);
        let stated = &windows["windows"][1];
        assert_eq!(windows["windows"][0]["state"], "open");
        assert_eq!(stated["state"], "stated", "{stated}");
        assert_eq!(stated["published"], true);
        assert_eq!(stated["netting"]["payments"], 2, "{stated}");
    }
    let table = coalition.does(0, &["windows"], "audit-1");
    assert!(
        table.contains("2017-01-01") && table.contains("stated"),
        "{table}"
    );
    let one = coalition.does(0, &["windows", "0"], "bakery");
    assert!(one.contains("disputable until"), "{one}");
    coalition.does(1, &["windows", "9"], "audit-1");
    coalition.does(2, &["windows", "nine"], "audit-1");
}

/// Fetches every file of bakery's statement; answers the folder.
fn fetched(coalition: &Coalition) -> PathBuf {
    let folder = coalition.path("books");
    let words = [
        "statement",
        "get",
        "0",
        "bakery",
        "--format",
        "all",
        "--out",
        &folder,
    ];
    let kept = coalition.json(&words, "bakery");
    assert_eq!(kept["files"].as_array().unwrap().len(), 7, "{kept}");
    PathBuf::from(folder)
}

/// Writes a file anew with one text replaced by another.
fn change(file: &Path, from: &str, to: &str) {
    let before = std::fs::read_to_string(file).unwrap();
    let after = before.replacen(from, to, 1);
    assert_ne!(before, after, "{from} is not in {}", file.display());
    std::fs::write(file, after).unwrap();
}

#[test]
fn a_partner_fetches_its_statement_and_checks_every_byte() {
    let coalition = Coalition::settled();
    let folder = fetched(&coalition);
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (signed, plain) = (file("0-bakery.jws"), file("0-bakery.json"));
    for file in [&signed, &plain] {
        let said = coalition.does(0, &["statement", "verify", file], "bakery");
        assert!(said.contains("holds this root"), "{said}");
        assert_eq!(said.matches('✓').count(), 5, "{said}");
    }
    let pdf = std::fs::read(file("0-bakery.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF"));

    // Nothing that was not there, and nothing of others.
    for (window, partner, key) in [
        ("9", "bakery", "bakery"),
        ("0", "cinema", "bakery"),
        ("0", "kiosk", "audit-1"),
        // Not stated yet: the message says so.
        ("1", "bakery", "bakery"),
    ] {
        coalition.does(1, &["statement", "get", window, partner], key);
    }

    // One digit changed.
    let statement = std::fs::read(&plain).unwrap();
    let statement: Value = serde_json::from_slice(&statement).unwrap();
    let closing = statement["liability"]["closing"].as_u64().unwrap();
    let digits = |number: u64| format!("\"closing\":{number}");
    change(Path::new(&plain), &digits(closing), &digits(closing + 1));
    let said = coalition.does(1, &["statement", "verify", &plain], "bakery");
    assert!(said.contains("SHA-256 is"), "{said}");
    change(Path::new(&plain), &digits(closing + 1), &digits(closing));
    change(Path::new(&plain), "{", "{ ");
    let said = coalition.does(1, &["statement", "verify", &plain], "bakery");
    assert!(said.contains("RFC 8785"), "{said}");
    let stated = file("0-bakery.stated.json");
    change(Path::new(&stated), "\"place\":0", "\"place\":1");
    let said = coalition.does(1, &["statement", "verify", &signed], "bakery");
    assert!(said.contains("does not lead"), "{said}");
    change(Path::new(&stated), "\"place\":1", "\"place\":0");
    let compact = std::fs::read_to_string(&signed).unwrap();
    let (before, after) = compact.split_at(compact.len() / 2);
    let other = if after.starts_with('A') { "B" } else { "A" };
    std::fs::write(&signed, format!("{before}{other}{}", &after[1..])).unwrap();
    let said = coalition.does(1, &["statement", "verify", &signed], "bakery");
    assert!(said.contains("signature"), "{said}");
}

#[test]
fn a_statement_is_checked_offline_with_what_was_pinned() {
    let coalition = Coalition::settled();
    let folder = fetched(&coalition);
    let signed = folder.join("0-bakery.jws").to_str().unwrap().to_owned();
    let stated = std::fs::read(folder.join("0-bakery.stated.json")).unwrap();
    let stated: Value = serde_json::from_slice(&stated).unwrap();
    let token = coalition.server.token(&coalition.key("bakery"));
    let path = format!("/receipts/{}", stated["entry"]);
    let receipt = coalition.server.get(&path, Some(&token));
    let file = coalition.path("receipt.json");
    std::fs::write(&file, receipt.to_string()).unwrap();
    let public = |key: &str| {
        let file = coalition.key(key).to_str().unwrap().to_owned();
        let shown = run(TALLYHOUSE, ["key", "show", "--json", &file]);
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        shown["public_key"].as_str().unwrap().to_owned()
    };
    let vkey = coalition.founded.vkey().to_str().unwrap().to_owned();
    let verify = |key: &str, pins: &[&str]| {
        let words = ["statement", "verify", &signed, "--statement-key", key];
        run(TALLYHOUSE, [&words, pins].concat())
    };
    let pins = ["--receipt", &file, "--vkey", &vkey];
    let good = verify(&public("operate-1"), &pins);
    assert_eq!(good.status.code(), Some(0), "{}", text(&good));
    let other = verify(&public("audit-1"), &pins);
    assert_eq!(other.status.code(), Some(1), "{}", text(&other));
    let unknown = verify(&public("operate-1"), &[]);
    assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown));
    assert!(text(&unknown).contains("no verifier key"));
    let no_file = run(TALLYHOUSE, ["statement", "verify", "absent.jws"]);
    assert_eq!(no_file.status.code(), Some(2));
}

#[test]
fn a_partner_acknowledges_its_statement_once() {
    let coalition = Coalition::settled();
    coalition.does(0, &["acknowledge", "0"], "bakery");
    let again = coalition.does(1, &["acknowledge", "0"], "bakery");
    assert!(again.contains("already_acknowledged"), "{again}");
    coalition.does(1, &["acknowledge", "1"], "bakery");
    coalition.does(1, &["acknowledge", "9"], "bakery");
}

#[test]
fn payments_are_shown_confirmed_to_the_cent_and_returned() {
    let coalition = Coalition::settled();
    let all = coalition.json(&["payments", "0"], "operate-1");
    let payments = all["payments"].as_array().unwrap();
    assert_eq!(payments.len(), 2, "{all}");
    let own = coalition.json(&["payments", "0"], "bakery");
    assert_eq!(own["payments"].as_array().unwrap().len(), 1, "{own}");
    let own = &own["payments"][0];
    assert!(payments.contains(&with_status(own, "open")), "{own} {all}");
    let table = coalition.does(0, &["payments", "0"], "bakery");
    assert!(
        table.contains(own["reference"].as_str().unwrap()),
        "{table}"
    );
    for window in ["1", "9"] {
        coalition.does(1, &["payments", window], "operate-1");
    }
    // There are no masters, so there is no file for the bank; and none is a partner's to see.
    let file = ["payments", "0", "--format", "pain001"];
    coalition.does(1, &file, "operate-1");
    coalition.does(1, &file, "bakery");

    add_pay_key(&coalition);
    let text = |name: &str| own[name].as_str().unwrap();
    let confirm = |amount: &str| {
        let (debtor, creditor) = (text("debtor"), text("creditor"));
        let words = [
            "confirm",
            "--window",
            "0",
            "--debtor",
            debtor,
            "--creditor",
            creditor,
        ];
        let rest = [
            "--amount",
            amount,
            "--currency",
            "USD",
            "--reference",
            text("reference"),
        ];
        coalition.output(&[&words[..], &rest, &["--json"]].concat(), "pay-1")
    };
    let wrong = confirm("0.01");
    assert_eq!(
        wrong.status.code(),
        Some(1),
        "{}",
        crate::process::text(&wrong)
    );
    let good = confirm(text("amount"));
    assert_eq!(
        good.status.code(),
        Some(0),
        "{}",
        crate::process::text(&good)
    );
    let shown = coalition.json(&["payments", "0"], "bakery");
    assert_eq!(shown["payments"][0]["status"], "paid");
    assert_eq!(confirm(text("amount")).status.code(), Some(1), "it is paid");
    let receipt: Value = serde_json::from_slice(&good.stdout).unwrap();
    let op = receipt["results"][0]["id"].as_str().unwrap();
    coalition.does(0, &["confirm", "--returned", op], "pay-1");
    let shown = coalition.json(&["payments", "0"], "bakery");
    assert_eq!(shown["payments"][0]["status"], "open");
    coalition.does(1, &["confirm", "--returned", op], "pay-1");
    coalition.does(2, &["confirm", "--window", "0"], "pay-1");
}

fn with_status(payment: &Value, status: &str) -> Value {
    let mut payment = payment.clone();
    payment["status"] = json!(status);
    payment
}

/// Registers a key of the house that confirms payments.
fn add_pay_key(coalition: &Coalition) {
    let folder = coalition.key("pay-1");
    let folder = folder.parent().unwrap().to_str().unwrap().to_owned();
    let made = run(
        TALLYHOUSE,
        ["key", "new", "house/pay-1", "--json", "--dir", &folder],
    );
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let public = made["public_key"].as_str().unwrap();
    let approver = coalition.key("govern-2");
    let approver = approver.to_str().unwrap();
    let words = [
        "key",
        "add",
        "house/pay-1",
        "--public-key",
        public,
        "--scope",
        "pay",
    ];
    let words = [&words[..], &["--approve-with", approver]].concat();
    coalition.does(0, &words, "govern-1");
}

#[test]
fn a_dispute_is_opened_answered_and_resolved() {
    let coalition = Coalition::settled();
    let evidence = coalition.path("letter.txt");
    std::fs::write(&evidence, "we never sold that").unwrap();
    let line = [
        "--debtor",
        "bakery",
        "--creditor",
        "house",
        "--line",
        "issue_fee",
    ];
    let why = [
        "--price-version",
        "1",
        "--reason",
        "amount_wrong",
        "--evidence",
        &evidence,
    ];
    let open = |window: &str| {
        let words = [&["dispute", "open", window, "--json"], &line[..], &why].concat();
        coalition.output(&words, "bakery")
    };
    assert_eq!(open("9").status.code(), Some(1));
    let opened = open("0");
    assert_eq!(opened.status.code(), Some(0), "{}", text(&opened));
    let opened: Value = serde_json::from_slice(&opened.stdout).unwrap();
    let entry = opened["index"].as_u64().unwrap().to_string();

    let nobody = ["dispute", "answer", &entry, "--accept"];
    coalition.does(1, &nobody, "cinema");
    coalition.does(2, &["dispute", "answer", &entry], "cinema");
    let approver = coalition.key("govern-2");
    let approver = ["--approve-with", approver.to_str().unwrap()];
    let uphold = [
        "dispute", "resolve", &entry, "--uphold", "--debtor", "house",
    ];
    let uphold = [&uphold[..], &["--creditor", "bakery", "--amount", "0.01"]].concat();
    let early = coalition.does(1, &[&uphold[..], &approver].concat(), "govern-1");
    assert!(early.contains("answer_pending"), "{early}");
    coalition.does(0, &nobody, "operate-1");
    coalition.does(0, &[&uphold[..], &approver].concat(), "govern-1");
    let dismiss = ["dispute", "resolve", &entry, "--dismiss"];
    coalition.does(1, &[&dismiss[..], &approver].concat(), "govern-1");
    coalition.does(2, &["dispute", "resolve", &entry, "--uphold"], "govern-1");
    let op = ["dispute", "open", "0", "--entry", "5", "--reason", "other"];
    coalition.does(0, &[&op[..], &["--evidence", &evidence]].concat(), "bakery");
}

#[test]
fn reports_come_as_tables_json_and_csv() {
    let coalition = Coalition::settled();
    for name in [
        "liability",
        "activity",
        "redemption",
        "flow",
        "exposure",
        "breakage",
        "payments",
    ] {
        let table = coalition.does(0, &["report", name], "audit-1");
        assert!(table.contains("bakery"), "{name}: {table}");
        let report = coalition.json(&["report", name], "bakery");
        assert_eq!(report["report"], name);
        let csv = coalition.does(0, &["report", name, "--csv"], "bakery");
        let first = report["columns"][0].as_str().unwrap();
        assert!(csv.contains(first), "{name}: {csv}");
    }
    let file = coalition.path("liability.csv");
    coalition.does(
        0,
        &["report", "liability", "--csv", "--out", &file],
        "audit-1",
    );
    assert!(std::fs::read_to_string(&file).unwrap().contains("bakery"));
    coalition.does(2, &["report", "weather"], "audit-1");
    coalition.does(2, &["report", "activity", "--from", "monday"], "audit-1");
    let backwards = [
        "report",
        "activity",
        "--from",
        "2017-01-02",
        "--to",
        "2017-01-01",
    ];
    coalition.does(2, &backwards, "audit-1");
}
