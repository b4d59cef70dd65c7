//! The parts of a statement, each from the facts behind it.
//!
//! Must not: sum money; that is the parent's.

use super::super::period::{AdjustmentChange, KINDS, Period};
use super::super::{MovementFact, MovementKind, PartyFacts};
use super::Statements;
use crate::domain::dispute::{Dispute as DisputeFact, DisputeState};
use crate::domain::ids::{Name, OpAt, Party};
use crate::domain::money::Net;
use crate::domain::netting::{Netting, Position as PartySum, PricedLine};
use crate::domain::points::Points;
use crate::domain::price::PriceRow;
use crate::domain::programme::SettlementModel;
use crate::domain::statement::{
    Activity, Adjustment, AuthorRange, Control, Dispute, Liability, Line, Month, Movement, Notice,
    PartyPosition, Pool, PriorPeriod, Savings,
};
use crate::domain::time::Day;
use crate::domain::window::{ItemKey, payment_reference};
use rust_decimal::{Decimal, RoundingStrategy};

/// 32 bytes as hex digits in small letters.
pub fn hex(bytes: &[u8; 32]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// A partner's entries.
pub fn author_range(period: &Period) -> AuthorRange {
    AuthorRange {
        entries: period.entries,
        first: period.first_seq,
        last: period.last_seq,
    }
}

/// A partner's ops by kind.
pub fn activity(period: &Period) -> Vec<Activity> {
    let kinds = period.activity.iter();
    kinds
        .map(|(kind, count)| Activity {
            op: kind_word(*kind),
            applied: count.applied,
            refused: count.refused,
            points: count.points,
        })
        .collect()
}

fn kind_word(kind: u8) -> String {
    let word = KINDS.get(usize::from(kind)).copied();
    word.expect("only known kinds are counted").to_owned()
}

/// A line in words.
pub fn line(of: &Statements<'_>, line: &PricedLine) -> Line {
    let key = &line.key;
    let row = price_row(of, line);
    Line {
        debtor: of.name(key.debtor),
        creditor: of.name(key.creditor),
        reason: key.reason.as_str().to_owned(),
        price_version: key.price_version,
        units: line.priced.map(|(points, _)| points),
        price: line.priced.map(|(_, price)| price),
        amount: line.amount,
        tax_code: row.map(|row| row.tax_code),
    }
}

/// The row whose price the line is at.
fn price_row<'a>(of: &Statements<'a>, line: &PricedLine) -> Option<&'a PriceRow> {
    line.priced?;
    let payer = crate::domain::books::priced_party(of.governance, &line.key);
    of.governance.price_row(line.key.price_version, payer)
}

/// Ops that happened before the window.
pub fn prior_period(period: &Period) -> Vec<PriorPeriod> {
    let prior = period.prior.iter();
    prior
        .map(|((day, kind), count)| PriorPeriod {
            occurred_on: *day,
            op: kind_word(*kind),
            applied: count.applied,
            points: count.points,
        })
        .collect()
}

/// Adjustments in words.
pub fn adjustments(of: &Statements<'_>, period: &Period) -> Vec<Adjustment> {
    let facts = period.adjustments.iter();
    facts
        .map(|fact| {
            let mut adjustment = Adjustment {
                entry: fact.at.entry,
                op: fact.at.op,
                corrects_entry: fact.corrects.entry,
                corrects_op: fact.corrects.op,
                change: String::new(),
                issuer: None,
                points: None,
                debtor: None,
                creditor: None,
                amount: None,
            };
            match fact.change {
                AdjustmentChange::Credit(issuer, points) => {
                    "credit".clone_into(&mut adjustment.change);
                    adjustment.issuer = Some(of.name(issuer));
                    adjustment.points = Some(points);
                }
                AdjustmentChange::Debit(issuer, points) => {
                    "debit".clone_into(&mut adjustment.change);
                    adjustment.issuer = Some(of.name(issuer));
                    adjustment.points = Some(points);
                }
                AdjustmentChange::Amount(debtor, creditor, amount) => {
                    "amount".clone_into(&mut adjustment.change);
                    adjustment.debtor = Some(of.name(debtor));
                    adjustment.creditor = Some(of.name(creditor));
                    adjustment.amount = Some(amount);
                }
            }
            adjustment
        })
        .collect()
}

/// Disputes of a party.
pub fn disputes(of: &Statements<'_>, party: Party) -> Vec<Dispute> {
    let all = of.closing.disputes.iter();
    all.filter(|(_, dispute)| dispute.opened_by == party || dispute.counterparty == party)
        .map(|(at, dispute)| in_words(of, *at, dispute))
        .collect()
}

