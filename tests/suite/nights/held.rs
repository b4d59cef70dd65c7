//! Two computations that differ: the window is held, until two people let it go on.

use super::crash::{begin, by_hand, day, settle};
use super::programme::{Programme, issuer_pays, pool};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use tallyhouse::domain::line::LineTotal;
use tallyhouse::domain::points::Points;
use tallyhouse::domain::window::WindowState;
use tallyhouse::settlement::SettleError;
use tallyhouse::settlement::shadow;

fn state(programme: &Programme, window: u32) -> WindowState {
    let windows = programme.ledger.view().windows.clone();
    windows.get(window).expect("a window").state
}

/// Adds a point to a line of the shadow, as an error in one of the two programs would.
fn plant(programme: &mut Programme) {
    let size = programme.ledger.view().size;
    let shadow = programme.settlement.shadow();
    shadow
        .wait_for(size, Duration::from_secs(60))
        .expect("it follows");
    programme.stop();
    let file = programme.path("shadow");
    let mut tally = shadow::decode(&fs::read(&file).expect("a file")).expect("a tally");
    assert_eq!(
        tally.size,
        programme.ledger.view().size,
        "it holds the whole log"
    );
    let line = tally.lines.values_mut().find_map(|total| match total {
        LineTotal::Priced(points) => Some(points),
        LineTotal::Amount(_) => None,
    });
    let line = line.expect("a line of points");
    *line = line.checked_add(Points::new(1).expect("one")).expect("few");
    fs::write(&file, shadow::encode(&tally)).expect("a file");
    programme.start();
}

/// What a statement says, but for entries and for days that depend on when it was netted.
fn without_places(statement: Value) -> Value {
    match statement {
        Value::Object(members) => {
            let places = ["log", "entry", "op", "due_on", "status"];
            let kept = members
                .into_iter()
                .filter(|(name, _)| !places.contains(&name.as_str()));
            kept.map(|(name, value)| (name, without_places(value)))
                .collect()
        }
        Value::Array(items) => items.into_iter().map(without_places).collect(),
        other => other,
    }
}

fn check_held(programme: &mut Programme, undisturbed: &Programme) {
    let before = programme.published();
    plant(programme);
    for _ in 0..2 {
        let error = programme.settlement.settle(None).expect_err("they differ");
        assert!(
            matches!(error, SettleError::Held { window: 1, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("window_release"), "{error}");
        assert_eq!(programme.settlement.alarm(), Some(error.to_string()));
        assert_eq!(state(programme, 1), WindowState::Held);
        assert!(programme.published() == before, "nothing is published");
    }
    // Days go on; nothing overtakes the window.
    day(programme, 3);
    assert!(programme.settlement.settle(None).is_err());
    assert_eq!(state(programme, 2), WindowState::Cut);

    // What is wrong is found and mended, and two keys let the window go on.
    programme.stop();
    fs::remove_file(programme.path("shadow")).expect("it is there");
    programme.start();
    assert!(
        programme.settlement.settle(None).is_err(),
        "it waits for the release"
    );
    programme.approve("release", &[json!({"op": "window_release", "window": 1})]);
    let settled = programme.settlement.settle(None).expect("it settles");
    let windows: Vec<u32> = settled.iter().map(|settled| settled.window).collect();
    assert_eq!(windows, [1, 2]);
    assert_eq!(programme.settlement.alarm(), None);
    programme.audit();
    for window in 0..3 {
        for partner in ["bakery", "cinema", "grocer"] {
            let file = format!("statements/{partner}.json");
            assert_eq!(
                without_places(programme.json(window, &file)),
                without_places(undisturbed.json(window, &file)),
                "window {window}, {partner}"
            );
        }
    }
}

#[test]
fn a_line_that_differs_holds_its_window_until_two_keys_release_it() {
    for terms in [issuer_pays(), pool()] {
        let terms = by_hand(terms);
        let undisturbed = begin(&terms);
        for number in 1..=3 {
            day(&undisturbed, number);
            settle(&undisturbed);
        }
        let mut programme = begin(&terms);
        day(&programme, 1);
        settle(&programme);
        day(&programme, 2);
        check_held(&mut programme, &undisturbed);
    }
}

#[test]
fn one_key_alone_releases_nothing() {
    let mut programme = begin(&by_hand(issuer_pays()));
    day(&programme, 1);
    settle(&programme);
    day(&programme, 2);
    plant(&mut programme);
    assert!(programme.settlement.settle(None).is_err());
    let action = json!({"op": "window_release", "window": 1});
    let propose = json!({"op": "propose", "id": "alone", "action": action});
    programme.accept("house/govern-1", "alone", &[propose]);
    let approve = json!({"op": "approve", "id": "too", "proposal": "alone"});
    let (_, outcome) = programme.send("house/govern-1", "too", "independent", &[approve]);
    assert_ne!(outcome, [0]);
    assert_eq!(state(&programme, 1), WindowState::Held);
}
