//! The envelope: a compact JWS, read so strictly that it has one form only.
//!
//! Purpose: split, check and verify what an author signed, and make such envelopes. Any JOSE
//! library in any language can make and check one. The ledger stores the decoded parts, and from
//! them the exact text that was signed can be written again ([`compact_from_parts`]).
//!
//! Must not: read the payload, look up a key, or accept a header member that it does not know. A
//! key or algorithm named by the envelope itself (`jwk`, `jku`, `x5c`, `alg: none`) is never used.
//!
//! Spec: RFC 7515 §3.1 compact form, RFC 8037 (`EdDSA`), RFC 9864 (`Ed25519`).
//!
//! ```text
//! base64url(header) "." base64url(payload) "." base64url(signature)
//! └──────────────── signed bytes ────────┘
//!
//! header    ≤ 512 B     {"alg":"EdDSA"|"Ed25519","kid":"<author>/<key id>","typ":<kind>}
//!                       exactly these members, in any order
//! payload   ≤ 60,000 B  decoded
//! signature = 64 B
//! ```

use super::base64url::{self, Base64Error};
use super::json::{Fields, JsonError, Reader, Reason};
use super::keys::{Kid, KidError, PublicKey, Signer};
use std::fmt;

/// Longest protected header, decoded.
pub const PROTECTED_BYTES_MAX: usize = 512;
/// Longest payload of what is sent to a house, decoded.
pub const PAYLOAD_BYTES_MAX: usize = 60_000;
/// Longest statement: what a window comes to is bounded by its partners and prices, and 1 GiB is
/// four times a window of a million lines.
pub const STATEMENT_BYTES_MAX: usize = 1 << 30;
/// Longest envelope: both parts at their limits, 86 characters of signature and two dots.
pub const COMPACT_BYTES_MAX: usize = 683 + 80_000 + 86 + 2;

/// Characters of a signature.
const SIGNATURE_CHARACTERS: usize = 86;

/// An envelope's decoded parts, as an entry keeps them: header, payload, signature.
pub type Parts<'a> = (&'a [u8], &'a [u8], &'a [u8; 64]);

/// What an envelope is. A document of one kind can never pass for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Typ {
    /// A submission: what becomes an entry.
    Submission,
    /// A read token.
    Token,
    /// A statement.
    Statement,
}

impl Typ {
    /// The `typ` header member.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Typ::Submission => "tallyhouse+json",
            Typ::Token => "tallyhouse-token+jwt",
            Typ::Statement => "tallyhouse-statement+json",
        }
    }

    /// Longest payload, decoded.
    #[must_use]
    pub fn payload_bytes_max(self) -> usize {
        match self {
            Typ::Submission | Typ::Token => PAYLOAD_BYTES_MAX,
            Typ::Statement => STATEMENT_BYTES_MAX,
        }
    }

    fn compact_bytes_max(self) -> usize {
        let beside = COMPACT_BYTES_MAX - PAYLOAD_BYTES_MAX.div_ceil(3) * 4;
        beside + self.payload_bytes_max().div_ceil(3) * 4
    }

    fn parse(text: &str) -> Option<Typ> {
        [Typ::Submission, Typ::Token, Typ::Statement]
            .into_iter()
            .find(|t| t.as_str() == text)
    }
}

impl fmt::Display for Typ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of the three parts of a compact JWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The protected header.
    Header,
    /// The payload.
    Payload,
    /// The signature.
    Signature,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Header => "header",
            Part::Payload => "payload",
            Part::Signature => "signature",
        })
    }
}

