//! The state in RocksDB: written in sorted files that are added whole, past memtables.
//!
//! All tables are in one family, because a file is added to one family in one atomic step: a flush
//! is there with the index it brings the state to, or not at all. New records of ids have families
//! of their own, where those that rise with time lie behind each other and are not moved again;
//! a record in the family of all lies over them.
//!
//! ```text
//! state        table u8 ‖ key → value        0xFF → index u64 LE
//! op_ids, submissions           new records: key → value
//! ```
//!
//! Few records go through the write-ahead log, unsynced: a crash may take them back, in order. A
//! file that is added later cannot overtake them, for both have the index, and RocksDB writes a
//! memtable to disk before it adds a file that has a key of it.
//! Must not: be written by two threads at once.

use super::{Memory, blocks, corrupt, database, family, open_database};
use crate::ledger::store::{Pair, StateStore, StoreError, Table, Write};
use crate::platform::config::RocksDb as Settings;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DB, DBCompressionType,
    IngestExternalFileOptions, IteratorMode, Options, ReadOptions, SstFileWriter, WriteBatch,
    properties,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

const STATE: &str = "state";
const INDEX: [u8; 1] = [0xFF];
/// A file for fewer records is not worth what it costs to add.
const FILE_RECORDS_MIN: usize = 4_096;
/// Files that are compacted together: with fewer, the next level is written again more often.
const FILES_COMPACTED_MIN: i32 = 32;
/// Files that may wait for compaction in one family; adding another one waits for them.
const FILES_WAITING_MAX: u64 = 64;
/// Of a family of new records.
const RUN_FILE_BYTES: u64 = 16 << 20;
/// Members that fit this are in one level, and written again once for each compaction.
const LEVEL_BYTES: u64 = 512 << 20;
/// How long before it is looked again.
const WAIT: Duration = Duration::from_millis(5);

/// The state of one ledger in a RocksDB database of its own.
pub struct RocksState {
    db: DB,
    folder: PathBuf,
    memory: Memory,
}

impl RocksState {
    pub(super) fn open(
        folder: &Path,
        settings: &Settings,
        memory: &Memory,
    ) -> Result<Self, StoreError> {
        let runs = Table::ALL.into_iter().filter_map(run_family);
        let families = runs.chain([STATE]).map(|name| {
            let mut options = family_options(name, &memory.cache);
            options.set_write_buffer_size(settings.memtables_bytes_max);
            (name, options)
        });
        Ok(Self {
            db: open_database(folder, settings, memory, families)?,
            folder: folder.to_owned(),
            memory: memory.clone(),
        })
    }

    fn get_all(&self, name: &str, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let values = self
            .db
            .batched_multi_get_cf(family(&self.db, name), keys, false);
        let plain = |value: rocksdb::DBPinnableSlice<'_>| value.to_vec();
        values
            .into_iter()
            .map(|value| Ok(value.map_err(database)?.map(plain)))
            .collect()
    }

    fn pairs(
        &self,
        name: &str,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(to);
        let mode = IteratorMode::From(from, rocksdb::Direction::Forward);
        let pairs = self
            .db
            .iterator_cf_opt(family(&self.db, name), options, mode);
        let plain = |(key, value): (Box<[u8]>, Box<[u8]>)| (key.into_vec(), value.into_vec());
        pairs
            .take(limit)
            .map(|pair| pair.map(plain).map_err(database))
            .collect()
    }

    fn keys_of(
        &self,
        name: &str,
        prefix: &[u8],
        each: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<bool, StoreError> {
        let mut options = ReadOptions::default();
        // What is read once must not push out what is read often.
        options.fill_cache(false);
        let mut stored = self.db.raw_iterator_cf_opt(family(&self.db, name), options);
        stored.seek(prefix);
        while let Some(key) = stored.key().and_then(|key| key.strip_prefix(prefix)) {
            if !each(key) {
                return Ok(false);
            }
            stored.next();
        }
        stored.status().map_err(database)?;
        Ok(true)
    }

    /// Adds records to a family as a file: in order of their keys, each once.
    fn add_file<'a>(
        &self,
        name: &str,
        records: impl Iterator<Item = (&'a [u8], &'a [u8], Option<&'a [u8]>)>,
    ) -> Result<(), StoreError> {
        self.wait_for_compaction(name)?;
        // The name is not one of RocksDB's own; what a crash leaves of it is written over.
        let file = self.folder.join(format!("{name}.run"));
        // Small, and asked for every key that is not in memory: one filter, one index.
        let mut blocks = blocks(&self.memory.cache);
        blocks.set_partition_filters(false);
        blocks.set_index_type(BlockBasedIndexType::BinarySearch);
        let options = file_options(name, blocks);
        let mut writer = SstFileWriter::create(&options);
        writer.open(&file).map_err(database)?;
        let mut full = Vec::with_capacity(KEY_BYTES);
        for (prefix, key, value) in records {
            full.clear();
            full.extend_from_slice(prefix);
            full.extend_from_slice(key);
            match value {
                Some(value) => writer.put(&full, value),
                None => writer.delete(&full),
            }
            .map_err(database)?;
        }
        writer.finish().map_err(database)?;
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        let family = family(&self.db, name);
        let added = self
            .db
            .ingest_external_file_cf_opts(family, &options, vec![file]);
        added.map_err(database)
    }

    /// Files that are added do not wait by themselves, as writes do.
    fn wait_for_compaction(&self, name: &str) -> Result<(), StoreError> {
        let family = family(&self.db, name);
        let waiting = properties::num_files_at_level(0);
        while self
            .db
            .property_int_value_cf(family, &waiting)
            .map_err(database)?
            > Some(FILES_WAITING_MAX)
        {
            std::thread::sleep(WAIT);
        }
        Ok(())
    }
}

/// Room for the usual key.
const KEY_BYTES: usize = 80;

/// The family of a table's new records.
fn run_family(table: Table) -> Option<&'static str> {
    match table {
        Table::OpIds | Table::Submissions => Some(table.name()),
        _ => None,
    }
}

