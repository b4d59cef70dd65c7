//! Checking a receipt: everything is worked out again from the proved bytes, and compared.
//!
//! Must not: trust a word of the receipt. What is taken from it is decoded strictly and bound to
//! the signed checkpoint; what it says beside must be equal to what follows from that.

use super::super::base64url;
use super::super::checkpoint::{Checkpoint, CheckpointError, Extensions};
use super::super::effects::{self, EffectsError};
use super::super::entry::{Entry, EntryError, EntryRef, effects_digest};
use super::super::json::{JsonError, Kind, Reader, Reason};
use super::super::merkle::{Hash, leaf_hash, verify_inclusion};
use super::super::note::VerifierKey;
use super::super::payload::{self, PayloadError};
use super::{Evidence, results, write};
use crate::domain::effect::Effect;
use crate::domain::ids::{HOUSE, Name, Party};
use crate::domain::money::Currency;
use crate::domain::submission::Submission;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Longest receipt: a sweep of 5,000 lots in words, with room to spare.
pub const RECEIPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// More bytes than a receipt may have.
    #[error("longer than a receipt may be")]
    TooLarge,
    /// Not JSON, or not as strict as the ledger's.
    #[error("not the JSON of a receipt: {0}")]
    Json(#[from] JsonError),
    /// A member is absent or is of another kind or form.
    #[error("{0} is missing or has another form; ask the house for the receipt again")]
    Member(&'static str),
    /// The entry's bytes are no entry.
    #[error("entry: {0}")]
    Entry(#[from] EntryError),
    /// The entry's payload is malformed.
    #[error("payload: {0}")]
    Payload(#[from] PayloadError),
    /// The effects' bytes are no effects of this submission.
    #[error(transparent)]
    Effects(#[from] EffectsError),
    /// The effects are not those that the entry binds.
    #[error("the effects are not those of the entry; do not trust their amounts")]
    EffectsDigest,
    /// The outcomes in the entry are not those of the effects.
    #[error("the entry's outcomes and its effects disagree; report this to an auditor")]
    Outcome,
    /// The submission was meant for another ledger.
    #[error("the submission names another ledger than its entry; report this to an auditor")]
    OtherLedger,
    /// The checkpoint is not to be trusted.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The proof does not lead from the entry to the checkpoint.
    #[error("the proof does not lead from this entry to the checkpoint; the entry is not proved")]
    NotIncluded,
    /// What the receipt says in words is not what the proved bytes say.
    #[error("{0} is not what the entry and its effects say; trust these and not the words")]
    Words(String),
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The entry. That its author signed it is for whoever knows the author's key to check.
    pub entry: Entry,
    /// What the entry's payload asks for.
    pub submission: Submission,
    /// What became of each op.
    pub effects: Vec<Effect>,
    /// The checkpoint under which the entry is in the ledger.
    pub checkpoint: Checkpoint,
    /// What the receipt calls the parties in the effects; earlier entries prove it, this does not.
    pub parties: BTreeMap<Party, Name>,
}

/// Checks a receipt against the ledger's known keys.
///
/// # Errors
/// [`ReceiptError`]: what does not hold.
pub fn verify(receipt_json: &[u8], known: &[VerifierKey]) -> Result<Verified, ReceiptError> {
    if receipt_json.len() > RECEIPT_BYTES_MAX {
        return Err(ReceiptError::TooLarge);
    }
    let mut reader = Reader::new(receipt_json)?;
    let said = Said(members(&mut reader)?);
    reader.finish()?;
    let entry_bytes = said.bytes("entry")?;
    let effects_bytes = said.bytes("effects")?;
    let entry = EntryRef::decode(&entry_bytes)?;
    let checkpoint_note = said.text("checkpoint")?;
    let opened = Checkpoint::open(
        checkpoint_note.as_bytes(),
        entry.origin,
        known,
        Extensions::Refused,
    );
    let (checkpoint, _) = opened?;
    let proof = said.proof()?;
    let leaf = leaf_hash(&entry_bytes);
    if !verify_inclusion(
        &leaf,
        entry.index,
        checkpoint.size,
        &proof,
        &checkpoint.root,
    ) {
        return Err(ReceiptError::NotIncluded);
    }
    let currency = Currency::parse(said.text("currency")?);
    let currency = currency.ok_or(ReceiptError::Member("currency"))?;
    let (submission, effects) = decode(&entry, &effects_bytes, &currency)?;
    let parties = said.parties()?;
    if results::parties(&effects)
        .iter()
        .any(|party| !parties.contains_key(party))
    {
        return Err(ReceiptError::Member("parties"));
    }
    let name = |party| parties[&party];
    let again = write(&Evidence {
        entry: &entry,
        entry_bytes: &entry_bytes,
        submission: &submission,
        effects: &effects,
        effects_bytes: &effects_bytes,
        proof: &proof,
        checkpoint: checkpoint_note,
        currency: &currency,
        name: &name,
    });
    said.check_equal(&serde_json::from_slice(&again).expect("a receipt is plain JSON"))?;
    Ok(Verified {
        entry: entry.to_entry(),
        submission,
        effects,
        checkpoint,
        parties,
    })
}

/// What the entry's bytes hold, checked against each other.
fn decode(
    entry: &EntryRef<'_>,
    effects_bytes: &[u8],
    currency: &Currency,
) -> Result<(Submission, Vec<Effect>), ReceiptError> {
    if effects_digest(effects_bytes) != *entry.effects_digest {
        return Err(ReceiptError::EffectsDigest);
    }
    let submission = payload::parse(entry.payload, Some(currency.decimals()))?;
    if submission.ledger != entry.origin {
        return Err(ReceiptError::OtherLedger);
    }
    let effects = effects::decode(effects_bytes, entry.index, &submission.ops, currency)?;
    let outcomes = effects
        .iter()
        .map(|effect| u16::from(effect.outcome().number()));
    let outcomes: Vec<u16> = outcomes.collect();
    let expected = if outcomes.iter().all(|outcome| *outcome == 0) {
        &[][..]
    } else {
        &outcomes[..]
    };
    if *entry.outcome != *expected {
        return Err(ReceiptError::Outcome);
    }
    Ok((submission, effects))
}

/// The members of a receipt as it was handed in.
struct Said(Map<String, Value>);

impl Said {
    fn text(&self, member: &'static str) -> Result<&str, ReceiptError> {
        let value = self.0.get(member).and_then(Value::as_str);
        value.ok_or(ReceiptError::Member(member))
    }

    fn bytes(&self, member: &'static str) -> Result<Vec<u8>, ReceiptError> {
        let text = self.text(member)?;
        base64url::decode(text.as_bytes()).map_err(|_| ReceiptError::Member(member))
    }

    fn proof(&self) -> Result<Vec<Hash>, ReceiptError> {
        let hash =
            |value: &Value| base64url::decode_standard_array(value.as_str()?.as_bytes()).ok();
        let hashes = self.0.get("proof").and_then(Value::as_array);
        let hashes = hashes.and_then(|hashes| hashes.iter().map(hash).collect());
        hashes.ok_or(ReceiptError::Member("proof"))
    }

    /// The names of parties: different ones, and `house` for the house alone.
    fn parties(&self) -> Result<BTreeMap<Party, Name>, ReceiptError> {
        let one = |value: &Value| {
            let party = Party(u16::try_from(value.get("party")?.as_u64()?).ok()?);
            let id = Name::parse(value.get("id")?.as_str()?).ok()?;
            (party.is_house() == (id.as_str() == HOUSE)).then_some((party, id))
        };
        let list = self.0.get("parties").and_then(Value::as_array);
        let parties: Option<BTreeMap<Party, Name>> =
            list.and_then(|list| list.iter().map(one).collect());
        let parties = parties.ok_or(ReceiptError::Member("parties"))?;
        let mut names: Vec<&Name> = parties.values().collect();
        names.sort_unstable();
        names.dedup();
        if names.len() < parties.len() {
            return Err(ReceiptError::Member("parties"));
        }
        Ok(parties)
    }

    fn check_equal(&self, again: &Value) -> Result<(), ReceiptError> {
        let again = again.as_object().expect("a receipt is an object");
        let names = self.0.keys().chain(again.keys());
        let mut differing = names.filter(|name| self.0.get(*name) != again.get(*name));
        match differing.next() {
            Some(name) => Err(ReceiptError::Words(name.chars().take(40).collect())),
            None => Ok(()),
        }
    }
}

/// Reads an object of any members, none of them twice.
fn members(reader: &mut Reader<'_>) -> Result<Map<String, Value>, JsonError> {
    let mut members = Map::new();
    reader.object(|reader, name| {
        let value = value(reader)?;
        match members.insert(name.to_owned(), value) {
            Some(_) => Err(reader.refuse(Reason::Duplicate)),
            None => Ok(()),
        }
    })?;
    Ok(members)
}

fn value(reader: &mut Reader<'_>) -> Result<Value, JsonError> {
    Ok(match reader.kind() {
        Kind::Object => Value::Object(members(reader)?),
        Kind::Array => {
            let mut items = Vec::new();
            reader.array(usize::MAX, |reader| {
                items.push(value(reader)?);
                Ok(())
            })?;
            Value::Array(items)
        }
        Kind::Number => match reader.integer()?.within(i64::MIN..=i64::MAX) {
            Some(number) => Value::from(number),
            None => return Err(reader.refuse(Reason::NotWhole)),
        },
        Kind::Boolean => Value::Bool(reader.boolean()?),
        Kind::String | Kind::Null | Kind::End | Kind::Other => {
            Value::String(reader.string()?.into_owned())
        }
    })
}
