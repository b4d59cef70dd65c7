//! The examples of RFC 8949, and `minicbor` as the second opinion.

use super::*;
use proptest::prelude::*;

#[test]
fn rfc_8949_examples() {
    for (value, expected) in [
        (0, &[0x00][..]),
        (23, &[0x17]),
        (24, &[0x18, 0x18]),
        (100, &[0x18, 0x64]),
        (1_000, &[0x19, 0x03, 0xe8]),
        (1_000_000, &[0x1a, 0x00, 0x0f, 0x42, 0x40]),
        (
            1_000_000_000_000,
            &[0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00],
        ),
        (
            u64::MAX,
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
    ] {
        let mut out = Vec::new();
        write_uint(value, &mut out);
        assert_eq!(out, expected);
        assert_eq!(Reader::new(&out).uint(), Ok(value));
    }
    assert_eq!(
        Reader::new(&[0x44, 1, 2, 3, 4]).bytes(),
        Ok(&[1, 2, 3, 4][..])
    );
    assert_eq!(Reader::new(b"\x64IETF").text(), Ok("IETF"));
    assert_eq!(Reader::new(&[0x83, 1, 2, 3]).array(), Ok(3));
}

#[test]
fn every_longer_form_of_a_number_is_refused() {
    for bytes in [
        &[0x18, 23][..],
        &[0x19, 0, 0xff],
        &[0x1a, 0, 0, 0xff, 0xff],
        &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
        &[0x1c],
        &[0x1f],
    ] {
        assert_eq!(
            Reader::new(bytes).uint(),
            Err(CborError::NotShortest),
            "{bytes:?}"
        );
    }
    let indefinite = Reader::new(&[0x5f, 0x41, 1, 0xff]).bytes();
    assert_eq!(indefinite, Err(CborError::NotShortest));
}

#[test]
fn what_is_cut_off_or_of_another_kind_is_refused() {
    for bytes in [
        &[][..],
        &[0x18],
        &[0x19, 1],
        &[0x1a, 1, 1],
        &[0x1b, 1, 1, 1, 1, 1, 1, 1],
    ] {
        assert_eq!(
            Reader::new(bytes).uint(),
            Err(CborError::Truncated),
            "{bytes:?}"
        );
    }
    assert_eq!(Reader::new(&[0x42, 1]).bytes(), Err(CborError::Truncated));
    let huge = [0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(Reader::new(&huge).bytes(), Err(CborError::Truncated));
    assert_eq!(
        Reader::new(&[0x9a, 0, 1, 0, 0]).array(),
        Err(CborError::Truncated)
    );
    let wrong = CborError::WrongMajor {
        wanted: Major::Uint,
        found: 0x20,
    };
    assert_eq!(Reader::new(&[0x20]).uint(), Err(wrong));
    assert_eq!(Reader::new(&[0x19, 0xff, 0xff]).uint16(), Ok(u16::MAX));
    assert_eq!(
        Reader::new(&[0x1a, 0, 1, 0, 0]).uint16(),
        Err(CborError::TooLarge)
    );
    assert_eq!(Reader::new(&[0x61, 0xff]).text(), Err(CborError::NotUtf8));
    let wrong = CborError::WrongLength {
        expected: 2,
        found: 1,
    };
    assert_eq!(Reader::new(&[0x41, 0]).bytes_array::<2>(), Err(wrong));
    assert_eq!(Reader::new(&[0]).finish(), Err(CborError::TrailingBytes));
}

proptest! {
    #[test]
    fn writes_what_minicbor_writes(number: u64, shift in 0u32..64, bytes: Vec<u8>, text: String) {
        let number = number >> shift;
        let mut ours = Vec::new();
        write_head(Major::Array, 3, &mut ours);
        write_uint(number, &mut ours);
        write_bytes(&bytes, &mut ours);
        write_text(&text, &mut ours);
        let mut theirs = minicbor::Encoder::new(Vec::new());
        theirs.array(3).unwrap().u64(number).unwrap().bytes(&bytes).unwrap();
        theirs.str(&text).unwrap();
        prop_assert_eq!(&ours, &theirs.into_writer());
        let mut reader = Reader::new(&ours);
        prop_assert_eq!(reader.array(), Ok(3));
        prop_assert_eq!(reader.uint(), Ok(number));
        prop_assert_eq!(reader.bytes(), Ok(&bytes[..]));
        prop_assert_eq!(reader.text(), Ok(&text[..]));
        prop_assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn what_is_read_is_what_would_be_written(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut out = Vec::new();
        let mut reader = Reader::new(&bytes);
        loop {
            let before = reader.offset();
            if let Ok(value) = reader.uint() {
                write_uint(value, &mut out);
            } else if let Ok(value) = reader.bytes() {
                write_bytes(value, &mut out);
            } else if let Ok(value) = reader.text() {
                write_text(value, &mut out);
            } else if let Ok(items) = reader.array() {
                write_head(Major::Array, items as u64, &mut out);
            } else {
                prop_assert_eq!(reader.offset(), before);
                break;
            }
        }
        prop_assert_eq!(&out, &bytes[..reader.offset()]);
    }
}
