//! The vectors of a witness that is not ours (torchwood's litewitness), and every refusal.

use super::*;
use crate::proof::base64url::decode_standard_array;
use crate::proof::keys::PublicKey;
use crate::proof::merkle::{self, Frontier};
use crate::proof::note::NoteSigner;

const SIGSUM: &str =
    "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562";
const SIGSUM_KEY: [u8; 32] = [
    0xff, 0xdc, 0x2d, 0x4d, 0x98, 0xe4, 0x12, 0x4d, 0x3f, 0xea, 0xf7, 0x88, 0xc0, 0xc2, 0xf9, 0xab,
    0xfd, 0x79, 0x60, 0x83, 0xd1, 0xf0, 0x49, 0x54, 0x37, 0xf3, 0x02, 0xec, 0x79, 0xcf, 0x10, 0x0f,
];

fn sigsum(head: &str, size: u64, root: &str, signature: &str) -> AddCheckpoint {
    let body = format!("{head}\n{SIGSUM}\n{size}\n{root}\n\n\u{2014} {SIGSUM} {signature}\n");
    AddCheckpoint::parse(body.as_bytes()).unwrap()
}

fn first() -> AddCheckpoint {
    sigsum(
        "old 0\n",
        1,
        "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUb\
         IQY=",
    )
}

fn to_three() -> AddCheckpoint {
    sigsum(
        "old 1\nKgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
         KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        3,
        "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
        "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx\
         6go=",
    )
}

fn to_five() -> AddCheckpoint {
    sigsum(
        "old 1\nKgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
         +fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=\n\
         KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        5,
        "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
        "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7s\
         Dww=",
    )
}

#[test]
fn the_requests_of_another_witness_get_its_answers() {
    let key = PublicKey::register(&SIGSUM_KEY).unwrap();
    let keys = [VerifierKey::new(SIGSUM, key).unwrap()];
    let (one, five) = (first(), to_five());
    let (text, at_one) = judge(&one, SIGSUM, &keys, Standing::NONE).unwrap();
    assert!(text.starts_with(SIGSUM) && text.ends_with("AAA=\n"));
    assert_eq!(at_one.size, 1);
    assert!(judge(&to_three(), SIGSUM, &keys, at_one).is_ok());
    let (_, at_five) = judge(&five, SIGSUM, &keys, at_one).unwrap();
    let root = decode_standard_array(b"QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=");
    assert_eq!(
        at_five,
        Standing {
            size: 5,
            root: root.unwrap()
        }
    );
    // The race in that witness's tests: the shorter one comes too late.
    let three = to_three();
    let late = judge(&three, SIGSUM, &keys, at_five);
    assert_eq!(late, Err(Refusal::OtherSize(5)));
    // A proof too many.
    let mut wrong = to_five();
    wrong.proof.push([0; 32]);
    assert_eq!(
        judge(&wrong, SIGSUM, &keys, at_one),
        Err(Refusal::Inconsistent)
    );
}

const ORIGIN: &str = "points.example/coalition-0123abcd";

fn log() -> NoteSigner {
    NoteSigner::new(ORIGIN, &[1; 32]).unwrap()
}

/// A checkpoint over leaves that begin with `of`.
fn at(of: u8, size: u8) -> (Checkpoint, Standing) {
    let mut frontier = Frontier::new();
    let leaves: Vec<Hash> = (0..size)
        .map(|leaf| merkle::leaf_hash(&[of, leaf]))
        .collect();
    frontier.append(&leaves);
    let (size, root) = (u64::from(size), frontier.root());
    let origin = ORIGIN.to_owned();
    (Checkpoint { origin, size, root }, Standing { size, root })
}

fn request(old_size: u64, checkpoint: &Checkpoint) -> AddCheckpoint {
    AddCheckpoint {
        old_size,
        proof: Vec::new(),
        checkpoint: checkpoint.sign(&[&log()]),
    }
}

