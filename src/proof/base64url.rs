//! Base64 in one spelling only.
//!
//! Purpose: text forms of bytes, where every byte string has exactly one accepted text. A decoder
//! that took padding, white space or stray bits in the last character would let two different
//! texts stand for one envelope, and a signature or an id check made on the one would say nothing
//! about the other.
//!
//! Must not: be lenient. There is no forgiving variant here.
//!
//! Spec: RFC 4648 §5 without padding (RFC 7515 §2, for envelopes) and §4 with padding (C2SP notes
//! and proofs). Decoding refuses non-zero trailing bits (RFC 4648 §3.5).

use base64_simd::{AsOut as _, Base64, STANDARD, URL_SAFE_NO_PAD};

/// The text is not the one canonical base64 form of any bytes, or not of the length asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Base64Error {
    /// A character outside the alphabet, padding in the wrong place, or stray trailing bits.
    #[error("not canonical base64: check the alphabet, the padding and the last character")]
    NotCanonical,
    /// Canonical, but of another number of bytes than the format has here.
    #[error("base64 of {found} bytes where {expected} are expected")]
    WrongLength {
        /// Bytes that the format has here.
        expected: usize,
        /// Bytes that the text stands for.
        found: usize,
    },
}

/// Encodes as base64url without padding, the form of RFC 7515.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// Appends the base64url form of `bytes` to `out`.
pub fn encode_append(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_append(bytes, out);
}

/// Appends the same to bytes.
pub fn encode_onto(bytes: &[u8], out: &mut Vec<u8>) {
    URL_SAFE_NO_PAD.encode_append(bytes, out);
}

/// Appends the standard base64 form of `bytes`, with padding, to `out`.
pub fn encode_standard_onto(bytes: &[u8], out: &mut Vec<u8>) {
    STANDARD.encode_append(bytes, out);
}

/// Decodes base64url without padding.
///
/// # Errors
/// [`Base64Error::NotCanonical`] for any text that [`encode`] would not have written.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, Base64Error> {
    URL_SAFE_NO_PAD
        .decode_to_vec(text)
        .map_err(|_| Base64Error::NotCanonical)
}

/// Decodes base64url without padding to exactly `N` bytes.
///
/// # Errors
/// As [`decode`], and [`Base64Error::WrongLength`].
pub fn decode_array<const N: usize>(text: &[u8]) -> Result<[u8; N], Base64Error> {
    array(&URL_SAFE_NO_PAD, text)
}

/// Encodes as standard base64 with padding, the form of C2SP notes.
#[must_use]
pub fn encode_standard(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// Decodes standard base64 with padding.
///
/// # Errors
/// [`Base64Error::NotCanonical`] for any text that [`encode_standard`] would not have written.
pub fn decode_standard(text: &[u8]) -> Result<Vec<u8>, Base64Error> {
    STANDARD
        .decode_to_vec(text)
        .map_err(|_| Base64Error::NotCanonical)
}

/// Decodes standard base64 with padding to exactly `N` bytes.
///
/// # Errors
/// As [`decode_standard`], and [`Base64Error::WrongLength`].
pub fn decode_standard_array<const N: usize>(text: &[u8]) -> Result<[u8; N], Base64Error> {
    array(&STANDARD, text)
}

fn array<const N: usize>(alphabet: &Base64, text: &[u8]) -> Result<[u8; N], Base64Error> {
    let found = alphabet
        .decoded_length(text)
        .map_err(|_| Base64Error::NotCanonical)?;
    if found != N {
        alphabet
            .check(text)
            .map_err(|_| Base64Error::NotCanonical)?;
        return Err(Base64Error::WrongLength { expected: N, found });
    }
    let mut bytes = [0; N];
    alphabet
        .decode(text, bytes[..].as_out())
        .map_err(|_| Base64Error::NotCanonical)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc_4648_vectors() {
        for (plain, padded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let bare = padded.trim_end_matches('=');
            assert_eq!(encode(plain.as_bytes()), bare);
            assert_eq!(decode(bare.as_bytes()).unwrap(), plain.as_bytes());
            assert_eq!(encode_standard(plain.as_bytes()), padded);
            assert_eq!(
                decode_standard(padded.as_bytes()).unwrap(),
                plain.as_bytes()
            );
        }
    }

    #[test]
    fn padding_white_space_and_the_other_alphabet_are_refused() {
        for text in [
            "Zg==", "Zg=", "Zg ", " Zg", "Zg\n", "Z", "Zm9vY", "+/+/", "Zm\u{e9}",
        ] {
            assert_eq!(
                decode(text.as_bytes()),
                Err(Base64Error::NotCanonical),
                "{text:?}"
            );
        }
        for text in ["Zg", "Zg=", "Zg== ", "Zm9v\n", "-_-_", "====", "Zg==Zg=="] {
            assert_eq!(
                decode_standard(text.as_bytes()),
                Err(Base64Error::NotCanonical),
                "{text:?}"
            );
        }
    }

    #[test]
    fn of_all_two_and_three_byte_endings_only_the_canonical_one_is_accepted() {
        for a in 0..=255u8 {
            for b in 0..=255u8 {
                for text in [&[a, b][..], &[b'Z', a, b], &[b'Z', b'Z', b'Z', b'Z', a, b]] {
                    if let Ok(bytes) = decode(text) {
                        assert_eq!(encode(&bytes).as_bytes(), text);
                    }
                }
                for text in [
                    [b'Z', a, b'=', b'='],
                    [b'Z', b'Z', a, b],
                    [b'Z', a, b, b'='],
                ] {
                    if let Ok(bytes) = decode_standard(&text) {
                        assert_eq!(encode_standard(&bytes).as_bytes(), text);
                    }
                }
            }
        }
    }

    #[test]
    fn a_fixed_length_is_held_to() {
        assert_eq!(decode_array::<3>(b"Zm9v"), Ok(*b"foo"));
        let wrong = Base64Error::WrongLength {
            expected: 4,
            found: 3,
        };
        assert_eq!(decode_array::<4>(b"Zm9v"), Err(wrong));
        assert_eq!(decode_standard_array::<4>(b"Zm9v"), Err(wrong));
        assert_eq!(
            decode_standard_array::<1>(b"Zh=="),
            Err(Base64Error::NotCanonical)
        );
    }

    proptest! {
        #[test]
        fn decode_after_encode_is_the_identity(bytes: Vec<u8>) {
            let mut appended = String::from("x.");
            encode_append(&bytes, &mut appended);
            prop_assert_eq!(&appended[2..], encode(&bytes));
            prop_assert_eq!(decode(encode(&bytes).as_bytes()).unwrap(), &bytes[..]);
            prop_assert_eq!(decode_standard(encode_standard(&bytes).as_bytes()).unwrap(), bytes);
        }

        #[test]
        fn what_decodes_is_what_encode_writes(text in "[A-Za-z0-9_=+/ -]{0,80}") {
            if let Ok(bytes) = decode(text.as_bytes()) {
                prop_assert_eq!(encode(&bytes), &text[..]);
            }
            if let Ok(bytes) = decode_standard(text.as_bytes()) {
                prop_assert_eq!(encode_standard(&bytes), text);
            }
        }
    }
}
