//! A ledger key hands over to the next: crashes, starts, audits, and who may have signed what.

use super::desk::{Desk, next_note_signer, note_signer, setup};
use crate::house::{self, ISSUER_PAYS, ORIGIN};
use serde_json::Value;
use std::sync::Arc;
use tallyhouse::audit::{Check, Pins, Replay, state};
use tallyhouse::domain::governance::Governance;
use tallyhouse::domain::time::Micros;
use tallyhouse::ledger::commit::{Acknowledged, Unacknowledged};
use tallyhouse::ledger::core::Declined;
use tallyhouse::ledger::memory::MemoryStore;
use tallyhouse::ledger::recovery::RecoveryError;
use tallyhouse::ledger::store::{Batch, LogStore};
use tallyhouse::ledger::{self, Ledger, OpenError};
use tallyhouse::proof::checkpoint::{Checkpoint, Extensions};
use tallyhouse::proof::note::NoteSigner;

fn start() -> Micros {
    Micros::parse(house::START).expect("an instant")
}

fn payload(id: &str, sentence: &str) -> Vec<u8> {
    let until = start().plus_seconds(60);
    house::submission(id, "independent", until, &[house::op(sentence)])
}

fn submit(desk: &Desk, kid: &str, payload: &[u8]) -> Result<Acknowledged, Unacknowledged> {
    let compact = house::envelope(kid, payload);
    desk.submit(&[&compact]).remove(0)
}

fn send(desk: &Desk, kid: &str, id: &str, sentence: &str) {
    match submit(desk, kid, &payload(id, sentence)) {
        Ok(Acknowledged::New(evidence)) => {
            assert_eq!(desk.outcomes(&evidence.record), ["applied"], "{sentence}");
        }
        other => panic!("{sentence}: {other:?}"),
    }
}

fn founded() -> Desk {
    let desk = Desk::found(&ISSUER_PAYS);
    for (at, (author, sentence)) in house::opening().into_iter().enumerate() {
        send(&desk, &house::kid_of(author), &format!("s{at}"), &sentence);
    }
    desk
}

/// Sends an issue.
fn issue(desk: &Desk, id: &str) {
    send(desk, "bakery/k1", id, &format!("issue {id} m1 10"));
}

fn add(desk: &Desk) {
    send(
        desk,
        "house/g1",
        "p1",
        "propose q1 ledger_key_add house/ledger house/ledger-2",
    );
    send(desk, "house/g2", "a1", "approve a1 q1");
}

fn retire(desk: &Desk) {
    send(
        desk,
        "house/g1",
        "p2",
        "propose q2 ledger_key_retire public=house/ledger",
    );
    send(desk, "house/g2", "a2", "approve a2 q2");
}

/// Whether the old and the new key have signed a checkpoint.
fn signed_by(note: &str) -> [bool; 2] {
    [note_signer(), next_note_signer()].map(|signer| {
        let keys = [signer.verifier_key().clone()];
        Checkpoint::open(note.as_bytes(), ORIGIN, &keys, Extensions::Refused).is_ok()
    })
}

/// A rotated ledger, its checkpoints by size, and the sizes at which the keys change.
fn rotated() -> (Desk, Vec<String>, [u64; 2]) {
    let desk = founded();
    let mut notes = vec![desk.ledger.view().checkpoint.clone()];
    let mut note = |desk: &Desk| {
        notes.push(desk.ledger.view().checkpoint.clone());
        desk.ledger.view().size
    };
    issue(&desk, "i1");
    note(&desk);
    add(&desk);
    let added = note(&desk);
    issue(&desk, "i2");
    note(&desk);
    retire(&desk);
    let retired = note(&desk);
    issue(&desk, "i3");
    note(&desk);
    (desk, notes, [added, retired])
}

fn replayed(desk: &Desk) -> Replay {
    let mut replay = Replay::new();
    for record in desk.ledger.entries(0, usize::MAX).expect("the store reads") {
        replay.push(&record.entry).expect("it holds");
    }
    replay
}

fn checks(replay: &Replay, pins: &Pins) -> Vec<Check> {
    let verdict = replay.finish(pins).expect("all was compared");
    let findings = verdict.expect("a verdict").findings;
    findings.iter().map(|finding| finding.check).collect()
}