/// As in that witness's table of sizes around zero.
#[test]
fn the_empty_tree_and_the_first_entry_have_their_rules() {
    let keys = [log().verifier_key().clone()];
    let (empty, _) = at(1, 0);
    let (one, standing) = at(1, 1);
    let bad_empty = Checkpoint {
        root: [0; 32],
        ..empty.clone()
    };
    let with_proof = |old_size, checkpoint| AddCheckpoint {
        proof: vec![[7; 32]],
        ..request(old_size, checkpoint)
    };
    for (request, last, expected) in [
        (request(0, &empty), Standing::NONE, None),
        (
            request(0, &bad_empty),
            Standing::NONE,
            Some(Refusal::Inconsistent),
        ),
        (
            with_proof(0, &empty),
            Standing::NONE,
            Some(Refusal::Inconsistent),
        ),
        (request(0, &one), Standing::NONE, None),
        (
            with_proof(0, &one),
            Standing::NONE,
            Some(Refusal::Inconsistent),
        ),
        (with_proof(0, &one), standing, Some(Refusal::OtherSize(1))),
        (request(1, &empty), standing, Some(Refusal::Backward)),
        (request(1, &one), standing, None),
    ] {
        let judged = judge(&request, ORIGIN, &keys, last);
        assert_eq!(judged.err(), expected, "{request:?}");
    }
}

#[test]
fn a_history_written_anew_is_refused_at_every_size() {
    let keys = [log().verifier_key().clone()];
    let (_, last) = at(1, 6);
    for size in 1..10 {
        let (anew, _) = at(2, size);
        let old = last.size.min(anew.size);
        let request = request(old, &anew);
        let judged = judge(&request, ORIGIN, &keys, last);
        let expected = match u64::from(size) {
            ..6 => Refusal::OtherSize(6),
            6 => Refusal::OtherRoot(6),
            _ => Refusal::Inconsistent,
        };
        assert_eq!(judged, Err(expected), "{size}");
    }
    // Nor does a proof of its own tree help, from any size.
    let (_, two) = at(2, 6);
    let (longer, _) = at(2, 9);
    let leaf = |level: u32, index: u64| -> Result<Hash, ()> {
        let span = (index << level)..((index + 1) << level);
        let leaves: Vec<Hash> = span
            .map(|leaf| merkle::leaf_hash(&[2, u8::try_from(leaf).unwrap()]))
            .collect();
        let mut frontier = Frontier::new();
        frontier.append(&leaves);
        Ok(frontier.root())
    };
    let proof = merkle::consistency_proof(6, 9, leaf).unwrap();
    let honest = AddCheckpoint {
        proof,
        ..request(6, &longer)
    };
    assert!(judge(&honest, ORIGIN, &keys, two).is_ok());
    let forged = judge(&honest, ORIGIN, &keys, last);
    assert_eq!(forged, Err(Refusal::Inconsistent));
}

#[test]
fn what_the_log_did_not_sign_is_refused() {
    let keys = [log().verifier_key().clone()];
    let (one, _) = at(1, 1);
    let stranger = NoteSigner::new(ORIGIN, &[2; 32]).unwrap();
    let signed = AddCheckpoint {
        checkpoint: one.sign(&[&stranger]),
        ..request(0, &one)
    };
    let judged = judge(&signed, ORIGIN, &keys, Standing::NONE);
    assert_eq!(judged, Err(Refusal::Signature(NoteError::NotSigned)));
    let mut changed = request(0, &one);
    changed.checkpoint = changed.checkpoint.replace("\n1\n", "\n2\n");
    let judged = judge(&changed, ORIGIN, &keys, Standing::NONE);
    assert_eq!(judged, Err(Refusal::Signature(NoteError::BadSignature)));
    for checkpoint in ["", "x", "x\n\n", "\n\n\n", "x\n\nx\n"] {
        let request = AddCheckpoint {
            checkpoint: checkpoint.into(),
            ..request(0, &one)
        };
        let judged = judge(&request, ORIGIN, &keys, Standing::NONE);
        assert!(
            matches!(judged, Err(Refusal::Malformed(_))),
            "{checkpoint:?}"
        );
    }
    assert_eq!(claimed_origin(&request(0, &one).checkpoint), Ok(ORIGIN));
    assert!(claimed_origin("x").is_err());
}
