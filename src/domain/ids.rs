//! Identifiers: short ASCII texts held inline, so that copying one allocates nothing.
//!
//! Must not: accept anything outside its alphabet, or carry meaning beyond equality and order.
//! Source: the word list in `schemas/README.md`.

use std::fmt;
use std::hash::{Hash, Hasher};

/// An ASCII text of 1 to `N` bytes, stored inline. Equality, order and hash are those of the text.
#[derive(Clone, Copy)]
pub struct Text<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing between the quotes.
    #[error("an id is empty; give it at least one character")]
    Empty,
    /// Longer than the alphabet's limit.
    #[error("an id is longer than {limit} characters; shorten it")]
    TooLong {
        /// The greatest length allowed.
        limit: usize,
    },
    /// A character outside the alphabet.
    #[error("an id holds a character outside {alphabet}")]
    Alphabet {
        /// The alphabet as a regular expression.
        alphabet: &'static str,
    },
    /// `house` names the clearing house itself.
    #[error("the id `house` is reserved for the clearing house")]
    Reserved,
}

/// The alphabet of partner, programme and key ids.
pub const NAME_ALPHABET: &str = "[a-z0-9][a-z0-9-]{0,31}";
/// The alphabet of member, op, submission and receipt-number references.
pub const REFERENCE_ALPHABET: &str = "[A-Za-z0-9][A-Za-z0-9._:-]{0,63}";

/// A partner, programme or key id: `[a-z0-9][a-z0-9-]{0,31}`.
pub type Name = Text<32>;
/// A member, op, submission or receipt-number reference: `[A-Za-z0-9][A-Za-z0-9._:-]{0,63}`.
pub type Reference = Text<64>;

impl<const N: usize> Text<N> {
    fn from_bytes(text: &[u8]) -> Option<Self> {
        let length = u8::try_from(text.len()).ok()?;
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { length, bytes })
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("only ASCII alphabets are stored")
    }

    /// The text's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl Name {
    /// Checks a partner, programme or key id.
    ///
    /// # Errors
    /// [`IdError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let outer = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        check(text, 32, NAME_ALPHABET, outer, |b| outer(b) || b == b'-')
    }

    /// Checks a partner or programme id, of which `house` is none.
    ///
    /// # Errors
    /// [`IdError`] says which rule the text breaks.
    pub fn parse_unreserved(text: &str) -> Result<Self, IdError> {
        match Self::parse(text)? {
            id if id.as_str() == HOUSE => Err(IdError::Reserved),
            id => Ok(id),
        }
    }
}

/// The author name of the clearing house.
pub const HOUSE: &str = "house";

impl Reference {
    /// Checks a member, op, submission or receipt-number reference.
    ///
    /// # Errors
    /// [`IdError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let outer = |b: u8| b.is_ascii_alphanumeric();
        let inner = |b: u8| outer(b) || matches!(b, b'.' | b'_' | b':' | b'-');
        check(text, 64, REFERENCE_ALPHABET, outer, inner)
    }
}

fn check<const N: usize>(
    text: &str,
    limit: usize,
    alphabet: &'static str,
    first: impl Fn(u8) -> bool,
    rest: impl Fn(u8) -> bool,
) -> Result<Text<N>, IdError> {
    let (head, tail) = text.as_bytes().split_first().ok_or(IdError::Empty)?;
    if text.len() > limit {
        return Err(IdError::TooLong { limit });
    }
    if !first(*head) || !tail.iter().all(|b| rest(*b)) {
        return Err(IdError::Alphabet { alphabet });
    }
    Text::from_bytes(text.as_bytes()).ok_or(IdError::TooLong { limit })
}

impl<const N: usize> PartialEq for Text<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for Text<N> {}

impl<const N: usize> PartialOrd for Text<N> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<const N: usize> Ord for Text<N> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl<const N: usize> Hash for Text<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Texts hold no byte above 127, so this ends them where another field follows.
        state.write(self.as_bytes());
        state.write_u8(0xff);
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> serde::Serialize for Text<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const N: usize> serde::Deserialize<'de> for Text<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_bytes(text.as_bytes())
            .filter(|_| text.is_ascii() && !text.is_empty())
            .ok_or_else(|| serde::de::Error::custom("not an identifier"))
    }
}

impl<C, const N: usize> minicbor::Encode<C> for Text<N> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(self.as_str())?;
        Ok(())
    }
}

impl<'b, C, const N: usize> minicbor::Decode<'b, C> for Text<N> {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let text = d.str()?;
        Self::from_bytes(text.as_bytes())
            .filter(|_| text.is_ascii())
            .ok_or_else(|| minicbor::decode::Error::message("not an identifier"))
    }
}

/// The number of a party in this ledger: 0 is the house, partners follow in order of registration.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
#[cbor(transparent)]
pub struct Party(#[n(0)] pub u16);

impl Party {
    /// The clearing house.
    pub const HOUSE: Self = Self(0);

    /// Whether this is the clearing house.
    pub fn is_house(self) -> bool {
        self == Self::HOUSE
    }

    /// This party's place in a vector that starts with the house.
    pub fn slot(self) -> usize {
        usize::from(self.0)
    }
}

/// Where an op stands in the ledger.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode,
)]
pub struct OpAt {
    /// Index of its entry.
    #[n(0)]
    pub entry: u64,
    /// Its place in the submission, from 0.
    #[n(1)]
    pub op: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_references_keep_to_their_alphabets() {
        let long = "a".repeat(33);
        for bad in ["", "A", "-a", "a_b", "a.b", "ä", long.as_str()] {
            assert!(Name::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Name::parse("a-9").map(|n| n.to_string()), Ok("a-9".into()));
        assert_eq!(Name::parse_unreserved("house"), Err(IdError::Reserved));
        let long = "a".repeat(65);
        for bad in ["", ".", "..", "-a", ":a", "a b", "a/b", "é", long.as_str()] {
            assert!(Reference::parse(bad).is_err(), "{bad}");
        }
        assert!(Reference::parse("A.b_c:d-9").is_ok());
        assert!(Reference::parse(&"a".repeat(64)).is_ok());
    }
}
