//! A visit: one op's work on one member, on a copy that is put back only if the op is applied.
//!
//! Opening a visit does what time alone has decided: holds whose deadline has come lapse, in order
//! of (deadline, entry, op), and lots that activate arrive. Must not: touch books or other members.

use super::effect::{DebtMove, Move, MoveKind, Touch};
use super::execute::Stamp;
use super::ids::{Party, Reference};
use super::invariants::Checksum;
use super::line::{LineMove, Reason};
use super::lot::Lot;
use super::member::{Debt, DueDays, Member};
use super::points::Points;
use super::programme::{Programme, SettlementModel};
use super::rejection::Rejection;
use smallvec::SmallVec;

/// The most lots and held slices that one member may have, so that whatever touches it stays small.
pub const SLICES_MAX: usize = 5_000;

/// What is remembered of a member as it was before an op.
#[derive(Debug)]
pub struct Before {
    /// Days on which a sweep had work there.
    pub due_days: DueDays,
    /// Of what its issuers owed for.
    pub checksum: Checksum,
}

/// A member as it would be after an op.
#[derive(Debug)]
pub struct Revision {
    /// Whose account.
    pub id: Reference,
    /// As it was.
    pub before: Before,
    /// As it would be.
    pub member: Member,
}

/// One op's work on one member.
#[derive(Debug)]
pub struct Visit {
    /// Whose account.
    pub id: Reference,
    /// The account as it would be after the op.
    pub member: Member,
    /// Lines that arrivals made by paying debts.
    pub lines: SmallVec<[LineMove; 2]>,
    before: Before,
    named: bool,
    stamp: Stamp,
    model: SettlementModel,
    moves: SmallVec<[Move; 1]>,
    debts: SmallVec<[DebtMove; 0]>,
}

impl Visit {
    /// Opens a visit; `named` says whether the op's own fields name the member.
    pub fn open(
        id: Reference,
        named: bool,
        member: Member,
        stamp: &Stamp,
        programme: &Programme,
    ) -> Self {
        let before = Before {
            due_days: member.due_days(programme.utc_offset_min),
            checksum: Checksum::of(&member),
        };
        let mut visit = Self {
            id,
            before,
            member,
            lines: SmallVec::new(),
            named,
            stamp: *stamp,
            model: programme.settlement_model,
            moves: SmallVec::new(),
            debts: SmallVec::new(),
        };
        visit.lapse_holds();
        visit.activate_pending();
        visit
    }

    /// How many slices moved so far, by time alone or by the op.
    pub fn moves(&self) -> usize {
        self.moves.len()
    }

    /// Notes how a slice moved.
    pub fn note(&mut self, kind: MoveKind, slice: Lot) {
        self.moves.push(Move { kind, slice });
    }

    /// Takes available points in burn order and notes each slice. Returns the slices, or nothing
    /// if there are too few.
    pub fn spend(&mut self, kind: MoveKind, points: Points) -> Option<Vec<Lot>> {
        let today = self.stamp.today;
        self.take(kind, points, |lot| lot.key.expires_on >= today)
    }

    /// Takes points in burn order from arrived lots that pass. Returns nothing if too few do.
    pub fn take(
        &mut self,
        kind: MoveKind,
        points: Points,
        passes: impl Fn(&Lot) -> bool,
    ) -> Option<Vec<Lot>> {
        let mut slices = Vec::new();
        let missing = self
            .member
            .lots
            .take(points, passes, |slice| slices.push(slice));
        if !missing.is_zero() {
            return None;
        }
        slices.iter().for_each(|slice| self.note(kind, *slice));
        Some(slices)
    }

    /// Points that can be spent today.
    pub fn available(&self) -> Points {
        let good = self
            .member
            .lots
            .iter()
            .filter(|lot| lot.key.expires_on >= self.stamp.today);
        Points::sum(good.map(|lot| lot.points)).expect("a member's points are within range")
    }

    /// Puts slices of a hold back into lots. Given back points pay no debt: they had arrived.
    pub fn give_back(&mut self, kind: MoveKind, slice: Lot) {
        self.note(kind, slice);
        self.member
            .lots
            .add(slice)
            .expect("a member's points are within range");
    }

