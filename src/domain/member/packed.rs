//! A member in few bytes: how it is kept in memory by the million, and stored.
//!
//! These bytes are the house's own; no auditor reads them. Numbers are LEB128, and differences
//! zigzag before that. A lot says how it differs from the one before, because lots of one member
//! are much alike; the first counts from zero.
//!
//! ```text
//! member   flags u8 (1 frozen, then whether these follow: 2 last, 4 burned, 8 pending, 16 holds,
//!          32 debts) ‖ last op ‖ burned day, points ‖ lots ‖ pending ‖ holds ‖ debts
//! lots     count, then each: 8 × issuer + same (1 day issued, 2 days from there to activation and
//!          to expiry, 4 price_version), then what is not the same: day issued, from the one
//!          before; days to activation, days from there to expiry; price_version; then the first
//!          op's entry, from the one before; its place; points
//! holds    count, then each: op, deadline, lots
//! debts    count, then each: issuer, price_version, points
//! op       entry, place
//! ```
//!
//! Must not: change what a member means. What is read back is equal to what was written.

use super::{DayCount, Debt, Hold, Member};
use crate::domain::ids::{OpAt, Party};
use crate::domain::lot::{Lot, LotKey, Lots};
use crate::domain::points::Points;
use crate::domain::time::{Day, Micros};

const FROZEN: u8 = 1;
const LAST: u8 = 2;
const BURNED: u8 = 4;
const PENDING: u8 = 8;
const HOLDS: u8 = 16;
const DEBTS: u8 = 32;

/// Appends a member's bytes.
pub fn pack(member: &Member, to: &mut Vec<u8>) {
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let has_burned = member.burned != DayCount::default();
    to.push(
        flag(member.frozen, FROZEN)
            | flag(member.last.is_some(), LAST)
            | flag(has_burned, BURNED)
            | flag(!member.pending.is_empty(), PENDING)
            | flag(!member.holds.is_empty(), HOLDS)
            | flag(!member.debts.is_empty(), DEBTS),
    );
    if let Some(last) = &member.last {
        put_op(last, to);
    }
    if has_burned {
        put_day(member.burned.day, Day(0), to);
        put(member.burned.points.units(), to);
    }
    put_lots(member.lots.iter().as_slice(), to);
    if !member.pending.is_empty() {
        put_lots(member.pending.iter().as_slice(), to);
    }
    if !member.holds.is_empty() {
        put(member.holds.len() as u64, to);
    }
    for hold in &member.holds {
        put_op(&hold.at, to);
        put(hold.deadline.0, to);
        put_lots(&hold.slices, to);
    }
    if !member.debts.is_empty() {
        put(member.debts.len() as u64, to);
    }
    for debt in &member.debts {
        put(debt.issuer.0.into(), to);
        put(debt.price_version.into(), to);
        put(debt.points.units(), to);
    }
}

/// Reads a member back; nothing if these are not the bytes of one.
pub fn unpack(bytes: &[u8]) -> Option<Member> {
    // With room behind them, all numbers of a short member are read at once.
    let mut room = [0; ROOM_BYTES];
    let mut from = bytes;
    if let Some(short) = room
        .get_mut(..bytes.len())
        .filter(|_| bytes.len() <= SHORT_BYTES)
    {
        short.copy_from_slice(bytes);
        from = &room;
    }
    let padding = from.len().saturating_sub(bytes.len());
    let member = take_member(&mut from)?;
    (from.len() == padding).then_some(member)
}

/// A member of fewer bytes is read from a place with room behind it.
const SHORT_BYTES: usize = 120;
const ROOM_BYTES: usize = SHORT_BYTES + 8;

fn take_member(from: &mut &[u8]) -> Option<Member> {
    let (flags, rest) = from.split_first()?;
    *from = rest;
    let has = |flag: u8| flags & flag != 0;
    let last = has(LAST).then(|| take_op(from));
    let burned = has(BURNED).then(|| {
        Some(DayCount {
            day: take_day(from, Day(0))?,
            points: take_points(from)?,
        })
    });
    Some(Member {
        frozen: has(FROZEN),
        last: flat(last)?,
        burned: flat(burned)?.unwrap_or_default(),
        lots: Lots::in_order(take_lots(from)?)?,
        pending: match has(PENDING) {
            true => Lots::in_order(take_lots(from)?)?,
            false => Lots::default(),
        },
        holds: match has(HOLDS) {
            true => take_each(from, take_hold)?,
            false => Vec::new(),
        },
        debts: match has(DEBTS) {
            true => take_each(from, take_debt)?,
            false => Vec::new(),
        },
    })
}

