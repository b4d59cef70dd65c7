//! Ops of a payload that close windows, track payments and settle disputes.
//!
//! Must not: ask who may send them; that is the domain's.

use super::super::values::{self, need, refuse, set, text};
use super::super::{Head, JsonError, Reader};
use super::only;
use crate::domain::ids::Name;
use crate::domain::line::Reason;
use crate::domain::money::Money;
use crate::domain::submission::{
    Action, ConfirmPayment, CutWindow, DisputeAnswer, DisputeOpen, DisputeReason, DisputeResolve,
    Disputed, IssueStatements, NetWindow, Remedy,
};

/// The kinds read here.
pub const KINDS: [&str; 10] = [
    "cut_window",
    "net_window",
    "window_release",
    "issue_statements",
    "confirm_payment",
    "payment_returned",
    "dispute_open",
    "dispute_answer",
    "dispute_resolve",
    "statement_acknowledge",
];

/// Reads an op of one of [`KINDS`].
pub fn read(reader: &mut Reader<'_>, kind: &str, head: &mut Head) -> Result<Action, JsonError> {
    match kind {
        "cut_window" => cut_window(reader, head),
        "net_window" => net_window(reader, head),
        "window_release" => only(reader, head, "window", window).map(Action::WindowRelease),
        "issue_statements" => issue_statements(reader, head),
        "confirm_payment" => confirm_payment(reader, head),
        "payment_returned" => {
            only(reader, head, "confirmation", values::reference).map(Action::PaymentReturned)
        }
        "dispute_open" => dispute_open(reader, head),
        "dispute_answer" => dispute_answer(reader, head),
        "dispute_resolve" => dispute_resolve(reader, head),
        _ => only(reader, head, "window", window).map(Action::StatementAcknowledge),
    }
}

fn window(reader: &mut Reader<'_>) -> Result<u32, JsonError> {
    values::uint32(reader, 0, u32::MAX, "write the number of a window")
}

fn cut_window(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut number, mut last_day) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "window" => set(&mut number, reader, window)?,
            "last_day" => set(&mut last_day, reader, values::day)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::CutWindow(CutWindow {
        window: need(number, "window", reader)?,
        last_day: need(last_day, "last_day", reader)?,
    }))
}

fn net_window(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut number, mut lines_root) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "window" => set(&mut number, reader, window)?,
            "lines_root" => set(&mut lines_root, reader, values::sha256)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::NetWindow(NetWindow {
        window: need(number, "window", reader)?,
        lines_root: need(lines_root, "lines_root", reader)?,
    }))
}

fn issue_statements(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut number, mut count) = (None, None);
    let (mut root, mut document_sha256) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "window" => set(&mut number, reader, window)?,
            "count" => set(&mut count, reader, |reader| {
                values::uint32(reader, 0, u32::MAX, "write how many statements there are")
            })?,
            "root" => set(&mut root, reader, values::sha256)?,
            "document_sha256" => set(&mut document_sha256, reader, values::sha256)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::IssueStatements(IssueStatements {
        window: need(number, "window", reader)?,
        count: need(count, "count", reader)?,
        root: need(root, "root", reader)?,
        document_sha256: need(document_sha256, "document_sha256", reader)?,
    }))
}

