//! A partner's money account at the house as a bank statement, camt.053.001.08, for the programs
//! that read those of its bank.
//!
//! The account is the partner's, as the partner sees it: what it is owed is credit, what it owes is
//! debit. It opens with what was owed before the window. Each payment that was confirmed or
//! returned is an entry, and the window's net is one more, with a detail for each line; so opening
//! and entries come to closing, to the last decimal. Amounts due are no entries: money is booked
//! when the ledger confirms it. Days of payments are those of UTC in which they were accepted.
//!
//! Must not: transliterate; names are as in the masters. An id longer than its element takes is
//! replaced by its hash, a text is cut.

use super::Sheet;
use super::pain::{house, write_remittance};
use super::xml::{Xml, fitted, whole_seconds};
use crate::domain::ids::Name;
use crate::domain::money::{Currency, Money, Net};
use crate::domain::points::Points;
use crate::domain::statement::{Line, Movement, Statement};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

/// Who gives out the account numbers and the codes of bookings.
const ISSUER: &str = "TALLYHOUSE";

/// One booking.
struct Entry<'a> {
    id: String,
    change: Net,
    booked_on: String,
    valued_on: String,
    of: Booked<'a>,
}

/// What is booked.
enum Booked<'a> {
    /// What the window comes to.
    Net,
    /// A payment, or its return.
    Payment(&'a Movement),
}

/// Writes a camt.053.001.08 of the statement's account.
///
/// # Panics
/// If the statement's own sums do not hold: such a statement is a bug of ours, and no file may come
/// of it.
pub fn statement(sheet: &Sheet) -> Vec<u8> {
    let statement = sheet.statement;
    let account = &statement.account;
    let entries = entries(statement);
    let change = sum(statement, entries.iter().map(|entry| entry.change));
    assert_eq!(
        account.opening.checked_add(change),
        Some(account.closing),
        "opening and entries come to closing"
    );
    let lines = statement
        .lines
        .iter()
        .map(|line| line_change(statement, line));
    let net = sum(statement, lines);
    assert_eq!(net, account.net, "the lines come to the window's net");

    let id = format!(
        "{}-{}",
        statement.identity.window,
        first(&sheet.stated.sha256, 20)
    );
    let made_at = whole_seconds(&statement.log.netted_at);
    Xml::message("camt.053.001.08", "BkToCstmrStmt", |xml| {
        xml.within("GrpHdr", |xml| {
            xml.put("MsgId", &id);
            xml.put("CreDtTm", &made_at);
        });
        xml.within("Stmt", |xml| {
            let identity = &statement.identity;
            xml.put("Id", &id);
            xml.put("ElctrncSeqNb", &identity.window.to_string());
            xml.put("CreDtTm", &made_at);
            xml.within("FrToDt", |xml| {
                xml.put("FrDtTm", &format!("{}T00:00:00", identity.first_day));
                xml.put("ToDtTm", &format!("{}T23:59:59", identity.last_day));
            });
            write_account(xml, sheet);
            write_balance(xml, statement, "OPBD", account.opening);
            write_balance(xml, statement, "CLBD", account.closing);
            write_totals(xml, statement, &entries);
            for entry in &entries {
                entry.write(xml, sheet);
            }
            xml.put("AddtlStmtInf", &fitted(&about(sheet), 500));
        });
    })
}

fn about(sheet: &Sheet) -> String {
    let identity = &sheet.statement.identity;
    format!(
        "The signed statement of window {} of {} counts: SHA-256 {}, at {}",
        identity.window, identity.programme, sheet.stated.sha256, sheet.address
    )
}

/// Payments in their order, then the net of the window; none where it has no lines.
fn entries(statement: &Statement) -> Vec<Entry<'_>> {
    let account = &statement.account;
    let payment = |movement| payment_entry(statement, movement);
    let mut entries: Vec<Entry> = account.movements.iter().map(payment).collect();
    if !statement.lines.is_empty() || !account.net.is_zero() {
        let last_day = statement.identity.last_day;
        let payments = statement.position.payments.iter();
        let due_on = payments.map(|payment| payment.due_on).min();
        entries.push(Entry {
            id: format!("{}-net", statement.identity.window),
            change: account.net,
            booked_on: last_day.to_string(),
            valued_on: due_on.unwrap_or(last_day).to_string(),
            of: Booked::Net,
        });
    }
    entries
}

