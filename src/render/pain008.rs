//! The file of direct debits, pain.008.001.08: what the house collects for a window.
//!
//! SEPA B2B direct debits, recurrent from the first on (EPC222-07), one block for each due day.
//! Only a partner whose master holds a mandate is collected from; [`uncollected`] lists the others,
//! which pay by their own transfer under the payment's reference. What the house pays is in
//! [`super::pain001`].
//!
//! Must not: send anything, or collect without a mandate.

use super::WindowSheet;
use super::account::CreditorReference;
use super::master::{Mandate, Master};
use super::pain::{
    Party, PaymentFileError, check_sepa_amount, message_id, reference, write_head,
    write_remittance, write_sums,
};
use super::xml::Xml;
use crate::domain::ids::{HOUSE, Name};
use crate::domain::statement::Payment;
use crate::domain::time::Day;
use std::collections::BTreeMap;

/// One payment with all that was checked of it.
struct Collection<'a> {
    payment: &'a Payment,
    debtor: Party<'a>,
    mandate: &'a Mandate,
    reference: CreditorReference,
}

/// Writes a pain.008.001.08 with a direct debit for every payment of the document whose creditor is
/// the house and whose debtor gave a mandate; nothing if there is none.
///
/// # Errors
/// [`PaymentFileError`] names the first party, in the order of the payments and the house first,
/// whose master is missing or breaks a rule, or whose account or currency SEPA does not take, and
/// what to do.
pub fn collections(sheet: &WindowSheet) -> Result<Option<Vec<u8>>, PaymentFileError> {
    let due =
        || due_to_house(sheet).filter_map(|payment| Some((payment, mandate(sheet, payment)?)));
    if due().next().is_none() {
        return Ok(None);
    }
    let house = Party::house(sheet)?;
    let creditor_id = house.master.creditor_id.as_deref();
    let creditor_id = creditor_id.ok_or(PaymentFileError::CreditorIdMissing)?;
    let mut blocks: BTreeMap<Day, Vec<Collection>> = BTreeMap::new();
    for (payment, mandate) in due() {
        let collection = collection(sheet, &house, payment, mandate)?;
        blocks.entry(payment.due_on).or_default().push(collection);
    }
    let id = message_id(sheet, 'D');
    let currency = sheet.document.identity.currency.as_str();
    let all = due().map(|(payment, _)| payment).collect::<Vec<_>>();
    Ok(Some(Xml::message(
        "pain.008.001.08",
        "CstmrDrctDbtInitn",
        |xml| {
            write_head(xml, sheet, &id, &house, all.iter().copied());
            for (number, (due_on, collections)) in (1..).zip(&blocks) {
                xml.within("PmtInf", |xml| {
                    xml.put("PmtInfId", &format!("{id}-{number}"));
                    xml.put("PmtMtd", "DD");
                    write_sums(xml, collections.iter().map(|collection| collection.payment));
                    write_kind(xml);
                    xml.put("ReqdColltnDt", &due_on.to_string());
                    house.write(xml, "Cdtr");
                    house.write_account(xml, "CdtrAcct");
                    house.write_bank(xml, "CdtrAgt");
                    xml.put("ChrgBr", "SLEV");
                    write_creditor_id(xml, creditor_id);
                    for collection in collections {
                        collection.write(xml, currency);
                    }
                });
            }
        },
    )))
}

/// Partners that owe the house for this window and are not collected from, because no master of
/// theirs holds a mandate, in the order of the payments.
pub fn uncollected(sheet: &WindowSheet) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    for payment in due_to_house(sheet) {
        if mandate(sheet, payment).is_none() && !names.contains(&payment.debtor) {
            names.push(payment.debtor);
        }
    }
    names
}

fn due_to_house<'a>(sheet: &WindowSheet<'a>) -> impl Iterator<Item = &'a Payment> {
    let payments = sheet.document.payments.iter();
    payments.filter(|payment| payment.creditor.as_str() == HOUSE)
}

fn mandate<'a>(sheet: &WindowSheet<'a>, payment: &Payment) -> Option<&'a Mandate> {
    let master: &Master = sheet.masters.get(&payment.debtor)?;
    master.mandate.as_ref()
}

/// Checks one payment.
fn collection<'a>(
    sheet: &WindowSheet<'a>,
    house: &Party,
    payment: &'a Payment,
    mandate: &'a Mandate,
) -> Result<Collection<'a>, PaymentFileError> {
    let debtor = Party::find(sheet, payment.debtor)?;
    let currency = &sheet.document.identity.currency;
    if currency != "EUR" {
        return Err(PaymentFileError::NotEuro {
            party: debtor.name,
            currency: currency.clone(),
        });
    }
    for party in [house, &debtor] {
        if !party.iban.is_sepa() {
            return Err(PaymentFileError::NotSepa {
                party: party.name,
                country: party.iban.country().to_owned(),
            });
        }
    }
    check_sepa_amount(payment, debtor.name)?;
    let reference = reference(payment, debtor.name)?;
    Ok(Collection {
        payment,
        debtor,
        mandate,
        reference,
    })
}

fn write_kind(xml: &mut Xml) {
    xml.within("PmtTpInf", |xml| {
        xml.put("SvcLvl/Cd", "SEPA");
        xml.put("LclInstrm/Cd", "B2B");
        xml.put("SeqTp", "RCUR");
    });
}

fn write_creditor_id(xml: &mut Xml, creditor_id: &str) {
    xml.within("CdtrSchmeId/Id/PrvtId/Othr", |xml| {
        xml.put("Id", creditor_id);
        xml.put("SchmeNm/Prtry", "SEPA");
    });
}

impl Collection<'_> {
    fn write(&self, xml: &mut Xml, currency: &str) {
        xml.within("DrctDbtTxInf", |xml| {
            xml.put("PmtId/EndToEndId", self.reference.as_str());
            xml.amount("InstdAmt", self.payment.amount, currency);
            xml.within("DrctDbtTx/MndtRltdInf", |xml| {
                xml.put("MndtId", &self.mandate.id);
                xml.put("DtOfSgntr", &self.mandate.signed_on.to_string());
            });
            self.debtor.write_bank(xml, "DbtrAgt");
            self.debtor.write(xml, "Dbtr");
            self.debtor.write_account(xml, "DbtrAcct");
            write_remittance(xml, self.reference.as_str());
        });
    }
}
