//! The examples of Go and the many texts that are no notes.

use super::*;
use proptest::prelude::*;

/// The example of Go's `sumdb/note`.
const NEUMANN: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN_SECRET: &[u8] = b"AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
const SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuG\
                         UgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn neumann() -> VerifierKey {
    VerifierKey::parse(NEUMANN).unwrap()
}

fn signer(name: &str, secret: u8) -> NoteSigner {
    NoteSigner::new(name, &[secret; 32]).unwrap()
}

#[test]
fn the_example_of_go_opens() {
    let note = format!("{TEXT}\n{SIGNATURE}");
    let known = [neumann()];
    let opened = open(note.as_bytes(), &known).unwrap();
    assert_eq!(opened.text, TEXT);
    assert_eq!(opened.signed_by, [&known[0]]);
    assert_eq!(known[0].to_string(), NEUMANN);
    assert_eq!(known[0].name(), "PeterNeumann");
}

#[test]
fn the_example_of_go_is_signed_as_go_signs_it() {
    let [ED25519, secret @ ..] = decode_standard_array::<33>(NEUMANN_SECRET).unwrap() else {
        panic!("the key type")
    };
    let signer = NoteSigner::new("PeterNeumann", &secret).unwrap();
    assert_eq!(signer.verifier_key(), &neumann());
    assert_eq!(sign(TEXT, &[&signer]), format!("{TEXT}\n{SIGNATURE}"));
    assert_eq!(
        format!("{signer:?}"),
        format!("NoteSigner({NEUMANN})"),
        "shows no secret"
    );
}

#[test]
fn other_signatures_are_passed_over_and_a_bad_one_by_a_known_key_is_not() {
    let (ours, other) = (signer("house.example", 1), signer("other.example", 2));
    let note = sign("text\n", &[&other, &ours, &ours]);
    let known = [neumann(), ours.verifier_key().clone()];
    let opened = open(note.as_bytes(), &known).unwrap();
    assert_eq!(opened.signed_by, [ours.verifier_key()]);
    assert_eq!(
        open(note.as_bytes(), &[neumann()]),
        Err(NoteError::NotSigned)
    );
    let changed = note.replace("text", "test");
    assert_eq!(
        open(changed.as_bytes(), &known),
        Err(NoteError::BadSignature)
    );
    assert_eq!(open(changed.as_bytes(), &[]), Err(NoteError::NotSigned));
    let one_bad = format!("{}{}", sign("a\n", &[&ours]), &sign("b\n", &[&ours])[3..]);
    assert_eq!(
        open(one_bad.as_bytes(), &known),
        Err(NoteError::BadSignature)
    );
    // The same name with another key, and the same key under another name, are other keys.
    for stranger in [signer("house.example", 3), signer("home.example", 1)] {
        let note = sign("text\n", &[&stranger]);
        assert_eq!(open(note.as_bytes(), &known), Err(NoteError::NotSigned));
    }
    let hash = &ours.verifier_key().hash[..];
    let short = format!(
        "a\n\n— house.example {}\n",
        encode_standard(&[hash, &[0; 63]].concat())
    );
    assert_eq!(open(short.as_bytes(), &known), Err(NoteError::BadSignature));
}

#[test]
fn text_may_hold_empty_lines_and_lines_that_look_like_signatures() {
    let ours = signer("house.example", 1);
    let text = format!("\n\n{SIGNATURE}\n\nžluť\n\n");
    let note = sign(&text, &[&ours]);
    let known = [ours.verifier_key().clone(), neumann()];
    let opened = open(note.as_bytes(), &known).unwrap();
    assert_eq!((opened.text, opened.signed_by.len()), (&text[..], 1));
}

