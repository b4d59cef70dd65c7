//! A house that keeps two ledgers under one key.

use super::{Given, checkpoint, first_finding, history, signer_of, trade, verify};
use crate::support::Coalition;
use serde_json::json;
use std::path::{Path, PathBuf};
use tallyhouse::proof::base64url::encode_standard;
use tallyhouse::proof::note::NoteSigner;

/// The same house twice; in the second ledger one purchase is another.
fn two() -> [(Coalition, Given); 2] {
    [1, 5].map(|n| {
        let coalition = Coalition::simulated("forked");
        trade(&coalition, n);
        trade(&coalition, 9);
        let given = Given::of(&coalition);
        (coalition, given)
    })
}

fn fork(args: &[&Path], more: &[&str]) -> (i32, serde_json::Value) {
    let mut all = vec!["fork".to_owned(), "--json".to_owned()];
    all.extend(args.iter().map(|path| path.display().to_string()));
    all.extend(more.iter().map(|text| (*text).to_owned()));
    verify(&all)
}

#[test]
fn a_rewritten_ledger_holds_by_itself_and_is_caught_by_older_checkpoints_and_receipts() {
    let [(first, mine), (_, theirs)] = two();
    let evidence = first.ledger.evidence(mine.entries.len() as u64 - 3);
    let evidence = evidence.expect("stored").expect("an entry");
    let seen = mine.write("seen", evidence.view.checkpoint.as_bytes());
    assert_eq!((mine.verdict(&[]).0, theirs.verdict(&[]).0), (0, 0));
    let (code, said) = theirs.verdict(&["--checkpoint", &seen.display().to_string()]);
    assert_eq!(code, 1, "{said}");
    assert_eq!(first_finding(&said).1, "root");
    // A receipt carries a checkpoint of its ledger: with the tiles of the other it is evidence.
    let older = checkpoint(&mine.entries[..mine.entries.len() - 1], &mine.signer);
    let older = mine.write("older", older.as_bytes());
    let (newer, tiles) = (theirs.path("checkpoint"), theirs.tiles());
    let (tiles, vkey) = (tiles.display().to_string(), theirs.vkey());
    let out = theirs.path("fork.json");
    let out_text = out.display().to_string();
    let with = ["--vkey", &vkey, "--tiles", &tiles, "--evidence", &out_text];
    let (code, said) = fork(&[&older, &newer], &with);
    assert_eq!(code, 1, "{said}");
    assert_eq!(
        fork(&[&out], &["--vkey", &vkey]).0,
        1,
        "the evidence stands alone"
    );
    assert_eq!(
        fork(&[&older, &newer], &["--vkey", &vkey]).0,
        2,
        "nothing shows it"
    );
    let stranger = signer_of("points.example/strange-0123abcd");
    let strange = stranger.verifier_key().to_string();
    assert_eq!(fork(&[&out], &["--vkey", &strange]).0, 2);
    for place in 0..std::fs::read(&out).unwrap().len() {
        let mut damaged = std::fs::read(&out).unwrap();
        damaged[place] ^= 1;
        let damaged = theirs.write("damaged.json", &damaged);
        // Damage to a name nobody reads may be evidence still; it is never agreement.
        if place % 7 == 0 {
            assert_ne!(fork(&[&damaged], &["--vkey", &vkey]).0, 0, "byte {place}");
        }
    }
}

#[test]
fn two_checkpoints_of_one_size_are_a_fork_and_those_of_one_ledger_are_none() {
    let [(_, mine), (_, theirs)] = two();
    let vkey = mine.vkey();
    let (a, b) = (mine.path("checkpoint"), theirs.path("checkpoint"));
    assert_eq!(fork(&[&a, &b], &["--vkey", &vkey]).0, 1);
    assert_eq!(fork(&[&a, &a], &["--vkey", &vkey]).0, 0);
    let older = checkpoint(&mine.entries[..3], &mine.signer);
    let older = mine.write("older", older.as_bytes());
    let tiles = mine.tiles().display().to_string();
    assert_eq!(
        fork(&[&older, &a], &["--vkey", &vkey, "--tiles", &tiles]).0,
        0
    );
    assert_eq!(
        fork(&[&older, &b], &["--vkey", &vkey, "--tiles", &tiles]).0,
        2,
        "not its tiles"
    );
    let stranger = NoteSigner::new(mine.signer.verifier_key().name(), &[3; 32]).unwrap();
    let forged = mine.write("forged", checkpoint(&theirs.entries, &stranger).as_bytes());
    assert_eq!(
        fork(&[&a, &forged], &["--vkey", &vkey]).0,
        2,
        "nobody signed it"
    );
}