/// Why bytes are no envelope of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// A part is longer than its limit: the answer is `too_large` and not `malformed`.
    #[error("the {part} is longer than {bytes_max} bytes; send fewer ops in one submission")]
    TooLarge {
        /// Which part.
        part: Part,
        /// Its limit, decoded.
        bytes_max: usize,
    },
    /// Not three parts with two dots between them.
    #[error("not a compact JWS: three base64url parts, separated by two dots")]
    NotThreeParts,
    /// A part is not canonical base64url without padding.
    #[error("the {0} is not canonical base64url without padding")]
    NotBase64(Part),
    /// The signature is not 64 bytes.
    #[error("an Ed25519 signature has 64 bytes, this one has {0}")]
    SignatureLength(usize),
    /// The header is not the JSON object that it has to be.
    #[error("header: {0}")]
    Header(#[from] JsonError),
    /// The header's `alg` is another algorithm, or none.
    #[error("header: alg must be \"EdDSA\" or \"Ed25519\"")]
    Algorithm,
    /// The header's `kid` is no name of a key.
    #[error("header: {0}")]
    Kid(#[from] KidError),
    /// The header's `typ` is none of ours.
    #[error("header: typ is no kind of document that this service knows")]
    UnknownTyp,
    /// The header's `typ` is ours, but of another kind of document than belongs here.
    #[error("header: typ is \"{found}\", and \"{expected}\" belongs here")]
    WrongTyp {
        /// The kind that belongs here.
        expected: Typ,
        /// The kind that was sent.
        found: Typ,
    },
}

/// What a protected header says, once it was found to be exactly of our form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The key that signs.
    pub kid: Kid,
    /// What was signed.
    pub typ: Typ,
}

impl Header {
    /// Reads the decoded header, as an envelope or an entry carries it.
    ///
    /// # Errors
    /// A [`JwsError`] about the header.
    pub fn parse(protected: &[u8]) -> Result<Header, JwsError> {
        const MEMBERS: [(u32, &str); 3] = [(0, "alg"), (1, "kid"), (2, "typ")];
        if protected.len() > PROTECTED_BYTES_MAX {
            return Err(too_large(Part::Header, PROTECTED_BYTES_MAX));
        }
        let mut reader = Reader::new(protected)?;
        let mut fields = Fields::new();
        let mut values: [std::borrow::Cow<'_, str>; 3] = Default::default();
        reader.object(|reader, name| {
            let Some((bit, _)) = MEMBERS.iter().find(|(_, member)| *member == name) else {
                return Err(reader.refuse(Reason::Unknown));
            };
            fields.mark(*bit, reader)?;
            values[*bit as usize] = reader.string()?;
            Ok(())
        })?;
        fields.require(&MEMBERS, &reader)?;
        reader.finish()?;
        let [alg, kid, typ] = values;
        if alg != "EdDSA" && alg != "Ed25519" {
            return Err(JwsError::Algorithm);
        }
        let kid = Kid::parse(&kid)?;
        let typ = Typ::parse(&typ).ok_or(JwsError::UnknownTyp)?;
        Ok(Header { kid, typ })
    }
}

/// An envelope of our form. Its signature is not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jws<'a> {
    signing_input: &'a [u8],
    /// The decoded header, byte for byte.
    pub protected: Vec<u8>,
    /// The decoded payload, byte for byte.
    pub payload: Vec<u8>,
    /// The signature, R then S.
    pub signature: [u8; 64],
    /// The name of the key that is said to have signed.
    pub kid: Kid,
    /// The kind of document.
    pub typ: Typ,
}

