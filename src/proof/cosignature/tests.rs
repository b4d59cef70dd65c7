//! Keys and cosignatures as others write them, and the many that are none.

use super::*;
use crate::proof::note::VerifierKey;
use proptest::prelude::*;

/// The checkpoint of the specification.
const TEXT: &str =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
/// The cosignature in the specification; its public key is not shown there.
const LINE: &str = "\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcr\
                    tPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
const TIME_S: u64 = 1_679_315_147;
/// A witness of the public network, as another implementation's tests have it.
const REMORA: &str = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

fn signer(number: u8) -> WitnessSigner {
    let name = format!("witness.example/w{number}");
    WitnessSigner::new(&name, &[number; 32]).unwrap()
}

#[test]
fn the_key_of_a_witness_that_we_did_not_make_is_read_and_written() {
    let key = WitnessKey::parse(REMORA).unwrap();
    assert_eq!(key.name(), "remora.n621.de");
    assert_eq!(key.to_string(), REMORA);
    // The same key as the key of a log has another type, and so another hash.
    let log = VerifierKey::new(key.name(), key.public_key().clone()).unwrap();
    assert_eq!(
        WitnessKey::parse(&log.to_string()),
        Err(NoteError::VerifierKey)
    );
    assert_eq!(VerifierKey::parse(REMORA), Err(NoteError::VerifierKey));
    let changed = REMORA.replace("da77ade7", "da77ade8");
    assert_eq!(WitnessKey::parse(&changed), Err(NoteError::KeyHash));
}

#[test]
fn what_is_signed_are_two_lines_and_the_checkpoint() {
    let expected = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
                    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(message(TEXT, TIME_S), expected.as_bytes());
}

#[test]
fn the_line_of_the_specification_has_the_form_and_the_time_that_we_read() {
    let read = note::signature_lines(LINE).unwrap();
    let bytes: &[u8; 72] = read[0].bytes.as_slice().try_into().unwrap();
    let (time, _) = bytes.split_first_chunk::<8>().unwrap();
    assert_eq!(u64::from_be_bytes(*time), TIME_S);
    assert!(read[0].is_by("witness.example.com/w1", [0x8d, 0x66, 0xcf, 0x3f]));
}

/// What `aics-tlog` 0.2.1 of PyPI, which is not ours, makes of the secret 07 07 … 07.
#[test]
fn another_implementation_signs_the_same_bytes() {
    let signer = WitnessSigner::new("witness.example.com/w1", &[7; 32]).unwrap();
    let vkey = "witness.example.com/w1+8122a5ab+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";
    assert_eq!(signer.verifier_key().to_string(), vkey);
    let line = "\u{2014} witness.example.com/w1 gSKlqwAAAABkGFDLWr4Jea05CAgwNVtwky0Jgz6WfX0QJgM/\
                /FkB/W9BoT9TX0DkTxG+2cT4p/ViKNhUM/SnUwFcYQzugGFQ15LwDw==\n";
    assert_eq!(signer.cosign(TEXT, TIME_S), line);
}

#[test]
fn other_signatures_are_passed_over_and_a_wrong_one_is_not() {
    let (ours, other) = (signer(1), signer(2));
    let note = format!(
        "{TEXT}\n{LINE}{}{}{}",
        other.cosign(TEXT, 5),
        ours.cosign(TEXT, TIME_S),
        ours.cosign(TEXT, TIME_S + 1)
    );
    let known = [ours.verifier_key().clone()];
    let found = cosigned_by(note.as_bytes(), &known).unwrap();
    assert_eq!(found.len(), 1, "each witness once");
    assert_eq!((found[0].by, found[0].time_s), (&known[0], TIME_S));
    assert_eq!(found[0].line, ours.cosign(TEXT, TIME_S));
    assert_eq!(cosigned_by(note.as_bytes(), &[]), Ok(Vec::new()));
    let changed = note.replace("20852163", "20852164");
    let bad = Err(NoteError::BadSignature);
    assert_eq!(cosigned_by(changed.as_bytes(), &known), bad);
    // Another time than the one that was signed.
    let line = ours.cosign(TEXT, TIME_S);
    let signed = &note::signature_lines(&line).unwrap()[0].bytes;
    let mut moved = signed.clone();
    moved[7] ^= 1;
    let moved = note::write_line(&known[0].name, known[0].hash, &moved);
    assert_eq!(check(TEXT, &moved, &known), bad);
    // One without a time: the plain signature of a note.
    let short = note::write_line(&known[0].name, known[0].hash, &signed[8..]);
    assert_eq!(check(TEXT, &short, &known), bad);
    let line = format!("{line}\n");
    assert_eq!(check(TEXT, &line, &known), Err(NoteError::SignatureLine));
}

#[test]
fn a_time_that_no_clock_shows_is_refused() {
    let ours = signer(1);
    let key = ours.verifier_key().clone();
    let time_s = TIME_S_MAX + 1;
    let signature = ours.key.sign(&message(TEXT, time_s)).to_bytes();
    let bytes = [&time_s.to_be_bytes()[..], &signature].concat();
    let line = note::write_line(&key.name, key.hash, &bytes);
    assert_eq!(check(TEXT, &line, &[key]), Err(NoteError::BadSignature));
    assert!(!ours.cosign(TEXT, TIME_S_MAX).is_empty());
}

proptest! {
    #[test]
    fn what_is_cosigned_is_found(
        secret: [u8; 32],
        time_s in 0..=TIME_S_MAX,
        text in "[a-z\\n]{0,30}\n",
    ) {
        let signer = WitnessSigner::new("w", &secret).unwrap();
        let line = signer.cosign(&text, time_s);
        let known = [signer.verifier_key().clone()];
        let found = check(&text, &line, &known).unwrap();
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].time_s, time_s);
        let parsed = WitnessKey::parse(&known[0].to_string()).unwrap();
        prop_assert_eq!(&parsed, &known[0]);
    }

    #[test]
    fn garbage_never_panics(lines in "(\u{2014} )?[wA-Z0-9+/= \n]{0,150}\n?") {
        let _ = check(TEXT, &lines, &[signer(1).verifier_key().clone()]);
    }
}
