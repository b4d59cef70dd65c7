//! A strict JSON reader for payloads that strangers send.
//!
//! Purpose: read a signed payload once, without copying, so strictly that there is one reading of
//! it only: what the signer meant, what the house executes and what an auditor replays cannot
//! differ. The caller drives it by the shape it expects and names every member it knows.
//!
//! Must not: skip. There is no "any value", no `null`, no number but the whole one: whatever the
//! caller does not ask for is refused. It is no general JSON library, and it writes nothing.
//!
//! Spec: RFC 8259, narrowed by RFC 7493 (I-JSON) and further:
//! - UTF-8 without byte order mark; lone surrogates are refused, also when escaped;
//! - a number is `0` or `-?[1-9][0-9]*`: no fraction, no exponent, no `-0`. Its size is not judged
//!   here ([`Integer`]), because a number out of range is a business answer and not bad syntax;
//! - a member seen twice is refused ([`Fields`]), and so is anything after the document;
//! - at most [`DEPTH_MAX`] objects and arrays in one another.

mod error;
mod text;

pub use error::{JsonError, Reason};

use std::borrow::Cow;

/// Greatest depth of nesting; our own documents need four.
pub const DEPTH_MAX: u32 = 8;

/// A JSON whole number. Whether it is in range is for the caller to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integer {
    /// A number that an `i64` holds.
    Within(i64),
    /// A whole number above `i64::MAX`.
    Above,
    /// A whole number below `i64::MIN`.
    Below,
}

impl Integer {
    /// The number, if it lies in `range`.
    #[must_use]
    pub fn within(self, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        match self {
            Integer::Within(value) if range.contains(&value) => Some(value),
            _ => None,
        }
    }

    /// The number cut off at the bounds of `i64`.
    #[must_use]
    pub fn saturated(self) -> i64 {
        match self {
            Integer::Within(value) => value,
            Integer::Above => i64::MAX,
            Integer::Below => i64::MIN,
        }
    }
}

/// What kind of value comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// A digit or a minus sign.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`, which no payload of ours has.
    Null,
    /// The end of the text.
    End,
    /// No value begins like this.
    Other,
}

/// Which members of one object have been seen, one bit each.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields(u64);

impl Fields {
    /// No member seen yet.
    #[must_use]
    pub fn new() -> Self {
        Fields(0)
    }

    /// Marks the member that has number `bit` as seen.
    ///
    /// # Errors
    /// [`Reason::Duplicate`] if it was seen before.
    pub fn mark(&mut self, bit: u32, reader: &Reader<'_>) -> Result<(), JsonError> {
        assert!(bit < u64::BITS, "an object has at most 64 known members");
        let mask = 1 << bit;
        if self.0 & mask != 0 {
            return Err(reader.refuse(Reason::Duplicate));
        }
        self.0 |= mask;
        Ok(())
    }

    /// Whether the member that has number `bit` was seen.
    #[must_use]
    pub fn has(self, bit: u32) -> bool {
        assert!(bit < u64::BITS, "an object has at most 64 known members");
        self.0 & (1 << bit) != 0
    }

