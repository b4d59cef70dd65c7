//! Books: per party the points it issued and what became of them, and the lines of open windows.
//!
//! Must not: be changed but by an effect, added in full or taken off again in full.

use super::effect::{Applied, ControlTotals, Move, MoveKind};
use super::governance::Governance;
use super::ids::Party;
use super::line::{LineKey, LineMove, LineTotal, Reason};
use super::member::DayCount;
use super::points::Points;
use super::price::Price;
use super::programme::SettlementModel;
use super::rejection::Rejection;
use super::time::Day;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// Running totals of one party.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct PartyBooks {
    /// Points ever issued.
    #[n(0)]
    pub issued: Points,
    /// Points taken back by reversals of issues.
    #[n(1)]
    pub taken_back: Points,
    /// Its points burned or captured, by whomever.
    #[n(2)]
    pub burned: Points,
    /// Its points restored by reversals of burns.
    #[n(3)]
    pub restored: Points,
    /// Its points swept after expiry.
    #[n(4)]
    pub expired: Points,
    /// Its points used up by members' debts.
    #[n(5)]
    pub debt_repaid: Points,
    /// Its points made by adjustments.
    #[n(6)]
    pub adjusted_in: Points,
    /// Its points removed by adjustments.
    #[n(7)]
    pub adjusted_out: Points,
    /// What members still have of its points, by price version.
    #[n(8)]
    pub outstanding: BTreeMap<u32, Points>,
    /// Credits − debits of its lines not yet paid, exact, in units of 10^−8 / 10^point_scale.
    #[cbor(n(9), with = "exact")]
    pub net_exact: i128,
    /// Points it burned or held in one UTC day.
    #[n(10)]
    pub burned_by_day: DayCount,
    /// The `author_seq` of its next entry.
    #[n(11)]
    pub next_author_seq: u64,
}

pub mod exact {
    //! CBOR of 128-bit sums: 16 bytes, big-endian two's complement.

    use minicbor::decode::Error as DecodeError;
    use minicbor::encode::{Error as EncodeError, Write};
    use minicbor::{Decoder, Encoder};

    /// Writes a sum.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn encode<C, W: Write>(
        sum: &i128,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        e.bytes(&sum.to_be_bytes())?;
        Ok(())
    }

    /// Reads a sum.
    ///
    /// # Errors
    /// If there are no 16 bytes.
    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<i128, DecodeError> {
        let bytes = d.bytes()?.try_into();
        bytes
            .map(i128::from_be_bytes)
            .map_err(|_| DecodeError::message("a sum has 16 bytes"))
    }
}

impl PartyBooks {
    /// Points that members still have, over all versions.
    pub fn outstanding_total(&self) -> Option<Points> {
        Points::sum(self.outstanding.values().copied())
    }

    /// issued − taken_back − burned + restored − expired − debt_repaid ± adjusted.
    pub fn outstanding_by_movement(&self) -> i128 {
        let units = |points: Points| i128::from(points.units());
        let plus = [self.issued, self.restored, self.adjusted_in];
        let minus = [
            self.taken_back,
            self.burned,
            self.expired,
            self.debt_repaid,
            self.adjusted_out,
        ];
        let sum = |counts: &[Points]| counts.iter().map(|points| units(*points)).sum::<i128>();
        sum(&plus).wrapping_sub(sum(&minus))
    }

    /// Totals since founding, as a cut states them.
    pub fn control(&self) -> ControlTotals {
        ControlTotals {
            issued: self.issued.saturating_sub(self.taken_back),
            burned: self.burned.saturating_sub(self.restored),
            expired: self.expired,
            outstanding: self
                .outstanding_total()
                .expect("points out are within range"),
        }
    }