    /// Lets points arrive: they pay debts, oldest first, and the rest becomes spendable.
    ///
    /// # Errors
    /// [`Rejection::Overflow`] if the member's points would pass their range.
    pub fn arrive(&mut self, lot: Lot) -> Result<(), Rejection> {
        let mut left = lot.points;
        let mut debts = std::mem::take(&mut self.member.debts);
        debts.retain_mut(|debt| {
            let paid = debt.points.min(left);
            if paid.is_zero() {
                return true;
            }
            left = left.saturating_sub(paid);
            debt.points = debt.points.saturating_sub(paid);
            self.repay(
                Lot {
                    points: paid,
                    ..lot
                },
                debt,
            );
            !debt.points.is_zero()
        });
        self.member.debts = debts;
        if left.is_zero() {
            return Ok(());
        }
        self.member
            .lots
            .add(Lot {
                points: left,
                ..lot
            })
            .ok_or(Rejection::Overflow)
    }

    /// Makes the member owe points to an issuer.
    ///
    /// # Errors
    /// [`Rejection::Overflow`] if its debt would pass its range.
    pub fn owe(&mut self, debt: Debt) -> Result<(), Rejection> {
        let alike =
            |d: &&mut Debt| d.issuer == debt.issuer && d.price_version == debt.price_version;
        match self.member.debts.last_mut().filter(alike) {
            Some(last) => {
                last.points = last
                    .points
                    .checked_add(debt.points)
                    .ok_or(Rejection::Overflow)?;
            }
            None => self.member.debts.push(debt),
        }
        self.debts.push(DebtMove {
            repaid: false,
            issuer: debt.issuer,
            price_version: debt.price_version,
            points: debt.points,
        });
        Ok(())
    }

    /// Ends the visit: what it did, and the account after it.
    ///
    /// # Errors
    /// [`Rejection::Overflow`] if the member's points would pass their range, or [`SLICES_MAX`].
    pub fn close(mut self) -> Result<(Touch, Revision), Rejection> {
        Points::sum(self.member.outstanding().map(|lot| lot.points)).ok_or(Rejection::Overflow)?;
        if self.member.outstanding().count() > SLICES_MAX {
            return Err(Rejection::Overflow);
        }
        let balance = self
            .member
            .balance(self.stamp.today)
            .ok_or(Rejection::Overflow)?;
        let previous = self.member.last.replace(self.stamp.at);
        let touch = Touch {
            member: self.id,
            named: self.named,
            moves: self.moves,
            debts: self.debts,
            balance,
            previous,
        };
        let revision = Revision {
            id: self.id,
            before: self.before,
            member: self.member,
        };
        Ok((touch, revision))
    }

    fn lapse_holds(&mut self) {
        let due = |hold: &super::member::Hold| hold.deadline <= self.stamp.accepted_at;
        let lapsed = self.member.holds.partition_point(due);
        let holds: SmallVec<[_; 1]> = self.member.holds.drain(..lapsed).collect();
        for slice in holds.into_iter().flat_map(|hold| hold.slices) {
            self.give_back(MoveKind::Lapsed, slice);
        }
    }

    fn activate_pending(&mut self) {
        if self.member.pending.is_empty() {
            return;
        }
        let today = self.stamp.today;
        for lot in self
            .member
            .pending
            .extract(|lot| lot.key.activates_on <= today)
        {
            self.arrive(lot)
                .expect("a member's points are within range");
        }
    }

    /// One debt paid by points: no line where an issuer's own points pay under `issuer_pays`;
    /// else who gained by the first issue is made good (`schemas/README.md`, "Member debt").
    fn repay(&mut self, slice: Lot, debt: &Debt) {
        self.moves.push(Move {
            kind: MoveKind::DebtRepaid,
            slice,
        });
        self.debts.push(DebtMove {
            repaid: true,
            issuer: debt.issuer,
            price_version: debt.price_version,
            points: slice.points,
        });
        let (debtor, version) = match self.model {
            SettlementModel::IssuerPays => (slice.key.issuer, slice.key.price_version),
            SettlementModel::Pool => (Party::HOUSE, debt.price_version),
        };
        if debtor != debt.issuer {
            let parties = (debtor, debt.issuer);
            self.lines.push(LineMove::priced(
                parties,
                Reason::DebtRepaid,
                version,
                slice.points,
            ));
        }
    }
}
