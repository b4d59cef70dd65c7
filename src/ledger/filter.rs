//! The filter: which keys were never written, told without asking the store.
//!
//! Most ids that an op brings are new. The filter answers "never seen" in one step in memory, where
//! the store would look through its files; "perhaps seen" is looked up. After a start it does not
//! know the stored keys until a thread has read them all; meanwhile it answers "perhaps".
//! Must not: be asked whether something is there.
//!
//! Method: a Bloom filter whose bits of one key lie in one 64-bit word (Putze, Sanders, Singler,
//! "Cache-, hash- and space-efficient Bloom filters", 2007).

use super::reader::StateReader;
use super::store::{StoreError, Table};
use crossbeam_channel::{Receiver, Sender};
use std::hash::BuildHasher;

/// Bits that a key sets in its word.
const BITS: u32 = 5;
/// Keys of a level, for each of its words, before the next one is begun.
const KEYS_A_WORD: usize = 5;
/// Words of the first level: half a megabyte.
const FIRST_WORDS: usize = 1 << 16;
/// Words of a part of a level. All of a large level at once would hold the writer up: the system
/// clears memory before it gives it.
const PART_WORDS: usize = 1 << 17;
/// How much larger each level is than the one before.
const GROWTH: usize = 16;
/// Stored keys handed over at once.
const KEYS_AT_ONCE: usize = 1 << 15;
/// Tables of which the keys are known.
const TABLES: [Table; 3] = [Table::OpIds, Table::Submissions, Table::Members];

/// A filter over the keys of op ids, submissions and members.
#[derive(Debug)]
pub struct Filter {
    levels: Vec<Level>,
    words_left: usize,
    hasher: KeyHasher,
    stored: Option<Receiver<Stored>>,
}

/// A level is added when the one before is full: most houses never need all the memory.
#[derive(Debug)]
struct Level {
    words: usize,
    /// Empty ones have no bit set.
    parts: Vec<Vec<u64>>,
    keys_left: usize,
}

/// How keys are hashed: differently in every process, so that nobody can choose ids that collide.
#[derive(Debug, Clone, Default)]
struct KeyHasher(foldhash::quality::RandomState);

#[derive(Debug)]
enum Stored {
    Hashes(Vec<u64>),
    All,
}

/// Reads the keys of a store for a filter, on a thread of its own.
#[derive(Debug)]
pub struct KeyScan {
    hasher: KeyHasher,
    found: Sender<Stored>,
}

impl Filter {
    /// A filter of so many bytes at most, at least 8, and the scan that tells it what is stored.
    ///
    /// With 12 bits a key one of 60 new keys is "perhaps" there, with 10 bits one of 30.
    pub fn new(bytes: usize) -> (Self, KeyScan) {
        let hasher = KeyHasher::default();
        let (found, stored) = crossbeam_channel::bounded(4);
        let scan = KeyScan {
            hasher: hasher.clone(),
            found,
        };
        let words = (bytes / 8).max(1);
        let first = Level::new(words.min(FIRST_WORDS));
        let filter = Self {
            words_left: words - first.words,
            levels: vec![first],
            hasher,
            stored: Some(stored),
        };
        (filter, scan)
    }

    /// Takes in what the scan has found so far.
    pub fn take_stored(&mut self) {
        while let Some(found) = self
            .stored
            .as_ref()
            .and_then(|stored| stored.try_recv().ok())
        {
            match found {
                Stored::Hashes(hashes) => hashes.into_iter().for_each(|hash| {
                    self.add_hash(hash);
                }),
                Stored::All => self.stored = None,
            }
        }
    }

    /// A key's hash, by which it is added.
    pub fn hash(&self, table: Table, key: &[u8]) -> u64 {
        self.hasher.hash(table, key)
    }

    /// Adds a key by its hash. Answers whether it may have been written before.
    pub fn add(&mut self, hash: u64) -> bool {
        let new = self.add_hash(hash);
        !new || self.stored.is_some()
    }

    /// Its memory.
    pub fn bytes(&self) -> usize {
        let parts = self.levels.iter().flat_map(|level| level.parts.iter());
        parts.map(|part| part.len() * size_of::<u64>()).sum()
    }

    /// Answers whether it was not there.
    fn add_hash(&mut self, hash: u64) -> bool {
        if self.levels.iter().any(|level| level.has(hash)) {
            return false;
        }
        let last = self.levels.last_mut().expect("there is always a level");
        last.add(hash);
        if last.keys_left == 0 && self.words_left > 0 {
            let words = last.words.saturating_mul(GROWTH).min(self.words_left);
            self.words_left -= words;
            self.levels.push(Level::new(words));
        }
        true
    }
}

impl Level {
    fn new(words: usize) -> Self {
        Self {
            words,
            parts: vec![Vec::new(); words.div_ceil(PART_WORDS)],
            keys_left: words * KEYS_A_WORD,
        }
    }