    fn counter(&mut self, kind: MoveKind) -> Option<&mut Points> {
        match kind {
            MoveKind::Issued => Some(&mut self.issued),
            MoveKind::TakenBack => Some(&mut self.taken_back),
            MoveKind::Burned | MoveKind::Captured => Some(&mut self.burned),
            MoveKind::Restored => Some(&mut self.restored),
            MoveKind::Expired => Some(&mut self.expired),
            MoveKind::DebtRepaid => Some(&mut self.debt_repaid),
            MoveKind::AdjustedIn => Some(&mut self.adjusted_in),
            MoveKind::AdjustedOut => Some(&mut self.adjusted_out),
            MoveKind::Held
            | MoveKind::Released
            | MoveKind::Lapsed
            | MoveKind::TransferredOut
            | MoveKind::TransferredIn => None,
        }
    }
}

/// Whether a kind of move adds to what its issuer owes for, takes from it, or neither.
pub fn outstanding_sign(kind: MoveKind) -> i8 {
    match kind {
        MoveKind::Issued | MoveKind::Restored | MoveKind::AdjustedIn => 1,
        MoveKind::TakenBack
        | MoveKind::Burned
        | MoveKind::Captured
        | MoveKind::Expired
        | MoveKind::DebtRepaid
        | MoveKind::AdjustedOut => -1,
        MoveKind::Held
        | MoveKind::Released
        | MoveKind::Lapsed
        | MoveKind::TransferredOut
        | MoveKind::TransferredIn => 0,
    }
}

/// All parties' totals and the open lines.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// The open window's number.
    pub window: u32,
    /// Totals by party; the house is the first.
    pub parties: Vec<PartyBooks>,
    /// Lines by key.
    pub lines: BTreeMap<LineKey, LineTotal>,
    changed_parties: BTreeSet<Party>,
    changed_lines: BTreeSet<LineKey>,
}

impl Books {
    /// Books as they were stored.
    pub fn load(
        window: u32,
        parties: Vec<PartyBooks>,
        lines: BTreeMap<LineKey, LineTotal>,
    ) -> Self {
        Self {
            window,
            parties,
            lines,
            ..Self::default()
        }
    }

    /// A party's totals.
    pub fn party(&self, party: Party) -> &PartyBooks {
        &self.parties[party.slot()]
    }

    /// A party's totals, to be changed and stored.
    pub fn party_mut(&mut self, party: Party) -> &mut PartyBooks {
        self.changed_parties.insert(party);
        &mut self.parties[party.slot()]
    }

    /// Has as many parties as there are: new ones have nothing, and those whose registration is
    /// undone have nothing any more.
    pub fn resize_to(&mut self, party_count: usize) {
        for gone in self.parties.drain(party_count.min(self.parties.len())..) {
            assert_eq!(
                gone,
                PartyBooks::default(),
                "only what has nothing is undone"
            );
        }
        self.changed_parties
            .retain(|party| party.slot() < party_count);
        while self.parties.len() < party_count {
            let party = Party(u16::try_from(self.parties.len()).expect("parties fit 16 bits"));
            self.parties.push(PartyBooks::default());
            self.changed_parties.insert(party);
        }
    }

    /// Adds an effect in full.
    ///
    /// # Errors
    /// [`Rejection::Overflow`], with nothing changed, if a total would pass its range.
    pub fn post(&mut self, governance: &Governance, applied: &Applied) -> Result<(), Rejection> {
        let moves: Vec<&Move> = applied
            .touches
            .iter()
            .flat_map(|t| t.moves.iter())
            .collect();
        for (done, step) in moves.iter().enumerate() {
            if self.move_points(step, false).is_none() {
                moves[..done]
                    .iter()
                    .rev()
                    .for_each(|step| self.take_off(step));
                return Err(Rejection::Overflow);
            }
        }
        for (done, line) in applied.lines.iter().enumerate() {
            if self.add_line(governance, line).is_none() {
                applied.lines[..done]
                    .iter()
                    .rev()
                    .for_each(|l| self.remove_line(governance, l));
                moves.iter().rev().for_each(|step| self.take_off(step));
                return Err(Rejection::Overflow);
            }
        }
        Ok(())
    }