/// Nothing where something is there that cannot be read.
fn flat<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

/// Appends a number, seven bits a byte.
#[inline]
pub(in crate::domain) fn put(number: u64, to: &mut Vec<u8>) {
    if number >= LONG {
        return put_long(number, to);
    }
    let (bytes, length) = spread(number);
    let end = to.len().saturating_add(length);
    // Eight bytes are copied faster than so many as are needed.
    to.extend_from_slice(&bytes);
    to.truncate(end);
}

/// Numbers from here on do not fit eight bytes.
const LONG: u64 = 1 << 56;

/// The bytes of a number below [`LONG`]: all at once, for these are written by the million.
#[inline]
fn spread(number: u64) -> ([u8; 8], usize) {
    let halves = (number & 0x0fff_ffff) | (number & 0x00ff_ffff_f000_0000) << 4;
    let quarters = (halves & 0x3fff_0000_3fff) | (halves & 0x0fff_c000_0fff_c000) << 2;
    let bytes = (quarters & 0x007f_007f_007f_007f) | (quarters & 0x3f80_3f80_3f80_3f80) << 1;
    let last = 7_u32.saturating_sub(bytes.leading_zeros() / 8);
    let before_last = 1_u64.wrapping_shl(last.saturating_mul(8)).wrapping_sub(1);
    let go_on = 0x8080_8080_8080_8080 & before_last;
    let length = (last as usize).saturating_add(1);
    ((bytes | go_on).to_le_bytes(), length)
}

fn put_long(mut number: u64, to: &mut Vec<u8>) {
    loop {
        let bits = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            return to.push(bits);
        }
        to.push(bits | 0x80);
    }
}

fn put_day(day: Day, from: Day, to: &mut Vec<u8>) {
    put(zigzag(i64::from(day.0).wrapping_sub(from.0.into())), to);
}

/// A difference as a number that is small if the difference is.
fn zigzag(difference: i64) -> u64 {
    ((difference << 1) ^ (difference >> 63)).cast_unsigned()
}

fn from_zigzag(coded: u64) -> i64 {
    (coded >> 1).cast_signed() ^ (coded & 1).cast_signed().wrapping_neg()
}

pub(in crate::domain) fn put_op(at: &OpAt, to: &mut Vec<u8>) {
    put(at.entry, to);
    put(at.op.into(), to);
}

pub(in crate::domain) fn put_lots(lots: &[Lot], to: &mut Vec<u8>) {
    put(lots.len() as u64, to);
    let mut before = NO_LOT;
    for lot in lots {
        let Lot { key, first, points } = lot;
        let flag = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
        let same = flag(key.issued_on == before.key.issued_on, SAME_DAY)
            | flag(spans(key) == spans(&before.key), SAME_SPANS)
            | flag(key.price_version == before.key.price_version, SAME_PRICE);
        put(u64::from(key.issuer.0) << 3 | same, to);
        if same & SAME_DAY == 0 {
            put_day(key.issued_on, before.key.issued_on, to);
        }
        if same & SAME_SPANS == 0 {
            put_day(key.activates_on, key.issued_on, to);
            put_day(key.expires_on, key.activates_on, to);
        }
        if same & SAME_PRICE == 0 {
            put(key.price_version.into(), to);
        }
        let entries = first.entry.wrapping_sub(before.first.entry);
        put(zigzag(entries.cast_signed()), to);
        put(first.op.into(), to);
        put(points.units(), to);
        before = *lot;
    }
}

const SAME_DAY: u64 = 1;
const SAME_SPANS: u64 = 2;
const SAME_PRICE: u64 = 4;

