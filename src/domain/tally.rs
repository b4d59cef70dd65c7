//! The tally: a second computation of what statements say, summed from stored effects alone.
//!
//! It follows the log entry by entry, on its own thread in the house and inside an audit. It sums
//! lines with code of its own, so that `net_window` can be compared with it, and counts what no
//! rule needs to know: activity, months of issue and expiry, payments, disputes, notices.
//! Must not: execute an op, or be asked by a rule. A [`Closing`] holds what a window's statements
//! say, once it is netted; [`statements`] writes them.

mod clearing;
mod closing;
mod issuer;
mod period;
mod pool;
pub mod report;
pub mod statements;

pub use closing::{Closing, CutFacts, MovementFact, MovementKind, NettedTerms, PartyFacts};
pub use issuer::{Issuer, Moved};
pub use period::{AdjustmentChange, AdjustmentFact, Count, KINDS, NoticeFact, NoticeKind, Period};
pub use pool::PoolSums;

use super::dispute::Dispute;
use super::effect::{Applied, Effect, Given};
use super::governance::Governance;
use super::ids::{OpAt, Party, Reference};
use super::line::{LineKey, LineMove, LineTotal};
use super::money::{Currency, Money, Net};
use super::points::Points;
use super::submission::{Action, Adjust, Change, Op, Submission};
use super::time::{Day, Micros};
use super::window::{Carried, Item, ItemKey};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// One entry, as the tally sees it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its index.
    pub index: u64,
    /// When it was accepted.
    pub accepted_at: Micros,
    /// Its author.
    pub author: Party,
    /// Its number among the author's entries.
    pub author_seq: u64,
    /// Its chain hash.
    pub chain_hash: [u8; 32],
    /// What it asked for.
    pub submission: &'a Submission,
    /// What that did.
    pub effects: &'a [Effect],
}

/// Everything that statements and reports need of the entries so far.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Tally {
    /// How many entries were added.
    #[n(0)]
    pub size: u64,
    /// Chain hash of the last.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub chain_hash: [u8; 32],
    /// The ledger's currency.
    #[n(2)]
    currency: Currency,
    /// Lines of all windows that are not netted.
    #[n(3)]
    pub lines: BTreeMap<LineKey, LineTotal>,
    /// The open window.
    #[n(4)]
    window: u32,
    /// Its first entry.
    #[n(5)]
    first_entry: u64,
    /// Its first day.
    #[n(6)]
    first_day: Day,
    /// What parties did in it.
    #[n(7)]
    periods: BTreeMap<Party, Period>,
    /// Points by issuer; the house is the first.
    #[n(8)]
    pub issuers: Vec<Issuer>,
    /// The pool's money since founding.
    #[n(9)]
    pub pool: PoolSums,
    /// The same at the cut before.
    #[n(10)]
    pool_at_cut: PoolSums,
    /// Windows that were cut and are not netted.
    #[n(11)]
    cut: BTreeMap<u32, CutFacts>,
    /// Windows that were netted and whose statements were not taken yet.
    #[n(12)]
    closings: BTreeMap<u32, Closing>,
    /// What every party was owed when the last window was netted.
    #[n(13)]
    accounts: Vec<Net>,
    /// What is rolled forward.
    #[n(14)]
    carried: Carried,
    /// Payments that are open.
    #[n(15)]
    pub items: BTreeMap<ItemKey, Item>,
    /// Payments confirmed and returned since the last window was netted.
    #[n(16)]
    movements: Vec<MovementFact>,
    /// Disputes that are open, or were resolved since the last window was netted.
    #[n(17)]
    disputes: BTreeMap<OpAt, Dispute>,
    /// Actions that wait for a second govern key.
    #[n(18)]
    proposals: BTreeMap<Reference, Action>,
    /// Partners that are suspended, with the hash of their masters.
    #[n(19)]
    standings: BTreeMap<Party, clearing::PartnerFact>,
    /// For reports.
    #[n(20)]
    pub report: report::Series,
    /// Why the two computations differ, if they do.
    #[n(21)]
    pub difference: Option<String>,
}

