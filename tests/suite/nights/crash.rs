//! A night that is ended between any two of its steps, and begun again, ends with the same bytes.

use super::programme::{Programme, Terms, folder, issuer_pays, pool};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use tallyhouse::domain::tally::statements::Statements;
use tallyhouse::domain::window::WindowState;
use tallyhouse::ledger::memory::Fault;
use tallyhouse::proof::statement::{Canonical, write};
use tallyhouse::settlement::SettleError;
use tallyhouse::settlement::shadow;

const DAYS: u32 = 3;
/// The window whose night is ended early.
const NIGHT: u32 = 1;

/// A programme in which nothing comes by itself.
pub fn by_hand(terms: Terms) -> Terms {
    let mut terms = terms;
    terms.nights.automatic = false;
    terms
}

pub fn begin(terms: &Terms) -> Programme {
    let programme = Programme::found(terms);
    set_up(&programme);
    programme
}

fn set_up(programme: &Programme) {
    programme.register("all", &["bakery", "grocer", "cinema"]);
    programme.price("prices", "0.0085");
}

/// What happens on a day; then its night could come.
pub fn day(programme: &Programme, day: u32) {
    programme.move_to(&format!("2017-01-{day:02}T18:00:00Z"));
    let member = format!("m-{day}");
    let issue = |partner: &str, points: u64| {
        let ops = [
            json!({"op": "issue", "id": format!("i-{day}"), "member": member,
            "points": points, "expires_on": format!("2017-01-{:02}", day + 1)}),
        ];
        programme.accept(
            &format!("{partner}/till"),
            &format!("i-{day}-{partner}"),
            &ops,
        );
    };
    issue("bakery", 700 + u64::from(day));
    issue("grocer", 155);
    let burn = [json!({"op": "burn", "id": format!("b-{day}"), "member": member, "points": 801})];
    programme.accept("cinema/till", &format!("b-{day}"), &burn);
    let morning = format!("2017-01-{:02}T02:00:00Z", day + 1);
    programme.move_to(&morning);
}

pub fn settle(programme: &Programme) {
    let settled = programme.settlement.settle(None);
    assert_eq!(settled.expect("it settles").len(), 1);
}

/// The days that are left after one, each with its night.
fn go_on(programme: &Programme, from: u32) {
    for number in from..=DAYS {
        day(programme, number);
        settle(programme);
    }
}

/// Every file of a run that nothing disturbed.
fn undisturbed(terms: &Terms) -> BTreeMap<String, Vec<u8>> {
    let programme = begin(terms);
    go_on(&programme, 1);
    check_rebuilt(&programme);
    programme.audit();
    programme.published()
}

/// Every statement again from the entries alone, by a tally that never saw the house.
fn check_rebuilt(programme: &Programme) {
    let view = programme.ledger.view();
    for window in view.windows.iter() {
        let Some(netted) = window.netted else {
            continue;
        };
        let tally = shadow::read_again(&programme.ledger, netted.entry + 1).expect("read");
        let closing = tally.closing(window.number).expect("a netted window");
        let size = closing.cut.cut.entry + 1;
        let root = programme
            .ledger
            .root_at(size)
            .expect("read")
            .expect("a root");
        let statements = Statements::new(closing, &view.governance, &root);
        for (name, party) in statements.partners() {
            let file = format!("statements/{name}.json");
            let written = write(&statements, party).json;
            assert_eq!(written, programme.file(window.number, &file), "{file}");
        }
        let written = Canonical::of(&statements.document()).json;
        assert_eq!(written, programme.file(window.number, "window.json"));
    }
}

fn check_same(programme: &Programme, wanted: &BTreeMap<String, Vec<u8>>, what: &str) {
    let found = programme.published();
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(wanted), "{what}");
    for (name, bytes) in wanted {
        check_bytes(&format!("{what}: {name}"), &found[name], bytes);
    }
    programme.audit();
}