/// What the first lot is told by.
const NO_LOT: Lot = Lot {
    key: LotKey {
        issuer: Party(0),
        issued_on: Day(0),
        activates_on: Day(0),
        expires_on: Day(0),
        price_version: 0,
    },
    first: OpAt { entry: 0, op: 0 },
    points: Points::ZERO,
};

/// Days from the issue to activation, and from there to expiry.
fn spans(key: &LotKey) -> (i64, i64) {
    let days = |from: Day, to: Day| i64::from(to.0).wrapping_sub(from.0.into());
    (
        days(key.issued_on, key.activates_on),
        days(key.activates_on, key.expires_on),
    )
}

/// Reads a number: up to eight bytes at once.
#[inline]
pub(in crate::domain) fn take(from: &mut &[u8]) -> Option<u64> {
    let Some(bytes) = from.first_chunk::<8>() else {
        return take_long(from);
    };
    let bytes = u64::from_le_bytes(*bytes);
    let ends = !bytes & 0x8080_8080_8080_8080;
    if ends == 0 {
        return take_long(from);
    }
    let bits = ends.trailing_zeros().saturating_add(1);
    let bytes = bytes & (u64::MAX >> 64_u32.saturating_sub(bits));
    let quarters = (bytes & 0x007f_007f_007f_007f) | (bytes & 0x7f00_7f00_7f00_7f00) >> 1;
    let halves = (quarters & 0x3fff_0000_3fff) | (quarters & 0x3fff_0000_3fff_0000) >> 2;
    *from = &from[(bits / 8) as usize..];
    Some((halves & 0x0fff_ffff) | (halves & 0x0fff_ffff_0000_0000) >> 4)
}

fn take_long(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for (place, byte) in from.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        let shift = u32::try_from(place).ok()?.saturating_mul(7);
        number |= bits.checked_shl(shift).filter(|n| n >> shift == bits)?;
        if byte & 0x80 == 0 {
            *from = &from[place.saturating_add(1)..];
            return Some(number);
        }
    }
    None
}

fn take_day(from: &mut &[u8], since: Day) -> Option<Day> {
    later(since, from_zigzag(take(from)?))
}

fn later(day: Day, days: i64) -> Option<Day> {
    let day = i64::from(day.0).checked_add(days)?;
    i32::try_from(day).ok().map(Day)
}

pub(in crate::domain) fn take_party(from: &mut &[u8]) -> Option<Party> {
    u16::try_from(take(from)?).ok().map(Party)
}

pub(in crate::domain) fn take_u32(from: &mut &[u8]) -> Option<u32> {
    u32::try_from(take(from)?).ok()
}

pub(in crate::domain) fn take_points(from: &mut &[u8]) -> Option<Points> {
    Points::new(take(from)?)
}

pub(in crate::domain) fn take_op(from: &mut &[u8]) -> Option<OpAt> {
    Some(OpAt {
        entry: take(from)?,
        op: u16::try_from(take(from)?).ok()?,
    })
}

