//! The commands as people use them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bench;
mod clearing;
mod demo;

use crate::process::{Founded, Server, TALLYHOUSE, VERIFY, run, text};
use clap::CommandFactory;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

fn check_help(command: &clap::Command) {
    let name = command.get_name();
    let example = command.get_after_help().map(ToString::to_string);
    let example = example.unwrap_or_default();
    let shows = example.starts_with("Example:\n  ") && example.contains("tallyhouse");
    assert!(shows, "{name}: {example}");
    assert!(
        command.get_about().is_some(),
        "{name} does not say what it is for"
    );
    let mut leaves = command.get_subcommands().peekable();
    if leaves.peek().is_none() {
        let has_json = command.get_arguments().any(|arg| arg.get_id() == "json");
        assert!(has_json, "{name} has no --json");
    }
    leaves.for_each(check_help);
}

#[test]
fn every_command_has_help_with_an_example_and_json() {
    for command in [
        tallyhouse::cli::command::Arguments::command(),
        tallyhouse::cli::verify::Arguments::command(),
    ] {
        command.clone().debug_assert();
        check_help(&command);
    }
    let output = run(TALLYHOUSE, ["import", "--help"]);
    assert!(output.status.success());
    assert!(text(&output).contains("Exit code 0"), "{}", text(&output));
    assert_eq!(run(TALLYHOUSE, ["fly"]).status.code(), Some(2));
}

const PURCHASES: &str = "\
occurred_at,partner,store,basket,member,amount,discount
2017-01-01T10:00:00Z,bakery,1,b-1,m-1,10.00,0.00
2017-01-01T10:05:00Z,bakery,1,b-2,m-2,0.09,0.00
2017-01-01T10:06:00Z,bakery,1,b-3,m-2,ten,0.00
2017-01-01T11:00:00Z,cinema,1,b-4,m-1,20.00,0.30
2017-01-01T11:00:00Z,cinema,1,b-5,m-3,1.00,5.00
2017-01-01T12:00:00Z,kiosk,1,b-6,m-1,1.00,0.00
2017-01-01T13:00:00Z,bakery,1,b-7,m-1,2.50,9.00,surplus
2017-01-01T13:00:01Z,bakery,1,b-8,m-1,2.50,9.00
";

fn house() -> (Founded, Server) {
    let founded = Founded::new();
    let server = founded.serve("127.0.0.1:0");
    server.register(&founded, &["bakery", "cinema"]);
    (founded, server)
}

fn balance(server: &Server, founded: &Founded, member: &str) -> Value {
    let key = founded.house_key("audit-1");
    let args: [&OsStr; 5] = [
        "balance".as_ref(),
        member.as_ref(),
        "--json".as_ref(),
        "--key".as_ref(),
        key.as_ref(),
    ];
    server.client_json(args)
}

#[test]
fn an_import_reports_every_row_that_it_could_not_bring_in() {
    let (founded, server) = house();
    let file = founded.path("purchases.csv");
    std::fs::write(&file, PURCHASES).unwrap();
    let output = server.import(&founded, &file).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rejects = founded.path("purchases.rejects.csv");
    let wanted = json!({"rows": 8, "submissions": 3, "submissions_before": 0, "issues": 4,
        "issued_points": 335, "burns": 2, "burned_points": 300, "burns_partial": 1,
        "burns_without_points": 1, "duplicates": 0, "rows_without_points": 1,
        "rows_rejected": 3, "rejects_file": rejects});
    assert_eq!(report, wanted);
    let rejected = std::fs::read_to_string(&rejects).unwrap();
    let lines: Vec<&str> = rejected.lines().collect();
    assert!(lines[0].ends_with(",only,line,reason"), "{rejected}");
    assert!(
        lines[1].contains("b-3,m-2,ten,0.00,,4,\"amount is"),
        "{rejected}"
    );
    assert!(lines[2].contains("b-7,m-1,2.50,9.00,,8,it has 8 columns"));
    assert!(lines[3].contains("b-6,m-1,1.00,0.00,,7,no key kiosk."));
    // 100 − 30 + 200, then 270 burned of the 900 wanted, then 25 issued.
    assert_eq!(balance(&server, &founded, "m-1")["available"], 25);
    assert_eq!(balance(&server, &founded, "m-3")["available"], 10);

    // Again: nothing changes. With other content under the same name: refused.
    let entries = server.entries();
    let again = server.import(&founded, &file).output().unwrap();
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(report["submissions_before"], 3);
    assert_eq!(server.entries(), entries);
    std::fs::write(&file, PURCHASES.replace("20.00", "21.00")).unwrap();
    let changed = server.import(&founded, &file).output().unwrap();
    assert_eq!(changed.status.code(), Some(2), "{}", text(&changed));
    assert!(
        text(&changed).contains("line 5 was imported"),
        "{}",
        text(&changed)
    );

    // Rows appended to the last run are brought in, and nothing else.
    let appended = format!("{PURCHASES}2017-01-01T14:00:00Z,bakery,1,b-9,m-9,7.00,0.00\n");
    std::fs::write(&file, appended).unwrap();
    server.import(&founded, &file).output().unwrap();
    assert_eq!(server.entries(), entries + 1);
    assert_eq!(balance(&server, &founded, "m-9")["available"], 70);
    let verdict = server.export_and_verify(&founded);
    assert_eq!(verdict["entries"], entries + 1);
    assert_eq!(verdict["simulated"], true);
}

