//! Values of a payload: ids, points, money, days, keys, each in its one form.
//!
//! Must not: know any op. Each function reads one value and says what it should have been.

use super::super::base64url;
use super::super::hex;
use super::super::json::{Integer, JsonError, Reader, Reason};
use super::super::keys::{KeyError, PublicKey};
use crate::domain::ids::{Name, OpAt, Reference};
use crate::domain::money::Money;
use crate::domain::points::Points;
use crate::domain::submission::{Asked, OPS_MAX};
use crate::domain::time::{Day, Micros};

/// 2^53 − 1: the greatest whole number that every JSON reader carries exactly.
const EXACT_MAX: i64 = (1 << 53) - 1;

/// Reads a member's value, which must not have been seen before.
pub fn set<'a, T>(
    slot: &mut Option<T>,
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, JsonError>,
) -> Result<(), JsonError> {
    if slot.is_some() {
        return Err(reader.refuse(Reason::Duplicate));
    }
    *slot = Some(read(reader)?);
    Ok(())
}

/// A member that must have been seen.
pub fn need<T>(slot: Option<T>, name: &'static str, reader: &Reader<'_>) -> Result<T, JsonError> {
    slot.ok_or_else(|| reader.refuse(Reason::Missing(name)))
}

/// An error at the place where the reader stands, saying what should stand there.
pub fn refuse(reader: &Reader<'_>, wanted: &'static str) -> JsonError {
    reader.refuse(Reason::Refused(wanted))
}

/// Reads a string that `parse` accepts; `wanted` says which those are.
pub fn text<T>(
    reader: &mut Reader<'_>,
    wanted: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, JsonError> {
    let before = reader.clone();
    let text = reader.string()?;
    parse(&text).ok_or_else(|| refuse(&before, wanted))
}

/// A member, op, submission or receipt-number reference.
pub fn reference(reader: &mut Reader<'_>) -> Result<Reference, JsonError> {
    let wanted = "write 1 to 64 characters: [A-Za-z0-9][A-Za-z0-9._:-]{0,63}";
    text(reader, wanted, |text| Reference::parse(text).ok())
}

/// A key id, or an author: `house` or a partner.
pub fn name(reader: &mut Reader<'_>) -> Result<Name, JsonError> {
    let wanted = "write 1 to 32 characters: [a-z0-9][a-z0-9-]{0,31}";
    text(reader, wanted, |text| Name::parse(text).ok())
}

/// A partner or programme id, of which `house` is none.
pub fn partner(reader: &mut Reader<'_>) -> Result<Name, JsonError> {
    let wanted = "write 1 to 32 characters: [a-z0-9][a-z0-9-]{0,31}, but not house";
    text(reader, wanted, |text| Name::parse_unreserved(text).ok())
}

/// Points asked for; a whole number out of range is for the domain to refuse.
pub fn points(reader: &mut Reader<'_>) -> Result<Asked, JsonError> {
    let points = reader.integer()?.within(1..=EXACT_MAX);
    Ok(points.and_then(|points| Points::new(points.unsigned_abs())))
}

/// A limit in points; zero allows none.
pub fn points_limit(reader: &mut Reader<'_>) -> Result<Points, JsonError> {
    let wanted = "write a whole number from 0 to 9007199254740991; leave it out for no limit";
    integer(reader, 0..=EXACT_MAX, wanted)
        .map(|points| Points::new(points.unsigned_abs()).expect("the range was checked"))
}

/// A whole number within a range.
pub fn integer(
    reader: &mut Reader<'_>,
    range: std::ops::RangeInclusive<i64>,
    wanted: &'static str,
) -> Result<i64, JsonError> {
    let before = reader.clone();
    let integer: Integer = reader.integer()?;
    integer.within(range).ok_or_else(|| refuse(&before, wanted))
}

/// A whole number from `min` to `max`, both within 32 bits.
pub fn uint32(
    reader: &mut Reader<'_>,
    min: u32,
    max: u32,
    wanted: &'static str,
) -> Result<u32, JsonError> {
    let value = integer(reader, min.into()..=max.into(), wanted)?;
    Ok(u32::try_from(value).expect("the range was checked"))
}

/// The index of an entry.
pub fn entry_index(reader: &mut Reader<'_>) -> Result<u64, JsonError> {
    let wanted = "write the index of an entry, from 0 to 9007199254740991";
    integer(reader, 0..=EXACT_MAX, wanted).map(i64::unsigned_abs)
}

/// An instant in UTC, whole seconds.
pub fn instant(reader: &mut Reader<'_>) -> Result<Micros, JsonError> {
    let wanted = "write an instant in UTC with whole seconds: YYYY-MM-DDThh:mm:ssZ, from 1970 on";
    text(reader, wanted, Micros::parse)
}

/// A calendar day.
pub fn day(reader: &mut Reader<'_>) -> Result<Day, JsonError> {
    text(
        reader,
        "write a day that exists: YYYY-MM-DD, from 1970 on",
        Day::parse,
    )
}

/// An amount of money in the ledger's currency.
pub fn money(reader: &mut Reader<'_>, decimals: Option<u8>) -> Result<Money, JsonError> {
    let Some(decimals) = decimals else {
        return Err(refuse(
            reader,
            "the ledger is not founded and has no currency yet",
        ));
    };
    let wanted = "write an amount as text with exactly the currency's decimals, such as \"12.50\", \
                  below 10^15, without sign";
    text(reader, wanted, |text| Money::parse(text, decimals))
}

/// A public key that may be registered.
pub fn public_key(reader: &mut Reader<'_>) -> Result<[u8; 32], JsonError> {
    let before = reader.clone();
    let text = reader.string()?;
    let bytes = base64url::decode_array(text.as_bytes()).map_err(|_| {
        refuse(
            &before,
            "write the 32 bytes of the public key as 43 characters of base64url",
        )
    })?;
    match PublicKey::register(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(refuse(&before, key_fault(error))),
    }
}

fn key_fault(error: KeyError) -> &'static str {
    match error {
        KeyError::NotAPoint => "these 32 bytes are no Ed25519 public key; export the key again",
        KeyError::NotCanonical => "the key is not canonically encoded; generate a new key",
        KeyError::SmallOrder => "the key is weak (small order); generate a new key",
        KeyError::Torsion => "the key has a torsion component; generate a new key",
    }
}

/// A SHA-256 or Merkle root as hex.
pub fn sha256(reader: &mut Reader<'_>) -> Result<[u8; 32], JsonError> {
    let wanted = "write a SHA-256 as 64 hex digits in small letters";
    text(reader, wanted, hex::decode32)
}

/// The place of an op in the ledger: `{"entry": index, "op": place}`.
pub fn place(reader: &mut Reader<'_>) -> Result<OpAt, JsonError> {
    let (mut entry, mut op) = (None, None);
    let place_max = u32::try_from(OPS_MAX - 1).expect("a submission holds few ops");
    reader.object(|reader, name| match name {
        "entry" => set(&mut entry, reader, entry_index),
        "op" => set(&mut op, reader, |reader| {
            let wanted = "write the op's place in its submission, from 0 to 999";
            let place = uint32(reader, 0, place_max, wanted)?;
            Ok(u16::try_from(place).expect("the range was checked"))
        }),
        _ => Err(reader.refuse(Reason::Unknown)),
    })?;
    Ok(OpAt {
        entry: need(entry, "entry", reader)?,
        op: need(op, "op", reader)?,
    })
}
