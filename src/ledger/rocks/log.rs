//! The log in RocksDB: one synced batch for each append.
//!
//! ```text
//! entries  index u64 BE            → flag u8 (0 plain, 1 zstd), entry length u32 LE ‖ entry ‖
//!                                    effects
//! tree     level u8, tile u64 BE   → 256 hashes of 32 bytes
//! meta     "size" "epoch"          → u64 LE      "chain" → 32 bytes      "checkpoint" → text
//! ```
//!
//! Must not: hold anything that is not appended.

use super::{Memory, blocks, corrupt, database, family, open_database};
use crate::ledger::store::{AppendError, Batch, Epoch, Head, LogStore, Record, StoreError};
use crate::platform::config::RocksDb as Settings;
use crate::proof::tile::TileCoordinate;
use rocksdb::{
    ColumnFamily, DB, DBCompressionType, IteratorMode, Options, WriteBatch, WriteOptions,
};
use std::path::Path;
use std::sync::Mutex;
use zstd::bulk::{Compressor, Decompressor};

const ENTRIES: &str = "entries";
const TREE: &str = "tree";
const META: &str = "meta";
/// Values above this are worth compressing.
const COMPRESS_BYTES_MIN: usize = 2_048;
/// No record is written that could not be read again: entry and effects of one submission.
const RECORD_BYTES_MAX: usize = 1 << 30;
/// Memory of a larger record is not kept for the next one.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// The log of one ledger in a RocksDB database of its own.
pub struct RocksLog {
    db: DB,
    /// Guards the check of size and epoch with the write that depends on it.
    append: Mutex<Packer>,
}

impl RocksLog {
    pub(super) fn open(
        folder: &Path,
        settings: &Settings,
        memory: &Memory,
    ) -> Result<Self, StoreError> {
        let mut options = Options::default();
        // Entries and tiles come in order, are never changed, and are compressed already or random.
        let mut blocks = blocks(&memory.cache);
        blocks.set_block_size(16 << 10);
        options.set_block_based_table_factory(&blocks);
        options.set_compression_type(DBCompressionType::None);
        options.set_write_buffer_size((settings.memtables_bytes_max / 4).clamp(1 << 20, 64 << 20));
        let families = [ENTRIES, TREE, META].map(|name| (name, options.clone()));
        Ok(Self {
            db: open_database(folder, settings, memory, families)?,
            append: Mutex::new(Packer::new()?),
        })
    }

    fn family(&self, name: &str) -> &ColumnFamily {
        family(&self.db, name)
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

    fn write_synced(&self, batch: WriteBatch) -> Result<(), StoreError> {
        let mut options = WriteOptions::default();
        options.set_sync(true);
        self.db.write_opt(batch, &options).map_err(database)
    }
}

impl LogStore for RocksLog {
    fn take_epoch(&self) -> Result<Epoch, StoreError> {
        let _guard = lock(&self.append);
        let epoch = self.meta_u64("epoch")? + 1;
        let mut batch = WriteBatch::default();
        batch.put_cf(self.family(META), "epoch", epoch.to_le_bytes());
        self.write_synced(batch)?;
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
        let mut packer = lock(&self.append);
        let size = self.meta_u64("size").map_err(AppendError::Refused)?;
        let last_epoch = self.meta_u64("epoch").map_err(AppendError::Refused)?;
        if size != expected_size || Epoch(last_epoch) != epoch {
            return Err(AppendError::Stale);
        }
        let mut write = WriteBatch::default();
        let entries = self.family(ENTRIES);
        let mut index = size;
        for record in &batch.records {
            let value = packer.pack(record).map_err(AppendError::Refused)?;
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
        self.write_synced(write).map_err(AppendError::Uncertain)
    }

    fn read_from(&self, index: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let from = index.to_be_bytes();
        let mode = IteratorMode::From(&from, rocksdb::Direction::Forward);
        let mut records = Vec::new();
        let mut decompressor = Decompressor::new().map_err(compression)?;
        let stored = self.db.iterator_cf(self.family(ENTRIES), mode);
        for (expected, item) in (index..=u64::MAX).zip(stored).take(limit) {
            let (key, value) = item.map_err(database)?;
            if *key != expected.to_be_bytes() {
                return Err(corrupt(&format!("entry {expected} is missing")));
            }
            records.push(unpack(&value, &mut decompressor)?);
        }
        Ok(records)
    }

    fn tile(&self, coordinate: TileCoordinate) -> Result<Option<Vec<u8>>, StoreError> {
        self.db
            .get_cf(self.family(TREE), tile_key(coordinate))
            .map_err(database)
    }
}

/// Packs records, again and again in the same memory.
struct Packer {
    compressor: Compressor<'static>,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

impl Packer {
    fn new() -> Result<Self, StoreError> {
        Ok(Self {
            compressor: Compressor::new(1).map_err(compression)?,
            plain: Vec::new(),
            packed: Vec::new(),
        })
    }

    fn pack(&mut self, record: &Record) -> Result<&[u8], StoreError> {
        if self.packed.len() > KEPT_BYTES_MAX {
            (self.plain, self.packed) = Default::default();
        }
        let too_long = |_| corrupt("entry too long");
        let entry_bytes = u32::try_from(record.entry.len()).map_err(too_long)?;
        let plain = &mut self.plain;
        plain.clear();
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
        let room = 1 + zstd::zstd_safe::compress_bound(plain.len());
        self.packed.resize(room.max(self.packed.len()), 0);
        self.packed[0] = 1;
        let (from, to) = (&plain[1..], &mut self.packed[1..]);
        let length = self.compressor.compress_to_buffer(from, to);
        Ok(&self.packed[..=length.map_err(compression)?])
    }
}

fn compression(error: std::io::Error) -> StoreError {
    StoreError::Database(Box::new(error))
}

fn unpack(value: &[u8], decompressor: &mut Decompressor<'_>) -> Result<Record, StoreError> {
    let wrong = || corrupt("a stored record cannot be read");
    let (flag, rest) = value.split_first().ok_or_else(wrong)?;
    let unpacked;
    let plain = match flag {
        0 => rest,
        1 => {
            let length = zstd::zstd_safe::get_frame_content_size(rest).map_err(|_| wrong())?;
            let length = usize::try_from(length.ok_or_else(wrong)?).map_err(|_| wrong())?;
            let length = length.min(RECORD_BYTES_MAX);
            unpacked = decompressor.decompress(rest, length).map_err(|_| wrong())?;
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

fn lock(mutex: &Mutex<Packer>) -> std::sync::MutexGuard<'_, Packer> {
    mutex
        .lock()
        .expect("nothing panics while it holds the append lock")
}
