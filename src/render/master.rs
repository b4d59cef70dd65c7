//! Masters: names, addresses and bank details of parties, which no ledger holds.
//!
//! Must not: be trusted by itself. `partner_set` logs [`Master::sha256`], and money files refuse a
//! master of another hash: so an account number cannot be changed untraced. The salt keeps anyone
//! from guessing the details out of the public hash. [`Master::check`] looks at the fields alone;
//! it cannot say that the company, the account or the mandate exists.

use super::account::{AccountError, Bic, CreditorId, Iban};
use super::latin::is_latin;
use crate::domain::ids::{HOUSE, Name};
use crate::domain::time::Day;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// One party's master. No text begins or ends with a space or holds a control character.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Master {
    /// The party: `house` or a partner.
    pub party: Name,
    /// Random, 16 to 64 bytes as 32 to 128 hex digits; new whenever the master changes.
    pub salt: String,
    /// The company's name as registered, 1 to 70 characters.
    pub legal_name: String,
    /// Street and number, 1 to 70 characters.
    pub street: String,
    /// Postcode, 1 to 16 characters.
    pub postcode: String,
    /// Town, 1 to 35 characters.
    pub town: String,
    /// ISO 3166-1 alpha-2: two capital letters.
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
    /// Its id, 1 to 35 of SEPA's characters, no slash at an end and no two in a row.
    pub id: String,
    /// The day on which it was signed.
    pub signed_on: Day,
}

/// Masters by party.
pub type Masters = BTreeMap<Name, Master>;

/// Which field of a master breaks which rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MasterError {
    /// Empty or too long.
    #[error("`{field}` has {found} characters; it takes 1 to {characters_max}")]
    Length {
        /// The field's name.
        field: &'static str,
        /// How many characters it has.
        found: usize,
        /// How many it may have.
        characters_max: usize,
    },
    /// A control character, or a space at an end.
    #[error("`{field}` holds a control character, or begins or ends with a space; take it out")]
    Characters {
        /// The field's name.
        field: &'static str,
    },
    /// Not random enough, or no hex digits.
    #[error("`salt` takes 32 to 128 hex digits in pairs; make a new one")]
    Salt,
    /// Not two capital letters.
    #[error("`country` is not two capital letters as in ISO 3166-1, such as DE")]
    Country,
    /// No account number.
    #[error("`iban` is wrong; copy it anew")]
    Iban(#[source] AccountError),
    /// No bank code.
    #[error("`bic` is wrong; copy it anew, or leave it out")]
    Bic(#[source] AccountError),
    /// No creditor identifier.
    #[error("`creditor_id` is wrong; copy it anew")]
    CreditorId(#[source] AccountError),
    /// A partner has what is the house's.
    #[error("`creditor_id` is the house's alone; leave it out of a partner's master")]
    CreditorIdOfPartner,
    /// The house has what is a partner's.
    #[error("`mandate` is a partner's; leave it out of the house's master")]
    MandateOfHouse,
    /// The mandate's id would not pass a bank.
    #[error(
        "`mandate.id` takes Latin letters, digits, space and /-?:().,'+ without a slash at an end \
         or two in a row; give the mandate another id"
    )]
    MandateId,
}

/// The greatest number of characters of each text, which is what ISO 20022 takes; names in SEPA
/// payments are shorter than its 140 (EPC132-08: 70).
const LEGAL_NAME_MAX: usize = 70;
const STREET_MAX: usize = 70;
const POSTCODE_MAX: usize = 16;
const TOWN_MAX: usize = 35;
const ID_MAX: usize = 35;
const SALT_DIGITS: std::ops::RangeInclusive<usize> = 32..=128;

impl Master {
    /// SHA-256 over the canonical JSON (RFC 8785) of the whole master, salt included: what
    /// `master_sha256` of `partner_set` names.
    pub fn sha256(&self) -> [u8; 32] {
        let canonical = serde_json_canonicalizer::to_vec(self);
        Sha256::digest(canonical.expect("texts and days are JSON")).into()
    }

    /// Checks every field against the rule that its own description states.
    ///
    /// # Errors
    /// [`MasterError`] names the first field, in their order, that breaks its rule.
    pub fn check(&self) -> Result<(), MasterError> {
        let salt_fits = SALT_DIGITS.contains(&self.salt.len())
            && self.salt.len().is_multiple_of(2)
            && self.salt.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !salt_fits {
            return Err(MasterError::Salt);
        }
        check_text("legal_name", &self.legal_name, LEGAL_NAME_MAX)?;
        check_text("street", &self.street, STREET_MAX)?;
        check_text("postcode", &self.postcode, POSTCODE_MAX)?;
        check_text("town", &self.town, TOWN_MAX)?;
        if self.country.len() != 2 || !self.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(MasterError::Country);
        }
        if let Some(tax_id) = &self.tax_id {
            check_text("tax_id", tax_id, ID_MAX)?;
        }
        self.check_accounts()
    }

    fn check_accounts(&self) -> Result<(), MasterError> {
        let is_house = self.party.as_str() == HOUSE;
        Iban::parse(&self.iban).map_err(MasterError::Iban)?;
        if let Some(bic) = &self.bic {
            Bic::parse(bic).map_err(MasterError::Bic)?;
        }
        if let Some(creditor_id) = &self.creditor_id {
            CreditorId::parse(creditor_id).map_err(MasterError::CreditorId)?;
            is_house
                .then_some(())
                .ok_or(MasterError::CreditorIdOfPartner)?;
        }
        match &self.mandate {
            Some(_) if is_house => Err(MasterError::MandateOfHouse),
            Some(mandate) => mandate.check(),
            None => Ok(()),
        }
    }
}

impl Mandate {
    /// Characters and slashes as in EPC131-08, "Character Set".
    fn check(&self) -> Result<(), MasterError> {
        check_text("mandate.id", &self.id, ID_MAX)?;
        let slashes = self.id.starts_with('/') || self.id.ends_with('/') || self.id.contains("//");
        (is_latin(&self.id) && !slashes)
            .then_some(())
            .ok_or(MasterError::MandateId)
    }
}

fn check_text(field: &'static str, text: &str, characters_max: usize) -> Result<(), MasterError> {
    let found = text.chars().count();
    if found == 0 || found > characters_max {
        return Err(MasterError::Length {
            field,
            found,
            characters_max,
        });
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(MasterError::Characters { field });
    }
    Ok(())
}
