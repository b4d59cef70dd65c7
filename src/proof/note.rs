//! Signed notes: text that people can read, with signatures that tools can check.
//!
//! Purpose: write and open the notes that checkpoints are made of, and the public form of the keys
//! that sign them.
//!
//! Must not: give out text of which no known key vouches, or pass over a bad signature by a known
//! key.
//!
//! Spec: C2SP signed-note; keys in the form of Go's `sumdb/note`. Ed25519 (type 0x01) only.
//!
//! ```text
//! <text, ends in a newline>
//! <empty line>
//! — <name> <base64(key hash, 4 B || signature, 64 B)>       one line for each signature
//!
//! key hash = SHA-256(name || 0x0A || 0x01 || public key)[..4]
//! vkey     = <name>+<key hash in hex>+<base64(0x01 || public key)>
//! ```

use super::base64url::{decode_standard, decode_standard_array, encode_standard};
use super::keys::{self, KeyError, PublicKey};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Longest note that is opened; room for 16 post-quantum signatures.
pub const NOTE_BYTES_MAX: usize = 128 * 1024;
/// Most signatures on a note that is opened.
pub const SIGNATURES_MAX: usize = 64;
/// Longest name of a key.
pub const NAME_BYTES_MAX: usize = 255;

/// The signature type of plain Ed25519.
const ED25519: u8 = 0x01;
const SIGNATURE_LINE: &str = "\u{2014} ";

/// Why a note is not opened or a key is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// More bytes or signatures than a note may have.
    #[error("a note has at most {NOTE_BYTES_MAX} bytes and {SIGNATURES_MAX} signatures")]
    TooLarge,
    /// Not UTF-8, or a control character other than the newline.
    #[error("a note is UTF-8 without control characters other than the newline")]
    NotText,
    /// No text, empty line and signature lines, in this order.
    #[error("a note is text, an empty line, then signature lines, each ended by a newline")]
    NotANote,
    /// A line among the signatures that is none.
    #[error("a signature line is an em dash, a key name and base64, with single spaces")]
    SignatureLine,
    /// A signature by a known key is wrong: the note was changed, or the signature is forged.
    #[error("a signature by a known key does not verify; do not trust this note")]
    BadSignature,
    /// No known key has signed.
    #[error(
        "none of the known keys has signed this note; if the ledger's key was rotated, pin the \
         newer one"
    )]
    NotSigned,
    /// A key's name is empty, too long, or holds a space, a plus or a control character.
    #[error("a key name has 1 to {NAME_BYTES_MAX} bytes, no spaces, no plus sign")]
    Name,
    /// Not a `name+hash+base64` verifier key, or not Ed25519.
    #[error("a verifier key is <name>+<8 hex digits>+<base64> of an Ed25519 key")]
    VerifierKey,
    /// The hash in a verifier key is not that of its name and key.
    #[error("the hash in the verifier key is another one; copy the whole key again")]
    KeyHash,
    /// The key itself is refused.
    #[error("verifier key: {0}")]
    Key(#[from] KeyError),
}

/// The public half of a note key: a name and a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: [u8; 4],
    key: PublicKey,
}

impl VerifierKey {
    /// A key under a name.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        let hash = key_hash(name, ED25519, &key)?;
        Ok(VerifierKey {
            name: name.to_owned(),
            hash,
            key,
        })
    }

    /// Reads a `name+hash+base64` verifier key.
    ///
    /// # Errors
    /// [`NoteError`] about the key.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let (name, hash, key) = parse_key(vkey, ED25519)?;
        let name = name.to_owned();
        Ok(VerifierKey { name, hash, key })
    }

    /// The key's name.
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
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write_key(&self.name, ED25519, &self.key, self.hash))
    }
}

/// The secret half of a note key.
#[derive(Clone)]
pub struct NoteSigner {
    verifier: VerifierKey,
    key: SigningKey,
}

impl NoteSigner {
    /// A signer from its name and the 32 secret bytes of RFC 8032.
    ///
    /// # Errors
    /// [`NoteError::Name`].
    pub fn new(name: &str, secret: &[u8; 32]) -> Result<Self, NoteError> {
        let key = SigningKey::from_bytes(secret);
        let verifier = VerifierKey::new(name, keys::public_key(&key))?;
        Ok(NoteSigner { verifier, key })
    }

    /// The key that others verify with.
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.verifier.key.to_bytes()
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.verifier)
    }
}

/// Signs a text with every one of `signers`.
///
/// # Panics
/// If the text could not be opened again: it must end in a newline and hold no other control
/// characters, and there must be 1 to [`SIGNATURES_MAX`] signers.
#[must_use]
pub fn sign(text: &str, signers: &[&NoteSigner]) -> String {
    assert!(
        text.ends_with('\n') && is_text(text),
        "not the text of a note: {text:?}"
    );
    assert!(
        (1..=SIGNATURES_MAX).contains(&signers.len()),
        "{} signers",
        signers.len()
    );
    let mut note = format!("{text}\n");
    for NoteSigner { verifier, key } in signers {
        let signature = key.sign(text.as_bytes()).to_bytes();
        note += &write_line(&verifier.name, verifier.hash, &signature);
    }
    assert!(
        note.len() <= NOTE_BYTES_MAX,
        "a note of {} bytes is too long",
        note.len()
    );
    note
}

/// A note of which at least one known key vouches, and no known key's signature is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened<'n, 'k> {
    /// The signed text, with its last newline.
    pub text: &'n str,
    /// The known keys that signed, in the order of their first signature, each once.
    pub signed_by: Vec<&'k VerifierKey>,
}

