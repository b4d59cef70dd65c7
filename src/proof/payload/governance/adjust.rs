//! `adjust` of a payload: a correction of points, or of an amount between two parties.
//!
//! Must not: judge what it corrects.

use super::super::values::{self, need, refuse, set, text};
use super::super::{Head, JsonError, Reader};
use crate::domain::ids::{Name, OpAt, Reference};
use crate::domain::money::Money;
use crate::domain::submission::{Action, Adjust, Asked, Change, PointsChange};

/// The members of `adjust`, of which `kind` decides which belong.
#[derive(Default)]
struct AdjustFields {
    corrects: Option<OpAt>,
    kind: Option<AdjustKind>,
    member: Option<Reference>,
    issuer: Option<Name>,
    points: Option<Asked>,
    debtor: Option<Name>,
    creditor: Option<Name>,
    amount: Option<Money>,
}

#[derive(Clone, Copy)]
enum AdjustKind {
    Credit,
    Debit,
    Amount,
}

/// Reads `adjust`.
pub fn read(reader: &mut Reader<'_>, head: &mut Head) -> Result<Action, JsonError> {
    let mut fields = AdjustFields::default();
    let decimals = head.decimals;
    head.object(reader, |reader, name| {
        match name {
            "corrects" => set(&mut fields.corrects, reader, values::place)?,
            "kind" => set(&mut fields.kind, reader, adjust_kind)?,
            "member" => set(&mut fields.member, reader, values::reference)?,
            "issuer" => set(&mut fields.issuer, reader, values::partner)?,
            "points" => set(&mut fields.points, reader, values::points)?,
            "debtor" => set(&mut fields.debtor, reader, values::name)?,
            "creditor" => set(&mut fields.creditor, reader, values::name)?,
            "amount" => set(&mut fields.amount, reader, |r| values::money(r, decimals))?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let corrects = need(fields.corrects, "corrects", reader)?;
    Ok(Action::Adjust(Adjust {
        corrects_entry: corrects.entry,
        corrects_op: corrects.op,
        change: fields.change(reader)?,
    }))
}

impl AdjustFields {
    fn change(self, reader: &Reader<'_>) -> Result<Change, JsonError> {
        let kind = need(self.kind, "kind", reader)?;
        let of_points = self.member.is_some() || self.issuer.is_some() || self.points.is_some();
        let of_money = self.debtor.is_some() || self.creditor.is_some() || self.amount.is_some();
        if matches!(kind, AdjustKind::Amount) {
            return self.amount(of_points, reader);
        }
        if of_money {
            let wanted = "credit and debit have member, issuer and points; remove the others";
            return Err(refuse(reader, wanted));
        }
        let change = PointsChange {
            member: need(self.member, "member", reader)?,
            issuer: need(self.issuer, "issuer", reader)?,
            points: need(self.points, "points", reader)?,
        };
        Ok(match kind {
            AdjustKind::Credit => Change::Credit(change),
            AdjustKind::Debit | AdjustKind::Amount => Change::Debit(change),
        })
    }

    fn amount(self, of_points: bool, reader: &Reader<'_>) -> Result<Change, JsonError> {
        if of_points {
            let wanted = "amount has debtor, creditor and amount; remove the others";
            return Err(refuse(reader, wanted));
        }
        let debtor = need(self.debtor, "debtor", reader)?;
        let creditor = need(self.creditor, "creditor", reader)?;
        let amount = need(self.amount, "amount", reader)?;
        if debtor == creditor {
            return Err(refuse(
                reader,
                "debtor and creditor are one party; name two",
            ));
        }
        if amount.is_zero() {
            return Err(refuse(reader, "the amount is zero; write one above zero"));
        }
        Ok(Change::Amount {
            debtor,
            creditor,
            amount,
        })
    }
}

fn adjust_kind(reader: &mut Reader<'_>) -> Result<AdjustKind, JsonError> {
    text(
        reader,
        "kind is credit, debit or amount",
        |word| match word {
            "credit" => Some(AdjustKind::Credit),
            "debit" => Some(AdjustKind::Debit),
            "amount" => Some(AdjustKind::Amount),
            _ => None,
        },
    )
}