/// What the partner pays raises its account, and what comes back lowers it again.
fn payment_entry<'a>(statement: &Statement, movement: &'a Movement) -> Entry<'a> {
    let paid_by_it = movement.debtor == statement.partner;
    let day = first(&movement.at, 10);
    Entry {
        id: format!("{}-{}", movement.entry, movement.op),
        change: if paid_by_it == is_return(movement) {
            Net::debit(movement.amount)
        } else {
            Net::credit(movement.amount)
        },
        booked_on: day.clone(),
        valued_on: day,
        of: Booked::Payment(movement),
    }
}

fn is_return(movement: &Movement) -> bool {
    movement.kind == "returned"
}

fn line_change(statement: &Statement, line: &Line) -> Net {
    if line.creditor == statement.partner {
        Net::credit(line.amount)
    } else {
        Net::debit(line.amount)
    }
}

fn sum(statement: &Statement, mut changes: impl Iterator<Item = Net>) -> Net {
    let currency = Currency::parse(&statement.identity.currency);
    let zero = currency.map_or_else(Net::default, |currency| Net::zero(&currency));
    let sum = changes.try_fold(zero, Net::checked_add);
    sum.expect("amounts of a statement come to less than 96 bits")
}

fn first(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn indicator(change: Net) -> &'static str {
    if change.is_debit() { "DBIT" } else { "CRDT" }
}

fn write_amount(xml: &mut Xml, statement: &Statement, amount: Money) {
    xml.amount("Amt", amount, &statement.identity.currency);
}

/// The account's number is `programme/partner` if that has at most 34 characters, and otherwise the
/// first 32 hex digits of its SHA-256.
fn account_id(statement: &Statement) -> String {
    let id = format!("{}/{}", statement.identity.programme, statement.partner);
    if id.len() <= 34 {
        return id;
    }
    let digest = Sha256::digest(&id);
    digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn write_account(xml: &mut Xml, sheet: &Sheet) {
    let statement = sheet.statement;
    let origin = &statement.identity.origin;
    let house = sheet.masters.get(&house());
    let house_name = house.map_or(origin.as_str(), |house| &house.legal_name);
    xml.within("Acct", |xml| {
        xml.within("Id/Othr", |xml| {
            xml.put("Id", &account_id(statement));
            xml.put("SchmeNm/Prtry", ISSUER);
        });
        xml.put("Ccy", &statement.identity.currency);
        write_party(xml, "Ownr", sheet, statement.partner);
        xml.put("Svcr/FinInstnId/Nm", &fitted(house_name, 140));
    });
}

/// A party's name, or its id where no master is known, and its id.
fn write_party(xml: &mut Xml, path: &str, sheet: &Sheet, party: Name) {
    let master = sheet.masters.get(&party);
    let name = master.map_or(party.as_str(), |master| &master.legal_name);
    xml.within(path, |xml| {
        xml.put("Nm", &fitted(name, 140));
        xml.put("Id/OrgId/Othr/Id", party.as_str());
    });
}

fn write_balance(xml: &mut Xml, statement: &Statement, code: &str, balance: Net) {
    let day = match code {
        "OPBD" => statement.identity.first_day,
        _ => statement.identity.last_day,
    };
    xml.within("Bal", |xml| {
        xml.put("Tp/CdOrPrtry/Cd", code);
        write_amount(xml, statement, balance.magnitude());
        xml.put("CdtDbtInd", indicator(balance));
        xml.put("Dt/Dt", &day.to_string());
    });
}

fn write_totals(xml: &mut Xml, statement: &Statement, entries: &[Entry]) {
    let changes = || entries.iter().map(|entry| entry.change);
    let write = |xml: &mut Xml, changes: &[Net]| {
        let magnitudes = changes.iter().map(|change| Net::credit(change.magnitude()));
        xml.put("NbOfNtries", &changes.len().to_string());
        xml.put("Sum", &sum(statement, magnitudes).to_string());
    };
    let (debits, credits): (Vec<Net>, Vec<Net>) = changes().partition(|change| change.is_debit());
    let net = sum(statement, changes());
    xml.within("TxsSummry", |xml| {
        xml.within("TtlNtries", |xml| {
            write(xml, &changes().collect::<Vec<_>>());
            xml.within("TtlNetNtry", |xml| {
                xml.put("Amt", &net.magnitude().to_string());
                xml.put("CdtDbtInd", indicator(net));
            });
        });
        xml.within("TtlCdtNtries", |xml| write(xml, &credits));
        xml.within("TtlDbtNtries", |xml| write(xml, &debits));
    });
}

fn write_code(xml: &mut Xml, code: &str) {
    xml.within("BkTxCd/Prtry", |xml| {
        xml.put("Cd", &fitted(code, 35));
        xml.put("Issr", ISSUER);
    });
}

impl Entry<'_> {
    fn write(&self, xml: &mut Xml, sheet: &Sheet) {
        let statement = sheet.statement;
        let (code, is_return) = match self.of {
            Booked::Net => ("net".to_owned(), false),
            Booked::Payment(movement) => {
                (format!("payment_{}", movement.kind), is_return(movement))
            }
        };
        xml.within("Ntry", |xml| {
            xml.put("NtryRef", &self.id);
            write_amount(xml, statement, self.change.magnitude());
            xml.put("CdtDbtInd", indicator(self.change));
            if is_return {
                xml.put("RvslInd", "true");
            }
            xml.put("Sts/Cd", "BOOK");
            xml.put("BookgDt/Dt", &self.booked_on);
            xml.put("ValDt/Dt", &self.valued_on);
            xml.put("AcctSvcrRef", &self.id);
            write_code(xml, &code);
            match self.of {
                Booked::Net => write_lines(xml, sheet, self.change),
                Booked::Payment(movement) => write_payment(xml, sheet, self, movement),
            }
        });
    }
}