fn take_each<T>(from: &mut &[u8], mut one: impl FnMut(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    let count = usize::try_from(take(from)?).ok()?;
    // Each has at least a byte, so a wrong count cannot ask for more memory than that.
    if count > from.len() {
        return None;
    }
    // Most that are read get one more.
    let mut all = Vec::with_capacity(count.saturating_add(1));
    for _ in 0..count {
        all.push(one(from)?);
    }
    Some(all)
}

pub(in crate::domain) fn take_lots(from: &mut &[u8]) -> Option<Vec<Lot>> {
    let mut before = NO_LOT;
    take_each(from, |from| {
        let head = take(from)?;
        let is_same = |flag: u64| head & flag != 0;
        let issued_on = match is_same(SAME_DAY) {
            true => before.key.issued_on,
            false => take_day(from, before.key.issued_on)?,
        };
        let (activates_on, expires_on) = if is_same(SAME_SPANS) {
            let (to_activation, to_expiry) = spans(&before.key);
            let activates_on = later(issued_on, to_activation)?;
            (activates_on, later(activates_on, to_expiry)?)
        } else {
            let activates_on = take_day(from, issued_on)?;
            (activates_on, take_day(from, activates_on)?)
        };
        let price_version = match is_same(SAME_PRICE) {
            true => before.key.price_version,
            false => take_u32(from)?,
        };
        let entries = from_zigzag(take(from)?).cast_unsigned();
        before = Lot {
            key: LotKey {
                issuer: Party(u16::try_from(head >> 3).ok()?),
                issued_on,
                activates_on,
                expires_on,
                price_version,
            },
            first: OpAt {
                entry: before.first.entry.wrapping_add(entries),
                op: u16::try_from(take(from)?).ok()?,
            },
            points: take_points(from)?,
        };
        Some(before)
    })
}

fn take_hold(from: &mut &[u8]) -> Option<Hold> {
    Some(Hold {
        at: take_op(from)?,
        deadline: Micros(take(from)?),
        slices: take_lots(from)?,
    })
}

fn take_debt(from: &mut &[u8]) -> Option<Debt> {
    Some(Debt {
        issuer: take_party(from)?,
        price_version: take_u32(from)?,
        points: take_points(from)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lot(issuer: u16, expires_on: i32, entry: u64) -> Lot {
        Lot {
            key: LotKey {
                issuer: Party(issuer),
                issued_on: Day(20_000),
                activates_on: Day(20_001),
                expires_on: Day(expires_on),
                price_version: u32::MAX,
            },
            first: OpAt { entry, op: 999 },
            points: Points::MAX,
        }
    }

    fn members() -> [Member; 3] {
        let all = [lot(1, 20_000, 1), lot(u16::MAX, 20_500, u64::MAX)];
        let full = Member {
            frozen: true,
            last: Some(OpAt { entry: 7, op: 3 }),
            lots: Lots::in_order(all.to_vec()).expect("they are in order"),
            pending: Lots::in_order(vec![lot(2, i32::MIN, 0)]).expect("it is one"),
            holds: vec![Hold {
                at: OpAt { entry: 6, op: 0 },
                deadline: Micros(u64::MAX),
                slices: all.to_vec(),
            }],
            debts: vec![Debt {
                issuer: Party(3),
                price_version: 1,
                points: Points::MAX,
            }],
            burned: DayCount {
                day: Day(-1),
                points: Points::MAX,
            },
        };
        let usual = Member {
            last: full.last,
            lots: full.lots.clone(),
            ..Member::default()
        };
        [Member::default(), usual, full]
    }

    #[test]
    fn what_is_packed_is_read_back_and_nothing_shorter_is() {
        for member in members() {
            let mut bytes = Vec::new();
            pack(&member, &mut bytes);
            assert_eq!(unpack(&bytes).as_ref(), Some(&member));
            for short in 0..bytes.len() {
                assert_eq!(unpack(&bytes[..short]), None, "{short} bytes");
            }
            bytes.push(0);
            assert_eq!(unpack(&bytes), None, "a byte too many");
        }
    }

    #[test]
    fn every_number_is_read_back_from_as_few_bytes_as_it_needs() {
        let around = |bit: u32| [(1_u64 << bit).wrapping_sub(1), 1 << bit, (1 << bit) + 1];
        for number in (0..64)
            .flat_map(around)
            .chain([u64::MAX, 0x0123_4567_89ab_cdef])
        {
            let mut bytes = Vec::new();
            put(number, &mut bytes);
            let mut plain = Vec::new();
            put_long(number, &mut plain);
            assert_eq!(bytes, plain, "{number:#x}");
            for behind in [&[][..], &[0xff; 9], &[0; 9]] {
                let all = [bytes.as_slice(), behind].concat();
                let from = &mut all.as_slice();
                assert_eq!(take(from), Some(number), "{number:#x}");
                assert_eq!(*from, behind);
            }
        }
    }

    #[test]
    fn bytes_that_mean_nothing_are_no_member() {
        let too_many_lots = [0, 0xff, 0xff, 0xff, 0xff, 0x0f];
        let past_64_bits = [
            LAST, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,
        ];
        let past_a_place = [LAST, 1, 0x80, 0x80, 4, 0];
        let all: [&[u8]; 3] = [&too_many_lots, &past_64_bits, &past_a_place];
        for bytes in all {
            assert_eq!(unpack(bytes), None, "{bytes:?}");
        }
    }
}