    fn has(&self, hash: u64) -> bool {
        let (word, bits) = self.place(hash);
        let part = self.parts[word / PART_WORDS].get(word % PART_WORDS);
        part.is_some_and(|part| part & bits == bits)
    }

    fn add(&mut self, hash: u64) {
        let (word, bits) = self.place(hash);
        let part = &mut self.parts[word / PART_WORDS];
        if part.is_empty() {
            part.resize(PART_WORDS.min(self.words), 0);
        }
        part[word % PART_WORDS] |= bits;
        self.keys_left = self.keys_left.saturating_sub(1);
    }

    /// The upper half chooses the word, the lower bits those in it.
    fn place(&self, hash: u64) -> (usize, u64) {
        let word = (hash >> 32).wrapping_mul(self.words as u64) >> 32;
        let bit = |number: u32| 1_u64 << ((hash >> (6 * number)) & 63);
        let bits = (0..BITS).map(bit).fold(0, |all, bit| all | bit);
        (usize::try_from(word).expect("it is below a length"), bits)
    }
}

impl KeyHasher {
    fn hash(&self, table: Table, key: &[u8]) -> u64 {
        self.0.hash_one((table as u8, key))
    }
}

impl KeyScan {
    /// Reads all keys, until the filter is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run(self, reader: &StateReader) -> Result<(), StoreError> {
        for table in TABLES {
            let mut hashes = Vec::with_capacity(KEYS_AT_ONCE);
            let mut is_wanted = true;
            reader.stored_keys(table, &mut |key| {
                hashes.push(self.hasher.hash(table, key));
                if hashes.len() == KEYS_AT_ONCE {
                    let full = std::mem::replace(&mut hashes, Vec::with_capacity(KEYS_AT_ONCE));
                    is_wanted = self.found.send(Stored::Hashes(full)).is_ok();
                }
                is_wanted
            })?;
            if !is_wanted || self.found.send(Stored::Hashes(hashes)).is_err() {
                return Ok(());
            }
        }
        // The filter may be gone.
        let _ = self.found.send(Stored::All);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::memory::MemoryStore;
    use crate::ledger::writes::Writes;
    use std::sync::Arc;

    fn key(number: u32) -> Vec<u8> {
        format!("key-{number}").into_bytes()
    }

    #[test]
    fn what_is_stored_or_was_added_may_be_there_and_nearly_nothing_else() {
        let reader = StateReader::new(Arc::new(MemoryStore::default()));
        let mut writes = Writes::default();
        for number in 0..5_000 {
            let bytes = key(number);
            let put = move |to: &mut Vec<u8>| to.extend_from_slice(&bytes);
            writes.put(Table::Members, put, |_| ());
        }
        reader.store(1, writes).unwrap();
        let (mut filter, scan) = Filter::new(20_000);
        let hash = |filter: &Filter, number| filter.hash(Table::Members, &key(number));
        let first = hash(&filter, 5_000);
        assert!(filter.add(first), "nothing is known yet");
        scan.run(&reader).unwrap();
        filter.take_stored();
        let mut perhaps = |from: u32, to: u32| {
            let all = (from..to).map(|number| hash(&filter, number));
            let all: Vec<u64> = all.collect();
            all.into_iter().filter(|hash| filter.add(*hash)).count()
        };
        assert_eq!(
            perhaps(0, 5_001),
            5_001,
            "they are stored, or were added before"
        );
        assert!(perhaps(5_001, 10_000) < 200, "16 bits a key");
        assert_eq!(perhaps(0, 10_000), 10_000);
        let same = filter.hash(Table::OpIds, &key(1));
        assert_ne!(
            same,
            filter.hash(Table::Members, &key(1)),
            "a key is of one table"
        );
    }

    #[test]
    fn a_full_filter_grows_and_forgets_nothing() {
        let (mut filter, scan) = Filter::new(1 << 24);
        scan.run(&StateReader::new(Arc::new(MemoryStore::default())))
            .unwrap();
        filter.take_stored();
        let hashes = || (0..500_000).map(|number: u32| key(number));
        let add = |filter: &mut Filter, key: Vec<u8>| filter.add(filter.hash(Table::OpIds, &key));
        let perhaps = hashes().filter(|key| add(&mut filter, key.clone())).count();
        assert!(perhaps < 10_000, "{perhaps}");
        assert_eq!(filter.levels.len(), 2);
        assert!(hashes().all(|key| add(&mut filter, key)));
    }

    #[test]
    fn a_scan_ends_when_its_filter_is_gone() {
        let reader = StateReader::new(Arc::new(MemoryStore::default()));
        let (filter, scan) = Filter::new(0);
        drop(filter);
        scan.run(&reader).unwrap();
    }
}
