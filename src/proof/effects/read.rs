//! Reading effects: exactly the bytes that [`super::encode`] writes, and no others.
//!
//! Must not: trust a length or number; the bytes may be anybody's until their digest was compared.

use super::super::cbor::{CborError, Reader};
use super::VERSION;
use crate::domain::effect::{Applied, DebtMove, Effect, Move, MoveKind, Touch};
use crate::domain::ids::{OpAt, Party, Reference};
use crate::domain::line::{LineMove, LineTotal, Reason};
use crate::domain::lot::{Lot, LotKey};
use crate::domain::member::Balance;
use crate::domain::money::{Currency, Money};
use crate::domain::points::Points;
use crate::domain::rejection::Rejection;
use crate::domain::submission::Op;
use crate::domain::time::Day;

/// Why bytes are not the effects of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EffectsError {
    /// Not deterministic CBOR of the right kinds.
    #[error("effects (at byte {offset}): {source}")]
    Cbor {
        /// Bytes from the start.
        offset: usize,
        /// What is wrong.
        source: CborError,
    },
    /// A version of the format that this program does not know.
    #[error("effects version {0} is unknown; use a newer release to read this ledger")]
    Version(u64),
    /// An item of the right kind that is not what the format has here.
    #[error("effects (at byte {offset}): not {wanted}")]
    Value {
        /// Bytes from the start.
        offset: usize,
        /// What the format has here.
        wanted: &'static str,
    },
}

/// Reads the effects of entry `entry`, whose submission holds `ops`.
///
/// # Errors
/// [`EffectsError`]. Only the bytes that [`super::encode`] writes are accepted.
pub fn decode(
    bytes: &[u8],
    entry: u64,
    ops: &[Op],
    currency: &Currency,
) -> Result<Vec<Effect>, EffectsError> {
    let mut items = Items {
        reader: Reader::new(bytes),
        currency,
    };
    items.array_of(2, "[version, ops]")?;
    match items.uint()? {
        VERSION => {}
        version => return Err(EffectsError::Version(version)),
    }
    items.array_of(ops.len(), "one effect for each op")?;
    let mut effects = Vec::with_capacity(ops.len());
    for (place, op) in ops.iter().enumerate() {
        let place = u16::try_from(place).expect("a submission holds few ops");
        effects.push(items.effect(OpAt { entry, op: place }, op)?);
    }
    let offset = items.reader.offset();
    let end = items.reader.finish();
    end.map_err(|source| EffectsError::Cbor { offset, source })?;
    Ok(effects)
}

/// The items of the effects, one after the other.
pub(super) struct Items<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) currency: &'a Currency,
}

impl<'a> Items<'a> {
    fn effect(&mut self, at: OpAt, op: &Op) -> Result<Effect, EffectsError> {
        let items = self.array()?;
        let outcome = self.value("an outcome", |number| {
            Rejection::from_number(u8::try_from(number).ok()?)
        })?;
        match (outcome, items) {
            (Rejection::Applied, 3 | 4) => Ok(Effect::Applied(self.applied(at, op, items == 4)?)),
            (Rejection::Duplicate, 3) => Ok(Effect::Duplicate(self.place()?)),
            (Rejection::Applied | Rejection::Duplicate, _) => {
                Err(self.refuse("an effect of this outcome"))
            }
            (refused, 1) => Ok(Effect::Refused(refused)),
            _ => Err(self.refuse("an effect of this outcome")),
        }
    }

    fn applied(&mut self, at: OpAt, op: &Op, is_given: bool) -> Result<Applied, EffectsError> {
        let mut applied = Applied::default();
        for nth in 0..self.array()? {
            applied.touches.push(self.touch(at, op, nth)?);
        }
        for _ in 0..self.array()? {
            applied.lines.push(self.line()?);
        }
        if is_given {
            applied.given = Some(super::given::read(self)?);
        }
        Ok(applied)
    }

    fn touch(&mut self, at: OpAt, op: &Op, nth: usize) -> Result<Touch, EffectsError> {
        self.array_of(8, "a touch of 8 items")?;
        let offset = self.reader.offset();
        let text = self.item(Reader::text)?;
        let named = text.is_empty();
        let member = if named {
            op.action.members().get(nth).copied().flatten().copied()
        } else {
            Reference::parse(text).ok()
        };
        let wanted = "a member";
        let member = member.ok_or(EffectsError::Value { offset, wanted })?;
        let mut touch = Touch {
            member,
            named,
            moves: smallvec::SmallVec::new(),
            debts: smallvec::SmallVec::new(),
            balance: Balance::default(),
            previous: None,
        };
        for _ in 0..self.array()? {
            touch.moves.push(self.step(at)?);
        }
        for _ in 0..self.array()? {
            touch.debts.push(self.debt()?);
        }
        touch.balance = Balance {
            available: self.points()?,
            pending: self.points()?,
            held: self.points()?,
            debt: self.points()?,
        };
        touch.previous = match self.array()? {
            0 => None,
            2 => Some(self.place()?),
            _ => return Err(self.refuse("[] or [entry, op]")),
        };
        Ok(touch)
    }