impl Tally {
    /// The tally of an empty ledger in a currency.
    pub fn new(currency: Currency) -> Self {
        Self {
            size: 0,
            chain_hash: [0; 32],
            currency,
            lines: BTreeMap::new(),
            window: 0,
            first_entry: 0,
            first_day: Day(0),
            periods: BTreeMap::new(),
            issuers: vec![Issuer::default()],
            pool: PoolSums::default(),
            pool_at_cut: PoolSums::default(),
            cut: BTreeMap::new(),
            closings: BTreeMap::new(),
            accounts: vec![Net::zero(&currency)],
            carried: Carried::new(),
            items: BTreeMap::new(),
            movements: Vec::new(),
            disputes: BTreeMap::new(),
            proposals: BTreeMap::new(),
            standings: BTreeMap::new(),
            report: report::Series::default(),
            difference: None,
        }
    }

    /// Adds the next entry. `governance` is that after this entry or after any later one: prices
    /// and parties that were registered never change.
    ///
    /// # Panics
    /// If the entry is not the next.
    pub fn add(&mut self, governance: &Governance, seen: &Seen<'_>) {
        assert_eq!(seen.index, self.size, "entries are added in order");
        let today = seen.accepted_at.day(governance.programme.utc_offset_min);
        if seen.index == 0 {
            self.first_day = today;
        }
        let period = self.periods.entry(seen.author).or_default();
        period.entries = period.entries.saturating_add(1);
        period.first_seq.get_or_insert(seen.author_seq);
        period.last_seq = Some(seen.author_seq);
        for (place, (op, effect)) in seen.submission.ops.iter().zip(seen.effects).enumerate() {
            let at = OpAt {
                entry: seen.index,
                op: u16::try_from(place).expect("OPS_MAX fits 16 bits"),
            };
            let applied = match effect {
                Effect::Applied(applied) => Some(applied),
                Effect::Refused(_) | Effect::Duplicate(_) => None,
            };
            self.count(governance, seen, op, applied);
            if let Some(applied) = applied {
                self.add_points(governance, seen.author, today, applied);
                self.add_action(governance, seen, at, &op.action, applied);
            }
        }
        self.size = self.size.saturating_add(1);
        self.chain_hash = seen.chain_hash;
    }

    /// The lines of a window, in order of their keys.
    pub fn lines_of(&self, window: u32) -> impl Iterator<Item = (&LineKey, &LineTotal)> {
        self.lines.range(LineKey::of_window(window))
    }

    /// The window that was netted, ready for its statements.
    pub fn closing(&self, window: u32) -> Option<&Closing> {
        self.closings.get(&window)
    }

    /// Lets a netted window go whose statements are issued.
    pub fn forget(&mut self, window: u32) {
        self.closings.remove(&window);
    }

    /// Keeps the closings of the latest windows alone.
    pub fn forget_all_but(&mut self, latest: usize) {
        while self.closings.len() > latest {
            self.closings.pop_first();
        }
    }

    fn count(&mut self, governance: &Governance, seen: &Seen<'_>, op: &Op, done: Option<&Applied>) {
        let Some(kind) = period::kind_place(op.action.kind()).filter(|_| !seen.author.is_house())
        else {
            return;
        };
        let moved = done.map(|done| done.points_moved(&op.action).unwrap_or_default());
        let period = self.periods.entry(seen.author).or_default();
        period.activity.entry(kind).or_default().add(moved);
        let offset = governance.programme.utc_offset_min;
        let day = op.occurred_at.map(|at| at.day(offset));
        if let (Some(points), Some(day)) = (moved, day)
            && day < self.first_day
        {
            let late = period.prior.entry((day, kind)).or_default();
            late.add(Some(points));
        }
    }