fn prefixed(table: Table, key: &[u8]) -> Vec<u8> {
    let mut full = Vec::with_capacity(1 + key.len());
    full.push(prefix(table)[0]);
    full.extend_from_slice(key);
    full
}

/// What keys of a table begin with.
fn prefix(table: Table) -> &'static [u8; 1] {
    const PREFIXES: [[u8; 1]; 8] = [[0], [1], [2], [3], [4], [5], [6], [7]];
    &PREFIXES[table as usize]
}

fn family_options(name: &str, cache: &Cache) -> Options {
    let mut options = file_options(name, blocks(cache));
    if name != STATE {
        // Where a new run begins, it lies among the ids of the last one. Few are written again if
        // files and compactions are small: a file that nothing overlaps is moved as it is.
        options.set_target_file_size_base(RUN_FILE_BYTES);
        options.set_max_compaction_bytes(2 * RUN_FILE_BYTES);
    } else {
        // A file that was just added is compacted soon; until then it is not worth compressing.
        let (plain, compressed) = (DBCompressionType::None, DBCompressionType::Lz4);
        options.set_compression_per_level(&[plain, compressed]);
        options.set_max_bytes_for_level_base(LEVEL_BYTES);
    }
    options.set_level_zero_file_num_compaction_trigger(FILES_COMPACTED_MIN);
    // The few writes beside files do not wait before files do.
    options.set_level_zero_slowdown_writes_trigger(3 * FILES_COMPACTED_MIN);
    options.set_level_zero_stop_writes_trigger(4 * FILES_COMPACTED_MIN);
    options
}

fn file_options(name: &str, mut blocks: BlockBasedOptions) -> Options {
    let mut options = Options::default();
    blocks.set_bloom_filter(10.0, false);
    options.set_block_based_table_factory(&blocks);
    options.set_compression_type(match name {
        STATE => DBCompressionType::None,
        _ => DBCompressionType::Lz4,
    });
    // Written out bit by bit: what is synced at once makes the log's next sync wait.
    options.set_bytes_per_sync(1 << 20);
    options
}

impl StateStore for RocksState {
    fn index(&self) -> Result<u64, StoreError> {
        let family = family(&self.db, STATE);
        let Some(value) = self.db.get_cf(family, INDEX).map_err(database)? else {
            return Ok(0);
        };
        let bytes = value
            .try_into()
            .map_err(|_| corrupt("the state's index has not 8 bytes"))?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn multi_get(
        &self,
        table: Table,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let full: Vec<Vec<u8>> = keys.iter().map(|key| prefixed(table, key)).collect();
        let mut values = self.get_all(STATE, &full)?;
        if let Some(run) = run_family(table) {
            let unknown = |at: &usize| values[*at].is_none();
            let places: Vec<usize> = (0..keys.len()).filter(unknown).collect();
            let missing: Vec<Vec<u8>> = places.iter().map(|at| keys[*at].clone()).collect();
            let found = self.get_all(run, &missing)?;
            for (at, value) in places.into_iter().zip(found) {
                values[at] = value;
            }
        }
        Ok(values)
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let (first, end) = (prefixed(table, from), prefixed(table, to));
        let mut changed = self.pairs(STATE, &first, &end, limit)?;
        for (key, _) in &mut changed {
            key.remove(0);
        }
        let Some(run) = run_family(table) else {
            return Ok(changed);
        };
        let mut all: BTreeMap<_, _> = self.pairs(run, from, to, limit)?.into_iter().collect();
        all.extend(changed);
        Ok(all.into_iter().take(limit).collect())
    }

    fn keys(&self, table: Table, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), StoreError> {
        let go_on = self.keys_of(STATE, prefix(table), each)?;
        if let Some(run) = run_family(table).filter(|_| go_on) {
            self.keys_of(run, &[], each)?;
        }
        Ok(())
    }

    fn run_records_min(&self) -> usize {
        FILE_RECORDS_MIN
    }

    fn add_run(&self, table: Table, records: &[Write<'_>]) -> Result<(), StoreError> {
        let run = run_family(table).expect("runs are of ids");
        let records = records.iter();
        self.add_file(run, records.map(|write| (&[][..], write.key, write.value)))
    }

    fn flush(&self, index: u64, writes: &[Write<'_>]) -> Result<(), StoreError> {
        let index = index.to_le_bytes();
        if writes.len() >= FILE_RECORDS_MIN {
            let records = writes.iter();
            let records = records.map(|w| (&prefix(w.table)[..], w.key, w.value));
            let last = (&INDEX[..], &[][..], Some(&index[..]));
            return self.add_file(STATE, records.chain([last]));
        }
        let family = family(&self.db, STATE);
        let mut batch = WriteBatch::default();
        for write in writes {
            let key = prefixed(write.table, write.key);
            match write.value {
                Some(value) => batch.put_cf(family, key, value),
                None => batch.delete_cf(family, key),
            }
        }
        batch.put_cf(family, INDEX, index);
        self.db.write(batch).map_err(database)
    }

    fn memory(&self) -> Vec<(&'static str, usize)> {
        let memtables = self.memory.memtables.get_usage();
        let cache = self.memory.cache.get_usage();
        vec![
            ("memtables", memtables),
            ("blocks", cache.saturating_sub(memtables)),
        ]
    }
}