/// Two files are the same; if not, says which line is the first that differs.
pub fn check_bytes(what: &str, found: &[u8], wanted: &[u8]) {
    let lines = |bytes: &[u8]| -> Vec<String> {
        let lines = bytes.split(|byte| *byte == b'\n');
        lines
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    };
    let differs = |(found, wanted): &(String, String)| found != wanted;
    let first = lines(found).into_iter().zip(lines(wanted)).find(differs);
    assert!(found == wanted, "{what} has other bytes: {first:?}");
}

fn check_ended_after_any_entry(terms: &Terms) {
    let terms = by_hand(terms.clone());
    let wanted = undisturbed(&terms);
    for step in 0..4 {
        for fault in [Fault::Refuse, Fault::UncertainLost, Fault::UncertainKept] {
            let what = format!("{fault:?} at step {step}");
            let mut programme = begin(&terms);
            day(&programme, 1);
            settle(&programme);
            day(&programme, 2);
            let size = programme.ledger.view().size;
            programme.store.fail_append_past(size + step, fault);
            let ended = programme.settlement.settle(None);
            assert!(ended.is_err(), "{what}: {ended:?}");
            assert!(programme.settlement.alarm().is_some(), "{what}");
            programme.restart();
            settle(&programme);
            assert_eq!(programme.settlement.alarm(), None);
            go_on(&programme, 3);
            check_same(&programme, &wanted, &what);
        }
    }
}

#[test]
fn a_night_that_ends_at_any_entry_ends_with_the_same_bytes_where_issuers_pay() {
    check_ended_after_any_entry(&issuer_pays());
}

#[test]
fn a_night_that_ends_at_any_entry_ends_with_the_same_bytes_in_a_pool() {
    check_ended_after_any_entry(&pool());
}

