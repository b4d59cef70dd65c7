//! Effects: what each op of an entry did, as bytes that the entry's digest binds.
//!
//! Purpose: a receipt proves amounts, a retry gets the first answer after any crash, and a replay
//! names the first entry that diverges, because the same effects always have the same bytes.
//!
//! Must not: judge. Whether an effect follows from the entries before is the domain's word.
//!
//! Spec: deterministic CBOR (RFC 8949 §4.2.1), `schemas/effects.cddl`. Days are counted from
//! 1970-01-01, parties by their number, and what the op or its place says already is left out:
//!
//! ```text
//! effects   = [ 1, [* op ] ]                  one for each op, in order
//! op        = [ rejection ]                   refused
//!           | [ 2, entry, op ]                a duplicate of the op there
//!           | [ 0, [* touch], [* line], ? given ]
//! touch     = [ member, [* move], [* debt], available, pending, held, debt, previous ]
//!             member: "" where the op's own fields name it; previous: [] or [entry, op]
//! move      = [ kind, issuer, issued_on, activates_on, expires_on, price_version, points,
//!               ? (first entry, first op) ]   left out where the lot's first op is this one
//! debt      = [ 0 rose | 1 fell, issuer, price_version, points ]
//! line      = [ debtor, creditor, reason, price_version, points | smallest units of money ]
//! given     = [ 0, party ] | [ 1, price_version ] | [ 2, 0 | 1 more is due ]
//!           | [ 3, first_day, last_day, rules_version, price_version, [* control ] ]       a cut
//!           | [ 4, 0 | 1 held, lines_root, positions_root, 0 | 1 bilateral, payment_minimum,
//!               due_on, lines, gross, net, payments ]                                    netted
//!           | [ 5, window, debtor, creditor, amount, due_on ]                          a payment
//!           | [ 6, counterparty, answer_by ]                                           a dispute
//! control   = [ issued, burned, expired, outstanding ]         by party, the house first
//! ```

mod given;
mod read;

pub use read::{EffectsError, decode};

use super::cbor::{Major, write_head, write_text, write_uint};
use crate::domain::effect::{Applied, DebtMove, Effect, Move, Touch};
use crate::domain::ids::{OpAt, Party};
use crate::domain::line::{LineMove, LineTotal};
use crate::domain::points::Points;
use crate::domain::rejection::Rejection;
use crate::domain::time::Day;

/// The format's version, its first item.
pub const VERSION: u64 = 1;

/// Writes the effects of entry `entry` into `out`, which is emptied first so that it can be used
/// again.
///
/// # Panics
/// If a day lies before 1970-01-01: no ledger's clock is set there.
pub fn encode(entry: u64, effects: &[Effect], out: &mut Vec<u8>) {
    out.clear();
    array(2, out);
    write_uint(VERSION, out);
    array(effects.len(), out);
    for (place, effect) in effects.iter().enumerate() {
        let op = u16::try_from(place).expect("a submission holds few ops");
        write_effect(OpAt { entry, op }, effect, out);
    }
}

fn write_effect(at: OpAt, effect: &Effect, out: &mut Vec<u8>) {
    match effect {
        Effect::Refused(rejection) => {
            array(1, out);
            write_uint(rejection.number().into(), out);
        }
        Effect::Duplicate(first) => {
            array(3, out);
            write_uint(Rejection::Duplicate.number().into(), out);
            write_place(*first, out);
        }
        Effect::Applied(applied) => write_applied(at, applied, out),
    }
}

fn write_applied(at: OpAt, applied: &Applied, out: &mut Vec<u8>) {
    array(3 + usize::from(applied.given.is_some()), out);
    write_uint(Rejection::Applied.number().into(), out);
    array(applied.touches.len(), out);
    for touch in &applied.touches {
        write_touch(at, touch, out);
    }
    array(applied.lines.len(), out);
    for line in &applied.lines {
        write_line(line, out);
    }
    if let Some(given) = &applied.given {
        given::write(given, out);
    }
}

fn write_touch(at: OpAt, touch: &Touch, out: &mut Vec<u8>) {
    array(8, out);
    write_text(
        if touch.named {
            ""
        } else {
            touch.member.as_str()
        },
        out,
    );
    array(touch.moves.len(), out);
    for step in &touch.moves {
        write_move(at, step, out);
    }
    array(touch.debts.len(), out);
    for debt in &touch.debts {
        write_debt(debt, out);
    }
    let balance = &touch.balance;
    for points in [
        balance.available,
        balance.pending,
        balance.held,
        balance.debt,
    ] {
        write_points(points, out);
    }
    match touch.previous {
        Some(previous) => {
            array(2, out);
            write_place(previous, out);
        }
        None => array(0, out),
    }
}

fn write_move(at: OpAt, step: &Move, out: &mut Vec<u8>) {
    let slice = &step.slice;
    let first_is_here = slice.first == at;
    array(if first_is_here { 7 } else { 9 }, out);
    write_uint(step.kind.number().into(), out);
    write_party(slice.key.issuer, out);
    for day in [
        slice.key.issued_on,
        slice.key.activates_on,
        slice.key.expires_on,
    ] {
        write_day(day, out);
    }
    write_uint(slice.key.price_version.into(), out);
    write_points(slice.points, out);
    if !first_is_here {
        write_place(slice.first, out);
    }
}

fn write_debt(debt: &DebtMove, out: &mut Vec<u8>) {
    array(4, out);
    write_uint(debt.repaid.into(), out);
    write_party(debt.issuer, out);
    write_uint(debt.price_version.into(), out);
    write_points(debt.points, out);
}

fn write_line(line: &LineMove, out: &mut Vec<u8>) {
    array(5, out);
    write_party(line.debtor, out);
    write_party(line.creditor, out);
    write_uint(line.reason.number().into(), out);
    write_uint(line.price_version.into(), out);
    match line.total {
        LineTotal::Priced(points) => write_points(points, out),
        LineTotal::Amount(amount) => {
            let units = u64::try_from(amount.minor_units());
            write_uint(
                units.expect("an amount below 10^15 has few smallest units"),
                out,
            );
        }
    }
}

fn array(items: usize, out: &mut Vec<u8>) {
    write_head(Major::Array, items as u64, out);
}

fn write_party(party: Party, out: &mut Vec<u8>) {
    write_uint(party.0.into(), out);
}

fn write_points(points: Points, out: &mut Vec<u8>) {
    write_uint(points.units(), out);
}

fn write_place(at: OpAt, out: &mut Vec<u8>) {
    write_uint(at.entry, out);
    write_uint(at.op.into(), out);
}

fn write_day(day: Day, out: &mut Vec<u8>) {
    let days = u64::try_from(day.0);
    write_uint(days.expect("no ledger day lies before 1970-01-01"), out);
}

#[cfg(test)]
mod tests;
