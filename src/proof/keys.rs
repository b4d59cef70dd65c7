//! Ed25519 keys: who may be registered, what a valid signature is, and how keys are named.
//!
//! Purpose: one verdict on signatures for the whole project. The normative rule is
//! `verify_strict` of `ed25519-dalek`: S < L, R and A not of small order, R canonical, and the
//! equation without cofactor. Keys are judged once, when they are registered, and more sharply
//! than any verifier would.
//!
//! Must not: verify in batches. A batch accepts signatures whose R carries a torsion component
//! with a chance that depends on its neighbours, so house and auditor could disagree. It must not
//! print a secret either.
//!
//! Spec: RFC 8032 §5.1; "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020).
//! A key's name, the `kid` of RFC 7515:
//!
//! ```text
//! kid   = name "/" name          author, then one of the author's keys
//! name  = [a-z0-9][a-z0-9-]{0,31}
//! ```

mod multiples;
mod table;

use crate::domain::ids::Name;
use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use std::fmt;
use std::sync::Arc;
use table::KeyTable;

pub use table::{TABLE_BYTES, TABLE_FROM, TABLES_MAX};

/// Why 32 bytes are not registered as a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are no point of the curve.
    #[error("these 32 bytes are no Ed25519 public key; export the raw public key again")]
    NotAPoint,
    /// A point, but written in a way that its canonical encoding differs from.
    #[error("the public key is not canonically encoded; generate a new key")]
    NotCanonical,
    /// One of the eight points of small order: anybody can sign for such a key.
    #[error("the public key is weak (small order); generate a new key")]
    SmallOrder,
    /// A point outside the prime-order group: no honest key generation makes one.
    #[error("the public key has a torsion component; generate a new key")]
    Torsion,
}

/// A public key that passed the checks of registration.
#[derive(Clone)]
pub struct PublicKey {
    verifying: VerifyingKey,
    table: Option<Arc<KeyTable>>,
}

impl PublicKey {
    /// Checks the 32 bytes of a key and prepares it for verification.
    ///
    /// # Errors
    /// A [`KeyError`] for any key that an honest key generation cannot have made.
    pub fn register(bytes: &[u8; 32]) -> Result<PublicKey, KeyError> {
        let point = CompressedEdwardsY(*bytes)
            .decompress()
            .ok_or(KeyError::NotAPoint)?;
        if point.compress().as_bytes() != bytes {
            return Err(KeyError::NotCanonical);
        }
        if point.is_small_order() {
            return Err(KeyError::SmallOrder);
        }
        if !point.is_torsion_free() {
            return Err(KeyError::Torsion);
        }
        let verifying = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        let table = None;
        Ok(PublicKey { verifying, table })
    }

    /// The same key with a table of [`TABLE_BYTES`], for one that verifies many signatures. Its
    /// verdicts are the same, and come faster.
    #[must_use]
    pub fn with_table(&self) -> PublicKey {
        let table = self.table.clone();
        let new = || Arc::new(KeyTable::new(self.verifying.as_bytes()));
        PublicKey {
            verifying: self.verifying,
            table: Some(table.unwrap_or_else(new)),
        }
    }

    /// The one verdict on a signature: true if and only if `verify_strict` accepts it.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        match &self.table {
            Some(table) => table.verify(message, signature),
            None => {
                let signature = Signature::from_bytes(signature);
                self.verifying.verify_strict(message, &signature).is_ok()
            }
        }
    }

    /// The 32 bytes of RFC 8032.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.verifying.to_bytes()
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.verifying == other.verifying
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PublicKey({})",
            super::base64url::encode(self.verifying.as_bytes())
        )
    }
}

/// Why a text is no name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a kid is <author>/<key id>, each [a-z0-9][a-z0-9-]{{0,31}}")]
pub struct KidError;

/// The name of a key: its author and, among that author's keys, which one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kid {
    text: Box<str>,
    author_bytes: usize,
}

impl Kid {
    /// Reads `<author>/<key id>`.
    ///
    /// # Errors
    /// [`KidError`] if one of the two is no name, or there are not two.
    pub fn parse(text: &str) -> Result<Kid, KidError> {
        let (author, key_id) = text.split_once('/').ok_or(KidError)?;
        if !is_name(author) || !is_name(key_id) {
            return Err(KidError);
        }
        Ok(Kid {
            text: text.into(),
            author_bytes: author.len(),
        })
    }

    /// Who signs.
    #[must_use]
    pub fn author(&self) -> &str {
        &self.text[..self.author_bytes]
    }

    /// Which of the author's keys.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.text[self.author_bytes + 1..]
    }

    /// `<author>/<key id>`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether `text` is a name of an author or key, as [`Name`] rules.
#[must_use]
pub fn is_name(text: &str) -> bool {
    Name::parse(text).is_ok()
}

/// A secret key with its name: signs envelopes, tokens and statements. The secret is wiped from
/// memory when this is dropped.
#[derive(Clone)]
pub struct Signer {
    kid: Kid,
    key: SigningKey,
}

impl Signer {
    /// A signer from the 32 secret bytes of RFC 8032.
    #[must_use]
    pub fn new(kid: Kid, secret: &[u8; 32]) -> Signer {
        Signer {
            kid,
            key: SigningKey::from_bytes(secret),
        }
    }

    /// The key's name.
    #[must_use]
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// The public key that belongs to the secret.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        public_key(&self.key)
    }

    /// Signs the exact bytes of `message`.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.kid)
    }
}

/// The registered form of the public key of `key`.
pub(super) fn public_key(key: &SigningKey) -> PublicKey {
    PublicKey::register(key.verifying_key().as_bytes())
        .expect("a key made from a secret is canonical and of prime order")
}

#[cfg(test)]
mod tests;