fn write_lines(xml: &mut Xml, sheet: &Sheet, net: Net) {
    let statement = sheet.statement;
    let window = statement.identity.window;
    xml.within("NtryDtls", |xml| {
        xml.within("Btch", |xml| {
            xml.put("NbOfTxs", &statement.lines.len().to_string());
            xml.amount("TtlAmt", net.magnitude(), &statement.identity.currency);
            xml.put("CdtDbtInd", indicator(net));
        });
        for (number, line) in (1..).zip(&statement.lines) {
            xml.within("TxDtls", |xml| {
                xml.put("Refs/AcctSvcrRef", &format!("{window}-{number}"));
                write_amount(xml, statement, line.amount);
                xml.put("CdtDbtInd", indicator(line_change(statement, line)));
                write_code(xml, &line.reason);
                write_parties(xml, sheet, line.debtor, line.creditor);
                xml.put("RmtInf/Ustrd", &fitted(&line_text(statement, line), 140));
            });
        }
    });
    let about = format!("Net of window {window}, entry {}", statement.log.netted_in);
    xml.put("AddtlNtryInf", &about);
}

fn write_payment(xml: &mut Xml, sheet: &Sheet, entry: &Entry, movement: &Movement) {
    xml.within("NtryDtls/TxDtls", |xml| {
        xml.within("Refs", |xml| {
            xml.put("AcctSvcrRef", &entry.id);
            xml.put("EndToEndId", &fitted(&movement.reference, 35));
        });
        write_amount(xml, sheet.statement, movement.amount);
        xml.put("CdtDbtInd", indicator(entry.change));
        write_parties(xml, sheet, movement.debtor, movement.creditor);
        write_remittance(xml, &fitted(&movement.reference, 35));
    });
    let about = format!("Payment of window {} {}", movement.window, movement.kind);
    xml.put("AddtlNtryInf", &fitted(&about, 500));
}

fn write_parties(xml: &mut Xml, sheet: &Sheet, debtor: Name, creditor: Name) {
    xml.within("RltdPties", |xml| {
        write_party(xml, "Dbtr/Pty", sheet, debtor);
        write_party(xml, "Cdtr/Pty", sheet, creditor);
    });
}

/// `burn, price version 1: 125400 points at 0.01 EUR, tax code std`.
fn line_text(statement: &Statement, line: &Line) -> String {
    let identity = &statement.identity;
    let mut text = line.reason.clone();
    if let (Some(units), Some(price)) = (line.units, line.price) {
        let points = displayed(units, identity.point_scale);
        let (version, currency) = (line.price_version, &identity.currency);
        text += &format!(", price version {version}: {points} points at {price} {currency}");
    }
    if let Some(tax_code) = line.tax_code {
        text += &format!(", tax code {tax_code}");
    }
    text
}

/// Points with the programme's decimals.
fn displayed(units: Points, point_scale: u8) -> String {
    let points = Decimal::try_from_i128_with_scale(i128::from(units.units()), point_scale.into());
    points.map_or_else(|_| units.to_string(), |points| points.to_string())
}