#[test]
fn what_is_no_note_is_refused() {
    let known = [neumann()];
    let refused = |note: &str| open(note.as_bytes(), &known).unwrap_err();
    for note in [
        "", "\n", "text", "text\n", "text\n\n", "\n\n", TEXT, SIGNATURE,
    ] {
        assert_eq!(refused(note), NoteError::NotANote, "{note:?}");
    }
    assert_eq!(
        refused(format!("{TEXT}\n{SIGNATURE}").trim_end()),
        NoteError::NotANote
    );
    for line in [
        "- a AAAAAAA=",
        "\u{2014}a AAAAAAA=",
        "\u{2014} a",
        "\u{2014} a AAAAAAA= ",
        "x",
        "\u{2014} a AAAAAA==",
        "\u{2014}  AAAAAAA=",
        "\u{2014} a+b AAAAAAA=",
        "\u{2014} a AAAAAAB=",
        "\u{2014} a  AAAAAAA=",
        "\u{2014} a\u{a0}b AAAAAAA=",
        "\u{2014} a ",
    ] {
        assert_eq!(
            refused(&format!("text\n\n{line}\n")),
            NoteError::SignatureLine,
            "{line:?}"
        );
    }
    assert_eq!(
        refused("text\r\n\n\u{2014} a AAAAAAA=\n"),
        NoteError::NotText
    );
    assert_eq!(open(b"\xff\n\n\n", &known), Err(NoteError::NotText));
    assert_eq!(
        open(&vec![b'a'; NOTE_BYTES_MAX + 1], &known),
        Err(NoteError::TooLarge)
    );
    let many = format!(
        "text\n\n{}",
        "\u{2014} a AAAAAAA=\n".repeat(SIGNATURES_MAX + 1)
    );
    assert_eq!(refused(&many), NoteError::TooLarge);
    let sixteen = format!("text\n\n{}", "\u{2014} a AAAAAAA=\n".repeat(16));
    assert_eq!(refused(&sixteen), NoteError::NotSigned);
}

#[test]
fn verifier_keys_are_read_in_one_form_only() {
    let refused = |vkey: &str| VerifierKey::parse(vkey).unwrap_err();
    for vkey in ["", "a", "a+b", "a+c74f20a3+", "PeterNeumann+c74f20a3+AAAA"] {
        assert_eq!(refused(vkey), NoteError::VerifierKey, "{vkey}");
    }
    assert_eq!(
        refused(&NEUMANN.replace("+AR", "+BB")),
        NoteError::VerifierKey
    );
    assert_eq!(refused(&format!("{NEUMANN}\n")), NoteError::VerifierKey);
    assert_eq!(
        refused(&NEUMANN.replace("c74f20a3", "C74F20A3")),
        NoteError::KeyHash
    );
    assert_eq!(
        refused(&NEUMANN.replace("c74f20a3", "c74f20a4")),
        NoteError::KeyHash
    );
    assert_eq!(
        refused(&NEUMANN.replace("Peter", "peter")),
        NoteError::KeyHash
    );
    let weak = encode_standard(&[&[1, 1][..], &[0; 31]].concat());
    assert_eq!(
        refused(&format!("a+00000000+{weak}")),
        NoteError::Key(KeyError::SmallOrder)
    );
    for name in ["", "a b", "a+b", "a\u{2003}b", "a\tb", &"a".repeat(256)] {
        assert_eq!(
            VerifierKey::new(name, neumann().key),
            Err(NoteError::Name),
            "{name:?}"
        );
    }
}

proptest! {
    #[test]
    fn what_is_signed_opens(text in "[ -~\\n\u{e9}\u{2014}]{0,80}", secret: u8) {
        let signer = signer("house.example/a", secret);
        let text = format!("{text}\n");
        let note = sign(&text, &[&signer]);
        let known = [VerifierKey::parse(&signer.verifier_key().to_string()).unwrap()];
        prop_assert_eq!(open(note.as_bytes(), &known).unwrap().text, text);
    }

    #[test]
    fn garbage_never_panics(
        bytes: Vec<u8>,
        note in "[a\\n \u{2014}+=]{0,40}",
        vkey in "[a-f0-9+/=]{0,60}",
    ) {
        let _ = open(&bytes, &[neumann()]);
        prop_assert!(open(note.as_bytes(), &[neumann()]).is_err());
        let _ = VerifierKey::parse(&vkey);
    }
}