    /// Checks that all of `members` (number, name) were seen.
    ///
    /// # Errors
    /// [`Reason::Missing`] with the name of the first that was not.
    pub fn require(
        self,
        members: &[(u32, &'static str)],
        reader: &Reader<'_>,
    ) -> Result<(), JsonError> {
        match members.iter().find(|(bit, _)| !self.has(*bit)) {
            Some((_, name)) => Err(reader.refuse(Reason::Missing(name))),
            None => Ok(()),
        }
    }
}

/// Reads one JSON document from front to back.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// Starts at the beginning of `bytes`.
    ///
    /// # Errors
    /// [`Reason::NotUtf8`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, JsonError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Reader {
                text,
                at: 0,
                depth: 0,
            }),
            Err(error) => Err(JsonError::new(error.valid_up_to(), Reason::NotUtf8)),
        }
    }

    /// How many bytes have been read.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// How many bytes have not been read.
    #[must_use]
    pub fn left(&self) -> usize {
        self.text.len() - self.at
    }

    /// An error at the place where the reader stands, for a value that the caller refuses.
    #[must_use]
    pub fn refuse(&self, reason: Reason) -> JsonError {
        JsonError::new(self.at, reason)
    }

    /// The kind of the value that comes next; white space before it is passed over.
    pub fn kind(&mut self) -> Kind {
        self.pass_white_space();
        match self.byte() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b'-' | b'0'..=b'9') => Kind::Number,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            Some(_) => Kind::Other,
            None => Kind::End,
        }
    }

    /// The text of the next object's first member, if that is called `name` and is a string. This
    /// only looks ahead; the object is still to be read, and judged.
    #[must_use]
    pub fn first_member(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut ahead = self.clone();
        ahead.open(b'{', Kind::Object).ok()?;
        let is_it = ahead.kind() == Kind::String && ahead.string().ok()? == name;
        if !is_it || !ahead.take_if(b':') || ahead.kind() != Kind::String {
            return None;
        }
        ahead.string().ok()
    }

    /// Reads an object. `member` gets the name of each member, must read its value, and must
    /// refuse names that it does not know ([`Reason::Unknown`]) or has seen ([`Fields::mark`]).
    ///
    /// # Errors
    /// Bad syntax, too deep nesting, or what `member` answers, with the member's name in its path.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, &str) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.open(b'{', Kind::Object)?;
        if !self.take_if(b'}') {
            loop {
                let name = self.string()?;
                if !self.take_if(b':') {
                    return Err(self.refuse(Reason::ExpectedSign("':' after a member's name")));
                }
                member(self, &name).map_err(|error| error.within_member(&name))?;
                if self.take_if(b',') {
                    continue;
                }
                if self.take_if(b'}') {
                    break;
                }
                return Err(self.refuse(Reason::ExpectedSign("',' or '}' after a member")));
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an array of at most `items_max` items, calling `item` to read each; gives their
    /// number.
    ///
    /// # Errors
    /// Bad syntax, too deep nesting, [`Reason::TooManyItems`], or what `item` answers, with the
    /// item's index in its path.
    pub fn array(
        &mut self,
        items_max: usize,
        mut item: impl FnMut(&mut Self) -> Result<(), JsonError>,
    ) -> Result<usize, JsonError> {
        self.open(b'[', Kind::Array)?;
        let mut items = 0;
        if !self.take_if(b']') {
            loop {
                if items == items_max {
                    return Err(self.refuse(Reason::TooManyItems { items_max }));
                }
                item(self).map_err(|error| error.within_item(items))?;
                items += 1;
                if self.take_if(b',') {
                    continue;
                }
                if self.take_if(b']') {
                    break;
                }
                return Err(self.refuse(Reason::ExpectedSign("',' or ']' after an item")));
            }
        }
        self.depth -= 1;
        Ok(items)
    }

    /// Reads a string, borrowed from the payload unless it holds escapes.
    ///
    /// # Errors
    /// Not a string, a control character, an unknown escape, a lone surrogate, or no end.
    pub fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect_kind(Kind::String)?;
        text::string(self)
    }

    /// Reads a whole number of any size.
    ///
    /// # Errors
    /// Not a number, or one with a fraction, an exponent, leading zeros, or `-0`.
    pub fn integer(&mut self) -> Result<Integer, JsonError> {
        self.expect_kind(Kind::Number)?;
        let negative = self.byte() == Some(b'-');
        let digits_at = self.at + usize::from(negative);
        let bytes = self.text.as_bytes();
        let mut end = digits_at;
        let mut magnitude = Some(0u64);
        while let Some(digit) = bytes.get(end).map(|byte| byte.wrapping_sub(b'0'))
            && digit <= 9
        {
            magnitude = magnitude
                .and_then(|m| m.checked_mul(10))
                .and_then(|m| m.checked_add(digit.into()));
            end += 1;
        }
        let leading_zero = bytes.get(digits_at) == Some(&b'0');
        let whole = !matches!(bytes.get(end), Some(b'.' | b'e' | b'E'));
        if end == digits_at || !whole || (leading_zero && (negative || end - digits_at > 1)) {
            return Err(self.refuse(Reason::NotWhole));
        }
        self.at = end;
        Ok(match (negative, magnitude) {
            (false, Some(m)) => i64::try_from(m).map_or(Integer::Above, Integer::Within),
            (false, None) => Integer::Above,
            (true, Some(m)) => 0i64
                .checked_sub_unsigned(m)
                .map_or(Integer::Below, Integer::Within),
            (true, None) => Integer::Below,
        })
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// Anything else.
    pub fn boolean(&mut self) -> Result<bool, JsonError> {
        self.expect_kind(Kind::Boolean)?;
        let rest = &self.text.as_bytes()[self.at..];
        let value = rest.starts_with(b"true");
        if !value && !rest.starts_with(b"false") {
            return Err(self.refuse(Reason::Expected {
                wanted: Kind::Boolean,
                found: Kind::Other,
            }));
        }
        self.at += if value { 4 } else { 5 };
        Ok(value)
    }

    /// Checks that nothing but white space is left.
    ///
    /// # Errors
    /// [`Reason::TrailingBytes`].
    pub fn finish(mut self) -> Result<(), JsonError> {
        match self.kind() {
            Kind::End => Ok(()),
            _ => Err(self.refuse(Reason::TrailingBytes)),
        }
    }

    fn open(&mut self, sign: u8, kind: Kind) -> Result<(), JsonError> {
        self.expect_kind(kind)?;
        if self.depth == DEPTH_MAX {
            return Err(self.refuse(Reason::TooDeep));
        }
        self.depth += 1;
        let taken = self.take_if(sign);
        assert!(taken, "the kind was checked by its opening sign");
        Ok(())
    }

    fn expect_kind(&mut self, wanted: Kind) -> Result<(), JsonError> {
        let found = self.kind();
        if found == wanted {
            return Ok(());
        }
        Err(self.refuse(Reason::Expected { wanted, found }))
    }

    fn take_if(&mut self, sign: u8) -> bool {
        self.pass_white_space();
        let found = self.byte() == Some(sign);
        self.at += usize::from(found);
        found
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn pass_white_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests;