#[test]
fn the_entry_that_adds_a_key_is_the_first_that_both_sign() {
    let (desk, notes, _) = rotated();
    let signed: Vec<[bool; 2]> = notes.iter().map(|note| signed_by(note)).collect();
    let (old, both, new) = ([true, false], [true, true], [false, true]);
    assert_eq!(signed, [old, old, both, both, new, new]);
    desk.ledger.close();
}

#[test]
fn a_crash_in_any_phase_loses_nothing() {
    let mut desk = founded();
    let crash = |desk: &mut Desk, signed| {
        let checkpoint = desk.ledger.view().checkpoint.clone();
        desk.crash();
        desk.open(start().0).expect("it opens");
        assert_eq!(desk.ledger.view().checkpoint, checkpoint);
        assert_eq!(signed_by(&checkpoint), signed);
    };
    send(
        &desk,
        "house/g1",
        "p1",
        "propose q1 ledger_key_add house/ledger house/ledger-2",
    );
    crash(&mut desk, [true, false]);
    send(&desk, "house/g2", "a1", "approve a1 q1");
    crash(&mut desk, [true, true]);
    issue(&desk, "i1");
    retire(&desk);
    crash(&mut desk, [false, true]);
    issue(&desk, "i2");
    crash(&mut desk, [false, true]);
    desk.audit();
    desk.ledger.close();
}

#[test]
fn a_key_that_is_not_held_is_neither_proposed_nor_approved() {
    let mut desk = founded();
    let propose = payload(
        "p1",
        "propose q1 ledger_key_add house/ledger house/ledger-9",
    );
    let declined = |answer: Result<Acknowledged, Unacknowledged>| {
        let Err(Unacknowledged::Declined(declined)) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(declined, Declined::LedgerKeyMissing);
    };
    let size = desk.ledger.view().size;
    declined(submit(&desk, "house/g1", &propose));
    assert_eq!(desk.ledger.view().size, size, "it is no entry");
    send(
        &desk,
        "house/g1",
        "p2",
        "propose q1 ledger_key_add house/ledger house/ledger-2",
    );
    desk.crash();
    let alone = ledger::Setup {
        signers: vec![note_signer()],
        ..setup(&desk.store, start().0)
    };
    desk.ledger = Ledger::open(alone).expect("the new key is not in force yet");
    let approve = payload("a1", "approve a1 q1");
    declined(submit(&desk, "house/g2", &approve));
    desk.crash();
    desk.open(start().0).expect("it opens");
    // The same bytes do once the key is there.
    assert!(matches!(
        submit(&desk, "house/g2", &approve),
        Ok(Acknowledged::New(_))
    ));
    desk.ledger.close();
}

#[test]
fn every_key_in_force_is_needed_to_open_and_no_other() {
    let (desk, ..) = rotated();
    desk.ledger.close();
    let open = |signers: Vec<NoteSigner>| {
        // The state is lost, so all entries are executed again: also those of a key that is gone.
        desk.store.crash();
        let opened = Ledger::open(ledger::Setup {
            signers,
            ..setup(&desk.store, start().0)
        });
        opened.map(|ledger| ledger.close())
    };
    open(vec![next_note_signer()]).expect("the old key is not needed any more");
    let Err(OpenError::Recovery(RecoveryError::LedgerKeyMissing { key, added })) =
        open(vec![note_signer()])
    else {
        panic!("the old key alone cannot sign");
    };
    assert_eq!(key, next_note_signer().verifier_key().to_string());
    assert!(added > 0);
}

#[test]
fn a_backup_from_before_the_rotation_is_told_by_the_copy_outside() {
    let (desk, notes, [added, _]) = rotated();
    let size = usize::try_from(added - 2).expect("few");
    let mut records = desk.ledger.entries(0, usize::MAX).expect("the store reads");
    records.truncate(size);
    desk.ledger.close();
    let hasher = tallyhouse::proof::chain::ChainHasher::new();
    let genesis = tallyhouse::proof::chain::GENESIS;
    let chain_hash = records
        .iter()
        .fold(genesis, |_, record| hasher.hash(&record.entry));
    let backup = Arc::new(MemoryStore::default());
    let epoch = backup.take_epoch().expect("an epoch");
    let batch = Batch {
        records,
        tiles: Vec::new(),
        checkpoint: notes[1].clone(),
        chain_hash,
    };
    backup.append(0, epoch, &batch).expect("appended");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("checkpoint");
    // The newest checkpoint is signed by a key of which the backup knows nothing.
    std::fs::write(&file, notes.last().expect("notes")).expect("written");
    let opened = Ledger::open(ledger::Setup {
        checkpoint_file: Some(file),
        ..setup(&backup, start().0)
    });
    let error = opened.err().expect("refused").to_string();
    assert!(error.contains("the log lost some"), "{error}");
}

