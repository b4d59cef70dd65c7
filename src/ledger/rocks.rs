//! Log and state in one RocksDB database: the embedded default.
//!
//! The log's batches are synced; the state's are not, but go through the same write-ahead log after
//! the entries they fold, so they are never durable ahead of them.
//!
//! ```text
//! entries  index u64 BE            → flag u8 (0 plain, 1 zstd), entry length u32 LE ‖ entry ‖
//!                                    effects
//! tree     level u8, tile u64 BE   → 256 hashes of 32 bytes
//! meta     "size" "epoch" "state"  → u64 LE      "chain" → 32 bytes      "checkpoint" → text
//! others   one per `Table`, keys and values by `ledger::record`
//! ```

use super::store::{
    AppendError, Batch, Epoch, Head, LogStore, Pair, Record, StateStore, StoreError, Table, Write,
};
use crate::platform::config::RocksDb as Settings;
use crate::proof::tile::TileCoordinate;
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB,
    DBCompressionType, IngestExternalFileOptions, IteratorMode, Options, ReadOptions,
    SstFileWriter, WriteBatch, WriteOptions,
};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const ENTRIES: &str = "entries";
const TREE: &str = "tree";
const META: &str = "meta";
/// Values above this are worth compressing.
const COMPRESS_BYTES_MIN: usize = 2_048;
/// A file for fewer new records is not worth what it costs to add.
const RUN_RECORDS_MIN: usize = 4_096;
/// No record is written that could not be read again: entry and effects of one submission.
const RECORD_BYTES_MAX: usize = 1 << 30;

/// A RocksDB database that holds one ledger.
pub struct RocksStore {
    db: DB,
    folder: PathBuf,
    cache: Cache,
    settings: Settings,
    /// Guards the check of size and epoch with the write that depends on it.
    append: Mutex<()>,
}

impl RocksStore {
    /// Opens or creates the database in a folder, which RocksDB locks against other processes.
    ///
    /// # Errors
    /// [`StoreError::Database`] if the folder cannot be used or another process has it open.
    pub fn open(folder: &Path, settings: &Settings) -> Result<Self, StoreError> {
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_max_total_wal_size(to_u64(settings.wal_bytes_max));
        options.set_db_write_buffer_size(settings.memtables_bytes_max);
        options.set_max_background_jobs(2);
        options.set_bytes_per_sync(1 << 20);
        options.set_keep_log_file_num(4);
        let cache = Cache::new_lru_cache(settings.block_cache_bytes_max);
        let names = [ENTRIES, TREE, META]
            .into_iter()
            .chain(Table::ALL.map(Table::name));
        let families = names
            .map(|name| ColumnFamilyDescriptor::new(name, family_options(name, &cache, settings)));
        let db = DB::open_cf_descriptors(&options, folder, families).map_err(database)?;
        Ok(Self {
            db,
            folder: folder.to_owned(),
            cache,
            settings: settings.clone(),
            append: Mutex::new(()),
        })
    }

    fn family(&self, name: &str) -> &ColumnFamily {
        self.db
            .cf_handle(name)
            .expect("every family is created at opening")
    }

    fn meta_u64(&self, key: &str) -> Result<u64, StoreError> {
        let Some(value) = self.db.get_cf(self.family(META), key).map_err(database)? else {
            return Ok(0);
        };
        let bytes = value
            .try_into()
            .map_err(|_| corrupt("a number in meta has not 8 bytes"))?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn write(&self, batch: WriteBatch, sync: bool) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.set_sync(sync);
        self.db.write_opt(batch, &options).map_err(database)
    }
}

fn family_options(name: &str, cache: &Cache, settings: &Settings) -> Options {
    let mut options = Options::default();
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(true);
    blocks.set_format_version(5);
    // In small parts: an index or filter of a whole file is larger than what the cache keeps in one
    // place, and would be read anew for every key.
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_partition_filters(true);
    blocks.set_metadata_block_size(4 << 10);
    blocks.set_pin_top_level_index_and_filter(true);
    options.set_write_buffer_size((settings.memtables_bytes_max / 4).clamp(1 << 20, 64 << 20));
    match name {
        // Entries and tiles come in order, are never changed, and are compressed already or random.
        ENTRIES | TREE => {
            blocks.set_block_size(16 << 10);
            options.set_compression_type(DBCompressionType::None);
        }
        // Most keys that are looked up are new: a filter over the memtable spares them the way
        // through a skip list, and a list that stays in the cache spares the writes theirs.
        _ => {
            options.set_memtable_whole_key_filtering(true);
            options.set_memtable_prefix_bloom_ratio(0.1);
            options.set_write_buffer_size(
                (settings.memtables_bytes_max / 16).clamp(1 << 20, 16 << 20),
            );
            blocks.set_bloom_filter(10.0, false);
            options.set_compression_type(DBCompressionType::Lz4);
        }
    }
    options.set_block_based_table_factory(&blocks);
    options
}