fn consistency(old: &Path, new: &Path, vkey: &str, more: &[&str]) -> i32 {
    let (old, new) = (old.display().to_string(), new.display().to_string());
    let mut all = vec!["consistency", "--json", "--vkey", vkey, &old, &new];
    all.extend(more);
    verify(&all).0
}

#[test]
fn consistency_is_shown_by_tiles_or_by_a_proof_and_refused_otherwise() {
    let [(_, mine), (_, theirs)] = two();
    let (vkey, tiles) = (mine.vkey(), mine.tiles().display().to_string());
    let new = mine.path("checkpoint");
    let sizes = 1..=mine.entries.len();
    let proof_of = |size: usize| {
        let proof =
            history(&mine.entries).consistency_proof(size as u64, mine.entries.len() as u64);
        let lines = proof.expect("sizes in order");
        let lines = lines.iter().map(|hash| encode_standard(hash) + "\n");
        mine.write("proof", lines.collect::<String>().as_bytes())
    };
    let old_of = |given: &Given, size: usize| -> PathBuf {
        mine.write(
            "old",
            checkpoint(&given.entries[..size], &given.signer).as_bytes(),
        )
    };
    for size in sizes {
        let (old, proof) = (old_of(&mine, size), proof_of(size));
        let proof = proof.display().to_string();
        assert_eq!(
            consistency(&old, &new, &vkey, &["--tiles", &tiles]),
            0,
            "{size}"
        );
        assert_eq!(
            consistency(&old, &new, &vkey, &["--proof", &proof]),
            0,
            "{size}"
        );
        let differs = mine.entries[..size] != theirs.entries[..size];
        let old = old_of(&theirs, size);
        let wanted = i32::from(differs);
        assert_eq!(
            consistency(&old, &new, &vkey, &["--tiles", &tiles]),
            wanted,
            "{size}"
        );
        assert_eq!(
            consistency(&old, &new, &vkey, &["--proof", &proof]),
            wanted,
            "{size}"
        );
    }
    let old = old_of(&mine, 3);
    let garbage = mine.write("garbage", b"AAAA\n").display().to_string();
    assert_eq!(consistency(&old, &new, &vkey, &["--proof", &garbage]), 2);
    assert_eq!(consistency(&old, &new, &vkey, &[]), 2, "no way to show it");
    let elsewhere = signer_of("points.example/elsewhere-0123abcd");
    let other = checkpoint(&mine.entries, &elsewhere);
    let other = mine.write("other", other.as_bytes());
    assert_eq!(
        consistency(&old, &other, &vkey, &["--tiles", &tiles]),
        1,
        "another origin"
    );
    let (code, said) = mine.verdict(&["--checkpoint", &other.display().to_string()]);
    assert_eq!((code, first_finding(&said).1), (1, "checkpoint".to_owned()));
}

#[test]
fn a_checkpoint_of_the_other_ledger_that_an_author_saw_is_evidence() {
    let [(_, mine), (second, _)] = two();
    let ops = json!([{"op": "issue", "id": "i-seen", "member": "m-1", "points": 1}]);
    let mut payload = second.payload("seen", &ops);
    payload["seen"] = json!(mine.checkpoint);
    let compact = crate::support::sign("bakery/till", &payload);
    let view = second.ledger.view();
    let opened =
        tallyhouse::proof::envelope::open(compact.as_bytes(), &second.origin, 2, &*view.keys);
    second
        .ledger
        .submit_blocking(opened.expect("it is valid"))
        .expect("it is logged");
    let index = second.size() - 1;
    trade(&second, 11);
    let theirs = Given::of(&second);
    let out = theirs.path("fork.json");
    let (code, said) = theirs.verdict(&["--evidence", &out.display().to_string()]);
    assert_eq!(
        (code, first_finding(&said)),
        (1, (index, "seen".to_owned())),
        "{said}"
    );
    assert_eq!(fork(&[&out], &["--vkey", &theirs.vkey()]).0, 1);
    let without = theirs.ledger(
        &theirs.path("entries.cbor"),
        &["--evidence", "/nowhere/at/all"],
    );
    assert_eq!(
        without.0, 1,
        "no checkpoint, no evidence, and the finding stands"
    );
}
