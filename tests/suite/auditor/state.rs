//! The auditor's own saved state: gone on from, damaged, of another ledger, ahead of the entries.

use super::{Given, first_finding, trade};
use crate::support::Coalition;
use serde_json::{Value, json};
use tallyhouse::audit::{Replay, state};
use tallyhouse::domain::time::Day;

/// A ledger with a window stated in the middle, and how many entries it had before each step.
fn given() -> (Given, Vec<usize>) {
    let coalition = Coalition::simulated("saved");
    let settlement = coalition.settlement();
    let mut steps = vec![1];
    let day = Day::parse("2026-03-01").expect("a day");
    for n in 0..4 {
        trade(&coalition, n);
        steps.push(usize::try_from(coalition.size()).expect("few"));
        if n == 1 {
            settlement.settle(Some(day)).expect("it settles");
            steps.push(usize::try_from(coalition.size()).expect("few"));
        }
    }
    settlement.close();
    (Given::of(&coalition), steps)
}

/// A verdict without the word on where it went on from.
fn plain(mut verdict: Value) -> Value {
    verdict["resumed_from"] = json!(0);
    verdict
}

#[test]
fn going_on_from_any_entry_comes_to_the_same_verdict_and_the_same_state() {
    let (given, _) = given();
    let mut straight = Replay::new();
    let mut saved = Vec::new();
    for entry in &given.entries {
        assert!(straight.push(entry).is_ok());
        saved.push(state::save(&straight).expect("it holds"));
    }
    for at in 0..given.entries.len() {
        let mut replay = state::load(&saved[at]).expect("it was saved");
        assert_eq!(replay.size(), at as u64 + 1);
        assert!(
            state::save(&replay).expect("it holds") == saved[at],
            "entry {at}"
        );
        for entry in &given.entries[at + 1..] {
            assert!(replay.push(entry).is_ok(), "{:?}", replay.findings());
        }
        let last = saved.last().expect("entries");
        assert!(
            state::save(&replay).as_ref() == Some(last),
            "gone on from {at}"
        );
    }
}

#[test]
fn a_verdict_goes_on_from_the_saved_file_by_entries_and_by_tiles() {
    let (given, steps) = given();
    let path = given.path("state").display().to_string();
    let (code, straight) = given.verdict(&[]);
    assert_eq!(code, 0, "{straight}");
    for size in steps {
        let origin = given.signer.verifier_key().name().to_owned();
        let before = Given::made(given.entries[..size].to_vec(), &origin);
        assert_eq!(before.verdict(&["--state", &path]).0, 0);
        let kept = std::fs::read(&path).unwrap();
        let (code, gone_on) = given.verdict(&["--state", &path]);
        assert_eq!(
            (code, gone_on["resumed_from"].as_u64()),
            (0, Some(size as u64))
        );
        assert_eq!(plain(gone_on), straight);
        assert_eq!(
            given.verdict(&["--state", &path]).0,
            0,
            "there is nothing new"
        );
        std::fs::write(&path, &kept).unwrap();
        let (code, gone_on) = given.ledger(&given.tiles(), &["--state", &path]);
        assert_eq!((code, plain(gone_on)), (0, straight.clone()));
        // An export may begin where the state ends.
        std::fs::write(&path, &kept).unwrap();
        given.write("entries.cbor", &given.entries[size..].concat());
        let (code, said) = given.verdict(&["--state", &path]);
        let wanted = if size == given.entries.len() { 2 } else { 0 };
        assert_eq!(code, wanted, "{said}");
        given.write("entries.cbor", &given.entries.concat());
        std::fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_state_that_is_damaged_ahead_or_of_another_ledger_is_never_gone_on_from() {
    let (given, _) = given();
    let path = given.path("state").display().to_string();
    assert_eq!(given.verdict(&["--state", &path]).0, 0);
    let whole = std::fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(state::load(&damaged).is_err(), "byte {place}");
    }
    for length in (0..whole.len()).step_by(97) {
        assert!(state::load(&whole[..length]).is_err(), "{length} bytes");
    }
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(given.verdict(&["--state", &path]).0, 2);
    std::fs::write(&path, &whole).unwrap();
    let origin = given.signer.verifier_key().name().to_owned();
    let older = Given::made(given.entries[..given.entries.len() - 1].to_vec(), &origin);
    assert_eq!(
        older.verdict(&["--state", &path]).0,
        2,
        "the state is ahead"
    );
    let other = Given::of(&Coalition::simulated("others"));
    let (code, said) = other.verdict(&["--state", &path]);
    assert_eq!((code, first_finding(&said)), (1, (0, "saved".to_owned())));
    assert_eq!(
        std::fs::read(&path).unwrap(),
        whole,
        "no finding replaces a state"
    );
}

#[test]
fn a_body_of_garbage_under_a_right_checksum_is_damage() {
    let (given, _) = given();
    let mut replay = Replay::new();
    given
        .entries
        .iter()
        .for_each(|entry| assert!(replay.push(entry).is_ok()));
    let whole = state::save(&replay).expect("it holds");
    let body = 27..whole.len() - 32;
    for place in body.clone().step_by(11) {
        let mut damaged = whole[..body.end].to_vec();
        damaged[place] ^= 0x40;
        let checksum = *blake3::hash(&damaged).as_bytes();
        damaged.extend_from_slice(&checksum);
        // It may be read as another state; it may not panic.
        let _ = state::load(&damaged);
    }
}