    /// Takes an effect off again that was the last one posted.
    pub fn unpost(&mut self, governance: &Governance, applied: &Applied) {
        applied
            .lines
            .iter()
            .rev()
            .for_each(|line| self.remove_line(governance, line));
        let moves = applied.touches.iter().flat_map(|touch| touch.moves.iter());
        moves.rev().for_each(|step| self.take_off(step));
    }

    /// Counts points that a partner burned or held, against its limit of the day.
    pub fn count_burned(&mut self, party: Party, count: DayCount) {
        self.party_mut(party).burned_by_day = count;
    }

    /// What the day's count of a partner would be with more points.
    pub fn burned_with(&self, party: Party, day: Day, points: Points) -> Option<DayCount> {
        self.party(party).burned_by_day.plus(day, points)
    }

    /// Adds to what a party is owed or owes, in units of 10^−8 / 10^point_scale.
    pub fn add_net(&mut self, party: Party, exact: i128) {
        let net = &mut self.party_mut(party).net_exact;
        *net = net
            .checked_add(exact)
            .expect("amounts of payments are far below 127 bits");
    }

    /// The lines of a window, in order of their keys.
    pub fn lines_of(&self, window: u32) -> impl Iterator<Item = (&LineKey, &LineTotal)> {
        self.lines.range(LineKey::of_window(window))
    }

    /// Lets the lines of a netted window go from memory; they stay where they are stored.
    pub fn forget_lines(&mut self, window: u32) {
        assert!(
            self.changed_lines.iter().all(|key| key.window != window),
            "no line of a netted window is still to be stored"
        );
        match window.checked_add(1) {
            Some(next) => {
                let later = self.lines.split_off(&LineKey::first(next));
                drop(self.lines.split_off(&LineKey::first(window)));
                self.lines.extend(later);
            }
            None => drop(self.lines.split_off(&LineKey::first(window))),
        }
    }

    /// Parties and lines changed since this was last asked.
    pub fn take_changed(&mut self) -> (BTreeSet<Party>, BTreeSet<LineKey>) {
        (
            std::mem::take(&mut self.changed_parties),
            std::mem::take(&mut self.changed_lines),
        )
    }

    fn take_off(&mut self, step: &Move) {
        self.move_points(step, true)
            .expect("what was added can be taken off");
    }

    fn move_points(&mut self, step: &Move, off: bool) -> Option<()> {
        let sign = outstanding_sign(step.kind);
        if sign == 0 {
            return Some(());
        }
        let points = step.slice.points;
        let party = self.party_mut(step.slice.key.issuer);
        let version = step.slice.key.price_version;
        let held = party.outstanding.get(&version).copied().unwrap_or_default();
        let up = (sign > 0) != off;
        let left = if up {
            let total = party.outstanding_total()?;
            total.checked_add(points)?;
            held.checked_add(points)?
        } else {
            held.checked_sub(points)
                .expect("no issuer has fewer points out than members hold")
        };
        let counter = party.counter(step.kind)?;
        *counter = match off {
            false => counter.checked_add(points)?,
            true => counter.checked_sub(points)?,
        };
        match left.is_zero() {
            true => party.outstanding.remove(&version),
            false => party.outstanding.insert(version, left),
        };
        Some(())
    }

    fn add_line(&mut self, governance: &Governance, line: &LineMove) -> Option<()> {
        let key = line.key(self.window);
        let total = match self.lines.get(&key) {
            Some(total) => total.checked_add(line.total)?,
            None => line.total,
        };
        let exact = exact_amount(governance, line)?;
        let debit = self.party(line.debtor).net_exact.checked_sub(exact)?;
        let credit = self.party(line.creditor).net_exact.checked_add(exact)?;
        self.lines.insert(key, total);
        self.changed_lines.insert(key);
        self.party_mut(line.debtor).net_exact = debit;
        self.party_mut(line.creditor).net_exact = credit;
        Some(())
    }