#[test]
fn a_changed_export_is_found() {
    let (founded, server) = house();
    server.export_and_verify(&founded);
    let file = founded.path("entries.ndjson");
    let good = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let swapped = [lines[0], lines[2], lines[1]].join("\n");
    let verify = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let checkpoint = founded.path("checkpoint");
        run(
            VERIFY,
            [
                "ledger".as_ref(),
                file.as_os_str(),
                "--checkpoint".as_ref(),
                checkpoint.as_os_str(),
            ],
        )
    };
    for (export, code, said) in [
        (good.clone(), 0, "holds:"),
        (swapped, 1, "finding: entry 1: index: expected 1, found 2"),
        (
            lines[..2].join("\n"),
            2,
            "covers 3 entries and only 2 were given",
        ),
        (
            good[..good.len() - 9].to_owned(),
            2,
            "line 3: not one JSON object",
        ),
        (String::new(), 2, "holds no entries"),
    ] {
        let output = verify(&export);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output));
        assert!(text(&output).contains(said), "{}", text(&output));
    }
}

#[test]
fn a_receipt_is_checked_offline_and_no_word_of_it_can_be_changed() {
    let (founded, server) = house();
    let (op, receipt) = (founded.path("op.json"), founded.path("receipt.json"));
    std::fs::write(&op, r#"{"op":"issue","member":"m-1","points":120}"#).unwrap();
    let key = founded.partner_key("bakery");
    let args: [&OsStr; 6] = [
        "submit".as_ref(),
        op.as_ref(),
        "--key".as_ref(),
        key.as_ref(),
        "--receipt".as_ref(),
        receipt.as_ref(),
    ];
    let output = server.client(args);
    assert!(output.status.success(), "{}", text(&output));
    let verify = || {
        let vkey = founded.vkey();
        let args: [&OsStr; 4] = [
            "receipt".as_ref(),
            receipt.as_ref(),
            "--vkey".as_ref(),
            vkey.as_ref(),
        ];
        run(VERIFY, args)
    };
    assert!(verify().status.success(), "{}", text(&verify()));
    let changed = std::fs::read_to_string(&receipt).unwrap();
    std::fs::write(
        &receipt,
        changed.replace("\"points\":120", "\"points\":121"),
    )
    .unwrap();
    assert_eq!(verify().status.code(), Some(1), "{}", text(&verify()));
    std::fs::write(&op, r#"{"op":"burn","member":"m-1","points":121}"#).unwrap();
    let output = server.client(args);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("insufficient_points"),
        "{}",
        text(&output)
    );
}

/// Sends an envelope that somebody else's software made, and finds its points in the ledger.
fn accepts(server: &Server, founded: &Founded, envelope: &str, points: u64) {
    let file = founded.path("envelope.jose");
    std::fs::write(&file, envelope).unwrap();
    let args: [&OsStr; 3] = ["submit".as_ref(), file.as_ref(), "--json".as_ref()];
    let receipt = server.client_json(args);
    assert_eq!(receipt["results"][0]["code"], "applied");
    assert_eq!(receipt["results"][0]["points"], points);
}

fn payload(server: &Server, points: u64) -> String {
    let ledger = server.get("", None)["origin"].clone();
    json!({"ledger": ledger, "submission": "elsewhere-1", "valid_until": "2017-01-01T01:00:00Z",
        "ops": [{"op": "issue", "id": "elsewhere-1-i", "member": "m-1", "points": points}]})
    .to_string()
}

#[test]
fn an_envelope_made_with_openssl_is_accepted() {
    let (founded, server) = house();
    let encode = |bytes: &[u8]| tallyhouse::proof::base64url::encode(bytes);
    let header = r#"{"alg":"EdDSA","kid":"bakery/till-1","typ":"tallyhouse+json"}"#;
    let input = format!(
        "{}.{}",
        encode(header.as_bytes()),
        encode(payload(&server, 7).as_bytes())
    );
    let (input_file, signature) = (founded.path("input"), founded.path("signature"));
    std::fs::write(&input_file, &input).unwrap();
    let output = Command::new("openssl")
        .args(["pkeyutl", "-sign", "-rawin", "-inkey"])
        .arg(founded.partner_key("bakery"))
        .arg("-in")
        .arg(&input_file)
        .arg("-out")
        .arg(&signature)
        .output()
        .expect("openssl is installed by .ci/setup");
    assert!(output.status.success(), "{}", text(&output));
    let signature = std::fs::read(&signature).unwrap();
    accepts(
        &server,
        &founded,
        &format!("{input}.{}", encode(&signature)),
        7,
    );
}

/// The Python of the tests, which `make test` makes in the target folder.
fn python() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("python/bin/python")
}