/// Opens a note: checks its form and every signature by a known key. Signatures by other keys say
/// nothing and are passed over.
///
/// # Errors
/// [`NoteError`].
pub fn open<'n, 'k>(note: &'n [u8], known: &'k [VerifierKey]) -> Result<Opened<'n, 'k>, NoteError> {
    let (text, signatures) = split(note)?;
    let mut signed_by: Vec<&VerifierKey> = Vec::new();
    for signature in signature_lines(signatures)? {
        let by = |key: &&VerifierKey| signature.is_by(&key.name, key.hash);
        let Some(key) = known.iter().find(by) else {
            continue;
        };
        let bytes = signature.bytes.as_slice().try_into();
        let bytes = bytes.map_err(|_| NoteError::BadSignature)?;
        if !key.key.verify(text.as_bytes(), bytes) {
            return Err(NoteError::BadSignature);
        }
        if !signed_by.contains(&key) {
            signed_by.push(key);
        }
    }
    if signed_by.is_empty() {
        return Err(NoteError::NotSigned);
    }
    Ok(Opened { text, signed_by })
}

/// One signature line, of whatever type.
pub(super) struct SignatureLine<'n> {
    /// The line with its newline.
    pub line: &'n str,
    name: &'n str,
    hash: [u8; 4],
    /// What follows the key hash.
    pub bytes: Vec<u8>,
}

impl SignatureLine<'_> {
    /// Whether it names this key.
    pub(super) fn is_by(&self, name: &str, hash: [u8; 4]) -> bool {
        self.name == name && self.hash == hash
    }
}

/// Reads signature lines, at most [`SIGNATURES_MAX`].
pub(super) fn signature_lines(lines: &str) -> Result<Vec<SignatureLine<'_>>, NoteError> {
    let read = |(count, line)| match count {
        SIGNATURES_MAX => Err(NoteError::TooLarge),
        _ => signature_line(line).ok_or(NoteError::SignatureLine),
    };
    lines.split_inclusive('\n').enumerate().map(read).collect()
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let inner = line.strip_suffix('\n')?.strip_prefix(SIGNATURE_LINE)?;
    let (name, signature) = inner.split_once(' ')?;
    let signature = decode_standard(signature.as_bytes()).ok()?;
    let (hash, bytes) = signature.split_first_chunk::<4>()?;
    let is_one = is_key_name(name) && !bytes.is_empty();
    is_one.then_some(SignatureLine {
        line,
        name,
        hash: *hash,
        bytes: bytes.to_vec(),
    })
}

/// The line of a signature, with its newline.
pub(super) fn write_line(name: &str, hash: [u8; 4], signature: &[u8]) -> String {
    let signature = encode_standard(&[&hash[..], signature].concat());
    format!("{SIGNATURE_LINE}{name} {signature}\n")
}

/// The text with its newline, and the signature lines, parted at the last empty line.
pub(super) fn split(note: &[u8]) -> Result<(&str, &str), NoteError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(NoteError::TooLarge);
    }
    let note = std::str::from_utf8(note).map_err(|_| NoteError::NotText)?;
    if !is_text(note) {
        return Err(NoteError::NotText);
    }
    let at = note.rfind("\n\n").ok_or(NoteError::NotANote)?;
    let (text, signatures) = (&note[..=at], &note[at + 2..]);
    if !signatures.ends_with('\n') {
        return Err(NoteError::NotANote);
    }
    Ok((text, signatures))
}

fn is_text(text: &str) -> bool {
    text.bytes().all(|byte| byte >= 0x20 || byte == b'\n')
}

fn is_key_name(name: &str) -> bool {
    let is_plain = |character: char| !character.is_whitespace() && character >= ' ';
    let length_is_right = (1..=NAME_BYTES_MAX).contains(&name.len());
    length_is_right && name.chars().all(is_plain) && !name.contains('+')
}

/// The hash by which signature lines name a key of a signature type.
pub(super) fn key_hash(name: &str, of_type: u8, key: &PublicKey) -> Result<[u8; 4], NoteError> {
    if !is_key_name(name) {
        return Err(NoteError::Name);
    }
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', of_type]);
    let [a, b, c, d, ..] = hash.chain_update(key.to_bytes()).finalize().0;
    Ok([a, b, c, d])
}

/// Reads the name, hash and key of a verifier key of a signature type.
pub(super) fn parse_key(vkey: &str, of_type: u8) -> Result<(&str, [u8; 4], PublicKey), NoteError> {
    let mut parts = vkey.splitn(3, '+');
    let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::VerifierKey);
    };
    let [first, key @ ..] =
        decode_standard_array::<33>(key.as_bytes()).map_err(|_| NoteError::VerifierKey)?;
    if first != of_type {
        return Err(NoteError::VerifierKey);
    }
    let key = PublicKey::register(&key)?;
    let own = key_hash(name, of_type, &key)?;
    if hex(own) != hash {
        return Err(NoteError::KeyHash);
    }
    Ok((name, own, key))
}

/// The `name+hash+base64` form of a key of a signature type.
pub(super) fn write_key(name: &str, of_type: u8, key: &PublicKey, hash: [u8; 4]) -> String {
    let key = encode_standard(&[&[of_type][..], &key.to_bytes()].concat());
    format!("{name}+{}+{key}", hex(hash))
}

fn hex(hash: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(hash))
}

#[cfg(test)]
mod tests;