    fn step(&mut self, at: OpAt) -> Result<Move, EffectsError> {
        let items = self.array()?;
        let kind = self.value("a kind of move", |number| {
            MoveKind::from_number(u8::try_from(number).ok()?)
        })?;
        let key = LotKey {
            issuer: self.party()?,
            issued_on: self.day()?,
            activates_on: self.day()?,
            expires_on: self.day()?,
            price_version: self.version()?,
        };
        let points = self.points()?;
        let first = match items {
            7 => at,
            9 => self.place()?,
            _ => return Err(self.refuse("a move of 7 or 9 items")),
        };
        if items == 9 && first == at {
            return Err(self.refuse("a move that leaves out its own place"));
        }
        Ok(Move {
            kind,
            slice: Lot { key, first, points },
        })
    }

    fn debt(&mut self) -> Result<DebtMove, EffectsError> {
        self.array_of(4, "a debt of 4 items")?;
        Ok(DebtMove {
            repaid: self.flag()?,
            issuer: self.party()?,
            price_version: self.version()?,
            points: self.points()?,
        })
    }

    fn line(&mut self) -> Result<LineMove, EffectsError> {
        self.array_of(5, "a line of 5 items")?;
        let (debtor, creditor) = (self.party()?, self.party()?);
        let reason = self.value("a reason", |number| {
            Reason::ALL.get(usize::try_from(number).ok()?).copied()
        })?;
        let price_version = self.version()?;
        let total = if reason == Reason::Adjustment {
            let currency = self.currency;
            LineTotal::Amount(self.value("an amount", |units| {
                Money::from_minor_units(units.into(), currency)
            })?)
        } else {
            LineTotal::Priced(self.points()?)
        };
        Ok(LineMove {
            debtor,
            creditor,
            reason,
            price_version,
            total,
        })
    }

    pub(super) fn place(&mut self) -> Result<OpAt, EffectsError> {
        Ok(OpAt {
            entry: self.uint()?,
            op: self.item(Reader::uint16)?,
        })
    }

    pub(super) fn party(&mut self) -> Result<Party, EffectsError> {
        self.item(Reader::uint16).map(Party)
    }

    pub(super) fn version(&mut self) -> Result<u32, EffectsError> {
        self.value("a version of 32 bits", |number| u32::try_from(number).ok())
    }

    pub(super) fn day(&mut self) -> Result<Day, EffectsError> {
        self.value("a day", |number| i32::try_from(number).ok().map(Day))
    }

    pub(super) fn points(&mut self) -> Result<Points, EffectsError> {
        self.value("points within 2^53 - 1", Points::new)
    }

    pub(super) fn flag(&mut self) -> Result<bool, EffectsError> {
        self.value("0 or 1", |number| match number {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        })
    }

    /// A number that stands for something.
    pub(super) fn value<T>(
        &mut self,
        wanted: &'static str,
        parse: impl FnOnce(u64) -> Option<T>,
    ) -> Result<T, EffectsError> {
        let offset = self.reader.offset();
        let number = self.uint()?;
        parse(number).ok_or(EffectsError::Value { offset, wanted })
    }

    pub(super) fn uint(&mut self) -> Result<u64, EffectsError> {
        self.item(Reader::uint)
    }

    pub(super) fn array(&mut self) -> Result<usize, EffectsError> {
        self.item(Reader::array)
    }

    pub(super) fn array_of(
        &mut self,
        items: usize,
        wanted: &'static str,
    ) -> Result<(), EffectsError> {
        if self.array()? == items {
            return Ok(());
        }
        Err(self.refuse(wanted))
    }

    pub(super) fn item<T>(
        &mut self,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, CborError>,
    ) -> Result<T, EffectsError> {
        let offset = self.reader.offset();
        read(&mut self.reader).map_err(|source| EffectsError::Cbor { offset, source })
    }

    pub(super) fn refuse(&self, wanted: &'static str) -> EffectsError {
        EffectsError::Value {
            offset: self.reader.offset(),
            wanted,
        }
    }
}
