//! The filter: which keys were never written, told without asking the store.
//!
//! Most ids that an op brings are new. The filter answers "never seen" in one step in memory, where
//! the store would look through its files; "perhaps seen" is looked up. After a start it does not
//! know the stored keys until a thread has read them all; meanwhile it answers "perhaps".
//! Must not: be asked whether something is there.
//!
//! Method: a split block Bloom filter (Putze, Sanders, Singler, "Cache-, hash- and space-efficient
//! Bloom filters", 2007; as in Apache Parquet's format, with blocks of a cache line): a key sets
//! one bit in each of the eight words of one block, so that one block is looked at.

use super::reader::StateReader;
use super::store::{StoreError, Table};
use crossbeam_channel::{Receiver, Sender};
use std::hash::BuildHasher;

/// What a hash is multiplied with for the bit in each word: odd numbers, those of Parquet's format.
const SALTS: [u32; WORDS] = [
    0x47b6_137b,
    0x4497_4d91,
    0x8824_ad5b,
    0xa2b7_289d,
    0x7054_95c7,
    0x2df1_424b,
    0x9efc_4947,
    0x5c6b_fb31,
];
/// Words of a block.
const WORDS: usize = 8;
const BLOCK_BYTES: usize = size_of::<Block>();
/// Keys of a level, for each of its blocks, before the next one is begun.
const KEYS_A_BLOCK: usize = 40;
/// Blocks of the first level: half a megabyte.
const FIRST_BLOCKS: usize = 1 << 13;
/// Blocks of a part of a level. All of a large level at once would hold the writer up: the system
/// clears memory before it gives it.
const PART_BLOCKS: usize = 1 << 14;
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
    blocks_left: usize,
    hasher: KeyHasher,
    stored: Option<Receiver<Stored>>,
}

/// A level is added when the one before is full: most houses never need all the memory.
#[derive(Debug)]
struct Level {
    blocks: usize,
    /// Empty ones have no bit set.
    parts: Vec<Vec<Block>>,
    keys_left: usize,
}

/// Eight words of a cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
struct Block([u64; WORDS]);

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
    /// A filter of so many bytes at most, at least 64, and the scan that tells it what is stored.
    ///
    /// With 12 bits a key one of 250 new keys is "perhaps" there, with 10 bits one of 100.
    pub fn new(bytes: usize) -> (Self, KeyScan) {
        let hasher = KeyHasher::default();
        let (found, stored) = crossbeam_channel::bounded(4);
        let scan = KeyScan {
            hasher: hasher.clone(),
            found,
        };
        let blocks = (bytes / BLOCK_BYTES).max(1);
        let first = Level::new(blocks.min(FIRST_BLOCKS));
        let filter = Self {
            blocks_left: blocks - first.blocks,
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

    /// Looks where hashes lead, all at once: each lies somewhere else, and waiting for one after
    /// the other takes longer.
    pub fn near(&self, hashes: impl Iterator<Item = u64>) {
        let near = hashes.map(|hash| {
            let blocks = self.levels.iter().filter_map(|level| level.block(hash));
            blocks.fold(0, |near, block| near ^ block.0[0])
        });
        std::hint::black_box(near.fold(0, |near, word| near ^ word));
    }

    /// Adds a key by its hash. Answers whether it may have been written before.
    pub fn add(&mut self, hash: u64) -> bool {
        let new = self.add_hash(hash);
        !new || self.stored.is_some()
    }

    /// Its memory.
    pub fn bytes(&self) -> usize {
        let parts = self.levels.iter().flat_map(|level| level.parts.iter());
        parts.map(|part| part.len() * BLOCK_BYTES).sum()
    }

    /// Answers whether it was not there.
    fn add_hash(&mut self, hash: u64) -> bool {
        let bits = bits(hash);
        if self.levels.iter().any(|level| level.has(hash, &bits)) {
            return false;
        }
        let last = self.levels.last_mut().expect("there is always a level");
        last.add(hash, &bits);
        if last.keys_left == 0 && self.blocks_left > 0 {
            let blocks = last.blocks.saturating_mul(GROWTH).min(self.blocks_left);
            self.blocks_left -= blocks;
            self.levels.push(Level::new(blocks));
        }
        true
    }
}

impl Level {
    fn new(blocks: usize) -> Self {
        Self {
            blocks,
            parts: vec![Vec::new(); blocks.div_ceil(PART_BLOCKS)],
            keys_left: blocks * KEYS_A_BLOCK,
        }
    }

    fn has(&self, hash: u64, bits: &Block) -> bool {
        self.block(hash).is_some_and(|block| {
            let pairs = block.0.iter().zip(&bits.0);
            pairs.fold(0, |missing, (word, bit)| missing | (bit & !word)) == 0
        })
    }

    fn add(&mut self, hash: u64, bits: &Block) {
        let place = self.place(hash);
        let part = &mut self.parts[place / PART_BLOCKS];
        if part.is_empty() {
            part.resize(PART_BLOCKS.min(self.blocks), Block::default());
        }
        let words = &mut part[place % PART_BLOCKS].0;
        words
            .iter_mut()
            .zip(&bits.0)
            .for_each(|(word, bit)| *word |= bit);
        self.keys_left = self.keys_left.saturating_sub(1);
    }

    fn block(&self, hash: u64) -> Option<&Block> {
        let place = self.place(hash);
        self.parts[place / PART_BLOCKS].get(place % PART_BLOCKS)
    }

    /// The upper half chooses the block, the lower the bits in it.
    fn place(&self, hash: u64) -> usize {
        let place = (hash >> 32).wrapping_mul(self.blocks as u64) >> 32;
        usize::try_from(place).expect("it is below a length")
    }
}

/// A bit for each word of a block.
fn bits(hash: u64) -> Block {
    let [a, b, c, d, ..] = hash.to_le_bytes();
    let low = u32::from_le_bytes([a, b, c, d]);
    Block(SALTS.map(|salt| 1 << (low.wrapping_mul(salt) >> 26)))
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
        assert!(perhaps(5_001, 10_000) < 50, "16 bits a key");
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
        assert!(perhaps < 2_000, "{perhaps}");
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
