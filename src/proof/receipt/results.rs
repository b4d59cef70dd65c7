//! What became of each op, in words: the readable half of a receipt, made from effects alone.
//!
//! Must not: hold anything that the effects and the submission do not say.

mod given;

use crate::domain::effect::{Applied, DebtMove, Effect, Given, Move, Touch};
use crate::domain::ids::{Name, OpAt, Party, Reference};
use crate::domain::line::{LineMove, LineTotal};
use crate::domain::member::Balance;
use crate::domain::money::Money;
use crate::domain::points::Points;
use crate::domain::submission::Op;
use crate::domain::time::Day;
use serde::Serialize;
use std::collections::BTreeSet;

/// The result of one op.
#[derive(Serialize)]
pub struct OpResult {
    op: usize,
    id: Reference,
    kind: &'static str,
    outcome: u8,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Place>,
    #[serde(flatten)]
    applied: Option<Done>,
}

/// Where an op stands in the ledger.
#[derive(Serialize)]
struct Place {
    entry: u64,
    op: u16,
}

/// What an applied op did.
#[derive(Serialize)]
struct Done {
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Points>,
    members: Vec<MemberResult>,
    lines: Vec<LineResult>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<given::GivenResult>,
}

#[derive(Serialize)]
struct MemberResult {
    member: Reference,
    moves: Vec<MoveResult>,
    debts: Vec<DebtResult>,
    balance: Balance,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Place>,
}

#[derive(Serialize)]
struct MoveResult {
    kind: &'static str,
    issuer: Name,
    issued_on: Day,
    activates_on: Day,
    expires_on: Day,
    price_version: u32,
    points: Points,
}

#[derive(Serialize)]
struct DebtResult {
    change: &'static str,
    issuer: Name,
    price_version: u32,
    points: Points,
}

#[derive(Serialize)]
struct LineResult {
    debtor: Name,
    creditor: Name,
    reason: &'static str,
    price_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    points: Option<Points>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
}

/// The results of all ops of a submission.
pub fn all(ops: &[Op], effects: &[Effect], name: &dyn Fn(Party) -> Name) -> Vec<OpResult> {
    assert_eq!(ops.len(), effects.len(), "each op has one effect");
    let both = ops.iter().zip(effects).enumerate();
    both.map(|(place, (op, effect))| result(place, op, effect, name))
        .collect()
}

fn result(place: usize, op: &Op, effect: &Effect, name: &dyn Fn(Party) -> Name) -> OpResult {
    let outcome = effect.outcome();
    let is_refused = matches!(effect, Effect::Refused(_));
    OpResult {
        op: place,
        id: op.id,
        kind: op.action.kind(),
        outcome: outcome.number(),
        code: outcome.code(),
        advice: is_refused.then(|| outcome.advice()),
        first: match effect {
            Effect::Duplicate(first) => Some(in_words(*first)),
            _ => None,
        },
        applied: match effect {
            Effect::Applied(applied) => Some(done(op, applied, name)),
            _ => None,
        },
    }
}

fn done(op: &Op, applied: &Applied, name: &dyn Fn(Party) -> Name) -> Done {
    Done {
        points: applied.points_moved(&op.action),
        members: applied
            .touches
            .iter()
            .map(|touch| member(touch, name))
            .collect(),
        lines: applied
            .lines
            .iter()
            .map(|line| line_result(line, name))
            .collect(),
        given: applied
            .given
            .as_ref()
            .map(|given| given::result(given, name)),
    }
}

fn member(touch: &Touch, name: &dyn Fn(Party) -> Name) -> MemberResult {
    MemberResult {
        member: touch.member,
        moves: touch
            .moves
            .iter()
            .map(|step| move_result(step, name))
            .collect(),
        debts: touch
            .debts
            .iter()
            .map(|debt| debt_result(debt, name))
            .collect(),
        balance: touch.balance,
        previous: touch.previous.map(in_words),
    }
}

fn move_result(step: &Move, name: &dyn Fn(Party) -> Name) -> MoveResult {
    let key = step.slice.key;
    MoveResult {
        kind: step.kind.as_str(),
        issuer: name(key.issuer),
        issued_on: key.issued_on,
        activates_on: key.activates_on,
        expires_on: key.expires_on,
        price_version: key.price_version,
        points: step.slice.points,
    }
}

fn debt_result(debt: &DebtMove, name: &dyn Fn(Party) -> Name) -> DebtResult {
    DebtResult {
        change: if debt.repaid { "repaid" } else { "owed" },
        issuer: name(debt.issuer),
        price_version: debt.price_version,
        points: debt.points,
    }
}

fn line_result(line: &LineMove, name: &dyn Fn(Party) -> Name) -> LineResult {
    let (points, amount) = match line.total {
        LineTotal::Priced(points) => (Some(points), None),
        LineTotal::Amount(amount) => (None, Some(amount)),
    };
    LineResult {
        debtor: name(line.debtor),
        creditor: name(line.creditor),
        reason: line.reason.as_str(),
        price_version: line.price_version,
        points,
        amount,
    }
}

fn in_words(at: OpAt) -> Place {
    Place {
        entry: at.entry,
        op: at.op,
    }
}

/// The parties whose numbers stand in effects, where a receipt names them.
pub fn parties(effects: &[Effect]) -> BTreeSet<Party> {
    let mut parties = BTreeSet::new();
    for effect in effects {
        let Effect::Applied(applied) = effect else {
            continue;
        };
        for touch in &applied.touches {
            parties.extend(touch.moves.iter().map(|step| step.slice.key.issuer));
            parties.extend(touch.debts.iter().map(|debt| debt.issuer));
        }
        let of_lines = applied.lines.iter();
        parties.extend(of_lines.flat_map(|line| [line.debtor, line.creditor]));
        match &applied.given {
            Some(Given::Payment(payment)) => {
                parties.extend([payment.key.debtor, payment.key.creditor]);
            }
            Some(Given::AnswerBy(party, _)) => parties.extend([*party]),
            _ => {}
        }
    }
    parties
}
