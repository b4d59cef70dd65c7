//! Reads the state as of the last durable batch: what the store has, and over it what is published
//! but not flushed yet.
//!
//! Must not: show anything that is not durable in the log.

use super::store::{Pair, StateStore, StoreError, Table, Write};
use super::writes::{Key, Writes};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};

/// The state of published batches.
#[derive(Clone)]
pub struct StateReader {
    store: Arc<dyn StateStore>,
    overlay: Arc<RwLock<Overlay>>,
}

/// The size of the batch that wrote each key.
type Unflushed = HashMap<Key, u64>;

#[derive(Default)]
struct Overlay {
    tables: BTreeMap<Table, Unflushed>,
}

impl StateReader {
    /// Reads over a store with nothing unflushed.
    pub fn new(store: Arc<dyn StateStore>) -> Self {
        Self {
            store,
            overlay: Arc::default(),
        }
    }

    /// Publishes writes of a batch. Batches come in order of their size.
    pub fn publish(&self, size: u64, writes: &Arc<Writes>) {
        let mut overlay = self.overlay.write().expect("no reader panics");
        for key in writes.keys() {
            let table = overlay.tables.entry(key.write().table).or_default();
            // The key in the map leads to the value, so an equal one has to go first.
            table.remove(&key);
            table.insert(key, size);
        }
    }

    /// Forgets published writes that the store has by now, up to a size.
    pub fn flushed(&self, size: u64, writes: &[Write<'_>]) {
        let mut overlay = self.overlay.write().expect("no reader panics");
        for write in writes {
            let table = overlay.tables.entry(write.table).or_default();
            if table
                .get(write.key)
                .is_some_and(|published| *published <= size)
            {
                table.remove(write.key);
            }
        }
    }

    /// The values of keys, in the order of the keys.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn multi_get(
        &self,
        table: Table,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut values = vec![None; keys.len()];
        let mut missing = Vec::new();
        {
            // The overlay first: a write leaves it only after the store has it.
            let overlay = self.overlay.read().expect("no writer panics");
            let unflushed = overlay.tables.get(&table);
            for (at, key) in keys.iter().enumerate() {
                let found = unflushed.and_then(|all| all.get_key_value(key.as_slice()));
                match found {
                    Some((key, _)) => values[at] = key.write().value.map(<[u8]>::to_vec),
                    None => missing.push(at),
                }
            }
        }
        let asked: Vec<Vec<u8>> = missing.iter().map(|at| keys[*at].clone()).collect();
        if !asked.is_empty() {
            let stored = self.store.multi_get(table, &asked)?;
            missing
                .into_iter()
                .zip(stored)
                .for_each(|(at, value)| values[at] = value);
        }
        Ok(values)
    }

    /// One value.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn get(&self, table: Table, key: Vec<u8>) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.multi_get(table, &[key])?.pop().flatten())
    }

    /// All pairs with `from` ≤ key < `to`, in order, up to `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let unflushed: BTreeMap<Vec<u8>, Option<Vec<u8>>> = {
            let overlay = self.overlay.read().expect("no writer panics");
            let all = overlay.tables.get(&table).into_iter().flatten();
            let all = all.map(|(key, _)| key.write());
            let within = all.filter(|write| write.key >= from && write.key < to);
            within
                .map(|write| (write.key.to_vec(), write.value.map(<[u8]>::to_vec)))
                .collect()
        };
        let stored = self
            .store
            .scan(table, from, to, limit.saturating_add(unflushed.len()))?;
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = stored.into_iter().collect();
        for (key, value) in unflushed {
            match value {
                Some(value) => merged.insert(key, value),
                None => merged.remove(&key),
            };
        }
        Ok(merged.into_iter().take(limit).collect())
    }

    /// Calls `each` with every stored key of a table until it answers `false`; keys not flushed yet
    /// are left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stored_keys(
        &self,
        table: Table,
        each: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        self.store.keys(table, each)
    }

    /// How many entries the stored state is the fold of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stored_index(&self) -> Result<u64, StoreError> {
        self.store.index()
    }

    /// Flushes writes to the store and forgets them here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn flush(&self, size: u64, writes: &[Write<'_>]) -> Result<(), StoreError> {
        self.store.flush(size, writes)?;
        self.flushed(size, writes);
        Ok(())
    }
}
