//! What the two payment files share: parties, accounts, references, sums, and what can go wrong.
//!
//! A file's message id carries the first digits of the SHA-256 of the window's document, so the
//! bank sees a file that was sent twice, and a file made again is the same file. Elements are those
//! that the EPC's customer-to-bank guidelines of 2025 allow (EPC132-08, EPC131-08); no other is
//! written, for a bank may refuse it. Texts are in SEPA's characters ([`super::latin`]).
//!
//! Must not: pay what the document does not list, or change an amount. Payments between two
//! partners (bilateral netting) are in neither file: the house has no say over their accounts.

use super::WindowSheet;
use super::account::{AccountError, CreditorReference, Iban};
use super::latin::latin;
use super::master::{Master, MasterError};
use super::xml::{Xml, fitted, whole_seconds};
use crate::domain::ids::{HOUSE, Name};
use crate::domain::money::Money;
use crate::domain::statement::Payment;

/// Why there is no payment file. The message says what to do; the source says what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentFileError {
    /// No master of the house.
    #[error("there is no master of the house: write one with its bank account")]
    HouseUnknown,
    /// No master of a partner that is to be paid.
    #[error("there is no master of {party}: ask it for one, and log its hash with partner_set")]
    PartnerUnknown {
        /// The partner.
        party: Name,
    },
    /// A master that breaks a rule: an IBAN, a BIC, a length.
    #[error("the master of {party} cannot be used: correct it, and log its hash with partner_set")]
    Master {
        /// Whose.
        party: Name,
        /// Which rule.
        #[source]
        source: MasterError,
    },
    /// Direct debits need the house's creditor identifier.
    #[error("the house's master has no creditor_id: ask the house's bank for one (EPC262-08)")]
    CreditorIdMissing,
    /// SEPA direct debits are in euro.
    #[error(
        "{party} has a mandate, but SEPA direct debits are in EUR and the programme is in \
         {currency}: take the mandate out of its master, and it pays by its own transfer"
    )]
    NotEuro {
        /// Who was to pay.
        party: Name,
        /// The programme's currency.
        currency: String,
    },
    /// SEPA direct debits are between SEPA accounts.
    #[error(
        "the account of {party} is in {country}, which is outside SEPA, so nothing can be \
         collected: take mandates out of the masters, and partners pay by their own transfers"
    )]
    NotSepa {
        /// Whose account.
        party: Name,
        /// The two letters its IBAN begins with.
        country: String,
    },
    /// More or less than a SEPA payment takes.
    #[error(
        "the payment {reference} with {party} is outside 0.01 to 999999999.99 EUR, which is what \
         a SEPA payment takes: settle it by hand with the bank"
    )]
    Amount {
        /// The partner.
        party: Name,
        /// The payment's reference.
        reference: String,
    },
    /// A reference that a bank would refuse.
    #[error("the reference {reference} of the payment with {party} is wrong: call the house")]
    Reference {
        /// The partner.
        party: Name,
        /// The text that is no reference.
        reference: String,
        /// What is wrong with it.
        #[source]
        source: AccountError,
    },
}

/// A party whose master was checked.
pub(super) struct Party<'a> {
    pub(super) name: Name,
    pub(super) master: &'a Master,
    pub(super) iban: Iban,
}

impl<'a> Party<'a> {
    /// Finds and checks a master.
    pub(super) fn find(sheet: &WindowSheet<'a>, name: Name) -> Result<Self, PaymentFileError> {
        let unknown = if name.as_str() == HOUSE {
            PaymentFileError::HouseUnknown
        } else {
            PaymentFileError::PartnerUnknown { party: name }
        };
        let master = sheet.masters.get(&name).ok_or(unknown)?;
        let wrong = |source| PaymentFileError::Master {
            party: name,
            source,
        };
        master.check().map_err(wrong)?;
        let iban = Iban::parse(&master.iban).map_err(|error| wrong(MasterError::Iban(error)))?;
        Ok(Self { name, master, iban })
    }

    /// Finds and checks the master of the house.
    pub(super) fn house(sheet: &WindowSheet<'a>) -> Result<Self, PaymentFileError> {
        Self::find(sheet, house())
    }

