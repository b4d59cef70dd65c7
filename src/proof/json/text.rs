//! Strings of the JSON reader: eight bytes at a time while nothing needs a closer look.
//!
//! Must not: allocate for a string without escapes.

use super::{JsonError, Reader, Reason};
use std::borrow::Cow;

/// Reads a string; the reader stands at its opening quote.
pub(super) fn string<'a>(reader: &mut Reader<'a>) -> Result<Cow<'a, str>, JsonError> {
    reader.at += 1;
    let start = reader.at;
    reader.at += plain_prefix_length(&reader.text.as_bytes()[start..]);
    match reader.byte() {
        Some(b'"') => {
            let plain = &reader.text[start..reader.at];
            reader.at += 1;
            Ok(Cow::Borrowed(plain))
        }
        Some(b'\\') => escaped(reader, start).map(Cow::Owned),
        Some(_) => Err(reader.refuse(Reason::ControlCharacter)),
        None => Err(reader.refuse(Reason::StringUnfinished)),
    }
}

fn escaped(reader: &mut Reader<'_>, start: usize) -> Result<String, JsonError> {
    let mut value = String::from(&reader.text[start..reader.at]);
    loop {
        match reader.byte() {
            Some(b'"') => {
                reader.at += 1;
                return Ok(value);
            }
            Some(b'\\') => value.push(escape(reader)?),
            Some(..=0x1f) => return Err(reader.refuse(Reason::ControlCharacter)),
            Some(_) => {
                let plain = reader.at;
                reader.at += plain_prefix_length(&reader.text.as_bytes()[plain..]);
                value.push_str(&reader.text[plain..reader.at]);
            }
            None => return Err(reader.refuse(Reason::StringUnfinished)),
        }
    }
}

fn escape(reader: &mut Reader<'_>) -> Result<char, JsonError> {
    let letter = reader.text.as_bytes().get(reader.at + 1).copied();
    let character = match letter {
        Some(sign @ (b'"' | b'\\' | b'/')) => char::from(sign),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(reader),
        _ => return Err(reader.refuse(Reason::BadEscape)),
    };
    reader.at += 2;
    Ok(character)
}

/// `\uXXXX`, or `\uXXXX\uXXXX` for a character beyond the basic plane.
fn unicode_escape(reader: &mut Reader<'_>) -> Result<char, JsonError> {
    let bad = |reader: &Reader<'_>| reader.refuse(Reason::BadEscape);
    let lone = |reader: &Reader<'_>| reader.refuse(Reason::LoneSurrogate);
    let first = code_unit(reader, reader.at).ok_or_else(|| bad(reader))?;
    let mut units = [first, 0];
    let mut count = 1;
    if matches!(first, 0xd800..=0xdbff) {
        units[1] = code_unit(reader, reader.at + 6).ok_or_else(|| lone(reader))?;
        count = 2;
    }
    let character = char::decode_utf16(units[..count].iter().copied()).next();
    let character = character.and_then(Result::ok).ok_or_else(|| lone(reader))?;
    reader.at += 6 * count;
    Ok(character)
}

fn code_unit(reader: &Reader<'_>, at: usize) -> Option<u16> {
    let bytes = reader.text.as_bytes().get(at..at + 6)?;
    let digits = bytes.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0u16, |unit, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | u16::try_from(value).ok()?)
    })
}

/// How many leading bytes are neither a quote, nor a backslash, nor a control character.
fn plain_prefix_length(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES * 0x80;
    let mut length = 0;
    let mut words = bytes.chunks_exact(8);
    for word in words.by_ref() {
        let word = u64::from_le_bytes(word.try_into().expect("chunks of eight"));
        // The classic test for a zero byte: exact for the lowest one, which is the one we need.
        let quote = word ^ (ONES * u64::from(b'"'));
        let backslash = word ^ (ONES * u64::from(b'\\'));
        let quote = quote.wrapping_sub(ONES) & !quote;
        let backslash = backslash.wrapping_sub(ONES) & !backslash;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let special = (quote | backslash | control) & HIGH;
        if special != 0 {
            return length + (special.trailing_zeros() / 8) as usize;
        }
        length += 8;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..=0x1f);
    let rest = words.remainder();
    length + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn eight_at_a_time_finds_what_one_at_a_time_finds(
            bytes in prop::collection::vec(prop_oneof![
                20 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 1 => 0x1eu8..0x22,
            ], 0..64),
        ) {
            let slow = bytes.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\');
            prop_assert_eq!(plain_prefix_length(&bytes), slow.unwrap_or(bytes.len()));
        }
    }
}
