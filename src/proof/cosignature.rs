//! Cosignatures: a witness says that a checkpoint extends every one that it saw before.
//!
//! Purpose: keys of witnesses, signing and checking. A cosignature is one more signature line of
//! the checkpoint's note, so tools that do not know it pass it over.
//!
//! Must not: decide whether a witness may sign ([`super::witnessed`] does), or how many
//! cosignatures are enough ([`super::policy`] does).
//!
//! Spec: C2SP tlog-cosignature, Ed25519 (type 0x04) only.
//!
//! ```text
//! — <name> <base64(key hash, 4 B || time, 8 B, big-endian || signature, 64 B)>
//!
//! what is signed:     cosignature/v1
//!                     time <seconds since 1970, decimal>
//!                     <the whole text of the checkpoint>
//!
//! key hash = SHA-256(name || 0x0A || 0x04 || public key)[..4]
//! vkey     = <name>+<key hash in hex>+<base64(0x04 || public key)>
//! ```

use super::keys::{self, PublicKey};
use super::note::{self, NoteError};
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;

/// The signature type of a cosignature with Ed25519.
const COSIGNATURE: u8 = 0x04;
/// The latest time that may be signed.
const TIME_S_MAX: u64 = i64::MAX.unsigned_abs();

/// The public half of a witness's key: its name and public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    hash: [u8; 4],
    key: PublicKey,
}

impl WitnessKey {
    /// A key under a name.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        let hash = note::key_hash(name, COSIGNATURE, &key)?;
        let name = name.to_owned();
        Ok(WitnessKey { name, hash, key })
    }

    /// Reads a `name+hash+base64` key of type 0x04.
    ///
    /// # Errors
    /// [`NoteError`] about the key.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let (name, hash, key) = note::parse_key(vkey, COSIGNATURE)?;
        let name = name.to_owned();
        Ok(WitnessKey { name, hash, key })
    }

    /// The witness's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }
}

/// The `name+hash+base64` form, which can be printed, pinned and parsed again.
impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&note::write_key(
            &self.name,
            COSIGNATURE,
            &self.key,
            self.hash,
        ))
    }
}

/// The secret half of a witness's key.
#[derive(Clone)]
pub struct WitnessSigner {
    verifier: WitnessKey,
    key: SigningKey,
}

impl WitnessSigner {
    /// A signer from its name and the 32 secret bytes of RFC 8032. One key has one name: the name
    /// is not signed.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(secret);
        let verifier = WitnessKey::new(name, keys::public_key(&key))?;
        Ok(WitnessSigner { verifier, key })
    }

    /// The key that others verify with.
    #[must_use]
    pub fn verifier_key(&self) -> &WitnessKey {
        &self.verifier
    }

    /// The signature line over a checkpoint's text at a time in seconds since 1970.
    ///
    /// # Panics
    /// If the time is beyond 2⁶³ − 1.
    #[must_use]
    pub fn cosign(&self, text: &str, time_s: u64) -> String {
        assert!(time_s <= TIME_S_MAX, "{time_s} is no time to sign");
        let signature = self.key.sign(&message(text, time_s)).to_bytes();
        let bytes = [&time_s.to_be_bytes()[..], &signature].concat();
        note::write_line(&self.verifier.name, self.verifier.hash, &bytes)
    }
}

impl fmt::Debug for WitnessSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessSigner({})", self.verifier)
    }
}

/// What a witness said about a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature<'n, 'k> {
    /// Whose it is.
    pub by: &'k WitnessKey,
    /// When it was made, in seconds since 1970, as the witness says.
    pub time_s: u64,
    /// The signature line with its newline.
    pub line: &'n str,
}

/// The cosignatures of known witnesses on a note, each witness once: its first. Signatures by
/// others say nothing and are passed over.
///
/// # Errors
/// [`NoteError`]; one wrong cosignature of a known witness is [`NoteError::BadSignature`].
pub fn cosigned_by<'n, 'k>(
    note: &'n [u8],
    known: &'k [WitnessKey],
) -> Result<Vec<Cosignature<'n, 'k>>, NoteError> {
    let (text, lines) = note::split(note)?;
    check(text, lines, known)
}

/// The cosignatures of known witnesses among signature lines over a checkpoint's text.
///
/// # Errors
/// As [`cosigned_by`].
pub fn check<'n, 'k>(
    text: &str,
    lines: &'n str,
    known: &'k [WitnessKey],
) -> Result<Vec<Cosignature<'n, 'k>>, NoteError> {
    let mut found: Vec<Cosignature<'_, '_>> = Vec::new();
    for signature in note::signature_lines(lines)? {
        let is_by = |key: &&WitnessKey| signature.is_by(&key.name, key.hash);
        let Some(by) = known.iter().find(is_by) else {
            continue;
        };
        let bytes: &[u8; 72] = signature.bytes.as_slice().try_into().map_err(bad)?;
        let (time, signed) = bytes.split_first_chunk::<8>().expect("72 are more than 8");
        let time_s = u64::from_be_bytes(*time);
        let signed = signed.try_into().map_err(bad)?;
        if time_s > TIME_S_MAX || !by.key.verify(&message(text, time_s), signed) {
            return Err(NoteError::BadSignature);
        }
        if !found.iter().any(|known| known.by == by) {
            let line = signature.line;
            found.push(Cosignature { by, time_s, line });
        }
    }
    Ok(found)
}

fn bad<E>(_: E) -> NoteError {
    NoteError::BadSignature
}

fn message(text: &str, time_s: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time_s}\n{text}").into_bytes()
}

#[cfg(test)]
mod tests;
