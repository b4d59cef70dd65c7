//! Policies of one line and of many, and checkpoints that satisfy them or do not.

use super::*;
use crate::proof::checkpoint::Checkpoint;
use crate::proof::cosignature::WitnessSigner;
use crate::proof::note::NoteSigner;
use proptest::prelude::*;

const ORIGIN: &str = "points.example/coalition-0123abcd";

fn log(secret: u8) -> NoteSigner {
    NoteSigner::new(ORIGIN, &[secret; 32]).unwrap()
}

fn witness(number: u8) -> WitnessSigner {
    let name = format!("witness.example/w{number}");
    WitnessSigner::new(&name, &[100 + number; 32]).unwrap()
}

/// Replaces `L1` and `W1` after a space by keys.
fn parse(text: &str) -> Result<Policy, PolicyError> {
    let mut text = text.to_owned();
    for number in 1..9 {
        let log = log(number).verifier_key().to_string();
        let witness = witness(number).verifier_key().to_string();
        text = text.replace(&format!(" L{number}"), &format!(" {log}"));
        text = text.replace(&format!(" W{number}"), &format!(" {witness}"));
    }
    Policy::parse(text.as_bytes())
}

fn cosigned(by: &[u8]) -> String {
    let checkpoint = Checkpoint {
        origin: ORIGIN.into(),
        size: 7,
        root: [9; 32],
    };
    let mut note = checkpoint.sign(&[&log(1)]);
    for number in by {
        note += &witness(*number).cosign(&checkpoint.text(), 1_679_315_147);
    }
    note
}

/// The example of the specification.
const TWO_LEVELS: &str = "log L1

witness X1 W1
witness X2 W2
witness X3 W3
group X-witnesses 2 X1 X2 X3

witness Y1 W4
witness Y2 W5
witness Y3 W6
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
";

#[test]
fn the_example_of_the_specification_asks_for_two_of_one_side_and_one_of_the_other() {
    let policy = parse(TWO_LEVELS).unwrap();
    for (by, holds) in [
        (&[1u8, 2, 4][..], true),
        (&[2, 3, 6], true),
        (&[1, 2, 3, 4, 5, 6], true),
        (&[1, 4, 5, 6], false),
        (&[1, 2, 3], false),
        (&[], false),
    ] {
        let note = cosigned(by);
        let checked = policy.check(note.as_bytes());
        assert_eq!(checked.is_ok(), holds, "{by:?}");
        match checked {
            Ok(satisfied) => {
                assert_eq!(satisfied.checkpoint.size, 7);
                assert_eq!(satisfied.witnesses.len(), by.len());
                assert_eq!(satisfied.witnesses[0].1, 1_679_315_147);
            }
            Err(error) => assert_eq!(error, Unsatisfied::Quorum(by.len())),
        }
    }
}

#[test]
fn one_witness_twice_counts_once_and_unknown_ones_not_at_all() {
    let policy = parse("log L1\nwitness a W1\nwitness b W2\ngroup g 2 a b\nquorum g\n").unwrap();
    for by in [&[1u8, 1][..], &[1, 3, 4], &[3, 4]] {
        assert!(policy.check(cosigned(by).as_bytes()).is_err(), "{by:?}");
    }
    assert!(policy.check(cosigned(&[2, 1]).as_bytes()).is_ok());
}

#[test]
fn only_the_logs_of_the_policy_count_and_for_their_own_origin() {
    let note = cosigned(&[1]);
    let none = parse("log L2\nquorum none\n").unwrap();
    let not_signed = CheckpointError::Note(NoteError::NotSigned);
    assert_eq!(none.check(note.as_bytes()), Err(not_signed.into()));
    let both = parse("log L2\nlog L1 https://points.example\nquorum none\n").unwrap();
    assert!(both.check(note.as_bytes()).is_ok());
    let other = NoteSigner::new("points.example/other-0123abcd", &[1; 32]).unwrap();
    let text = format!("log {}\nquorum none\n", other.verifier_key());
    let foreign = other.verifier_key().clone();
    let checkpoint = Checkpoint {
        origin: ORIGIN.into(),
        size: 7,
        root: [9; 32],
    };
    let note = checkpoint.sign(&[&other]);
    let policy = Policy::parse(text.as_bytes()).unwrap();
    assert_eq!(policy.logs(), [foreign]);
    let error = Err(CheckpointError::OtherOrigin.into());
    assert_eq!(policy.check(note.as_bytes()), error);
}

