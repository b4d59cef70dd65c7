//! Checking a partner's statement with no trust in the house: its form, its signature, and its
//! place under the root that the ledger binds.
//!
//! Must not: judge what the statement says; whoever has the whole ledger writes it again and
//! compares. What is checked here needs the statement, its `.stated.json` and one receipt.
//!
//! ```text
//! JWS ──signs──▶ canonical JSON ──SHA-256──▶ leaf ──proof──▶ root ◀──holds── issue_statements
//!                                                                             │
//!                                            checkpoint ◀──receipt── entry ◀──┘
//! ```

use super::{Canonical, hex};
use crate::domain::effect::Effect;
use crate::domain::ids::HOUSE;
use crate::domain::statement::{STATEMENT_FORMAT, Stated, Statement};
use crate::domain::submission::Action;
use crate::proof::jws::{Jws, JwsError, Typ};
use crate::proof::keys::{Kid, PublicKey};
use crate::proof::merkle::{self, Hash, leaf_hash};
use crate::proof::receipt::Verified;

/// Why a statement is not what the ledger binds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The envelope is not of our form.
    #[error("the signed file: {0}")]
    Jws(#[from] JwsError),
    /// The key that signs is no key of the house.
    #[error("it is signed by {0}, which is no key of the house")]
    NotTheHouse(Kid),
    /// The signature is not of these bytes, or not by this key.
    #[error("the signature does not hold: a byte was changed, or another key signed")]
    Signature,
    /// Not JSON, or not the members of a statement.
    #[error("not a statement: {0}")]
    Form(String),
    /// A version of the format that this program does not know.
    #[error("the format is \"{0}\"; this program reads {STATEMENT_FORMAT}")]
    Format(String),
    /// Another spelling of the same values.
    #[error("not in the one form of RFC 8785: it was written again by somebody else")]
    NotCanonical,
    /// A text is not 64 hex digits.
    #[error("{0} is not 64 hex digits")]
    Digits(&'static str),
    /// The statement is another than the one that the ledger binds.
    #[error("{what} is {found} here, and {stated} where it was stated")]
    Differs {
        /// What differs.
        what: &'static str,
        /// In the statement.
        found: String,
        /// In what it is compared with.
        stated: String,
    },
    /// The proof does not lead to the root.
    #[error("the proof does not lead from this statement to the root")]
    NotIncluded,
    /// The entry holds another kind of submission.
    #[error("entry {0} issues no statements")]
    OtherEntry(u64),
}

/// A statement that has its one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub statement: Statement,
    /// SHA-256 of its bytes.
    pub sha256: Hash,
}

/// Reads a statement and checks its form: known members alone, our format, canonical JSON.
///
/// # Errors
/// [`StatementError::Form`], [`StatementError::Format`], [`StatementError::NotCanonical`].
pub fn open(json: &[u8]) -> Result<Opened, StatementError> {
    let parsed: Result<Statement, _> = serde_json::from_slice(json);
    let statement = parsed.map_err(|error| StatementError::Form(error.to_string()))?;
    if statement.format != STATEMENT_FORMAT {
        return Err(StatementError::Format(statement.format));
    }
    let again = Canonical::of(&statement);
    if again.json != json {
        return Err(StatementError::NotCanonical);
    }
    Ok(Opened {
        statement,
        sha256: again.sha256,
    })
}

/// Splits a signed statement into the house's key that signs it and the bytes, before the
/// signature is checked.
///
/// # Errors
/// [`StatementError::Jws`], [`StatementError::NotTheHouse`].
pub fn split(compact: &[u8]) -> Result<Jws<'_>, StatementError> {
    let jws = Jws::parse(compact, Typ::Statement)?;
    if jws.kid.author() != HOUSE {
        return Err(StatementError::NotTheHouse(jws.kid));
    }
    Ok(jws)
}

/// Checks the signature.
///
/// # Errors
/// [`StatementError::Signature`].
pub fn verify_signature(jws: &Jws<'_>, key: &PublicKey) -> Result<(), StatementError> {
    match jws.verify(key) {
        true => Ok(()),
        false => Err(StatementError::Signature),
    }
}

/// Checks that a statement is the one that was stated: window, partner and SHA-256.
///
/// # Errors
/// [`StatementError::Differs`].
pub fn verify_stated(opened: &Opened, stated: &Stated) -> Result<(), StatementError> {
    let statement = &opened.statement;
    let (window, sha256) = (statement.identity.window, hex::encode(&opened.sha256));
    same("window", &window, &stated.window)?;
    same("partner", &statement.partner, &stated.partner)?;
    same("SHA-256", &sha256, &stated.sha256)
}

/// Checks that a statement is under the root: RFC 6962, place `place` of `count`.
///
/// # Errors
/// [`StatementError::Digits`], [`StatementError::NotIncluded`].
pub fn verify_inclusion(stated: &Stated) -> Result<(), StatementError> {
    let hash = |text: &str, what| hex::decode32(text).ok_or(StatementError::Digits(what));
    let leaf = leaf_hash(&hash(&stated.sha256, "sha256")?);
    let root = hash(&stated.root, "root")?;
    let proof = stated.proof.iter().map(|text| hash(text, "proof"));
    let proof: Vec<Hash> = proof.collect::<Result<_, _>>()?;
    let (place, count) = (stated.place, stated.count);
    match merkle::verify_inclusion(&leaf, place, count, &proof, &root) {
        true => Ok(()),
        false => Err(StatementError::NotIncluded),
    }
}

/// Checks that the entry, proved by a receipt, is of the statement's ledger and binds that root.
///
/// # Errors
/// [`StatementError::OtherEntry`], [`StatementError::Differs`].
pub fn verify_bound(
    opened: &Opened,
    stated: &Stated,
    receipt: &Verified,
) -> Result<(), StatementError> {
    let entry = &receipt.entry;
    same("ledger", &opened.statement.identity.origin, &entry.origin)?;
    same("entry", &entry.index, &stated.entry)?;
    same("submission", &receipt.submission.id, &stated.submission)?;
    same("author", &entry.author.as_str(), &HOUSE)?;
    let ops = receipt.submission.ops.iter().zip(&receipt.effects);
    let applied = ops.filter(|(_, effect)| matches!(effect, Effect::Applied(_)));
    let mut issued = applied.filter_map(|(op, _)| match &op.action {
        Action::IssueStatements(issued) if issued.window == stated.window => Some(issued),
        _ => None,
    });
    let issued = issued
        .next_back()
        .ok_or(StatementError::OtherEntry(entry.index))?;
    same("count", &u64::from(issued.count), &stated.count)?;
    same("root", &hex::encode(&issued.root), &stated.root)
}

fn same<T: PartialEq + ToString>(
    what: &'static str,
    found: &T,
    stated: &T,
) -> Result<(), StatementError> {
    if found == stated {
        return Ok(());
    }
    let (found, stated) = (found.to_string(), stated.to_string());
    Err(StatementError::Differs {
        what,
        found,
        stated,
    })
}

#[cfg(test)]
mod tests;
