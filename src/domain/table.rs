//! A table of records kept in memory in two generations, so that cold ones can be let go.
//!
//! Must not: know where records are stored. A record that was not loaded is our bug, not absence.

use std::collections::HashMap;
use std::hash::Hash;

type Generation<K, V> = HashMap<K, Option<V>, foldhash::fast::RandomState>;

/// Records by key; `None` is known absence.
#[derive(Debug)]
pub struct Table<K, V> {
    hot: Generation<K, V>,
    cold: Generation<K, V>,
}

impl<K: Hash + Eq + Copy, V> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            hot: HashMap::default(),
            cold: HashMap::default(),
        }
    }
}

impl<K: Hash + Eq + Copy + std::fmt::Debug, V> Table<K, V> {
    /// Whether the record, or its absence, is in memory. Keeps it there.
    pub fn touch(&mut self, key: &K) -> bool {
        if self.hot.contains_key(key) {
            return true;
        }
        if self.cold.is_empty() {
            return false;
        }
        match self.cold.remove(key) {
            Some(record) => {
                self.hot.insert(*key, record);
                true
            }
            None => false,
        }
    }

    /// Takes in what the store holds under a key that was not in memory.
    pub fn load(&mut self, key: K, record: Option<V>) {
        self.hot.entry(key).or_insert(record);
    }

    /// The record under a key that was touched or loaded for this batch.
    pub fn get(&self, key: &K) -> Option<&V> {
        match self.hot.get(key) {
            Some(record) => record.as_ref(),
            None => panic!("a record was not prefetched: {key:?}"),
        }
    }

    /// Replaces the record and returns the one before.
    pub fn put(&mut self, key: K, record: Option<V>) -> Option<V> {
        self.hot.insert(key, record).flatten()
    }

    /// Every record in memory, in no order; what is known to be absent is left out.
    pub fn records(&self) -> impl Iterator<Item = (&K, &V)> {
        let all = self.hot.iter().chain(&self.cold);
        all.filter_map(|(key, record)| Some((key, record.as_ref()?)))
    }

    /// How many records are in memory.
    pub fn len(&self) -> usize {
        self.hot.len().saturating_add(self.cold.len())
    }

    /// Whether nothing is in memory.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many records are in the hot generation.
    pub fn hot_len(&self) -> usize {
        self.hot.len()
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        self.hot.clear();
        self.cold.clear();
    }

    /// Drops the cold generation and lets the hot one grow cold.
    pub fn rotate(&mut self) {
        std::mem::swap(&mut self.cold, &mut self.hot);
        // Its memory is used again: a table that grows anew copies all it has, again and again.
        self.hot.clear();
    }
}
