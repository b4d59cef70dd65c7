//! Envelopes that must be read, and many that must not.

use super::*;
use proptest::prelude::*;

fn signer() -> Signer {
    Signer::new(Kid::parse("acme/till-1").unwrap(), &[7; 32])
}

/// An envelope with any header, validly signed.
fn with_header(header: &str, payload: &[u8]) -> String {
    let input = signing_input_from_parts(header.as_bytes(), payload);
    let signature = signer().sign(input.as_bytes());
    with_signature(input, &signature)
}

fn refused(header: &str) -> JwsError {
    let compact = with_header(header, b"{}");
    match Jws::parse(compact.as_bytes(), Typ::Submission) {
        Ok(_) => panic!("{header} was accepted"),
        Err(error) => error,
    }
}

const HEADER: &str = r#"{"alg":"EdDSA","kid":"acme/till-1","typ":"tallyhouse+json"}"#;

#[test]
fn what_we_sign_we_read_and_can_write_again() {
    for typ in [Typ::Submission, Typ::Token, Typ::Statement] {
        let compact = sign(typ, b"{\"ops\":[]}", &signer());
        let jws = Jws::parse(compact.as_bytes(), typ).unwrap();
        assert!(jws.verify(&signer().public_key()));
        assert_eq!(jws.payload, b"{\"ops\":[]}");
        assert_eq!(
            (jws.kid.author(), jws.kid.key_id(), jws.typ),
            ("acme", "till-1", typ)
        );
        assert_eq!(
            compact_from_parts(&jws.protected, &jws.payload, &jws.signature),
            compact
        );
        let input = signing_input_from_parts(&jws.protected, &jws.payload);
        assert_eq!(input.as_bytes(), jws.signing_input());
    }
}

