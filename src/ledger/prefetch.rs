//! Prefetch: loads every record that a batch may touch into the working set, in few round trips.
//!
//! Must not: execute anything, or load what the working set has: its records may be newer.

use super::filter::Filter;
use super::reader::StateReader;
use super::record::{clearing_key, day_key, decode, line_key, parse_expiry_key, put_authored_key};
use super::store::{StoreError, Table};
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::execute::Due;
use crate::domain::ids::{Party, Reference};
use crate::domain::op::expire::SWEEP_LOTS_MAX;
use crate::domain::submission::Submission;
use crate::domain::table::Table as Records;
use crate::domain::time::Day;
use crate::domain::working_set::{Needs, WorkingSet};
use std::hash::Hash;
use std::sync::Arc;

/// Loads what submissions of a batch may touch. The filter, where there is one, spares the store
/// the question for what was never written.
///
/// # Errors
/// [`StoreError`].
pub fn prefetch<'a>(
    set: &mut WorkingSet,
    reader: &StateReader,
    mut filter: Option<&mut Filter>,
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
    let mut load = Loader { reader, filter: filter.as_deref_mut() };
    load.submissions(set, submissions)?;
    load.ops(set, &needs.ops)?;
    for key in &needs.targets {
        let record = set.ops.get(key);
        needs.members.extend(record.and_then(|record| record.member()));
        needs.clearing.extend(record.and_then(|record| record.clearing()));
    }
    load.members(set, needs.members)?;
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
    let mut load = Loader {
        reader,
        filter: None,
    };
    load.members(set, pairs.iter().map(|(_, member)| *member).collect())?;
    Ok(Due {
        pairs,
        more,
        netting: None,
    })
}

struct Loader<'a> {
    reader: &'a StateReader,
    filter: Option<&'a mut Filter>,
}

impl Loader<'_> {
    fn submissions(
        &mut self,
        set: &mut WorkingSet,
        keys: Vec<(Party, Reference)>,
    ) -> Result<(), StoreError> {
        let table = &mut set.submissions;
        self.load(table, Table::Submissions, keys, put_authored_key, |bytes| decode(bytes))
    }

    fn ops(
        &mut self,
        set: &mut WorkingSet,
        keys: &[(Party, Reference)],
    ) -> Result<(), StoreError> {
        let (table, keys) = (&mut set.ops, keys.iter().copied());
        let read = |bytes: &[u8]| decode(bytes).map(Arc::new);
        self.load(table, Table::OpIds, keys, put_authored_key, read)
    }

    fn members(
        &mut self,
        set: &mut WorkingSet,
        keys: Vec<Reference>,
    ) -> Result<(), StoreError> {
        let put = |member: &Reference, to: &mut Vec<u8>| to.extend_from_slice(member.as_bytes());
        self.load(&mut set.members, Table::Members, keys, put, |bytes| decode(bytes))
    }

    /// Loads what is not in memory: what was never written as absent, the others from the store.
    fn load<K: Ord + Copy + Hash + std::fmt::Debug, V>(
        &mut self,
        records: &mut Records<K, V>,
        table: Table,
        keys: impl IntoIterator<Item = K>,
        put_key: impl Fn(&K, &mut Vec<u8>),
        read: impl Fn(&[u8]) -> Result<V, StoreError>,
    ) -> Result<(), StoreError> {
        let mut perhaps = Vec::new();
        let mut bytes = Vec::with_capacity(80);
        for key in keys {
            if records.touch(&key) {
                continue;
            }
            bytes.clear();
            put_key(&key, &mut bytes);
            let filter = self.filter.as_deref_mut();
            match filter.is_none_or(|filter| filter.add(table, &bytes)) {
                true => perhaps.push(key),
                false => records.load(key, None),
            }
        }
        if perhaps.is_empty() {
            return Ok(());
        }
        perhaps.sort_unstable();
        perhaps.dedup();
        let encoded = perhaps.iter().map(|key| {
            let mut bytes = Vec::with_capacity(80);
            put_key(key, &mut bytes);
            bytes
        });
        let encoded: Vec<_> = encoded.collect();
        let values = self.reader.multi_get(table, &encoded)?;
        for (key, value) in perhaps.into_iter().zip(values) {
            records.load(key, value.as_deref().map(&read).transpose()?);
        }
        Ok(())
    }
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

/// The keys that are not known, each once, in order.
fn missing<K: Ord>(keys: impl IntoIterator<Item = K>, mut known: impl FnMut(&K) -> bool) -> Vec<K> {
    let mut missing: Vec<K> = keys.into_iter().filter(|key| !known(key)).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}
