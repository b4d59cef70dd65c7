//! Log and state in memory, with faults on demand: what the simulation tests run on.
//!
//! A crash keeps the durable log and any earlier point of the state; a fault makes one append fail
//! before or after it took place.

use super::store::{
    AppendError, Batch, Epoch, Head, LogStore, Pair, Record, StateStore, StoreError, Table, Write,
};
use crate::proof::tile::TileCoordinate;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

/// How the next append goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Refused before anything was written.
    Refuse,
    /// Nothing was written, but the store does not know.
    UncertainLost,
    /// Everything was written, but the store does not know.
    UncertainKept,
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    log: Mutex<Log>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct Log {
    epoch: u64,
    records: Vec<Record>,
    tiles: BTreeMap<(u8, u64), Vec<u8>>,
    chain_hash: [u8; 32],
    checkpoint: Option<String>,
    fault: Option<(u64, Fault)>,
}

#[derive(Debug, Default, Clone)]
struct Tables {
    index: u64,
    tables: BTreeMap<(Table, Vec<u8>), Vec<u8>>,
}

#[derive(Debug, Default)]
struct State {
    flushed: Tables,
    durable: Tables,
}

impl MemoryStore {
    /// Makes the append that would bring the log past this size go wrong, once.
    pub fn fail_append_past(&self, size: u64, fault: Fault) {
        lock(&self.log).fault = Some((size, fault));
    }

    /// Makes everything flushed so far durable.
    pub fn sync_state(&self) {
        let mut state = lock(&self.state);
        state.durable = state.flushed.clone();
    }

    /// Loses what a crash loses: the state falls back to where it was last durable.
    pub fn crash(&self) {
        let mut state = lock(&self.state);
        state.flushed = state.durable.clone();
    }

    /// Overwrites a stored entry's byte, as a failing disk or a hand in the database would.
    pub fn corrupt_entry(&self, index: usize, byte: usize) {
        lock(&self.log).records[index].entry[byte] ^= 1;
    }

    /// Drops entries from the end, as a restored backup would.
    pub fn truncate(&self, size: usize) {
        lock(&self.log).records.truncate(size);
    }
}

impl LogStore for MemoryStore {
    fn take_epoch(&self) -> Result<Epoch, StoreError> {
        let mut log = lock(&self.log);
        log.epoch += 1;
        Ok(Epoch(log.epoch))
    }

    fn head(&self) -> Result<Head, StoreError> {
        let log = lock(&self.log);
        Ok(Head {
            size: log.records.len() as u64,
            chain_hash: log.chain_hash,
            checkpoint: log.checkpoint.clone(),
        })
    }

    fn append(&self, expected_size: u64, epoch: Epoch, batch: &Batch) -> Result<(), AppendError> {
        let mut log = lock(&self.log);
        if log.records.len() as u64 != expected_size || log.epoch != epoch.0 {
            return Err(AppendError::Stale);
        }
        let new_size = expected_size + batch.records.len() as u64;
        let fault = log
            .fault
            .take_if(|(past, _)| new_size > *past)
            .map(|(_, fault)| fault);
        let failed = || StoreError::Corrupt("a fault was injected".to_owned());
        match fault {
            Some(Fault::Refuse) => return Err(AppendError::Refused(failed())),
            Some(Fault::UncertainLost) => return Err(AppendError::Uncertain(failed())),
            Some(Fault::UncertainKept) | None => {}
        }
        log.records.extend_from_slice(&batch.records);
        for tile in &batch.tiles {
            let at = (tile.coordinate.level, tile.coordinate.index);
            log.tiles.insert(at, tile.bytes.clone());
        }
        log.chain_hash = batch.chain_hash;
        log.checkpoint = Some(batch.checkpoint.clone());
        match fault {
            Some(_) => Err(AppendError::Uncertain(failed())),
            None => Ok(()),
        }
    }

    fn read_from(&self, index: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let log = lock(&self.log);
        let from = usize::try_from(index)
            .unwrap_or(usize::MAX)
            .min(log.records.len());
        Ok(log.records[from..].iter().take(limit).cloned().collect())
    }

    fn tile(&self, coordinate: TileCoordinate) -> Result<Option<Vec<u8>>, StoreError> {
        let at = (coordinate.level, coordinate.index);
        Ok(lock(&self.log).tiles.get(&at).cloned())
    }
}

impl StateStore for MemoryStore {
    fn index(&self) -> Result<u64, StoreError> {
        Ok(lock(&self.state).flushed.index)
    }

    fn multi_get(
        &self,
        table: Table,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let state = lock(&self.state);
        let get = |key: &Vec<u8>| state.flushed.tables.get(&(table, key.clone())).cloned();
        Ok(keys.iter().map(get).collect())
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let state = lock(&self.state);
        // A range that ends before it begins is empty, as in a database.
        let range = (table, from.to_vec())..(table, to.max(from).to_vec());
        let pairs = state.flushed.tables.range(range).take(limit);
        Ok(pairs
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    fn keys(&self, table: Table, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), StoreError> {
        let of_table = |(of, key): &(Table, Vec<u8>)| (*of == table).then(|| key.clone());
        // Who is called may wait for somebody who needs the store.
        let keys: Vec<_> = lock(&self.state)
            .flushed
            .tables
            .keys()
            .filter_map(of_table)
            .collect();
        let _all = keys.iter().all(|key| each(key));
        Ok(())
    }

    fn run_records_min(&self) -> usize {
        2
    }

    fn add_run(&self, table: Table, records: &[Write<'_>]) -> Result<(), StoreError> {
        let State { flushed, durable } = &mut *lock(&self.state);
        for record in records {
            let (key, value) = (record.key.to_vec(), record.value.unwrap_or_default());
            flushed.tables.insert((table, key.clone()), value.to_vec());
            durable.tables.insert((table, key), value.to_vec());
        }
        Ok(())
    }

    fn flush(&self, index: u64, writes: &[Write<'_>]) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        for write in writes {
            let key = (write.table, write.key.to_vec());
            match write.value {
                Some(value) => state.flushed.tables.insert(key, value.to_vec()),
                None => state.flushed.tables.remove(&key),
            };
        }
        state.flushed.index = index;
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it holds a store")
}