    /// Writes name and address, structured as the EPC wants from 2025 on; the street's element
    /// takes the number too.
    pub(super) fn write(&self, xml: &mut Xml, element: &str) {
        xml.within(element, |xml| {
            xml.put("Nm", &latin_fitted(&self.master.legal_name, 70));
            xml.within("PstlAdr", |xml| {
                xml.put("StrtNm", &latin_fitted(&self.master.street, 70));
                xml.put("PstCd", &latin_fitted(&self.master.postcode, 16));
                xml.put("TwnNm", &latin_fitted(&self.master.town, 35));
                xml.put("Ctry", &self.master.country);
            });
        });
    }

    /// Writes the account.
    pub(super) fn write_account(&self, xml: &mut Xml, element: &str) {
        xml.within(element, |xml| xml.put("Id/IBAN", self.iban.as_str()));
    }

    /// Writes the bank. The schema wants one where the schemes do without, hence `NOTPROVIDED`.
    pub(super) fn write_bank(&self, xml: &mut Xml, element: &str) {
        xml.within(element, |xml| match &self.master.bic {
            Some(bic) => xml.put("FinInstnId/BICFI", bic),
            None => xml.put("FinInstnId/Othr/Id", "NOTPROVIDED"),
        });
    }
}

/// The house's name.
pub(super) fn house() -> Name {
    Name::parse(HOUSE).expect("the house's name is a name")
}

/// A text in SEPA's characters, cut to what its element takes.
pub(super) fn latin_fitted(text: &str, characters_max: usize) -> String {
    fitted(&latin(text), characters_max)
}

/// Checks the reference of a payment with `party`.
pub(super) fn reference(
    payment: &Payment,
    party: Name,
) -> Result<CreditorReference, PaymentFileError> {
    CreditorReference::parse(&payment.reference).map_err(|source| PaymentFileError::Reference {
        party,
        reference: payment.reference.clone(),
        source,
    })
}

/// Checks that a SEPA payment can have the payment's amount (EPC132-08, EPC131-08).
pub(super) fn check_sepa_amount(payment: &Payment, party: Name) -> Result<(), PaymentFileError> {
    const CENTS_MAX: i128 = 99_999_999_999;
    let reference = payment.reference.clone();
    (1..=CENTS_MAX)
        .contains(&payment.amount.minor_units())
        .then_some(())
        .ok_or(PaymentFileError::Amount { party, reference })
}

/// The message's id: the window, `C` for credit transfers or `D` for direct debits, and the first
/// 16 hex digits of the SHA-256 of the window's document; at most 29 characters.
pub(super) fn message_id(sheet: &WindowSheet, kind: char) -> String {
    let digest: String = sheet.sha256.chars().take(16).collect();
    format!("{}-{kind}-{digest}", sheet.document.identity.window)
}

/// Writes the head of a message: when the window was netted is when the file was made, so that
/// making it again gives the same bytes.
pub(super) fn write_head<'a>(
    xml: &mut Xml,
    sheet: &WindowSheet,
    id: &str,
    house: &Party,
    payments: impl Iterator<Item = &'a Payment> + Clone,
) {
    xml.within("GrpHdr", |xml| {
        xml.put("MsgId", id);
        xml.put("CreDtTm", &whole_seconds(&sheet.document.log.netted_at));
        write_sums(xml, payments);
        xml.put("InitgPty/Nm", &latin_fitted(&house.master.legal_name, 70));
    });
}

/// Writes how many payments there are and what they come to.
pub(super) fn write_sums<'a>(xml: &mut Xml, payments: impl Iterator<Item = &'a Payment> + Clone) {
    let mut amounts = payments.clone().map(|payment| payment.amount);
    let first = amounts.next().unwrap_or_default();
    let sum = amounts.try_fold(first, Money::checked_add);
    let sum = sum.expect("payments of a window come to less than 96 bits");
    xml.put("NbOfTxs", &payments.count().to_string());
    xml.put("CtrlSum", &sum.to_string());
}

/// Writes the reference as the EPC has it: structured, nothing else, at most 140 characters.
pub(super) fn write_remittance(xml: &mut Xml, reference: &str) {
    xml.within("RmtInf/Strd/CdtrRefInf", |xml| {
        xml.within("Tp", |xml| {
            xml.put("CdOrPrtry/Cd", "SCOR");
            xml.put("Issr", "ISO");
        });
        xml.put("Ref", reference);
    });
}
