//! Records: how the state's tables write their keys and values.
//!
//! Keys sort as their parts do; ids come first in them, because those that begin with the time make
//! keys that are written in their order. Values are CBOR by field number, so a record can grow.
//! These bytes are the house's own and can be rebuilt from the entries; no auditor reads them.
//!
//! ```text
//! members      member                                       → Member, packed
//! op_ids       op id ‖ 0 ‖ author u16 BE                    → OpRecord, packed
//! submissions  submission id ‖ 0 ‖ author u16 BE            → SubmissionRecord
//! lines        window u32 ‖ debtor u16 ‖ creditor u16 ‖ reason u8 ‖ version u32, all BE → total
//! governance   "g" → Governance · "s" → Standing · "p" ‖ party u16 BE → totals
//! expiry       day u32 BE (sign flipped) ‖ member           → nothing
//! windows      number u32 BE → Window · "c" → what is rolled forward
//! clearing     "i" ‖ window u32 ‖ debtor u16 ‖ creditor u16, all BE → Item
//!              "d" ‖ entry u64 ‖ op u16, all BE             → Dispute
//!              "a" ‖ window u32 ‖ party u16, all BE         → Acknowledgement
//! ```

use super::store::{StoreError, Table};
use super::writes::Writes;
use crate::domain::dispute::ClearingKey;
use crate::domain::ids::{Party, Reference};
use crate::domain::line::LineKey;
use crate::domain::member::{Member, packed};
use crate::domain::time::{Day, Micros};
use crate::domain::window::ItemKey;
use crate::domain::working_set::Changes;
use crate::domain::working_set::packed::PackedOp;
use minicbor::{Decode, Encode};

/// The key of governance.
pub const GOVERNANCE: &[u8] = b"g";
/// The key of [`Standing`].
pub const STANDING: &[u8] = b"s";

/// What the fold carries from entry to entry beside its records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Standing {
    /// The open window's number.
    #[n(0)]
    pub window: u32,
    /// The last entry's time.
    #[n(1)]
    pub last_time: Micros,
}

/// The key of a party's totals.
pub fn party_key(party: Party) -> Vec<u8> {
    let mut key = vec![b'p'];
    key.extend_from_slice(&party.0.to_be_bytes());
    key
}

/// The key of an op or submission.
pub fn authored_key(key: &(Party, Reference)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(3 + key.1.as_bytes().len());
    put_authored_key(key, &mut bytes);
    bytes
}

/// Appends the key of an op or submission.
pub fn put_authored_key(&(author, id): &(Party, Reference), to: &mut Vec<u8>) {
    to.extend_from_slice(id.as_bytes());
    to.push(0);
    to.extend_from_slice(&author.0.to_be_bytes());
}

/// The key of a line.
pub fn line_key(key: &LineKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(13);
    bytes.extend_from_slice(&key.window.to_be_bytes());
    bytes.extend_from_slice(&key.debtor.0.to_be_bytes());
    bytes.extend_from_slice(&key.creditor.0.to_be_bytes());
    bytes.push(key.reason.number());
    bytes.extend_from_slice(&key.price_version.to_be_bytes());
    bytes
}

/// Reads a line's key back.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn parse_line_key(bytes: &[u8]) -> Result<LineKey, StoreError> {
    let wrong = || StoreError::Corrupt("a line's key cannot be read".to_owned());
    let (window, rest) = bytes.split_first_chunk::<4>().ok_or_else(wrong)?;
    let (debtor, rest) = rest.split_first_chunk::<2>().ok_or_else(wrong)?;
    let (creditor, rest) = rest.split_first_chunk::<2>().ok_or_else(wrong)?;
    let (reason, rest) = rest.split_first().ok_or_else(wrong)?;
    let version: [u8; 4] = rest.try_into().map_err(|_| wrong())?;
    let all = crate::domain::line::Reason::ALL;
    Ok(LineKey {
        window: u32::from_be_bytes(*window),
        debtor: Party(u16::from_be_bytes(*debtor)),
        creditor: Party(u16::from_be_bytes(*creditor)),
        reason: *all.get(usize::from(*reason)).ok_or_else(wrong)?,
        price_version: u32::from_be_bytes(version),
    })
}

/// The key of what is rolled forward, after all windows' numbers that are ever reached.
pub const CARRIED: &[u8] = b"carried";

/// The key of a payment, dispute or acknowledgement.
///
/// # Panics
/// For a line, which stands among the lines.
pub fn clearing_key(key: &ClearingKey) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(11);
    match key {
        ClearingKey::Item(item) => {
            bytes.push(b'i');
            bytes.extend_from_slice(&item.window.to_be_bytes());
            bytes.extend_from_slice(&item.debtor.0.to_be_bytes());
            bytes.extend_from_slice(&item.creditor.0.to_be_bytes());
        }
        ClearingKey::Dispute(at) => {
            bytes.push(b'd');
            bytes.extend_from_slice(&at.entry.to_be_bytes());
            bytes.extend_from_slice(&at.op.to_be_bytes());
        }
        ClearingKey::Acknowledgement(window, party) => {
            bytes.push(b'a');
            bytes.extend_from_slice(&window.to_be_bytes());
            bytes.extend_from_slice(&party.0.to_be_bytes());
        }
        ClearingKey::Line(_) => panic!("lines have a table of their own"),
    }
    bytes
}

/// Where the keys of a window's payments begin, and where they have ended.
pub fn item_keys(window: u32) -> (Vec<u8>, Vec<u8>) {
    let begin = |window: u32| [b"i".as_slice(), &window.to_be_bytes()].concat();
    let end = window.checked_add(1).map_or_else(|| b"j".to_vec(), begin);
    (begin(window), end)
}

