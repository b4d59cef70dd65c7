//! What recovery refuses: a log that is not what was signed, and a state that cannot belong to it.

use super::desk::{Desk, founding, note_signer, setup};
use crate::house::{self, ISSUER_PAYS, ORIGIN};
use std::sync::Arc;
use tallyhouse::domain::time::Micros;
use tallyhouse::ledger::commit::{Acknowledged, Unacknowledged};
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::ledger::recovery::RecoveryError;
use tallyhouse::ledger::store::{Batch, LogStore, StateStore};
use tallyhouse::ledger::{self, Ledger, OpenError};
use tallyhouse::platform::clock::Clock;
use tallyhouse::proof::checkpoint::Checkpoint;
use tallyhouse::proof::note::NoteSigner;

fn start() -> Micros {
    Micros::parse(house::START).expect("an instant")
}

fn compact(kid: &str, id: &str, sentence: &str) -> String {
    let until = start().plus_seconds(60);
    let payload = house::submission(id, "independent", until, &[house::op(sentence)]);
    house::envelope(kid, &payload)
}

/// The outcome of one sentence, sent alone.
fn send(desk: &Desk, kid: &str, id: &str, sentence: &str) -> Vec<&'static str> {
    let compact = compact(kid, id, sentence);
    match desk.submit(&[&compact]).remove(0) {
        Ok(Acknowledged::New(evidence)) => desk.outcomes(&evidence.record),
        other => panic!("{sentence}: {other:?}"),
    }
}

/// A ledger with a few entries.
fn small() -> Desk {
    let desk = Desk::found(&ISSUER_PAYS);
    for (at, (author, sentence)) in house::opening().into_iter().enumerate() {
        send(&desk, &house::kid_of(author), &format!("s{at}"), &sentence);
    }
    send(&desk, "bakery/k1", "i", "issue i1 m1 100");
    send(&desk, "cinema/k1", "b", "burn b1 m1 30");
    desk
}

