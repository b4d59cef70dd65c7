//! Deterministic CBOR: the few kinds that entries and effects are made of.
//!
//! Purpose: bytes with one form for each value. The reader refuses every other form of the same
//! value, so decoding and encoding again always gives the same bytes.
//!
//! Must not: grow into a CBOR library. No maps, tags, floats, negative numbers or indefinite
//! lengths, because the ledger has none.
//!
//! Spec: RFC 8949 §4.2.1. Every item begins with a head; its argument is a number, a length in
//! bytes, or a count of items, always in the shortest form:
//!
//! ```text
//! major (3 bits) | 0..=23                          the argument itself
//!                | 24..=27, then 1, 2, 4, 8 bytes  the argument, big-endian
//! ```

/// A kind of item: the major type of RFC 8949.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Major {
    /// A whole number that is not negative.
    Uint = 0,
    /// A byte string.
    Bytes = 2,
    /// A UTF-8 string.
    Text = 3,
    /// An array.
    Array = 4,
}

/// Why bytes are not the deterministic CBOR that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// The bytes end inside an item.
    #[error("the bytes end inside an item")]
    Truncated,
    /// Another kind of item stands here.
    #[error("expected an item of major type {wanted:?}, found initial byte 0x{found:02x}")]
    WrongMajor {
        /// What the format has here.
        wanted: Major,
        /// The initial byte that was found.
        found: u8,
    },
    /// A number or length that is not written in its shortest form, or an indefinite length.
    #[error("a number or length is not in its shortest form")]
    NotShortest,
    /// A number that its field cannot hold.
    #[error("a number is too large for its field")]
    TooLarge,
    /// A string or array of another length than the format has here.
    #[error("expected length {expected}, found {found}")]
    WrongLength {
        /// What the format has here.
        expected: u64,
        /// The length that was found.
        found: u64,
    },
    /// A text that is not UTF-8.
    #[error("a text is not UTF-8")]
    NotUtf8,
    /// Something follows the last item.
    #[error("bytes after the last item")]
    TrailingBytes,
}

/// Reads items from front to back. After an error its position is where that item began.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, at: 0 }
    }

    /// Bytes from the start to the next item.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Reads a number.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn uint(&mut self) -> Result<u64, CborError> {
        let (value, next) = self.head(Major::Uint)?;
        self.at = next;
        Ok(value)
    }

    /// Reads a number of at most 16 bits.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn uint16(&mut self) -> Result<u16, CborError> {
        let (value, next) = self.head(Major::Uint)?;
        let value = u16::try_from(value).map_err(|_| CborError::TooLarge)?;
        self.at = next;
        Ok(value)
    }

    /// Reads a byte string.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn bytes(&mut self) -> Result<&'a [u8], CborError> {
        let (content, next) = self.string(Major::Bytes)?;
        self.at = next;
        Ok(content)
    }

    /// Reads a byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn bytes_array<const N: usize>(&mut self) -> Result<&'a [u8; N], CborError> {
        let (content, next) = self.string(Major::Bytes)?;
        let found = content.len() as u64;
        let array = content.try_into();
        let array = array.map_err(|_| CborError::WrongLength {
            expected: N as u64,
            found,
        })?;
        self.at = next;
        Ok(array)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn text(&mut self) -> Result<&'a str, CborError> {
        let (content, next) = self.string(Major::Text)?;
        let text = std::str::from_utf8(content).map_err(|_| CborError::NotUtf8)?;
        self.at = next;
        Ok(text)
    }

    /// Reads the head of an array and gives its number of items, which is never more than bytes
    /// are left.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn array(&mut self) -> Result<usize, CborError> {
        let (items, next) = self.head(Major::Array)?;
        let items = usize::try_from(items).map_err(|_| CborError::Truncated)?;
        if items > self.bytes.len() - next {
            return Err(CborError::Truncated);
        }
        self.at = next;
        Ok(items)
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// [`CborError::TrailingBytes`].
    pub fn finish(self) -> Result<(), CborError> {
        if self.at == self.bytes.len() {
            Ok(())
        } else {
            Err(CborError::TrailingBytes)
        }
    }

    fn string(&self, major: Major) -> Result<(&'a [u8], usize), CborError> {
        let (length, start) = self.head(major)?;
        let length = usize::try_from(length).map_err(|_| CborError::Truncated)?;
        let end = start.checked_add(length).ok_or(CborError::Truncated)?;
        let content = self.bytes.get(start..end).ok_or(CborError::Truncated)?;
        Ok((content, end))
    }

    /// The argument of the next head, and where its content begins.
    fn head(&self, wanted: Major) -> Result<(u64, usize), CborError> {
        let initial = *self.bytes.get(self.at).ok_or(CborError::Truncated)?;
        if initial >> 5 != wanted as u8 {
            return Err(CborError::WrongMajor {
                wanted,
                found: initial,
            });
        }
        let start = self.at + 1;
        let (width, smallest) = match initial & 0x1f {
            argument @ 0..=23 => return Ok((argument.into(), start)),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => return Err(CborError::NotShortest),
        };
        let digits = self
            .bytes
            .get(start..start + width)
            .ok_or(CborError::Truncated)?;
        let argument = digits
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte));
        if argument < smallest {
            return Err(CborError::NotShortest);
        }
        Ok((argument, start + width))
    }
}

/// Appends the head of an item in its shortest form.
#[inline]
pub fn write_head(major: Major, argument: u64, out: &mut Vec<u8>) {
    let [.., low] = argument.to_be_bytes();
    match argument {
        0..=23 => out.push((major as u8) << 5 | low),
        _ => write_long_head(major, argument, out),
    }
}

fn write_long_head(major: Major, argument: u64, out: &mut Vec<u8>) {
    let major = (major as u8) << 5;
    let [b0, b1, b2, b3, b4, b5, b6, b7] = argument.to_be_bytes();
    match argument {
        0..=0xff => out.extend_from_slice(&[major | 24, b7]),
        0x100..=0xffff => out.extend_from_slice(&[major | 25, b6, b7]),
        0x1_0000..=0xffff_ffff => out.extend_from_slice(&[major | 26, b4, b5, b6, b7]),
        _ => out.extend_from_slice(&[major | 27, b0, b1, b2, b3, b4, b5, b6, b7]),
    }
}

/// Appends a number.
pub fn write_uint(value: u64, out: &mut Vec<u8>) {
    write_head(Major::Uint, value, out);
}

/// Appends a byte string.
pub fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_head(Major::Bytes, bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Appends a text.
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    write_head(Major::Text, text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests;