    fn remove_line(&mut self, governance: &Governance, line: &LineMove) {
        let key = line.key(self.window);
        let exact = exact_amount(governance, line).expect("it was exact when it was added");
        let total = self.lines.get_mut(&key).expect("it was added before");
        let left = match (*total, line.total) {
            (LineTotal::Priced(all), LineTotal::Priced(part)) => {
                let left = all.checked_sub(part).expect("it was added before");
                (!left.is_zero()).then_some(LineTotal::Priced(left))
            }
            (LineTotal::Amount(all), LineTotal::Amount(part)) => {
                let left = all.checked_sub(part).expect("it was added before");
                (!left.is_zero()).then_some(LineTotal::Amount(left))
            }
            _ => unreachable!("the reason in a line's key decides its kind"),
        };
        match left {
            Some(left) => *total = left,
            None => {
                self.lines.remove(&key);
            }
        }
        self.changed_lines.insert(key);
        self.party_mut(line.debtor).net_exact = self
            .party(line.debtor)
            .net_exact
            .checked_add(exact)
            .expect("it was in range before");
        self.party_mut(line.creditor).net_exact = self
            .party(line.creditor)
            .net_exact
            .checked_sub(exact)
            .expect("it was in range before");
    }
}

/// The exact worth of a line's move, in units of 10^−8 / 10^point_scale of the currency.
pub fn exact_amount(governance: &Governance, line: &LineMove) -> Option<i128> {
    match line.total {
        LineTotal::Amount(amount) => amount.to_exact(governance.programme.point_scale),
        LineTotal::Priced(points) => Some(line_price(governance, line)?.exact_worth(points)),
    }
}

/// The price at which a line's points are settled (`schemas/README.md`, "Lines").
pub fn line_price(governance: &Governance, line: &LineMove) -> Option<Price> {
    let party = priced_party(governance, &line.key(0));
    let row = governance.price_row(line.price_version, party)?;
    match line.reason {
        Reason::Issue | Reason::IssueReversal => Some(row.issue_price),
        Reason::Burn | Reason::BurnReversal => Some(row.burn_price),
        Reason::IssueFee | Reason::IssueFeeReversal => Some(row.issue_fee),
        Reason::BurnFee | Reason::BurnFeeReversal => Some(row.burn_fee),
        Reason::DebtRepaid => match governance.programme.settlement_model {
            SettlementModel::Pool => Some(row.issue_price),
            SettlementModel::IssuerPays => Some(row.burn_price),
        },
        Reason::Adjustment => None,
    }
}

/// Whose row of the price list a line is priced by.
pub fn priced_party(governance: &Governance, line: &LineKey) -> Party {
    let pool = governance.programme.settlement_model == SettlementModel::Pool;
    let partner = if line.debtor.is_house() {
        line.creditor
    } else {
        line.debtor
    };
    match line.reason {
        Reason::Burn | Reason::DebtRepaid if !pool => line.debtor,
        Reason::BurnReversal if !pool => line.creditor,
        Reason::DebtRepaid => line.creditor,
        _ => partner,
    }
}

/// What the coalition risks with an issuer: its unpaid net debit and, where issuers pay at the
/// burn, its outstanding points at their burn prices. In units of 10^−8 / 10^point_scale.
pub fn exposure(governance: &Governance, books: &Books, issuer: Party) -> i128 {
    exposure_of(governance, books.party(issuer), issuer)
}

/// [`exposure`] from an issuer's totals alone.
pub fn exposure_of(governance: &Governance, totals: &PartyBooks, issuer: Party) -> i128 {
    let debit = totals
        .net_exact
        .checked_neg()
        .map_or(0, |debit| debit.max(0));
    if governance.programme.settlement_model == SettlementModel::Pool {
        return debit;
    }
    let worth = |(version, points): (&u32, &Points)| {
        let row = governance.price_row(*version, issuer);
        row.map_or(0, |row| row.burn_price.exact_worth(*points))
    };
    totals
        .outstanding
        .iter()
        .map(worth)
        .fold(debit, i128::saturating_add)
}