#[test]
fn an_audit_takes_any_key_of_the_ledger_and_no_other() {
    let (desk, notes, _) = rotated();
    let replay = replayed(&desk);
    let stranger = house::note_signer("house/ledger-3");
    let pins = |signer: &NoteSigner| Pins {
        checkpoint: notes.last().cloned(),
        earlier: notes.clone(),
        ledger_keys: vec![signer.verifier_key().clone()],
        found_hash: None,
    };
    for signer in [note_signer(), next_note_signer()] {
        assert_eq!(checks(&replay, &pins(&signer)), []);
    }
    assert_eq!(checks(&replay, &pins(&stranger)), [Check::LedgerKey]);
    // The state of an audit keeps the keys.
    let saved = state::save(&replay).expect("a state");
    let again = state::load(&saved).expect("it reads");
    assert_eq!(checks(&again, &pins(&note_signer())), []);
    let verdict = again
        .finish(&Pins::default())
        .expect("compared")
        .expect("a verdict");
    assert_eq!(verdict.ledger_keys.len(), 2);
    assert!(verdict.ledger_keys[0].retired > Some(verdict.ledger_keys[1].added));
    desk.ledger.close();
}

#[test]
fn a_key_outside_its_time_signs_nothing() {
    let (desk, _, [added, retired]) = rotated();
    let replay = replayed(&desk);
    let note = |size: u64, signer: &NoteSigner| {
        let root = replay.history().root_at(size).expect("a root");
        let origin = ORIGIN.to_owned();
        Checkpoint { origin, size, root }.sign(&[signer])
    };
    let found = |size: u64, signer: &NoteSigner| {
        let with = Pins {
            checkpoint: Some(note(size, signer)),
            ..Pins::default()
        };
        checks(&replay, &with)
    };
    let (old, new) = (note_signer(), next_note_signer());
    assert_eq!(found(added - 1, &new), [Check::Checkpoint]);
    assert_eq!(found(added, &new), []);
    assert_eq!(found(retired - 1, &old), []);
    assert_eq!(found(retired, &old), [Check::Checkpoint]);
    // The same of what an author saw.
    let seen = |size: u64, signer: &NoteSigner| {
        let text = String::from_utf8(payload(&format!("seen-{size}"), "issue i9 m1 1"));
        let mut payload: Value = serde_json::from_str(&text.expect("text")).expect("JSON");
        payload["seen"] = note(size, signer).into();
        payload.to_string().into_bytes()
    };
    let good = seen(retired - 1, &old);
    assert!(matches!(
        submit(&desk, "bakery/k1", &good),
        Ok(Acknowledged::New(_))
    ));
    replayed(&desk);
    let bad = seen(retired, &old);
    assert!(matches!(
        submit(&desk, "cinema/k1", &bad),
        Ok(Acknowledged::New(_))
    ));
    let mut replay = Replay::new();
    let records = desk.ledger.entries(0, usize::MAX).expect("the store reads");
    let found = records
        .iter()
        .find_map(|record| replay.push(&record.entry).err().map(<[_]>::len));
    assert_eq!(found, Some(1));
    assert_eq!(replay.findings()[0].check, Check::Seen);
    desk.ledger.close();
}

#[test]
fn a_state_stored_before_there_were_other_keys_is_read() {
    let desk = founded();
    let governance = desk.ledger.view().governance.clone();
    desk.ledger.close();
    let mut bytes = minicbor::to_vec(governance.as_ref()).expect("in memory");
    // The last of ten members is the empty list of keys.
    assert_eq!((bytes[0], bytes.pop()), (0x8A, Some(0x80)));
    bytes[0] = 0x89;
    let read: Governance = minicbor::decode(&bytes).expect("it reads");
    assert_eq!(&read, governance.as_ref());
    assert_eq!(read.ledger_keys().len(), 1);
}
