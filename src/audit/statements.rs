//! Statements in an audit: what binds those of each window, and one written again byte for byte.
//!
//! Must not: read a statement that the house published. What is compared with it is made from the
//! entries alone.

use crate::domain::governance::Governance;
use crate::domain::ids::{HOUSE, Name, Party, Reference};
use crate::domain::scope::Scope;
use crate::domain::statement::Stated;
use crate::domain::submission::IssueStatements;
use crate::domain::tally::Seen;
use crate::domain::tally::statements::Statements;
use crate::domain::time::Micros;
use crate::proof::merkle::Hash;
use crate::proof::statement::{Canonical, Hashes, write};
use minicbor::{Decode, Encode};

/// A statement that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Of which window.
    pub window: u32,
    /// Of which partner; the house's document of the window if of none.
    pub partner: Option<Name>,
}

/// What an entry of `issue_statements` binds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Bound {
    /// The entry.
    #[n(0)]
    pub entry: u64,
    /// When it was accepted.
    #[n(1)]
    pub at: Micros,
    /// The submission.
    #[n(2)]
    pub submission: Reference,
    /// How many statements there are.
    #[n(3)]
    pub count: u32,
    /// The root over them.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub root: Hash,
    /// SHA-256 of the house's document of the window.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub document_sha256: Hash,
}

/// A key that could sign a window's statements when they were issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementKey {
    /// Its name.
    pub kid: String,
    /// The 32 bytes of RFC 8032.
    pub public: [u8; 32],
}

/// A statement, written again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Its bytes.
    pub canonical: Canonical,
    /// What binds a partner's statement; nothing for the house's document.
    pub stated: Option<Stated>,
    /// The house's keys with the scope `operate` that were good when it was issued.
    pub keys: Vec<StatementKey>,
}

impl Bound {
    /// What an entry with this op binds.
    pub(super) fn of(seen: &Seen<'_>, op: &IssueStatements) -> Self {
        Self {
            entry: seen.index,
            at: seen.accepted_at,
            submission: seen.submission.id,
            count: op.count,
            root: op.root,
            document_sha256: op.document_sha256,
        }
    }
}

impl Rebuilt {
    /// Writes what is asked for; nothing for a partner without a statement of this window.
    pub(super) fn of(
        wanted: &Wanted,
        statements: &Statements<'_>,
        hashes: &Hashes,
        governance: &Governance,
        seen: &Seen<'_>,
    ) -> Option<Self> {
        let keys = operate_keys(governance, seen.accepted_at);
        let Some(partner) = wanted.partner else {
            return Some(Self {
                canonical: Canonical::of(&statements.document()),
                stated: None,
                keys,
            });
        };
        let all = statements.partners();
        let (_, party) = all.into_iter().find(|(name, _)| *name == partner)?;
        let stated = hashes.stated(wanted.window, seen.index, seen.submission.id);
        Some(Self {
            canonical: write(statements, party),
            stated: stated.into_iter().find(|stated| stated.partner == partner),
            keys,
        })
    }
}

fn operate_keys(governance: &Governance, at: Micros) -> Vec<StatementKey> {
    let keys = governance.keys.iter().filter(|((party, _), key)| {
        *party == Party::HOUSE && key.is_valid_at(at) && key.scopes.contains(Scope::Operate)
    });
    let named = keys.map(|((_, id), key)| StatementKey {
        kid: format!("{HOUSE}/{id}"),
        public: key.public,
    });
    named.collect()
}