#[test]
fn rfc_8037_example_is_made_and_verified_as_printed() {
    let secret = b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    let public = b"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt\
                     9g7sVvpAr_MuM0KAg";
    let signer = Signer::new(
        Kid::parse("rfc/8037").unwrap(),
        &base64url::decode_array(secret).unwrap(),
    );
    let key = PublicKey::register(&base64url::decode_array(public).unwrap()).unwrap();
    assert_eq!(signer.public_key(), key);
    assert_eq!(base64url::encode(&signer.sign(input.as_bytes())), signature);
    assert!(key.verify(
        input.as_bytes(),
        &base64url::decode_array(signature.as_bytes()).unwrap()
    ));
    assert_eq!(
        signing_input_from_parts(br#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing"),
        input
    );
    let compact = format!("{input}.{signature}");
    let error = Jws::parse(compact.as_bytes(), Typ::Submission).unwrap_err();
    assert_eq!(
        error.to_string(),
        "header: at byte 15: member \"kid\" is missing; add it"
    );
}

#[test]
fn header_members_may_come_in_any_order_and_with_white_space() {
    let header = r#" { "typ" : "tallyhouse+json", "kid":"acme/till-1" ,"alg":"Ed25519" } "#;
    let compact = with_header(header, b"{}");
    let jws = Jws::parse(compact.as_bytes(), Typ::Submission).unwrap();
    assert!(jws.verify(&signer().public_key()));
    assert_eq!(
        compact_from_parts(&jws.protected, &jws.payload, &jws.signature),
        compact
    );
}

#[test]
fn other_algorithms_are_refused() {
    for alg in [
        "none", "None", "HS256", "ES256", "RS256", "Ed448", "eddsa", "",
    ] {
        assert_eq!(
            refused(&HEADER.replace("EdDSA", alg)),
            JwsError::Algorithm,
            "{alg}"
        );
    }
}

#[test]
fn unknown_twice_given_and_missing_members_are_refused() {
    for member in [
        r#""jwk":{"kty":"OKP"}"#,
        r#""jku":"https://evil.example/"#,
        r#""crit":["exp"]"#,
        r#""b64":false"#,
        r#""x5c":[]"#,
        r#""x5u":"""#,
        r#""cty":"""#,
        r#""zip":"DEF""#,
    ] {
        let error = refused(&HEADER.replace('{', &format!("{{{member},")));
        assert!(
            matches!(&error, JwsError::Header(e) if e.reason() == Reason::Unknown),
            "{error}"
        );
    }
    for member in [
        r#""alg":"EdDSA","#,
        r#""kid":"acme/till-1","#,
        r#""\u0061lg":"none","#,
    ] {
        let error = refused(&HEADER.replace('{', &format!("{{{member}")));
        assert!(
            matches!(&error, JwsError::Header(e) if e.reason() == Reason::Duplicate),
            "{error}"
        );
    }
    for member in [
        r#""alg":"EdDSA","#,
        r#""kid":"acme/till-1","#,
        r#","typ":"tallyhouse+json""#,
    ] {
        let error = refused(&HEADER.replace(member, ""));
        assert!(matches!(&error, JwsError::Header(e) if matches!(e.reason(), Reason::Missing(_))));
    }
    for header in [
        "",
        "{}x",
        "[]",
        "null",
        "{\"alg\":1}",
        "{\"alg\":null}",
        "\u{feff}{}",
    ] {
        assert!(matches!(refused(header), JwsError::Header(_)), "{header}");
    }
}

#[test]
fn a_document_of_one_kind_does_not_pass_for_another() {
    let compact = sign(Typ::Token, b"{}", &signer());
    let expected = Typ::Submission;
    assert_eq!(
        Jws::parse(compact.as_bytes(), expected),
        Err(JwsError::WrongTyp {
            expected,
            found: Typ::Token
        })
    );
    for typ in [
        "JWT",
        "tallyhouse",
        "application/tallyhouse+json",
        "Tallyhouse+json",
        "",
    ] {
        let header = HEADER.replace("tallyhouse+json", typ);
        assert_eq!(refused(&header), JwsError::UnknownTyp, "{typ}");
    }
    for kid in [
        "acme",
        "acme/",
        "../till-1",
        "acme/till-1/x",
        "ACME/till-1",
        ".",
    ] {
        assert_eq!(
            refused(&HEADER.replace("acme/till-1", kid)),
            JwsError::Kid(KidError),
            "{kid}"
        );
    }
}

#[test]
fn parts_that_are_missing_or_not_canonical_are_refused() {
    let parse = |compact: &str| Jws::parse(compact.as_bytes(), Typ::Submission).unwrap_err();
    let compact = sign(Typ::Submission, b"{}", &signer());
    let (input, signature) = compact.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    for text in [
        "",
        ".",
        "a.b",
        input,
        &format!("{compact}."),
        &format!("{compact}.x"),
    ] {
        assert_eq!(parse(text), JwsError::NotThreeParts, "{text}");
    }
    let not = JwsError::NotBase64;
    assert_eq!(
        parse(&format!("{header}=.{payload}.{signature}")),
        not(Part::Header)
    );
    assert_eq!(parse(&format!(" {compact}")), not(Part::Header));
    assert_eq!(parse(&format!("{compact}\n")), not(Part::Signature));
    assert_eq!(
        parse(&format!("{header}.e31.{signature}")),
        not(Part::Payload),
        "stray bits"
    );
    let stray = format!("{}{}", &signature[..85], 'B');
    assert_eq!(parse(&format!("{input}.{stray}")), not(Part::Signature));
    assert_eq!(parse(&format!("{input}.")), JwsError::SignatureLength(0));
    assert_eq!(
        parse(&format!("{input}.{}", &signature[..84])),
        JwsError::SignatureLength(63)
    );
    assert_eq!(
        parse(&format!("{input}.{signature}AA")),
        JwsError::SignatureLength(66)
    );
}

#[test]
fn limits_hold_to_the_byte() {
    let padded = |bytes: usize| format!("{HEADER}{}", " ".repeat(bytes - HEADER.len()));
    let parse = |compact: String| {
        Jws::parse(compact.as_bytes(), Typ::Submission).map(|jws| jws.payload.len())
    };
    let largest = vec![b'x'; PAYLOAD_BYTES_MAX];
    let compact = with_header(&padded(512), &largest);
    assert_eq!(compact.len(), COMPACT_BYTES_MAX);
    assert_eq!(parse(compact), Ok(PAYLOAD_BYTES_MAX));
    assert_eq!(
        parse(with_header(&padded(513), b"{}")),
        Err(too_large(Part::Header, 512))
    );
    assert_eq!(
        parse(with_header(&padded(5_000), b"{}")),
        Err(too_large(Part::Header, 512))
    );
    for bytes in [60_001, 60_003, 200_000] {
        let compact = with_header(HEADER, &vec![b'x'; bytes]);
        assert_eq!(
            parse(compact),
            Err(too_large(Part::Payload, 60_000)),
            "{bytes}"
        );
    }
}

#[test]
fn a_statement_may_be_longer_than_what_is_sent_to_a_house() {
    let payload = vec![b'x'; 4 * PAYLOAD_BYTES_MAX];
    let compact = sign(Typ::Statement, &payload, &signer());
    let jws = Jws::parse(compact.as_bytes(), Typ::Statement).unwrap();
    assert_eq!(jws.payload, payload);
    assert_eq!(
        Jws::parse(compact.as_bytes(), Typ::Submission).map(|jws| jws.payload.len()),
        Err(too_large(Part::Payload, PAYLOAD_BYTES_MAX))
    );
}

#[test]
fn a_changed_character_never_verifies() {
    let compact = sign(Typ::Submission, br#"{"points":12}"#, &signer());
    let key = signer().public_key();
    for at in 0..compact.len() {
        for byte in [b'A', b'.', b'_', b'=', b'0'] {
            let mut changed = compact.clone().into_bytes();
            changed[at] = byte;
            let accepted = Jws::parse(&changed, Typ::Submission).is_ok_and(|jws| jws.verify(&key));
            assert_eq!(accepted, changed == compact.as_bytes());
        }
    }
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes: Vec<u8>, text in "[A-Za-z0-9_.-]{0,200}") {
        let _ = Jws::parse(&bytes, Typ::Submission);
        let _ = Jws::parse(text.as_bytes(), Typ::Token);
        let _ = Header::parse(&bytes);
    }

    #[test]
    fn any_payload_survives(payload: Vec<u8>) {
        let compact = sign(Typ::Statement, &payload, &signer());
        let jws = Jws::parse(compact.as_bytes(), Typ::Statement).unwrap();
        prop_assert_eq!(&jws.payload, &payload);
        prop_assert!(jws.verify(&signer().public_key()));
    }
}

#[test]
fn a_statement_may_be_longer_than_a_submission() {
    let payload = vec![b'7'; PAYLOAD_BYTES_MAX + 40_000];
    let signer = Signer::new(Kid::parse("house/operate-1").unwrap(), &[1; 32]);
    let compact = sign(Typ::Statement, &payload, &signer);
    let parsed = Jws::parse(compact.as_bytes(), Typ::Statement).unwrap();
    assert_eq!(parsed.payload, payload);
    assert!(parsed.verify(&signer.public_key()));
    assert_eq!(
        Jws::parse(compact.as_bytes(), Typ::Submission),
        Err(too_large(Part::Payload, PAYLOAD_BYTES_MAX))
    );
}
