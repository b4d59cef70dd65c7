//! Fields of `ledger_key_add` and `ledger_key_retire`.
//!
//! Must not: check a signature; `proof::handover` has done that before these are made.

use minicbor::{Decode, Encode};

/// Fields of `ledger_key_add`: a ledger key hands over to a new one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LedgerKeyAdd {
    /// The key that hands over.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub from: [u8; 32],
    /// The new key, checked: canonical, not weak, free of torsion.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub public: [u8; 32],
    /// The note that both have signed; the two keys above are read from it.
    #[n(2)]
    pub handover: String,
}

/// Fields of `ledger_key_retire`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LedgerKeyRetire {
    /// The key that ends.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub public: [u8; 32],
}