fn confirm_payment(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut number, mut debtor, mut creditor) = (None, None, None);
    let (mut currency, mut amount, mut reference) = (None, None, None);
    let decimals = head.decimals;
    head.object(reader, |reader, name| {
        match name {
            "window" => set(&mut number, reader, window)?,
            "debtor" => set(&mut debtor, reader, values::name)?,
            "creditor" => set(&mut creditor, reader, values::name)?,
            "currency" => set(&mut currency, reader, |reader| {
                text(reader, "write an ISO 4217 code in capitals", |code| {
                    let capitals = code.bytes().all(|b| b.is_ascii_uppercase());
                    (code.len() == 3 && capitals).then(|| code.to_owned())
                })
            })?,
            "amount" => set(&mut amount, reader, |r| values::money(r, decimals))?,
            "reference" => set(&mut reference, reader, values::reference)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::ConfirmPayment(ConfirmPayment {
        window: need(number, "window", reader)?,
        debtor: need(debtor, "debtor", reader)?,
        creditor: need(creditor, "creditor", reader)?,
        currency: need(currency, "currency", reader)?,
        amount: need(amount, "amount", reader)?,
        reference: need(reference, "reference", reader)?,
    }))
}

/// What `line` names.
#[derive(Default)]
struct LineFields {
    debtor: Option<Name>,
    creditor: Option<Name>,
    reason: Option<Reason>,
    price_version: Option<u32>,
}

impl LineFields {
    fn read(reader: &mut Reader<'_>) -> Result<Disputed, JsonError> {
        let mut fields = Self::default();
        reader.object(|reader, name| super::known(fields.member(reader, name)?, reader))?;
        Ok(Disputed::Line {
            debtor: need(fields.debtor, "debtor", reader)?,
            creditor: need(fields.creditor, "creditor", reader)?,
            reason: need(fields.reason, "reason", reader)?,
            price_version: need(fields.price_version, "price_version", reader)?,
        })
    }

    fn member(&mut self, reader: &mut Reader<'_>, name: &str) -> Result<bool, JsonError> {
        match name {
            "debtor" => set(&mut self.debtor, reader, values::name)?,
            "creditor" => set(&mut self.creditor, reader, values::name)?,
            "reason" => set(&mut self.reason, reader, |reader| {
                text(reader, "write the reason of a line", |word| {
                    Reason::ALL
                        .into_iter()
                        .find(|reason| reason.as_str() == word)
                })
            })?,
            "price_version" => set(&mut self.price_version, reader, |reader| {
                values::uint32(reader, 0, u32::MAX, "write the line's price version")
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn dispute_open(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut number, mut about) = (None, None);
    let (mut reason, mut evidence_sha256) = (None, None);
    head.object(reader, |reader, name| {
        match name {
            "window" => set(&mut number, reader, window)?,
            "line" => set(&mut about, reader, LineFields::read)?,
            "target" => set(&mut about, reader, |r| values::place(r).map(Disputed::Op))?,
            "reason" => set(&mut reason, reader, |reader| {
                let wanted = "reason is amount_wrong, points_wrong, never_happened, counted_twice \
                              or other";
                text(reader, wanted, |word| {
                    let mut all = DisputeReason::ALL.into_iter();
                    all.find(|reason| reason.as_str() == word)
                })
            })?,
            "evidence_sha256" => set(&mut evidence_sha256, reader, values::sha256)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::DisputeOpen(DisputeOpen {
        window: need(number, "window", reader)?,
        about: need(about, "line or target", reader)?,
        reason: need(reason, "reason", reader)?,
        evidence_sha256: need(evidence_sha256, "evidence_sha256", reader)?,
    }))
}

fn dispute_answer(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut dispute, mut accepted, mut evidence_sha256) = (None, None, None);
    head.object(reader, |reader, name| {
        match name {
            "dispute" => set(&mut dispute, reader, values::place)?,
            "accepted" => set(&mut accepted, reader, Reader::boolean)?,
            "evidence_sha256" => set(&mut evidence_sha256, reader, values::sha256)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Action::DisputeAnswer(DisputeAnswer {
        dispute: need(dispute, "dispute", reader)?,
        accepted: need(accepted, "accepted", reader)?,
        evidence_sha256,
    }))
}

fn dispute_resolve(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let (mut dispute, mut upheld) = (None, None);
    let (mut debtor, mut creditor): (Option<Name>, Option<Name>) = (None, None);
    let mut amount: Option<Money> = None;
    let decimals = head.decimals;
    head.object(reader, |reader, name| {
        match name {
            "dispute" => set(&mut dispute, reader, values::place)?,
            "upheld" => set(&mut upheld, reader, Reader::boolean)?,
            "debtor" => set(&mut debtor, reader, values::name)?,
            "creditor" => set(&mut creditor, reader, values::name)?,
            "amount" => set(&mut amount, reader, |r| values::money(r, decimals))?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let dispute = need(dispute, "dispute", reader)?;
    let upheld = if need(upheld, "upheld", reader)? {
        let remedy = Remedy {
            debtor: need(debtor, "debtor", reader)?,
            creditor: need(creditor, "creditor", reader)?,
            amount: need(amount, "amount", reader)?,
        };
        if remedy.debtor == remedy.creditor || remedy.amount.is_zero() {
            let wanted = "name two parties and an amount above zero";
            return Err(refuse(reader, wanted));
        }
        Some(remedy)
    } else {
        if debtor.is_some() || creditor.is_some() || amount.is_some() {
            let wanted = "a dismissed dispute posts nothing; remove debtor, creditor and amount";
            return Err(refuse(reader, wanted));
        }
        None
    };
    Ok(Action::DisputeResolve(DisputeResolve { dispute, upheld }))
}