fn in_words(of: &Statements<'_>, at: OpAt, dispute: &DisputeFact) -> Dispute {
    let offset = of.governance.programme.utc_offset_min;
    let today: Day = of.closing.netted.at.day(offset);
    let silent = dispute.state == DisputeState::Open && dispute.answer_by < today;
    let status = if silent {
        "unanswered"
    } else {
        dispute.state.as_str()
    };
    Dispute {
        entry: at.entry,
        op: at.op,
        window: dispute.window,
        opened_by: of.name(dispute.opened_by),
        counterparty: of.name(dispute.counterparty),
        reason: dispute.reason.as_str().to_owned(),
        evidence_sha256: hex(&dispute.evidence_sha256),
        answer_by: dispute.answer_by,
        status: status.to_owned(),
    }
}

/// The reference of a payment.
pub fn reference(of: &Statements<'_>, key: &ItemKey) -> String {
    payment_reference(&of.governance.programme.origin, key)
        .expect("every origin ends in 8 hex digits")
}

/// A confirmed or returned payment in words.
pub fn movement(of: &Statements<'_>, fact: &MovementFact) -> Movement {
    let kind = match fact.kind {
        MovementKind::Confirmed => "confirmed",
        MovementKind::Returned => "returned",
    };
    Movement {
        entry: fact.at.entry,
        op: fact.at.op,
        at: fact.accepted_at.to_rfc3339(),
        kind: kind.to_owned(),
        window: fact.key.window,
        debtor: of.name(fact.key.debtor),
        creditor: of.name(fact.key.creditor),
        amount: fact.amount,
        reference: reference(of, &fact.key),
    }
}

/// An issuer's points over the window.
pub fn liability(facts: &PartyFacts) -> Liability {
    let moved = facts.moved.since(&facts.moved_before);
    let months = |of: &std::collections::BTreeMap<u32, Points>| {
        let months = of.iter().map(|(month, points)| Month {
            month: Day::month_text(*month),
            points: *points,
        });
        months.collect()
    };
    Liability {
        opening: facts.moved_before.outstanding(),
        issued: moved.issued,
        taken_back: moved.taken_back,
        burned: moved.burned,
        restored: moved.restored,
        expired: moved.expired,
        debt_repaid: moved.debt_repaid,
        adjusted_in: moved.adjusted_in,
        adjusted_out: moved.adjusted_out,
        closing: facts.moved.outstanding(),
        by_issue_month: months(&facts.vintages),
        by_expiry_month: months(&facts.by_expiry),
    }
}

/// Notices in words.
pub fn notices(period: &Period) -> Vec<Notice> {
    let facts = period.notices.iter();
    facts
        .map(|fact| Notice {
            entry: fact.at.entry,
            op: fact.at.op,
            kind: fact.kind.as_str().to_owned(),
            key: fact.key,
        })
        .collect()
}

/// What the window comes to for a party.
pub fn party_position(party: Name, sum: &PartySum) -> PartyPosition {
    PartyPosition {
        party,
        debits: sum.debits,
        credits: sum.credits,
        net: sum.net(),
        rolled_in: sum.rolled_in,
        rolled_out: sum.rolled_out,
        payable: sum.payable(),
    }
}

/// What netting saved.
pub fn savings(netting: &Netting) -> Savings {
    let gross = netting.gross.decimal();
    let share = netting.net.decimal().checked_div(gross);
    let percent = share.and_then(|share| {
        let saved = Decimal::ONE
            .checked_sub(share)?
            .checked_mul(Decimal::ONE_HUNDRED)?;
        let mut saved = saved.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven);
        saved.rescale(2);
        Some(saved.to_string())
    });
    Savings {
        lines: netting.lines,
        pairs: netting.pairs,
        gross: netting.gross,
        payments: netting.payments.len() as u64,
        net: netting.net,
        efficiency_percent: percent,
    }
}

/// Control totals of every partner.
pub fn control(of: &Statements<'_>) -> Vec<Control> {
    let parties = (0_u16..).zip(&of.closing.cut.parties).skip(1);
    parties
        .map(|(party, facts)| {
            let totals = facts.moved.control();
            Control {
                issuer: of.name(Party(party)),
                issued: totals.issued,
                burned: totals.burned,
                expired: totals.expired,
                outstanding: totals.outstanding,
            }
        })
        .collect()
}

/// The pool's money; nothing where issuers pay.
pub fn pool(of: &Statements<'_>) -> Option<Pool> {
    let programme = &of.governance.programme;
    if programme.settlement_model != SettlementModel::Pool {
        return None;
    }
    let scale = programme.point_scale;
    let net = |exact| {
        Net::from_exact(exact, scale, &programme.currency).expect("worths of points fit 96 bits")
    };
    let (before, after) = (&of.closing.cut.pool_before, &of.closing.cut.pool);
    let sums = after.since(before);
    Some(Pool {
        opening: net(before.balance),
        issue: net(sums.issue),
        refunds: net(sums.refunds),
        burns: net(sums.burns),
        breakage: net(sums.breakage),
        spread: net(sums.spread()),
        adjusted: net(sums.adjusted),
        closing: net(after.balance),
    })
}
