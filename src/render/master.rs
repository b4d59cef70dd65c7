//! Masters: names, addresses and bank details of parties, which no ledger holds.
//!
//! Must not: be trusted by itself. `partner_set` logs [`Master::sha256`], and money files refuse a
//! master of another hash: so an account number cannot be changed untraced. The salt keeps anyone
//! from guessing the details out of the public hash.

use crate::domain::ids::Name;
use crate::domain::time::Day;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One party's master.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Master {
    /// The party: `house` or a partner.
    pub party: Name,
    /// Random, at least 16 bytes as 32 hex digits; new whenever the master changes.
    pub salt: String,
    /// The company's name as registered, 1 to 70 characters.
    pub legal_name: String,
    /// Street and number, 1 to 70 characters.
    pub street: String,
    /// Postcode, 1 to 16 characters.
    pub postcode: String,
    /// Town, 1 to 35 characters.
    pub town: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Tax or VAT number, if it has one; 1 to 35 characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tax_id: Option<String>,
    /// ISO 13616 account number, without spaces.
    pub iban: String,
    /// ISO 9362 code of its bank, if it is to be named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bic: Option<String>,
    /// Of the house alone: its creditor identifier for direct debits (EPC262-08).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub creditor_id: Option<String>,
    /// Of a partner that pays by direct debit: the mandate it gave the house.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mandate: Option<Mandate>,
}

/// A partner's word that the house may collect from its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// Its id, 1 to 35 characters.
    pub id: String,
    /// The day on which it was signed.
    pub signed_on: Day,
}

/// Masters by party.
pub type Masters = BTreeMap<Name, Master>;

impl Master {
    /// SHA-256 over the canonical JSON (RFC 8785) of the whole master, salt included: what
    /// `master_sha256` of `partner_set` names.
    pub fn sha256(&self) -> [u8; 32] {
        let canonical = serde_json_canonicalizer::to_vec(self);
        Sha256::digest(canonical.expect("texts and days are JSON")).into()
    }
}
