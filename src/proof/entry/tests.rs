//! Entries against `minicbor`, and bytes that have been released.

use super::*;
use proptest::prelude::*;

fn entry() -> Entry {
    Entry {
        origin: "points.example/coalition-0123abcd".into(),
        index: 70_000,
        accepted_at_us: 1_790_000_000_000_000,
        prev: [1; 32],
        author: "acme".into(),
        author_seq: 23,
        protected: br#"{"alg":"EdDSA"}"#.to_vec(),
        payload: br#"{"ops":[]}"#.to_vec(),
        signature: [2; 64],
        outcome: vec![0, 40, 300],
        effects_digest: [3; 32],
    }
}

fn encoded(entry: &Entry) -> Vec<u8> {
    let mut out = vec![9; 3];
    entry.encode(&mut out);
    out
}

/// The same entry by an encoder that we did not write.
fn by_minicbor(entry: &Entry) -> Vec<u8> {
    let mut out = minicbor::Encoder::new(Vec::new());
    out.array(12)
        .unwrap()
        .u8(1)
        .unwrap()
        .str(&entry.origin)
        .unwrap();
    out.u64(entry.index)
        .unwrap()
        .u64(entry.accepted_at_us)
        .unwrap();
    out.bytes(&entry.prev).unwrap().str(&entry.author).unwrap();
    out.u64(entry.author_seq)
        .unwrap()
        .bytes(&entry.protected)
        .unwrap();
    out.bytes(&entry.payload)
        .unwrap()
        .bytes(&entry.signature)
        .unwrap();
    out.array(entry.outcome.len() as u64).unwrap();
    for rejection in &entry.outcome {
        out.u16(*rejection).unwrap();
    }
    out.bytes(&entry.effects_digest).unwrap();
    out.into_writer()
}

#[test]
fn an_entry_is_written_as_minicbor_would_and_read_back() {
    let bytes = encoded(&entry());
    assert_eq!(bytes, by_minicbor(&entry()));
    assert_eq!(Entry::decode(&bytes), Ok(entry()));
}

#[test]
fn the_released_bytes_of_an_entry_never_change() {
    let bytes = encoded(&entry());
    let released = concat!(
        "jAF4IXBvaW50cy5leGFtcGxlL2NvYWxpdGlvbi0wMTIzYWJjZBoAARFwGwAGW_7aJeAAWCABAQEB",
        "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAWRhY21lF097ImFsZyI6IkVkRFNBIn1KeyJvcHMi",
        "OltdfVhAAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC",
        "AgICAgICAgICAgICAoMAGCgZASxYIAMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD",
    );
    assert_eq!(super::super::base64url::encode(&bytes), released);
}

#[test]
fn an_error_names_the_field_and_its_place() {
    let bytes = encoded(&entry());
    assert_eq!(
        Entry::decode(&bytes[..bytes.len() - 1])
            .unwrap_err()
            .to_string(),
        "effects_digest (at byte 191): the bytes end inside an item"
    );
    let longer = [&bytes[..], &[0]].concat();
    let error = Entry::decode(&longer).unwrap_err();
    assert_eq!(
        error.to_string(),
        "end of the entry (at byte 225): bytes after the last item"
    );
    assert_eq!(
        Entry::decode(&vec![0; 65_536]),
        Err(EntryError::TooLong(65_536))
    );
    let mut other = bytes.clone();
    other[1] = 2;
    assert_eq!(Entry::decode(&other), Err(EntryError::Version(2)));
    other[0] = 0x8b;
    let source = CborError::WrongLength {
        expected: 12,
        found: 11,
    };
    let error = EntryError::Field {
        field: "entry",
        offset: 0,
        source,
    };
    assert_eq!(Entry::decode(&other), Err(error));
}

#[test]
fn an_envelope_at_all_its_limits_fits_an_entry() {
    let largest = Entry {
        origin: "o".repeat(255),
        index: u64::MAX,
        accepted_at_us: u64::MAX,
        author: "a".repeat(32),
        author_seq: u64::MAX,
        protected: vec![0; super::super::jws::PROTECTED_BYTES_MAX],
        payload: vec![0; super::super::jws::PAYLOAD_BYTES_MAX],
        outcome: vec![u16::MAX; 1_000],
        ..entry()
    };
    assert!(encoded(&largest).len() <= ENTRY_BYTES_MAX);
}

#[test]
#[should_panic(expected = "cannot be framed")]
fn an_entry_that_cannot_be_framed_is_our_bug() {
    encoded(&Entry {
        payload: vec![0; 65_535],
        ..entry()
    });
}

#[test]
fn the_effects_digest_is_plain_blake3() {
    assert_eq!(
        effects_digest(b"effects"),
        *blake3::hash(b"effects").as_bytes()
    );
}

fn entries() -> impl Strategy<Value = Entry> {
    let numbers = any::<([u64; 3], [u32; 3])>();
    let blocks = any::<([u8; 32], [u8; 32], [u8; 32], [u8; 32])>();
    let rest = any::<(Vec<u8>, Vec<u8>, Vec<u16>, String, String)>();
    (numbers, blocks, rest).prop_map(|((numbers, shifts), blocks, rest)| {
        let number = |at: usize| numbers[at] >> (shifts[at] % 64);
        let (prev, r, s, effects_digest) = blocks;
        let (protected, payload, outcome, origin, author) = rest;
        Entry {
            origin,
            index: number(0),
            accepted_at_us: number(1),
            prev,
            author,
            author_seq: number(2),
            protected,
            payload,
            signature: [r, s].concat().try_into().unwrap(),
            outcome,
            effects_digest,
        }
    })
}

proptest! {
    #[test]
    fn decode_after_encode_is_the_identity(entry in entries()) {
        let bytes = encoded(&entry);
        prop_assert_eq!(&bytes, &by_minicbor(&entry));
        prop_assert_eq!(Entry::decode(&bytes).unwrap(), entry);
    }

    #[test]
    fn what_decodes_after_a_change_encodes_to_the_same_bytes(
        entry in entries(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = encoded(&entry);
        for (place, byte) in changes {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(decoded) = Entry::decode(&bytes) {
            prop_assert_eq!(encoded(&decoded), bytes);
        }
    }

    #[test]
    fn garbage_never_panics(bytes: Vec<u8>) {
        let _ = EntryRef::decode(&bytes);
    }
}
