//! Why a JSON payload was refused, where, and what to do about it.
//!
//! Must not: repeat more of a stranger's text than a short, escaped piece of a member's name.

use super::Kind;
use std::fmt;

/// Characters of one member's name that an error repeats.
const NAME_CHARACTERS_MAX: usize = 40;

/// A payload was refused. Small, so that reading without errors stays fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError(Box<Detail>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Detail {
    offset: usize,
    reason: Reason,
    path: String,
}

/// What is wrong with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The bytes are not UTF-8.
    #[error("not UTF-8; send the JSON text encoded as UTF-8")]
    NotUtf8,
    /// Another kind of value, or none, stands here.
    #[error("expected {wanted}, found {found}")]
    Expected {
        /// What the format has here.
        wanted: Kind,
        /// What the payload has.
        found: Kind,
    },
    /// A colon, comma or closing bracket is missing.
    #[error("expected {0}")]
    ExpectedSign(&'static str),
    /// A number that is not written as a plain whole number.
    #[error("write a whole number: no fraction, exponent, leading zero or -0")]
    NotWhole,
    /// A string without a closing quote.
    #[error("the string has no closing quote")]
    StringUnfinished,
    /// A control character inside a string.
    #[error("control characters in a string must be escaped")]
    ControlCharacter,
    /// A backslash followed by something that is no JSON escape.
    #[error(
        "not a JSON escape; write \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u and four hex digits"
    )]
    BadEscape,
    /// An escaped half of a surrogate pair without its other half.
    #[error("a lone surrogate is no character; write both halves of the pair")]
    LoneSurrogate,
    /// More nesting than any document of ours has.
    #[error("nested too deeply")]
    TooDeep,
    /// An array is longer than the format allows.
    #[error("more than {items_max} items; send them in several submissions")]
    TooManyItems {
        /// The limit.
        items_max: usize,
    },
    /// A member appears twice in one object.
    #[error("this member appears twice; send it once")]
    Duplicate,
    /// A member that the format does not know.
    #[error("unknown member; remove it")]
    Unknown,
    /// A member that the format requires.
    #[error("member \"{0}\" is missing; add it")]
    Missing(&'static str),
    /// Something follows the document.
    #[error("bytes after the end of the JSON document; send one document only")]
    TrailingBytes,
    /// The caller refuses the value, and says what it should be.
    #[error("{0}")]
    Refused(&'static str),
}

impl JsonError {
    pub(super) fn new(offset: usize, reason: Reason) -> Self {
        JsonError(Box::new(Detail {
            offset,
            reason,
            path: String::new(),
        }))
    }

    /// Bytes from the start of the payload to where reading stopped.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// The member concerned, as `ops[3].points`; empty at the top of the document.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    pub(super) fn within_member(mut self, name: &str) -> Self {
        let name: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
        self.prefix(&name.escape_debug().to_string());
        self
    }

    pub(super) fn within_item(mut self, index: usize) -> Self {
        self.prefix(&format!("[{index}]"));
        self
    }

    fn prefix(&mut self, step: &str) {
        let path = &mut self.0.path;
        if !path.is_empty() && !path.starts_with('[') {
            path.insert(0, '.');
        }
        path.insert_str(0, step);
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Detail {
            offset,
            reason,
            path,
        } = &*self.0;
        if path.is_empty() {
            write!(f, "at byte {offset}: {reason}")
        } else {
            write!(f, "{path} (at byte {offset}): {reason}")
        }
    }
}

impl std::error::Error for JsonError {}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Object => "an object",
            Kind::Array => "an array",
            Kind::String => "a string",
            Kind::Number => "a number",
            Kind::Boolean => "true or false",
            Kind::Null => "null",
            Kind::End => "the end of the text",
            Kind::Other => "something that is no JSON value",
        })
    }
}
