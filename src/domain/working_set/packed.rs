//! The record of an op in few bytes: how an auditor keeps them by the ten million.
//!
//! Numbers are written as those of a member ([`crate::domain::member::packed`]).
//!
//! ```text
//! record   op ‖ digest, 16 bytes ‖ accepted_at ‖ subject u8 ‖ what it needs
//! subject  0 other | 1 hold: member | 2 issue: member, lots (one), reversed
//!          | 3 spend: member, slices, price_version, reversed
//!          | 4 payment: window, debtor, creditor
//! member   length u8 ‖ its text
//! ```
//!
//! Must not: change what a record means. What is read back is equal to what was written.

use super::{IssueRecord, OpRecord, SpendRecord, Subject};
use crate::domain::ids::Reference;
use crate::domain::member::packed::{
    put, put_lots, put_op, take, take_lots, take_op, take_party, take_points, take_u32,
};
use crate::domain::time::Micros;
use crate::domain::window::ItemKey;

const OTHER: u8 = 0;
const HOLD: u8 = 1;
const ISSUE: u8 = 2;
const SPEND: u8 = 3;
const PAYMENT: u8 = 4;

/// Appends a record's bytes.
pub fn pack(record: &OpRecord, to: &mut Vec<u8>) {
    put_op(&record.at, to);
    to.extend_from_slice(&record.digest);
    put(record.accepted_at.0, to);
    match &record.subject {
        Subject::Other => to.push(OTHER),
        Subject::Hold(member) => {
            to.push(HOLD);
            put_member(member, to);
        }
        Subject::Issue(issue) => {
            to.push(ISSUE);
            put_member(&issue.member, to);
            put_lots(std::slice::from_ref(&issue.lot), to);
            put(issue.reversed.units(), to);
        }
        Subject::Spend(spend) => {
            to.push(SPEND);
            put_member(&spend.member, to);
            put_lots(&spend.slices, to);
            put(spend.price_version.into(), to);
            put(spend.reversed.units(), to);
        }
        Subject::Payment(item) => {
            to.push(PAYMENT);
            put(item.window.into(), to);
            put(item.debtor.0.into(), to);
            put(item.creditor.0.into(), to);
        }
    }
}

/// Reads a record back; nothing if these are not the bytes of one.
pub fn unpack(bytes: &[u8]) -> Option<OpRecord> {
    let from = &mut { bytes };
    let at = take_op(from)?;
    let (digest, rest) = from.split_first_chunk()?;
    *from = rest;
    let accepted_at = Micros(take(from)?);
    let (kind, rest) = from.split_first()?;
    *from = rest;
    let record = OpRecord {
        at,
        digest: *digest,
        accepted_at,
        subject: take_subject(*kind, from)?,
    };
    from.is_empty().then_some(record)
}

fn take_subject(kind: u8, from: &mut &[u8]) -> Option<Subject> {
    Some(match kind {
        OTHER => Subject::Other,
        HOLD => Subject::Hold(take_member(from)?),
        ISSUE => {
            let member = take_member(from)?;
            let [lot] = take_lots(from)?.try_into().ok()?;
            let reversed = take_points(from)?;
            Subject::Issue(IssueRecord {
                member,
                lot,
                reversed,
            })
        }
        SPEND => Subject::Spend(SpendRecord {
            member: take_member(from)?,
            slices: take_lots(from)?,
            price_version: take_u32(from)?,
            reversed: take_points(from)?,
        }),
        PAYMENT => Subject::Payment(ItemKey {
            window: take_u32(from)?,
            debtor: take_party(from)?,
            creditor: take_party(from)?,
        }),
        _ => return None,
    })
}

fn put_member(member: &Reference, to: &mut Vec<u8>) {
    let text = member.as_bytes();
    to.push(u8::try_from(text.len()).expect("a reference has 64 bytes at most"));
    to.extend_from_slice(text);
}

fn take_member(from: &mut &[u8]) -> Option<Reference> {
    let (length, rest) = from.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    *from = rest;
    Reference::parse(std::str::from_utf8(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{OpAt, Party};
    use crate::domain::lot::{Lot, LotKey};
    use crate::domain::points::Points;
    use crate::domain::time::Day;

    fn records() -> Vec<OpRecord> {
        let member = Reference::parse("m-1").expect("a reference");
        let lot = |days: i32| Lot {
            key: LotKey {
                issuer: Party(u16::MAX),
                issued_on: Day(days),
                activates_on: Day(20_001),
                expires_on: Day(i32::MAX),
                price_version: 7,
            },
            first: OpAt { entry: 9, op: 1 },
            points: Points::MAX,
        };
        let subjects = [
            Subject::Other,
            Subject::Hold(member),
            Subject::Issue(IssueRecord {
                member: Reference::parse(&"m".repeat(64)).expect("a reference"),
                lot: lot(1),
                reversed: Points::ZERO,
            }),
            Subject::Spend(SpendRecord {
                member,
                // Not in burn order: the order in which they were taken counts.
                slices: vec![lot(3), lot(2), lot(3)],
                price_version: u32::MAX,
                reversed: Points::MAX,
            }),
            Subject::Payment(ItemKey {
                window: 1,
                debtor: Party(2),
                creditor: Party(0),
            }),
        ];
        let record = |subject| OpRecord {
            at: OpAt {
                entry: u64::MAX,
                op: 999,
            },
            digest: [0xab; 16],
            accepted_at: Micros(1_767_225_600_000_000),
            subject,
        };
        subjects.into_iter().map(record).collect()
    }

    #[test]
    fn what_is_packed_is_read_back_and_nothing_shorter_or_longer_is() {
        for record in records() {
            let mut bytes = Vec::new();
            pack(&record, &mut bytes);
            assert_eq!(unpack(&bytes).as_ref(), Some(&record));
            for short in 0..bytes.len() {
                assert_eq!(unpack(&bytes[..short]), None, "{short} bytes");
            }
            bytes.push(0);
            assert_eq!(unpack(&bytes), None, "a byte too many");
        }
    }
}
