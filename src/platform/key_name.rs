//! The name of a key: whose it is, and which one.
//!
//! It is written `<author>/<key id>` in a signature's `kid`, and `<author>.<key id>.pem` as the
//! name of a file. Ids hold neither `/` nor `.`, so that both forms have one meaning.

use crate::proof::keys::is_name;
use std::path::Path;

/// Who signs with a key, and which of its keys it is.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyName {
    author: String,
    key: String,
}

/// A text that names no key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "\"{text}\" names no key: expected {expected}, \
     both ids of 1 to 32 lower-case letters, digits and hyphens"
)]
pub struct KeyNameError {
    /// The text that was given.
    pub text: String,
    /// Its proper form.
    pub expected: &'static str,
}

impl KeyName {
    /// The name of `author`'s key `key`; both are ids.
    ///
    /// # Errors
    /// One of them is no id.
    pub fn new(author: &str, key: &str) -> Result<Self, KeyNameError> {
        if !is_name(author) || !is_name(key) {
            let text = format!("{author}/{key}");
            return Err(KeyNameError {
                text,
                expected: "<author>/<key id>",
            });
        }
        Ok(Self {
            author: author.to_owned(),
            key: key.to_owned(),
        })
    }

    /// Reads a `kid`: `<author>/<key id>`.
    ///
    /// # Errors
    /// The text is no `kid`.
    pub fn from_kid(kid: &str) -> Result<Self, KeyNameError> {
        let refused = || KeyNameError {
            text: kid.to_owned(),
            expected: "<author>/<key id>",
        };
        let (author, key) = kid.split_once('/').ok_or_else(refused)?;
        Self::new(author, key).map_err(|_| refused())
    }

    /// Reads the name of a key file: `<author>.<key id>.pem`; folders before it do not matter.
    ///
    /// # Errors
    /// The file is not named like a key.
    pub fn from_path(path: &Path) -> Result<Self, KeyNameError> {
        let refused = || KeyNameError {
            text: path.display().to_string(),
            expected: "a file <author>.<key id>.pem",
        };
        let file_name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(refused)?;
        let stem = file_name.strip_suffix(".pem").ok_or_else(refused)?;
        let (author, key) = stem.split_once('.').ok_or_else(refused)?;
        Self::new(author, key).map_err(|_| refused())
    }

    /// Who signs with the key: a partner, or `house`.
    #[must_use]
    pub fn author(&self) -> &str {
        &self.author
    }

    /// Which of the author's keys it is.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The `kid` of a JWS header: `<author>/<key id>`.
    #[must_use]
    pub fn kid(&self) -> String {
        format!("{}/{}", self.author, self.key)
    }

    /// The name of the key's file: `<author>.<key id>.pem`.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.{}.pem", self.author, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_kids_and_files() {
        let name = KeyName::from_path(Path::new("/keys/house.govern-1.pem")).unwrap();
        assert_eq!((name.author(), name.key()), ("house", "govern-1"));
        assert_eq!(KeyName::from_kid("house/govern-1").unwrap(), name);
        assert_eq!(name.file_name(), "house.govern-1.pem");
        for path in [
            "house.pem",
            "house.a.b.pem",
            "House.a.pem",
            "house.a",
            ".a.pem",
            "..pem",
        ] {
            assert!(KeyName::from_path(Path::new(path)).is_err(), "{path}");
        }
        for kid in ["house", "house/", "/a", "a/b/c", "a/B", "../a"] {
            assert!(KeyName::from_kid(kid).is_err(), "{kid}");
        }
    }
}