/// Stands in a night in which nothing can be published; `harm` keeps it from that.
fn unpublished(harm: impl FnOnce(&Programme)) -> (Programme, SettleError) {
    let programme = begin(&by_hand(issuer_pays()));
    day(&programme, 1);
    settle(&programme);
    day(&programme, 2);
    harm(&programme);
    let error = programme
        .settlement
        .settle(None)
        .expect_err("it cannot publish");
    (programme, error)
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_the_next_run_completes() {
    let wanted = undisturbed(&by_hand(issuer_pays()));
    let (mut programme, error) = unpublished(|programme| {
        let windows = programme.windows();
        fs::rename(&windows, programme.path("aside")).unwrap();
        fs::write(&windows, "a file").unwrap();
    });
    let said = error.to_string();
    let named = programme.windows().display().to_string();
    assert!(matches!(error, SettleError::Publish(_)), "{said}");
    assert!(
        said.contains(&named) && said.contains("settle again"),
        "{said}"
    );
    assert_eq!(programme.settlement.alarm().as_deref(), Some(said.as_str()));
    fs::remove_file(programme.windows()).unwrap();
    fs::rename(programme.path("aside"), programme.windows()).unwrap();
    assert_eq!(
        programme.published().len(),
        wanted.len() / 3,
        "nothing of it is there"
    );
    programme.restart();
    settle(&programme);
    go_on(&programme, 3);
    check_same(&programme, &wanted, "a file in place of the folder");
}

#[test]
fn what_a_killed_run_left_behind_is_made_anew() {
    let wanted = undisturbed(&by_hand(issuer_pays()));
    let (mut programme, _) = unpublished(|programme| {
        // In the place of the hidden folder stands a file, so that filling it fails once.
        fs::write(programme.windows().join(".1.new"), "a file").unwrap();
    });
    let windows = programme.ledger.view().windows.clone();
    let state = windows.get(NIGHT).map(|window| window.state);
    assert_eq!(state, Some(WindowState::Stated), "its statements are bound");
    let hidden = programme.windows().join(".1.new");
    fs::remove_file(&hidden).unwrap();
    fs::create_dir_all(hidden.join("statements")).unwrap();
    fs::write(hidden.join("statements/bakery.json"), "{\"half\":").unwrap();
    fs::write(hidden.join("statements/nobody.json"), "{}").unwrap();
    programme.restart();
    settle(&programme);
    go_on(&programme, 3);
    check_same(&programme, &wanted, "a hidden folder, half filled");
}

/// What becomes of a file: other bytes, or none.
type Harm<'a> = dyn Fn(&[u8]) -> Option<Vec<u8>> + 'a;

/// The shadow's file may be any that once stood there, or none, or no tally at all.
#[test]
fn whatever_became_of_the_shadows_file_the_bytes_are_the_same() {
    let terms = by_hand(issuer_pays());
    let wanted = undisturbed(&terms);
    let other = begin(&by_hand(pool()));
    day(&other, 1);
    other.stop();
    let foreign = fs::read(other.path("shadow")).unwrap();
    let harms: [(&str, &Harm<'_>); 6] = [
        ("missing", &|_| None),
        ("empty", &|_| Some(Vec::new())),
        ("truncated", &|bytes| {
            Some(bytes[..bytes.len() / 2].to_vec())
        }),
        ("one bit", &|bytes| {
            let mut bytes = bytes.to_vec();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Some(bytes)
        }),
        ("no tally", &|_| Some(vec![0xff; 4_000])),
        ("of another log", &|_| Some(foreign.clone())),
    ];
    for (what, harm) in harms {
        let mut programme = begin(&terms);
        day(&programme, 1);
        settle(&programme);
        day(&programme, 2);
        programme.stop();
        let file = programme.path("shadow");
        match harm(&fs::read(&file).unwrap()) {
            Some(bytes) => fs::write(&file, bytes).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        programme.start();
        settle(&programme);
        go_on(&programme, 3);
        check_same(&programme, &wanted, what);
    }
}

/// An older file of this log is taken, and the log read from there on.
#[test]
fn an_older_file_of_the_shadow_is_as_good() {
    let terms = by_hand(issuer_pays());
    let wanted = undisturbed(&terms);
    let mut programme = begin(&terms);
    day(&programme, 1);
    programme.restart();
    let older = fs::read(programme.path("shadow")).unwrap();
    settle(&programme);
    day(&programme, 2);
    programme.stop();
    fs::write(programme.path("shadow"), older).unwrap();
    programme.start();
    settle(&programme);
    go_on(&programme, 3);
    check_same(&programme, &wanted, "an older file");
}

const CHILD: &str = "TALLYHOUSE_TEST_DISK_FULL_IN";

/// Runs in a process of its own, in which no file may grow beyond 16 KiB: writes fail as they do
/// on a full disk. By itself it does nothing.
#[test]
fn a_full_disk_publishes_nothing_in_a_process_of_its_own() {
    let Some(own) = std::env::var_os(CHILD) else {
        return;
    };
    let programme = Programme::found_in(&by_hand(issuer_pays()), Path::new(&own));
    set_up(&programme);
    day(&programme, 1);
    let error = programme
        .settlement
        .settle(None)
        .expect_err("the disk is full");
    println!("SAID {error}");
    assert!(matches!(error, SettleError::Publish(_)), "{error}");
    assert!(programme.published().is_empty(), "nothing is left behind");
}

#[test]
fn a_full_disk_publishes_nothing_and_the_next_run_completes() {
    let own = folder();
    let this = std::env::current_exe().unwrap();
    let module = module_path!().split_once("::").map_or("", |(_, path)| path);
    let test = format!("{module}::a_full_disk_publishes_nothing_in_a_process_of_its_own");
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"";
    let mut child = Command::new("bash");
    child
        .args(["-c", limited])
        .arg(&this)
        .args(["--exact", &test, "--nocapture"]);
    let output = child.env(CHILD, own.path()).output().unwrap();
    let said = crate::process::text(&output);
    assert!(output.status.success(), "{said}");
    let said = said
        .lines()
        .find_map(|line| line.strip_prefix("SAID "))
        .expect("it ran");
    assert!(
        said.contains("cannot be written") && said.contains("make room"),
        "{said}"
    );
    assert!(said.contains("/windows/.0.new"), "{said}");
    // The same ledger again, in the same folder, on a disk that has room.
    let programme = Programme::found_in(&by_hand(issuer_pays()), own.path());
    set_up(&programme);
    go_on(&programme, 1);
    let wanted = undisturbed(&by_hand(issuer_pays()));
    check_same(&programme, &wanted, "a full disk");
}
