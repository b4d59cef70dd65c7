//! A window's statements as bytes: canonical JSON, their hashes, and the root that binds them.
//!
//! Must not: decide what a statement says; that is the domain's. Spec: RFC 8785 for the bytes; the
//! tree is RFC 6962 over the 32 bytes of each statement's SHA-256, in order of partner ids.

pub mod verify;

use super::hex;
use super::merkle::{Frontier, Hash, leaf_hash};
use crate::domain::ids::{Name, Party, Reference};
use crate::domain::statement::Stated;
use crate::domain::tally::statements::Statements;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A document in its one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    /// Canonical JSON.
    pub json: Vec<u8>,
    /// Its SHA-256.
    pub sha256: Hash,
}

impl Canonical {
    /// Writes a document.
    pub fn of<T: Serialize>(document: &T) -> Self {
        let json = serde_json_canonicalizer::to_vec(document);
        let json = json.expect("documents hold texts, whole numbers and lists only");
        let sha256 = Sha256::digest(&json).into();
        Self { json, sha256 }
    }
}

/// The hashes of a window's statements, in order of partner ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes {
    partners: Vec<(Name, Hash)>,
}

impl Hashes {
    /// Takes the hashes in order of partner ids.
    pub fn new(partners: Vec<(Name, Hash)>) -> Self {
        assert!(
            partners.is_sorted_by(|a, b| a.0 < b.0),
            "statements are bound in order of partner ids"
        );
        Self { partners }
    }

    /// Writes every statement, keeping the hashes alone.
    pub fn of(statements: &Statements<'_>) -> Self {
        let partners = statements.partners().into_iter();
        let hashed = partners.map(|(name, party)| (name, write(statements, party).sha256));
        Self::new(hashed.collect())
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.partners.len()).expect("partners fit 16 bits")
    }

    /// The root over all of them.
    pub fn root(&self) -> Hash {
        let mut tree = Frontier::new();
        for (_, sha256) in &self.partners {
            tree.push(leaf_hash(sha256));
        }
        tree.root()
    }

    /// What binds each partner's statement to the entry of `issue_statements`.
    pub fn stated(&self, window: u32, entry: u64, submission: Reference) -> Vec<Stated> {
        let leaves: Vec<Hash> = self.partners.iter().map(|(_, h)| leaf_hash(h)).collect();
        let mut tree = Frontier::new();
        let appended = tree.append(&leaves);
        let root = hex::encode(&tree.root());
        let places = self.partners.iter().enumerate();
        places
            .map(|(place, (partner, sha256))| Stated {
                window,
                partner: *partner,
                sha256: hex::encode(sha256),
                entry,
                submission,
                place: place as u64,
                count: leaves.len() as u64,
                root: root.clone(),
                proof: appended
                    .inclusion_proof(place as u64)
                    .iter()
                    .map(|hash| hex::encode(hash))
                    .collect(),
            })
            .collect()
    }
}

/// Writes one partner's statement.
pub fn write(statements: &Statements<'_>, party: Party) -> Canonical {
    Canonical::of(&statements.statement(party))
}
