//! What the ledger gave to an op, as the last item of its effect.
//!
//! Must not: judge. A netting's positions follow from its lines and terms and are not repeated.

use super::super::cbor::{Reader, write_bytes, write_text, write_uint};
use super::read::{EffectsError, Items};
use super::{array, write_day, write_party, write_points};
use crate::domain::effect::{ControlTotals, Given, Netted, PaymentGiven};
use crate::domain::money::{Money, Net};
use crate::domain::programme::Netting;
use crate::domain::window::ItemKey;

const PARTY: u64 = 0;
const PRICE_VERSION: u64 = 1;
const MORE: u64 = 2;
const CUT: u64 = 3;
const NETTED: u64 = 4;
const PAYMENT: u64 = 5;
const ANSWER_BY: u64 = 6;

/// Writes what was given.
pub fn write(given: &Given, out: &mut Vec<u8>) {
    match given {
        Given::Party(party) => numbers(&[PARTY, party.0.into()], out),
        Given::PriceVersion(version) => numbers(&[PRICE_VERSION, (*version).into()], out),
        Given::More(more) => numbers(&[MORE, (*more).into()], out),
        Given::Cut {
            first_day,
            last_day,
            rules_version,
            price_version,
            control,
        } => {
            array(6, out);
            write_uint(CUT, out);
            write_day(*first_day, out);
            write_day(*last_day, out);
            write_uint((*rules_version).into(), out);
            write_uint((*price_version).into(), out);
            array(control.len(), out);
            for totals in control {
                array(4, out);
                for points in [
                    totals.issued,
                    totals.burned,
                    totals.expired,
                    totals.outstanding,
                ] {
                    write_points(points, out);
                }
            }
        }
        Given::Netted(netted) => write_netted(netted, out),
        Given::Payment(payment) => {
            array(6, out);
            write_uint(PAYMENT, out);
            write_uint(payment.key.window.into(), out);
            write_party(payment.key.debtor, out);
            write_party(payment.key.creditor, out);
            write_text(&payment.amount.to_string(), out);
            write_day(payment.due_on, out);
        }
        Given::AnswerBy(party, day) => {
            array(3, out);
            write_uint(ANSWER_BY, out);
            write_party(*party, out);
            write_day(*day, out);
        }
    }
}

fn numbers(numbers: &[u64], out: &mut Vec<u8>) {
    array(numbers.len(), out);
    for number in numbers {
        write_uint(*number, out);
    }
}

fn write_netted(netted: &Netted, out: &mut Vec<u8>) {
    array(11, out);
    write_uint(NETTED, out);
    write_uint(netted.held.into(), out);
    write_bytes(&netted.lines_root, out);
    write_bytes(&netted.positions_root, out);
    write_uint((netted.netting == Netting::Bilateral).into(), out);
    write_money(netted.payment_minimum, out);
    write_day(netted.due_on, out);
    write_uint(netted.lines, out);
    // Sums may pass 64 bits and are texts.
    write_text(&netted.gross.to_string(), out);
    write_text(&netted.net.to_string(), out);
    write_uint(netted.payments, out);
}

fn write_money(amount: Money, out: &mut Vec<u8>) {
    let units = u64::try_from(amount.minor_units());
    write_uint(
        units.expect("an amount below 10^15 has few smallest units"),
        out,
    );
}

/// Reads what was given.
pub(super) fn read(items: &mut Items<'_>) -> Result<Given, EffectsError> {
    let count = items.array()?;
    let kind = items.uint()?;
    Ok(match (kind, count) {
        (PARTY, 2) => Given::Party(items.party()?),
        (PRICE_VERSION, 2) => Given::PriceVersion(items.version()?),
        (MORE, 2) => Given::More(items.flag()?),
        (CUT, 6) => Given::Cut {
            first_day: items.day()?,
            last_day: items.day()?,
            rules_version: items.version()?,
            price_version: items.version()?,
            control: read_control(items)?,
        },
        (NETTED, 11) => Given::Netted(Box::new(read_netted(items)?)),
        (PAYMENT, 6) => Given::Payment(PaymentGiven {
            key: ItemKey {
                window: items.version()?,
                debtor: items.party()?,
                creditor: items.party()?,
            },
            amount: read_sum(items)?,
            due_on: items.day()?,
        }),
        (ANSWER_BY, 3) => Given::AnswerBy(items.party()?, items.day()?),
        _ => return Err(items.refuse("a kind of given number")),
    })
}

fn read_control(items: &mut Items<'_>) -> Result<Vec<ControlTotals>, EffectsError> {
    let mut control = Vec::new();
    for _ in 0..items.array()? {
        items.array_of(4, "totals of 4 items")?;
        control.push(ControlTotals {
            issued: items.points()?,
            burned: items.points()?,
            expired: items.points()?,
            outstanding: items.points()?,
        });
    }
    Ok(control)
}

fn read_netted(items: &mut Items<'_>) -> Result<Netted, EffectsError> {
    let currency = items.currency;
    Ok(Netted {
        held: items.flag()?,
        lines_root: *items.item(Reader::bytes_array)?,
        positions_root: *items.item(Reader::bytes_array)?,
        netting: match items.flag()? {
            true => Netting::Bilateral,
            false => Netting::Multilateral,
        },
        payment_minimum: items.value("an amount", |units| {
            Money::from_minor_units(units.into(), currency)
        })?,
        due_on: items.day()?,
        lines: items.uint()?,
        gross: read_sum(items)?,
        net: read_sum(items)?,
        payments: items.uint()?,
    })
}

fn read_sum(items: &mut Items<'_>) -> Result<Money, EffectsError> {
    let offset = items.reader.offset();
    let text = items.item(Reader::text)?;
    let wanted = "a sum of money";
    Net::parse(text, items.currency.decimals())
        .and_then(Net::to_be_received)
        .filter(|sum| sum.to_string() == text)
        .ok_or(EffectsError::Value { offset, wanted })
}