fn refusal(store: &Arc<MemoryStore>) -> RecoveryError {
    match Ledger::open(setup(store, start().0)) {
        Ok(_) => panic!("it was opened"),
        Err(OpenError::Recovery(error)) => error,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn an_entry_changed_by_any_byte_is_refused_while_the_state_lags() {
    let desk = small();
    let size = usize::try_from(desk.ledger.view().size).expect("few");
    let records = desk.ledger.entries(0, size).expect("the store reads");
    desk.crash();
    for (index, record) in records.iter().enumerate() {
        for byte in (0..record.entry.len()).filter(|byte| (byte + index) % 11 == 0) {
            desk.store.corrupt_entry(index, byte);
            let error = refusal(&desk.store);
            let named = matches!(
                error,
                RecoveryError::Entry { .. }
                    | RecoveryError::Checkpoint { .. }
                    | RecoveryError::LedgerKeyMissing { .. }
            );
            assert!(named, "entry {index}, byte {byte}: {error}");
            desk.store.corrupt_entry(index, byte);
            // The refused attempt may have flushed what came before the change.
            desk.store.crash();
        }
    }
    Ledger::open(setup(&desk.store, start().0))
        .expect("mended, it opens")
        .close();
}

#[test]
fn an_entry_changed_under_a_state_that_is_ahead_is_refused_by_the_checkpoint() {
    let desk = small();
    desk.ledger.close();
    for index in [0, 5, 13] {
        desk.store.corrupt_entry(index, 40);
        let error = refusal(&desk.store);
        assert!(matches!(
            error,
            RecoveryError::Checkpoint {
                place: "in the database",
                ..
            }
        ));
        desk.store.corrupt_entry(index, 40);
    }
}

#[test]
fn a_log_that_lost_entries_is_refused() {
    let desk = small();
    desk.ledger.flush();
    desk.store.sync_state();
    desk.crash();
    desk.store.truncate(10);
    let (log, state) = match refusal(&desk.store) {
        RecoveryError::LogBehindState { log, state } => (log, state),
        other => panic!("{other}"),
    };
    assert_eq!(log, 10);
    assert!(state > log);

    // With no state at all, the checkpoint in the database says so.
    let desk = small();
    desk.crash();
    desk.store.truncate(10);
    let error = refusal(&desk.store);
    assert!(
        matches!(
            error,
            RecoveryError::Checkpoint {
                place: "in the database",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_state_ahead_of_the_log_is_refused() {
    let desk = small();
    desk.ledger.close();
    let size = desk.ledger.view().size;
    StateStore::flush(desk.store.as_ref(), size + 1, &[]).expect("flushed");
    let error = refusal(&desk.store);
    assert!(
        matches!(error, RecoveryError::LogBehindState { .. }),
        "{error}"
    );
}

#[test]
fn a_state_behind_the_log_is_brought_after_it() {
    let mut desk = small();
    desk.ledger.close();
    desk.store.sync_state();
    desk.open(start().0).expect("opened");
    let synced = StateStore::index(desk.store.as_ref()).expect("the store reads");
    send(&desk, "cinema/k1", "b2", "burn b2 m1 30");
    let view = desk.ledger.view();
    desk.crash();
    assert_eq!(
        StateStore::index(desk.store.as_ref()).expect("the store reads"),
        synced
    );
    desk.open(start().0).expect("it recovers");
    let again = desk.ledger.view();
    assert_eq!((again.size, again.chain_hash), (view.size, view.chain_hash));
    assert_eq!(again.checkpoint, view.checkpoint);
    assert_eq!(
        send(&desk, "cinema/k1", "b3", "burn b3 m1 41"),
        ["insufficient_points"]
    );
    assert_eq!(send(&desk, "cinema/k1", "b4", "burn b3 m1 40"), ["applied"]);
}

#[test]
fn an_older_backup_is_refused_by_the_checkpoint_kept_outside() {
    let desk = small();
    let older = desk.ledger.view();
    send(&desk, "cinema/k1", "b2", "burn b2 m1 30");
    let newer = desk.ledger.view();
    let size = usize::try_from(older.size).expect("few");
    let records = desk.ledger.entries(0, size).expect("the store reads");
    // What a backup from before the last entry holds, all of it well signed.
    let backup = Arc::new(MemoryStore::default());
    let epoch = backup.take_epoch().expect("an epoch");
    let batch = Batch {
        records,
        tiles: Vec::new(),
        checkpoint: older.checkpoint.clone(),
        chain_hash: older.chain_hash,
    };
    backup.append(0, epoch, &batch).expect("appended");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("checkpoint");
    let open = |outside: &str| {
        std::fs::write(&file, outside).expect("written");
        let with_file = ledger::Setup {
            checkpoint_file: Some(file.clone()),
            ..setup(&backup, start().0)
        };
        Ledger::open(with_file).map(|ledger| ledger.close())
    };
    let place = "kept outside the database";
    let refused = |result: Result<(), OpenError>| match result {
        Err(OpenError::Recovery(RecoveryError::Checkpoint { place, reason })) => (place, reason),
        other => panic!("{other:?}"),
    };
    let (at, reason) = refused(open(&newer.checkpoint));
    assert_eq!(at, place);
    assert!(reason.contains("lost"), "{reason}");
    // A checkpoint of the same size with another root: a fork.
    let origin = ORIGIN.to_owned();
    let forked = Checkpoint {
        origin,
        size: older.size,
        root: [7; 32],
    };
    let (at, reason) = refused(open(&forked.sign(&[&note_signer()])));
    assert_eq!(at, place);
    assert!(reason.contains("another root"), "{reason}");
    let (at, _) = refused(open("no checkpoint"));
    assert_eq!(at, place);
    open(&older.checkpoint).expect("its own checkpoint agrees");
}

#[test]
fn a_writer_that_was_replaced_cannot_write_and_says_why() {
    let mut desk = small();
    let size = desk.ledger.view().size;
    // The state of one store is flushed by one process; the first is done with it here.
    while StateStore::index(desk.store.as_ref()).expect("the store reads") < size {
        std::thread::yield_now();
    }
    let other = Ledger::open(setup(&desk.store, start().0)).expect("opened");
    let compact = compact("cinema/k1", "b2", "burn b2 m1 30");
    let answer = desk.submit(&[&compact]).remove(0);
    assert!(matches!(answer, Err(Unacknowledged::Stopped)), "{answer:?}");
    let reason = desk.ledger.stop_reason().expect("it stopped");
    assert!(reason.contains("no longer ours"), "{reason}");
    // Whatever it is asked from now on, it does not answer.
    let answer = desk.submit(&[&compact]).remove(0);
    assert!(matches!(answer, Err(Unacknowledged::Stopped)), "{answer:?}");
    desk.ledger.close();
    desk.ledger = other;
    let answer = desk.submit(&[&compact]).remove(0);
    assert!(matches!(answer, Ok(Acknowledged::New(_))), "{answer:?}");
}

#[test]
fn only_the_ledgers_own_key_opens_it() {
    let desk = small();
    desk.ledger.close();
    let stranger = NoteSigner::new(ORIGIN, &[9; 32]).expect("a signer");
    let opened = Ledger::open(ledger::Setup {
        signers: vec![stranger],
        ..setup(&desk.store, start().0)
    });
    let error = opened.err().expect("refused");
    let is_missing = RecoveryError::LedgerKeyMissing {
        key: note_signer().verifier_key().to_string(),
        added: 0,
    };
    assert_eq!(error.to_string(), is_missing.to_string());
}

#[test]
fn only_a_simulated_ledger_takes_a_clock_that_is_moved_by_hand() {
    let desk = small();
    desk.ledger.close();
    let opened = Ledger::open(ledger::Setup {
        clock: Arc::new(Clock::Real),
        accept_clock: true,
        ..setup(&desk.store, 0)
    });
    let error = opened.err().expect("refused");
    assert!(matches!(error, OpenError::OtherClock), "{error}");
}

#[test]
fn a_ledger_is_founded_once_by_its_own_key_and_opened_only_then() {
    let store = Arc::new(MemoryStore::default());
    assert!(matches!(refusal(&store), RecoveryError::NotFounded));
    let found = founding(&ISSUER_PAYS);
    let stranger = NoteSigner::new(ORIGIN, &[9; 32]).expect("a signer");
    let refused = ledger::found(store.as_ref(), stranger, found.as_bytes(), start());
    assert!(matches!(
        refused,
        Err(OpenError::Recovery(RecoveryError::OtherLedgerKey))
    ));
    let elsewhere = NoteSigner::new("other.example/coalition-0123abcd", &secret());
    let elsewhere = elsewhere.expect("a signer");
    let refused = ledger::found(store.as_ref(), elsewhere, found.as_bytes(), start());
    assert!(matches!(
        refused,
        Err(OpenError::Recovery(RecoveryError::OtherLedgerKey))
    ));
    assert_eq!(
        store.head().expect("the store reads").size,
        0,
        "nothing was written"
    );
    ledger::found(store.as_ref(), note_signer(), found.as_bytes(), start()).expect("founded");
    let again = ledger::found(store.as_ref(), note_signer(), found.as_bytes(), start());
    assert!(matches!(again, Err(OpenError::Founded)));
}

fn secret() -> [u8; 32] {
    *blake3::hash(b"house/ledger").as_bytes()
}

#[test]
fn an_approval_of_what_nobody_proposed_is_refused_and_nothing_else() {
    let desk = small();
    assert_eq!(
        send(&desk, "house/g2", "a", "approve a1 nothing"),
        ["target_not_found"]
    );
    assert_eq!(
        send(&desk, "house/g2", "b", "approve a1 prices-1"),
        ["proposal_not_open"]
    );
    assert_eq!(desk.ledger.stop_reason(), None);
}

#[test]
fn everyone_is_answered_when_the_ledger_stops() {
    use tallyhouse::ledger::memory::Fault;
    for fault in [Fault::Refuse, Fault::UncertainLost, Fault::UncertainKept] {
        let desk = small();
        desk.store
            .fail_append_past(desk.ledger.view().size + 3, fault);
        // Several batches are on their way when the fault strikes; a sweep waits for a flush.
        let mut compacts: Vec<String> = (0..40)
            .map(|n| compact("cinema/k1", &format!("x{n}"), &format!("burn x{n} m1 1")))
            .collect();
        let sweep = compact("house/o1", "sweep", "expire e1 2026-02-28");
        compacts.insert(20, sweep);
        let compacts: Vec<&str> = compacts.iter().map(String::as_str).collect();
        let answers = desk.submit(&compacts);
        let stopped = answers
            .iter()
            .filter(|a| matches!(a, Err(Unacknowledged::Stopped)));
        assert!(stopped.count() >= 38);
        desk.ledger.close();
    }
}

/// A window from its first line to its last dispute, with another one behind it.
const WINDOW: &[(&str, &str)] = &[
    (
        "bakery/k1",
        "key_add k2 st public=bakery/st scopes=statements",
    ),
    (
        "house/g1",
        "propose k1 key_add y1 author=house public=house/y1 scopes=pay",
    ),
    ("house/g2", "approve ok-k1 k1"),
    ("house/g1", "propose s1 programme_set payment_minimum=0.10"),
    ("house/g2", "approve ok-s1 s1"),
    // Asked for too early, it is not taken for absent ever after.
    ("bakery/st", "dispute_open d0 0 line=bakery/florist/burn/1"),
    ("florist/k1", "burn b1 m1 20"),
    ("cinema/k1", "burn b2 m1 2"),
    ("bakery/st", "dispute_open d0 0 line=bakery/florist/burn/1"),
    ("house/o1", "cut_window c0 0 2026-03-01"),
    ("cinema/k1", "burn b3 m1 5"),
    ("house/o1", "net_window n0 0 lines_root=wrong"),
    ("house/g1", "propose r1 window_release 0"),
    ("house/g2", "approve ok-r1 r1"),
    ("house/o1", "net_window n1 0"),
    ("cinema/k1", "burn b4 m1 5"),
    ("house/o1", "issue_statements i0 0"),
    ("house/y1", "confirm_payment p1 0 bakery house 0.42"),
    ("house/y1", "payment_returned t1 p1"),
    ("house/y1", "confirm_payment p2 0 house cinema 0.26"),
    ("house/y1", "confirm_payment p3 0 house cinema 0.26"),
    ("bakery/st", "statement_acknowledge k3 0"),
    ("bakery/st", "statement_acknowledge k4 0"),
    ("bakery/st", "dispute_open d0 0 line=bakery/florist/burn/1"),
    ("bakery/st", "dispute_open d1 0 target=13/0"),
    ("house/o1", "dispute_answer a1 38/0 true"),
    (
        "house/g1",
        "propose u1 dispute_resolve 38/0 true debtor=house creditor=bakery amount=0.01",
    ),
    ("house/g2", "approve ok-u1 u1"),
];

/// Sends a step, all that it takes from the ledger filled in; says what became of it.
fn step(desk: &Desk, at: usize) -> &'static str {
    let (kid, sentence) = WINDOW[at];
    let mut op = house::op(sentence);
    crate::golden::fill(&mut op, desk);
    let until = start().plus_seconds(60);
    let payload = house::submission(&format!("w{at}"), "independent", until, &[op]);
    match desk.submit(&[&house::envelope(kid, &payload)]).remove(0) {
        Ok(Acknowledged::New(evidence)) => desk.outcomes(&evidence.record)[0],
        other => panic!("{sentence}: {other:?}"),
    }
}

#[test]
fn a_window_goes_on_from_where_a_crash_left_it() {
    let whole = small();
    let outcomes: Vec<_> = (0..WINDOW.len()).map(|at| step(&whole, at)).collect();
    let refused: Vec<_> = outcomes.iter().filter(|code| **code != "applied").collect();
    let wanted = [
        "window_not_stated",
        "window_not_stated",
        "payment_not_open",
        "already_acknowledged",
    ];
    assert_eq!(refused, wanted.iter().collect::<Vec<_>>());
    let head = whole.ledger.view();
    whole.ledger.close();
    // After every step: the state is lost, or durable, or the end was an orderly one.
    for at in 0..WINDOW.len() {
        for way in ["lost", "durable", "closed"] {
            let mut desk = small();
            for (place, outcome) in outcomes.iter().enumerate() {
                assert_eq!(step(&desk, place), *outcome, "{way} after {at}: {place}");
                if place == at {
                    if way == "durable" {
                        desk.ledger.flush();
                        desk.store.sync_state();
                    }
                    match way {
                        "closed" => desk.ledger.close(),
                        _ => desk.crash(),
                    }
                    desk.open(start().0).expect("it recovers");
                }
            }
            let found = desk.ledger.view();
            assert_eq!(found.chain_hash, head.chain_hash, "{way} after {at}");
            assert_eq!(found.checkpoint, head.checkpoint, "{way} after {at}");
            desk.audit();
            desk.ledger.close();
        }
    }
}
