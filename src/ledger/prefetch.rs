//! Prefetch: loads every record that a batch may touch into the working set, in few round trips.
//!
//! Must not: execute anything, or load what the working set has: its records may be newer.

use super::filter::Filter;
use super::reader::StateReader;
use super::record::{
    clearing_key, day_key, decode, line_key, parse_expiry_key, put_authored_key, unpack_member,
    unpack_op,
};
use super::store::{StoreError, Table};
use crate::domain::dispute::{ClearingKey, ClearingRecord};
use crate::domain::execute::Due;
use crate::domain::ids::{Party, Reference};
use crate::domain::op::expire::SWEEP_LOTS_MAX;
use crate::domain::submission::Submission;
use crate::domain::table::Table as Records;
use crate::domain::time::Day;
use crate::domain::working_set::{Needs, SubmissionRecord, WorkingSet};
use std::hash::Hash;

/// Loads what submissions of a batch may touch that begins with the entry `next_index`. The filter,
/// where there is one, spares the store the question for what was never written.
///
/// # Errors
/// [`StoreError`].
pub fn prefetch<'a>(
    set: &mut WorkingSet,
    reader: &StateReader,
    next_index: u64,
    filter: Option<&mut Filter>,
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
    let mut load = Loader {
        reader,
        next_index,
        filter,
    };
    load.submissions(set, submissions)?;
    load.ops(set, &needs.ops)?;
    needs.add_targets(&set.ops);
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
        next_index: u64::MAX,
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
    /// Records of ids of this entry or a later one are not there yet: the store may have them ahead
    /// of the state.
    next_index: u64,
    filter: Option<&'a mut Filter>,
}

impl Loader<'_> {
    fn submissions(
        &mut self,
        set: &mut WorkingSet,
        keys: Vec<(Party, Reference)>,
    ) -> Result<(), StoreError> {
        let table = &mut set.submissions;
        let next_index = self.next_index;
        let read = |bytes: &[u8]| {
            let record: SubmissionRecord = decode(bytes)?;
            Ok((record.entry < next_index).then_some(record))
        };
        self.load(table, Table::Submissions, keys, put_authored_key, read)
    }

    fn ops(&mut self, set: &mut WorkingSet, keys: &[(Party, Reference)]) -> Result<(), StoreError> {
        let (table, keys) = (&mut set.ops, keys.iter().copied());
        let next_index = self.next_index;
        let read = |bytes: &[u8]| {
            let record = unpack_op(bytes)?;
            let is_there = record.record().at.entry < next_index;
            Ok(is_there.then_some(record))
        };
        self.load(table, Table::OpIds, keys, put_authored_key, read)
    }

    fn members(&mut self, set: &mut WorkingSet, ids: Vec<Reference>) -> Result<(), StoreError> {
        let hashed = set.members.missing(ids).into_iter().map(|id| {
            let filter = self.filter.as_ref();
            let hash = filter.map_or(0, |filter| filter.hash(Table::Members, id.as_bytes()));
            (id, hash)
        });
        let unknown: Vec<(Reference, u64)> = hashed.collect();
        let mut perhaps = Vec::new();
        self.near(&unknown);
        for (id, hash) in unknown {
            match self.may_have(hash) {
                true => perhaps.push(id),
                false => set.members.load(&id, None),
            }
        }
        let put = |id: &Reference, to: &mut Vec<u8>| to.extend_from_slice(id.as_bytes());
        for (id, value) in self.look_up(Table::Members, perhaps, put)? {
            value.as_deref().map(unpack_member).transpose()?;
            set.members.load(&id, value.as_deref());
        }
        Ok(())
    }

    /// Loads what is not in memory: what was never written as absent, the others from the store.
    fn load<K: Ord + Copy + Hash + std::fmt::Debug, V>(
        &mut self,
        records: &mut Records<K, V>,
        table: Table,
        keys: impl IntoIterator<Item = K>,
        put_key: impl Fn(&K, &mut Vec<u8>),
        read: impl Fn(&[u8]) -> Result<Option<V>, StoreError>,
    ) -> Result<(), StoreError> {
        let mut unknown: Vec<(K, u64)> = Vec::new();
        let mut bytes = Vec::with_capacity(KEY_BYTES);
        for key in keys {
            if !records.touch(&key) {
                bytes.clear();
                put_key(&key, &mut bytes);
                let filter = self.filter.as_ref();
                unknown.push((key, filter.map_or(0, |filter| filter.hash(table, &bytes))));
            }
        }
        let mut perhaps = Vec::new();
        self.near(&unknown);
        for (key, hash) in unknown {
            match self.may_have(hash) {
                true => perhaps.push(key),
                false => records.load(key, None),
            }
        }
        for (key, value) in self.look_up(table, perhaps, put_key)? {
            let record = value.as_deref().map(&read).transpose()?;
            records.load(key, record.flatten());
        }
        Ok(())
    }

    /// Looks where the filter will be asked.
    fn near<K>(&self, hashed: &[(K, u64)]) {
        if let Some(filter) = &self.filter {
            filter.near(hashed.iter().map(|(_, hash)| *hash));
        }
    }

    /// Whether a key that is about to be written may be stored already.
    fn may_have(&mut self, hash: u64) -> bool {
        let filter = self.filter.as_deref_mut();
        filter.is_none_or(|filter| filter.add(hash))
    }

    fn look_up<K: Ord>(
        &self,
        table: Table,
        mut keys: Vec<K>,
        put_key: impl Fn(&K, &mut Vec<u8>),
    ) -> Result<impl Iterator<Item = (K, Option<Vec<u8>>)>, StoreError> {
        keys.sort_unstable();
        keys.dedup();
        let encoded = keys.iter().map(|key| {
            let mut bytes = Vec::with_capacity(KEY_BYTES);
            put_key(key, &mut bytes);
            bytes
        });
        let encoded: Vec<_> = encoded.collect();
        let values = match encoded.is_empty() {
            true => Vec::new(),
            false => self.reader.multi_get(table, &encoded)?,
        };
        Ok(keys.into_iter().zip(values))
    }
}

/// Room for the usual key.
const KEY_BYTES: usize = 80;

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