/// Reads a payment's key back.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn parse_item_key(bytes: &[u8]) -> Result<ItemKey, StoreError> {
    let wrong = || StoreError::Corrupt("a payment's key cannot be read".to_owned());
    let (_, rest) = bytes.split_first().ok_or_else(wrong)?;
    let (window, rest) = rest.split_first_chunk::<4>().ok_or_else(wrong)?;
    let (debtor, rest) = rest.split_first_chunk::<2>().ok_or_else(wrong)?;
    let creditor: [u8; 2] = rest.try_into().map_err(|_| wrong())?;
    Ok(ItemKey {
        window: u32::from_be_bytes(*window),
        debtor: Party(u16::from_be_bytes(*debtor)),
        creditor: Party(u16::from_be_bytes(creditor)),
    })
}

/// The start of the expiry keys of a day.
pub fn day_key(day: Day) -> [u8; 4] {
    (day.0.cast_unsigned() ^ (1 << 31)).to_be_bytes()
}

/// The key that says a sweep of a day has work at a member.
pub fn expiry_key(day: Day, member: &Reference) -> Vec<u8> {
    let mut key = day_key(day).to_vec();
    key.extend_from_slice(member.as_bytes());
    key
}

/// Reads an expiry key back.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn parse_expiry_key(bytes: &[u8]) -> Result<(Day, Reference), StoreError> {
    let wrong = || StoreError::Corrupt("an expiry key cannot be read".to_owned());
    let (day, member) = bytes.split_first_chunk::<4>().ok_or_else(wrong)?;
    let day = Day((u32::from_be_bytes(*day) ^ (1 << 31)).cast_signed());
    let member = std::str::from_utf8(member).map_err(|_| wrong())?;
    Ok((day, Reference::parse(member).map_err(|_| wrong())?))
}

/// Writes a value.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory cannot fail")
}

/// Reads a value back.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn decode<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, StoreError> {
    minicbor::decode(bytes)
        .map_err(|error| StoreError::Corrupt(format!("a stored record cannot be read: {error}")))
}

/// Reads a member back.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn unpack_member(bytes: &[u8]) -> Result<Member, StoreError> {
    let wrong = || StoreError::Corrupt("a stored member cannot be read".to_owned());
    packed::unpack(bytes).ok_or_else(wrong)
}

/// Reads an op's record back, which stays packed.
///
/// # Errors
/// [`StoreError::Corrupt`].
pub fn unpack_op(bytes: &[u8]) -> Result<PackedOp, StoreError> {
    let wrong = || StoreError::Corrupt("a stored op cannot be read".to_owned());
    PackedOp::new(bytes).ok_or_else(wrong)
}

/// The writes that store what a batch changed whose first entry is `first`, in the memory given.
pub fn writes(mut writes: Writes, first: u64, changes: &Changes, standing: &Standing) -> Writes {
    let records = changes.members.members.len() + changes.ops.ops.len();
    let bytes_of_values = changes.members.bytes.len() + changes.ops.bytes.len();
    writes.reserve(records + 8, bytes_of_values + records * KEY_BYTES);
    for member in &changes.members.members {
        let Some(range) = member.packed.clone() else {
            continue;
        };
        let packed = bytes(&changes.members.bytes[range]);
        writes.put(Table::Members, bytes(member.id.as_bytes()), packed);
        let (before, after) = (&member.days_before, &member.days_after);
        for day in after.iter().filter(|day| !before.contains(day)) {
            writes.put(Table::Expiry, bytes(&expiry_key(*day, &member.id)), |_| ());
        }
        for day in before.iter().filter(|day| !after.contains(day)) {
            writes.delete(Table::Expiry, bytes(&expiry_key(*day, &member.id)));
        }
    }
    for op in &changes.ops.ops {
        let key = |to: &mut Vec<u8>| put_authored_key(&op.key, to);
        let packed = bytes(&changes.ops.bytes[op.packed.clone()]);
        match op.entry >= first {
            true => writes.put_new(Table::OpIds, key, packed),
            false => writes.put(Table::OpIds, key, packed),
        }
    }
    for (key, record) in &changes.submissions {
        let table = Table::Submissions;
        writes.put_new(table, |to| put_authored_key(key, to), value(record));
    }
    for (key, total) in &changes.lines {
        let key = line_key(key);
        match total {
            Some(total) => writes.put(Table::Lines, bytes(&key), value(total)),
            None => writes.delete(Table::Lines, bytes(&key)),
        }
    }
    for (party, totals) in &changes.parties {
        writes.put(Table::Governance, bytes(&party_key(*party)), value(totals));
    }
    if let Some(governance) = &changes.governance {
        let governance = value(governance.as_ref());
        writes.put(Table::Governance, bytes(GOVERNANCE), governance);
    }
    for window in &changes.windows {
        let key = window.number.to_be_bytes();
        writes.put(Table::Windows, bytes(&key), value(window));
    }
    if let Some(carried) = &changes.carried {
        writes.put(Table::Windows, bytes(CARRIED), value(carried));
    }
    for (key, record) in &changes.clearing {
        writes.put(Table::Clearing, bytes(&clearing_key(key)), value(record));
    }
    writes.put(Table::Governance, bytes(STANDING), value(standing));
    writes
}

/// Room for the usual key.
const KEY_BYTES: usize = 32;

fn bytes(key: &[u8]) -> impl FnOnce(&mut Vec<u8>) {
    move |to| to.extend_from_slice(key)
}

fn value<T: Encode<()>>(value: &T) -> impl FnOnce(&mut Vec<u8>) {
    move |to| minicbor::encode(value, to).expect("writing to memory cannot fail")
}