#[test]
fn an_envelope_made_with_pyjwt_is_accepted() {
    let (founded, server) = house();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pyjwt_envelope.py");
    let output = Command::new(python())
        .arg(script)
        .arg(founded.partner_key("bakery"))
        .arg("bakery/till-1")
        .arg(payload(&server, 9))
        .output()
        .expect("make test (or .ci/python) makes the Python of the tests");
    assert!(output.status.success(), "{}", text(&output));
    let envelope = String::from_utf8(output.stdout).unwrap();
    accepts(&server, &founded, envelope.trim(), 9);
}

#[test]
fn a_second_programme_joins_the_same_house() {
    let founded = Founded::new();
    let house = founded.path("house");
    let args: [&OsStr; 9] = [
        "init".as_ref(),
        "--dir".as_ref(),
        house.as_ref(),
        "--programme".as_ref(),
        "pool".as_ref(),
        "--currency".as_ref(),
        "EUR".as_ref(),
        "--settlement-model".as_ref(),
        "pool".as_ref(),
    ];
    let output = run(TALLYHOUSE, args);
    assert!(output.status.success(), "{}", text(&output));
    let server = founded.serve("127.0.0.1:0");
    let address = format!("http://{}/v1/pool", server.address);
    let mut answer = ureq::get(&address).call().unwrap();
    let programme: Value =
        serde_json::from_slice(&answer.body_mut().read_to_vec().unwrap()).unwrap();
    assert_eq!(programme["currency"], "EUR");
    assert_eq!(server.get("", None)["currency"], "USD");
    let again = run(TALLYHOUSE, args);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again));
}

fn init_with_masters(house: &Path, masters: &Path) -> std::process::Output {
    let (dir, masters) = (house.as_os_str(), masters.as_os_str());
    let words = [
        "init",
        "--programme",
        "demo",
        "--currency",
        "USD",
        "--json",
        "--dir",
    ];
    let words = words.iter().map(AsRef::<OsStr>::as_ref);
    run(
        TALLYHOUSE,
        words.chain([dir, "--masters".as_ref(), masters]),
    )
}

#[test]
fn masters_are_checked_copied_and_bound_by_their_hash() {
    let folder = tempfile::tempdir().unwrap();
    let house = folder.path().join("house");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo/masters");
    let output = init_with_masters(&house, &demo);
    assert!(output.status.success(), "{}", text(&output));
    let config = tallyhouse::platform::config::Config::load(&house.join("tallyhouse.toml"));
    let settlement = &config.unwrap().programmes[0].settlement;
    assert_eq!(settlement.masters_dir, house.join("masters/demo"));
    assert_eq!(settlement.operate_key, "operate-1");
    assert!(house.join("keys/demo/house.operate-1.pem").is_file());

    let check = |dir: &Path| {
        let words: [&OsStr; 4] = [
            "master".as_ref(),
            "check".as_ref(),
            "--json".as_ref(),
            dir.as_ref(),
        ];
        let output = run(TALLYHOUSE, words);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), report)
    };
    let (code, report) = check(&settlement.masters_dir);
    assert_eq!(
        (code, &report["usable"], &report["refused"]),
        (Some(0), &json!(23), &json!(0))
    );

    let deli = settlement.masters_dir.join("deli.toml");
    let words: [&OsStr; 3] = ["master".as_ref(), "hash".as_ref(), deli.as_ref()];
    let hash = run(TALLYHOUSE, words);
    assert!(hash.status.success(), "{}", text(&hash));
    let hash = String::from_utf8(hash.stdout).unwrap().trim().to_owned();
    let listed = report["masters"].as_array().unwrap();
    let of_deli = listed
        .iter()
        .find(|master| master["party"] == "deli")
        .unwrap();
    assert_eq!(of_deli["master_sha256"], hash);
    let submission = json!({"ledger": "localhost/demo-00000000", "submission": "s",
        "valid_until": "2026-01-01T00:00:00Z", "ops": [{"op": "partner_set", "id": "p",
        "partner": "deli", "roles": [], "status": "active", "master_sha256": hash}]});
    let submission = submission.to_string();
    let taken = tallyhouse::proof::payload::parse(submission.as_bytes(), Some(2));
    assert!(taken.is_ok(), "partner_set takes the hash as it is printed");

    std::fs::rename(&deli, deli.with_file_name("cinema.toml")).unwrap();
    let (code, report) = check(&settlement.masters_dir);
    assert_eq!((code, &report["refused"]), (Some(1), &json!(1)));
    let refused = init_with_masters(&folder.path().join("other"), &settlement.masters_dir);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused).contains("holds the master of deli"),
        "{}",
        text(&refused)
    );
    assert_eq!(check(&house.join("absent")).0, Some(2));
}
