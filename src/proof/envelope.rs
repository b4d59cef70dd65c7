//! The envelope of a submission: from received bytes to a verified, parsed submission.
//!
//! Checks in this order, so that everyone gets the same error for the same bytes: size and form,
//! ledger, key, signature. Must not: decide whether the key is good *now*; the writer does, at the
//! entry's time (`domain::admission`).

use super::jws::{self, Jws, JwsError, Parts, Typ};
use super::keys::{Kid, PublicKey};
use super::payload::{self, PayloadError};
use crate::domain::execute::Signer;
use crate::domain::ids::{Name, Party};
use crate::domain::submission::Submission;

/// A submission whose signature holds, with the bytes that were signed.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// The decoded header.
    pub protected: Vec<u8>,
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// The signature.
    pub signature: [u8; 64],
    /// BLAKE3 of the compact form: equal for equal bytes.
    pub digest: [u8; 32],
    /// Who signed, with which key.
    pub signer: Signer,
    /// The author's name: `house` or a partner id.
    pub author: Name,
    /// What is asked for.
    pub submission: Submission,
}

/// Why received bytes are no envelope that the writer may see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Past a size limit.
    #[error("{0}")]
    TooLarge(JwsError),
    /// Not of our form.
    #[error("{0}")]
    Malformed(JwsError),
    /// The payload is not of our form.
    #[error("{0}")]
    Payload(#[from] PayloadError),
    /// Meant for another ledger.
    #[error("the envelope is for the ledger {found}, and this one is {expected}; sign it for this")]
    WrongLedger {
        /// This ledger's origin.
        expected: String,
        /// The origin in the envelope.
        found: String,
    },
    /// No such key was ever registered.
    #[error("no key {0} is registered in this ledger; register it, or correct kid")]
    KeyUnknown(Kid),
    /// The signature does not hold under the key that the header names.
    #[error("the signature does not verify under {0}; sign exactly the bytes that you send")]
    SignatureInvalid(Kid),
}

/// The registered keys, by their names.
pub trait KeyLookup {
    /// The author and key of a name, whether the key is still good or not.
    fn key(&self, kid: &Kid) -> Option<(Party, &PublicKey)>;
}

/// Opens a submission's envelope.
///
/// `currency_decimals` are those of the programme's currency.
///
/// # Errors
/// The first [`EnvelopeError`] in their order.
pub fn open(
    compact: &[u8],
    origin: &str,
    currency_decimals: u8,
    keys: &impl KeyLookup,
) -> Result<Envelope, EnvelopeError> {
    let jws = Jws::parse(compact, Typ::Submission);
    verified(
        jws.map_err(refused)?,
        compact,
        origin,
        currency_decimals,
        keys,
    )
}

/// Opens the envelope whose decoded parts an entry keeps.
///
/// # Errors
/// As [`open`] gives them for the envelope as it was sent.
pub fn open_parts(
    parts: Parts<'_>,
    origin: &str,
    currency_decimals: u8,
    keys: &impl KeyLookup,
) -> Result<Envelope, EnvelopeError> {
    let compact = jws::compact_from_parts(parts.0, parts.1, parts.2);
    let jws = Jws::of_parts(compact.as_bytes(), parts, Typ::Submission).map_err(refused)?;
    verified(jws, compact.as_bytes(), origin, currency_decimals, keys)
}

/// Opens the envelope of entry 0 from its decoded parts, as [`open_founding`] does.
///
/// # Errors
/// The first [`EnvelopeError`] in their order.
pub fn open_founding_parts(
    (protected, payload, signature): Parts<'_>,
) -> Result<Envelope, EnvelopeError> {
    let compact = jws::compact_from_parts(protected, payload, signature);
    open_founding(compact.as_bytes())
}

fn refused(error: JwsError) -> EnvelopeError {
    match error {
        JwsError::TooLarge { .. } => EnvelopeError::TooLarge(error),
        _ => EnvelopeError::Malformed(error),
    }
}

fn verified(
    jws: Jws<'_>,
    compact: &[u8],
    origin: &str,
    currency_decimals: u8,
    keys: &impl KeyLookup,
) -> Result<Envelope, EnvelopeError> {
    let submission = payload::parse(&jws.payload, Some(currency_decimals))?;
    if submission.ledger != origin {
        let (expected, found) = (origin.to_owned(), submission.ledger);
        return Err(EnvelopeError::WrongLedger { expected, found });
    }
    let unknown = || EnvelopeError::KeyUnknown(jws.kid.clone());
    let (party, key) = keys.key(&jws.kid).ok_or_else(unknown)?;
    if !jws.verify(key) {
        return Err(EnvelopeError::SignatureInvalid(jws.kid));
    }
    Ok(sealed(jws, compact, party, submission))
}

/// Opens the envelope that founds a ledger: signed by one of the house keys that it registers, one
/// with the scope `govern`.
///
/// # Errors
/// The first [`EnvelopeError`] in their order.
pub fn open_founding(compact: &[u8]) -> Result<Envelope, EnvelopeError> {
    use crate::domain::scope::Scope;
    use crate::domain::submission::Action;
    let jws = Jws::parse(compact, Typ::Submission).map_err(EnvelopeError::Malformed)?;
    let submission = payload::parse(&jws.payload, None)?;
    let unknown = || EnvelopeError::KeyUnknown(jws.kid.clone());
    let Some(Action::Found(found)) = submission.ops.first().map(|op| &op.action) else {
        return Err(unknown());
    };
    let named = |key: &&crate::domain::submission::KeyAdd| {
        jws.kid.author() == crate::domain::ids::HOUSE
            && key.key.as_str() == jws.kid.key_id()
            && key.scopes.contains(Scope::Govern)
    };
    let add = found.keys.iter().find(named).ok_or_else(unknown)?;
    let key = PublicKey::register(&add.public).map_err(|_| unknown())?;
    if !jws.verify(&key) {
        return Err(EnvelopeError::SignatureInvalid(jws.kid));
    }
    Ok(sealed(jws, compact, Party::HOUSE, submission))
}

fn sealed(jws: Jws<'_>, compact: &[u8], party: Party, submission: Submission) -> Envelope {
    let name = |text| Name::parse(text).expect("a kid is made of two names");
    Envelope {
        digest: *blake3::hash(compact).as_bytes(),
        signer: Signer {
            party,
            key: name(jws.kid.key_id()),
        },
        author: name(jws.kid.author()),
        protected: jws.protected,
        payload: jws.payload,
        signature: jws.signature,
        submission,
    }
}
