//! What became of each op, in words: the readable half of a receipt, made from effects alone.
//!
//! Must not: hold anything that the effects and the submission do not say.

mod given;

use super::out::Out;
use crate::domain::effect::{Applied, DebtMove, Effect, Given, Move, Touch};
use crate::domain::ids::{Name, OpAt, Party};
use crate::domain::line::{LineMove, LineTotal};
use crate::domain::member::Balance;
use crate::domain::submission::Op;

/// Puts effects into words.
pub struct Words<'a> {
    /// The author names of parties.
    pub name: &'a dyn Fn(Party) -> Name,
}

impl Words<'_> {
    /// Writes the results of all ops of a submission.
    ///
    /// # Panics
    /// If there is not one effect for each op.
    pub fn results(&self, ops: &[Op], effects: &[Effect], out: &mut Out) {
        assert_eq!(ops.len(), effects.len(), "each op has one effect");
        let both = (0_u64..).zip(ops.iter().zip(effects));
        out.list(both, |out, (place, (op, effect))| {
            self.result(place, op, effect, out);
        });
    }

    fn result(&self, place: u64, op: &Op, effect: &Effect, out: &mut Out) {
        let outcome = effect.outcome();
        out.raw("{\"op\":");
        out.number(place);
        out.raw(",\"id\":");
        out.quoted(op.id.as_bytes());
        out.raw(",\"kind\":");
        out.quoted(op.action.kind().as_bytes());
        out.raw(",\"outcome\":");
        out.number(outcome.number());
        out.raw(",\"code\":");
        out.quoted(outcome.code().as_bytes());
        match effect {
            Effect::Refused(_) => {
                out.raw(",\"advice\":");
                out.value(outcome.advice());
            }
            Effect::Duplicate(first) => {
                out.raw(",\"first\":");
                place_in_words(*first, out);
            }
            Effect::Applied(applied) => self.applied(op, applied, out),
        }
        out.raw("}");
    }

    fn applied(&self, op: &Op, applied: &Applied, out: &mut Out) {
        if let Some(points) = applied.points_moved(&op.action) {
            out.raw(",\"points\":");
            out.number(points.units());
        }
        out.raw(",\"members\":");
        out.list(&applied.touches, |out, touch| self.member(touch, out));
        out.raw(",\"lines\":");
        out.list(&applied.lines, |out, line| self.line(line, out));
        if let Some(given) = &applied.given {
            out.raw(",\"given\":");
            out.value(&given::result(given, self.name));
        }
    }

    fn member(&self, touch: &Touch, out: &mut Out) {
        out.raw("{\"member\":");
        out.quoted(touch.member.as_bytes());
        out.raw(",\"moves\":");
        out.list(&touch.moves, |out, step| self.step(step, out));
        out.raw(",\"debts\":");
        out.list(&touch.debts, |out, debt| self.debt(debt, out));
        out.raw(",\"balance\":");
        balance(&touch.balance, out);
        if let Some(previous) = touch.previous {
            out.raw(",\"previous\":");
            place_in_words(previous, out);
        }
        out.raw("}");
    }

    fn step(&self, step: &Move, out: &mut Out) {
        let key = step.slice.key;
        out.raw("{\"kind\":");
        out.quoted(step.kind.as_str().as_bytes());
        out.raw(",\"issuer\":");
        out.quoted((self.name)(key.issuer).as_bytes());
        out.raw(",\"issued_on\":");
        out.day(key.issued_on);
        out.raw(",\"activates_on\":");
        out.day(key.activates_on);
        out.raw(",\"expires_on\":");
        out.day(key.expires_on);
        out.raw(",\"price_version\":");
        out.number(key.price_version);
        out.raw(",\"points\":");
        out.number(step.slice.points.units());
        out.raw("}");
    }

    fn debt(&self, debt: &DebtMove, out: &mut Out) {
        out.raw("{\"change\":");
        out.quoted(if debt.repaid { b"repaid" } else { b"owed" });
        out.raw(",\"issuer\":");
        out.quoted((self.name)(debt.issuer).as_bytes());
        out.raw(",\"price_version\":");
        out.number(debt.price_version);
        out.raw(",\"points\":");
        out.number(debt.points.units());
        out.raw("}");
    }

    fn line(&self, line: &LineMove, out: &mut Out) {
        out.raw("{\"debtor\":");
        out.quoted((self.name)(line.debtor).as_bytes());
        out.raw(",\"creditor\":");
        out.quoted((self.name)(line.creditor).as_bytes());
        out.raw(",\"reason\":");
        out.quoted(line.reason.as_str().as_bytes());
        out.raw(",\"price_version\":");
        out.number(line.price_version);
        match line.total {
            LineTotal::Priced(points) => {
                out.raw(",\"points\":");
                out.number(points.units());
            }
            LineTotal::Amount(amount) => {
                out.raw(",\"amount\":");
                out.value(&amount);
            }
        }
        out.raw("}");
    }
}

fn balance(balance: &Balance, out: &mut Out) {
    out.raw("{\"available\":");
    out.number(balance.available.units());
    out.raw(",\"pending\":");
    out.number(balance.pending.units());
    out.raw(",\"held\":");
    out.number(balance.held.units());
    out.raw(",\"debt\":");
    out.number(balance.debt.units());
    out.raw("}");
}

fn place_in_words(at: OpAt, out: &mut Out) {
    out.raw("{\"entry\":");
    out.number(at.entry);
    out.raw(",\"op\":");
    out.number(at.op);
    out.raw("}");
}

/// The parties whose numbers stand in effects, where a receipt names them: each once, in order.
pub fn parties(effects: &[Effect]) -> Vec<Party> {
    let mut parties = Vec::new();
    let mut add = |party: Party| {
        if let Err(place) = parties.binary_search(&party) {
            parties.insert(place, party);
        }
    };
    for effect in effects {
        let Effect::Applied(applied) = effect else {
            continue;
        };
        for touch in &applied.touches {
            touch
                .moves
                .iter()
                .for_each(|step| add(step.slice.key.issuer));
            touch.debts.iter().for_each(|debt| add(debt.issuer));
        }
        for line in &applied.lines {
            add(line.debtor);
            add(line.creditor);
        }
        match &applied.given {
            Some(Given::Payment(payment)) => {
                add(payment.key.debtor);
                add(payment.key.creditor);
            }
            Some(Given::AnswerBy(party, _)) => add(*party),
            _ => {}
        }
    }
    parties
}