#[test]
fn a_wrong_cosignature_of_a_known_witness_is_no_small_matter() {
    let policy = parse("log L1\nwitness a W1\nwitness b W2\ngroup g any a b\nquorum g\n").unwrap();
    let good = cosigned(&[1]);
    let other = witness(2).cosign("another text\n", 5);
    let note = format!("{good}{other}");
    assert_eq!(
        policy.check(note.as_bytes()),
        Err(Unsatisfied::BadCosignature)
    );
    assert!(policy.check(good.as_bytes()).is_ok());
}

#[test]
fn space_comments_and_bytes_beyond_ascii_are_allowed() {
    let text = "# who we trust\n\n \t log\t L1  https://points.example \t\n\
                witness   \u{e9}t\u{e9} W1\n  # \u{212a}\nquorum \u{e9}t\u{e9}\n";
    let policy = parse(text).unwrap();
    assert!(policy.check(cosigned(&[1]).as_bytes()).is_ok());
    let raw = [text.replace(" L1", "").as_bytes(), b"# \xff\xfe\n"].concat();
    assert!(Policy::parse(&raw).is_err(), "a log without a key");
    // A letter K and a Kelvin sign are two names.
    let two = parse("witness K W1\nwitness \u{212a} W2\nquorum K\n").unwrap();
    assert_eq!(two.witnesses().len(), 2);
}

#[test]
fn what_is_no_policy_is_named_with_its_line() {
    for (text, line, reason) in [
        ("", 0, PolicyReason::NoQuorum),
        ("log L1\n", 1, PolicyReason::NoQuorum),
        ("quorum none", 1, PolicyReason::Text),
        ("quorum none\r\n", 1, PolicyReason::Text),
        ("quorum\u{1}none\n", 1, PolicyReason::Text),
        ("quorum none\nquorum none\n", 2, PolicyReason::QuorumTwice),
        ("quorum a\n", 1, PolicyReason::Unknown),
        ("quorum none none\n", 1, PolicyReason::Form),
        ("quorum\n", 1, PolicyReason::Form),
        ("Log L1\nquorum none\n", 1, PolicyReason::Form),
        ("log\n", 1, PolicyReason::Form),
        ("log L1 a b\n", 1, PolicyReason::Form),
        ("witness a\n", 1, PolicyReason::Form),
        ("witness a W1 u v\n", 1, PolicyReason::Form),
        ("log L1\nlog L1\n", 2, PolicyReason::KeyTwice),
        ("witness a W1\nwitness b W1\n", 2, PolicyReason::KeyTwice),
        ("witness a W1\nwitness a W2\n", 2, PolicyReason::NameTaken),
        ("witness none W1\n", 1, PolicyReason::NameTaken),
        ("log W1\n", 1, PolicyReason::Key(NoteError::VerifierKey)),
        (
            "witness a L1\n",
            1,
            PolicyReason::Key(NoteError::VerifierKey),
        ),
        ("witness a W1\ngroup a any a\n", 2, PolicyReason::NameTaken),
        (
            "witness a W1\ngroup none any a\n",
            2,
            PolicyReason::NameTaken,
        ),
        ("group g any a\nwitness a W1\n", 1, PolicyReason::Unknown),
        ("group g any g\n", 1, PolicyReason::Unknown),
        ("group g any none\n", 1, PolicyReason::Unknown),
        ("group g any\n", 1, PolicyReason::Threshold),
        ("group g all\n", 1, PolicyReason::Threshold),
        ("witness a W1\ngroup g 0 a\n", 2, PolicyReason::Threshold),
        ("witness a W1\ngroup g 2 a\n", 2, PolicyReason::Threshold),
        ("witness a W1\ngroup g 01 a\n", 2, PolicyReason::Threshold),
        (
            "witness a W1\ngroup g any a a\n",
            2,
            PolicyReason::MemberTwice,
        ),
        (
            "witness a W1\ngroup g any a\ngroup h any a\n",
            3,
            PolicyReason::MemberTwice,
        ),
    ] {
        assert_eq!(parse(text), Err(PolicyError { line, reason }), "{text:?}");
    }
    let long = format!("#{}\nquorum none\n", "x".repeat(POLICY_BYTES_MAX));
    assert_eq!(parse(&long).unwrap_err().reason, PolicyReason::TooLarge);
    let mut many = String::new();
    for number in 0..=LINES_MAX {
        let secret = [u8::try_from(number).unwrap(); 32];
        let key = WitnessSigner::new("w", &secret).unwrap();
        many += &format!("witness n{number} {}\n", key.verifier_key());
    }
    assert_eq!(parse(&many).unwrap_err().reason, PolicyReason::TooLarge);
}

proptest! {
    #[test]
    fn garbage_never_panics(text in "((log|witness|group|quorum|none|any|2|a|b|\\+|#) ?){0,8}\n?") {
        let _ = Policy::parse(text.as_bytes());
    }
}