impl LogStore for RocksStore {
    fn take_epoch(&self) -> Result<Epoch, StoreError> {
        let _guard = lock(&self.append);
        let epoch = self.meta_u64("epoch")? + 1;
        let mut batch = WriteBatch::default();
        batch.put_cf(self.family(META), "epoch", epoch.to_le_bytes());
        self.write(batch, true)?;
        Ok(Epoch(epoch))
    }

    fn head(&self) -> Result<Head, StoreError> {
        let meta = self.family(META);
        let chain = self.db.get_cf(meta, "chain").map_err(database)?;
        let checkpoint = self.db.get_cf(meta, "checkpoint").map_err(database)?;
        Ok(Head {
            size: self.meta_u64("size")?,
            chain_hash: match chain {
                Some(hash) => hash
                    .try_into()
                    .map_err(|_| corrupt("the chain hash has not 32 bytes"))?,
                None => crate::proof::chain::GENESIS,
            },
            checkpoint: checkpoint
                .map(|text| String::from_utf8(text).map_err(|_| corrupt("checkpoint is no text")))
                .transpose()?,
        })
    }

    fn append(&self, expected_size: u64, epoch: Epoch, batch: &Batch) -> Result<(), AppendError> {
        let _guard = lock(&self.append);
        let size = self.meta_u64("size").map_err(AppendError::Refused)?;
        let last_epoch = self.meta_u64("epoch").map_err(AppendError::Refused)?;
        if size != expected_size || Epoch(last_epoch) != epoch {
            return Err(AppendError::Stale);
        }
        let mut write = WriteBatch::default();
        let entries = self.family(ENTRIES);
        let mut index = size;
        for record in &batch.records {
            let value = pack(record).map_err(AppendError::Refused)?;
            write.put_cf(entries, index.to_be_bytes(), value);
            index += 1;
        }
        for tile in &batch.tiles {
            write.put_cf(self.family(TREE), tile_key(tile.coordinate), &tile.bytes);
        }
        let meta = self.family(META);
        write.put_cf(meta, "size", index.to_le_bytes());
        write.put_cf(meta, "chain", batch.chain_hash);
        write.put_cf(meta, "checkpoint", &batch.checkpoint);
        self.write(write, true).map_err(AppendError::Uncertain)
    }

    fn read_from(&self, index: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let from = index.to_be_bytes();
        let mode = IteratorMode::From(&from, rocksdb::Direction::Forward);
        let mut records = Vec::new();
        let stored = self.db.iterator_cf(self.family(ENTRIES), mode);
        for (expected, item) in (index..=u64::MAX).zip(stored).take(limit) {
            let (key, value) = item.map_err(database)?;
            if *key != expected.to_be_bytes() {
                return Err(corrupt(&format!("entry {expected} is missing")));
            }
            records.push(unpack(&value)?);
        }
        Ok(records)
    }

    fn tile(&self, coordinate: TileCoordinate) -> Result<Option<Vec<u8>>, StoreError> {
        self.db
            .get_cf(self.family(TREE), tile_key(coordinate))
            .map_err(database)
    }
}

impl StateStore for RocksStore {
    fn index(&self) -> Result<u64, StoreError> {
        self.meta_u64("state")
    }

    fn multi_get(
        &self,
        table: Table,
        keys: &[Vec<u8>],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let values = self
            .db
            .batched_multi_get_cf(self.family(table.name()), keys, false);
        let plain = |value: rocksdb::DBPinnableSlice<'_>| value.to_vec();
        values
            .into_iter()
            .map(|value| Ok(value.map_err(database)?.map(plain)))
            .collect()
    }

    fn scan(
        &self,
        table: Table,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let mut options = ReadOptions::default();
        options.set_iterate_upper_bound(to);
        let mode = IteratorMode::From(from, rocksdb::Direction::Forward);
        let pairs = self
            .db
            .iterator_cf_opt(self.family(table.name()), options, mode);
        let plain = |(key, value): (Box<[u8]>, Box<[u8]>)| (key.into_vec(), value.into_vec());
        pairs
            .take(limit)
            .map(|pair| pair.map(plain).map_err(database))
            .collect()
    }

