//! What the ledger gave to an op, in words.
//!
//! Must not: hold anything that the effect does not say.

use crate::domain::effect::{ControlTotals, Given, Netted};
use crate::domain::ids::{Name, Party};
use crate::domain::money::Money;
use crate::domain::points::Points;
use crate::domain::time::Day;
use crate::proof::hex::encode as hex;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenResult {
    Party(u16),
    PriceVersion(u32),
    More(bool),
    Cut(CutResult),
    Netted(Box<NettedResult>),
    Payment(PaymentResult),
    AnswerBy(AnswerResult),
}

#[derive(Serialize)]
pub struct CutResult {
    first_day: Day,
    last_day: Day,
    rules_version: u32,
    price_version: u32,
    /// By party, the house first.
    control: Vec<ControlResult>,
}

#[derive(Serialize)]
pub struct ControlResult {
    issued: Points,
    burned: Points,
    expired: Points,
    outstanding: Points,
}

#[derive(Serialize)]
pub struct NettedResult {
    held: bool,
    lines_root: String,
    positions_root: String,
    netting: &'static str,
    payment_minimum: String,
    due_on: Day,
    lines: u64,
    gross: String,
    net: String,
    payments: u64,
}

#[derive(Serialize)]
pub struct PaymentResult {
    window: u32,
    debtor: Name,
    creditor: Name,
    amount: Money,
    due_on: Day,
}

#[derive(Serialize)]
pub struct AnswerResult {
    counterparty: Name,
    day: Day,
}

/// What was given, in words.
pub fn result(given: &Given, name: &dyn Fn(Party) -> Name) -> GivenResult {
    match given {
        Given::Party(party) => GivenResult::Party(party.0),
        Given::PriceVersion(version) => GivenResult::PriceVersion(*version),
        Given::More(more) => GivenResult::More(*more),
        Given::Cut {
            first_day,
            last_day,
            rules_version,
            price_version,
            control,
        } => GivenResult::Cut(CutResult {
            first_day: *first_day,
            last_day: *last_day,
            rules_version: *rules_version,
            price_version: *price_version,
            control: control.iter().map(totals).collect(),
        }),
        Given::Netted(netted) => GivenResult::Netted(Box::new(in_words(netted))),
        Given::Payment(payment) => GivenResult::Payment(PaymentResult {
            window: payment.key.window,
            debtor: name(payment.key.debtor),
            creditor: name(payment.key.creditor),
            amount: payment.amount,
            due_on: payment.due_on,
        }),
        Given::AnswerBy(party, day) => GivenResult::AnswerBy(AnswerResult {
            counterparty: name(*party),
            day: *day,
        }),
    }
}

fn totals(totals: &ControlTotals) -> ControlResult {
    ControlResult {
        issued: totals.issued,
        burned: totals.burned,
        expired: totals.expired,
        outstanding: totals.outstanding,
    }
}

fn in_words(netted: &Netted) -> NettedResult {
    NettedResult {
        held: netted.held,
        lines_root: hex(&netted.lines_root),
        positions_root: hex(&netted.positions_root),
        netting: netted.netting.as_str(),
        payment_minimum: netted.payment_minimum.to_string(),
        due_on: netted.due_on,
        lines: netted.lines,
        gross: netted.gross.to_string(),
        net: netted.net.to_string(),
        payments: netted.payments,
    }
}
