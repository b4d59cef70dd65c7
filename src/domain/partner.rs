//! Parties of the ledger and their keys.
//!
//! Must not: hold a name, an address or bank details; those live in a master outside the ledger,
//! bound by its salted hash.

use super::ids::{Name, OpAt};
use super::points::Points;
use super::scope::Scopes;
use super::time::Micros;
use minicbor::{Decode, Encode};

/// A company of the coalition.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Partner {
    /// Its id, unique in the ledger and never given again.
    #[n(0)]
    pub id: Name,
    /// What it may do.
    #[n(1)]
    pub roles: Roles,
    /// Whether it may do it now.
    #[n(2)]
    pub status: Status,
    /// Salted SHA-256 of the master record that holds its legal name and bank details.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub master_sha256: Option<[u8; 32]>,
    /// What it is limited to.
    #[n(4)]
    pub limit: Limit,
}

/// What a partner may do with points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Roles {
    /// It may issue points.
    #[n(0)]
    pub issue: bool,
    /// It may burn, hold and transfer points.
    #[n(1)]
    pub burn: bool,
}

/// Whether a partner takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Status {
    /// Everything its roles allow.
    #[n(0)]
    Active,
    /// Only capture, release and reverse; its lots stay spendable.
    #[n(1)]
    Suspended,
}

impl Status {
    /// The word used in submissions and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// Limits of one partner; none means unlimited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Limit {
    /// Greatest exposure as issuer.
    #[n(0)]
    pub exposure: Option<super::money::Money>,
    /// Greatest number of points it may burn or hold in one UTC day.
    #[n(1)]
    pub burn_points_per_day: Option<Points>,
}

/// A registered public key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Key {
    /// The 32 bytes of RFC 8032.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub public: [u8; 32],
    /// What it may sign for.
    #[n(1)]
    pub scopes: Scopes,
    /// The op that registered it.
    #[n(2)]
    pub added: OpAt,
    /// When it begins to be good: at once, or 24 hours on for a recovered key.
    #[n(3)]
    pub valid_from: Micros,
    /// The op that revoked it; from the next entry on it is good no more.
    #[n(4)]
    pub revoked: Option<OpAt>,
    /// Registered by the house for a partner that had keys before; printed on its statement.
    #[n(5)]
    pub recovered: bool,
}

impl Key {
    /// Whether it may sign an entry accepted at this time, as far as earlier entries tell.
    pub fn is_valid_at(&self, accepted_at: Micros) -> bool {
        self.revoked.is_none() && self.valid_from <= accepted_at
    }
}