    /// Sums what an op moved, and its lines, from the effect as it was stored.
    fn add_points(&mut self, governance: &Governance, author: Party, today: Day, done: &Applied) {
        for step in done.touches.iter().flat_map(|touch| touch.moves.iter()) {
            let issuer = step.slice.key.issuer;
            let Some(direction) = self.issuer(issuer).add(step) else {
                continue;
            };
            self.pool.add_move(governance, step, direction);
            let points = step.slice.points;
            self.report.add(today, (issuer, author), step.kind, points);
        }
        for line in &done.lines {
            self.pool.add_line(governance, line);
            self.add_line(line);
        }
    }

    fn add_line(&mut self, line: &LineMove) {
        let key = line.key(self.window);
        let total = self.lines.get(&key).copied();
        let sum = match (total, line.total) {
            (None, total) => Some(total),
            (Some(LineTotal::Priced(a)), LineTotal::Priced(b)) => {
                let units = a.units().checked_add(b.units());
                units.and_then(Points::new).map(LineTotal::Priced)
            }
            (Some(LineTotal::Amount(a)), LineTotal::Amount(b)) => {
                let units = a.minor_units().checked_add(b.minor_units());
                units
                    .and_then(|units| Money::from_minor_units(units, &self.currency))
                    .map(LineTotal::Amount)
            }
            _ => None,
        };
        match sum {
            Some(sum) => drop(self.lines.insert(key, sum)),
            None => self.differ(format!("a line of window {} cannot be summed", self.window)),
        }
    }

    fn add_action(
        &mut self,
        governance: &Governance,
        seen: &Seen<'_>,
        at: OpAt,
        action: &Action,
        done: &Applied,
    ) {
        match action {
            Action::Propose(proposed) => {
                let id = seen.submission.ops[usize::from(at.op)].id;
                self.proposals.insert(id, proposed.as_ref().clone());
            }
            Action::Approve(proposal) => {
                if let Some(approved) = self.proposals.remove(proposal) {
                    self.add_action(governance, seen, at, &approved, done);
                }
            }
            Action::Adjust(adjust) => self.add_adjustment(governance, at, adjust),
            Action::CutWindow(_) => self.add_cut(governance, seen, done),
            Action::NetWindow(op) => {
                if let Some(Given::Netted(netted)) = &done.given {
                    self.add_netted(governance, seen, op.window, netted);
                }
            }
            _ => self.add_clearing(governance, seen, at, action, done),
        }
    }

    fn add_adjustment(&mut self, governance: &Governance, at: OpAt, adjust: &Adjust) {
        let corrects = OpAt {
            entry: adjust.corrects_entry,
            op: adjust.corrects_op,
        };
        let party = |name| governance.party(name).unwrap_or(Party::HOUSE);
        let change = match &adjust.change {
            Change::Credit(change) => {
                let points = change.points.unwrap_or_default();
                AdjustmentChange::Credit(party(&change.issuer), points)
            }
            Change::Debit(change) => {
                let points = change.points.unwrap_or_default();
                AdjustmentChange::Debit(party(&change.issuer), points)
            }
            Change::Amount {
                debtor,
                creditor,
                amount,
            } => AdjustmentChange::Amount(party(debtor), party(creditor), *amount),
        };
        self.note_adjustment(AdjustmentFact {
            at,
            corrects,
            change,
        });
    }

    /// Tells every party that an adjustment concerns.
    fn note_adjustment(&mut self, fact: AdjustmentFact) {
        let parties = match fact.change {
            AdjustmentChange::Credit(issuer, _) | AdjustmentChange::Debit(issuer, _) => {
                [issuer, issuer]
            }
            AdjustmentChange::Amount(debtor, creditor, _) => [debtor, creditor],
        };
        for party in parties {
            let facts = &mut self.periods.entry(party).or_default().adjustments;
            if facts.last() != Some(&fact) {
                facts.push(fact);
            }
        }
    }

    fn issuer(&mut self, party: Party) -> &mut Issuer {
        let slot = party.slot();
        if slot >= self.issuers.len() {
            self.issuers
                .resize_with(slot.saturating_add(1), Issuer::default);
        }
        &mut self.issuers[slot]
    }

    /// Remembers the first difference between the two computations.
    fn differ(&mut self, what: String) {
        self.difference.get_or_insert(what);
    }
}