impl<'a> Jws<'a> {
    /// Splits and checks a compact JWS of the kind that belongs here.
    ///
    /// # Errors
    /// A [`JwsError`]; only [`JwsError::TooLarge`] is about size.
    pub fn parse(compact: &'a [u8], expected: Typ) -> Result<Jws<'a>, JwsError> {
        let payload_bytes_max = expected.payload_bytes_max();
        if compact.len() > expected.compact_bytes_max() {
            return Err(too_large(Part::Payload, payload_bytes_max));
        }
        let mut parts = compact.split(|byte| *byte == b'.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(JwsError::NotThreeParts);
        };
        let signing_input = &compact[..header.len() + 1 + payload.len()];
        let protected = decode(header, Part::Header, PROTECTED_BYTES_MAX)?;
        let Header { kid, typ } = Header::parse(&protected)?;
        if typ != expected {
            return Err(JwsError::WrongTyp {
                expected,
                found: typ,
            });
        }
        let signature = base64url::decode_array(signature).map_err(|error| match error {
            Base64Error::NotCanonical => JwsError::NotBase64(Part::Signature),
            Base64Error::WrongLength { found, .. } => JwsError::SignatureLength(found),
        })?;
        let payload = decode(payload, Part::Payload, payload_bytes_max)?;
        Ok(Jws {
            signing_input,
            protected,
            payload,
            signature,
            kid,
            typ,
        })
    }

    /// The envelope whose decoded parts these are, with what [`compact_from_parts`] makes of them:
    /// as if it were parsed, without decoding again what was encoded just now.
    ///
    /// # Errors
    /// A [`JwsError`], as [`Jws::parse`] gives it.
    pub fn of_parts(
        compact: &'a [u8],
        (protected, payload, signature): Parts<'_>,
        expected: Typ,
    ) -> Result<Jws<'a>, JwsError> {
        let payload_bytes_max = expected.payload_bytes_max();
        if compact.len() > expected.compact_bytes_max() || payload.len() > payload_bytes_max {
            return Err(too_large(Part::Payload, payload_bytes_max));
        }
        let Header { kid, typ } = Header::parse(protected)?;
        if typ != expected {
            return Err(JwsError::WrongTyp {
                expected,
                found: typ,
            });
        }
        Ok(Jws {
            signing_input: &compact[..compact.len() - SIGNATURE_CHARACTERS - 1],
            protected: protected.to_vec(),
            payload: payload.to_vec(),
            signature: *signature,
            kid,
            typ,
        })
    }

    /// The bytes that were signed, as they were sent.
    #[must_use]
    pub fn signing_input(&self) -> &'a [u8] {
        self.signing_input
    }

    /// Whether `key` made the signature.
    #[must_use]
    pub fn verify(&self, key: &PublicKey) -> bool {
        key.verify(self.signing_input, &self.signature)
    }
}

/// Makes an envelope: writes the header, signs, and gives the compact form.
///
/// # Panics
/// If the payload is above [`Typ::payload_bytes_max`], which its maker has to see to.
#[must_use]
pub fn sign(typ: Typ, payload: &[u8], signer: &Signer) -> String {
    assert!(
        payload.len() <= typ.payload_bytes_max(),
        "a payload above the limit is not signed"
    );
    let protected = format!(
        r#"{{"alg":"EdDSA","kid":"{}","typ":"{typ}"}}"#,
        signer.kid()
    );
    let input = signing_input_from_parts(protected.as_bytes(), payload);
    let signature = signer.sign(input.as_bytes());
    with_signature(input, &signature)
}

/// The bytes that were signed, written again from the decoded parts that an entry keeps.
#[must_use]
pub fn signing_input_from_parts(protected: &[u8], payload: &[u8]) -> String {
    let mut input = String::with_capacity((protected.len() + payload.len()) * 4 / 3 + 96);
    base64url::encode_append(protected, &mut input);
    input.push('.');
    base64url::encode_append(payload, &mut input);
    input
}

/// The whole envelope, written again from the decoded parts that an entry keeps. Because base64url
/// is read in its canonical form only, these are exactly the characters that the author sent.
#[must_use]
pub fn compact_from_parts(protected: &[u8], payload: &[u8], signature: &[u8; 64]) -> String {
    with_signature(signing_input_from_parts(protected, payload), signature)
}

fn with_signature(mut input: String, signature: &[u8; 64]) -> String {
    input.push('.');
    base64url::encode_append(signature, &mut input);
    input
}

fn decode(text: &[u8], part: Part, bytes_max: usize) -> Result<Vec<u8>, JwsError> {
    if text.len() > bytes_max.div_ceil(3) * 4 {
        return Err(too_large(part, bytes_max));
    }
    let bytes = base64url::decode(text).map_err(|_| JwsError::NotBase64(part))?;
    if bytes.len() > bytes_max {
        return Err(too_large(part, bytes_max));
    }
    Ok(bytes)
}

fn too_large(part: Part, bytes_max: usize) -> JwsError {
    JwsError::TooLarge { part, bytes_max }
}

#[cfg(test)]
mod tests;
