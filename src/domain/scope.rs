//! Scopes: what a registered key may sign for.
//!
//! Must not: be widened by a token; a token's scopes are a subset of its key's.

use minicbor::{Decode, Encode};

/// One right of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scope {
    /// House, online: expire, cut, net, freeze; reads the state.
    Operate,
    /// House: confirms payments.
    Pay,
    /// House, kept offline: proposes and approves what moves money.
    Govern,
    /// House: reads everything, changes nothing.
    Audit,
    /// Partner: member ops except transfer.
    Submit,
    /// Partner: transfer between members.
    Transfer,
    /// Partner: reads its own submissions, lines and parts of members.
    Read,
    /// Partner: reads, acknowledges and disputes its statements.
    Statements,
    /// Partner: adds and revokes its own keys.
    Manage,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 9] = [
        Self::Operate,
        Self::Pay,
        Self::Govern,
        Self::Audit,
        Self::Submit,
        Self::Transfer,
        Self::Read,
        Self::Statements,
        Self::Manage,
    ];

    /// The word used in submissions, tokens and key files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operate => "operate",
            Self::Pay => "pay",
            Self::Govern => "govern",
            Self::Audit => "audit",
            Self::Submit => "submit",
            Self::Transfer => "transfer",
            Self::Read => "read",
            Self::Statements => "statements",
            Self::Manage => "manage",
        }
    }

    /// The scope of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// Whether only a house key may hold it.
    pub fn is_house(self) -> bool {
        matches!(self, Self::Operate | Self::Pay | Self::Govern | Self::Audit)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Scopes(#[n(0)] u16);

impl Scopes {
    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the scope is in the set.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u16) != 0
    }

    /// Whether all of the other set is in this one.
    pub fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The set with one more scope; false if it was in already.
    pub fn insert(&mut self, scope: Scope) -> bool {
        let fresh = !self.contains(scope);
        self.0 |= 1 << scope as u16;
        fresh
    }

    /// The scopes in the set.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.contains(*scope))
    }

    /// Whether the set is fit for a key of the house (or of a partner): not empty, all of its kind.
    pub fn fit(self, house: bool) -> bool {
        !self.is_empty() && self.iter().all(|scope| scope.is_house() == house)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Self::default();
        for scope in scopes {
            set.insert(scope);
        }
        set
    }
}

impl serde::Serialize for Scopes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Scope::as_str))
    }
}