    fn keys(&self, table: Table, each: &mut dyn FnMut(&[u8]) -> bool) -> Result<(), StoreError> {
        let mut options = ReadOptions::default();
        // What is read once must not push out what is read often.
        options.fill_cache(false);
        let family = self.family(table.name());
        let mut stored = self.db.raw_iterator_cf_opt(family, options);
        stored.seek_to_first();
        while let Some(key) = stored.key() {
            if !each(key) {
                return Ok(());
            }
            stored.next();
        }
        stored.status().map_err(database)
    }

    fn run_records_min(&self) -> usize {
        RUN_RECORDS_MIN
    }

    fn add_run(&self, table: Table, records: &[Write<'_>]) -> Result<(), StoreError> {
        // The name is not one of RocksDB's own; what a crash leaves of it is written over.
        let file = self.folder.join(format!("{}.run", table.name()));
        let options = family_options(table.name(), &self.cache, &self.settings);
        let mut writer = SstFileWriter::create(&options);
        writer.open(&file).map_err(database)?;
        for record in records {
            let value = record.value.unwrap_or_default();
            writer.put(record.key, value).map_err(database)?;
        }
        writer.finish().map_err(database)?;
        let mut options = IngestExternalFileOptions::default();
        options.set_move_files(true);
        let family = self.family(table.name());
        let added = self
            .db
            .ingest_external_file_cf_opts(family, &options, vec![file]);
        added.map_err(database)
    }

    fn flush(&self, index: u64, writes: &[Write<'_>]) -> Result<(), StoreError> {
        let mut batch = WriteBatch::default();
        let families = Table::ALL.map(|table| self.family(table.name()));
        for write in writes {
            let family = families[write.table as usize];
            match write.value {
                Some(value) => batch.put_cf(family, write.key, value),
                None => batch.delete_cf(family, write.key),
            }
        }
        batch.put_cf(self.family(META), "state", index.to_le_bytes());
        self.write(batch, false)
    }
}

fn pack(record: &Record) -> Result<Vec<u8>, StoreError> {
    let entry_bytes = u32::try_from(record.entry.len()).map_err(|_| corrupt("entry too long"))?;
    let mut plain = Vec::with_capacity(5 + record.entry.len() + record.effects.len());
    plain.push(0);
    plain.extend_from_slice(&entry_bytes.to_le_bytes());
    plain.extend_from_slice(&record.entry);
    plain.extend_from_slice(&record.effects);
    if plain.len() < COMPRESS_BYTES_MIN {
        return Ok(plain);
    }
    if plain.len() > RECORD_BYTES_MAX {
        return Err(corrupt("entry and effects too long"));
    }
    let packed = zstd::bulk::compress(&plain[1..], 1)
        .map_err(|error| StoreError::Database(Box::new(error)))?;
    let mut value = Vec::with_capacity(1 + packed.len());
    value.push(1);
    value.extend_from_slice(&packed);
    Ok(value)
}

fn unpack(value: &[u8]) -> Result<Record, StoreError> {
    let wrong = || corrupt("a stored record cannot be read");
    let (flag, rest) = value.split_first().ok_or_else(wrong)?;
    let unpacked;
    let plain = match flag {
        0 => rest,
        1 => {
            let length = zstd::zstd_safe::get_frame_content_size(rest).map_err(|_| wrong())?;
            let length = usize::try_from(length.ok_or_else(wrong)?).map_err(|_| wrong())?;
            let length = length.min(RECORD_BYTES_MAX);
            unpacked = zstd::bulk::decompress(rest, length).map_err(|_| wrong())?;
            &unpacked
        }
        _ => return Err(wrong()),
    };
    let (length, both) = plain.split_first_chunk::<4>().ok_or_else(wrong)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| wrong())?;
    let (entry, effects) = both.split_at_checked(length).ok_or_else(wrong)?;
    Ok(Record {
        entry: entry.to_vec(),
        effects: effects.to_vec(),
    })
}

fn tile_key(coordinate: TileCoordinate) -> [u8; 9] {
    let mut key = [coordinate.level; 9];
    key[1..].copy_from_slice(&coordinate.index.to_be_bytes());
    key
}

fn lock(mutex: &Mutex<()>) -> std::sync::MutexGuard<'_, ()> {
    mutex
        .lock()
        .expect("nothing panics while it holds the append lock")
}

fn to_u64(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn database(error: rocksdb::Error) -> StoreError {
    StoreError::Database(Box::new(error))
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}
