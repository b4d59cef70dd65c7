//! The file of credit transfers, pain.001.001.09: what the house pays for a window.
//!
//! One block for each due day and service level. The level is SEPA where the money is euro and both
//! accounts are in SEPA; otherwise none is named, and the bank takes its own way. What is collected
//! is in [`super::pain008`].
//!
//! Must not: send anything. A person or a bank connection does, once for each message id.

use super::WindowSheet;
use super::account::CreditorReference;
use super::pain::{
    Party, PaymentFileError, check_sepa_amount, message_id, reference, write_head,
    write_remittance, write_sums,
};
use super::xml::Xml;
use crate::domain::ids::HOUSE;
use crate::domain::statement::Payment;
use crate::domain::time::Day;
use std::collections::BTreeMap;

/// One payment with all that was checked of it.
struct Transfer<'a> {
    payment: &'a Payment,
    creditor: Party<'a>,
    reference: CreditorReference,
}

/// Transfers by due day, and whether they are SEPA's.
type Blocks<'a> = BTreeMap<(Day, bool), Vec<Transfer<'a>>>;

/// Writes a pain.001.001.09 with a transfer for every payment of the document whose debtor is the
/// house; nothing if there is none.
///
/// # Errors
/// [`PaymentFileError`] names the first party, in the order of the payments and the house first,
/// whose master is missing or breaks a rule, and what to do. There is no file without it: a part of
/// the payments would look like all of them.
pub fn payments(sheet: &WindowSheet) -> Result<Option<Vec<u8>>, PaymentFileError> {
    let payments = &sheet.document.payments;
    let payments = payments
        .iter()
        .filter(|payment| payment.debtor.as_str() == HOUSE);
    if payments.clone().next().is_none() {
        return Ok(None);
    }
    let house = Party::house(sheet)?;
    let mut blocks = Blocks::new();
    for payment in payments.clone() {
        let (is_sepa, transfer) = transfer(sheet, &house, payment)?;
        let block = blocks.entry((payment.due_on, is_sepa)).or_default();
        block.push(transfer);
    }
    let id = message_id(sheet, 'C');
    let currency = sheet.document.identity.currency.as_str();
    Ok(Some(Xml::message(
        "pain.001.001.09",
        "CstmrCdtTrfInitn",
        |xml| {
            write_head(xml, sheet, &id, &house, payments);
            for (number, ((due_on, is_sepa), transfers)) in (1..).zip(&blocks) {
                xml.within("PmtInf", |xml| {
                    xml.put("PmtInfId", &format!("{id}-{number}"));
                    xml.put("PmtMtd", "TRF");
                    write_sums(xml, transfers.iter().map(|transfer| transfer.payment));
                    if *is_sepa {
                        xml.put("PmtTpInf/SvcLvl/Cd", "SEPA");
                    }
                    xml.put("ReqdExctnDt/Dt", &due_on.to_string());
                    house.write(xml, "Dbtr");
                    house.write_account(xml, "DbtrAcct");
                    house.write_bank(xml, "DbtrAgt");
                    if *is_sepa {
                        xml.put("ChrgBr", "SLEV");
                    }
                    for transfer in transfers {
                        transfer.write(xml, currency);
                    }
                });
            }
        },
    )))
}

/// Checks one payment; tells also whether it is SEPA's.
fn transfer<'a>(
    sheet: &WindowSheet<'a>,
    house: &Party,
    payment: &'a Payment,
) -> Result<(bool, Transfer<'a>), PaymentFileError> {
    let creditor = Party::find(sheet, payment.creditor)?;
    let reference = reference(payment, creditor.name)?;
    let is_euro = sheet.document.identity.currency == "EUR";
    let is_sepa = is_euro && house.iban.is_sepa() && creditor.iban.is_sepa();
    if is_sepa {
        check_sepa_amount(payment, creditor.name)?;
    }
    let transfer = Transfer {
        payment,
        creditor,
        reference,
    };
    Ok((is_sepa, transfer))
}

impl Transfer<'_> {
    fn write(&self, xml: &mut Xml, currency: &str) {
        xml.within("CdtTrfTxInf", |xml| {
            xml.put("PmtId/EndToEndId", self.reference.as_str());
            xml.amount("Amt/InstdAmt", self.payment.amount, currency);
            if self.creditor.master.bic.is_some() {
                self.creditor.write_bank(xml, "CdtrAgt");
            }
            self.creditor.write(xml, "Cdtr");
            self.creditor.write_account(xml, "CdtrAcct");
            write_remittance(xml, self.reference.as_str());
        });
    }
}
