//! Reads the state as of the last durable batch: what the store has, and over it what is published
//! but not flushed yet.
//!
//! Must not: show anything that is not durable in the log.

use super::store::{Pair, StateStore, StoreError, Table, Write};
use super::unflushed::{Scratch, Unflushed};
use super::writes::Writes;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};

/// The state of published batches.
#[derive(Clone)]
pub struct StateReader {
    store: Arc<dyn StateStore>,
    overlay: Arc<RwLock<Overlay>>,
    scratch: Arc<Mutex<Scratch>>,
}

/// What is being flushed lies under what was published since.
#[derive(Default)]
struct Overlay {
    published: Unflushed,
    flushing: Option<Arc<Unflushed>>,
    /// Memory to be used again.
    spare: Spare,
}

#[derive(Default)]
struct Spare {
    unflushed: Unflushed,
    writes: Vec<Writes>,
}

impl Overlay {
    fn get(&self, table: Table, key: &[u8]) -> Option<Write<'_>> {
        let flushing = || self.flushing.as_ref()?.get(table, key);
        self.published.get(table, key).or_else(flushing)
    }
}

impl StateReader {
    /// Reads over a store with nothing unflushed.
    pub fn new(store: Arc<dyn StateStore>) -> Self {
        Self {
            store,
            overlay: Arc::default(),
            scratch: Arc::default(),
        }
    }

    /// Publishes writes of a batch. Batches come in order of their size. Answers how many bytes of
    /// writes wait to be flushed.
    pub fn publish(&self, size: u64, writes: &Arc<Writes>) -> usize {
        let mut overlay = self.overlay.write().expect("no reader panics");
        overlay.published.add(size, writes);
        overlay.published.bytes()
    }

    /// Room for the writes of a batch.
    pub fn room(&self) -> Writes {
        let mut overlay = self.overlay.write().expect("no reader panics");
        overlay.spare.writes.pop().unwrap_or_default()
    }

    /// Memory of what is not flushed, and of room for more of it.
    pub fn bytes(&self) -> usize {
        let overlay = self.overlay.read().expect("no writer panics");
        let flushing = overlay.flushing.iter().map(|under| under.bytes());
        let spare = overlay.spare.writes.iter().map(Writes::bytes);
        let all = flushing.chain(spare).sum::<usize>();
        all + overlay.published.bytes() + overlay.spare.unflushed.bytes()
    }

    /// Memory that the store keeps, by part.
    pub fn store_memory(&self) -> Vec<(&'static str, usize)> {
        self.store.memory()
    }

    /// Flushes what is published to the store. One thread alone may do so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn flush(&self) -> Result<(), StoreError> {
        let flushing = {
            let mut overlay = self.overlay.write().expect("no reader panics");
            if overlay.published.is_empty() {
                return Ok(());
            }
            let empty = std::mem::take(&mut overlay.spare.unflushed);
            let flushing = Arc::new(std::mem::replace(&mut overlay.published, empty));
            overlay.flushing = Some(flushing.clone());
            flushing
        };
        self.store_writes(&flushing)?;
        // Only now, for a write is always in the one or in the other.
        let overlay = || self.overlay.write().expect("no reader panics");
        drop(overlay().flushing.take());
        if let Some(mut unflushed) = Arc::into_inner(flushing) {
            let writes = unflushed.clear().map(Writes::cleared).collect();
            overlay().spare = Spare { unflushed, writes };
        }
        Ok(())
    }

    /// Writes to the store, past all that is published: for whoever publishes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn store(&self, size: u64, writes: Writes) -> Result<(), StoreError> {
        let mut unflushed = Unflushed::default();
        unflushed.add(size, &Arc::new(writes));
        self.store_writes(&unflushed)
    }

    /// New records of ids go to the store in runs: before everything else, for they may be there
    /// ahead of the state, and the others may not.
    fn store_writes(&self, unflushed: &Unflushed) -> Result<(), StoreError> {
        let scratch = &mut *self.scratch.lock().expect("no flush panics");
        let mut others = scratch.writes();
        for table in Table::ALL {
            let mut writes = unflushed.merged(table, scratch);
            let is_new = |write: &&Write<'_>| write.is_new;
            let new = writes.iter().filter(is_new).count();
            if new == 0 || new < self.store.run_records_min() {
                others.append(&mut writes);
            } else {
                others.extend(writes.extract_if(.., |write| !write.is_new));
                self.store.add_run(table, &writes)?;
            }
            scratch.take(writes);
        }
        let flushed = self.store.flush(unflushed.size(), &others);
        scratch.take(others);
        flushed
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
            for (at, key) in keys.iter().enumerate() {
                match overlay.get(table, key) {
                    Some(write) => values[at] = write.value.map(<[u8]>::to_vec),
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
            let flushing = overlay
                .flushing
                .iter()
                .flat_map(|under| under.writes(table));
            // Later ones replace earlier ones.
            let all = flushing.chain(overlay.published.writes(table));
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
}
