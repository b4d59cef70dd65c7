//! Prefetch: loads every record that a batch may touch into the working set, in few round trips.
//!
//! Must not: execute anything, or load what the working set has: its records may be newer.

use super::reader::StateReader;
use super::record::{authored_key, clearing_key, day_key, decode, line_key, parse_expiry_key};
use super::store::{StoreError, Table};
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::execute::Due;
use crate::domain::ids::{Party, Reference};
use crate::domain::op::expire::SWEEP_LOTS_MAX;
use crate::domain::submission::Submission;
use crate::domain::time::Day;
use crate::domain::working_set::{Needs, OpRecord, WorkingSet};

/// Loads what submissions of a batch may touch.
///
/// # Errors
/// [`StoreError`].
pub fn prefetch<'a>(
    set: &mut WorkingSet,
    reader: &StateReader,
    batch: impl Iterator<Item = (Party, &'a Submission)>,
) -> Result<(), StoreError> {
    let mut needs = Needs::default();
    let mut submissions = Vec::new();
    let governance = set.governance.clone();
    for (author, submission) in batch {
        submissions.push((author, submission.id));
        if let Some(governance) = &governance {
            needs.add(governance, author, submission);
        }
    }
    if let Some(governance) = &governance {
        needs.add_proposals(governance);
    }
    load_submissions(set, reader, submissions)?;
    load_ops(set, reader, &needs.ops)?;
    for key in &needs.targets {
        let record = set.ops.get(key);
        needs.members.extend(record.and_then(OpRecord::member));
        needs.clearing.extend(record.and_then(OpRecord::clearing));
    }
    load_members(set, reader, needs.members)?;
    load_clearing(set, reader, needs.clearing)
}

/// Loads what a sweep up to a day has to do, and the members it touches.
///
/// # Errors
/// [`StoreError`].
pub fn prefetch_due(
    set: &mut WorkingSet,
    reader: &StateReader,
    up_to: Day,
) -> Result<Due, StoreError> {
    let to = day_key(Day(up_to.0.saturating_add(1)));
    let pairs = reader.scan(Table::Expiry, &[], &to, SWEEP_LOTS_MAX + 1)?;
    let mut pairs: Vec<(Day, Reference)> = pairs
        .iter()
        .map(|(key, _)| parse_expiry_key(key))
        .collect::<Result<_, _>>()?;
    let more = pairs.len() > SWEEP_LOTS_MAX;
    pairs.truncate(SWEEP_LOTS_MAX);
    load_members(
        set,
        reader,
        pairs.iter().map(|(_, member)| *member).collect(),
    )?;
    Ok(Due {
        pairs,
        more,
        netting: None,
    })
}

fn load_submissions(
    set: &mut WorkingSet,
    reader: &StateReader,
    keys: Vec<(Party, Reference)>,
) -> Result<(), StoreError> {
    let missing = missing(keys, |key| set.submissions.touch(key));
    let encoded: Vec<Vec<u8>> = missing.iter().map(authored_key).collect();
    let values = reader.multi_get(Table::Submissions, &encoded)?;
    for (key, value) in missing.into_iter().zip(values) {
        set.submissions
            .load(key, value.as_deref().map(decode).transpose()?);
    }
    Ok(())
}

fn load_ops(
    set: &mut WorkingSet,
    reader: &StateReader,
    keys: &[(Party, Reference)],
) -> Result<(), StoreError> {
    let missing = missing(keys.iter().copied(), |key| set.ops.touch(key));
    let encoded: Vec<Vec<u8>> = missing.iter().map(authored_key).collect();
    let values = reader.multi_get(Table::OpIds, &encoded)?;
    for (key, value) in missing.into_iter().zip(values) {
        set.ops.load(key, value.as_deref().map(decode).transpose()?);
    }
    Ok(())
}

/// A line of a netted window stands among the lines; of it, its presence alone counts.
fn load_clearing(
    set: &mut WorkingSet,
    reader: &StateReader,
    keys: Vec<ClearingKey>,
) -> Result<(), StoreError> {
    let needed: Vec<_> = keys.into_iter().filter(|key| set.may_need(key)).collect();
    for key in missing(needed, |key| set.clearing.touch(key)) {
        let record = match &key {
            ClearingKey::Line(line) => reader
                .get(Table::Lines, line_key(line))?
                .map(|_| ClearingRecord::Line),
            _ => {
                let value = reader.get(Table::Clearing, clearing_key(&key))?;
                value.as_deref().map(decode).transpose()?
            }
        };
        set.clearing.load(key, record);
    }
    Ok(())
}

fn load_members(
    set: &mut WorkingSet,
    reader: &StateReader,
    members: Vec<Reference>,
) -> Result<(), StoreError> {
    let missing = missing(members, |member| set.members.touch(member));
    let encoded: Vec<Vec<u8>> = missing.iter().map(|id| id.as_bytes().to_vec()).collect();
    let values = reader.multi_get(Table::Members, &encoded)?;
    for (member, value) in missing.into_iter().zip(values) {
        set.members
            .load(member, value.as_deref().map(decode).transpose()?);
    }
    Ok(())
}

/// The keys that are not known, each once, in order.
fn missing<K: Ord>(keys: impl IntoIterator<Item = K>, mut known: impl FnMut(&K) -> bool) -> Vec<K> {
    let mut missing: Vec<K> = keys.into_iter().filter(|key| !known(key)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}
